package bundle

import (
	"bytes"
	"encoding/json"
)

// output is one of the two files of a table. It is used by its press alone.
type output struct {
	spool *spool
	chunk []byte // what is to go to the spool
	meta  metaText
	cells []Cell
	write func(values []Cell, m *RowMeta) // appends a record to the chunk
	end   func()                          // appends what stands behind the last one

	fields int
	keys   [][]byte // JSON: each field's name, with its colon
	rows   int      // JSON: records so far
	tidy   bytes.Buffer
}

// newOutput starts a file of a table that has fields; metaName is the name of the meta
// object.
func (w *Writer) newOutput(fields []FieldInfo, metaName string) (*output, error) {
	s, err := w.newSpool(true)
	if err != nil {
		return nil, err
	}
	o := &output{spool: s, fields: len(fields)}
	o.meta.name = append(appendJSONText(nil, metaName), ':')
	return o, nil
}

// asJSON makes it the JSON file.
func (o *output) asJSON(fields []FieldInfo) {
	for _, f := range fields {
		o.keys = append(o.keys, append(appendJSONText(nil, f.Name), ':'))
	}
	o.write, o.end = o.rowJSON, o.endJSON
	o.chunk = append(o.chunk, '[')
}

// asCSV makes it the CSV file, whose records are counted too.
func (o *output) asCSV(fields []FieldInfo, metaName string, stats *tableStats) {
	o.write, o.end = func(values []Cell, m *RowMeta) { o.rowCSV(values, m); stats.row(values, m) }, func() {}
	var b []byte
	for _, f := range fields {
		b = append(appendCSV(b, f.Name), ',')
	}
	for i, n := range metaNames {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCSV(b, metaName+"."+n)
	}
	o.chunk = append(b, '\r', '\n')
}

// take writes a batch to the spool, and ends the spool after the last one.
func (o *output) take(b *batch, last bool) error {
	var err error
	o.cells = b.each(o.cells, func(values []Cell, m *RowMeta) {
		o.write(values, m)
		if len(o.chunk) >= spoolBlock && err == nil {
			err = o.flush()
		}
	})
	if last && err == nil {
		o.end()
		if err = o.flush(); err == nil {
			err = o.spool.finish()
		}
		o.chunk = nil
	}
	return err
}

// flush writes the chunk. One large record must not cost its memory for good.
func (o *output) flush() error {
	_, err := o.spool.Write(o.chunk)
	if o.chunk = o.chunk[:0]; cap(o.chunk) > 4*spoolBlock {
		o.chunk = nil
	}
	return err
}

// rowJSON appends a record: fields in their order, nulls too.
func (o *output) rowJSON(values []Cell, m *RowMeta) {
	o.meta.set(m)
	b := o.chunk
	if o.rows > 0 {
		b = append(b, ',')
	}
	o.rows++
	b = append(b, '\n', '{')
	for i := range o.fields {
		b = append(b, o.keys[i]...)
		switch {
		case i >= len(values) || values[i].Kind == Null:
			b = append(b, "null"...)
		case values[i].Kind == JSON:
			b = o.appendNested(b, values[i].Text)
		default:
			b = appendJSONText(b, values[i].Text)
		}
		b = append(b, ',')
	}
	o.chunk = append(o.meta.appendJSON(b), '}')
}

// appendNested appends valid JSON without its spaces, and anything else as a text.
func (o *output) appendNested(b []byte, s string) []byte {
	o.tidy.Reset()
	if err := json.Compact(&o.tidy, []byte(s)); err != nil {
		return appendJSONText(b, s)
	}
	return append(b, o.tidy.Bytes()...)
}

func (o *output) endJSON() {
	if o.rows > 0 {
		o.chunk = append(o.chunk, '\n')
	}
	o.chunk = append(o.chunk, "]\n"...)
}

// rowCSV appends a record.
func (o *output) rowCSV(values []Cell, m *RowMeta) {
	o.meta.set(m)
	b := o.chunk
	for i := range o.fields {
		if i < len(values) && values[i].Kind != Null {
			b = appendCSV(b, values[i].Text)
		}
		b = append(b, ',')
	}
	o.chunk = append(o.meta.appendCSV(b), '\r', '\n')
}
