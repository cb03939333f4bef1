package lineage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// inBulk makes every first scan a bulk load that spills after a few units.
var inBulk = Options{MemoryBudget: 1 << 16, direct: -1}

func openWith(t testing.TB, dir string, o Options) *Graph {
	t.Helper()
	g, err := Create(dir, testKey, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// worldUnit returns the sightings of unit i in a version: each person stands in many
// units, some identifiers in all.
func worldUnit(g *Graph, i, version int) []Sighting {
	var out []Sighting
	for k := range 20 + i*37%300 {
		s := Sighting{Collection: "leads", Locator: fmt.Sprintf("pk=%d", i*1000+k), Account: "A" + strconv.Itoa(k%2), Trigger: NoDate, At: int64(k * 100), Categories: []string{"user.name"}}
		if k%3 == 0 {
			s.RecordedAt = time.Unix(int64(1_700_000_000+k*i), 0).UTC()
			s.Names = []Name{{uint32(k), 1 << 31}}
		}
		s.Edges = append(s.Edges, Edge{Token: g.Token("phone", strconv.Itoa((i*7+k*version)%211)), Kind: "phone", Role: Subject},
			Edge{Token: g.Token("email", strconv.Itoa(i*1000+k)), Kind: "email", Role: Mention, Weak: k%5 == 0})
		if k%7 == 0 {
			s.Edges = append(s.Edges, Edge{Token: g.Token("account", "all"), Kind: "crm.accounts.id", Role: Link})
		}
		out = append(out, s)
	}
	return out
}

func unitKey(i int) string { return fmt.Sprintf("files/+91987654%04d.csv", i) }

func writeUnit(w *Writer, i, version int) error {
	u := connectors.Unit{Key: unitKey(i), Fingerprint: strconv.Itoa(version)}
	uw, err := w.Unit("s", u)
	if err != nil {
		return err
	}
	rows := worldUnit(w.g, i, version)
	for len(rows) > 0 { // in uneven batches
		n := min(len(rows), 1+i%150)
		if err := uw.Add(rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return uw.Commit(UnitState{Unit: u, Records: len(worldUnit(w.g, i, version))})
}

// load writes the units and closes the writer.
func loadUnits(t testing.TB, g *Graph, from, to, version int) {
	t.Helper()
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < to; i++ {
		if err := writeUnit(w, i, version); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// contents is everything that the graph answers: the sightings of every unit, and for
// some identifiers who carries them, by unit and locator.
func contents(t testing.TB, g *Graph) (units map[string][]Sighting, carriers map[string][]string) {
	t.Helper()
	units, carriers = map[string][]Sighting{}, map[string][]string{}
	err := g.Units("", func(st *UnitState) error {
		found, err := g.UnitSightings(st.ID)
		for _, f := range found {
			units[st.Unit.Key] = append(units[st.Unit.Key], f.Record)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := map[string]Token{"all": g.Token("account", "all"), "nobody": g.Token("phone", "nobody")}
	for i := range 211 {
		ask[strconv.Itoa(i)] = g.Token("phone", strconv.Itoa(i))
	}
	for i := range 40 {
		ask["mail "+strconv.Itoa(i)] = g.Token("email", strconv.Itoa(i*1000+i))
	}
	samePostings(t, g, slices.Collect(maps.Values(ask)))
	for name, tok := range ask {
		rids, err := g.Postings(tok)
		if err != nil {
			t.Fatal(err)
		}
		found, err := g.Load(rids)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if slices.ContainsFunc(f.Record.Edges, func(e Edge) bool { return e.Token == tok }) {
				carriers[name] = append(carriers[name], f.Unit.Unit.Key+" "+f.Record.Locator)
			}
		}
		slices.Sort(carriers[name])
	}
	return units, carriers
}

func sameContents(t testing.TB, what string, a, b *Graph) {
	t.Helper()
	au, ac := contents(t, a)
	bu, bc := contents(t, b)
	if diff := cmp.Diff(au, bu); diff != "" {
		t.Error(what, "units:", diff)
	}
	if diff := cmp.Diff(ac, bc); diff != "" {
		t.Error(what, "carriers:", diff)
	}
	if len(au) == 0 || len(ac["all"]) == 0 {
		t.Error(what, "both are empty")
	}
}

// TestBulkEqualsUpdate writes the same units in bulk, as an update, and in bulk with
// most of them replaced afterwards.
func TestBulkEqualsUpdate(t *testing.T) {
	plain := openWith(t, t.TempDir(), Options{direct: 1 << 30})
	defer closeGraph(t, plain)
	loadUnits(t, plain, 0, 40, 1)
	dir := t.TempDir()
	bulk := openWith(t, dir, inBulk)
	defer func() { closeGraph(t, bulk) }()
	loadUnits(t, bulk, 0, 40, 1)
	sameContents(t, "bulk and update", plain, bulk)
	other := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, other)
	loadUnits(t, other, 0, 40, 2)
	loadUnits(t, other, 0, 40, 1)
	sameContents(t, "bulk and replaced", plain, other)
	for _, g := range []*Graph{plain, other} {
		if err := g.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sameContents(t, "compacted", plain, other)
	closeGraph(t, bulk)
	bulk = openWith(t, dir, inBulk)
	sameContents(t, "reopened", plain, bulk)
	for _, folder := range []string{loadName, pairsName, freshName, oldName} {
		if _, err := os.Stat(filepath.Join(dir, folder)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left (%v)", folder, err)
		}
	}
}

// TestLoadThatWasCutOff copies the state folder while a load is under way, as a kill
// would leave it, and goes on from the copy.
func TestLoadThatWasCutOff(t *testing.T) {
	whole := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, whole)
	loadUnits(t, whole, 0, 30, 1)

	dir := t.TempDir()
	g := openWith(t, dir, inBulk)
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	copies := map[int]string{}
	for i := range 30 {
		if err := writeUnit(w, i, 1); err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 {
			if err := w.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if i == 5 || i == 9 || i == 15 || i == 29 {
			copies[i] = t.TempDir()
			g.wmu.Lock() // no file is half written
			err := errors.Join(g.load.wait(), os.CopyFS(copies[i], os.DirFS(dir)))
			g.wmu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameContents(t, "undisturbed", whole, g)
	closeGraph(t, g)
	for at, dir := range copies {
		flushed := (at + 1) / 10 * 10
		c := openWith(t, dir, inBulk)
		n := 0
		if err := c.Units("s", func(*UnitState) error { n++; return nil }); err != nil || n != flushed {
			t.Errorf("cut at %d: %d units, want %d (%v)", at, n, flushed, err)
		}
		if at%2 == 1 && flushed > 0 { // somebody asks before the scan goes on
			units, _ := contents(t, c)
			if len(units) != flushed {
				t.Errorf("cut at %d: %d units answer, want %d", at, len(units), flushed)
			}
		} else if flushed > 0 && c.load == nil {
			t.Errorf("cut at %d: the load is not taken up again", at)
		}
		loadUnits(t, c, flushed, 30, 1)
		sameContents(t, fmt.Sprint("cut at ", at), whole, c)
		closeGraph(t, c)
	}
}

// TestQuestionDuringLoad asks while units are half written.
func TestQuestionDuringLoad(t *testing.T) {
	whole := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, whole)
	loadUnits(t, whole, 0, 20, 1)
	g := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, g)
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	const half = 8 // it has more than two blocks
	for i := range half {
		if err := writeUnit(w, i, 1); err != nil {
			t.Fatal(err)
		}
	}
	uw, err := w.Unit("s", connectors.Unit{Key: unitKey(half)})
	if err != nil {
		t.Fatal(err)
	}
	rows := worldUnit(g, half, 1)
	if err := errors.Join(uw.Add(rows[:len(rows)/2]), uw.give(), w.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	if units, _ := contents(t, g); len(units) != half {
		t.Errorf("%d units answer, want %d", len(units), half)
	}
	if g.load != nil {
		t.Error("the load goes on after it was merged")
	}
	if err := errors.Join(uw.Add(rows[len(rows)/2:]), uw.Commit(UnitState{Unit: connectors.Unit{Key: unitKey(half)}})); err != nil {
		t.Fatal(err)
	}
	for i := half + 1; i < 20; i++ {
		if err := writeUnit(w, i, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameContents(t, "asked during the load", whole, g)
}

// TestCloseWhileSpilling closes a writer at once after a batch went to disk in the
// background.
func TestCloseWhileSpilling(t *testing.T) {
	for range 10 {
		g := openWith(t, t.TempDir(), Options{MemoryBudget: 1 << 12, direct: 1 << 30})
		loadUnits(t, g, 3, 4, 1)
		st, err := g.Unit("s", unitKey(3))
		if err != nil || st == nil {
			t.Fatalf("the unit is %v (%v)", st, err)
		}
		found, err := g.UnitSightings(st.ID)
		if err != nil || len(found) != len(worldUnit(g, 3, 1)) {
			t.Errorf("%d sightings, want %d (%v)", len(found), len(worldUnit(g, 3, 1)), err)
		}
		closeGraph(t, g)
	}
}

// TestReplacedInBulk writes some units anew, and more, in bulk and by amending the database: no
// posting of what was replaced is left after the one, and both are as a fresh load is.
func TestReplacedInBulk(t *testing.T) {
	fresh := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, fresh)
	loadUnits(t, fresh, 0, 30, 1)
	loadUnits(t, fresh, 25, 35, 2)
	if err := fresh.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{"in bulk": inBulk, "amended": little} {
		g := openWith(t, t.TempDir(), o)
		defer closeGraph(t, g)
		loadUnits(t, g, 0, 30, 1)
		loadUnits(t, g, 25, 35, 2)
		sameContents(t, name, fresh, g)
		if got := g.updated.Load() != 0; got != (name == "amended") {
			t.Errorf("%s: amended: %v", name, got)
		}
		for i := range 211 {
			tok := g.Token("phone", strconv.Itoa(i))
			want, err := fresh.Postings(tok)
			if err != nil {
				t.Fatal(err)
			}
			got, err := g.Postings(tok)
			if err != nil {
				t.Fatal(err)
			}
			if name == "in bulk" && !slices.Equal(got, want) {
				t.Fatalf("%d postings of phone %d, want %d", len(got), i, len(want))
			}
		}
		blocks := 0
		if err := g.prefix([]byte("b"), func(_, _ []byte) error { blocks++; return nil }); err != nil {
			t.Fatal(err)
		}
		want := 0
		if err := fresh.prefix([]byte("b"), func(_, _ []byte) error { want++; return nil }); err != nil {
			t.Fatal(err)
		}
		if blocks != want {
			t.Errorf("%s: %d blocks, want %d", name, blocks, want)
		}
	}
}

// TestWalkIsInOrder: a walk comes to the units in the order of their numbers, once each,
// over more of them than are read at once.
func TestWalkIsInOrder(t *testing.T) {
	g := openWith(t, t.TempDir(), Options{})
	defer closeGraph(t, g)
	const n = 2*unitsAtOnce + 3
	loadUnits(t, g, 0, n, 1)
	last, units := uint32(0), 0
	err := g.Walk(t.Context(), nil, func(f *Found) error {
		switch {
		case f.Unit.ID < last:
			t.Fatalf("unit %d comes behind unit %d", f.Unit.ID, last)
		case f.Unit.ID > last:
			units++
		}
		last = f.Unit.ID
		return nil
	})
	if err != nil || units != n {
		t.Errorf("%d of %d units: %v", units, n, err)
	}
}
