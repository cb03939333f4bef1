package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/bundle"
)

// restField holds the values of a record that its catalog does not name.
const restField = "other_fields"

// sheet is a dataset of the bundle, and how the columns of its source go into it.
type sheet struct {
	*bundle.Table
	source  *Source
	name    string // of the collection
	class   string
	hits    int
	index   map[string]int  // cells of the fields that the catalog names
	parts   map[string]bool // fields that stand in other fields already
	schema  *arrow.Schema   // the one that columns are of
	columns []sheetColumn
	cells   []bundle.Cell // one for each field, and the rest
	rest    map[string]string
}

// sheetColumn is a column of a batch.
type sheetColumn struct {
	field connectors.Field
	cell  int // -1: among the rest
	drop  bool
	same  kept // the last value that was shown as it is
}

// sheetOf returns the sheet of a collection, made when it is asked for first.
func (a *access) sheetOf(src *Source, collection string) (*sheet, error) {
	if t := a.sheet; t != nil && t.source == src && t.name == collection {
		return t, nil
	}
	dataset := src.Name + "." + collection
	if t := a.sheets[dataset]; t != nil {
		a.sheet = t
		return t, nil
	}
	coll, _ := src.Dataset.Collection(collection)
	t := &sheet{source: src, name: strings.Clone(collection), class: coll.Class, index: map[string]int{}, parts: map[string]bool{}, rest: map[string]string{}}
	var fields []bundle.FieldInfo
	for _, f := range coll.Fields {
		if len(f.Of) > 0 {
			t.parts[f.Name] = true
			continue
		}
		t.index[f.Name] = len(fields)
		fields = append(fields, bundle.FieldInfo{Name: f.Name, Categories: f.Categories})
	}
	fields = append(fields, bundle.FieldInfo{Name: restField, Note: "fields that the catalog does not name"})
	t.cells = make([]bundle.Cell, len(fields))
	var err error
	if t.Table, err = a.w.Dataset(dataset, fields); err != nil {
		return nil, err
	}
	a.sheets[dataset], a.sheet = t, t
	return t, nil
}

// of learns the columns of a batch, where they are others than those of the last one.
func (t *sheet) of(schema *arrow.Schema) {
	if t.schema == schema {
		return
	}
	t.schema, t.columns = schema, t.columns[:0]
	for _, f := range schema.Fields() {
		c := sheetColumn{field: connectors.FieldOf(f), cell: -1, drop: t.parts[f.Name]}
		if i, ok := t.index[f.Name]; ok {
			c.cell = i
		}
		t.columns = append(t.columns, c)
	}
}

// row writes one record: what show makes of each of its values, if it is to be shown.
// A value is valid until the next batch.
func (t *sheet) row(rows arrow.Record, row int, m bundle.RowMeta, show func(c *sheetColumn, v string) (string, bool)) error {
	t.of(rows.Schema())
	clear(t.cells)
	clear(t.rest)
	for i := 1; i < len(t.columns); i++ {
		c := &t.columns[i]
		v, ok := connectors.Value(rows, i, row)
		if !ok {
			continue
		}
		shown, ok := show(c, v)
		switch {
		case !ok || c.drop:
		case c.cell >= 0:
			t.cells[c.cell] = bundle.String(shown)
		default:
			t.rest[c.field.Name] = shown
		}
	}
	if len(t.rest) > 0 {
		data, err := json.Marshal(t.rest)
		if err != nil {
			return fmt.Errorf("encode a record's other fields: %w", err)
		}
		t.cells[len(t.cells)-1] = bundle.Cell{Kind: bundle.JSON, Text: string(data)}
	}
	return t.Row(t.cells, m)
}
