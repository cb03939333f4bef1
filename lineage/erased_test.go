package lineage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/cratio/sutra/connectors"
)

// TestNothingRawWhileLoading looks at the files of a bulk load that is under way, and
// at the merged graph.
func TestNothingRawWhileLoading(t *testing.T) {
	dir := t.TempDir()
	g := openWith(t, dir, inBulk)
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		if err := writeUnit(w, i, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	tok := g.Token("account", "all")
	look := func(when string) {
		t.Helper()
		seen := 0
		for name, data := range files(t, dir) {
			if strings.Contains(name, loadName) {
				seen++
			}
			for _, raw := range [][]byte{tok[:], tok[:halfToken], []byte("91987654"), []byte("files/"), []byte("pk=1")} {
				if bytes.Contains(data, raw) {
					t.Errorf("%s: %s holds a raw value", when, filepath.Base(name))
				}
			}
		}
		if (seen > 0) != (when == "loading") {
			t.Errorf("%s: %d files of the load", when, seen)
		}
	}
	look("loading")
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	closeGraph(t, g)
	look("merged")
}

// everything returns every version of every entry of the database.
func everything(t *testing.T, g *Graph) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := g.view(func(tx *badger.Txn) error {
		o := badger.DefaultIteratorOptions
		o.AllVersions = true
		it := tx.NewIterator(o)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			v, err := it.Item().ValueCopy(nil)
			if err != nil {
				return err
			}
			k := it.Item().KeyCopy(nil)
			out[string(k)] = append(out[string(k)], v...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// hasPostings reports whether the token stands in any chunk.
func hasPostings(t *testing.T, g *Graph, tok Token) bool {
	t.Helper()
	for k, v := range everything(t, g) {
		for e := (entries{data: v}); k[0] == 'p'; {
			ok, err := e.next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if Token(e.name) == tok {
				return true
			}
		}
	}
	return false
}

// TestCompactForgets opens what is stored with the key, and finds nothing of a unit
// that was removed and of one that was replaced: no token, no locator, no head. No
// file of the old database is left.
func TestCompactForgets(t *testing.T) {
	dir := t.TempDir()
	g := openWith(t, dir, inBulk)
	defer func() { closeGraph(t, g) }()
	loadUnits(t, g, 0, 10, 1)
	gone, kept := g.Token("phone", "+919820145678"), g.Token("phone", "+919820145999")
	put(t, g, "gone", gone, "pk=gone-1", "pk=gone-2")
	put(t, g, "changed", gone, "pk=gone-3")
	put(t, g, "changed", kept, "pk=kept")
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Remove("s", "gone"), w.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if !hasPostings(t, g, gone) || !hasPostings(t, g, kept) {
		t.Error("before: the postings are not found")
	}
	before := files(t, filepath.Join(dir, graphName))
	if err := g.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	if hasPostings(t, g, gone) || !hasPostings(t, g, kept) {
		t.Errorf("after: the erased token is there: %v, the other: %v", hasPostings(t, g, gone), hasPostings(t, g, kept))
	}
	for k, v := range everything(t, g) {
		switch k[0] {
		case 'b':
			plain, err := g.Unseal(v)
			if err != nil {
				t.Fatal(err)
			}
			rows, _, err := decodeBlock(plain, newInterner())
			if err != nil || slices.ContainsFunc(rows, func(s Sighting) bool { return strings.HasPrefix(s.Locator, "pk=gone") }) {
				t.Errorf("an erased record is in a block (%v)", err)
			}
		case 'u':
			if st, err := g.head(v); err != nil || st.Unit.Key == "gone" {
				t.Errorf("the head of a removed unit is left (%v)", err)
			}
		}
	}
	for name, data := range files(t, filepath.Join(dir, graphName)) {
		if strings.HasSuffix(name, ".sst") && len(data) > 0 {
			for old, was := range before {
				if bytes.Equal(was, data) {
					t.Errorf("%s is the old %s", name, filepath.Base(old))
				}
			}
		}
	}
}

// writeTokens writes a unit of one record with the tokens.
func writeTokens(t *testing.T, g *Graph, unit string, toks []Token) {
	t.Helper()
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	uw, err := w.Unit("s", connectors.Unit{Key: unit})
	if err != nil {
		t.Fatal(err)
	}
	s := Sighting{Locator: "pk=1", Trigger: NoDate}
	for _, x := range toks {
		s.Edges = append(s.Edges, Edge{Token: x, Kind: "phone", Role: Subject})
	}
	if err := errors.Join(uw.Add([]Sighting{s}), uw.Commit(UnitState{Unit: connectors.Unit{Key: unit}}), w.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// TestTwinTokens makes tokens that begin with the same 64 bits: each record gets its
// own back, in one block and in several, also after compacting.
func TestTwinTokens(t *testing.T) {
	g := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, g)
	a, b := Token{1, 2, 3, 15: 1}, Token{1, 2, 3, 15: 2}
	write := func(unit string, toks ...Token) { writeTokens(t, g, unit, toks) }
	write("a", a)
	check := func(when string, units map[string][]Token) {
		t.Helper()
		n := 0
		err := g.Walk(t.Context(), nil, func(f *Found) error {
			n++
			var got []Token
			for _, e := range f.Record.Edges {
				got = append(got, e.Token)
			}
			if want := units[f.Unit.Unit.Key]; !slices.Equal(got, want) {
				t.Errorf("%s: unit %s has %x, want %x", when, f.Unit.Unit.Key, got, want)
			}
			return nil
		})
		if err != nil || n != len(units) {
			t.Errorf("%s: %d units, want %d (%v)", when, n, len(units), err)
		}
	}
	check("one", map[string][]Token{"a": {a}})
	write("b", b)
	write("ab", a, b)
	want := map[string][]Token{"a": {a}, "b": {b}, "ab": {a, b}}
	check("three", want)
	if err := g.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("compacted", want)
	if got := len(locators(t, g, a)); got != 2 {
		t.Errorf("%d records of the first, want 2", got)
	}
	g.opt.direct = 1 << 30
	write("a", b) // into the database, where the old posting of the other twin still is
	rids, err := g.Postings(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Load(rids); !errors.Is(err, errBlock) {
		t.Errorf("a record that had one twin and has the other: %v; the graph must not guess", err)
	}
}

func TestOtherVersion(t *testing.T) {
	dir := t.TempDir()
	g := create(t, dir)
	closeGraph(t, g)
	path := filepath.Join(dir, headName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old := bytes.Replace(data, fmt.Appendf(nil, `"version":%d`, formatVersion), []byte(`"version":1`), 1)
	if bytes.Equal(old, data) {
		t.Fatalf("no version in %s", data)
	}
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	if _, err := Open(dir, testKey, Options{}); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "scan anew") {
		t.Errorf("got %v, want ErrVersion and what to do", err)
	}
	if _, err := Open(dir, [32]byte{9}, Options{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("with another key: %v", err)
	}
	if after := files(t, dir); len(after) != len(before) || !bytes.Equal(after[path], old) {
		t.Error("opening changed the folder")
	}
}
