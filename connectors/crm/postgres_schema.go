package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// userSchemas is the condition for what is neither the server's own nor temporary.
const userSchemas = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`

// schemaVersion changes with every definition that schema reads.
const schemaVersion = `SELECT concat_ws(' ', current_schemas(false)::text,
	(SELECT sum(hashint8extended(c.oid::bigint, c.xmin::text::bigint)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + userSchemas + `),
	(SELECT sum(hashtextextended(a.attname, a.xmin::text::bigint)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND ` + userSchemas + `),
	(SELECT sum(hashint8extended(o.oid::bigint, o.xmin::text::bigint)) FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace WHERE ` + userSchemas + `),
	(SELECT sum(hashint8extended(g.oid::bigint, g.xmin::text::bigint)) FROM pg_trigger g WHERE NOT g.tgisinternal),
	(SELECT sum(hashint8extended(r.oid::bigint, r.xmin::text::bigint)) FROM pg_rewrite r WHERE r.oid >= 16384),
	(SELECT sum(hashint8extended(p.oid::bigint, p.xmin::text::bigint)) FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid WHERE NOT g.tgisinternal),
	(SELECT sum(hashint8extended(e.oid::bigint, e.xmin::text::bigint)) FROM pg_enum e))`

// schema reads the schema, or returns the one read before when it has not
// changed since. In a state that is shared with the listing it cannot have: the
// readers of its units do not even ask.
func (d *postgres) schema(ctx context.Context, s *session) (*schema, error) {
	d.mu.Lock()
	known, asked := d.known, s.state != "" && d.stateOf == s.state
	d.mu.Unlock()
	if asked {
		return known, nil
	}
	version, err := s.one(ctx, schemaVersion)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	known = d.known
	if d.version != version {
		known = nil
	} else if s.state != "" {
		d.stateOf = s.state
	}
	d.mu.Unlock()
	if known != nil {
		return known, nil
	}
	b := &pgSchema{d: d, s: s, sc: &schema{}, by: map[int64]*table{}}
	for _, step := range []func(context.Context) error{b.tables, b.columns, b.labels, b.indexes, b.checks, b.references, b.triggers, b.views, b.heirs} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	for _, t := range b.sc.tables {
		t.choose(d)
	}
	d.mu.Lock()
	d.version, d.known, d.stateOf = version, b.sc, s.state
	d.mu.Unlock()
	return b.sc, nil
}

// choose finds what names the rows of a server's table: its primary key, else a
// unique index over columns that may not be null, else a digest of all columns.
func (t *table) choose(d interface {
	quote(string) string
	hash(t *table, prefix string) string
}) {
	if t.kind != "table" {
		return
	}
	if len(t.pk) == 0 {
		for _, u := range t.unique {
			if !slices.ContainsFunc(u, func(n string) bool { c := t.column(n); return c == nil || !c.notNull }) {
				t.pk = u
				break
			}
		}
	}
	if len(t.pk) == 0 {
		t.keyless = true
		t.hash = func(prefix string) string { return d.hash(t, prefix) }
	}
	t.ordinal = len(t.pk) == 1 && t.column(t.pk[0]).kind == kindInt
}

// hash is the expression of a digest of all columns of a row.
func (d *postgres) hash(t *table, prefix string) string {
	cols := make([]string, len(t.columns))
	for i, c := range t.columns {
		cols[i] = prefix + d.quote(c.name)
	}
	return "md5(ROW(" + list(cols) + ")::text)"
}

// pgSchema collects the schema.
type pgSchema struct {
	d  *postgres
	s  *session
	sc *schema
	by map[int64]*table // by object id
}

// The kinds of relations that are no tables with rows of their own, and what is
// said of them.
var pgKinds = map[string][2]string{
	"v": {"view", "it is a view: name the tables it reads in the catalog instead"},
	"m": {"view", "it is a materialized view, a copy of what its query found: name the tables it reads in the catalog instead, and refresh it after an erasure"},
	"f": {"foreign", "it is a foreign table: the database that holds its rows must be a source of its own"},
}

func (b *pgSchema) tables(ctx context.Context) error {
	return b.s.each(ctx, `SELECT c.oid::bigint, n.nspname, c.relname, c.relkind::text, c.relispartition, pg_table_is_visible(c.oid), c.reltuples::bigint,
		has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'UPDATE') OR has_any_column_privilege(c.oid, 'UPDATE'),
		has_table_privilege(c.oid, 'DELETE'), pg_has_role(c.relowner, 'USAGE'), row_security_active(c.oid),
		has_schema_privilege(n.oid, 'USAGE') AND (has_table_privilege(c.oid, 'SELECT') OR NOT EXISTS (SELECT FROM pg_attribute a
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT'))),
		has_schema_privilege(n.oid, 'USAGE'),
		NOT has_table_privilege(c.oid, 'UPDATE') AND has_any_column_privilege(c.oid, 'UPDATE') AND EXISTS (SELECT FROM pg_attribute a
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND NOT has_column_privilege(c.oid, a.attnum, 'UPDATE'))
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND `+userSchemas+` ORDER BY NOT pg_table_is_visible(c.oid), n.nspname, c.relname`, nil, func(v []any) error {
		t := &table{name: str(v[2]), kind: "table", from: b.d.quote(str(v[1])) + "." + b.d.quote(str(v[2])), owned: v[10] == "true", partly: v[14] == "true", parted: v[3] == "p"}
		t.oid, _ = v[0].(int64)
		t.rows, _ = v[6].(int64)
		if v[5] != "true" {
			t.name = str(v[1]) + "." + t.name
		}
		switch k, other := pgKinds[str(v[3])]; {
		case other:
			t.kind, t.reason = k[0], k[1]
		case v[4] == "true":
			t.kind, t.reason = "shadow", "it is a partition: name the table that it is a part of in the catalog instead"
		case v[13] != "true":
			t.closed = str(v[1])
			t.reason = fmt.Sprintf("the user lacks the privilege USAGE on the schema %q that it is in", t.closed)
		case v[12] != "true":
			t.reason = "the user lacks the privilege SELECT on it, or on some of its columns"
		case v[11] == "true":
			t.reason = "row-level security hides rows of it from the user: read it as its owner, or as a user with BYPASSRLS"
		}
		if t.kind == "table" && v[3] == "r" {
			t.from = "ONLY " + t.from // tables that inherit from it are tables of their own
		}
		for i, p := range []string{"SELECT", "UPDATE", "DELETE"} {
			if v[7+i] != "true" {
				t.denied = append(t.denied, p)
			}
		}
		b.sc.tables = append(b.sc.tables, t)
		b.by[t.oid] = t
		return nil
	})
}

func (b *pgSchema) columns(ctx context.Context) error {
	return b.s.each(ctx, `SELECT a.attrelid::bigint, a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), a.attnotnull OR t.typnotnull,
		a.attgenerated <> '' OR a.attidentity = 'a', coalesce(u.typname, t.typname), coalesce(u.typcategory, t.typcategory)::text,
		CASE WHEN a.atttypmod < 0 THEN t.typtypmod ELSE a.atttypmod END, col_description(a.attrelid, a.attnum), coalesce(u.typlen, t.typlen)::int,
		CASE WHEN coalesce(u.typtype, t.typtype) = 'c' THEN format_type(a.atttypid, NULL) WHEN coalesce(u.typcategory, t.typcategory) = 'A' AND e.typtype = 'c' THEN format_type(e.oid, NULL) END,
		CASE WHEN to_jsonb(co)->>'collisdeterministic' = 'false' THEN coalesce(to_jsonb(co)->>'colllocale', to_jsonb(co)->>'colliculocale', co.collcollate) END,
		CASE WHEN a.attgenerated <> '' THEN (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_type u ON u.oid = nullif(t.typbasetype, 0) LEFT JOIN pg_type e ON e.oid = coalesce(u.typelem, t.typelem)
		LEFT JOIN pg_collation co ON co.oid = a.attcollation
		WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND `+userSchemas+` ORDER BY a.attrelid, a.attnum`, nil, func(v []any) error {
		oid, _ := v[0].(int64)
		t := b.by[oid]
		if t == nil {
			return nil
		}
		c := &column{name: str(v[1]), decl: strings.ToUpper(str(v[2])), sqlType: str(v[3]), notNull: v[4] == "true", generated: v[5] == "true", comment: str(v[9]), record: str(v[11]), collation: str(v[12]), computed: str(v[13])}
		mod, _ := v[8].(int64)
		size, _ := v[10].(int64)
		if c.sqlType == "character" {
			c.sqlType = "bpchar" // a cast to character keeps the first letter alone
		}
		c.large = str(v[6]) == "oid"
		c.pgType(str(v[6]), str(v[7]), int(mod), int(size))
		t.columns = append(t.columns, c)
		return nil
	})
}

// pgType finds the kind of a column's values.
func (c *column) pgType(name, category string, mod, size int) {
	c.affinity = affNumeric
	switch {
	case category == "C":
		c.kind, c.affinity = kindJSON, affText
	case category == "A":
		c.kind, c.affinity = kindArray, affText
	case category == "E":
		c.kind = kindEnum
	case slices.Contains([]string{"int2", "int4", "int8"}, name):
		c.kind, c.affinity, c.size = kindInt, affInteger, size
	case slices.Contains([]string{"float4", "float8", "numeric"}, name):
		c.kind, c.affinity = kindReal, affReal
	case name == "bool":
		c.kind = kindBool
	case name == "bytea":
		c.kind, c.affinity = kindBytes, affNone
	case name == "json" || name == "jsonb":
		c.kind, c.affinity = kindJSON, affText
	case name == "uuid":
		c.kind = kindUUID
	case name == "date" || name == "timestamp" || name == "timestamptz":
		c.kind = kindDate
	case category == "S" || name == "citext":
		c.kind, c.affinity, c.padded = kindText, affText, name == "bpchar"
		if c.folding = strength(c.collation); name == "citext" {
			c.folding = connectors.FoldCase
		}
		if mod > 4 && (name == "varchar" || name == "bpchar") {
			c.size = mod - 4
		}
	default:
		c.kind, c.affinity = kindOther, affNone
	}
}

// strength is what a collation overlooks that holds texts for equal whose bytes differ; the
// words are those of ICU, in both of its spellings of a locale.
func strength(locale string) connectors.Folding {
	locale = strings.ToLower(locale)
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(locale, w) })
	}
	switch {
	case says("ks-level2", "colstrength=secondary"):
		return connectors.FoldCase
	case says("ks-level1", "colstrength=primary") && !says("-kc", "colcaselevel=yes"):
		return connectors.FoldAccents
	}
	return connectors.FoldNothing
}

func (b *pgSchema) labels(ctx context.Context) error {
	labels := map[string][]string{}
	err := b.s.each(ctx, `SELECT format_type(enumtypid, NULL), enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder`, nil, func(v []any) error {
		labels[str(v[0])] = append(labels[str(v[0])], str(v[1]))
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range b.sc.tables {
		for _, c := range t.columns {
			if c.kind == kindEnum {
				c.labels = labels[c.sqlType]
				c.decl += fmt.Sprintf(" %q", c.labels)
			}
		}
	}
	return nil
}

// names is the expression of a JSON list of the columns with the given numbers.
func names(table, numbers string) string {
	return `(SELECT json_agg(a.attname ORDER BY k.ord) FROM unnest(` + numbers + `) WITH ORDINALITY AS k(num, ord) JOIN pg_attribute a ON a.attrelid = ` + table + ` AND a.attnum = k.num)`
}

func nameList(v any) []string {
	var out []string
	if json.Unmarshal([]byte(str(v)), &out) != nil {
		return nil // the server writes it: it is a list, or null
	}
	return out
}

func (b *pgSchema) indexes(ctx context.Context) error {
	return b.s.each(ctx, `SELECT i.indrelid::bigint, i.indisprimary, `+names("i.indrelid", "(i.indkey::int2[])[0:i.indnkeyatts-1]")+`
		FROM pg_index i WHERE i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid ORDER BY i.indexrelid`, nil, func(v []any) error {
		oid, _ := v[0].(int64)
		t := b.by[oid]
		if t == nil {
			return nil
		}
		cols := nameList(v[2])
		if v[1] == "true" {
			t.pk = cols
		} else {
			t.unique = append(t.unique, cols)
		}
		if c := t.column(cols[0]); c != nil && len(cols) == 1 {
			c.unique = true
		}
		return nil
	})
}

func (b *pgSchema) checks(ctx context.Context) error {
	return b.s.each(ctx, `SELECT o.conrelid::bigint, `+names("o.conrelid", "o.conkey")+`, pg_get_constraintdef(o.oid) FROM pg_constraint o
		WHERE o.contype = 'c' AND o.conrelid <> 0 ORDER BY o.conname, o.oid`, nil, func(v []any) error {
		oid, _ := v[0].(int64)
		if t := b.by[oid]; t != nil {
			t.checked(nameList(v[1]), str(v[2]))
		}
		return nil
	})
}

// wholeOf is the expression of the table that a partition is a part of, or of the table
// itself: rows are changed over the whole, by whatever is declared for a part of it.
func wholeOf(id string) string { return "coalesce(pg_partition_root(" + id + "), " + id + ")::bigint" }

func (b *pgSchema) references(ctx context.Context) error {
	return b.s.each(ctx, `SELECT `+wholeOf("o.conrelid")+`, `+wholeOf("o.confrelid")+`, `+names("o.conrelid", "o.conkey")+`, `+names("o.confrelid", "o.confkey")+`, o.confdeltype::text
		FROM pg_constraint o WHERE o.contype = 'f' AND o.conparentid = 0 ORDER BY o.conname, o.oid`, nil, func(v []any) error {
		fo, _ := v[0].(int64)
		to, _ := v[1].(int64)
		from, target := b.by[fo], b.by[to]
		if from == nil || target == nil {
			return nil
		}
		b.sc.refs = append(b.sc.refs, reference{from: from.name, to: target.name, fromCols: nameList(v[2]), toCols: nameList(v[3]), declared: true, onDelete: pgActions[str(v[4])]})
		return nil
	})
}

// pgActions spells what a foreign key does when the row it refers to goes.
var pgActions = map[string]string{"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

func (b *pgSchema) triggers(ctx context.Context) error {
	err := b.s.each(ctx, `SELECT DISTINCT `+wholeOf("g.tgrelid")+`, g.tgname, p.prosrc, (g.tgtype & 8) <> 0, (g.tgtype & 16) <> 0, l.lanname, encode(g.tgargs, 'escape') FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid JOIN pg_language l ON l.oid = p.prolang
		WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND (g.tgtype & 24) <> 0 ORDER BY g.tgname`, nil, func(v []any) error {
		oid, _ := v[0].(int64)
		t, body := b.by[oid], str(v[2])
		if t == nil {
			return nil
		}
		if v[5] == "c" {
			first, _, _ := strings.Cut(str(v[6]), `\000`)
			body = t.compiled(body, first)
		}
		t.trigger(str(v[1]), body, v[3] == "true", v[4] == "true")
		return nil
	})
	if err != nil {
		return err
	}
	return b.s.each(ctx, `SELECT r.ev_class::bigint, r.rulename, pg_get_ruledef(r.oid), r.ev_type = '4', r.ev_type = '2' FROM pg_rewrite r WHERE r.rulename <> '_RETURN' AND r.ev_type IN ('2', '4')`, nil, func(v []any) error {
		oid, _ := v[0].(int64)
		if t := b.by[oid]; t != nil {
			t.trigger(rulePrefix+str(v[1]), str(v[2]), v[3] == "true", v[4] == "true")
		}
		return nil
	})
}
