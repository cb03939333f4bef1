package format_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/csv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var cat = connectors.Collection{Name: "leads", Fields: []connectors.CatalogField{{Name: "id", PrimaryKey: true}, {Name: "phone", Identity: "phone"}}}

// open makes a folder of files and a source over it that reads "*.csv".
func open(t testing.TB, files map[string]string, rule connectors.AccountRule) (*format.Source, string) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	root := t.TempDir()
	for k, v := range files {
		p := filepath.Join(root, k)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(v), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	route := func(_ blob.Object, key string) (format.Codec, error) {
		switch filepath.Ext(key) {
		case ".csv":
			return csv.New("leads", "files", cat, csv.Options{Mem: mem}), nil
		case ".xls":
			return nil, &format.SkipError{Reason: "too old"}
		case ".at":
			return atCodec{csv.New("leads", "files", cat, csv.Options{Mem: mem})}, nil
		}
		return nil, nil
	}
	s, err := format.Open(context.Background(), connectors.Config{Name: "files", URL: "file:" + root, Account: rule}, route, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, root
}

// atCodec reads through random access.
type atCodec struct{ format.Codec }

func (a atCodec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	r, n, err := in.At()
	if err != nil {
		return err
	}
	in.Open = func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(r, 0, n)), nil }
	return a.Codec.Decode(ctx, in, yield)
}

func (a atCodec) Stable() bool { return true }

func units(t testing.TB, s *format.Source) map[string]connectors.Unit {
	t.Helper()
	m := map[string]connectors.Unit{}
	for u, err := range s.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		m[u.Key] = u
	}
	return m
}

func rows(s *format.Source, u connectors.Unit) (out []string, err error) {
	for b, e := range s.Read(context.Background(), u) {
		if e != nil {
			return out, e
		}
		for _, g := range b.Gaps {
			out = append(out, "gap "+g.Locator+": "+g.Reason)
		}
		for r := 0; b.Rows != nil && r < int(b.Rows.NumRows()); r++ {
			l, _ := connectors.Value(b.Rows, 0, r)
			id, _ := connectors.Value(b.Rows, 1, r)
			p, _ := connectors.Value(b.Rows, 2, r)
			out = append(out, fmt.Sprintf("%s %s %s", l, id, p))
		}
	}
	return out, nil
}

func gz(t testing.TB, members ...string) string {
	var b bytes.Buffer
	for i, m := range members {
		w := gzip.NewWriter(&b)
		w.Name = fmt.Sprintf("part%d", i)
		_, err := io.WriteString(w, m)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func zst(t testing.TB, s string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(s), nil))
}

const table = "id,phone\n1,a\n2,b\n3,c\n"

var three = []string{"row 1 1 a", "row 2 2 b", "row 3 3 c"}

func TestRead(t *testing.T) {
	s, root := open(t, map[string]string{
		"A1/x.csv": table, "A1/y.csv.gz": gz(t, "id,phone\n1,a\n", "2,b\n3,c\n"), "A1/z.CSV.ZST": zst(t, table), "z.csv.zst": zst(t, table),
		"bad.csv.gz": table, "cut.csv.gz": gz(t, table)[:30], "hidden.csv": gz(t, table), "p.at.gz": gz(t, table), "p.at": table,
		"t.xls": "x", "other.bin": "x", ".DS_Store": "x", "A1/Thumbs.db": "x", "empty.csv": "",
	}, connectors.AccountRule{Segment: 1})
	if err := os.Symlink("z.csv.zst", filepath.Join(root, "link.csv")); err != nil {
		t.Fatal(err)
	}
	all := units(t, s)
	if all["A1/x.csv"].Account != "A1" || all["z.csv.zst"].Account != "" {
		t.Errorf("accounts %q, %q", all["A1/x.csv"].Account, all["z.csv.zst"].Account)
	}
	no := []string{"gap : no collection of the catalog matches this object"}
	for key, want := range map[string][]string{
		"A1/x.csv": three, "A1/y.csv.gz": three, "z.csv.zst": three, "hidden.csv": three, "p.at": three, "p.at.gz": three, "empty.csv": nil,
		"t.xls": {"gap : too old"}, "other.bin": no, "A1/z.CSV.ZST": no, "bad.csv.gz": nil, "cut.csv.gz": nil, "link.csv": nil,
	} {
		u, ok := all[key]
		if !ok {
			t.Errorf("%s is not listed", key)
		}
		delete(all, key)
		got, err := rows(s, u)
		if wantErr := strings.HasPrefix(key, "bad") || strings.HasPrefix(key, "cut") || strings.HasPrefix(key, "link"); (err != nil) != wantErr {
			t.Errorf("%s: error %v", key, err)
		} else if d := cmp.Diff(want, got); d != "" && !wantErr {
			t.Errorf("%s (-want +got):\n%s", key, d)
		}
	}
	if len(all) != 0 {
		t.Errorf("also listed: %v", all)
	}
	if _, err := rows(s, connectors.Unit{Key: "none"}); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("a missing unit: %v", err)
	}
	if _, err := rows(s, connectors.Unit{Key: "A1/x.csv", Fingerprint: "old"}); !errors.Is(err, connectors.ErrChanged) {
		t.Errorf("a stale unit: %v", err)
	}
}

func TestReadStopsAndCancels(t *testing.T) {
	s, root := open(t, map[string]string{"x.csv": "id,phone\n" + strings.Repeat("1,a\n", 5000)}, connectors.AccountRule{})
	u := units(t, s)["x.csv"]
	for range s.Read(context.Background(), u) {
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	n := 0
	for _, err := range s.Read(ctx, u) {
		n++
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) || n != 2 {
		t.Errorf("%d results, last %v", n, last)
	}
	last = nil
	for _, err := range s.Read(context.Background(), u) {
		if last = err; err == nil {
			if err := os.WriteFile(filepath.Join(root, "x.csv"), []byte("id,phone\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.Is(last, connectors.ErrChanged) {
		t.Errorf("changed while it was read: %v", last)
	}
}

func del(n int) connectors.Edit {
	return connectors.Edit{Collection: "leads", Locator: fmt.Sprintf("row %d", n), Action: connectors.Delete}
}

func redact(n int, old string) connectors.Edit {
	return connectors.Edit{Collection: "leads", Locator: fmt.Sprintf("row %d", n), Action: connectors.Redact,
		Rewrite: func(f connectors.Field, v string) (string, connectors.Verdict) {
			if f.Name == "phone" && strings.Contains(v, old) {
				return strings.ReplaceAll(v, old, ""), connectors.Set
			}
			return "", connectors.Same
		}}
}

func TestErase(t *testing.T) {
	ctx := context.Background()
	s, root := open(t, map[string]string{"x.csv": table, "y.csv.gz": gz(t, table), "z.csv.zst": zst(t, table), "d/all.csv": "id,phone\n1,a\n"}, connectors.AccountRule{})
	for _, key := range []string{"x.csv", "y.csv.gz", "z.csv.zst"} {
		u := units(t, s)[key]
		edits := []connectors.Edit{del(1), redact(3, "c")}
		if left, err := s.Residue(ctx, u, edits[1:]); err != nil || len(left) != 1 {
			t.Errorf("%s: residue before: %d, %v", key, len(left), err)
		}
		next, out, err := s.Erase(ctx, u, edits)
		if err != nil || out != (connectors.Outcome{Deleted: 1, Redacted: 1}) {
			t.Fatalf("%s: %+v, %v", key, out, err)
		}
		if next != units(t, s)[key] {
			t.Errorf("%s: next is not what is listed", key)
		}
		got, err := rows(s, next)
		if d := cmp.Diff([]string{"row 1 2 b", "row 2 3 "}, got); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", key, err, d)
		}
		if left, err := s.Residue(ctx, next, edits); err != nil || len(left) != 0 {
			t.Errorf("%s: residue %d, %v", key, len(left), err)
		}
		if _, _, err := s.Erase(ctx, u, edits); !errors.Is(err, connectors.ErrChanged) {
			t.Errorf("%s: a stale unit: %v", key, err)
		}
		if same, out, err := s.Erase(ctx, next, []connectors.Edit{del(9)}); err != nil || same != next || out.Missing != 1 {
			t.Errorf("%s: a missing record: %+v, %v", key, out, err)
		}
	}
	packed, err := os.ReadFile(filepath.Join(root, "y.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil || z.Name != "part0" || !z.ModTime.IsZero() {
		t.Errorf("gzip header %+v, %v", z, err)
	}
	u := units(t, s)["d/all.csv"]
	next, out, err := s.Erase(ctx, u, []connectors.Edit{del(1)})
	if err != nil || out != (connectors.Outcome{Deleted: 1, Gone: true}) || next.Fingerprint != "" {
		t.Errorf("emptied: %+v, %+v, %v", next, out, err)
	}
	if _, err := os.Stat(filepath.Join(root, "d")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the emptied folder is left")
	}
	if _, out, err := s.Erase(ctx, u, []connectors.Edit{del(1)}); err != nil || out != (connectors.Outcome{Missing: 1, Gone: true}) {
		t.Errorf("gone: %+v, %v", out, err)
	}
	if left, err := s.Residue(ctx, u, []connectors.Edit{del(1)}); err != nil || len(left) != 0 {
		t.Errorf("gone: residue %d, %v", len(left), err)
	}
}

func TestEraseChecksAndMerges(t *testing.T) {
	ctx := context.Background()
	s, root := open(t, map[string]string{"x.csv": "id,phone,n\n1,a b,\n2,c,\n", "x.at": table}, connectors.AccountRule{})
	u := units(t, s)["x.csv"]
	var saw map[string]string
	wrong := errors.New("wrong")
	e := del(1)
	e.Check = func(v map[string]string) error { saw = v; return wrong }
	before, _ := os.ReadFile(filepath.Join(root, "x.csv"))
	if _, _, err := s.Erase(ctx, u, []connectors.Edit{e, del(2)}); !errors.Is(err, connectors.ErrChanged) || !errors.Is(err, wrong) {
		t.Errorf("a failing check: %v", err)
	}
	after, _ := os.ReadFile(filepath.Join(root, "x.csv"))
	if d := cmp.Diff(map[string]string{"id": "1", "phone": "a b"}, saw); d != "" || !bytes.Equal(before, after) {
		t.Errorf("checked with %v, changed %t", saw, !bytes.Equal(before, after))
	}
	u, out, err := s.Erase(ctx, u, []connectors.Edit{redact(1, "a"), redact(1, "b")})
	if err != nil || out.Redacted != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	if got, _ := rows(s, u); got[0] != "row 1 1  " {
		t.Errorf("two redactions of one record: %q", got[0])
	}
	at := units(t, s)["x.at"]
	if left, err := s.Residue(ctx, at, []connectors.Edit{del(2), del(7)}); err != nil || len(left) != 1 || left[0].Locator != "row 2" {
		t.Errorf("stable locators: residue %v, %v", left, err)
	}
}

func TestResidueFollowsPositions(t *testing.T) {
	ctx := context.Background()
	s, _ := open(t, map[string]string{"x.csv": table}, connectors.AccountRule{})
	blank := connectors.Edit{Collection: "leads", Locator: "row 3", Action: connectors.Redact,
		Rewrite: func(f connectors.Field, _ string) (string, connectors.Verdict) { return "", connectors.Empty }}
	edits := []connectors.Edit{del(1), blank}
	u := units(t, s)["x.csv"]
	next, _, err := s.Erase(ctx, u, edits)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := s.Residue(ctx, next, edits); err != nil || len(left) != 0 {
		t.Errorf("residue %d, %v: the other row was looked at", len(left), err)
	}
	blank.Locator = "row 1"
	if left, err := s.Residue(ctx, next, []connectors.Edit{blank}); err != nil || len(left) != 1 {
		t.Errorf("residue %d, %v", len(left), err)
	}
}

func TestFetchAndCheck(t *testing.T) {
	ctx := context.Background()
	s, root := open(t, map[string]string{"x.csv": table, "y.bin": "x"}, connectors.AccountRule{})
	var b bytes.Buffer
	if err := s.Fetch(ctx, connectors.Ref{Unit: "x.csv", Locator: "object"}, &b); err != nil || b.String() != table {
		t.Errorf("fetched %q, %v", b.String(), err)
	}
	if err := s.Fetch(ctx, connectors.Ref{Unit: "x.csv", Locator: "row 1"}, &b); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("a row was fetched as a file: %v", err)
	}
	f, err := s.Check(ctx)
	if err != nil || len(f) != 5 || !f[0].OK || f[1].OK || !f[2].OK || !f[3].OK {
		t.Errorf("findings %+v, %v", f, err)
	}
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	if f, err = s.Check(ctx); err != nil || len(f) != 1 || !f[0].Fatal {
		t.Errorf("findings %+v, %v", f, err)
	}
	if _, _, err := s.Erase(ctx, connectors.Unit{Key: "x.csv"}, []connectors.Edit{del(1)}); err == nil {
		t.Error("a source that vanished counts as erased")
	}
}
