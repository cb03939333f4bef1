package crm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// refusals says why tables of some kinds are not read.
var refusals = map[string]string{
	"view":    "it is a view: name the tables it reads in the catalog instead",
	"virtual": "it is a virtual table, whose content the database keeps in tables of its own",
	"shadow":  "it is a virtual table, whose content the database keeps in tables of its own",
}

// schema reads the schema, or returns the one read before when it has not
// changed since.
func (d *sqlite) schema(ctx context.Context, s *session) (*schema, error) {
	version, err := s.one(ctx, "PRAGMA schema_version")
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	known := d.known
	if d.version != version {
		known = nil
	}
	d.mu.Unlock()
	if known != nil {
		return known, nil
	}
	sc := &schema{}
	err = s.each(ctx, `SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`, nil, func(v []any) error {
		t := &table{name: str(v[0]), kind: str(v[1]), from: d.quote(str(v[0]))}
		if v[2] != int64(1) && t.kind == "table" {
			t.rowid = "rowid"
		}
		t.reason = refusals[t.kind]
		sc.tables = append(sc.tables, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, t := range sc.tables {
		if err := d.fill(ctx, s, sc, t); err != nil {
			return nil, fmt.Errorf("table %q: %w", t.name, err)
		}
	}
	for i := range sc.refs {
		sc.refs[i].complete(sc)
	}
	d.mu.Lock()
	d.version, d.known = version, sc
	d.mu.Unlock()
	return sc, nil
}

// complete names the target of a foreign key as the schema does, and gives one that
// names no columns the target's primary key.
func (r *reference) complete(sc *schema) {
	t := sc.table(r.to)
	if t == nil {
		return
	}
	r.to = t.name
	if slices.Contains(r.toCols, "") && len(t.pk) == len(r.fromCols) {
		r.toCols = slices.Clone(t.pk)
	}
}

func (d *sqlite) fill(ctx context.Context, s *session, sc *schema, t *table) error {
	if t.kind == "virtual" || t.kind == "shadow" {
		return nil
	}
	if err := d.fillColumns(ctx, s, t); err != nil {
		// A view over a table that is gone cannot be described; it is refused by its kind anyway.
		var se *sqliteError
		if t.kind == "view" && errors.As(err, &se) && (se.kind == nil || errors.Is(err, connectors.ErrForbidden)) {
			return nil
		}
		return err
	}
	if t.kind != "table" {
		return nil
	}
	if err := d.fillIndexes(ctx, s, t); err != nil {
		return err
	}
	ddl, err := s.one(ctx, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", t.name)
	if err != nil {
		return err
	}
	for _, check := range checksOf(ddl) {
		t.checked(wordsOf(check), check)
	}
	refs := map[int64]int{}
	err = s.each(ctx, `SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq`, []any{t.name}, func(v []any) error {
		id, _ := v[0].(int64)
		i, ok := refs[id]
		if !ok {
			i = len(sc.refs)
			refs[id] = i
			sc.refs = append(sc.refs, reference{from: t.name, to: str(v[1]), declared: true})
		}
		r := &sc.refs[i]
		r.fromCols, r.toCols = append(r.fromCols, str(v[2])), append(r.toCols, str(v[3]))
		return nil
	})
	if err != nil {
		return err
	}
	err = s.each(ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?)`, []any{t.name}, func(v []any) error {
		head, _, _ := strings.Cut(strings.ToUpper(str(v[1])), "BEGIN")
		onDelete, onEdit := strings.Contains(head, "DELETE"), strings.Contains(head, "UPDATE")
		if onDelete || onEdit {
			t.trigger(str(v[0]), str(v[1]), onDelete, onEdit)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.searched(ctx, s, t)
}

// indexOf is the table whose words a full-text index holds without a copy of the text.
var indexOf = regexp.MustCompile("(?is)\\busing\\s+fts\\d\\w*\\s*\\(.*\\bcontent\\s*=\\s*['\"`\\[]?([^'\"`\\],)\\s]+)")

// searched notes the full-text indexes that triggers of a table keep, and those of its words
// that no trigger on deletion keeps.
func (d *sqlite) searched(ctx context.Context, s *session, t *table) error {
	err := s.each(ctx, `SELECT DISTINCT v.name FROM sqlite_master AS v JOIN sqlite_master AS g ON instr(lower(g.sql), lower(v.name)) > 0
		WHERE v.type = 'table' AND v.sql LIKE 'create virtual table%using%fts5%' AND g.type = 'trigger' AND lower(g.tbl_name) = lower(?)`, []any{t.name}, func(v []any) error {
		t.follows = append(t.follows, str(v[0]))
		return nil
	})
	if err != nil {
		return err
	}
	return s.each(ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'create virtual table%'`, nil, func(v []any) error {
		m := indexOf.FindStringSubmatch(str(v[1]))
		kept := slices.ContainsFunc(t.copying, func(c copying) bool {
			return c.onDelete && strings.EqualFold(strings.Trim(c.to, "`\""), str(v[0]))
		})
		if m != nil && strings.EqualFold(m[1], t.name) && !kept {
			t.indexed = append(t.indexed, str(v[0]))
		}
		return nil
	})
}

// computedAs finds the expression of a generated column in the definition of its table: what
// stands in the parentheses behind the first AS after the column's name. "" when it is not
// found, or when a comma or a parenthesis is in between, so that it may be another's.
func computedAs(def, name string) string {
	at := regexp.MustCompile("(?is)[(,\\s\"`\\[]" + regexp.QuoteMeta(name) + "[\"`\\]]?\\s[^,()]*(?:\\([\\d\\s,]*\\)[^,()]*)?\\bas\\s*\\(").FindStringIndex(def)
	if at == nil {
		return ""
	}
	depth := 1
	for i, b := range []byte(def[at[1]:]) {
		switch b {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return def[at[1] : at[1]+i]
			}
		}
	}
	return ""
}

func (d *sqlite) fillColumns(ctx context.Context, s *session, t *table) error {
	type keyPart struct {
		pos  int64
		name string
	}
	var pk []keyPart
	def, err := s.one(ctx, `SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?`, t.name)
	if err != nil {
		return err
	}
	err = s.each(ctx, `SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?)`, []any{t.name}, func(v []any) error {
		if v[4] == int64(1) {
			return nil
		}
		c := &column{name: str(v[0]), decl: strings.ToUpper(str(v[1])), notNull: v[2] == int64(1), generated: v[4] != int64(0)}
		c.affinity = affinityOf(c.decl)
		c.binaryDoc = strings.HasPrefix(c.decl, "JSONB")
		if c.generated {
			c.computed = computedAs(def, c.name)
		}
		t.columns = append(t.columns, c)
		if p, _ := v[3].(int64); p > 0 {
			pk = append(pk, keyPart{p, c.name})
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(pk, func(a, b keyPart) int { return int(a.pos - b.pos) })
	for _, p := range pk {
		t.pk = append(t.pk, p.name)
	}
	if t.rowid != "" {
		t.rowid = ""
		for _, alias := range []string{"rowid", "_rowid_", "oid"} {
			if t.column(alias) == nil {
				t.rowid = alias
				break
			}
		}
	}
	return nil
}

func (d *sqlite) fillIndexes(ctx context.Context, s *session, t *table) error {
	var names []string
	err := s.each(ctx, `SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0`, []any{t.name}, func(v []any) error {
		names = append(names, str(v[0]))
		return nil
	})
	if err != nil {
		return err
	}
	for _, n := range names {
		var cols []string
		err := s.each(ctx, `SELECT name, coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno`, []any{n}, func(v []any) error {
			cols = append(cols, str(v[0]))
			if c := t.column(str(v[0])); c != nil && strings.EqualFold(str(v[1]), "NOCASE") {
				c.folding = connectors.FoldCase
			} else if c != nil && strings.EqualFold(str(v[1]), "RTRIM") {
				c.padded = true
			}
			return nil
		})
		if err != nil {
			return err
		}
		t.unique = append(t.unique, cols)
		if len(cols) == 1 && cols[0] != "" {
			if c := t.column(cols[0]); c != nil {
				c.unique = true
			}
		}
	}
	return nil
}

// affinityOf follows SQLite's own rules for declared types.
func affinityOf(decl string) affinity {
	has := func(ws ...string) bool {
		return slices.ContainsFunc(ws, func(w string) bool { return strings.Contains(decl, w) })
	}
	switch {
	case has("INT"):
		return affInteger
	case has("CHAR", "CLOB", "TEXT"):
		return affText
	case decl == "" || has("BLOB"):
		return affNone
	case has("REAL", "FLOA", "DOUB"):
		return affReal
	}
	return affNumeric
}

func str(v any) string {
	s, _ := spell(v, false)
	return s
}

// dangling counts broken foreign keys of the tables and of those that refer to
// them. A declaration that SQLite itself rejects is left out; examine reports it.
func (d *sqlite) dangling(ctx context.Context, s *session, tables []*table) (map[string]int, error) {
	sc, err := d.schema(ctx, s)
	if err != nil {
		return nil, err
	}
	ask := map[string]bool{}
	for _, t := range tables {
		for _, r := range sc.refs {
			if r.from == t.name || r.to == t.name {
				ask[r.from] = true
			}
		}
	}
	out := map[string]int{}
	for name := range ask {
		err := s.each(ctx, `SELECT parent, fkid, count(*) FROM pragma_foreign_key_check(?) GROUP BY 1, 2`, []any{name}, func(v []any) error {
			n, _ := v[2].(int64)
			out[fmt.Sprintf("%s to %s (key %v)", name, str(v[0]), v[1])] += int(n)
			return nil
		})
		if err != nil && codeOf(err)&0xff == 1 && strings.Contains(err.Error(), "mismatch") {
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
