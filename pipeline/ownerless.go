package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
)

// A table may hold personal data and lead to nobody: it has no identifier, and what it refers
// to is nobody's either. No question finds its rows, nobody is handed them, and no erasure
// takes them: that has to be told, since every answer reads as if they were not there.

// holding is what a table has to do with people.
type holding struct {
	name   string
	fields []string // that are personal
	known  bool     // its rows say themselves whose they are, or need not
	leads  []string // link kinds: its own id, and the ids that it refers to
}

// ownerless lists the tables with personal data of which no kind leads to a row that says
// whose it is. leading are kinds of which it is not known where they lead.
func ownerless(all []holding, leading func(kind string) bool) (out []holding) {
	reached := map[string]bool{}
	owned := make([]bool, len(all))
	for more := true; more; {
		more = false
		for i, h := range all {
			if owned[i] || !h.known && !slices.ContainsFunc(h.leads, func(k string) bool { return reached[k] || leading(k) }) {
				continue
			}
			owned[i], more = true, true
			for _, k := range h.leads {
				reached[k] = true
			}
		}
	}
	for i, h := range all {
		if !owned[i] && len(h.fields) > 0 {
			out = append(out, h)
		}
	}
	return out
}

// checkOwners names the tables of the catalogs that hold personal data and lead to nobody.
// seen are the sources that were looked into. It is asked last: from then on they read by
// what the databases say of their keys.
func (s *Site) checkOwners(ctx context.Context, seen []*Source, fn func(source string, f connectors.Finding)) {
	judged := map[string]bool{} // sources of whose ids it is known where they lead
	var sources []*Source
	for _, src := range s.Sources {
		x := *src
		judged[src.Name] = src.Catalog != "" && slices.Contains(seen, src)
		if d, ok := src.Conn.(connectors.Describer); ok && judged[src.Name] {
			set, err := d.Describe(ctx)
			if judged[src.Name] = err == nil; err == nil {
				x.Dataset = set
			} else {
				s.gap(src.Name, "", "what the database says of its keys cannot be read: "+err.Error())
			}
		}
		sources = append(sources, &x)
	}
	k := newKinds(sources)
	var all []holding
	for _, src := range sources {
		for _, coll := range src.Dataset.Collections {
			h := k.holding(src, coll)
			h.known = h.known || !judged[src.Name]
			all = append(all, h)
		}
	}
	elsewhere := func(kind string) bool {
		return namedLinks[kind] || slices.ContainsFunc(sources, func(src *Source) bool { return !judged[src.Name] && strings.HasPrefix(kind, src.Name+".") })
	}
	for _, h := range ownerless(all, elsewhere) {
		source, _, _ := strings.Cut(h.name, ".")
		fn(source, connectors.Finding{What: "catalog", Note: fmt.Sprintf("%s has personal data (%s) and leads to nobody: none of its fields is an identity of whom it is about, or a reference by which a person is reached; its rows are neither handed out nor erased with anybody until the catalog says whose they are",
			h.name, strings.Join(h.fields, ", "))})
	}
}

// holding is what the catalog says of a collection.
func (k kinds) holding(src *Source, coll connectors.Collection) holding {
	h := holding{name: src.Name + "." + coll.Name}
	if coll.Staff || coll.Accounts || coll.Undecided { // of the last a check tells more
		return h
	}
	join := func(kind string) {
		if kind = cmp.Or(k.alias[kind], kind); kind != "merged" && kind != "moved" && !k.bare[kind] {
			h.leads = append(h.leads, kind)
		}
	}
	h.known = identities(coll.Fields, coll.Role)
	for _, f := range connectors.Columns(src.Name, coll) {
		if f.Personal() && f.Erase != "keep" && !slices.Contains(f.Categories, "user.unique_id.pseudonymous") {
			h.fields = append(h.fields, f.Name)
		}
		h.known = h.known || f.Look != "" || slices.Contains(f.Categories, "user") // it is looked into
		for _, kind := range slices.Concat(f.Keys, f.Links) {
			join(kind)
		}
		for _, in := range f.Inner {
			for _, kind := range in.Links {
				join(kind)
			}
		}
	}
	for _, p := range coll.Refs {
		h.known = h.known || len(p.Map) == 0 // it may name any table
		for _, to := range p.Map {
			join(src.Name + "." + to)
		}
	}
	if !database(src.Connector) {
		join(src.Name + "." + coll.Name + ".key")
	}
	return h
}

// identities reports fields that are identifiers of whom a record is about; role is what the
// record says of those that say nothing themselves.
func identities(fields []connectors.CatalogField, role string) bool {
	return slices.ContainsFunc(fields, func(f connectors.CatalogField) bool {
		return f.Identity != "" && cmp.Or(f.Role, role) != "mention" || identities(f.Fields, cmp.Or(f.Role, role))
	})
}

// ownerless says of the proposed tables what a check says of described ones, and of those in
// which nothing of a person was found whether there are texts in them.
func (p Proposal) ownerless(plots map[string]*plot) {
	var all []holding
	for _, t := range p.tables {
		all = append(all, plots[t.name].holding(plots))
	}
	for _, h := range ownerless(all, func(string) bool { return false }) {
		plots[h.name].notes = append(plots[h.name].notes, fmt.Sprintf("personal data (%s), and nothing leads to a person: no question finds its rows until references or refs say whose they are%s", comment(strings.Join(h.fields, ", ")), plots[h.name].unresolved()))
	}
	for _, t := range p.tables {
		x := plots[t.name]
		texts := x.texts()
		if x.role == nobodys && len(texts) > 0 {
			x.notes = append(x.notes, fmt.Sprintf("its texts (%s) are nobody's: if they are about people, no question finds its rows until references or refs say whose they are%s", comment(strings.Join(texts, ", ")), x.unresolved()))
		}
	}
}

// texts are the columns of sentences, which nothing but their form speaks for.
func (x *plot) texts() (names []string) {
	for _, f := range x.fields {
		reads := slices.ContainsFunc(f.found, func(j judged) bool {
			return slices.ContainsFunc(j.list, func(x detect.Finding) bool { return x.Category == "user.content" })
		})
		if len(f.path) == 1 && (reads || f.text() && f.ids == nil) {
			names = append(names, f.label)
		}
	}
	return names
}

// holding is what a proposed table has to do with people.
func (x *plot) holding(all map[string]*plot) holding {
	h := holding{name: x.name}
	if x.role != people && x.role != owned {
		return h
	}
	h.leads = append(h.leads, x.name)
	lead := func(to *looked) {
		if r := all[to.name].role; r == people || r == owned {
			h.leads = append(h.leads, to.name)
		}
	}
	for _, l := range x.links {
		if l.drop == "" && !l.apart && l.to != x.looked {
			lead(l.to)
		}
	}
	for _, y := range x.pairs {
		for _, to := range y.to {
			lead(to)
		}
	}
	for _, f := range x.fields {
		best, _ := verdicts(f)
		h.known = h.known || best.Identity != "" && !x.another(f) || f.nested || f.line || best.Category == "user"
		if strings.HasPrefix(best.Category, "user") && len(f.path) == 1 {
			h.fields = append(h.fields, f.label)
		}
	}
	return h
}

// unresolved names the columns that are called like references and lead nowhere.
func (x *plot) unresolved() string {
	var names []string
	for _, f := range x.fields {
		words := detect.Words(f.label)
		if len(f.path) > 1 || f.pk || f == x.account || len(words) < 2 || !slices.Contains(namesakeEnds, words[len(words)-1]) ||
			slices.ContainsFunc(x.links, func(l *link) bool { return l.field == f }) || slices.ContainsFunc(x.pairs, func(y pair) bool { return y.id == f }) {
			continue
		}
		names = append(names, f.label)
	}
	if len(names) == 0 {
		return ""
	}
	return " (of which table is " + comment(strings.Join(names, ", ")) + " the key?)"
}
