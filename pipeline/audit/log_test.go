package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var testKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

func sign(b []byte) []byte { return ed25519.Sign(testKey, b) }
func verify(msg, sig []byte) bool {
	return ed25519.Verify(testKey.Public().(ed25519.PublicKey), msg, sig)
}
func verifyNone(msg, sig []byte) bool { return false }

var noon = time.Date(2026, 6, 27, 6, 30, 0, 0, time.UTC)

// fill makes a log of n entries and returns its lines and anchors.
func fill(t *testing.T, dir string, n int) ([]string, []Anchor) {
	t.Helper()
	l, err := Open(dir, sign, verify)
	if err != nil {
		t.Fatal(err)
	}
	var anchors []Anchor
	for i := range n {
		e, err := l.Append(context.Background(), noon.Add(time.Duration(i)*time.Minute), "nightly", "scan.finished",
			map[string]any{"units": i, "source": "crm", "big": int64(1) << 60, "gaps": []string{"a<b>"}})
		if err != nil {
			t.Fatal(err)
		}
		h, err := l.Head()
		if err != nil {
			t.Fatal(err)
		}
		anchors = append(anchors, Anchor{e.Seq, e.Hash, h.Root.String()})
	}
	b, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n"), anchors
}

func check(t *testing.T, dir string, anchors ...Anchor) LogReport {
	t.Helper()
	l := &Log{dir: dir, verify: verify}
	r, err := l.Verify(anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func put(t *testing.T, dir, name string, data string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLogAppendAndRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	_, anchors := fill(t, dir, 7)
	if r := check(t, dir, anchors...); !r.OK || r.Entries != 7 || r.Signed != 7 || r.Torn || r.Root != anchors[6].Root {
		t.Fatalf("%+v", r)
	}
	l, err := Open(dir, nil, verify)
	if err != nil {
		t.Fatal(err)
	}
	es, err := l.Entries(3, 2)
	if err != nil || len(es) != 2 || es[0].Seq != 3 || es[1].Prev != es[0].Hash || es[0].At != "2026-06-27T12:02:00+05:30" {
		t.Fatalf("%v %+v", err, es)
	}
	if fmt.Sprint(es[0].Fields["big"]) != "1152921504606846976" {
		t.Fatalf("a number lost digits: %v", es[0].Fields["big"])
	}
	if es, err = l.Entries(0, 0); err != nil || len(es) != 7 {
		t.Fatalf("%v, %d entries", err, len(es))
	}
	if _, err := l.Append(context.Background(), noon, "a", "b", nil); !errors.Is(err, ErrReadOnly) {
		t.Fatal(err)
	}
	if _, err := Open(dir, nil, verifyNone); !errors.Is(err, ErrTampered) {
		t.Fatal(err)
	}
	if l, err := Open(filepath.Join(dir, "none"), nil, verify); err != nil {
		t.Fatal(err)
	} else if h, err := l.Head(); err != nil || h.N != 0 {
		t.Fatal(err, h)
	}
}

func TestLogRefusesPersonalAndOddValues(t *testing.T) {
	l, err := Open(t.TempDir(), sign, verify)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{"asha@example.com", "+91 98765 43210", "9876543210", []string{"x", "a.b@c.in"},
		map[string]string{"asha@example.com": "1"}, "call 9876543210 now"} {
		if _, err := l.Append(context.Background(), noon, "a", "b", map[string]any{"v": v}); !errors.Is(err, ErrPersonal) {
			t.Errorf("%v: %v", v, err)
		} else if strings.Contains(err.Error(), "asha") || strings.Contains(err.Error(), "98765") {
			t.Errorf("the error carries the value: %v", err)
		}
	}
	for _, v := range []any{struct{ A int }{1}, strings.Repeat("x", maxText+1), map[int]int{1: 1}, func() {}, [][][]int{{{1}}}} {
		if _, err := l.Append(context.Background(), noon, "a", "b", map[string]any{"v": v}); err == nil {
			t.Errorf("%T was taken", v)
		}
	}
	if _, err := l.Append(context.Background(), noon, "", "b", nil); err == nil {
		t.Error("no actor was taken")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Append(ctx, noon, "a", "b", nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, v := range []any{"01J1CK8Z8ZQ8YV3W4X5Y6Z7A8B", 9876543210, strings.Repeat("9876543210", 4), "2026-06-27T12:02:00+05:30", nil, 1.5} {
		if _, err := l.Append(context.Background(), noon, "a", "b", map[string]any{"v": v}); err != nil {
			t.Errorf("%v: %v", v, err)
		}
	}
}

func TestLogConcurrentWriters(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for w := range 4 { // four logs stand for four processes: flock tells open files apart
		l, err := Open(dir, sign, verify)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for i := range 5 {
				_, err := l.Append(context.Background(), noon, "w", "e", map[string]any{"w": w, "i": i})
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	if r := check(t, dir); !r.OK || r.Entries != 20 {
		t.Fatalf("%+v", r)
	}
}

func TestLogTamperingAtEachEntry(t *testing.T) {
	const n = 9
	dir := t.TempDir()
	lines, _ := fill(t, dir, n)
	lines[n-1] += "\n"
	try := func(name string, at int, kind string, changed []string) {
		t.Helper()
		put(t, dir, logName, strings.Join(changed, ""))
		r := check(t, dir)
		if r.OK || r.BreakAt != int64(at) || r.Kind != kind {
			t.Errorf("%s: %+v, want %s at %d", name, r, kind, at)
		}
		if l, err := Open(dir, sign, verify); err == nil { // what Open lets pass, the walk above found
			if r2, err := l.Verify(); err != nil || r2.OK {
				t.Errorf("%s: %v %+v", name, err, r2)
			}
		}
	}
	clone := func() []string { return append([]string(nil), lines...) }
	for i := range n {
		c := clone()
		c[i] = strings.Replace(c[i], `"units":`, `"units":1`, 1)
		try(fmt.Sprint("change ", i+1), i+1, BreakChanged, c)
		c = clone()
		c[i] = "garbage\n"
		try(fmt.Sprint("garbage ", i+1), i+1, BreakChanged, c)
		if i < n-1 {
			c = append(clone()[:i], lines[i+1:]...)
			try(fmt.Sprint("remove ", i+1), i+1, BreakRemoved, c)
			c = clone()
			c[i], c[i+1] = c[i+1], c[i]
			try(fmt.Sprint("swap ", i+1), i+1, BreakReordered, c)
		}
		if i < n-1 && i > 0 {
			try(fmt.Sprint("truncate to ", i), i+1, BreakTruncated, clone()[:i])
		}
		c = clone()
		c = append(c[:i+1], c[i:]...)
		at, kind := i+2, BreakReordered
		if i == n-1 {
			at, kind = n+1, BreakExtra
		}
		try(fmt.Sprint("double ", i+1), at, kind, c)
		rehashed(t, lines, i, func(c []string) {
			put(t, dir, logName, strings.Join(c, ""))
			if r := check(t, dir); r.OK || r.BreakAt > int64(i+1) {
				t.Errorf("rehash %d: %+v", i+1, r)
			}
		})
	}
}

func TestLogAgainstAnchors(t *testing.T) {
	dir := t.TempDir()
	_, anchors := fill(t, dir, 9)
	if r := check(t, dir, anchors...); !r.OK {
		t.Fatalf("%+v", r)
	}
	if r := check(t, dir, Anchor{3, anchors[4].EntryHash, anchors[2].Root}); r.OK || r.Kind != BreakAnchor || r.BreakAt != 3 {
		t.Errorf("anchor: %+v", r)
	}
	if r := check(t, dir, Anchor{Seq: 12}); r.OK || r.Kind != BreakAnchor {
		t.Errorf("anchor beyond the end: %+v", r)
	}
	if err := os.Remove(filepath.Join(dir, headName)); err != nil {
		t.Fatal(err)
	}
	if r := check(t, dir); r.OK || r.Kind != BreakHead {
		t.Errorf("no head: %+v", r)
	}
}

// rehashed changes entry i and computes every later hash again, as somebody
// without the signing key could.
func rehashed(t *testing.T, lines []string, i int, f func([]string)) {
	t.Helper()
	out := append([]string(nil), lines[:i]...)
	prev := zeroHash
	for k, line := range lines {
		e, err := decodeEntry([]byte(strings.TrimSuffix(line, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		if k >= i {
			if k == i {
				e.Fields["units"] = 77777
			}
			at, err := time.Parse(time.RFC3339, e.At)
			if err != nil {
				t.Fatal(err)
			}
			b, err := encodeEntry(e.Seq, at, e.Actor, e.Event, e.Fields, prev)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(b)+"\n")
			if e, err = decodeEntry(b); err != nil {
				t.Fatal(err)
			}
		}
		prev = e.Hash
	}
	f(out)
}

func TestLogHeadTampering(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 5)
	b, err := os.ReadFile(filepath.Join(dir, headName))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range b {
		for _, x := range []byte{c ^ 1, 'x'} {
			if x == c {
				continue
			}
			m := bytes.Clone(b)
			m[i] = x
			put(t, dir, headName, string(m))
			h, err := readHead(filepath.Join(dir, headName), verify)
			if err == nil && (h.N != 5 || len(h.peaks) != 2 || !bytes.Contains(b, []byte(h.LastHash))) {
				t.Fatalf("byte %d changed to %q: %+v", i, x, h)
			}
		}
	}
}
