package bundle

import (
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

// Table takes the records of one dataset. It is used by one goroutine at a time. What
// it is given may change after a call.
type Table struct {
	w        *Writer
	name     string
	fields   []FieldInfo
	index    map[string]int
	metaName string // the name of the meta object, which no field has
	json     *output
	csv      *output
	rows     *batch  // what is to go to the files
	like     RowMeta // of the last record; its texts are the table's own
	cells    []Cell
	stats    *tableStats
	done     bool
}

// Dataset starts data/<name>.json and data/<name>.csv; of two names that differ in case
// only, the second has a number there. Names of datasets and, in one dataset, of fields
// are unique. Several tables can be open at once; all are
// closed before the bundle is.
func (w *Writer) Dataset(name string, fields []FieldInfo) (*Table, error) {
	t := &Table{w: w, name: cleanName(strings.ReplaceAll(name, "/", "_")), fields: fields, index: map[string]int{}, rows: new(batch)}
	for i, f := range fields {
		if _, ok := t.index[f.Name]; ok {
			return nil, fmt.Errorf("dataset %s has the field %s twice", name, f.Name)
		}
		t.index[f.Name] = i
	}
	t.metaName = t.freeName()
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
	if t.json, err = w.newOutput(fields, t.metaName); err != nil {
		return nil, err
	}
	if t.csv, err = w.newOutput(fields, t.metaName); err != nil {
		return nil, errors.Join(err, t.json.spool.discard())
	}
	t.json.asJSON(fields)
	t.csv.asCSV(fields, t.metaName, t.stats)
	if w.presses[0] == nil {
		w.presses = startPresses()
	}
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

// Row writes one record, its cells in the order of the fields. Missing cells at
// the end are null.
func (t *Table) Row(values []Cell, m RowMeta) error {
	if t.done {
		return fmt.Errorf("write a record: %w", ErrClosed)
	}
	if len(values) > len(t.fields) {
		return fmt.Errorf("write a record of %s: %d values for %d fields", t.name, len(values), len(t.fields))
	}
	t.own(&m)
	t.rows.add(values, &m)
	if !t.rows.full() {
		return nil
	}
	if err := t.flush(false); err != nil {
		return t.w.fail(fmt.Errorf("write records of %s: %w", t.name, err))
	}
	return nil
}

// own gives a meta texts that are the table's own, but for the locator. Many records in
// a row have the same.
func (t *Table) own(m *RowMeta) {
	for _, x := range [...]struct{ text, like *string }{{&m.Unit, &t.like.Unit}, {&m.Class, &t.like.Class}, {&m.Source, &t.like.Source}, {&m.Role, &t.like.Role}, {&m.Note, &t.like.Note}} {
		if *x.text != *x.like {
			*x.like = strings.Clone(*x.text)
		}
		*x.text = *x.like
	}
}

// flush hands the records to both files.
func (t *Table) flush(last bool) error {
	b := t.rows
	b.users.Store(2)
	var waits []func() error
	for i, o := range [...]*output{t.json, t.csv} {
		wait, err := t.w.presses[i].give(o, b, last)
		if err != nil {
			return err
		}
		if wait != nil {
			waits = append(waits, wait)
		}
	}
	var errs []error
	for _, wait := range waits {
		errs = append(errs, wait())
	}
	select {
	case t.rows = <-t.w.presses[0].free:
	default:
		t.rows = new(batch)
	}
	t.rows.empty()
	return errors.Join(errs...)
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

// Close ends the table. A second Close does nothing.
func (t *Table) Close() error {
	if t.done {
		return nil
	}
	t.done = true
	t.w.end()
	err := t.flush(true)
	t.rows = nil
	if err != nil {
		return t.w.fail(fmt.Errorf("end dataset %s: %w", t.name, err))
	}
	return nil
}
