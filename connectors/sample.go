package connectors

import (
	"context"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
)

// Sampler shows what a source holds to somebody who has no catalog for it yet:
// the structure of every collection and a random sample of its values. n is how
// many records of a collection are drawn; every record has the same chance, and
// the same seed over the same data draws the same ones. The first records are
// never a sample: they are the oldest, and often tests.
//
// The source is only read. A yielded error means that the source, or the rest of
// it, cannot be read; iteration ends after it. What cannot be read while the rest
// can stands in [Table.Gaps].
type Sampler interface {
	Sample(ctx context.Context, n int, seed uint64) iter.Seq2[Table, error]
}

// Table is one collection, as a sample shows it.
type Table struct {
	Name  string   // of the collection: the catalog's, the database's, or proposed
	Path  []string // the globs that mean its objects; nil for a database
	Total int      // records in what was read
	Rows  int      // records drawn
	// Objects and Read count the objects of the collection and those that were
	// opened; both are 0 for a database.
	Objects, Read int
	// Opaque is set when the column names are made up ("column 2"), because what
	// stands in their place looks like data.
	Opaque  bool
	Columns []SampleColumn
	// Unread is set when this is a table of records, and not one of them could be read;
	// Gaps says why.
	Unread bool
	// Referred holds, column by column, the values of further rows: of such that drawn
	// rows of other collections refer to. They are not drawn at random, and not counted;
	// their numbers go on from Rows. nil where none were looked for.
	Referred [][]Cell
	// Compound lists the declared foreign keys of several columns.
	Compound []CompoundReference
	Gaps     []TableGap
}

// TableGap is a [Gap] with its unit ("" for the collection as a whole).
type TableGap struct {
	Unit string
	Gap
}

// CompoundReference is a foreign key of several columns, with the fields of the
// collection it leads to in the same order.
type CompoundReference struct {
	Columns    []string
	Collection string
	Fields     []string
}

// SampleColumn is one column of a [Table].
type SampleColumn struct {
	Name       string
	Type       string      // as declared; "" when nothing is
	Comment    string      // what the schema remarks on it, or ""
	Look       Look        // LookJSON when the values are JSON by type
	PrimaryKey bool        // part of the declared primary key
	References []Reference // declared foreign keys; Dataset is "" for the source's own
	Cells      []Cell      // in the order of rows
}

// Cell is one value of the sample. Rows count from 0; a row without a cell has no
// value there, or a blank one.
type Cell struct {
	Row  int
	Text string
}

// Reservoir draws n items out of any number, each with the same chance
// (Vitter's algorithm R).
type Reservoir[T any] struct {
	n, seen int
	rng     *rand.Rand
	items   []T
}

// NewReservoir returns a reservoir of n items. name keeps the draws of several
// reservoirs with one seed apart.
func NewReservoir[T any](n int, seed uint64, name string) *Reservoir[T] {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &Reservoir[T]{n: max(n, 1), rng: rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// Add offers an item; item is called only if it is drawn.
func (r *Reservoir[T]) Add(item func() T) {
	r.seen++
	if len(r.items) < r.n {
		r.items = append(r.items, item())
	} else if i := r.rng.IntN(r.seen); i < r.n {
		r.items[i] = item()
	}
}

// Items returns what was drawn, in no order.
func (r *Reservoir[T]) Items() []T { return r.items }

// Seen returns how many items were offered.
func (r *Reservoir[T]) Seen() int { return r.seen }

// The longest value of a sample in bytes, what one record may take together, and
// what is left to each value of a record beyond that.
const (
	maxCell   = 16 << 10
	maxRow    = 64 << 10
	shortCell = 256
)

// Drawing collects the sample of one table.
type Drawing struct {
	table Table
	index map[string]int
	rows  *Reservoir[[]drawn]
}

type drawn struct {
	col  int
	text string
}

// NewDrawing starts the sample of a table: n records, drawn with the seed.
func NewDrawing(name string, n int, seed uint64) *Drawing {
	return &Drawing{table: Table{Name: name}, index: map[string]int{}, rows: NewReservoir[[]drawn](n, seed, name)}
}

// Column adds a column and returns its index; one with the name of an earlier
// one is that column.
func (d *Drawing) Column(c SampleColumn) int {
	if i, ok := d.index[c.Name]; ok {
		return i
	}
	d.index[c.Name] = len(d.table.Columns)
	d.table.Columns = append(d.table.Columns, c)
	return len(d.table.Columns) - 1
}

// Row offers a record. fill is called only if the record is drawn; it puts the
// values, which are copied. Long ones are cut.
func (d *Drawing) Row(fill func(put func(col int, text string))) {
	d.rows.Add(func() []drawn {
		var out []drawn
		left := maxRow
		fill(func(col int, text string) {
			if strings.TrimSpace(text) == "" {
				return
			}
			limit := maxCell
			if left < limit {
				limit = shortCell
			}
			text = cutText(text, limit)
			left -= len(text)
			out = append(out, drawn{col, strings.Clone(text)})
		})
		return out
	})
}

// Batch offers every record of an Arrow batch.
func (d *Drawing) Batch(r arrow.Record) {
	cols := make([]int, r.NumCols())
	for i, f := range r.Schema().Fields() {
		if f.Name != LocatorColumn {
			cols[i] = d.Column(SampleColumn{Name: f.Name, Look: FieldOf(f).Look})
		}
	}
	for row := range int(r.NumRows()) {
		d.Row(func(put func(int, string)) {
			for i := 1; i < len(cols); i++ {
				if v, ok := Value(r, i, row); ok {
					put(cols[i], v)
				}
			}
		})
	}
}

// Refer puts the rows of another drawing of the same columns beside those of the table.
func (t *Table) Refer(other Table) {
	t.Referred = make([][]Cell, len(t.Columns))
	for i := range t.Columns {
		for _, c := range other.Columns[i].Cells {
			t.Referred[i] = append(t.Referred[i], Cell{t.Rows + c.Row, c.Text})
		}
	}
}

// Table ends the drawing.
func (d *Drawing) Table() Table {
	t := d.table
	t.Total, t.Rows = d.rows.Seen(), len(d.rows.Items())
	t.Columns = slices.Clone(t.Columns)
	for row, cells := range d.rows.Items() {
		for _, c := range cells {
			t.Columns[c.col].Cells = append(t.Columns[c.col].Cells, Cell{row, c.text})
		}
	}
	return t
}

// cutText cuts a text to at most n bytes, at the start of a letter.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
