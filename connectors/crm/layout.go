package crm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// part says what becomes of a column when its row must stay as a shell.
type part uint8

const (
	partKeep part = iota // structure: keys, references, account, dates
	partMust             // personal: emptied, or the erasure fails
	partMay              // free text of unknown meaning: emptied where the table allows it
)

// col is one column of a batch.
type col struct {
	*column
	field  connectors.Field
	keyed  bool // its values join rows, see spell
	part   part
	pinned bool // never written: primary key, generated
	ref    bool // refers to another row
}

// layout joins a collection of the catalog to its table.
type layout struct {
	coll    connectors.Collection
	table   *table
	cols    []col
	joined  []joined // after the columns: fields that stand for several of them
	key     []int    // the columns of the locator; empty: the row number
	missing []string // fields of the catalog that the table has not
	reason  string   // why the table cannot be read; "" when it can
}

// joined is a field that stands for several columns: a composite key, or a
// reference to one.
type joined struct {
	field connectors.Field
	of    []int     // of layout.cols
	as    []*column // the columns that tell how the parts of the key are compared
}

// row is one row as it is stored: what names it, then its columns.
type row struct {
	ident []any
	vals  []any
}

// counts reports a column that retention counts from.
func (l *layout) counts(column string) bool {
	return strings.EqualFold(column, l.coll.RecordedAt) || strings.EqualFold(column, l.coll.Trigger)
}

// layoutOf looks a collection up in the schema.
func layoutOf(d dialect, ds connectors.Dataset, source string, sc *schema, c connectors.Collection) *layout {
	l := &layout{coll: c, table: sc.table(c.Name)}
	switch {
	case l.table == nil:
		l.reason = sc.missing(c.Name)
	case l.table.reason != "":
		l.reason = l.table.reason
	case len(l.table.ident(d, "")) == 0:
		l.reason = "its rows have neither a primary key nor a row number"
	}
	if l.reason != "" {
		return l
	}
	taken := map[*column]bool{}
	add := func(cc *column, f connectors.Field) {
		taken[cc] = true
		if cc.json() || slices.Contains(f.Categories, "user") {
			f.Look = connectors.LookJSON
		}
		l.cols = append(l.cols, col{column: cc, field: f})
	}
	columns := connectors.Columns(ds.Key, c)
	for i, f := range columns {
		if len(c.Fields[i].Of) > 0 {
			continue
		}
		cc := l.table.column(f.Name)
		if cc == nil || taken[cc] {
			l.missing = append(l.missing, f.Name)
			continue
		}
		add(cc, f)
	}
	for _, cc := range l.table.columns {
		if !taken[cc] {
			add(cc, connectors.Field{Name: cc.name})
		}
	}
	l.classify(ds, source, sc)
	l.chooseKey()
	for i, f := range columns {
		if of := l.find(c.Fields[i].Of); of != nil {
			l.joined = append(l.joined, joined{field: f, of: of, as: l.compared(ds, source, sc, c.Fields[i], of)})
		}
	}
	return l
}

// compared returns the columns that tell how the parts of a composite key are compared:
// for a reference to one, those of the key's own table.
func (l *layout) compared(ds connectors.Dataset, source string, sc *schema, f connectors.CatalogField, of []int) []*column {
	out := make([]*column, len(of))
	for k, i := range of {
		out[k] = l.cols[i].column
	}
	for _, r := range f.References {
		to, known := ds.Collection(r.Collection)
		t, pk := sc.table(r.Collection), to.PrimaryKey()
		if !known || t == nil || len(pk) != len(of) || r.Dataset != ds.Key && r.Dataset != source {
			continue
		}
		for k, n := range pk {
			if c := t.column(n); c != nil {
				out[k] = c
			}
		}
	}
	return out
}

// find returns the positions of columns, nil when one is not there.
func (l *layout) find(names []string) []int {
	var out []int
	for _, n := range names {
		i := slices.IndexFunc(l.cols, func(c col) bool { return strings.EqualFold(c.name, n) })
		if i < 0 {
			return nil
		}
		l.cols[i].keyed = true
		out = append(out, i)
	}
	return out
}

// classify finds the part that every column plays.
func (l *layout) classify(ds connectors.Dataset, source string, sc *schema) {
	for i := range l.cols {
		c := &l.cols[i]
		f, known := l.coll.Field(c.field.Name)
		pk := contains(l.table.pk, c.name)
		outside := false
		for _, r := range f.References {
			if r.Dataset == ds.Key || r.Dataset == source {
				c.ref = true
			} else {
				outside = true
			}
		}
		target := false
		for _, r := range sc.refs {
			c.ref = c.ref || r.from == l.table.name && contains(r.fromCols, c.name)
			target = target || r.to == l.table.name && contains(r.toCols, c.name)
		}
		c.pinned = pk || c.generated || f.PrimaryKey
		c.keyed = pk || f.PrimaryKey || c.ref || target || len(c.field.Links) > 0
		lifeless := len(c.field.Meaning) > 0 && !c.field.Means("name")
		if c.generated {
			c.field.Meaning = append(slices.Clone(c.field.Meaning), connectors.Generated)
		}
		switch {
		case c.pinned || c.ref || lifeless:
			c.part = partKeep
		case c.field.Personal() || len(c.field.Links) > 0 || outside || !known && looksPersonal(c.name):
			c.part = partMust
		case c.field.Look == connectors.LookJSON:
			c.part = partMust
		case len(c.field.Categories) == 0 && (c.affinity == affText || c.affinity == affNone || looksPersonal(c.name)):
			c.part = partMay
		}
	}
}

// chooseKey takes the catalog's primary key, else the table's, else the row
// number.
func (l *layout) chooseKey() {
	find := func(names []string) []int {
		var key []int
		for _, n := range names {
			i := slices.IndexFunc(l.cols, func(c col) bool { return strings.EqualFold(c.name, n) })
			if i < 0 || l.table.rowid == "" && !l.cols[i].notNull && !contains(l.table.pk, n) {
				return nil
			}
			key = append(key, i)
		}
		return key
	}
	if l.key = find(l.coll.PrimaryKey()); l.key == nil {
		l.key = find(l.table.pk)
	}
	for _, i := range l.key {
		l.cols[i].keyed, l.cols[i].pinned = true, true
		l.cols[i].part = partKeep
	}
}

// fields returns the meanings of the batch's columns.
func (l *layout) fields() []connectors.Field {
	out := make([]connectors.Field, 0, len(l.cols)+len(l.joined))
	for _, c := range l.cols {
		out = append(out, c.field)
	}
	for _, v := range l.joined {
		out = append(out, v.field)
	}
	return out
}

// selection is the list of expressions that newRow takes apart.
func (l *layout) selection(d dialect) string {
	list := shown(d, l.table.ident(d, ""))
	for _, c := range l.cols {
		list = append(list, d.value(c.column))
	}
	return strings.Join(list, ", ")
}

// shown are the expressions of an ident where it is selected. The driver of SQLite turns a
// date that is a column into a time, which no row is found by, and leaves an expression alone.
func shown(d dialect, ident []string) []string {
	if _, ok := d.(*sqlite); !ok {
		return ident
	}
	out := make([]string, len(ident))
	for i, e := range ident {
		out[i] = "+" + e
	}
	return out
}

// newRow takes a result row apart; the slices are shared with v.
func (l *layout) newRow(v []any) row {
	n := len(v) - len(l.cols)
	return row{ident: v[:n], vals: v[n:]}
}

// text spells column i of a row; after the columns come the joined fields.
func (l *layout) text(r row, i int) (string, bool) {
	if i < len(l.cols) {
		return spell(r.vals[i], l.cols[i].keyed)
	}
	var parts []string
	v := l.joined[i-len(l.cols)]
	for n, k := range v.of {
		s, ok := spell(r.vals[k], true)
		if !ok {
			return "", false
		}
		if s = v.as[n].keyFolding().Text(s); v.as[n].padded {
			s = strings.TrimRight(s, " ")
		}
		parts = append(parts, s)
	}
	return strings.TrimPrefix(joinKey(parts), pkPrefix), true
}

// locator names a row. A row whose key has a null in it is named by its number, one
// of a table without any key by a digest of its columns; the second row with the
// same digest has ".2" after it.
func (l *layout) locator(r row) string {
	if len(l.key) == 0 {
		s := pkPrefix + fmt.Sprint(r.ident[0])
		if n := len(r.ident); l.table.keyless && n > 1 && r.ident[1] != int64(1) {
			s += fmt.Sprintf(".%d", r.ident[1])
		}
		return s
	}
	parts := make([]string, len(l.key))
	for n, i := range l.key {
		s, ok := l.text(r, i)
		if !ok && l.table.rowid != "" {
			return rowidPrefix + fmt.Sprint(r.ident[0])
		}
		parts[n] = s
	}
	return joinKey(parts)
}

// numbering tells rows apart that are alike in every column, of tables without a
// key. Rows come ordered by what names them.
type numbering struct {
	last any
	n    int64
}

// number completes what names a row.
func (k *numbering) number(l *layout, r row) row {
	if !l.table.keyless {
		return r
	}
	if r.ident[0] == k.last {
		k.n++
	} else {
		k.last, k.n = r.ident[0], 1
	}
	r.ident = []any{r.ident[0], k.n}
	return r
}

// keyText is the locator without its prefix.
func (l *layout) keyText(r row) string { return strings.TrimPrefix(l.locator(r), pkPrefix) }

// values returns the record as Edit.Check wants it.
func (l *layout) values(r row) map[string]string {
	m := make(map[string]string, len(l.cols)+len(l.joined))
	for i, f := range l.fields() {
		if s, ok := l.text(r, i); ok {
			m[f.Name] = s
		}
	}
	return m
}

// identKey spells what names a row so that it can stand in a map.
func identKey(ident []any) string {
	var b strings.Builder
	for _, v := range ident {
		s, _ := spell(v, true)
		fmt.Fprintf(&b, "%T%d:%s", v, len(s), s)
	}
	return b.String()
}

// meaning spells everything that a change of the catalog can change in what Read
// yields, so that fingerprints and digests change with it.
func (l *layout) meaning() string {
	var b strings.Builder
	for _, c := range l.cols {
		fmt.Fprintf(&b, "%+v|%s;", c.field, c.decl)
	}
	for _, v := range l.joined {
		fmt.Fprintf(&b, "%+v|%v", v.field, v.of)
		for _, c := range v.as {
			fmt.Fprintf(&b, "|%d%v", c.keyFolding(), c.padded)
		}
		b.WriteByte(';')
	}
	b.WriteString(strings.Join(l.missing, ",") + l.reason)
	for _, i := range l.key {
		b.WriteString("," + strconv.Itoa(i))
	}
	return b.String()
}
