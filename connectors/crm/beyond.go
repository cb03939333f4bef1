package crm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// A table may have rows that reading it does not find: those that it had, and those of the
// tables that inherit from it. A listing holds a unit for them that cannot be read, under a
// name of its own, so that nobody takes the table for searched as a whole.

// rowsOfThePast stands behind the name of a collection where the rows that it had are meant.
const rowsOfThePast = " FOR SYSTEM_TIME ALL"

// beyond lists the names of what a collection has beyond the rows that are read.
func (s *source) beyond(sc *schema, l *layout) []string {
	var out []string
	if l.reason != "" {
		return nil
	}
	if l.table.past {
		out = append(out, l.coll.Name+rowsOfThePast)
	}
	for _, h := range l.table.heirs {
		if !s.catalogued(sc, h) {
			out = append(out, h.name)
		}
	}
	return out
}

// catalogued reports whether a collection describes a table.
func (s *source) catalogued(sc *schema, t *table) bool {
	return slices.ContainsFunc(s.dataset.Collections, func(c connectors.Collection) bool { return sc.table(c.Name) == t })
}

// unlisted says why rows that go by a name of beyond are not read; "" for other names.
func (s *source) unlisted(sc *schema, name string) string {
	if now, past := strings.CutSuffix(name, rowsOfThePast); past {
		return fmt.Sprintf("the rows of the past of table %q are not searched: it is system-versioned, and what was deleted or changed is in its history", now)
	}
	for _, t := range sc.tables {
		if i := slices.IndexFunc(t.heirs, func(h *table) bool { return h.name == name }); i >= 0 {
			return fmt.Sprintf("table %q inherits from %q, whose queries find its rows too, and is in no catalog collection: it is not searched", name, t.name)
		}
	}
	return ""
}
