package lineage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedEnv); dir != "" {
		if err := loadForKill(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(memoryEnv); dir != "" {
		if err := loadForMemory(dir, benchSize()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"), goleak.IgnoreAnyFunction("go.opencensus.io/stats/view.(*worker).start"))
}

var testKey = [32]byte{1, 2, 3}

func create(t *testing.T, dir string) *Graph {
	t.Helper()
	g, err := Create(dir, testKey, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func closeGraph(t *testing.T, g *Graph) {
	t.Helper()
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}

// put writes one unit with one sighting per locator, all with the same phone.
func put(t *testing.T, g *Graph, unit string, tok Token, locators ...string) {
	t.Helper()
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	u := connectors.Unit{Key: unit, Fingerprint: "f" + fmt.Sprint(len(locators))}
	uw, err := w.Unit("s", u)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range locators {
		s := Sighting{Collection: "leads", Locator: l, Account: "A1", Edges: []Edge{{Token: tok, Kind: "phone", Role: Subject}}}
		if err := uw.Add([]Sighting{s}); err != nil {
			t.Fatal(err)
		}
	}
	if err := uw.Commit(UnitState{Unit: u, Records: len(locators), CommittedAt: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func locators(t rapid.TB, g *Graph, tok Token) []string {
	t.Helper()
	rids, err := g.Postings(tok)
	if err != nil {
		t.Fatal(err)
	}
	found, err := g.Load(rids)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range found {
		if hasRole(&f, tok, Subject) {
			out = append(out, f.Unit.Unit.Key+" "+f.Record.Locator)
		}
	}
	slices.Sort(out)
	return out
}

func TestUnitsAreReplacedRemovedAndCompacted(t *testing.T) {
	dir := t.TempDir()
	g := create(t, dir)
	tok := g.Token("phone", "+919876543210")
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("pk=%03d", i))
	}
	put(t, g, "one", tok, many...)
	put(t, g, "two", tok, "pk=a")
	if got := locators(t, g, tok); len(got) != 301 {
		t.Fatalf("%d sightings, want 301", len(got))
	}
	put(t, g, "one", tok, "pk=new")
	want := []string{"one pk=new", "two pk=a"}
	if diff := cmp.Diff(want, locators(t, g, tok)); diff != "" {
		t.Error("after replacing a unit:", diff)
	}
	closeGraph(t, g)
	g = create(t, dir)
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Remove("s", "two"), w.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := g.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[:1], locators(t, g, tok)); diff != "" {
		t.Error("after removing and compacting:", diff)
	}
	if rids, err := g.Postings(tok); err != nil || len(rids) != 1 {
		t.Errorf("%d postings after compacting, want 1 (%v)", len(rids), err)
	}
	closeGraph(t, g)
}

func TestOneFlushKeepsUnitsApart(t *testing.T) {
	g := create(t, t.TempDir())
	defer closeGraph(t, g)
	tok := g.Token("phone", "+919820145678")
	put(t, g, "back", tok, "pk=old")
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Remove("s", "back"); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"back", "pk=1"}, {"new", "pk=2"}, {"new", "pk=3"}} {
		u := connectors.Unit{Key: c[0]}
		uw, err := w.Unit("s", u)
		if err != nil {
			t.Fatal(err)
		}
		s := Sighting{Locator: c[1], Edges: []Edge{{Token: tok, Kind: "phone", Role: Subject}}}
		if err := errors.Join(uw.Add([]Sighting{s}), uw.Commit(UnitState{Unit: u})); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"back pk=1", "new pk=3"}, locators(t, g, tok)); diff != "" {
		t.Error("a unit removed and written again, and one written twice:", diff)
	}
}

// A process killed right after it created a log file leaves an empty one.
func TestEmptyLogsDoNotLockOut(t *testing.T) {
	dir := t.TempDir()
	g := create(t, dir)
	tok := g.Token("phone", "+919820145678")
	put(t, g, "one", tok, "pk=1")
	closeGraph(t, g)
	for _, name := range []string{"000099.vlog", "00099.mem"} {
		if err := os.WriteFile(filepath.Join(dir, graphName, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g = create(t, dir)
	defer closeGraph(t, g)
	if diff := cmp.Diff([]string{"one pk=1"}, locators(t, g, tok)); diff != "" {
		t.Error(diff)
	}
}

func TestAbortLeavesWhatWas(t *testing.T) {
	g := create(t, t.TempDir())
	defer closeGraph(t, g)
	tok := g.Token("phone", "+919876543210")
	put(t, g, "one", tok, "pk=1")
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	uw, err := w.Unit("s", connectors.Unit{Key: "one"})
	if err != nil {
		t.Fatal(err)
	}
	if err := uw.Add([]Sighting{{Locator: "pk=2", Edges: []Edge{{Token: tok, Kind: "phone", Role: Subject}}}}); err != nil {
		t.Fatal(err)
	}
	uw.Abort()
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"one pk=1"}, locators(t, g, tok)); diff != "" {
		t.Error(diff)
	}
}

func TestWrongKeyChangesNothing(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, testKey, Options{}); !errors.Is(err, ErrNoState) {
		t.Errorf("no state: %v", err)
	}
	g := create(t, dir)
	put(t, g, "A1/Call recording +919876543210.m4a", g.Token("phone", "+919876543210"), "pk=Asha")
	if _, err := Open(dir, testKey, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("a second process: %v", err)
	}
	closeGraph(t, g)
	before := files(t, dir)
	if _, err := Open(dir, [32]byte{9}, Options{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	after := files(t, dir)
	if len(before) != len(after) {
		t.Fatalf("%d files became %d", len(before), len(after))
	}
	for name, data := range before {
		if !bytes.Equal(after[name], data) {
			t.Errorf("%s changed", name)
		}
		for _, raw := range []string{"9876543210", "pk=Asha", "recording"} {
			if bytes.Contains(data, []byte(raw)) {
				t.Errorf("%s holds a raw value", name)
			}
		}
	}
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out[path] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLedgerAndDocuments(t *testing.T) {
	dir := t.TempDir()
	g := create(t, dir)
	tok := g.Token("email", "asha@example.com")
	if err := g.Suppress([]Suppression{{Token: tok, Kind: "email", Account: "A1", Ref: "c1"}}); err != nil {
		t.Fatal(err)
	}
	if err := g.PutDoc("hold", "h1", []byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := g.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	closeGraph(t, g)
	g = create(t, dir)
	defer closeGraph(t, g)
	if s, ok, err := g.Suppressed(tok, "A1"); err != nil || !ok || s.Ref != "c1" {
		t.Errorf("the ledger says %v %v %v", s, ok, err)
	}
	if _, ok, err := g.Suppressed(tok, "A2"); err != nil || ok {
		t.Errorf("another account is on the ledger: %v", err)
	}
	docs, err := g.Docs("hold")
	if err != nil || string(docs["h1"]) != "text" {
		t.Errorf("documents: %q %v", docs, err)
	}
}
