package extract

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
)

// Unsearched returns a gap for every record with a value that is JSON of more
// values than are looked into: what such a value mentions is found, as in any text,
// but not whose it is. So it is with a file that is a table column by column.
func Unsearched(b connectors.Batch) (gaps []connectors.Gap) {
	if b.Rows == nil {
		return nil
	}
	gaps = tables(b)
	for i := 1; i < int(b.Rows.NumCols()); i++ {
		c := b.Rows.Column(i).(*array.String)
		if len(c.ValueBytes()) <= json.MaxValues { // a value takes a byte at least
			continue
		}
		for row := range c.Len() {
			if v := c.Value(row); len(v) > json.MaxValues && many(v) {
				loc, _ := connectors.Value(b.Rows, 0, row)
				gaps = append(gaps, connectors.Gap{Locator: strings.Clone(loc),
					Reason: fmt.Sprintf("the field %s is JSON of more than %d values: it is searched as plain text", b.Rows.ColumnName(i), json.MaxValues)})
			}
		}
	}
	return gaps
}

// tables returns a gap for a file that is a table written column by column.
func tables(b connectors.Batch) (gaps []connectors.Gap) {
	for row := range min(int(b.Rows.NumRows()), 1) { // the file is one record
		loc, _ := connectors.Value(b.Rows, 0, row)
		for i := 1; loc == "object" && i < int(b.Rows.NumCols()); i++ {
			v, ok := connectors.Value(b.Rows, i, row)
			if !ok || !opensJSON(v) {
				continue
			}
			if d := look(&connectors.Field{Name: b.Rows.ColumnName(i)}, v); d != nil && d.table {
				gaps = append(gaps, connectors.Gap{Locator: strings.Clone(loc), Reason: "it is a table of several people written column by column: whose a value is cannot be told; write it row by row"})
			}
		}
	}
	return gaps
}

// many reports JSON that may hold too many values: every value but the first
// follows a comma, a colon or a bracket.
func many(v string) bool {
	t := strings.TrimLeft(v, " \t\r\n\ufeff")
	if !opensJSON(t) && behindWords(t) < 0 {
		return false
	}
	n := 0
	for _, c := range []string{",", ":", "[", "{"} {
		n += strings.Count(v, c)
	}
	return n > json.MaxValues
}
