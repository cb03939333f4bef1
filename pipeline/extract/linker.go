package extract

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// Link normalises a value that joins records, as [Link] does, the way the database
// with the keys of its kind compares them.
func (x *Extractor) Link(kind, raw string) (Identifier, bool) {
	l := x.linkerOf(kind)
	return l.of(raw)
}

// linker is a kind of values that join records, and how the database with the keys
// compares them.
type linker struct {
	kind  string
	fold  connectors.Comparison
	parts []connectors.Comparison // of a key of several columns
	place *Place                  // of the objects whose keys they are
	plain bool                    // a number in digits is its own normal form
}

func (x *Extractor) linkerOf(kind string) linker {
	l := linker{kind: kind, fold: x.Folding[kind], parts: x.Parts[kind]}
	l.plain = len(l.parts) == 0 && strings.Contains(kind, ".") && !strings.HasSuffix(kind, ".key")
	if p, ok := x.Places[kind]; ok {
		l.place = &p
	}
	return l
}

// each calls fn with what a reference may mean: one id, or the keys that an object may have.
// A list of references ([1001, 1002]) means each of them.
func (l *linker) each(raw string, fn func(Identifier)) {
	ids, ok := listed(raw)
	if !ok {
		l.one(raw, fn)
	}
	for _, id := range ids {
		l.one(id, fn)
	}
}

// listed are the words and numbers of a list in JSON; false when the value is none, and when
// something else stands in it.
func listed(v string) (out []string, ok bool) {
	if v == "" || v[0] != '[' {
		return nil, false
	}
	data := []byte(v)
	root, err := parsed(new(json.Parser), data)
	if err != nil || root == nil || root.Cut || root.Kind != json.Array || strings.TrimSpace(v[root.End:]) != "" {
		return nil, false
	}
	for _, n := range root.Children {
		switch text := n.Text(data); n.Kind {
		case json.Number:
			out = append(out, strings.TrimSuffix(text, ".0")) // as programs write whole numbers that were floats
		case json.String:
			out = append(out, text)
		case json.Null:
		default:
			return nil, false
		}
	}
	return out, true
}

// severalListed reports a list of references that are not the same.
func severalListed(v string) bool {
	ids, _ := listed(v)
	return slices.ContainsFunc(ids, func(id string) bool { return id != ids[0] })
}

// severalAt are the places in a value, by kind and path, at which stand references to rows of
// people that are not the same: the elements of a list.
func (x *Extractor) severalAt(hits []hit) map[string]bool {
	var first map[string]string
	var out map[string]bool
	for i := range hits {
		h := &hits[i]
		if h.role != lineage.Link || !x.Persons[h.Kind] {
			continue
		}
		if first == nil {
			first, out = map[string]string{}, map[string]bool{}
		}
		at := h.Kind + " " + pathOf(h.node)
		if v, ok := first[at]; ok && v != h.Value {
			out[at] = true
		} else if !ok {
			first[at] = h.Value
		}
	}
	return out
}

// lists takes in the lists of ids of people's rows: they are hers whom the row is about, and
// where it is about nobody, whoever has one of them may be meant.
func (r *record) lists() {
	if slices.ContainsFunc(r.edge, func(e lineage.Edge) bool { return e.Role == lineage.Subject || e.Role == lineage.Party }) {
		for i := range r.several {
			r.add(&r.edge, &r.several[i])
		}
		return
	}
	for _, e := range r.several {
		e.Role = lineage.Mention
		r.may = append(r.may, e)
	}
}

// one is each for a single reference.
func (l *linker) one(raw string, fn func(Identifier)) {
	if l.place == nil {
		if id, ok := l.of(raw); ok {
			fn(id)
		}
		return
	}
	for _, key := range l.place.keys(raw) {
		if key != "" {
			fn(Identifier{Kind: l.kind, Value: key})
		}
	}
}

// of is [Extractor.Link].
func (l *linker) of(raw string) (Identifier, bool) {
	if l.plain && allDigits(raw) {
		return Identifier{Kind: l.kind, Value: raw}, true
	}
	if len(l.parts) > 0 {
		return linkOf(l.kind, foldParts(raw, l.parts))
	}
	return linkOf(l.kind, l.fold.Text(raw))
}
