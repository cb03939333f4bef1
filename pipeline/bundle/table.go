package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// FieldInfo explains one field of a dataset.
type FieldInfo struct {
	Name       string   `json:"name"`
	Categories []string `json:"categories,omitempty"` // fideslang keys
	Note       string   `json:"note,omitempty"`       // in plain words
}

// Table takes the records of one dataset. It is used by one goroutine at a time.
type Table struct {
	w         *Writer
	name      string
	fields    []FieldInfo
	index     map[string]int
	keys      [][]byte // each field's name as JSON, with its colon
	metaName  string   // the name of the meta object, which no field has
	json      *spool
	csv       *spool
	jsonChunk []byte // what is to go to the spools
	csvChunk  []byte
	meta      metaText
	tidy      bytes.Buffer
	cells     []Cell
	stats     *tableStats
	done      bool
}

// Dataset starts data/<name>.json and data/<name>.csv; of two names that differ in case
// only, the second has a number there. Names of datasets and, in one dataset, of fields
// are unique. Several tables can be open at once; all are
// closed before the bundle is.
func (w *Writer) Dataset(name string, fields []FieldInfo) (*Table, error) {
	t := &Table{w: w, name: cleanName(strings.ReplaceAll(name, "/", "_")), fields: fields, index: map[string]int{}}
	for i, f := range fields {
		if _, ok := t.index[f.Name]; ok {
			return nil, fmt.Errorf("dataset %s has the field %s twice", name, f.Name)
		}
		t.index[f.Name] = i
		t.keys = append(t.keys, append(appendJSONText(nil, f.Name), ':'))
	}
	t.metaName = t.freeName()
	t.meta.name = append(appendJSONText(nil, t.metaName), ':')
	t.stats = newTableStats(name, fields)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		return nil, err
	}
	key, own := strings.ToLower(t.name), t.name
	for n := 2; w.tables[key] != nil; n++ { // of names that are one to a file system the second has a number
		if w.tables[key].stats.name == name {
			return nil, fmt.Errorf("dataset %s stands in the bundle already", name)
		}
		t.name = fmt.Sprintf("%s.%d", own, n)
		key = strings.ToLower(t.name)
	}
	var err error
	if t.json, err = w.newSpool(true); err != nil {
		return nil, err
	}
	if t.csv, err = w.newSpool(true); err != nil {
		return nil, errors.Join(err, t.json.discard())
	}
	if w.press == nil {
		w.press = startPress()
	}
	t.start()
	w.tables[key] = t
	w.open++
	return t, nil
}

// freeName finds a name for the meta object and its columns that no field has.
func (t *Table) freeName() string {
	for name := "_record"; ; name = "_" + name {
		taken := false
		for _, f := range t.fields {
			taken = taken || f.Name == name || strings.HasPrefix(f.Name, name+".")
		}
		if !taken {
			return name
		}
	}
}

// start writes what stands before the first record.
func (t *Table) start() {
	var b []byte
	for _, f := range t.fields {
		b = append(appendCSV(b, f.Name), ',')
	}
	for i, n := range metaNames {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCSV(b, t.metaName+"."+n)
	}
	t.csvChunk = append(b, '\r', '\n')
	t.jsonChunk = append(t.jsonChunk, '[')
}

// Row writes one record, its cells in the order of the fields. Missing cells at
// the end are null.
func (t *Table) Row(values []Cell, m RowMeta) error {
	if t.done {
		return fmt.Errorf("write a record: %w", ErrClosed)
	}
	if len(values) > len(t.fields) {
		return fmt.Errorf("write a record of %s: %d values for %d fields", t.name, len(values), len(t.fields))
	}
	t.meta.set(&m)
	t.encodeJSON(values)
	t.encodeCSV(values)
	t.stats.row(values, m)
	var err error
	if len(t.jsonChunk) >= pressChunk {
		t.jsonChunk, err = t.w.press.write(t.json, t.jsonChunk, false)
	}
	if len(t.csvChunk) >= pressChunk && err == nil {
		t.csvChunk, err = t.w.press.write(t.csv, t.csvChunk, false)
	}
	if err != nil {
		return t.w.fail(fmt.Errorf("write records of %s: %w", t.name, err))
	}
	return nil
}

// RowMap writes one record by field names. Values are texts, numbers, booleans,
// json.RawMessage, times, or anything that encodes to JSON; a missing one and nil
// are null. A name that is no field of the dataset is an error: nothing is
// dropped.
func (t *Table) RowMap(values map[string]any, m RowMeta) error {
	t.cells = append(t.cells[:0], make([]Cell, len(t.fields))...)
	for k, v := range values {
		i, ok := t.index[k]
		if !ok {
			return fmt.Errorf("write a record of %s: there is no field %s", t.name, k)
		}
		c, err := cellOf(v)
		if err != nil {
			return fmt.Errorf("write field %s of %s: %w", k, t.name, err)
		}
		t.cells[i] = c
	}
	return t.Row(t.cells, m)
}

// encodeJSON adds the record to its chunk: fields in their order, nulls too.
func (t *Table) encodeJSON(values []Cell) {
	b := t.jsonChunk
	if t.stats.Records > 0 {
		b = append(b, ',')
	}
	b = append(b, '\n', '{')
	for i := range t.fields {
		b = append(b, t.keys[i]...)
		switch {
		case i >= len(values) || values[i].Kind == Null:
			b = append(b, "null"...)
		case values[i].Kind == JSON:
			b = t.appendNested(b, values[i].Text)
		default:
			b = appendJSONText(b, values[i].Text)
		}
		b = append(b, ',')
	}
	t.jsonChunk = append(t.meta.appendJSON(b), '}')
}

// appendNested appends valid JSON without its spaces, and anything else as a text.
func (t *Table) appendNested(b []byte, s string) []byte {
	t.tidy.Reset()
	if err := json.Compact(&t.tidy, []byte(s)); err != nil {
		return appendJSONText(b, s)
	}
	return append(b, t.tidy.Bytes()...)
}

// encodeCSV adds the record to its chunk.
func (t *Table) encodeCSV(values []Cell) {
	b := t.csvChunk
	for i := range t.fields {
		if i < len(values) && values[i].Kind != Null {
			b = appendCSV(b, values[i].Text)
		}
		b = append(b, ',')
	}
	t.csvChunk = append(t.meta.appendCSV(b), '\r', '\n')
}

// Close ends the table. A second Close does nothing.
func (t *Table) Close() error {
	if t.done {
		return nil
	}
	t.done = true
	t.w.end()
	end := "\n]\n"
	if t.stats.Records == 0 {
		end = "]\n"
	}
	_, err := t.w.press.write(t.json, append(t.jsonChunk, end...), true)
	if err == nil {
		_, err = t.w.press.write(t.csv, t.csvChunk, true)
	}
	t.jsonChunk, t.csvChunk = nil, nil
	if err != nil {
		return t.w.fail(fmt.Errorf("end dataset %s: %w", t.name, err))
	}
	return nil
}
