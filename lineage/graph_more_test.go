package lineage

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// fullSighting has a value in every field.
func fullSighting(g *Graph) Sighting {
	return Sighting{
		Collection: "leads", Locator: "pk=Asha Verma", Within: "body/RESPONSE/0", Account: "A1",
		Categories: []string{"user.name", "user.contact.email"}, RecordedAt: time.Unix(1_790_000_000, 0).UTC(), Trigger: BadDate,
		Edges: []Edge{
			{Token: g.Token("email", "asha@example.com"), Kind: "email", Role: Subject},
			{Token: g.Token("phone", "+912225706200"), Kind: "phone", Role: Mention, Weak: true},
		},
		Names: []Name{{1, 1 << 31}, {7}}, Labels: []Name{{5, 6}}, At: 4711, Sum: 1 << 63, Facts: map[string]string{"trigger": "2026-05-14", "override:call": "180"},
	}
}

func TestSightingSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	g := create(t, dir)
	want := fullSighting(g)
	unit := connectors.Unit{Key: "a/b.csv", Fingerprint: "f1", Size: 9, Account: "A1"}
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	uw, err := w.Unit("s", unit)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(uw.Add([]Sighting{want}), uw.Commit(UnitState{Unit: unit, Records: 3, Digest: "d", Catalog: "c"})); err != nil {
		t.Fatal(err)
	}
	if st, err := g.Unit("s", unit.Key); err != nil || st != nil {
		t.Errorf("visible before the flush: %v %v", st, err)
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, after := range []string{"reopening", "compacting"} {
		closeGraph(t, g)
		if g, err = Open(dir, testKey, Options{}); err != nil {
			t.Fatal(err)
		}
		st, err := g.Unit("s", unit.Key)
		if err != nil || st == nil {
			t.Fatalf("after %s: the unit is %v (%v)", after, st, err)
		}
		if diff := cmp.Diff(unit, st.Unit); diff != "" || st.Records != 3 || st.Sightings != 1 || st.Digest != "d" || st.Catalog != "c" {
			t.Errorf("after %s: %+v %s", after, st, diff)
		}
		found, err := g.UnitSightings(st.ID)
		if err != nil || len(found) != 1 {
			t.Fatalf("after %s: %d sightings (%v)", after, len(found), err)
		}
		if diff := cmp.Diff(want, found[0].Record); diff != "" {
			t.Errorf("after %s: %s", after, diff)
		}
		if err := g.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	closeGraph(t, g)
}

// TestNothingRawOnDisk looks for locators, keys, identifiers and tokens in every
// file, before and after a unit is removed and the graph compacted.
func TestNothingRawOnDisk(t *testing.T) {
	dir := t.TempDir()
	g := create(t, dir)
	tok := g.Token("phone", "+919820145678")
	put(t, g, "calls/+919820145678.m4a", tok, "pk=Asha Verma")
	put(t, g, "calls/other.m4a", g.Token("phone", "+919820145999"), "pk=Bela Rao")
	if err := errors.Join(
		g.Suppress([]Suppression{{Token: tok, Kind: "phone", Account: "A1-secret", Ref: "cert-77"}}),
		g.PutDoc("hold", "h1", []byte("a note on Asha Verma"))); err != nil {
		t.Fatal(err)
	}
	look := func(when string) {
		t.Helper()
		for name, data := range files(t, dir) {
			for _, raw := range [][]byte{tok[:], []byte("9820145678"), []byte("calls/"), []byte("Asha"), []byte("Bela"), []byte("A1-secret"), []byte("cert-77")} {
				if bytes.Contains(data, raw) {
					t.Errorf("%s: %s holds a raw value", when, filepath.Base(name))
				}
			}
		}
	}
	closeGraph(t, g)
	look("closed")
	g = create(t, dir)
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Remove("s", "calls/+919820145678.m4a"), w.Remove("s", "never there"), w.Close(t.Context()), g.Compact(t.Context())); err != nil {
		t.Fatal(err)
	}
	if rids, err := g.Postings(tok); err != nil || len(rids) != 0 {
		t.Errorf("%d postings of a removed unit (%v)", len(rids), err)
	}
	closeGraph(t, g)
	look("compacted")
}

func TestNoStateMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	if _, err := Open(dir, testKey, Options{}); !errors.Is(err, ErrNoState) {
		t.Errorf("got %v, want ErrNoState", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opening made the folder: %v", err)
	}
}

// TestInterruptedCompaction stops a swap at each of its steps.
func TestInterruptedCompaction(t *testing.T) {
	for _, c := range []struct {
		name string
		stop func(dir string) error
	}{
		{"while the fresh one is written", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, freshName), 0o700), os.WriteFile(filepath.Join(dir, freshName, "000001.vlog"), []byte("half"), 0o600))
		}},
		{"when the fresh one is complete", func(dir string) error {
			return errors.Join(os.CopyFS(filepath.Join(dir, freshName), os.DirFS(filepath.Join(dir, graphName))), os.WriteFile(filepath.Join(dir, freshName, "complete"), nil, 0o600))
		}},
		{"between the two renames", func(dir string) error {
			return errors.Join(os.CopyFS(filepath.Join(dir, freshName), os.DirFS(filepath.Join(dir, graphName))), os.WriteFile(filepath.Join(dir, freshName, "complete"), nil, 0o600),
				os.Rename(filepath.Join(dir, graphName), filepath.Join(dir, oldName)))
		}},
		{"before the old one is cleared away", func(dir string) error {
			return os.CopyFS(filepath.Join(dir, oldName), os.DirFS(filepath.Join(dir, graphName)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			g := create(t, dir)
			tok := g.Token("phone", "+919820145678")
			put(t, g, "one", tok, "pk=1", "pk=2")
			closeGraph(t, g)
			if err := c.stop(dir); err != nil {
				t.Fatal(err)
			}
			g, err := Open(dir, testKey, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"one pk=1", "one pk=2"}, locators(t, g, tok)); diff != "" {
				t.Error(diff)
			}
			closeGraph(t, g)
			for _, gone := range []string{freshName, oldName} {
				if _, err := os.Stat(filepath.Join(dir, gone)); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s is left (%v)", gone, err)
				}
			}
		})
	}
}
