package xlsx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// RestColumn is the name of the last column: a JSON object of what hangs on the
// cells of a record, such as {"comment C3": "text"}.
const RestColumn = "sutra.rest"

var restField = connectors.Field{Name: RestColumn, Look: connectors.LookJSON}

// extra is the field of a column that the header does not name. Its name was not
// used yet.
func extra(name string, col int, used map[string]bool) connectors.Field {
	if strings.TrimSpace(name) == "" {
		name = fmt.Sprintf("column %d", col+1)
	}
	f := connectors.Field{Name: name, Look: connectors.LookLabel}
	for n := 2; used[f.Name]; n++ {
		f.Name = fmt.Sprintf("%s#%d", name, n)
	}
	used[f.Name] = true
	return f
}

// leaf is one member of the rest of a record.
type leaf struct {
	key, text string
	mark      *mark // or
	formula   int   // the number of a cell in its row
}

// leaves lists what hangs on the cells of a row.
func (x *row) leaves() []leaf {
	var out []leaf
	for _, m := range x.marks {
		if m.text != "" && !m.gone {
			out = append(out, leaf{key: m.kind + " " + columnName(m.col) + fmt.Sprint(m.row), text: m.text, mark: m})
		}
	}
	for i, c := range x.cells {
		if c.quotes != "" {
			out = append(out, leaf{key: "formula " + columnName(c.col) + fmt.Sprint(x.number), text: c.quotes, formula: i})
		}
	}
	seen := map[string]int{}
	for i, l := range out {
		if seen[l.key]++; seen[l.key] > 1 {
			out[i].key = fmt.Sprintf("%s#%d", l.key, seen[l.key])
		}
	}
	return out
}

// restText is the rest of a record as JSON text, or "".
func restText(list []leaf) string {
	if len(list) == 0 {
		return ""
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	put := func(before byte, s string) {
		out.WriteByte(before)
		if e.Encode(s) == nil { // a text can always be encoded
			out.Truncate(out.Len() - 1) // the line end
		}
	}
	for i, l := range list {
		put("{,"[min(i, 1)], l.key)
		put(':', l.text)
	}
	return out.String() + "}"
}
