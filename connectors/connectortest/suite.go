package connectortest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/connectors"
)

// Suite describes the connector under test by a fixture. What a source cannot do
// (it is no Eraser) is not tested.
type Suite struct {
	// Open returns a source over a fresh copy of the fixture. The suite closes it.
	Open func(t testing.TB) connectors.Source
	// MinRecords is how many records the fixture has at least.
	MinRecords int
	// Gaps is how many gaps reading the whole fixture brings.
	Gaps int
	// Unknown is the key of a unit that does not exist; "" means "no/such/unit".
	Unknown string
	// Victim chooses the record to delete; nil means any.
	Victim func(Record) bool
	// Collection and Field name the column that is emptied in one record; ""
	// means that the connector cannot redact.
	Collection, Field string
}

// prompt is how long a cancelled call may take.
const prompt = 5 * time.Second

// Run runs the suite.
func Run(t *testing.T, o Suite) {
	t.Helper()
	if o.Unknown == "" {
		o.Unknown = "no/such/unit"
	}
	if o.Victim == nil {
		o.Victim = func(Record) bool { return true }
	}
	for name, f := range map[string]func(*testing.T, Suite, connectors.Source){
		"Units": testUnits, "Read": testRead, "Cancel": testCancel, "Unknown": testUnknown, "Pick": testPick,
		"Parallel": testParallel, "Stop": testStop,
	} {
		t.Run(name, func(t *testing.T) { f(t, o, o.open(t)) })
	}
	if _, ok := o.open(t).(connectors.Eraser); !ok {
		return
	}
	t.Run("Delete", func(t *testing.T) { testDelete(t, o, o.open(t)) })
	t.Run("Stale", func(t *testing.T) { testStale(t, o, o.open(t)) })
	t.Run("FailedCheck", func(t *testing.T) { testFailedCheck(t, o, o.open(t)) })
	t.Run("GoneRecord", func(t *testing.T) { testGoneRecord(t, o, o.open(t)) })
	t.Run("Follow", func(t *testing.T) { testFollow(t, o, o.open(t)) })
	if o.Field != "" {
		t.Run("Redact", func(t *testing.T) { testRedact(t, o, o.open(t)) })
	}
}

func (o Suite) open(t testing.TB) connectors.Source {
	t.Helper()
	s := o.Open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

func testUnits(t *testing.T, _ Suite, s connectors.Source) {
	a, b := list(t, s), list(t, s)
	if len(a) == 0 || !slices.Equal(a, b) {
		t.Fatalf("two listings of %d and %d units differ, or are empty", len(a), len(b))
	}
	seen := map[string]bool{}
	for _, u := range a {
		if u.Key == "" || u.Fingerprint == "" || seen[u.Key] {
			t.Errorf("unit %q: an empty or repeated key, or no fingerprint", u.Key)
		}
		seen[u.Key] = true
	}
	for range s.Units(context.Background()) {
		break // must not go on
	}
}

func testRead(t *testing.T, o Suite, s connectors.Source) {
	total, holes := 0, 0
	for _, u := range list(t, s) {
		a, gaps, err := collect(u.Key, s.Read(context.Background(), u))
		b, again, err2 := collect(u.Key, s.Read(context.Background(), u))
		if err != nil || err2 != nil {
			t.Fatalf("unit %s: %v, %v", u.Key, err, err2)
		}
		if !reflect.DeepEqual(a, b) || !slices.Equal(gaps, again) {
			t.Errorf("unit %s: two readings differ", u.Key)
		}
		seen := map[string]bool{}
		for _, r := range a {
			if seen[r.place()] {
				t.Errorf("unit %s: locator %s is there twice", u.Key, r.Locator)
			}
			seen[r.place()] = true
		}
		total, holes = total+len(a), holes+len(gaps)
	}
	if total < o.MinRecords || holes != o.Gaps {
		t.Errorf("%d records and %d gaps, want at least %d and %d", total, holes, o.MinRecords, o.Gaps)
	}
}

func testCancel(t *testing.T, _ Suite, s connectors.Source) {
	units := list(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	start := time.Now()
	var err error
	for _, e := range s.Units(ctx) {
		err = e
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled listing ends with %v", err)
	}
	for _, u := range units {
		if _, _, err := collect(u.Key, s.Read(ctx, u)); !errors.Is(err, context.Canceled) {
			t.Errorf("unit %s: a cancelled reading ends with %v", u.Key, err)
		}
	}
	if e, ok := s.(connectors.Eraser); ok {
		before := contents(readAll(t, s))
		if _, _, err := e.Erase(ctx, units[0], []connectors.Edit{{Collection: "x", Locator: "x", Action: connectors.Delete}}); err == nil {
			t.Error("a cancelled Erase says it is done")
		}
		if !slices.Equal(before, contents(readAll(t, s))) {
			t.Error("a cancelled Erase changed something")
		}
	}
	if d := time.Since(start); d > prompt {
		t.Errorf("cancelled calls took %v", d)
	}
}

func testUnknown(t *testing.T, o Suite, s connectors.Source) {
	for _, fp := range []string{"", "x"} {
		if _, _, err := collect("", s.Read(context.Background(), connectors.Unit{Key: o.Unknown, Fingerprint: fp})); !errors.Is(err, connectors.ErrNotFound) {
			t.Errorf("reading a unit that does not exist: %v", err)
		}
	}
}

func testPick(t *testing.T, _ Suite, s connectors.Source) {
	for _, u := range list(t, s) {
		all, _, err := collect(u.Key, s.Read(context.Background(), u))
		if err != nil {
			t.Fatal(err)
		}
		var blind, aimed []connectors.Ref
		var want []Record
		for i, r := range all {
			if i%3 != 1 {
				ref := connectors.Ref{Collection: r.Collection, Unit: u.Key, Locator: r.Locator}
				blind = append(blind, ref)
				ref.At = r.at
				aimed = append(aimed, ref)
				want = append(want, r)
			}
		}
		pickWant(t, s, u, blind, want)
		pickWant(t, s, u, aimed, want)
		for i := range min(len(aimed), 20) { // one at a time: nothing near it helps
			pickWant(t, s, u, aimed[i:i+1], want[i:i+1])
		}
	}
}

// pickWant picks records and compares those that were asked for; others may come
// with them.
func pickWant(t *testing.T, s connectors.Source, u connectors.Unit, refs []connectors.Ref, want []Record) {
	t.Helper()
	asked := map[string]bool{}
	for _, r := range want {
		asked[r.place()] = true
	}
	got, _, err := collect(u.Key, connectors.Pick(context.Background(), s, u, refs))
	if err != nil {
		t.Fatalf("unit %s: %v", u.Key, err)
	}
	got = slices.DeleteFunc(got, func(r Record) bool { return !asked[r.place()] })
	want = slices.Clone(want)
	byPlace := func(a, b Record) int { return strings.Compare(a.place(), b.place()) }
	slices.SortFunc(got, byPlace)
	slices.SortFunc(want, byPlace)
	for _, list := range [][]Record{got, want} {
		for i := range list {
			list[i].at = 0
		}
	}
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("unit %s: %d records picked, want the %d asked for", u.Key, len(got), len(want))
	}
}

func testParallel(t *testing.T, _ Suite, s connectors.Source) {
	want := contents(readAll(t, s))
	units := list(t, s)
	parts := make([][]Record, len(units))
	var g errgroup.Group
	g.SetLimit(8)
	for i, u := range units {
		g.Go(func() error {
			var err error
			parts[i], _, err = collect(u.Key, s.Read(context.Background(), u))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := contents(slices.Concat(parts...)); !slices.Equal(got, want) {
		t.Errorf("read in parallel: %d records that differ from the %d read one after another", len(got), len(want))
	}
}

func testStop(t *testing.T, _ Suite, s connectors.Source) {
	for _, u := range list(t, s) {
		for _, err := range s.Read(context.Background(), u) {
			if err != nil {
				t.Errorf("unit %s: %v", u.Key, err)
			}
			break // must not go on, and must give memory back
		}
	}
}
