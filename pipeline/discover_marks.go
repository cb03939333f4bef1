package pipeline

import (
	"hash/maphash"
	"maps"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
	"github.com/cratio/sutra/pipeline/extract"
)

// mark is a value to be compared with others, of which no more need be kept.
type mark uint64

var marking = maphash.MakeSeed()

func markOf(v string) mark { return mark(maphash.String(marking, v)) }

// marks are the keys, the identifiers and the words of names that stand in rows of a table,
// kept until the tables it refers to are known.
type marks struct {
	keys   map[*field]map[int]mark
	idents map[*field]map[int][]mark
	names  map[*field]map[int][]mark
}

// aName stands for the words of names where a kind of identifiers is asked for.
const aName = "name"

// remember notes the marks of at most keptIDs rows of each column, and those of the rows
// to which others refer.
func (t *looked) remember() {
	t.marks = marks{map[*field]map[int]mark{}, map[*field]map[int][]mark{}, map[*field]map[int][]mark{}}
	for _, f := range t.fields {
		cells := [][]connectors.Cell{f.cells}
		for _, g := range t.referred {
			if slices.Equal(f.path, g.path) {
				cells = append(cells, g.cells)
			}
		}
		if kind := f.identity(); kind != "" {
			t.marks.idents[f] = marked(cells, func(v string) (string, bool) {
				id, ok := extract.Normalise(identityKind(kind), v)
				return id.Value, ok
			})
		}
		if best, _ := verdicts(f); best.Category == "user.name" && !t.another(f) {
			t.marks.names[f] = nameWords(cells)
		}
		if len(f.path) == 1 && (len(f.refs) > 0 || f.keyLike() || f.identity() == "" && !f.nested) {
			rows := map[int]mark{}
			for row, list := range marked(cells, func(v string) (string, bool) { return v, true }) {
				rows[row] = list[len(list)-1]
			}
			t.marks.keys[f] = rows
		}
	}
	t.referred = nil
}

// marked notes the marks of rows, of each list of cells at most keptIDs.
func marked(lists [][]connectors.Cell, value func(string) (string, bool)) map[int][]mark {
	out := map[int][]mark{}
	for _, cells := range lists {
		kept := 0
		for _, c := range cells {
			if v, ok := value(c.Text); ok && kept < keptIDs {
				out[c.Row] = append(out[c.Row], markOf(v))
				kept++
			}
		}
	}
	return out
}

// nameWords notes the words of the names in rows.
func nameWords(lists [][]connectors.Cell) map[int][]mark {
	out := map[int][]mark{}
	for _, cells := range lists {
		for _, c := range cells[:min(len(cells), keptIDs)] {
			for _, w := range detect.Words(c.Text) {
				out[c.Row] = append(out[c.Row], markOf(w))
			}
		}
	}
	return out
}

// of returns the marks of a kind, by their columns.
func (m marks) of(kind string) map[*field]map[int][]mark {
	if kind == aName {
		return m.names
	}
	out := map[*field]map[int][]mark{}
	for f, rows := range m.idents {
		if f.identity() == kind {
			out[f] = rows
		}
	}
	return out
}

// numbers tells which identifiers of a kind stand in the row with a key.
func (x *plot) numbers(kind string) map[mark]map[mark]bool {
	key := x.single()
	out := map[mark]map[mark]bool{}
	if key == nil {
		return out
	}
	for f, rows := range x.marks.of(kind) {
		if !x.own(f) {
			continue
		}
		for row, ids := range rows {
			k, ok := x.marks.keys[key][row]
			if !ok {
				continue
			}
			if out[k] == nil {
				out[k] = map[mark]bool{}
			}
			for _, id := range ids {
				out[k][id] = true
			}
		}
	}
	return out
}

// behind tells which identifiers of a kind the persons have to whom the row with a key
// leads: its own where the table holds some, and else those of what it refers to. An
// order has no number; who ordered has one. Staff are not followed: who entered the order
// is not whom it is about. A table that asks is told, too, what those have with whom the
// persons of a table with numbers are taken for one, see beside.
func (x *plot) behind(all map[string]*plot, kind string, depth int, asking *plot) map[mark]map[mark]bool {
	if x.role != people && x.role != nobodys {
		return nil
	}
	key, own := x.single(), x.numbers(kind)
	if len(own) > 0 || key == nil || depth == 0 || x.numbered() { // a person of its own, as far as other kinds tell
		if asking != nil {
			x.beside(all, kind, asking, own)
		}
		return own
	}
	out := map[mark]map[mark]bool{}
	for _, l := range x.links {
		if !l.leads(x) {
			continue
		}
		theirs := all[l.to.name].behind(all, kind, depth-1, asking)
		for row, to := range x.marks.keys[l.field] {
			k, ok := x.marks.keys[key][row]
			if !ok || len(theirs[to]) == 0 {
				continue
			}
			if out[k] == nil {
				out[k] = map[mark]bool{}
			}
			maps.Copy(out[k], theirs[to])
		}
	}
	return out
}

// beside adds which identifiers of a kind the persons have with whom those of this table are
// taken for one: of a pupil with an id card alone, the number of his parent. What leads back
// to the asking table says nothing of it.
func (x *plot) beside(all map[string]*plot, kind string, asking *plot, out map[mark]map[mark]bool) {
	key := x.single()
	if x.role != people || key == nil || !x.numbered() {
		return
	}
	for _, l := range x.links {
		to := all[l.to.name]
		if !l.leads(x) || to == asking || to.role != people {
			continue
		}
		theirs := to.numbers(kind)
		for row, at := range x.marks.keys[l.field] {
			if k, ok := x.marks.keys[key][row]; ok && len(theirs[at]) > 0 {
				if out[k] == nil {
					out[k] = map[mark]bool{}
				}
				maps.Copy(out[k], theirs[at])
			}
		}
	}
}

// leads reports a link by which the records of a table are taken for those of whom it
// leads to.
func (l *link) leads(x *plot) bool {
	return l.drop == "" && !l.merge && len(l.whole) == 0 && l.to != x.looked
}

// steps is over how many tables a person is looked for.
const steps = 3

// likeness is how many rows could be compared with the person they lead to, and in how many
// the identifier, or else the name, is hers.
type likeness struct{ rows, same int }

// mixed reports identifiers of hers in some rows, and of somebody else in others.
func (c likeness) mixed() bool { return (c.rows-c.same)*othersShare > c.rows }

// compare counts the rows in which an identifier of the row and one of the person it
// leads to can be compared. Another number beside her name is one more of her own.
func (x *plot) compare(all map[string]*plot, f *field, l *link) likeness {
	hers, called := all[l.to.name].behind(all, f.identity(), steps, x), all[l.to.name].behind(all, aName, steps, nil)
	names := map[int][]mark{}
	for _, rows := range x.marks.names {
		for row, list := range rows {
			names[row] = append(names[row], list...)
		}
	}
	c := likeness{}
	for row, ids := range x.marks.idents[f] {
		k := x.marks.keys[l.field][row]
		known := hers[k]
		if len(known) == 0 {
			continue
		}
		c.rows++
		if slices.ContainsFunc(ids, func(id mark) bool { return known[id] }) || within(names[row], called[k]) {
			c.same++
		}
	}
	return c
}

// within reports that the words of one name are all among those of another.
func within(words []mark, name map[mark]bool) bool {
	has := map[mark]bool{}
	n := 0
	for _, w := range words {
		if !has[w] && name[w] {
			n++
		}
		has[w] = true
	}
	return n > 0 && (n == len(has) || n == len(name))
}
