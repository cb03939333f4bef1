package format_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/csv"
	"github.com/cratio/sutra/connectors/format/json"
)

// endless is a store of one large object that is computed where it is read, and
// counted: a head, then records of equal length.
type endless struct {
	blob.Store
	head  string
	line  func(i int) string
	n     int
	bytes atomic.Int64
	reads atomic.Int64
}

func (e *endless) unit() int64 { return int64(len(e.line(0))) }

func (e *endless) Size() int64 { return int64(len(e.head)) + e.unit()*int64(e.n) }

func (e *endless) at(i int) int64 { return int64(len(e.head)) + e.unit()*int64(i) + 1 }

func (e *endless) Stat(context.Context, string) (blob.Object, error) {
	return blob.Object{Key: "big", Size: e.Size(), Version: "v1"}, nil
}

func (e *endless) List(context.Context, string) iter.Seq2[blob.Object, error] {
	return func(yield func(blob.Object, error) bool) {
		yield(blob.Object{Key: "big", Size: e.Size(), Version: "v1"}, nil)
	}
}

func (e *endless) Open(context.Context, string, string) (blob.Reader, error) { return e, nil }

func (e *endless) Close() error { return nil }

func (e *endless) ReadAt(p []byte, off int64) (n int, err error) {
	e.reads.Add(1)
	for n < len(p) && off < e.Size() {
		from := e.head
		at := off
		if off >= int64(len(e.head)) {
			i := (off - int64(len(e.head))) / e.unit()
			from, at = e.line(int(i)), off-int64(len(e.head))-i*e.unit()
		}
		k := copy(p[n:], from[at:])
		n, off = n+k, off+int64(k)
	}
	e.bytes.Add(int64(n))
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestPickReadsLittle asks for single records of an object of 200 MB: what is
// read is what stands around them.
func TestPickReadsLittle(t *testing.T) {
	table := func(i int) string { return fmt.Sprintf("%09d,98%08d,%0180d\n", i, i, i) }
	object := func(i int) string { return fmt.Sprintf(`{"id":"%09d","phone":"98%08d","x":"%0160d"}`+"\n", i, i, i) }
	for _, tt := range []struct {
		name    string
		store   *endless
		codec   func() format.Codec
		locator string
		from    int // number of the first record
	}{
		{"csv", &endless{head: "id,phone,x\n", line: table, n: 1_000_000}, func() format.Codec { return csv.New("leads", "files", cat, csv.Options{}) }, "row ", 1},
		{"jsonl", &endless{line: object, n: 1_000_000}, func() format.Codec { return json.New("files", cat, true) }, "line ", 1},
	} {
		s := format.New(tt.store, connectors.Config{Name: "files"}, func(blob.Object, string) (format.Codec, error) { return tt.codec(), nil }, nil)
		for _, c := range []struct {
			what  string
			rows  []int
			bytes int64
			reads int64
		}{
			{"one in the middle", []int{500_000}, 400 << 10, 5},
			{"the last", []int{999_999}, 400 << 10, 5},
			{"fifty side by side", spread(400_000, 1, 50), 400 << 10, 6},
			{"fifty far apart", spread(1000, 19_000, 50), 5 << 20, 60},
		} {
			var refs []connectors.Ref
			want := map[string]string{}
			for _, i := range c.rows {
				r := connectors.Ref{Collection: "leads", Unit: "big", Locator: fmt.Sprint(tt.locator, i+tt.from), At: tt.store.at(i)}
				refs = append(refs, r)
				want[r.Locator] = fmt.Sprintf("%09d 98%08d", i, i)
			}
			tt.store.bytes.Store(0)
			tt.store.reads.Store(0)
			got, err := picked(s, connectors.Unit{Key: "big", Fingerprint: "v1"}, refs)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s, %s: %v %s", tt.name, c.what, err, diff)
			}
			if n, k := tt.store.bytes.Load(), tt.store.reads.Load(); n > c.bytes || k > c.reads {
				t.Errorf("%s, %s: %d bytes in %d reads, want at most %d in %d", tt.name, c.what, n, k, c.bytes, c.reads)
			}
		}
	}
}

func spread(from, step, n int) (out []int) {
	for i := range n {
		out = append(out, from+i*step)
	}
	return out
}

// picked returns the values of the picked records by locator.
func picked(s *format.Source, u connectors.Unit, refs []connectors.Ref) (map[string]string, error) {
	out := map[string]string{}
	asked := map[string]bool{}
	for _, r := range refs {
		asked[r.Locator] = true
	}
	for b, err := range s.Pick(context.Background(), u, refs) {
		if err != nil {
			return out, err
		}
		for r := 0; b.Rows != nil && r < int(b.Rows.NumRows()); r++ {
			l, _ := connectors.Value(b.Rows, 0, r)
			id, _ := connectors.Value(b.Rows, 1, r)
			p, _ := connectors.Value(b.Rows, 2, r)
			if asked[l] {
				out[strings.Clone(l)] = id + " " + p
			}
		}
	}
	return out, nil
}

// TestPickFallsBack picks where positions are of no use: the whole unit is read.
func TestPickFallsBack(t *testing.T) {
	const table = "id,phone\n1,98\n2,97\n3,96\n"
	s, root := open(t, map[string]string{"a.csv": table, "b.csv.gz": gz(t, table), "c.csv": "", "d.xls": "x"}, connectors.AccountRule{})
	all := units(t, s)
	good := connectors.Ref{Collection: "leads", Locator: "row 2", At: int64(strings.Index(table, "2,97")) + 1}
	blind, wrong := good, good
	blind.At, wrong.At = 0, good.At+1
	for _, tt := range []struct {
		what string
		unit string
		ref  connectors.Ref
	}{{"at its position", "a.csv", good}, {"no position", "a.csv", blind}, {"a wrong position", "a.csv", wrong}, {"compressed", "b.csv.gz", good}} {
		got, err := picked(s, all[tt.unit], []connectors.Ref{tt.ref})
		if diff := cmp.Diff(map[string]string{"row 2": "2 97"}, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", tt.what, err, diff)
		}
	}
	if got, err := picked(s, connectors.Unit{Key: "a.csv"}, []connectors.Ref{good}); err != nil || len(got) != 1 {
		t.Errorf("of no known version: %v %v", got, err)
	}
	for _, name := range []string{"c.csv", "d.xls"} {
		if got, err := picked(s, all[name], []connectors.Ref{good}); err != nil || len(got) != 0 {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "a.csv"), []byte("id,phone\n9,9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := picked(s, all["a.csv"], []connectors.Ref{good}); !errors.Is(err, connectors.ErrChanged) || len(got) != 0 {
		t.Errorf("changed since: %v %v", got, err)
	}
	for range s.Pick(context.Background(), units(t, s)["a.csv"], []connectors.Ref{{Collection: "leads", Locator: "row 1", At: 10}}) {
		break // must give memory back
	}
}
