package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// rewrite copies a bundle, with each entry as edit returns it; nil drops it.
func rewrite(t *testing.T, from, to string, edit func(name string, b []byte) []byte, extra ...string) {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	src, err := zip.OpenReader(from)
	ok(t, err)
	put := func(name string, b []byte) {
		w, err := z.Create(name)
		ok(t, err)
		_, err = w.Write(b)
		ok(t, err)
	}
	for _, f := range src.File {
		r, err := f.Open()
		ok(t, err)
		b, err := io.ReadAll(r)
		ok(t, err, r.Close())
		if b = edit(f.Name, b); b != nil {
			put(f.Name, b)
		}
	}
	for _, n := range extra {
		put(n, []byte("more"))
	}
	ok(t, z.Close(), src.Close(), os.WriteFile(to, out.Bytes(), 0o600))
}

func TestTamperingIsFound(t *testing.T) {
	dir := t.TempDir()
	path, bad := filepath.Join(dir, "b.zip"), filepath.Join(dir, "bad.zip")
	m := write(t, path, options())
	same := func(_ string, b []byte) []byte { return b }
	rewrite(t, path, bad, same)
	if rep, err := Verify(bad, verify); err != nil || !rep.OK {
		t.Fatalf("repacking alone changes nothing: %v %+v", err, rep)
	}
	for _, e := range m.Entries {
		rewrite(t, path, bad, func(n string, b []byte) []byte {
			if n == e.Path {
				return append(b[:len(b)-1:len(b)-1], b[len(b)-1]^1)
			}
			return b
		})
		if rep, err := Verify(bad, verify); err != nil || rep.OK || len(rep.Changed) != 1 || rep.Changed[0] != e.Path {
			t.Errorf("%s changed: %v %+v", e.Path, err, rep)
		}
		rewrite(t, path, bad, func(n string, b []byte) []byte {
			if n == e.Path {
				return nil
			}
			return b
		})
		if rep, err := Verify(bad, verify); err != nil || rep.OK || len(rep.Missing) != 1 || rep.Missing[0] != e.Path {
			t.Errorf("%s missing: %v %+v", e.Path, err, rep)
		}
	}
	rewrite(t, path, bad, same, "data/new.json", m.Entries[0].Path)
	if rep, err := Verify(bad, verify); err != nil || rep.OK || len(rep.Extra) != 2 {
		t.Errorf("extra: %v %+v", err, rep)
	}
}

func TestTamperedManifestIsFound(t *testing.T) {
	dir := t.TempDir()
	path, bad := filepath.Join(dir, "b.zip"), filepath.Join(dir, "bad.zip")
	write(t, path, options())
	for name, edit := range map[string]func([]byte) []byte{
		"policy":  func(b []byte) []byte { return bytes.Replace(b, []byte("2026-04-21"), []byte("2026-04-22"), 1) },
		"unknown": func(b []byte) []byte { return bytes.Replace(b, []byte(`"tool"`), []byte(`"x": 1, "tool"`), 1) },
		"spacing": func(b []byte) []byte { return append(b, ' ') },
	} {
		rewrite(t, path, bad, func(n string, b []byte) []byte {
			if n == manifestName {
				return edit(b)
			}
			return b
		})
		if rep, err := Verify(bad, verify); err != nil || rep.OK || rep.Signed || rep.Note == "" {
			t.Errorf("manifest %s: %v %+v", name, err, rep)
		}
	}
	rewrite(t, path, bad, func(n string, b []byte) []byte {
		if n == manifestName {
			return nil
		}
		return b
	})
	if _, err := Verify(bad, verify); err == nil {
		t.Error("no manifest")
	}
	if rep, err := Verify(path, nil); err != nil || rep.OK || rep.Signed {
		t.Error("unverified", err, rep)
	}
	if rep, err := Verify(path, func(_, _ []byte) bool { return false }); err != nil || rep.OK {
		t.Error("wrong key", err, rep)
	}
	ok(t, os.WriteFile(bad, []byte("no zip at all, but long enough"), 0o600))
	if _, err := Verify(bad, verify); err == nil {
		t.Error("no zip")
	}
	o := options()
	o.Sign = nil
	plain := filepath.Join(dir, "unsigned.zip")
	write(t, plain, o)
	if rep, err := Verify(plain, verify); err != nil || rep.OK || !strings.Contains(rep.Note, "not signed") {
		t.Error(err, rep)
	}
}

// fullDisk fails after so many bytes.
type fullDisk struct {
	w    io.Writer
	left int
}

var errFull = errors.New("no space left on device")

func (f *fullDisk) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, errFull
	}
	f.left -= len(p)
	return f.w.Write(p)
}

func TestFullDiskLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	noise := bytes.Repeat([]byte("0123456789abcdef"), 40_000)
	for _, left := range []int{0, 1 << 10, 300 << 10, 600 << 10} {
		o := options()
		o.wrap = func(w io.Writer) io.Writer { return &fullDisk{w, left} }
		w, err := Create(filepath.Join(dir, "b.zip"), o)
		ok(t, err)
		_, fileErr := w.File("a.mp3", func(w io.Writer) error { _, err := w.Write(noise); return err })
		_, err = w.Close(info())
		if !errors.Is(err, errFull) {
			t.Fatal(left, fileErr, err)
		}
		only(t, dir)
	}
	w, err := Create(filepath.Join(dir, "b.zip"), options()) // the spool cannot be written
	ok(t, err)
	tab, err := w.Dataset("x", []FieldInfo{{Name: "a"}})
	ok(t, err, tab.json.spool.file.Close())
	for i := 0; err == nil && i < 1_000_000; i++ {
		err = tab.Row([]Cell{String(fmt.Sprint(i*7919, "-", i))}, RowMeta{})
	}
	if err == nil {
		t.Fatal("the spool took everything")
	}
	if tab.Close() == nil {
		t.Fatal("the table closed well")
	}
	if _, err := w.Close(info()); err == nil {
		t.Fatal("the bundle closed well")
	}
	only(t, dir)
}

func TestConcurrentTablesAndFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.zip")
	w, err := Create(path, options())
	ok(t, err)
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	for i := range 6 {
		wg.Go(func() {
			tab, err := w.Dataset(fmt.Sprint("d", i), []FieldInfo{{Name: "a"}})
			errs <- err
			for k := range 500 {
				if err := tab.Row([]Cell{String(fmt.Sprint(k))}, RowMeta{}); err != nil {
					errs <- err
				}
			}
			errs <- tab.Close()
			_, err = w.File("same.wav", func(w io.Writer) error { _, err := fmt.Fprint(w, i); return err })
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		ok(t, err)
	}
	_, err = w.Close(info())
	ok(t, err)
	if rep, err := Verify(path, verify); err != nil || !rep.OK || rep.Entries != 12+6+9 {
		t.Fatalf("%v %+v", err, rep)
	}
}

// TestMemoryIsFlat streams 64 MiB of audio and 100,000 records.
func TestMemoryIsFlat(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "b.zip"), options())
	ok(t, err)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var most uint64
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(i * i >> 7)
	}
	_, err = w.File("call.wav", func(w io.Writer) error {
		for i := range 64 {
			if _, err := w.Write(block); err != nil {
				return err
			}
			if i%16 == 0 {
				most = max(most, heap())
			}
		}
		return nil
	})
	ok(t, err)
	tab, err := w.Dataset("crm.leads", leadFields)
	ok(t, err)
	for i := range 100_000 {
		ok(t, tab.Row([]Cell{String("Asha Rao"), String(fmt.Sprint(i))}, RowMeta{Locator: "pk=1"}))
		if i%50_000 == 0 {
			most = max(most, heap())
		}
	}
	ok(t, tab.Close())
	most = max(most, heap())
	_, err = w.Close(info())
	ok(t, err)
	if grown := int64(most) - int64(before); grown > 20<<20 {
		t.Fatalf("the heap grew by %d MiB", grown>>20)
	}
}

func BenchmarkTable(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "b.zip"), options())
	ok(b, err)
	fields := make([]FieldInfo, 10)
	for i := range fields {
		fields[i] = FieldInfo{Name: fmt.Sprint("field_", i), Categories: []string{"user.contact"}}
	}
	tab, err := w.Dataset("crm.leads", fields)
	ok(b, err)
	cells := make([]Cell, len(fields))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		for i := range cells {
			cells[i] = String(fmt.Sprint("value ", n*31+i))
		}
		ok(b, tab.Row(cells, RowMeta{Unit: "leads[0,1000)", Locator: fmt.Sprint("pk=", n), RecordedAt: at, EraseAfter: at, Class: "account_crm"}))
	}
	b.StopTimer()
	ok(b, tab.Close())
	m, err := w.Close(info())
	ok(b, err)
	st, err := os.Stat(w.path)
	ok(b, err)
	b.ReportMetric(float64(st.Size())/float64(m.Counts.Records), "zip-bytes/row")
}
