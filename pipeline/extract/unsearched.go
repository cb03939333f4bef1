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
// but not whose it is.
func Unsearched(b connectors.Batch) (gaps []connectors.Gap) {
	if b.Rows == nil {
		return nil
	}
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

// many reports JSON that may hold too many values: every value but the first
// follows a comma, a colon or a bracket.
func many(v string) bool {
	t := strings.TrimLeft(v, " \t\r\n\ufeff")
	if !opensJSON(t) {
		return false
	}
	n := 0
	for _, c := range []string{",", ":", "[", "{"} {
		n += strings.Count(v, c)
	}
	return n > json.MaxValues
}
