package crm

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// schema reads the schema. Readers of a listing's units take the one that the
// listing read.
func (d *mysql) schema(ctx context.Context, s *session) (*schema, error) {
	d.mu.Lock()
	known := d.known
	d.mu.Unlock()
	if s.reuse && known != nil {
		return known, nil
	}
	b := &mySchema{d: d, s: s, sc: &schema{}}
	for _, step := range []func(context.Context) error{b.tables, b.outside, b.columns, b.documents, b.indexes, b.references, b.triggers, b.privileges, b.hidden} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	for _, t := range b.sc.tables {
		t.choose(d)
	}
	b.joining()
	d.mu.Lock()
	d.known = b.sc
	d.mu.Unlock()
	return b.sc, nil
}

// joining marks what has to be read in full because keys and foreign keys are made of it.
func (b *mySchema) joining() {
	mark := func(t *table, names []string) {
		for _, n := range names {
			if c := t.column(n); c != nil && c.sqlType == "float" && !c.rounded {
				c.rounded = true
				c.decl += " in full" // see meaning
			}
		}
	}
	for _, t := range b.sc.tables {
		mark(t, t.pk)
	}
	for _, r := range b.sc.refs {
		if t := b.sc.table(r.from); t != nil {
			mark(t, r.fromCols)
		}
		if t := b.sc.table(r.to); t != nil {
			mark(t, r.toCols)
		}
	}
}

// mySchema collects the schema.
type mySchema struct {
	d    *mysql
	s    *session
	sc   *schema
	role bool // the user has a role, whose privileges the server does not list
}

// named finds a table by the schema and the name that information_schema gives it.
func (b *mySchema) named(here, schema, name any) *table {
	if here != int64(1) {
		name = str(schema) + "." + str(name)
	}
	for _, t := range b.sc.tables {
		if t.name == str(name) {
			return t
		}
	}
	return nil
}

func (b *mySchema) tables(ctx context.Context) error {
	return b.s.each(ctx, `SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, CREATE_OPTIONS FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME`, nil, func(v []any) error {
		t := &table{name: str(v[0]), kind: "table", from: b.d.quote(str(v[0])), owned: true, parted: strings.Contains(str(v[4]), "partitioned")}
		t.rows, _ = v[3].(int64)
		switch typ := str(v[1]); {
		case strings.Contains(typ, "VIEW"):
			t.kind, t.reason = "view", refusals["view"]
		case typ == "SEQUENCE":
			t.kind, t.reason = "shadow", "it is a sequence"
		case typ == "SYSTEM VERSIONED":
			t.fixed, t.past = versioned, true
		}
		if e := str(v[2]); t.kind == "table" && !strings.EqualFold(e, "InnoDB") && !strings.EqualFold(e, "RocksDB") {
			t.fixed = "its storage engine " + e + " has no transactions"
		}
		b.sc.tables = append(b.sc.tables, t)
		return nil
	})
}

// outside adds tables of other databases that refer to one of this.
func (b *mySchema) outside(ctx context.Context) error {
	return b.s.each(ctx, `SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA = DATABASE() AND TABLE_SCHEMA <> DATABASE()`, nil, func(v []any) error {
		b.sc.tables = append(b.sc.tables, &table{name: str(v[0]) + "." + str(v[1]), kind: "table", from: b.d.quote(str(v[0])) + "." + b.d.quote(str(v[1])), outside: str(v[0]),
			reason: "it is a table of another database"})
		return nil
	})
}

// concerned runs a query for the tables of this database and for each of those outside;
// %s is the place of the condition, whose columns are of the table alias. The server
// opens the tables of all its databases unless the condition names one of them by =.
func (b *mySchema) concerned(ctx context.Context, q, alias string, fn func(v []any) error) error {
	err := b.s.each(ctx, fmt.Sprintf(q, alias+"TABLE_SCHEMA = DATABASE()"), nil, fn)
	for _, t := range b.sc.tables {
		if err != nil {
			break
		}
		if t.outside != "" {
			err = b.s.each(ctx, fmt.Sprintf(q, alias+"TABLE_SCHEMA = ? AND "+alias+"TABLE_NAME = ?"), []any{t.outside, strings.TrimPrefix(t.name, t.outside+".")}, fn)
		}
	}
	return err
}

func (b *mySchema) columns(ctx context.Context) error {
	return b.concerned(ctx, `SELECT TABLE_SCHEMA = DATABASE(), TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, IS_NULLABLE, EXTRA, CHARACTER_MAXIMUM_LENGTH, COLUMN_COMMENT, COLLATION_NAME,
		GENERATION_EXPRESSION FROM information_schema.COLUMNS WHERE %s ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`, "", func(v []any) error {
		t := b.named(v[0], v[1], v[2])
		if t == nil {
			return nil
		}
		extra := strings.ToLower(str(v[7]))
		c := &column{name: str(v[3]), decl: strings.ToUpper(str(v[4])), sqlType: str(v[5]), notNull: v[6] == "NO", comment: str(v[9]), collation: str(v[10]), computed: str(v[11]),
			generated: str(v[11]) != "" || strings.Contains(extra, "virtual generated") || strings.Contains(extra, "stored generated")}
		size, _ := v[8].(int64)
		c.myType(strings.ToLower(str(v[5])), str(v[4]), int(size))
		c.collate()
		c.restamped = strings.Contains(extra, "on update")
		t.columns = append(t.columns, c)
		return nil
	})
}

// collate finds what the column's collation overlooks. Those of one language tell
// letters with marks apart that are letters of their own there.
func (c *column) collate() {
	if c.kind != kindText || c.collation == "" {
		return
	}
	c.padded = !strings.Contains(c.collation, "nopad") && !strings.Contains(c.collation, "_0900_") && c.collation != "binary"
	if !strings.HasSuffix(c.collation, "_ci") {
		return
	}
	c.folding = connectors.FoldCase
	_, how, _ := strings.Cut(strings.ReplaceAll(c.collation, "_nopad", ""), "_")
	if slices.Contains([]string{"general_ci", "unicode_ci", "unicode_520_ci", "0900_ai_ci", "uca1400_ai_ci"}, how) {
		c.folding = connectors.FoldAccents
	}
}

var intSizes = map[string]int{"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "bigint": 8}

// myType finds the kind of a column's values.
func (c *column) myType(name, decl string, size int) {
	c.affinity = affNumeric
	switch {
	case intSizes[name] > 0:
		c.kind, c.affinity, c.size = kindInt, affInteger, intSizes[name]
		c.unsigned = strings.Contains(c.decl, "UNSIGNED")
	case slices.Contains([]string{"float", "double", "decimal"}, name):
		c.kind, c.affinity = kindReal, affReal
	case name == "json":
		c.kind, c.affinity = kindJSON, affText
	case name == "char" || name == "varchar":
		c.kind, c.affinity, c.size = kindText, affText, size
	case strings.HasSuffix(name, "text"):
		c.kind, c.affinity = kindText, affText
	case strings.HasSuffix(name, "binary") || strings.HasSuffix(name, "blob"):
		c.kind, c.affinity, c.size = kindBytes, affNone, size
	case name == "date" || name == "datetime" || name == "timestamp":
		c.kind = kindDate
	case name == "enum":
		c.kind, c.labels = kindEnum, enumLabels(decl)
	case name == "uuid":
		c.kind = kindUUID
	default:
		c.kind = kindOther
		if shapes[name] {
			c.affinity = affNone
		}
	}
}

// shapes are the types of geometry.
var shapes = wordSet(`geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection`)

// enumLabels takes the labels out of enum('a','b').
func enumLabels(decl string) []string {
	var out []string
	for _, m := range quoted.FindAllStringSubmatch(decl, -1) {
		out = append(out, strings.ReplaceAll(m[1], "''", "'"))
	}
	return out
}

var quoted = regexp.MustCompile(`'((?:[^']|'')*)'`)

// documents reads the checks of MariaDB, and marks the columns that hold JSON: a
// text with a check.
func (b *mySchema) documents(ctx context.Context) error {
	if !b.d.maria {
		return nil
	}
	return b.s.each(ctx, `SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() ORDER BY TABLE_NAME, CONSTRAINT_NAME`, nil, func(v []any) error {
		t := b.named(int64(1), nil, v[0])
		if t == nil {
			return nil
		}
		for _, c := range t.columns {
			if strings.Contains(str(v[1]), b.d.quote(c.name)) {
				t.checked([]string{c.name}, str(v[1]))
			}
			if strings.EqualFold(str(v[1]), "json_valid("+b.d.quote(c.name)+")") {
				c.kind, c.affinity, c.size = kindJSON, affText, 0
			}
		}
		return nil
	})
}

func (b *mySchema) indexes(ctx context.Context) error {
	type index struct {
		t    *table
		name string
		cols []string
		part bool // over a part of a column, or an expression
	}
	var all []*index
	err := b.concerned(ctx, `SELECT TABLE_SCHEMA = DATABASE(), TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
		WHERE NON_UNIQUE = 0 AND %s ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`, "", func(v []any) error {
		t := b.named(v[0], v[1], v[2])
		if t == nil {
			return nil
		}
		n := len(all)
		if n == 0 || all[n-1].t != t || all[n-1].name != str(v[3]) {
			all = append(all, &index{t: t, name: str(v[3])})
			n++
		}
		x := all[n-1]
		x.cols = append(x.cols, str(v[4]))
		x.part = x.part || v[4] == nil || v[5] != nil
		return nil
	})
	for _, x := range all {
		switch {
		case x.name == "PRIMARY" && !x.part:
			x.t.pk = x.cols
		case !x.part:
			x.t.unique = append(x.t.unique, x.cols)
		}
		if c := x.t.column(x.cols[0]); c != nil && len(x.cols) == 1 {
			c.unique = true
		}
	}
	return err
}

func (b *mySchema) references(ctx context.Context) error {
	at := map[string]int{}
	return b.concerned(ctx, `SELECT k.TABLE_SCHEMA = DATABASE(), k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE
		FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
			ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
		WHERE k.REFERENCED_TABLE_SCHEMA = DATABASE() AND %s ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`, "k.", func(v []any) error {
		from, to := b.named(v[0], v[1], v[2]), b.named(int64(1), nil, v[5])
		if from == nil || to == nil {
			return nil
		}
		id := from.name + "\x00" + str(v[3])
		i, ok := at[id]
		if !ok {
			i = len(b.sc.refs)
			at[id] = i
			r := reference{from: from.name, to: to.name, declared: true}
			if rule := str(v[7]); rule == "CASCADE" || strings.HasPrefix(rule, "SET") {
				r.onDelete = rule
			}
			b.sc.refs = append(b.sc.refs, r)
		}
		r := &b.sc.refs[i]
		r.fromCols, r.toCols = append(r.fromCols, str(v[4])), append(r.toCols, str(v[6]))
		return nil
	})
}

func (b *mySchema) triggers(ctx context.Context) error {
	return b.s.each(ctx, `SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_STATEMENT, EVENT_MANIPULATION FROM information_schema.TRIGGERS
		WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_MANIPULATION IN ('UPDATE', 'DELETE') ORDER BY TRIGGER_NAME`, nil, func(v []any) error {
		if t := b.named(int64(1), nil, v[0]); t != nil {
			t.trigger(str(v[1]), str(v[2]), v[3] == "DELETE", v[3] == "UPDATE")
		}
		return nil
	})
}

// privileges finds what the user may not do. A user with a role, whose privileges
// the server does not list, is believed until a statement is refused.
func (b *mySchema) privileges(ctx context.Context) error {
	user, err := b.s.one(ctx, "SELECT CURRENT_USER()")
	if err != nil {
		return err
	}
	role := ""
	if b.d.maria {
		role, err = b.s.one(ctx, "SELECT CURRENT_ROLE()")
	} else if role, err = b.s.one(ctx, "SELECT CURRENT_ROLE()"); role == "NONE" {
		role = ""
	}
	if err != nil {
		return err
	}
	if role != "" {
		b.role = true
		return b.sight(ctx)
	}
	b.sc.abroad = true
	i := strings.LastIndexByte(user, '@')
	if i < 0 {
		return nil
	}
	grantee := "'" + user[:i] + "'@'" + user[i+1:] + "'"
	err = b.s.each(ctx, "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ?", []any{grantee}, func(v []any) error {
		b.sc.abroad = b.sc.abroad && !showsKeys[strings.ToUpper(str(v[0]))]
		return nil
	})
	if err != nil {
		return err
	}
	has, parts, err := b.grants(ctx, grantee)
	if err != nil || len(has)+len(parts) == 0 {
		return err
	}
	b.sc.partial = !has[""]["SELECT"] && !has[""]["ALL PRIVILEGES"]
	for _, t := range b.sc.tables {
		for _, p := range []string{"SELECT", "UPDATE", "DELETE"} {
			name := strings.ToLower(t.name)
			switch {
			case has[""][p] || has[name][p] || has[""]["ALL PRIVILEGES"]:
			case !parts[name][p]:
				t.denied = append(t.denied, p)
			case p == "SELECT": // the server does not even list the others
				t.reason = cmp.Or(t.reason, "the user may SELECT some of its columns only, and the others are out of sight")
			default:
				t.partly = true
			}
		}
	}
	return nil
}

// grants returns the privileges of a user on each table, "" for all of them, and those on
// some columns of a table only.
func (b *mySchema) grants(ctx context.Context, grantee string) (has, parts map[string]map[string]bool, err error) {
	has, parts = map[string]map[string]bool{}, map[string]map[string]bool{}
	err = b.s.each(ctx, `SELECT '', PRIVILEGE_TYPE, 0 FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ?
		UNION ALL SELECT '', PRIVILEGE_TYPE, 0 FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = ? AND DATABASE() LIKE TABLE_SCHEMA
		UNION ALL SELECT TABLE_NAME, PRIVILEGE_TYPE, 0 FROM information_schema.TABLE_PRIVILEGES WHERE GRANTEE = ? AND TABLE_SCHEMA = DATABASE()
		UNION ALL SELECT TABLE_NAME, PRIVILEGE_TYPE, 1 FROM information_schema.COLUMN_PRIVILEGES WHERE GRANTEE = ? AND TABLE_SCHEMA = DATABASE()`,
		[]any{grantee, grantee, grantee, grantee}, func(v []any) error {
			t, to := strings.ToLower(str(v[0])), has
			if v[2] == int64(1) {
				to = parts
			}
			if to[t] == nil {
				to[t] = map[string]bool{}
			}
			to[t][strings.ToUpper(str(v[1]))] = true
			return nil
		})
	return has, parts, err
}

// comments returns what the schema remarks on a table's columns.
func (d *mysql) comments(_ context.Context, _ *session, t *table) (map[string]string, error) {
	return remarks(t), nil
}
