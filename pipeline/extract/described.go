package extract

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// Described returns the identifiers that a value holds because the catalog says so of its
// column, or of a key in it: not those that were found by looking into JSON or a text.
func Described(f connectors.Field, v string) []Identifier {
	if f.Role == "mention" || f.Role == "link" {
		return nil
	}
	if f.Identity != "" {
		if id, ok := Normalise(f.Identity, v); ok {
			return []Identifier{id}
		}
		if f.Identity == kindUPI { // see record.packs
			return nil
		}
		return several(f.Identity, v)
	}
	if !slices.ContainsFunc(f.Inner, func(in connectors.Inner) bool { return in.Identity != "" && in.Role != "mention" }) {
		return nil
	}
	d := look(&f, v)
	if d == nil {
		return nil
	}
	var out []Identifier
	d = d.inmost()
	for n, hits := range d.at {
		path := pathOf(n)
		if !slices.ContainsFunc(f.Inner, func(in connectors.Inner) bool { return in.Path == path && in.Identity != "" }) {
			continue
		}
		for _, h := range hits {
			if !h.name && h.role == lineage.Subject {
				out = append(out, h.Identifier)
			}
		}
	}
	return out
}

// several returns what a cell holds that is an identifier's and none by itself: several
// numbers, an address in a number's column.
func several(kind, v string) []Identifier {
	var out []Identifier
	for part := range strings.SplitSeq(v, ":::") { // as address books write several numbers in one cell
		if id, ok := Normalise(kind, part); ok {
			out = append(out, id)
		}
	}
	for _, s := range Find(v) {
		out = append(out, s.Identifier)
	}
	return out
}
