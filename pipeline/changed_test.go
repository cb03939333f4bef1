package pipeline

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// stock is a source whose units are keys.
type stock struct {
	keys  map[string]bool
	lists int
}

func (s *stock) Units(context.Context) iter.Seq2[connectors.Unit, error] {
	s.lists++
	return func(yield func(connectors.Unit, error) bool) {
		for _, k := range slices.Sorted(maps.Keys(s.keys)) {
			if !yield(connectors.Unit{Key: k}, nil) {
				return
			}
		}
	}
}

func (s *stock) Find(_ context.Context, key string) iter.Seq2[connectors.Unit, error] {
	return func(yield func(connectors.Unit, error) bool) {
		if s.keys[key] {
			yield(connectors.Unit{Key: key}, nil)
		}
	}
}

func (s *stock) Read(context.Context, connectors.Unit) iter.Seq2[connectors.Batch, error] {
	return func(func(connectors.Batch, error) bool) {}
}

func (s *stock) Close() error { return nil }

// TestRescanOfFewAndMany holds that the units which a plan changed are read again, and
// nothing else that the graph knows, and that those which are gone leave the graph,
// whether they are looked for one by one or in a listing of all.
func TestRescanOfFewAndMany(t *testing.T) {
	for _, many := range []bool{false, true} {
		t.Run(fmt.Sprintf("many=%v", many), func(t *testing.T) {
			st := &stock{keys: map[string]bool{}}
			src := &Source{Conn: st}
			src.Name = "s"
			s := newTestSite(t, nil, src)
			n := 10
			if many {
				n = connectors.FindAtMost + 500
			}
			w, err := s.Graph.Begin()
			if err != nil {
				t.Fatal(err)
			}
			key := func(i int) string { return fmt.Sprintf("k%05d", i) }
			for i := range 2 * n {
				st.keys[key(i)] = true
				u, err := w.Unit("s", connectors.Unit{Key: key(i)})
				if err == nil {
					err = u.Commit(lineage.UnitState{Source: "s", Unit: connectors.Unit{Key: key(i)}})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			list, want := changed{}, map[string]bool{}
			for i := range n { // every other one, and one twice
				for range 1 + i%2 {
					if _, err := list.add(s, "s", key(2*i)); err != nil {
						t.Fatal(err)
					}
				}
				if i%3 == 0 {
					delete(st.keys, key(2*i))
				} else {
					want[key(2*i)] = true
				}
			}
			if list["s"].n != n {
				t.Fatalf("%d changed units, want %d", list["s"].n, n)
			}
			st.keys["new"] = true // the graph does not know it
			if many {
				want["new"] = true
			}
			got, mu := map[string]bool{}, sync.Mutex{}
			err = s.rescan(t.Context(), list, func(*scan) func(context.Context, *Source, connectors.Unit) error {
				return func(_ context.Context, _ *Source, u connectors.Unit) error {
					mu.Lock()
					defer mu.Unlock()
					got[u.Key] = true
					return nil
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" || many != (st.lists == 1) {
				t.Errorf("%d listings; visited (-want +got):\n%s", st.lists, diff)
			}
			for i := range 2 * n {
				known, err := s.Graph.Unit("s", key(i))
				if err != nil || (known != nil) != st.keys[key(i)] {
					t.Fatalf("unit %d: in the graph %v, in the source %v, %v", i, known != nil, st.keys[key(i)], err)
				}
			}
		})
	}
}

// TestTouchedUnits holds that what was touched comes back as it was noted, each unit
// once, from memory and from the scratch file.
func TestTouchedUnits(t *testing.T) {
	for _, n := range []int{0, 1, touchedAtOnce, 2*touchedAtOnce + 7} {
		s := newTestSite(t, nil)
		list := touchedUnits{site: s, changed: changed{}}
		var want, got []touched
		for i := range n {
			x := touched{"s", connectors.Unit{Key: fmt.Sprint(i), Fingerprint: "f"}, i%2 == 0}
			want = append(want, x)
			if err := list.add(x); err != nil {
				t.Fatal(err)
			}
		}
		calls := 0
		err := list.each(func(l []touched) error {
			calls++
			got = append(got, l...)
			return nil
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil || calls == 0 || list.n != n {
			t.Errorf("%d units in %d calls, %v: %s", list.n, calls, err, diff)
		}
		if err := list.close(); err != nil {
			t.Error(err)
		}
	}
}
