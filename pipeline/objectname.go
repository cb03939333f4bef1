package pipeline

import (
	"path"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// An object may be named after somebody of whom nothing stands in it: the name is a copy
// of her number all the same. It makes a sighting of its own, a mention, which stands for
// no record: it can be told of, and not be edited. No object is renamed by this program,
// since what refers to it would lead nowhere.

// The locator, and the part, of a sighting that is an object's name.
const (
	nameLocator = "object"
	nameWithin  = "key"
)

// nameAdvice is what is to be done about an object that is named after her.
const nameAdvice = "the object's name holds an identifier of the person, and others' records or none are in it: rename it or delete it, and scan again"

// namesOnly reports the sighting of an object's name.
func namesOnly(f *lineage.Found) bool {
	return f.Record.Within == nameWithin && f.Record.Locator == nameLocator
}

// nameWatch looks for the identifiers in an object's name that nothing in the object has.
type nameWatch struct {
	edges      []lineage.Edge
	collection string
}

// watchName returns nil for a unit that is named after nobody.
func (s *Site) watchName(src *Source, u connectors.Unit) *nameWatch {
	if database(src.Connector) {
		return nil
	}
	var w nameWatch
	for name, more := u.Key, true; more; name, more = cutExtension(name) { // asha@example.com.csv.gz
		for _, x := range extract.Find(name) {
			e := lineage.Edge{Token: s.Graph.Token(x.Kind, x.Value), Kind: x.Kind, Role: lineage.Mention, Weak: x.Weak}
			if !slices.ContainsFunc(w.edges, func(o lineage.Edge) bool { return o.Token == e.Token }) {
				w.edges = append(w.edges, e)
			}
		}
	}
	if len(w.edges) == 0 {
		return nil
	}
	return &w
}

// cutExtension takes the last extension off an object's name.
func cutExtension(name string) (string, bool) {
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext), ext != "" && len(ext) <= len(".parquet")
}

// see strikes out what stands in the object itself.
func (w *nameWatch) see(list []lineage.Sighting) {
	if w == nil {
		return
	}
	for i := range list {
		w.collection = list[i].Collection
		w.edges = slices.DeleteFunc(w.edges, func(e lineage.Edge) bool {
			return slices.ContainsFunc(list[i].Edges, func(x lineage.Edge) bool { return x.Token == e.Token })
		})
	}
}

// sighting returns what is left of the name; none when nothing is.
func (w *nameWatch) sighting(u connectors.Unit) []lineage.Sighting {
	if w == nil || len(w.edges) == 0 {
		return nil
	}
	if w.collection == "" {
		w.collection = "objects" // no collection of the catalog is in it
	}
	return []lineage.Sighting{{Collection: w.collection, Locator: nameLocator, Within: nameWithin, Account: u.Account, Trigger: lineage.NoDate, Edges: w.edges}}
}

// namesakes tells of the objects that are named after people of the plan and that the
// plan does not touch.
func (pl *planner) namesakes(people []*lineage.Person) {
	for _, p := range people {
		for i := range p.Mentions {
			if f := &p.Mentions[i]; namesOnly(f) && !pl.units.has(f.RID.Unit()) {
				pl.gap(f.Unit.Source, f.Unit.Unit.Key, nameAdvice)
			}
		}
	}
}
