package crm

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// foreignKey is a foreign key as SHOW CREATE TABLE writes it.
var foreignKey = regexp.MustCompile("FOREIGN KEY \\(([^)]*)\\) REFERENCES `((?:[^`]|``)*)` \\(([^)]*)\\)([^\n]*)")

// showsKeys are the privileges of which one, on all databases, lets a user see which foreign
// keys there are, wherever they start; one to read is none of them.
var showsKeys = map[string]bool{"ALL PRIVILEGES": true, "REFERENCES": true, "INSERT": true, "UPDATE": true, "DELETE": true, "INDEX": true, "ALTER": true}

// quotedName is a name between backticks.
var quotedName = regexp.MustCompile("`((?:[^`]|``)*)`")

func quotedNames(s string) []string {
	var out []string
	for _, m := range quotedName.FindAllStringSubmatch(s, -1) {
		out = append(out, strings.ReplaceAll(m[1], "``", "`"))
	}
	return out
}

// hidden finds the foreign keys that information_schema keeps from a user who may do
// nothing but read: the statement that makes the table tells them.
func (b *mySchema) hidden(ctx context.Context) error {
	for _, t := range b.sc.tables {
		if t.kind != "table" || t.outside != "" || len(t.denied) == 0 && !b.role || slices.Contains(t.denied, "SELECT") {
			continue
		}
		err := b.s.each(ctx, "SHOW CREATE TABLE "+t.from, nil, func(v []any) error {
			for _, m := range foreignKey.FindAllStringSubmatch(str(v[1]), -1) {
				to := b.named(int64(1), nil, strings.ReplaceAll(m[2], "``", "`"))
				if to == nil {
					continue
				}
				r := reference{from: t.name, to: to.name, fromCols: quotedNames(m[1]), toCols: quotedNames(m[3]), declared: true}
				for _, rule := range []string{"CASCADE", "SET NULL", "SET DEFAULT"} {
					if strings.Contains(m[4], "ON DELETE "+rule) {
						r.onDelete = rule
					}
				}
				if !slices.ContainsFunc(b.sc.refs, r.same) {
					b.sc.refs = append(b.sc.refs, r)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sight finds out whether a user with a role sees all tables of the database.
func (b *mySchema) sight(ctx context.Context) error {
	database, err := b.s.one(ctx, "SELECT DATABASE()")
	if err != nil {
		return err
	}
	b.sc.partial, b.sc.abroad = true, true
	return b.s.each(ctx, "SHOW GRANTS", nil, func(v []any) error {
		what, rest, _ := strings.Cut(str(v[0]), " ON ")
		on, _, _ := strings.Cut(rest, " TO ")
		words := strings.Split(strings.TrimPrefix(what, "GRANT "), ", ")
		if on == "*.*" && slices.ContainsFunc(words, func(w string) bool { return showsKeys[w] }) {
			b.sc.abroad = false
		}
		all := on == "*.*" || on == b.d.quote(database)+".*"
		if all && (strings.Contains(what, "ALL PRIVILEGES") || slices.Contains(words, "SELECT")) {
			b.sc.partial = false
		}
		return nil
	})
}
