package crm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// schema is what a database says of itself.
type schema struct {
	tables []*table
	refs   []reference // the declared foreign keys
	// partial is set when there may be tables that the user cannot see: their foreign
	// keys could take rows along that no plan lists.
	partial bool
	// abroad is set when tables of other databases may refer to one of this and the user
	// cannot see that they do: a cascade of theirs would take rows there along.
	abroad bool
}

// table is one table or view.
type table struct {
	name     string
	kind     string // "table", "view", "virtual", "shadow"
	from     string // how statements name it
	reason   string // why its rows are not read; "" when they are
	columns  []*column
	pk       []string // names of the primary key's columns, in key order
	unique   [][]string
	rowid    string                     // the name that reaches the row number; "" if there is none
	keyless  bool                       // rows are named by a digest of all their columns
	hash     func(prefix string) string // the expression of that digest
	triggers []string                   // names of triggers on UPDATE or DELETE
	copying  []copying                  // those that write to another table
	viewed   []viewed                   // materialized views that hold columns of it
	indexed  []string                   // search indexes of its words that no trigger keeps
	follows  []string                   // search indexes that its triggers keep
	denied   []string                   // privileges that the user lacks: SELECT, UPDATE, DELETE
	partly   bool                       // the user may update some of its columns only
	ordinal  bool                       // the primary key is one integer column
	owned    bool                       // the user may maintain it
	oid      int64                      // of the server's catalog
	outside  string                     // the other database that this table is in, which refers to one of ours; "" when it is ours
	closed   string                     // the schema that the user may not look into, in which it is; "" when she may
	fixed    string                     // why no row may be changed; "" when rows may be
	heirs    []*table                   // tables that inherit from it, whose rows a query of it finds too
	past     bool                       // it has rows of the past, which are not read
	parted   bool                       // it has partitions
	rows     int64                      // the server's estimate
}

// copying is a trigger that writes to another table when rows change.
type copying struct {
	name, to         string
	onDelete, onEdit bool
}

// trigger notes a trigger, or a rule, on UPDATE or DELETE; body is what it does.
func (t *table) trigger(name, body string, onDelete, onEdit bool) {
	if to := writesTo(body); to != "" {
		what := "trigger " + name
		if strings.HasPrefix(name, rulePrefix) {
			what = name
		}
		t.copying = append(t.copying, copying{name: what, to: to, onDelete: onDelete, onEdit: onEdit})
		name += ", which writes to " + to
	}
	t.triggers = append(t.triggers, name)
}

// rulePrefix tells a rule from a trigger.
const rulePrefix = "rule "

// writesTo finds the table that the body of a trigger puts values of its row into: "" for
// none, elsewhere when its text does not tell which.
func writesTo(body string) string {
	if m := copies.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	for _, m := range updates.FindAllStringSubmatch(body, -1) {
		if set, _, _ := strings.Cut(strings.ToLower(m[2]), "where"); rowValue.MatchString(set) {
			return m[1]
		}
	}
	if calls.MatchString(body) && rowValue.MatchString(body) {
		return elsewhere
	}
	return ""
}

const elsewhere = "a place that its text does not name"

var (
	copies   = regexp.MustCompile(`(?is)\b(?:insert|replace|merge)\s+(?:or\s+\w+\s+|ignore\s+)?into\s+([\w."` + "`" + `]+)`)
	updates  = regexp.MustCompile(`(?is)\bupdate\s+(?:only\s+)?([\w."` + "`" + `]+)\s+(?:as\s+)?(?:\w+\s+)?set\b([^;]*)`)
	calls    = regexp.MustCompile(`(?is)\b(?:execute|perform|call)\b`)
	rowValue = regexp.MustCompile(`(?is)\b(?:old|new)\b`)
)

// column is one column of a table.
type column struct {
	name      string
	decl      string // declared type, upper case
	affinity  affinity
	notNull   bool
	generated bool
	computed  string // the expression of a generated column; "" where it is not known
	restamped bool   // the server writes the time into it whenever the row is changed
	unique    bool   // has a unique index of its own
	binaryDoc bool   // JSON may be stored in a binary form
	large     bool   // may name a large object of PostgreSQL
	rounded   bool   // the server's own text of it is no key, see inFull
	kind      kind   // of the values; kindOpen where each has its own type
	sqlType   string
	size      int      // of an integer, in bytes; of a text, in characters; 0: no limit
	unsigned  bool     // an integer without negatives
	labels    []string // of an enumeration
	comment   string
	record    string // the composite type of its values, or of their elements; they are read as JSON
	collation string
	folding   connectors.Folding // texts that differ in that only are equal
	padded    bool               // texts that differ in spaces at their end only are equal
	fallback  string             // what stands for an emptied value when a check refuses all that say nothing; see checked
}

// kind is the type of the values of a column.
type kind uint8

const (
	kindOpen kind = iota
	kindText
	kindInt
	kindReal // floating point and decimal
	kindBool
	kindBytes
	kindJSON
	kindArray
	kindUUID
	kindDate // dates and times of day on a date
	kindEnum
	kindOther
)

// affinity is how a column converts what is stored in it.
type affinity uint8

const (
	affNone affinity = iota
	affText
	affInteger
	affReal
	affNumeric
)

// json reports whether the declared type is a JSON type.
func (c *column) json() bool {
	return strings.HasPrefix(c.decl, "JSON") || c.kind == kindJSON || c.kind == kindArray
}

// reference is a foreign key of the schema or a reference of the catalog: the
// columns of from hold the values of the columns of to. The tables are named as the
// schema names them: names of two tables may differ in case only.
type reference struct {
	from, to         string
	fromCols, toCols []string
	declared         bool
	onDelete         string // CASCADE, SET NULL, SET DEFAULT; "" for none
}

func (r reference) same(o reference) bool {
	eq := func(a, b []string) bool { return slices.EqualFunc(a, b, strings.EqualFold) }
	return r.from == o.from && r.to == o.to && eq(r.fromCols, o.fromCols) && eq(r.toCols, o.toCols)
}

// table finds a table by name, exactly or else without regard to case.
func (s *schema) table(name string) *table {
	return named(s.tables, name, func(t *table) string { return t.name })
}

// closed finds a table of a name in a schema that is closed to the user. The server does
// not look into those, and what is there goes by its schema's name too.
func (s *schema) closed(name string) *table {
	i := slices.IndexFunc(s.tables, func(t *table) bool { return t.closed != "" && strings.EqualFold(t.name, t.closed+"."+name) })
	if i < 0 {
		return nil
	}
	return s.tables[i]
}

// missing says why there is no table of a name.
func (s *schema) missing(name string) string {
	if t := s.closed(name); t != nil {
		return fmt.Sprintf("the user lacks the privilege USAGE on the schema %q, in which there is such a table", t.closed)
	}
	return "the database has no such table"
}

// column finds a column by name, exactly or else without regard to case.
func (t *table) column(name string) *column {
	return named(t.columns, name, func(c *column) string { return c.name })
}

func named[T any](list []*T, name string, of func(*T) string) *T {
	var found *T
	for _, x := range list {
		if of(x) == name {
			return x
		}
		if found == nil && strings.EqualFold(of(x), name) {
			found = x
		}
	}
	return found
}

// ident returns the expressions that name one row for certain; prefix stands before
// the columns ("p."). For a table without a key they name rows that are alike.
func (t *table) ident(d dialect, prefix string) []string {
	if t.rowid != "" {
		return []string{prefix + d.quote(t.rowid)}
	}
	if t.keyless {
		return []string{t.hash(prefix)}
	}
	var out []string
	for _, n := range t.pk {
		e := prefix + d.quote(n)
		if c := t.column(n); c != nil && c.rounded {
			e = inFull(e)
		}
		out = append(out, e)
	}
	return out
}

// key reports whether the columns are the primary key or a unique index.
func (t *table) key(cols []string) bool {
	same := func(k []string) bool {
		return len(k) > 0 && len(k) == len(cols) && !slices.ContainsFunc(k, func(n string) bool {
			return !slices.ContainsFunc(cols, func(c string) bool { return strings.EqualFold(c, n) })
		})
	}
	return same(t.pk) || slices.ContainsFunc(t.unique, same)
}

// large reports whether a column may name large objects.
func (t *table) large() bool {
	return slices.ContainsFunc(t.columns, func(c *column) bool { return c.large })
}

// contains reports whether the list names the column.
func contains(list []string, name string) bool {
	return slices.ContainsFunc(list, func(n string) bool { return strings.EqualFold(n, name) })
}
