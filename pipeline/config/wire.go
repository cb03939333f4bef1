package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/config/yamltree"
)

// wiring checks what catalogs say of one another and puts every reference at the
// field that refers, under the final names.
type wiring struct {
	all    []connectors.Dataset
	object func(i int) bool                          // whether dataset i is of objects, which have a field `key`
	look   func(from int, name string) (int, bool)   // finds a dataset by the name that dataset `from` uses
	vague  func(from int, name string) (hint string) // says why look failed; may be nil
	open   bool                                      // other datasets may exist: an unknown one is kept as it is
}

// connect checks and rewrites the references of all configured sources.
func (l *loader) connect() {
	w := wiring{
		object: func(i int) bool { return !slices.Contains(databases, l.cfg.Sources[i].Connector) },
		look:   l.look, vague: l.vague,
	}
	for _, s := range l.cfg.Sources {
		w.all = append(w.all, s.Dataset)
	}
	for i, b := range l.built {
		if b.file != nil {
			w.file(b.file, b.ds, i)
		}
	}
	for i := range l.cfg.Sources {
		l.cfg.Sources[i].Dataset = w.all[i]
	}
}

// look finds the source that a dataset name stands for: the referring dataset's
// own fides_key, a source's name, or a fides_key that only one source has.
func (l *loader) look(from int, name string) (int, bool) {
	if l.built[from].key == name {
		return from, true
	}
	byKey, n := 0, 0
	for i, s := range l.cfg.Sources {
		if s.Name == name {
			return i, true
		}
		if l.built[i].key == name {
			byKey, n = i, n+1
		}
	}
	return byKey, n == 1
}

func (l *loader) vague(_ int, name string) string {
	var names, same []string
	for i, s := range l.cfg.Sources {
		names = append(names, s.Name)
		if l.built[i].key == name {
			same = append(same, s.Name)
		}
	}
	if len(same) > 1 {
		return "several sources have this fides_key: name one of " + list(same)
	}
	if d := yamltree.Suggest(name, names); d != "" {
		return d
	}
	return "the sources are " + list(names)
}

// file checks dataset ds of a file, which stands at index i of all.
func (w *wiring) file(f *catalogFile, ds, i int) {
	for _, u := range f.uses {
		if u.ds == ds {
			w.use(f, u, i)
		}
	}
	for _, m := range f.maps {
		if m.ds != ds {
			continue
		}
		if !w.named(m, i) {
			f.r.Errorf(m.pos, yamltree.Suggest(m.name, collections(w.all[i])), "refs of %s.%s: there is no collection %q", w.all[i].Key, w.all[i].Collections[m.col].Name, m.name)
		}
	}
	for _, s := range f.refs {
		if s.ds == ds {
			w.ref(f, s, i)
		}
	}
}

// named reports whether a map of references names a collection: of its own dataset, of
// another as SOURCE.COLLECTION, or, in a dataset of objects, the one table of that name.
func (w *wiring) named(m mapSite, i int) bool {
	if _, ok := w.all[i].Collection(m.name); ok {
		return true
	}
	if ds, name, ok := strings.Cut(m.name, "."); ok {
		t, ok := w.look(i, ds)
		if !ok {
			return w.open
		}
		_, ok = w.all[t].Collection(name)
		refs := w.all[i].Collections[m.col].Refs
		for r := range refs {
			for word, to := range refs[r].Map {
				if ok && to == m.name {
					refs[r].Map[word] = w.all[t].Key + "." + name
				}
			}
		}
		return ok
	}
	n := 0
	for t := range w.all {
		if _, ok := w.all[t].Collection(m.name); ok && !w.object(t) {
			n++
		}
	}
	return w.object(i) && n == 1
}

func (w *wiring) use(f *catalogFile, u useSite, i int) {
	c := w.all[i].Collections[u.col]
	if _, ok := c.Field(u.name); ok || u.name == "key" && w.object(i) {
		return
	}
	if near(u.name, c.Fields) {
		f.r.Errorf(u.pos, yamltree.Suggest(u.name, fieldNames(c.Fields)), "%s of %s.%s: the collection has no field %q", u.word, w.all[i].Key, c.Name, u.name)
		return
	}
	w.imply(i, u.col, u.name)
}

// imply adds a field that a catalog uses without describing it. Whether the source
// has it shows when it is read: a missing one is a gap.
func (w *wiring) imply(i, col int, name string) {
	d := &w.all[i]
	d.Collections = slices.Clone(d.Collections)
	c := &d.Collections[col]
	c.Fields = append(slices.Clone(c.Fields), connectors.CatalogField{Name: name})
}

// near reports a name that is a slip of the pen away from a described field. Of short
// names that begin differently, as tid and id do, and of names that differ in a digit,
// as date1 and date2, both may well exist.
func near(name string, fields []connectors.CatalogField) bool {
	n := yamltree.Nearest(name, fieldNames(fields))
	if n == "" || yamltree.Distance(name, n) != 1 || utf8.RuneCountInString(name) < 2 { // everything is near to one letter
		return false
	}
	digits := func(s string) string { return strings.Map(onlyDigits, s) }
	swapped := len(name) == len(n) && strings.HasPrefix(n, name[1:2])
	return (len(name) > 3 || name[0] == n[0] || swapped) && digits(name) == digits(n)
}

func onlyDigits(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

// ref checks one reference and records it.
func (w *wiring) ref(f *catalogFile, s refSite, i int) {
	src := fieldAt(&w.all[i], s.place)
	where := w.all[i].Key + "." + w.all[i].Collections[s.col].Name + "." + src.Name
	t, ok := w.look(i, s.target.Dataset)
	if !ok {
		if w.open {
			src.References = append(src.References, s.target)
			return
		}
		hint := ""
		if w.vague != nil {
			hint = w.vague(i, s.target.Dataset)
		}
		if f.embedded {
			f.r.Warnf(s.pos, hint, "the reference of %s to dataset %q leads nowhere here", where, s.target.Dataset)
			return
		}
		f.r.Errorf(s.pos, hint, "the reference of %s names dataset %q, which no source has", where, s.target.Dataset)
		return
	}
	target := inSchema(s.target, w.all[t].Collections)
	target.Dataset = w.all[t].Key
	if len(w.all[t].Collections) == 0 { // its catalog is only about to be written, see LoadBare
		src.References = append(src.References, target)
		return
	}
	at, problem, hint := w.find(t, target)
	if problem != "" {
		f.r.Errorf(s.pos, hint, "the reference of %s: %s", where, problem)
		return
	}
	w.record(f, s, i, t, target, at, where)
}

// inSchema divides COLLECTION.FIELD again where the collection's name has a dot in
// it, as that of a table in another schema has: the longest name wins.
func inSchema(r connectors.Reference, known []connectors.Collection) connectors.Reference {
	path, longest := r.Collection+"."+r.Field, len(r.Collection)
	for _, c := range known {
		if rest, ok := strings.CutPrefix(path, c.Name+"."); ok && len(c.Name) > longest && rest != "" {
			r.Collection, r.Field, longest = c.Name, rest, len(c.Name)
		}
	}
	return r
}

// record puts the reference at the field that refers.
func (w *wiring) record(f *catalogFile, s refSite, i, t int, target connectors.Reference, at place, where string) {
	src := fieldAt(&w.all[i], s.place)
	here := connectors.Reference{Dataset: w.all[i].Key, Collection: w.all[i].Collections[s.col].Name, Field: dotted(&w.all[i], s.place)}
	srcKey, targetKey := w.defines(i, s.place, src.Name), w.defines(t, at, target.Field)
	plain := targetKey && !srcKey // it refers to a key, whichever way somebody says the values flow
	turn := s.dir == "to" && !plain || s.dir == "" && srcKey && !targetKey
	if turn && len(at.path) > 0 {
		other := fieldAt(&w.all[t], at)
		if !slices.Contains(other.References, here) {
			other.References = append(other.References, here)
		}
		targetKey = srcKey
	} else if !slices.Contains(src.References, target) {
		src.References = append(src.References, target)
	}
	if !targetKey && !f.embedded {
		what, hint := w.joinsNothing(i, t, at, target.Field)
		f.r.Warnf(s.pos, hint, "the reference of %s %s", where, what)
	}
}

// joinsNothing says of a reference to a field that is no key by itself what it does, and
// what may be done about it. A database tells its keys, and its references to keys of
// several columns, by itself, see Describe.
func (w *wiring) joinsNothing(i, t int, at place, name string) (what, hint string) {
	pk := w.all[t].Collections[at.col].PrimaryKey()
	part := len(at.path) < 2 && len(pk) > 1 && slices.Contains(pk, name)
	switch {
	case part && i == t && !w.object(t):
		return "joins nothing unless a foreign key of the database leads to the whole key, of which it has a part", ""
	case part:
		return "joins nothing: the field it leads to is a part of a key, which identifies no record by itself", ""
	case !w.object(t) && len(pk) == 0:
		return "joins nothing unless the database has the field it leads to as the key of its table", "mark the field referred to as primary_key"
	}
	return "joins nothing: the field it leads to identifies no record", "mark the field referred to as primary_key"
}

// defines reports whether a field is what references can lead to: the only
// primary key of its collection, or the field `key` of objects.
func (w *wiring) defines(i int, at place, name string) bool {
	c := w.all[i].Collections[at.col]
	if len(at.path) > 1 {
		return false
	}
	if name == "key" && w.object(i) {
		return true
	}
	pk := c.PrimaryKey()
	return len(pk) == 1 && pk[0] == name
}

// find returns the place of the field that a reference names. The path is empty
// for a field that exists without being described.
func (w *wiring) find(t int, r connectors.Reference) (at place, problem, hint string) {
	d := &w.all[t]
	at.ds = t
	at.col = slices.IndexFunc(d.Collections, func(c connectors.Collection) bool { return c.Name == r.Collection })
	if at.col < 0 {
		return at, fmt.Sprintf("dataset %s has no collection %q", d.Key, r.Collection), yamltree.Suggest(r.Collection, collections(*d))
	}
	fields := d.Collections[at.col].Fields
	rest, done := r.Field, ""
	for {
		i, n := longest(fields, rest)
		if i < 0 {
			if done == "" && rest == "key" && w.object(t) {
				return at, "", ""
			}
			if done == "" && len(d.Collections[at.col].PrimaryKey()) == 0 && !near(rest, fields) && !w.object(t) {
				// A table whose key nobody described: what others refer to is its key.
				w.imply(t, at.col, rest)
				w.all[t].Collections[at.col].Fields[len(fields)].PrimaryKey = true
				at.path = []int{len(fields)}
				return at, "", ""
			}
			return at, fmt.Sprintf("%s.%s has no field %q", d.Key, r.Collection, r.Field), yamltree.Suggest(rest, fieldNames(fields))
		}
		at.path = append(at.path, i)
		if n == len(rest) {
			return at, "", ""
		}
		done, rest = rest[:n], rest[n+1:]
		if fields[i].Fields == nil && strings.HasPrefix(fields[i].DataType, "object") {
			at.path = nil // looked into, but not described
			return at, "", ""
		}
		fields = fields[i].Fields
	}
}

// longest returns the field whose name is rest or the longest prefix of it that
// ends before a dot, and the length of that name.
func longest(fields []connectors.CatalogField, rest string) (index, n int) {
	index = -1
	for i, f := range fields {
		if len(f.Name) > n && (rest == f.Name || strings.HasPrefix(rest, f.Name+".")) {
			index, n = i, len(f.Name)
		}
	}
	return index, n
}

func dotted(d *connectors.Dataset, at place) string {
	var names []string
	fields := d.Collections[at.col].Fields
	for _, i := range at.path {
		names = append(names, fields[i].Name)
		fields = fields[i].Fields
	}
	return strings.Join(names, ".")
}

func collections(d connectors.Dataset) []string {
	var out []string
	for _, c := range d.Collections {
		out = append(out, c.Name)
	}
	return out
}

func fieldNames(fields []connectors.CatalogField) []string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Name)
	}
	return out
}
