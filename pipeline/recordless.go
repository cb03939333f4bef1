package pipeline

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/bundle"
	"github.com/cratio/sutra/pipeline/extract"
)

// Somebody may stand where there is no record: an object is named after her and holds
// nothing of her, or her number is in a line that cannot be read. Each makes a sighting of
// its own, a mention, that can be told of and not be edited. No object is renamed by this
// program, since what refers to it would lead nowhere; nor does it guess at what a broken
// line was meant to say.

// What such a sighting is within.
const (
	inName    = "key"
	inUnread  = "unread"
	inIdle    = "idle"    // no record has it, and it is taken out with the person
	ofObjects = "objects" // the collection, where none of the catalog is there
	wholeUnit = "object"  // the locator
)

// advice is what is to be done about such a sighting; "" for the sighting of a record.
func advice(f *lineage.Found) string {
	switch f.Record.Within {
	case inName:
		return "the object's name holds an identifier of the person, and others' records or none are in it: rename it or delete it, and scan again"
	case inUnread, inIdle:
		return f.Record.Locator + ": an identifier of the person stands in a part that cannot be read as a record: mend it as its gap says, or take it out by hand, and scan again"
	}
	return ""
}

// recordless reports a sighting that stands for no record.
func recordless(f *lineage.Found) bool {
	return f.Record.Within == inName || f.Record.Within == inUnread || f.Record.Within == inIdle
}

// editable reports a sighting of a record, or of what goes without one.
func editable(f *lineage.Found) bool { return !recordless(f) || f.Record.Within == inIdle }

// unreadSightings looks for people in the parts of a unit that could not be read.
func (s *Site) unreadSightings(u connectors.Unit, b connectors.Batch) (out []lineage.Sighting) {
	for _, g := range b.Gaps {
		x := lineage.Sighting{Collection: cmp.Or(b.Collection, ofObjects), Locator: cmp.Or(g.Locator, wholeUnit), Within: inUnread, Account: s.accountNamed(u.Account), Trigger: lineage.NoDate}
		if g.Idle {
			x.Within = inIdle
		}
		x.Edges = s.mentioned(g.Text, x.Edges)
		if len(x.Edges) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// mentioned adds a mention of everybody who stands in a text.
func (s *Site) mentioned(text string, edges []lineage.Edge) []lineage.Edge {
	for _, x := range extract.Find(text) {
		e := lineage.Edge{Token: s.Graph.Token(x.Kind, x.Value), Kind: x.Kind, Role: lineage.Mention, Weak: x.Weak}
		if !slices.ContainsFunc(edges, func(o lineage.Edge) bool { return o.Token == e.Token }) {
			edges = append(edges, e)
		}
	}
	return edges
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
		w.edges = s.mentioned(name, w.edges)
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
func (w *nameWatch) sighting(account string) []lineage.Sighting {
	if w == nil || len(w.edges) == 0 {
		return nil
	}
	return []lineage.Sighting{{Collection: cmp.Or(w.collection, ofObjects), Locator: wholeUnit, Within: inName, Account: account, Trigger: lineage.NoDate, Edges: w.edges}}
}

// recordless tells of what the plan cannot take out: objects that are named after its
// people and that it does not touch, and parts that cannot be read.
func (pl *planner) recordless(people []*lineage.Person) {
	for _, p := range people {
		for i := range p.Mentions {
			if pl.stopped(p) {
				break // nothing of hers is to go
			}
			if f := &p.Mentions[i]; f.Record.Within == inUnread || f.Record.Within == inName && !pl.units.has(f.RID.Unit()) {
				pl.gap(f.Unit.Source, f.Unit.Unit.Key, advice(f))
			}
		}
	}
}

// places writes where the person stands without a record as a table of its own.
func (a *access) places() error {
	list := slices.DeleteFunc(slices.Clone(a.person.Mentions), func(f lineage.Found) bool { return !recordless(&f) })
	if len(list) == 0 {
		return nil
	}
	t, err := a.w.Dataset("sutra.places", []bundle.FieldInfo{
		{Name: "what", Note: "name: that of an object; unread: a part of it that cannot be read as records, and is not handed out"},
		{Name: "dataset", Note: "where the object stands"}, {Name: "unit", Note: "the object"}, {Name: "part", Note: "which part of it"},
	})
	if err != nil {
		return err
	}
	for i := range list {
		f := &list[i]
		what := "name"
		if f.Record.Within != inName {
			what = "unread"
		}
		row := map[string]any{"what": what, "dataset": f.Unit.Source + "." + f.Record.Collection, "unit": a.safe(f.Unit.Unit.Key), "part": a.safe(f.Record.Locator)}
		if err := t.RowMap(row, bundle.RowMeta{Source: "sutra", Role: "mention"}); err != nil {
			return err
		}
		a.sum.Mentions++
		a.sum.Records++
	}
	return t.Close()
}
