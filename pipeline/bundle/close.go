package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// file returns the path of a table's file in the bundle.
func (t *Table) file(ext string) string { return "data/" + t.name + ext }

// Close writes the tables, the documents and the signed manifest, syncs, and
// gives the bundle its name. All tables and files must be done. After any
// failure nothing of the bundle is left, and the error says why; the failure of
// an earlier write is told again here. A second Close is ErrClosed.
func (w *Writer) Close(info Info) (Manifest, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return Manifest{}, ErrClosed
	}
	m, err := w.finish(info.defaults())
	if err == nil {
		err = w.temp.publish("bundle", w.path)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("close the bundle: %w", errors.Join(err, w.discard()))
	}
	return m, w.discard()
}

// finish brings all to the disk. mu is held.
func (w *Writer) finish(info Info) (Manifest, error) {
	var m Manifest
	if w.err != nil {
		return m, w.err
	}
	if w.open > 0 {
		return m, fmt.Errorf("%s still open", plural(w.open, "table or file is", "tables or files are"))
	}
	var tables []*Table
	for _, k := range slices.Sorted(maps.Keys(w.tables)) {
		tables = append(tables, w.tables[k])
	}
	for _, t := range tables {
		if err := t.store(); err != nil {
			return m, err
		}
	}
	if err := w.documents(info, tables); err != nil {
		return m, err
	}
	m, err := w.manifest(info, tables)
	if err != nil {
		return m, err
	}
	if err := w.zip.Close(); err != nil {
		return m, err
	}
	if w.crypt != nil {
		if err := w.crypt.Close(); err != nil {
			return m, err
		}
	}
	err = errors.Join(w.buf.Flush(), w.file.Sync(), w.file.Close())
	w.file = nil
	return m, err
}

// store copies a table's two spools into the zip, and removes them.
func (t *Table) store() error {
	if err := t.w.add(t.file(".json"), t.json.spool); err != nil {
		return err
	}
	if err := t.w.add(t.file(".csv"), t.csv.spool); err != nil {
		return err
	}
	return errors.Join(t.json.spool.discard(), t.csv.spool.discard())
}

func (w *Writer) documents(info Info, tables []*Table) error {
	docs, err := jsonDocuments(info, w.o, tables)
	if err != nil {
		return fmt.Errorf("write the documents: %w", err)
	}
	docs = append([]document{
		{"00_README.txt", readme(info, w.o)},
		{"01_summary.md", summary(info, w.o, tables, w.files)},
	}, docs...)
	for _, d := range docs {
		if err := w.addBytes(d.name, d.data); err != nil {
			return err
		}
	}
	return nil
}

// addBytes writes a small file.
func (w *Writer) addBytes(name string, data []byte) error {
	s, err := w.newSpool(true)
	if err != nil {
		return err
	}
	_, err = s.Write(data)
	if err = errors.Join(err, s.finish()); err == nil {
		err = w.add(name, s)
	}
	return errors.Join(err, s.discard())
}

// manifest signs and writes the list of all entries so far.
func (w *Writer) manifest(info Info, tables []*Table) (Manifest, error) {
	m := Manifest{
		Schema: ManifestSchema, CreatedAt: when(w.o.At), Tool: w.o.Tool, Policy: w.o.Policy, Request: info.Request.ID,
		Counts: Counts{Datasets: len(tables), Files: w.files, FileBytes: w.fileBytes}, KeyID: w.o.KeyID,
	}
	for _, t := range tables {
		m.Counts.Records += t.stats.Records
	}
	for _, r := range info.Redactions {
		m.Counts.Redacted += r.Count
	}
	for _, c := range info.Coverage {
		m.Counts.Gaps += c.unread()
	}
	m.Entries = slices.Clone(w.entries)
	b, err := render(m)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil { // what is signed is what a reader gets
		return m, err
	}
	if w.o.Sign != nil {
		msg, err := m.message()
		if err != nil {
			return m, err
		}
		if m.Signature = w.o.Sign(msg); len(m.Signature) == 0 {
			return m, errors.New("the manifest could not be signed")
		}
	}
	if b, err = render(m); err != nil {
		return m, err
	}
	return m, w.addBytes(manifestName, b)
}
