package xlsx

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// Options tune a codec; the zero value suits tables that the catalog describes.
type Options struct {
	// Fields, when set, gives the columns of a header their meaning. It returns one
	// field a column, with unique names. Without it connectors.Header does.
	Fields func(header []string) []connectors.Field
}

// New returns the codec of one workbook. Its records belong to collection; dataset
// and cat give the columns their meaning. Cells beyond the header are in "column N".
func New(collection, dataset string, cat connectors.Collection, o Options) format.Codec {
	described := o.Fields == nil
	if described {
		o.Fields = func(header []string) []connectors.Field { return connectors.Header(dataset, cat, nil, header) }
	}
	return &codec{collection: collection, cat: cat, o: o, described: described, mem: memory.DefaultAllocator}
}

type codec struct {
	collection string
	cat        connectors.Collection
	o          Options
	described  bool // by the catalog; else a vendor's table, whose header nobody promised
	mem        memory.Allocator
}

// Stable reports that locators name the same records after a rewrite: rows are not
// renumbered.
func (c *codec) Stable() bool { return true }

// table is a worksheet on the way through its rows.
type table struct {
	*sheet
	header int  // number of the header row, 0 before it
	bare   bool // there is no header: the first row with a value is a record
	fields []connectors.Field
	used   map[string]bool  // names of fields
	wider  int              // how often a row was wider than all before
	stray  int              // marks that hang on no record
	kept   []connectors.Gap // of the header
	tells  bool             // somebody is told by a value; looked for under a header that says nothing
}

// locator names a row of the table.
func (t *table) locator(number int) string {
	if t.index == 1 {
		return "row " + strconv.Itoa(number-t.header)
	}
	return "sheet " + strconv.Itoa(t.index) + " row " + strconv.Itoa(number-t.header)
}

// walker is told of the rows of a worksheet.
type walker struct {
	record func(*table, *row) error // below the header, with a value or a mark
	broken func(*table, *row) error // cannot be read
	other  func(*row) error         // the header, and rows without a value
}

// read walks through a worksheet whose extras were loaded.
func (c *codec) read(ctx context.Context, b *book, s *sheet, w walker) (*table, error) {
	t := &table{sheet: s}
	marked := s.order()
	bare := func(before int) error { // rows of which nothing is left but marks
		for len(marked) > 0 && marked[0] < before {
			x := &row{number: marked[0], marks: s.marks[marked[0]]}
			marked = marked[1:]
			if err := c.row(t, x, w); err != nil {
				return err
			}
		}
		return nil
	}
	n := 0
	err := b.rows(s.part, func(x *row) error {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := bare(x.number); err != nil {
			return err
		}
		if len(marked) > 0 && marked[0] == x.number {
			x.marks, marked = s.marks[x.number], marked[1:]
		}
		return c.row(t, x, w)
	})
	if err == nil {
		err = bare(maxRows + 1)
	}
	return t, err
}

// row judges one row.
func (c *codec) row(t *table, x *row, w walker) error {
	used := false
	for _, v := range x.cells {
		used = used || strings.TrimSpace(v.value) != ""
	}
	switch {
	case t.header == 0 && !t.bare && x.broken != "":
		return errors.New("its header cannot be read: " + x.broken)
	case t.header == 0 && !t.bare:
		if used {
			if err := c.header(t, x); err != nil {
				return err
			}
		}
		if t.bare {
			return w.record(t, x)
		}
		t.stray += len(x.marks)
		return w.other(x)
	case x.broken != "":
		return w.broken(t, x)
	case !used && len(x.leaves()) == 0:
		return w.other(x)
	}
	t.widen(x)
	return w.record(t, x)
}

// header takes a row for the header, unless it is a record: then the rows are numbered
// as they stand in the worksheet.
func (c *codec) header(t *table, x *row) error {
	names := make([]string, x.cells[len(x.cells)-1].col+1)
	for _, v := range x.cells {
		names[v.col] = v.value
	}
	t.fields = c.o.Fields(names)
	if t.bare = connectors.Headless(names, t.fields, c.cat); t.bare {
		t.fields = c.o.Fields(make([]string, len(names)))
	} else {
		t.header = x.number
	}
	if len(t.fields) != len(names) {
		return fmt.Errorf("%d fields were given for %d columns", len(t.fields), len(names))
	}
	switch {
	case t.bare:
	case c.described:
		t.kept = connectors.HeaderGaps(t.name(), names, t.fields, c.cat)
	default:
		t.kept = connectors.NamingGaps(t.name(), names, t.fields, c.cat)
	}
	t.used = map[string]bool{connectors.LocatorColumn: true, RestColumn: true}
	for _, f := range t.fields {
		t.used[f.Name] = true
	}
	for i, f := range t.fields {
		if f.Name == RestColumn { // the name is taken
			t.fields[i].Name = extra(f.Name, i, t.used).Name
		}
	}
	return nil
}

// exact is how often a table is made wider by what one row needs. After that it
// doubles, or rows each wider than the last would take time without end.
const exact = 64

// widen makes fields for cells beyond the header.
func (t *table) widen(x *row) {
	need := len(t.fields)
	for _, v := range x.cells {
		if v.value != "" {
			need = max(need, v.col+1)
		}
	}
	if need == len(t.fields) {
		return
	}
	if t.wider++; t.wider > exact {
		need = min(max(need, 2*len(t.fields)), maxColumns)
	}
	for i := len(t.fields); i < need; i++ {
		t.fields = append(t.fields, extra("", i, t.used))
	}
}
