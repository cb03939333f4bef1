package crm

import (
	"context"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// Describe adds to the catalog what the database itself says of the tables that it
// names: primary keys, and the declared foreign keys between them, so that the
// records on both ends of one are joined. Left out are references that say nothing
// of whose record it is: of a table to itself, by a column that names another role
// (a referrer, an agent) or has the role of a mention in the catalog, and several from one table to the same other one, where
// only the catalog can say which leads to the person. From here on the source reads
// by the completed dataset.
func (s *source) Describe(ctx context.Context) (connectors.Dataset, error) {
	d := cloned(s.dataset)
	forgetMay(&d)
	var found map[string][]mixed
	err := s.reading(ctx, func(ss *session, sc *schema) (err error) {
		for i := range d.Collections {
			c := &d.Collections[i]
			if t := sc.table(c.Name); t != nil && t.kind == "table" {
				primaryKey(c, t)
			}
		}
		for i := range d.Collections {
			if t := sc.table(d.Collections[i].Name); t != nil && t.kind == "table" {
				foreignKeys(&d, i, t, sc)
				d.Collections[i].Undecided = openTo(&d, &d.Collections[i], t, sc)
			}
		}
		found, err = s.eithers(ctx, ss, sc, d.Collections)
		return err
	})
	if err != nil {
		return s.dataset, err
	}
	s.dataset, s.mixed = d, found
	return d, nil
}

// forgetMay takes back what an earlier description said of foreign keys of which nothing says
// where they lead.
func forgetMay(d *connectors.Dataset) {
	for i := range d.Collections {
		for n := range d.Collections[i].Fields {
			if f := &d.Collections[i].Fields[n]; !toSeveral(*f) {
				f.May = nil
			}
		}
	}
}

// cloned is a dataset of which fields can be changed.
func cloned(d connectors.Dataset) connectors.Dataset {
	d.Collections = slices.Clone(d.Collections)
	for i := range d.Collections {
		d.Collections[i].Fields = slices.Clone(d.Collections[i].Fields)
	}
	return d
}

// HasTable reports whether a table is there.
func (s *source) HasTable(ctx context.Context, name string) (there bool, err error) {
	err = s.reading(ctx, func(_ *session, sc *schema) error {
		there = sc.table(name) != nil
		return nil
	})
	return there, err
}

// primaryKey marks the primary key of a table, unless the catalog names one, and says
// how the database compares it, and the ids of accounts.
func primaryKey(c *connectors.Collection, t *table) {
	if len(c.PrimaryKey()) == 0 {
		for _, n := range t.pk {
			catalogField(c, n).PrimaryKey = true
		}
	}
	pk := c.PrimaryKey()
	for _, n := range pk {
		if col := t.column(n); col != nil {
			f := catalogField(c, n)
			f.Folding, f.Spaces = col.keyFolding(), col.spaces()
		}
	}
	if len(pk) > 1 {
		compound(c, pk) // each part is folded by itself, see layout.text
	}
	if col := t.column(c.Account); col != nil {
		f := catalogField(c, c.Account)
		f.Folding, f.Spaces = col.keyFolding(), col.spaces()
	}
}

// spaces tells which spaces around a value of the column are overlooked. What is no text
// has none, whoever writes some around it.
func (c *column) spaces() connectors.Spaces {
	text := c.kind == kindText || c.kind == kindBytes || c.kind == kindOpen && (c.affinity == affText || c.affinity == affNone)
	switch {
	case !text:
		return connectors.SpacesAround
	case c.padded:
		return connectors.SpacesBehind
	}
	return connectors.SpacesKept
}

// keyFolding is what is overlooked in the values of a key.
func (c *column) keyFolding() connectors.Folding {
	if c.folding == connectors.FoldNothing && (c.kind == kindInt || c.kind == kindReal || c.affinity == affInteger) {
		return connectors.FoldNumber
	}
	return c.folding
}

// foreignKeys adds the foreign keys that start in collection i.
func foreignKeys(d *connectors.Dataset, i int, t *table, sc *schema) {
	c := &d.Collections[i]
	for _, r := range sc.refs {
		if r.from != t.name || r.to == t.name || slices.ContainsFunc(r.fromCols, otherRole) || mentions(c, r.fromCols) {
			continue
		}
		several := among(sc, c, r) > 1
		if several && !slices.Contains(undecided(*d, sc, c, t), r.to) {
			continue
		}
		to := slices.IndexFunc(d.Collections, func(x connectors.Collection) bool {
			return x.Name == r.to || strings.EqualFold(x.Name, r.to) && sc.table(x.Name) == sc.table(r.to)
		})
		if to < 0 {
			continue
		}
		pk := d.Collections[to].PrimaryKey()
		from := ordered(r, pk)
		if from == nil {
			if pk = referred(&d.Collections[to], sc, r); pk == nil {
				continue
			}
			from = r.fromCols
		}
		target := connectors.Reference{Dataset: d.Key, Collection: d.Collections[to].Name, Field: pk[0]}
		var f *connectors.CatalogField
		if len(pk) > 1 {
			target.Field = connectors.Compound(pk)
			f = compound(c, from)
		} else {
			f = catalogField(c, from[0])
		}
		if several {
			f.May = append(f.May, target)
			continue
		}
		f.References = slices.Clone(f.References)
		if !slices.Contains(f.References, target) {
			f.References = append(f.References, target)
		}
	}
}

// openTo reports a table that refers to people by several foreign keys, of none of which the
// catalog says that it leads to the person of the row.
func openTo(d *connectors.Dataset, c *connectors.Collection, t *table, sc *schema) bool {
	for _, name := range undecided(*d, sc, c, t) {
		if to, ok := d.Collection(name); ok && !to.Staff && !to.Accounts {
			return true
		}
	}
	return false
}

// referred marks the unique column that a foreign key leads to beside the primary key,
// and returns it; nil when the foreign key has several columns.
func referred(to *connectors.Collection, sc *schema, r reference) []string {
	c := sc.table(r.to).column(r.toCols[0])
	if len(r.toCols) != 1 || c == nil {
		return nil
	}
	f := catalogField(to, c.name)
	f.Referred, f.Folding, f.Spaces = true, c.keyFolding(), c.spaces()
	return []string{f.Name}
}

// mentions reports columns that lead to other people by the catalog's word.
func mentions(c *connectors.Collection, columns []string) bool {
	return slices.ContainsFunc(c.Fields, func(f connectors.CatalogField) bool {
		return f.Role == "mention" && contains(columns, f.Name)
	})
}

// among counts the foreign keys between the same two tables that may lead to the person
// of a row.
func among(sc *schema, c *connectors.Collection, r reference) int {
	n := 0
	for _, o := range sc.refs {
		if o.from == r.from && o.to == r.to && !slices.ContainsFunc(o.fromCols, otherRole) && !mentions(c, o.fromCols) {
			n++
		}
	}
	return n
}

// ordered returns the columns that refer, in the order of the primary key they
// refer to; nil when the reference does not lead to the whole key.
func ordered(r reference, pk []string) []string {
	if len(pk) == 0 || len(pk) != len(r.toCols) {
		return nil
	}
	var out []string
	for _, n := range pk {
		at := slices.IndexFunc(r.toCols, func(c string) bool { return strings.EqualFold(c, n) })
		if at < 0 {
			return nil
		}
		out = append(out, r.fromCols[at])
	}
	return out
}

// otherRole reports column names that say that the row referred to is not the
// person of this row, or not only hers.
func otherRole(column string) bool {
	return connectors.OthersRole(column) || connectors.NamesRole(column, otherRoles)
}

// otherRoles are words for who has to do with a row by work, and for other rows.
var otherRoles = []string{"boss", "manager", "agent", "owner", "assigned", "assignee", "author", "actor", "creator", "editor", "approver", "updated", "modified",
	"duplicate", "related", "previous", "next"}

// catalogField finds or adds a field of a collection.
func catalogField(c *connectors.Collection, name string) *connectors.CatalogField {
	i := slices.IndexFunc(c.Fields, func(f connectors.CatalogField) bool { return f.Name == name })
	if i < 0 {
		i = slices.IndexFunc(c.Fields, func(f connectors.CatalogField) bool { return strings.EqualFold(f.Name, name) })
	}
	if i < 0 {
		c.Fields = append(c.Fields, connectors.CatalogField{Name: name})
		i = len(c.Fields) - 1
	}
	return &c.Fields[i]
}

// compound finds or adds the field that stands for several.
func compound(c *connectors.Collection, of []string) *connectors.CatalogField {
	f := catalogField(c, connectors.Compound(of))
	f.Of = of
	return f
}
