package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// TestLogTorn cuts the log at every byte of its last entry: the entry comes back
// from the signed head, and the repair is an entry of its own.
func TestLogTorn(t *testing.T) {
	dir := t.TempDir()
	lines, _ := fill(t, dir, 4)
	head, err := os.ReadFile(filepath.Join(dir, headName))
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.Join(lines, "") + "\n"
	start := len(whole) - len(lines[3]) - 1
	reset := func(log string) *Log {
		put(t, dir, logName, log)
		put(t, dir, headName, string(head))
		l, err := Open(dir, sign, verify)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := l.Verify(); err != nil || !r.OK || r.Torn != (log != whole) {
			t.Fatalf("before the repair: %v %+v", err, r)
		}
		if es, err := l.Entries(1, 0); err != nil || len(es) != 4 || es[3].Seq != 4 {
			t.Fatalf("%v, %d entries", err, len(es))
		}
		return l
	}
	after := func(l *Log, name string) {
		if _, err := l.Append(context.Background(), noon, "a", "next", nil); err != nil {
			t.Fatal(name, err)
		}
		es, err := l.Entries(1, 0)
		if err != nil || len(es) != 6 || es[4].Event != EventRepaired || es[5].Event != "next" {
			t.Fatalf("%s: %v %+v", name, err, es)
		}
		if r, err := l.Verify(); err != nil || !r.OK || r.Torn || r.Entries != 6 {
			t.Fatalf("%s: %v %+v", name, err, r)
		}
	}
	for cut := start; cut < len(whole); cut += 31 {
		after(reset(whole[:cut]), fmt.Sprint("cut at ", cut))
	}
	after(reset(whole[:len(whole)-1]), "no newline")
	after(reset(whole[:start+5]+"\x00\x00\x00"), "zeros")
	after(reset(whole+`{"seq":5,"at`), "foreign tail")
}

func TestLogRollbackWhileOpen(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, sign, verify)
	if err != nil {
		t.Fatal(err)
	}
	add := func() error {
		_, err := l.Append(context.Background(), noon, "a", "b", nil)
		return err
	}
	if err := add(); err != nil {
		t.Fatal(err)
	}
	log, err1 := os.ReadFile(filepath.Join(dir, logName))
	head, err2 := os.ReadFile(filepath.Join(dir, headName))
	if err := errors.Join(err1, err2, add()); err != nil {
		t.Fatal(err)
	}
	put(t, dir, logName, string(log))
	put(t, dir, headName, string(head))
	if err := add(); !errors.Is(err, ErrTampered) {
		t.Fatal(err)
	}
}

func TestPeaksAreTheTreeOfTlog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stored []tlog.Hash
		read := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
			var out []tlog.Hash
			for _, i := range at {
				out = append(out, stored[i])
			}
			return out, nil
		})
		var peaks []tlog.Hash
		for i, rec := range rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 40).Draw(t, "records") {
			hs, err := tlog.StoredHashes(int64(i), rec, read)
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, hs...)
			peaks = addLeaf(peaks, int64(i), tlog.RecordHash(rec))
			want, err := tlog.TreeHash(int64(i+1), read)
			if err != nil || rootOf(peaks) != want {
				t.Fatal(i, err)
			}
		}
	})
}
