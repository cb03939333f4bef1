package crm

import "context"

// stampers are the compiled triggers that come with PostgreSQL and write into the row alone.
var stampers = wordSet("moddatetime autoinc insert_username")

// compiled stands for the text of a trigger that has none, because it is compiled: it may
// write the row anywhere, as those do that keep a history. One that comes with PostgreSQL
// removes the large objects that a column names.
func (t *table) compiled(symbol, argument string) string {
	switch c := t.column(argument); {
	case stampers[symbol]:
		return ""
	case symbol == "lo_manage":
		if c != nil {
			c.large = false
		}
		return ""
	}
	return "CALL " + symbol + " (OLD, NEW)"
}

// comments returns what the schema remarks on a table's columns.
func (d *postgres) comments(_ context.Context, _ *session, t *table) (map[string]string, error) {
	return remarks(t), nil
}

func remarks(t *table) map[string]string {
	out := map[string]string{}
	for _, c := range t.columns {
		if c.comment != "" {
			out[c.name] = c.comment
		}
	}
	return out
}
