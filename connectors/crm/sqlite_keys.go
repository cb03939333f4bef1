package crm

import (
	"context"
	"fmt"
	"slices"
)

// doubtful is a dialect whose keys may be told apart by more than their spelling.
type doubtful interface {
	// alike says why rows of a table cannot be told from others by their keys; "" when
	// they can.
	alike(ctx context.Context, s *session, sc *schema, l *layout) (string, error)
}

// alike looks at the columns without a type: there 5 and '5' are two values, and one when
// they are spelled. A row that refers to one of them would be taken for the other's.
func (d *sqlite) alike(ctx context.Context, s *session, sc *schema, l *layout) (string, error) {
	for _, k := range l.untyped(sc) {
		double, err := d.double(ctx, s, k.t, k.c)
		if err != nil {
			return "", err
		}
		if double {
			return fmt.Sprintf("the column %q of table %q holds keys of two types that are spelled alike, such as 5 and '5': make them one, or two that differ, or give the column a type", k.c.name, k.t.name), nil
		}
	}
	return "", nil
}

type tableColumn struct {
	t *table
	c *column
}

// untyped lists the columns without a type that name rows of a table, that refer to such,
// and those that they refer to.
func (l *layout) untyped(sc *schema) []tableColumn {
	var out []tableColumn
	add := func(t *table, names ...string) {
		if t == nil || t.kind != "table" {
			return
		}
		for _, n := range names {
			k := tableColumn{t, t.column(n)}
			if k.c != nil && k.c.affinity == affNone && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	for _, i := range l.key {
		add(l.table, l.cols[i].name)
	}
	for _, r := range sc.refs {
		if r.to == l.table.name {
			add(l.table, r.toCols...)
		}
		if r.from == l.table.name {
			add(l.table, r.fromCols...)
			add(sc.table(r.to), r.toCols...)
		}
	}
	for _, f := range l.coll.Fields {
		for _, r := range f.References {
			if to := sc.table(r.Collection); to != nil {
				add(l.table, f.Name)
				add(to, r.Field)
			}
		}
	}
	return out
}

// double reports whether a column holds values of two types that are spelled alike. The
// answer holds as long as the database stands as it does.
func (d *sqlite) double(ctx context.Context, s *session, t *table, c *column) (bool, error) {
	stamp, err := d.stamp(ctx, s)
	if err != nil {
		return false, err
	}
	key := t.name + "\x00" + c.name
	d.mu.Lock()
	if d.stamped != stamp {
		d.stamped, d.doubles = stamp, map[string]bool{}
	}
	known, ok := d.doubles[key]
	d.mu.Unlock()
	if ok {
		return known, nil
	}
	q := d.quote(c.name)
	kind := "CASE typeof(" + q + ") WHEN 'real' THEN 'integer' ELSE typeof(" + q + ") END"
	from := " FROM " + t.from + " WHERE " + q + " IS NOT NULL"
	kinds, err := s.one(ctx, "SELECT count(DISTINCT "+kind+")"+from)
	if err != nil {
		return false, err
	}
	found := ""
	if kinds != "0" && kinds != "1" {
		text := "CAST(CASE WHEN typeof(" + q + ") = 'real' AND " + q + " = CAST(" + q + " AS INTEGER) THEN CAST(" + q + " AS INTEGER) ELSE " + q + " END AS TEXT)"
		found, err = s.one(ctx, "SELECT 1 FROM (SELECT DISTINCT "+kind+" AS kind, "+text+" AS text"+from+") GROUP BY text HAVING count(*) > 1 LIMIT 1")
		if err != nil {
			return false, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stamped == stamp {
		d.doubles[key] = found != ""
	}
	return found != "", nil
}
