package pipeline

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
	"github.com/cratio/sutra/pipeline/extract"
)

// references prints the foreign keys, and the columns that seem to be one: named
// after a collection, with values of which at least half are keys there, or with
// values of which nearly all are keys that no counter gives out. Ids that are
// counted from 1 are keys everywhere, so the name has to agree: with the collection's, or
// with that of the key, where keys are called as in no other collection (cust_id). A whole
// key refers only so, or as extends says: to what the rows of this collection say more of.
func (d *discovery) references() {
	for _, t := range d.done { // before the columns that refer to one of several tables with the same keys
		if key := t.single(); key != nil && len(key.refs) == 0 && len(key.ids) > 0 {
			d.guess(t, key)
		}
	}
	for _, t := range d.done {
		for _, f := range t.fields {
			for _, r := range f.refs {
				d.out(ReferenceLine{"reference", d.src.Name, d.dataset(t), f.name(), r.Collection + "." + r.Field, true})
			}
			if len(f.refs) == 0 && len(f.ids) > 0 && len(f.path) == 1 {
				if f != t.single() {
					d.guess(t, f)
					d.among(f)
				}
				if f.guess != "" {
					d.out(ReferenceLine{"reference", d.src.Name, d.dataset(t), f.name(), f.guess, false})
				}
			}
		}
	}
}

// guess finds the key that the values of a column seem to name.
func (d *discovery) guess(t *looked, f *field) {
	label := plain(f.label)
	for _, end := range []string{" id", " name", " no", " key", " code", " uuid"} {
		label = strings.TrimSuffix(label, end)
	}
	for _, head := range []string{"fk ", "id "} { // fk_customer, id_customer
		label = strings.TrimPrefix(label, head)
	}
	best := 0
	for _, to := range d.done {
		key := to.single()
		if key == nil || len(key.ids) == 0 || f == key {
			continue
		}
		namesake, in := d.namesake(t, f, to), f.within(key)
		more := f == t.single() && d.extends(t, to, in)
		if f == t.single() && !namesake && !more || to == t && !merged(f, t) && !in.surely() {
			continue
		}
		all, whole := len(f.ids), to.sampled == to.total
		how := names(label, to.name, d.done)
		if label == "object" && plain(f.label) == "fk object" && t.after(to) { // customer_extrafields
			how = exact
		}
		if to == t && merged(f, t) || shadows(t.name, to.name) && plain(f.label) == plain(key.label) {
			how = exact
		}
		if how < prefixed && f != t.single() && d.furthered(to, f) {
			continue
		}
		if namesake && (in.nearly() || !whole && in.found > 0) {
			how = exact
		}
		named := how >= prefixed || how == ending && (in.counters == 0 || whole && in.found == all && d.record(t, f, label))
		switch score := 2*in.found + all*int(how); {
		case !(named && in.found*2 >= all || in.found*2 >= all && (in.uuids == all || in.telling()) || named && in.uuids == all && !whole || how == exact && !whole && in.found > 0 || more):
		case score > best:
			best, f.guess = score, to.name+"."+key.name()
			f.guessed = in.nearly() || !whole && how >= prefixed || more
		}
	}
}

// namesakeEnds end the names of keys.
var namesakeEnds = []string{"id", "key", "no", "nr", "num", "number", "code", "uuid", "guid", "uid"}

// namesake reports a column that is called like the key of another table, where that name
// tells which: cust_id, which begins like tbl_customer or is the key of no other; not id.
func (d *discovery) namesake(t *looked, f *field, to *looked) bool {
	words, key := keyWords(f.label), to.single()
	if to == t || len(words) < 2 || !slices.Contains(namesakeEnds, words[len(words)-1]) || plain(key.label) != plain(f.label) {
		return false
	}
	if to.stem(words[0]) {
		return f != t.single() || !t.stem(words[0])
	}
	return f != t.single() && !slices.ContainsFunc(d.done, func(o *looked) bool { return o != to && o.single() != nil && plain(o.single().label) == plain(f.label) })
}

// keyWords splits the name of a key, also where nothing parts its words: contactid.
func keyWords(label string) []string {
	words := detect.Words(label)
	if len(words) != 1 {
		return words
	}
	for _, end := range []string{"id", "uuid", "key", "code"} {
		if stem, ok := strings.CutSuffix(words[0], end); ok && len(stem) > 2 {
			return []string{stem, end}
		}
	}
	return words
}

// stem reports a table one of whose words begins with a word, or is the beginning of it.
func (t *looked) stem(word string) bool {
	return slices.ContainsFunc(detect.Words(t.name), func(w string) bool { return strings.HasPrefix(w, word) || strings.HasPrefix(word, singular(w)) })
}

// record reports the column of a table of field values that names the record whose
// fields they are, when only one table is called so.
func (d *discovery) record(t *looked, f *field, label string) bool {
	attr := t.attribute()
	if attr == nil || attr == f {
		return false
	}
	n := 0
	for _, to := range d.done {
		if names(label, to.name, d.done) != differs {
			n++
		}
	}
	return n == 1
}

// sampler returns how a source is sampled.
func sampler(src connectors.Source) connectors.Sampler {
	if s, ok := src.(connectors.Sampler); ok {
		return s
	}
	return unitSampler{src}
}

// unitSampler samples a source that knows only how to be read: the records of
// units chosen at random.
type unitSampler struct{ connectors.Source }

// maxSampledUnits is how many units of such a source are read.
const maxSampledUnits = 64

// Sample implements connectors.Sampler.
func (s unitSampler) Sample(ctx context.Context, n int, seed uint64) iter.Seq2[connectors.Table, error] {
	return func(yield func(connectors.Table, error) bool) {
		units := connectors.NewReservoir[connectors.Unit](maxSampledUnits, seed, "units")
		for u, err := range s.Units(ctx) {
			if err != nil {
				yield(connectors.Table{}, err)
				return
			}
			units.Add(func() connectors.Unit { return u })
		}
		chosen := units.Items()
		slices.SortFunc(chosen, func(a, b connectors.Unit) int { return strings.Compare(a.Key, b.Key) })
		tables := map[string]*connectors.Drawing{}
		var order []string
		var gaps []connectors.TableGap
		for _, u := range chosen {
			for b, err := range s.Read(ctx, u) {
				if err != nil {
					gaps = append(gaps, connectors.TableGap{Unit: u.Key, Gap: connectors.Gap{Reason: err.Error()}})
					break
				}
				for _, g := range b.Gaps {
					gaps = append(gaps, connectors.TableGap{Unit: u.Key, Gap: g})
				}
				if b.Rows == nil {
					continue
				}
				if tables[b.Collection] == nil {
					tables[b.Collection] = connectors.NewDrawing(b.Collection, n, seed)
					order = append(order, b.Collection)
				}
				tables[b.Collection].Batch(b.Rows)
			}
		}
		if len(gaps) > 0 && !yield(connectors.Table{Gaps: gaps}, nil) {
			return
		}
		for _, name := range order {
			t := tables[name].Table()
			t.Objects, t.Read = units.Seen(), len(chosen)
			if !yield(t, nil) {
				return
			}
		}
	}
}

// lines reports a column whose cells are whole records spelled as one text, such as the
// lines of a file that was imported: nearly each has one number or address, and no two of
// a kind.
func (f *field) lines() bool {
	if f.text() || f.identity() != "" {
		return false
	}
	one := 0
	for _, c := range f.cells {
		kinds := map[string]map[string]bool{}
		for _, s := range extract.Find(c.Text) {
			if kinds[s.Kind] == nil {
				kinds[s.Kind] = map[string]bool{}
			}
			kinds[s.Kind][s.Value] = true
		}
		if len(kinds[extract.KindPhone])+len(kinds[extract.KindEmail]) > 0 && len(kinds[extract.KindPhone]) < 2 && len(kinds[extract.KindEmail]) < 2 {
			one++
		}
	}
	return one >= comparedRows && one*10 >= len(f.cells)*9
}
