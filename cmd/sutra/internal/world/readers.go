package world

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// folders are the object sources.
var folders = []struct{ source, path string }{
	{"recordings", "recordings"}, {"analytics", "analytics"}, {"files", "exports"}, {"imports", "imports/drop"}, {"indiamart", "imports/indiamart"},
	{"justdial", "imports/justdial"}, {"whatsapp", "imports/whatsapp"}, {"facebook", "imports/facebook"}, {"google", "imports/google"},
}

// rowRecord makes a record of a row. A reference to a recording is not part of
// its hash: it may be emptied when the recording goes.
func rowRecord(t table, vals []any) record {
	x := record{source: "crm", unit: t.name}
	var key []string
	row := map[string]any{}
	for i, v := range vals {
		if b, ok := v.([]byte); ok && t.cols[i].typ != "BLOB" {
			v = string(b) // as drivers give text
		}
		s, kind := "", "n"
		switch v := v.(type) {
		case int64:
			s, kind = strconv.FormatInt(v, 10), "i"
		case float64:
			s, kind = strconv.FormatFloat(v, 'g', -1, 64), "f"
		case string:
			s, kind = v, "t"
		case []byte:
			s, kind = string(v), "b"
		}
		name := t.cols[i].name
		if kind != "n" {
			x.texts = append(x.texts, s)
			row[name] = s
		}
		if name != "recording_key" {
			x.parts = append(x.parts, kind, s)
		}
		if slices.Contains(t.pk, name) {
			key = append(key, s)
		}
	}
	x.locator = "pk=" + strings.Join(key, ",")
	x.tree = func() any { return parsed(row) }
	return x
}

// parsed replaces JSON text among the values of a row by what it says.
func parsed(row map[string]any) any {
	for k, v := range row {
		if s, ok := v.(string); ok && len(s) > 1 && (s[0] == '{' || s[0] == '[') {
			if tree, err := decodeJSON([]byte(s)); err == nil {
				row[k] = tree
			}
		}
	}
	return row
}

// decodeJSON decodes one value; numbers keep their spelling.
func decodeJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// readFolders hands on every record of every object, and every object's name.
// An object that does not decode is an error: the world is made of good ones.
func readFolders(ctx context.Context, dir string, see func(record)) error {
	for _, f := range folders {
		root := filepath.Join(dir, filepath.FromSlash(f.path))
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return errors.Join(err, ctx.Err())
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			unit := filepath.ToSlash(rel)
			see(record{source: f.source, unit: unit, locator: nameLocator, tree: func() any { return unit }})
			return readObject(path, unit, func(locator string, parts, texts []string, tree func() any) {
				see(record{f.source, unit, locator, parts, texts, tree})
			})
		})
		if err != nil {
			return fmt.Errorf("read source %s: %w", f.source, err)
		}
	}
	return nil
}

type seeRecord func(locator string, parts, texts []string, tree func() any)

// readObject splits one object into records by its suffix.
func readObject(path, unit string, see seeRecord) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open an object: %w", err)
	}
	defer func() { err = closing(err, f.Close) }()
	var r io.Reader = bufio.NewReaderSize(f, 1<<16)
	if strings.HasSuffix(unit, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			return fmt.Errorf("unpack an object: %w", err)
		}
		unit = strings.TrimSuffix(unit, ".gz")
	}
	switch {
	case strings.HasSuffix(unit, ".csv"):
		err = readCSV(r, see)
	case strings.HasSuffix(unit, ".jsonl"):
		err = readLines(r, see)
	case strings.HasSuffix(unit, ".json"):
		err = readJSON(r, see)
	case strings.HasSuffix(unit, ".log"):
		err = readForms(r, see)
	case strings.HasSuffix(unit, ".txt"):
		err = readChat(r, see)
	case strings.HasSuffix(unit, ".vcf"):
		err = readCards(r, see)
	case strings.HasSuffix(unit, ".parquet"):
		err = readParquet(f, see)
	default:
		var b []byte
		if b, err = io.ReadAll(r); err == nil {
			see("object", []string{string(b)}, []string{string(b)}, func() any { return string(b) })
		}
	}
	if err != nil {
		return fmt.Errorf("decode an object: %w", err)
	}
	return nil
}

func readCSV(r io.Reader, see seeRecord) error {
	c, err := tableReader(r)
	if err != nil {
		return err
	}
	head, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		see(rowN(n), row, row, func() any {
			m := map[string]any{}
			for i, v := range row {
				m[head[i]] = v
			}
			return m
		})
	}
}

// seeJSON hands on one JSON value.
func seeJSON(locator string, raw []byte, see seeRecord) error {
	v, err := decodeJSON(raw)
	if err != nil {
		return err
	}
	see(locator, []string{canon(v)}, leaves(v, nil), func() any { return v })
	return nil
}

func readLines(r io.Reader, see seeRecord) error {
	b := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := b.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := seeJSON(lineN(n), line, see); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func readJSON(r io.Reader, see seeRecord) error {
	b := bufio.NewReader(r)
	first, err := b.Peek(1)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	array := first[0] == '[' // first points into the buffer, which is filled again
	d := json.NewDecoder(b)
	if array {
		if _, err := d.Token(); err != nil {
			return err
		}
	}
	for n := 1; d.More(); n++ {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		if !array {
			if wrapped, err := readEnvelope(raw, see); wrapped || err != nil {
				return err
			}
		}
		locator := "object"
		if array {
			locator = elemN(n)
		}
		if err := seeJSON(locator, raw, see); err != nil {
			return err
		}
	}
	return nil
}

func readParquet(f *os.File, see seeRecord) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, st.Size())
	if err != nil {
		return err
	}
	names := file.Schema().Columns()
	buf, n := make([]parquet.Row, 256), 0
	for _, g := range file.RowGroups() {
		rows := g.Rows()
		for {
			k, err := rows.ReadRows(buf)
			for _, row := range buf[:k] {
				n++
				seeParquet(rowN(n), names, row, see)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return closing(err, rows.Close)
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}

// seeParquet hands on one row: its leaf values by column.
func seeParquet(locator string, names [][]string, row parquet.Row, see seeRecord) {
	var parts, texts []string
	m := map[string]any{}
	for _, v := range row {
		s := v.String()
		name := strings.Join(names[v.Column()], ".")
		parts = append(parts, name, strconv.FormatBool(v.IsNull()), s)
		if v.IsNull() {
			continue
		}
		s = strings.Clone(s)
		texts = append(texts, s)
		list, ok := m[name].([]any)
		if !ok {
			list = []any{}
		}
		m[name] = append(list, s)
	}
	see(locator, parts, texts, func() any { return m })
}
