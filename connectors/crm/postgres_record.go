package crm

import (
	"encoding/json"
	"slices"
)

// place is where a statement takes a value of the column: composite values travel as
// JSON.
func (c *column) place() string {
	switch {
	case c.record == "":
		return "?"
	case c.kind == kindArray:
		return "(SELECT CASE WHEN s.j IS NOT NULL THEN ARRAY(SELECT r FROM jsonb_populate_recordset(NULL::" + c.record + ", s.j) AS r) END FROM (SELECT ?::text::jsonb AS j) AS s)"
	}
	return "jsonb_populate_record(NULL::" + c.record + ", ?::text::jsonb)"
}

// vacant reports JSON in which no member has a value that says anything.
func vacant(text, key string) bool {
	var doc any
	if json.Unmarshal([]byte(text), &doc) != nil {
		return false
	}
	var none func(v any) bool
	none = func(v any) bool {
		switch x := v.(type) {
		case nil:
			return true
		case []any:
			return !slices.ContainsFunc(x, func(e any) bool { return !none(e) })
		case map[string]any:
			for _, e := range x {
				if !none(e) {
					return false
				}
			}
			return true
		case string:
			return hollow(&column{kind: kindText}, x, key)
		}
		return false
	}
	return none(doc)
}
