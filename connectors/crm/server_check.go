package crm

import (
	"strings"

	"github.com/cratio/sutra/connectors"
)

// permissions reports what the user may not do on the tables of the catalog.
func permissions(sc *schema, known map[*table]bool) []connectors.Finding {
	var out []connectors.Finding
	for _, t := range sc.tables {
		if !known[t] || t.kind != "table" {
			continue
		}
		if len(t.denied) > 0 {
			out = append(out, finding("permissions", false, "table %q: the user lacks %s", t.name, strings.Join(t.denied, ", ")))
		}
		if t.partly {
			out = append(out, finding("permissions", false, "table %q: the user may UPDATE some of its columns only", t.name))
		}
		if t.fixed != "" {
			out = append(out, finding("permissions", false, "table %q cannot be changed: %s", t.name, t.fixed))
		}
		if t.keyless {
			out = append(out, finding("keys", false, "table %q has no key: it is one unit, and its rows are named by their content", t.name))
		}
	}
	if len(out) == 0 {
		out = append(out, finding("permissions", true, "the tables of the catalog can be read and changed"))
	}
	return out
}

// cascades says which foreign keys would remove or change rows by themselves.
func cascades(sc *schema) []connectors.Finding {
	var words []string
	for _, r := range sc.refs {
		if r.onDelete != "" {
			words = append(words, r.from+" to "+r.to+" ("+r.onDelete+")")
		}
	}
	if len(words) == 0 {
		return nil
	}
	return []connectors.Finding{finding("foreign keys", true, "with a rule of their own: %s; a row that a rule would reach outside a plan keeps the row it refers to as an emptied one", strings.Join(words, ", "))}
}
