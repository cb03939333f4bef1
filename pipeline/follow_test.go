package pipeline

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/files"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/config"
)

// visit is a record of the followed objects. Some notes name another person.
type visit struct {
	ID    string `json:"id" parquet:"id"`
	Name  string `json:"name" parquet:"name"`
	Phone string `json:"phone" parquet:"phone"`
	Note  string `json:"note" parquet:"note"`
	At    string `json:"at" parquet:"at"`
}

func visitorPhone(p int) string { return fmt.Sprintf("+9198%08d", 20_000_000+p*13) }

// visitWorld writes 600 visits of 40 people in three formats, and the configuration.
func visitWorld(t *testing.T, dir string, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	var list []visit
	for i := range 600 {
		p := r.IntN(40)
		v := visit{ID: fmt.Sprint("v", i), Name: fmt.Sprintf("%s %s", benchFirst[p%len(benchFirst)], benchLast[p%len(benchLast)]), Phone: visitorPhone(p), Note: "asked for the price", At: "2026-10-05T10:00:00+05:30"}
		if r.IntN(6) == 0 {
			v.Note = "call " + visitorPhone(r.IntN(40)) + " instead"
		}
		if r.IntN(9) == 0 {
			v.Phone = ""
		}
		list = append(list, v)
	}
	var table, lines, columns bytes.Buffer
	w := csv.NewWriter(&table)
	err := w.Write([]string{"id", "name", "phone", "note", "at"})
	for _, v := range list {
		err = errors.Join(err, w.Write([]string{v.ID, v.Name, v.Phone, v.Note, v.At}), json.NewEncoder(&lines).Encode(v))
	}
	w.Flush()
	p := parquet.NewGenericWriter[visit](&columns, parquet.MaxRowsPerRowGroup(150), parquet.PageBufferSize(1024))
	_, perr := p.Write(list)
	err = errors.Join(err, perr, p.Close(), os.MkdirAll(filepath.Join(dir, "data/visits"), 0o755))
	for name, data := range map[string][]byte{
		"data/visits/a.csv": table.Bytes(), "data/visits/b.jsonl": lines.Bytes(), "data/visits/c.parquet": columns.Bytes(),
		"sutra.key":  bytes.Repeat([]byte{7}, 32),
		"sutra.yaml": []byte("sources:\n  files: {connector: files, url: \"file:data/\", catalog: catalog.yaml, account: A1}\n"),
		"catalog.yaml": []byte(`dataset:
  - fides_key: files
    collections:
      - name: visits
        meta: {sutra: {class: account_crm, recorded_at: at, erase: delete}}
        fields:
          - {name: id}
          - {name: name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone}}
          - {name: note, data_categories: [user.content]}
          - {name: at}
`),
	} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// watchedSource counts how often units are read whole, and in part. It may be wrong about
// where records are, leave out one that it was asked for, or bring all twice.
type watchedSource struct {
	fileSource
	reads, looks         *atomic.Int64
	wrong, silent, twice bool
}

// fileSource is what a source of objects can do that jobs make use of.
type fileSource interface {
	connectors.Source
	connectors.Follower
	connectors.Finder
	connectors.Picker
	connectors.Historian
}

func (w watchedSource) Read(ctx context.Context, u connectors.Unit) iter.Seq2[connectors.Batch, error] {
	w.reads.Add(1)
	return w.fileSource.Read(ctx, u)
}

func (w watchedSource) Look(ctx context.Context, u connectors.Unit, refs []connectors.Ref) iter.Seq2[connectors.Batch, error] {
	w.looks.Add(1)
	if w.silent {
		refs = refs[1:]
	}
	if w.twice {
		return func(yield func(connectors.Batch, error) bool) {
			for range 2 {
				for b, err := range w.fileSource.Look(ctx, u, refs) {
					if !yield(b, err) {
						return
					}
				}
			}
		}
	}
	return w.fileSource.Look(ctx, u, refs)
}

func (w watchedSource) Follow(ctx context.Context, u connectors.Unit, edits []connectors.Edit) (*connectors.Followed, error) {
	f, err := w.fileSource.Follow(ctx, u, edits)
	if f != nil && w.wrong {
		f, err = w.fileSource.Follow(ctx, u, edits[1:])
	}
	return f, err
}

// visitSite opens the site with a state of its own, in which no object is too small to be
// followed.
func visitSite(t *testing.T, dir, state string) (*Site, *watchedSource) {
	t.Helper()
	kinds := map[string]connectors.Kind{"files": files.Kind()}
	c, _, err := config.Load(filepath.Join(dir, "sutra.yaml"), os.LookupEnv, kinds)
	if err != nil {
		t.Fatal(err)
	}
	c.State = filepath.Join(dir, state)
	s, err := Open(t.Context(), c, kinds, true, func(l any) {
		if g, ok := l.(GapLine); ok {
			t.Errorf("gap: %+v", g)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &watchedSource{fileSource: s.Sources[0].Conn.(fileSource), reads: new(atomic.Int64), looks: new(atomic.Int64)}
	s.Sources[0].Conn, s.wholeUpTo = w, -1
	if _, err := s.Scan(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return s, w
}

// allOf returns all that the graph of a site says of the units, without their numbers.
func allOf(t *testing.T, s *Site) map[string][]lineage.Sighting {
	t.Helper()
	out := map[string][]lineage.Sighting{}
	err := s.Graph.Units("", func(st *lineage.UnitState) error {
		found, err := s.Graph.UnitSightings(st.ID)
		for _, f := range found {
			out[st.Unit.Key] = append(out[st.Unit.Key], f.Record)
		}
		out[fmt.Sprintf("%s: %d records, %d sightings, %s, %d gaps", st.Unit.Key, st.Records, st.Sightings, st.Unit.Fingerprint, len(st.Gaps))] = nil
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fresh scans the same files into a new graph.
func fresh(t *testing.T, dir, state string) map[string][]lineage.Sighting {
	s, _ := visitSite(t, dir, state)
	out := allOf(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// eraseVisitors erases people in one plan and returns what apply did.
func eraseVisitors(t *testing.T, s *Site, dir string, people ...int) ApplySummary {
	t.Helper()
	var asks []Ask
	for _, p := range people {
		asks = append(asks, Ask{Ident: visitorPhone(p)})
	}
	plan := filepath.Join(dir, fmt.Sprintf("plan-%d-%d", time.Now().UnixNano(), people[0]))
	if _, err := s.EraseAll(t.Context(), asks, plan); err != nil {
		t.Fatal(err)
	}
	sum, err := s.Apply(t.Context(), plan, false)
	if err != nil || sum.Failed+sum.Stale+sum.Residue+sum.Gaps > 0 || sum.Erased == 0 {
		t.Fatalf("%+v %v", sum, err)
	}
	return sum
}

// TestFollowedObjects erases people one plan after the other. The graph has to be what a
// scan of the files by somebody who knows nothing makes of them, and the Parquet file is
// never read whole; verify reads no object whole.
func TestFollowedObjects(t *testing.T) {
	for seed := range uint64(6) {
		dir := t.TempDir()
		visitWorld(t, dir, seed)
		s, w := visitSite(t, dir, "state")
		redacted := 0
		for round, people := range [][]int{{3}, {4, 5, 6}, {7}} {
			w.reads.Store(0)
			w.looks.Store(0)
			redacted += eraseVisitors(t, s, dir, people...).Redacted
			if reads, looks := w.reads.Load(), w.looks.Load(); reads != 2 || looks != 1 {
				t.Errorf("apply read %d objects whole and looked into %d, want the table and the lines, and the Parquet file", reads, looks)
			}
			if diff := cmp.Diff(fresh(t, dir, fmt.Sprint("fresh", round)), allOf(t, s)); diff != "" {
				t.Fatalf("seed %d, round %d: the graph is not what is in the files\n%.2000s", seed, round, diff)
			}
			w.reads.Store(0)
			w.looks.Store(0)
			sum, err := s.Verify(t.Context(), "")
			if err != nil || sum.Residue > 0 || sum.Units != 3 {
				t.Fatalf("%+v %v", sum, err)
			}
			if reads, looks := w.reads.Load(), w.looks.Load(); reads != 0 || looks != 3 {
				t.Errorf("verify read %d objects whole and looked into %d", reads, looks)
			}
		}
		if redacted == 0 {
			t.Error("nobody was only mentioned")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFollowedWrongly: where records are not where they were said to be, or the graph knows
// another version, the object is read whole, and the graph is right all the same.
func TestFollowedWrongly(t *testing.T) {
	for what, set := range map[string]func(*Site, *watchedSource){
		"moved otherwise": func(_ *Site, w *watchedSource) { w.wrong = true },
		"a place missing": func(_ *Site, w *watchedSource) { w.silent = true },
		"places twice":    func(_ *Site, w *watchedSource) { w.twice = true },
		"another catalog": func(s *Site, _ *watchedSource) { s.Sources[0].meaning += "x" },
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			visitWorld(t, dir, 11)
			s, w := visitSite(t, dir, "state")
			set(s, w)
			w.reads.Store(0)
			eraseVisitors(t, s, dir, 3, 9)
			if n := w.reads.Load(); n != 3 {
				t.Errorf("%d objects were read whole, want all", n)
			}
			if diff := cmp.Diff(fresh(t, dir, "fresh"), allOf(t, s)); diff != "" {
				t.Errorf("the graph is not what is in the files\n%.2000s", diff)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestEarlierPlaces: what one plan changed is read back for later plans, too, where it is
// by then.
func TestEarlierPlaces(t *testing.T) {
	dir := t.TempDir()
	visitWorld(t, dir, 5)
	s, _ := visitSite(t, dir, "state")
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	const key = "visits/c.parquet"
	eraseVisitors(t, s, dir, 3)
	first := placesRead(t, s, key)
	eraseVisitors(t, s, dir, 30)
	second := placesRead(t, s, key)
	gone := s.Graph.Token("phone", visitorPhone(30))
	for tok := range first {
		if tok != gone && !second[tok] {
			t.Error("a person beside the first change is not read back after the second")
		}
	}
	if len(first) < 10 {
		t.Errorf("only %d identifiers stand beside the first change", len(first))
	}
}

// placesRead returns the identifiers in what is read back of an object.
func placesRead(t *testing.T, s *Site, key string) map[lineage.Token]bool {
	t.Helper()
	out := map[lineage.Token]bool{}
	for _, list := range readBackOf(t, s, key) {
		for _, x := range list {
			for _, e := range x.Edges {
				out[e.Token] = true
			}
		}
	}
	return out
}

// readBackOf reads the places of an object that were changed.
func readBackOf(t *testing.T, s *Site, key string) map[spot][]lineage.Sighting {
	t.Helper()
	st, err := s.Graph.Unit("files", key)
	if err != nil || st == nil {
		t.Fatalf("%s: %v", key, err)
	}
	n, err := s.nearOf("files", st.Unit)
	if err != nil || n == nil {
		t.Fatalf("%s: no places are known (%v)", key, err)
	}
	refs, err := s.places(st, n)
	if err != nil || len(refs) == 0 {
		t.Fatalf("%s: %v", key, err)
	}
	back, err := s.readBack(t.Context(), s.Sources[0], st.Unit, refs)
	if err != nil || len(back) == 0 {
		t.Fatalf("%s: %v", key, err)
	}
	return back
}

// TestSparedReading: an object is read in part only while it is the version that was
// changed, and nobody who is to be gone stands beside the places of a change.
func TestSparedReading(t *testing.T) {
	dir := t.TempDir()
	visitWorld(t, dir, 5)
	s, _ := visitSite(t, dir, "state")
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	eraseVisitors(t, s, dir, 3)
	run := &scan{Site: s}
	for _, key := range []string{"visits/a.csv", "visits/b.jsonl", "visits/c.parquet"} {
		back := readBackOf(t, s, key)
		st, err := s.Graph.Unit("files", key)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.nearOf("files", connectors.Unit{Key: key, Fingerprint: "another"}); n != nil || err != nil {
			t.Errorf("%s: %+v %v of another version", key, n, err)
		}
		for _, tc := range []struct {
			what string
			gone map[lineage.Token]bool
			unit connectors.Unit
			want bool
		}{
			{"nobody", map[lineage.Token]bool{s.Graph.Token("phone", "+919800000000"): true}, st.Unit, true},
			{"a neighbour", map[lineage.Token]bool{neighbour(back): true}, st.Unit, false},
			{"another version", nil, connectors.Unit{Key: key, Fingerprint: "another", Size: st.Unit.Size}, false},
		} {
			if got, err := run.spared(t.Context(), s.Sources[0], tc.unit, st, tc.gone); err != nil || got != tc.want {
				t.Errorf("%s, %s: %v %v", key, tc.what, got, err)
			}
		}
	}
}

// neighbour is an identifier that stands in one of some records.
func neighbour(back map[spot][]lineage.Sighting) (t lineage.Token) {
	for _, list := range back {
		for _, x := range list {
			if i := slices.IndexFunc(x.Edges, func(e lineage.Edge) bool { return e.Role == lineage.Subject }); i >= 0 {
				return x.Edges[i].Token
			}
		}
	}
	return t
}
