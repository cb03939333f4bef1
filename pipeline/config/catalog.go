package config

import (
	"regexp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/config/yamltree"
)

// catalogFile is one parsed catalog with what is needed to check it further
// once the other catalogs are known.
type catalogFile struct {
	r        *yamltree.Report
	embedded bool
	datasets []connectors.Dataset
	at       []yamltree.Pos // of each dataset
	refs     []refSite
	uses     []useSite
	maps     []mapSite
}

// place is a field inside a dataset: a collection and the path of indexes down
// its nested fields. An empty path is the collection itself.
type place struct {
	ds, col int
	path    []int
}

// refSite is one entry of fides_meta.references.
type refSite struct {
	place
	pos    yamltree.Pos
	target connectors.Reference
	dir    string // "from", "to" or ""
}

// useSite is a key of meta.sutra that names a field of its collection.
type useSite struct {
	place
	pos  yamltree.Pos
	word string // "account"
	name string
}

// mapSite is a value of meta.sutra.refs.map, which names a collection.
type mapSite struct {
	place
	pos  yamltree.Pos
	name string
}

// fidesKey is what Fides allows in keys.
var fidesKey = regexp.MustCompile(`^[A-Za-z0-9_.<>-]+$`)

// ParseCatalog reads a catalog: a fideslang Dataset file, whose top level is
// `dataset:` with a list or a single mapping. file is its name in messages. The
// error is an [Errors].
//
// References inside the file are checked; what they say of datasets in other
// files is checked by [Load], which knows them. A reference with `direction: to`
// is turned round: it stands at the field that refers. One that leads from a field that
// is no key to one that is stands at it already.
func ParseCatalog(file string, data []byte) ([]connectors.Dataset, []Warning, error) {
	f := parseCatalog(file, data)
	var all []connectors.Dataset
	for i := range f.datasets {
		all = append(all, f.clone(i))
	}
	look := func(_ int, name string) (int, bool) {
		for i := range all {
			if all[i].Key == name {
				return i, true
			}
		}
		return 0, false
	}
	w := wiring{all: all, object: func(int) bool { return true }, look: look, open: true}
	for i := range all {
		w.file(f, i, i)
	}
	return all, f.r.Warnings, f.r.Err()
}

func parseCatalog(file string, data []byte) *catalogFile {
	f := &catalogFile{r: &yamltree.Report{File: file}}
	root := yamltree.Parse(f.r, data)
	if root == nil {
		return f
	}
	if root = f.r.Map(root, "a catalog"); root == nil {
		return f
	}
	n := root.Get("dataset")
	if n == nil {
		f.r.Errorf(root.Pos, "a catalog is a fideslang Dataset file: dataset: [{fides_key: ..., collections: [...]}]", "there is no dataset")
		return f
	}
	items := []*yamltree.Node{n}
	if n.Kind != yamltree.Map {
		items = f.r.List(n, "dataset")
	}
	seen := map[string]int{}
	for _, d := range items {
		if d = f.r.Map(d, "a dataset"); d != nil {
			f.dataset(d, seen)
		}
	}
	return f
}

func (f *catalogFile) dataset(n *yamltree.Node, seen map[string]int) {
	key := f.r.Text(n.Get("fides_key"), "fides_key")
	switch line, dup := seen[key]; {
	case key == "":
		f.r.Errorf(n.Pos, "", "a dataset has no fides_key")
	case !fidesKey.MatchString(key):
		f.r.Errorf(n.Get("fides_key").Pos, "use letters, digits, _, - and .", "fides_key %q is not a key", key)
	case dup:
		f.r.Errorf(n.Get("fides_key").Pos, "", "fides_key %q is given twice; the first is on line %d", key, line)
	}
	if _, dup := seen[key]; !dup {
		seen[key] = n.Line
	}
	d := connectors.Dataset{Key: key, Name: f.r.Text(n.Get("name"), "the name of dataset "+key)}
	if d.Name == "" {
		d.Name = key
	}
	f.r.Known(f.sutra(n, "dataset "+key), "meta.sutra of dataset "+key)
	cats := f.categories(n.Get("data_categories"), "dataset "+key)
	f.datasets = append(f.datasets, d)
	f.at = append(f.at, n.Pos)
	ds := len(f.datasets) - 1
	names := map[string]int{}
	for _, c := range f.r.List(n.Get("collections"), "the collections of dataset "+key) {
		if c = f.r.Map(c, "a collection of dataset "+key); c != nil {
			f.collection(ds, c, names, cats)
		}
	}
	if len(f.datasets[ds].Collections) == 0 {
		f.r.Warnf(n.Pos, "", "dataset %q has no collections: nothing in it will be found", key)
	}
}

func (f *catalogFile) collection(ds int, n *yamltree.Node, names map[string]int, cats []string) {
	d := &f.datasets[ds]
	name := f.r.Text(n.Get("name"), "the name of a collection")
	if name == "" {
		f.r.Errorf(n.Pos, "", "a collection of dataset %s has no name", d.Key)
		return
	}
	if line, dup := names[name]; dup {
		f.r.Errorf(n.Get("name").Pos, "", "collection %q is described twice; the first is on line %d", name, line)
		return
	}
	names[name] = n.Line
	where := d.Key + "." + name
	d.Collections = append(d.Collections, connectors.Collection{Name: name})
	at := place{ds: ds, col: len(d.Collections) - 1}
	own := f.categories(n.Get("data_categories"), where)
	cats = append(own[:len(own):len(own)], cats...)
	fields := f.fields(at, n.Get("fields"), where, cats)
	c := &d.Collections[at.col]
	c.Fields = fields
	f.collectionMeta(c, at, f.sutra(n, where), where)
}

// sutra returns the mapping meta.sutra of n, or nil.
func (f *catalogFile) sutra(n *yamltree.Node, where string) *yamltree.Node {
	meta := n.Get("meta")
	if meta == nil || meta.Kind != yamltree.Map {
		return nil // Fides keeps anything under meta
	}
	return f.r.Map(meta.Get("sutra"), "meta.sutra of "+where)
}

// fidesMeta returns fides_meta under its present or one of its former names.
func (f *catalogFile) fidesMeta(n *yamltree.Node, where string) *yamltree.Node {
	for _, k := range []string{"fides_meta", "fidesops_meta", "fidesctl_meta"} {
		if m := n.Get(k); m != nil {
			return f.r.Map(m, k+" of "+where)
		}
	}
	return nil
}

// clone copies a dataset so deeply that references can be changed.
func (f *catalogFile) clone(i int) connectors.Dataset {
	d := f.datasets[i]
	cols := make([]connectors.Collection, len(d.Collections))
	for j, c := range d.Collections {
		c.Fields = cloneFields(c.Fields)
		cols[j] = c
	}
	d.Collections = cols
	return d
}

func cloneFields(in []connectors.CatalogField) []connectors.CatalogField {
	if in == nil {
		return nil
	}
	out := make([]connectors.CatalogField, len(in))
	for i, x := range in {
		x.References = nil
		x.Fields = cloneFields(x.Fields)
		out[i] = x
	}
	return out
}

// fieldAt returns the field of d at a place.
func fieldAt(d *connectors.Dataset, at place) *connectors.CatalogField {
	fields := d.Collections[at.col].Fields
	var out *connectors.CatalogField
	for _, i := range at.path {
		out = &fields[i]
		fields = out.Fields
	}
	return out
}
