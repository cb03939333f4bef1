package crm

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors"
)

// Check examines the database against the catalog.
func (s *source) Check(ctx context.Context) ([]connectors.Finding, error) {
	out, err := s.d.examine(ctx)
	if err != nil {
		return nil, fmt.Errorf("examining source %s: %w", s.name, err)
	}
	for _, f := range out {
		if f.Fatal || f.What == "reachable" && !f.OK {
			return out, nil
		}
	}
	err = s.reading(ctx, func(ss *session, sc *schema) error {
		known := map[*table]bool{}
		open, err := s.eithers(ctx, ss, sc, cloned(s.dataset).Collections)
		if err != nil {
			return err
		}
		for _, c := range s.dataset.Collections {
			l := layoutOf(s.d, s.dataset, s.name, sc, c)
			known[l.table] = true
			out = append(out, l.check()...)
			if l.reason == "" {
				out = append(out, undecidedFindings(l, s.undecided(sc, l))...)
				out = append(out, mixedFindings(l, open[c.Name])...)
				out = append(out, s.otherRoles(sc, l)...)
			}
		}
		for _, t := range sc.tables {
			if !known[t] {
				out = append(out, t.unknown()...)
			}
		}
		out = append(out, sc.checkReferences()...)
		out = append(out, cascades(sc)...)
		slow, err := s.unindexed(ctx, ss, sc)
		if err != nil {
			return err
		}
		out = append(out, slow...)
		if _, file := s.d.(*sqlite); !file {
			out = append(out, permissions(sc, known)...)
		}
		if sc.abroad {
			out = append(out, finding("foreign keys", false, "tables of other databases may refer to these out of the user's sight, and a cascade of theirs would take rows there along: GRANT REFERENCES ON *.* lets the user see the foreign keys, and no rows"))
		}
		if sc.partial {
			out = append(out, finding("permissions", false, "the user sees only tables that were granted one by one: rows are emptied, not deleted, because a table out of sight may refer to them; grant SELECT on the database"))
		}
		left, err := s.leftovers(ctx, ss, sc)
		for _, l := range left {
			end := "; no end is known"
			if !l.Until.IsZero() {
				end = " until " + l.Until.Format(time.DateOnly)
			}
			out = append(out, finding("left behind", !l.Until.IsZero(), "%s%s", l.What, end))
		}
		return err
	})
	return out, err
}

func finding(what string, ok bool, format string, args ...any) connectors.Finding {
	return connectors.Finding{What: what, OK: ok, Note: fmt.Sprintf(format, args...)}
}

// check compares a collection with its table.
func (l *layout) check() []connectors.Finding {
	if l.reason != "" {
		f := finding("catalog", false, "collection %q cannot be read: %s", l.coll.Name, l.reason)
		f.Gap = true
		return []connectors.Finding{f}
	}
	var out []connectors.Finding
	for _, m := range l.missing {
		out = append(out, finding("catalog", false, "field %q of the catalog is not in table %q", m, l.table.name))
	}
	for _, c := range l.cols {
		if _, ok := l.coll.Field(c.field.Name); !ok && looksPersonal(c.name) {
			out = append(out, finding("catalog", false, "column %q of table %q looks personal and is in no catalog field: it is searched as free text", c.name, l.table.name))
		}
	}
	if pk := l.coll.PrimaryKey(); len(pk) > 0 && len(l.key) == len(pk) {
		names := make([]string, len(l.key))
		for n, i := range l.key {
			names[n] = l.cols[i].name
		}
		if !l.table.key(names) {
			out = append(out, finding("keys", false, "the catalog's primary key of table %q is not unique by the table's own rules: where rows share a key it is not read", l.table.name))
		}
	}
	if len(l.key) == 0 && !l.table.keyless {
		out = append(out, finding("keys", false, "table %q has no primary key: rows are named by their number, which a VACUUM may change", l.table.name))
	}
	out = append(out, l.standIns()...)
	if l.personalKey() {
		out = append(out, finding("keys", false, "the primary key of table %q is personal: a row that others refer to keeps it", l.table.name))
	}
	if len(l.table.triggers) > 0 {
		out = append(out, finding("triggers", false, "table %q has triggers on UPDATE or DELETE (%s): what they write elsewhere is not followed", l.table.name, strings.Join(l.table.triggers, ", ")))
	}
	if len(out) == 0 {
		out = append(out, finding("catalog", true, "collection %q fits its table", l.coll.Name))
	}
	return out
}

// standIns tells of columns that must have one of a few values: none of them is empty, and
// a row that stays says the same after an erasure, whoever she was.
func (l *layout) standIns() (out []connectors.Finding) {
	if l.coll.Erase != "redact" && l.coll.Erase != "keep" {
		return nil
	}
	for c, stays := range l.standing() {
		out = append(out, finding("redaction", false, "column %q of table %q may not be empty and has no label for unknown: in a row that stays it says %q for everybody, also where that is what she had said", c.name, l.table.name, stays))
	}
	return out
}

// standing yields those columns, and what each says in a row that stays.
func (l *layout) standing() iter.Seq2[col, string] {
	return func(yield func(col, string) bool) {
		for _, c := range l.cols {
			if stays, ok := c.stays(); ok && !yield(c, stays) {
				return
			}
		}
	}
}

// stays is what a column says when it cannot be emptied; false when it can, or is not.
func (c *col) stays() (string, bool) {
	switch {
	case c.part == partKeep || c.pinned || !c.notNull || c.field.Erase == "keep" || c.part == partMay && !looksPersonal(c.name):
	case c.kind == kindBool:
		return "no", true
	case c.kind == kindEnum && len(c.labels) > 0 && c.saysNothing() == "":
		return c.labels[0], true
	}
	return "", false
}

// StandIns implements [connectors.Standing].
func (s *source) StandIns(ctx context.Context) (out []connectors.StandIn, err error) {
	err = s.reading(ctx, func(_ *session, sc *schema) error {
		for _, c := range s.dataset.Collections {
			if l := layoutOf(s.d, s.dataset, s.name, sc, c); l.reason == "" {
				for x := range l.standing() {
					out = append(out, connectors.StandIn{Collection: c.Name, Field: x.name})
				}
			}
		}
		return nil
	})
	return out, err
}

// undecided lists the tables to which several foreign keys lead while the catalog says
// of none that it leads to the person of the row (see Describe).
func (s *source) undecided(sc *schema, l *layout) []string {
	return undecided(s.dataset, sc, &l.coll, l.table)
}

func undecided(d connectors.Dataset, sc *schema, coll *connectors.Collection, t *table) []string {
	told := map[string]bool{}
	for _, f := range coll.Fields {
		for _, r := range f.References {
			if to := sc.table(r.Collection); to != nil {
				told[to.name] = true
			}
		}
	}
	var out []string
	for _, r := range sc.refs {
		_, known := d.Collection(r.to)
		if r.from != t.name || !known || told[r.to] || r.from == r.to || slices.ContainsFunc(r.fromCols, otherRole) || mentions(coll, r.fromCols) || among(sc, coll, r) < 2 {
			continue
		}
		told[r.to] = true
		out = append(out, r.to)
	}
	return out
}

// otherRoles names the foreign keys to people that Describe takes for other roles, where
// the catalog says nothing of them: an owner may be staff, or the very person.
func (s *source) otherRoles(sc *schema, l *layout) []connectors.Finding {
	var out []connectors.Finding
	for _, r := range sc.refs {
		to, known := s.dataset.Collection(r.to)
		if r.from != l.table.name || r.from == r.to || !known || to.Staff || to.Accounts || !slices.ContainsFunc(r.fromCols, otherRole) || mentions(&l.coll, r.fromCols) {
			continue
		}
		said := slices.ContainsFunc(l.coll.Fields, func(f connectors.CatalogField) bool { return contains(r.fromCols, f.Name) && len(f.References) > 0 })
		people := slices.ContainsFunc(connectors.Columns(s.dataset.Key, to), connectors.Field.Personal)
		if people && !said {
			out = append(out, finding("references", false, "table %q refers to table %q by %s: by that name it leads to somebody else than the person of a row, and it is not followed until the catalog has it as a reference; role: mention says that it is right so",
				l.table.name, r.to, strings.Join(r.fromCols, ", ")))
		}
	}
	out = append(out, sc.billsApart(l)...)
	for _, f := range l.coll.Fields {
		for _, r := range f.References {
			if f.Role != "mention" && !connectors.Leads(l.coll.Fields, f, r) {
				out = append(out, finding("references", false, "table %q refers to %q by %s beside another reference: by that name it leads to somebody else than the person of a row, and it is not followed; role: mention says that it is right so, role: link that it is hers too",
					l.table.name, r.Collection, f.Name))
			}
		}
	}
	return out
}

// billsApart reports a table of bills that refers to itself and of which the catalog does
// not say so: Describe leaves such a reference out, as the one who is billed need not be the
// same, and by it alone a credit note and its invoice are not kept together.
func (sc *schema) billsApart(l *layout) []connectors.Finding {
	var out []connectors.Finding
	for _, r := range sc.refs {
		said := slices.ContainsFunc(l.coll.Fields, func(f connectors.CatalogField) bool { return contains(r.fromCols, f.Name) && len(f.References) > 0 })
		if l.coll.Class == "billing" && r.from == l.table.name && r.from == r.to && !said && !mentions(&l.coll, r.fromCols) {
			out = append(out, finding("references", false, "table %q refers to itself by %s: where a credit note refers to its invoice by it, each is kept as long as the other only if the catalog has it as a reference; role: mention says that it is right so",
				l.table.name, strings.Join(r.fromCols, ", ")))
		}
	}
	return out
}

// undecidedFindings says so for a check.
func undecidedFindings(l *layout, tables []string) []connectors.Finding {
	var out []connectors.Finding
	for _, to := range tables {
		out = append(out, finding("references", false, "table %q refers to table %q by several foreign keys: until the catalog says which leads to the person of a row, its rows are nobody's by them", l.table.name, to))
	}
	return out
}

// undecidedNotes says so of the rows that are read.
func undecidedNotes(l *layout, tables []string) []string {
	var out []string
	for _, to := range tables {
		out = append(out, fmt.Sprintf("row of table %q, which refers to table %q by several foreign keys and is nobody's by them until the catalog says which leads to the person", l.table.name, to))
	}
	return out
}

// unknown reports on a table that no collection describes.
func (t *table) unknown() []connectors.Finding {
	switch t.kind {
	case "virtual":
		return []connectors.Finding{finding("search index", false, "virtual table %q may hold copies of erased text: rebuild it after an erasure", t.name)}
	case "shadow", "view":
		return nil
	}
	var personal []string
	for _, c := range t.columns {
		if looksPersonal(c.name) {
			personal = append(personal, c.name)
		}
	}
	if len(personal) > 0 {
		return []connectors.Finding{finding("catalog", false, "table %q is in no catalog collection and has columns that look personal: %s", t.name, strings.Join(personal, ", "))}
	}
	return []connectors.Finding{finding("catalog", false, "table %q is in no catalog collection: it is not searched", t.name)}
}

// checkReferences reports foreign keys that lead nowhere, and says what deletion
// does where they lead somewhere.
func (sc *schema) checkReferences() []connectors.Finding {
	var out []connectors.Finding
	good := 0
	for _, r := range sc.refs {
		to := sc.table(r.to)
		if to == nil || !to.key(r.toCols) {
			out = append(out, finding("foreign keys", false, "a foreign key of table %q names columns of table %q that are no key: the database cannot check it", r.from, r.to))
			continue
		}
		good++
	}
	if good > 0 {
		out = append(out, finding("foreign keys", true, "%d foreign keys: a row that others refer to is emptied, not deleted; cascade rules never fire", good))
	}
	return out
}

// Leftovers implements [connectors.Retainer].
func (s *source) Leftovers(ctx context.Context) (out []connectors.Leftover, err error) {
	s.tidy(ctx)
	err = s.reading(ctx, func(ss *session, sc *schema) error {
		out, err = s.leftovers(ctx, ss, sc)
		return err
	})
	return out, err
}

func (s *source) leftovers(ctx context.Context, ss *session, sc *schema) ([]connectors.Leftover, error) {
	var known []*table
	for _, c := range s.dataset.Collections {
		if t := sc.table(c.Name); t != nil && t.kind == "table" {
			known = append(known, t)
		}
	}
	out, err := s.d.leftovers(ctx, ss, known)
	if err != nil {
		return nil, fmt.Errorf("asking source %s what deletion leaves behind: %w", s.name, err)
	}
	return out, nil
}
