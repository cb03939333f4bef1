package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/config"
	"github.com/cratio/sutra/pipeline/policy"
)

// newTestSite opens a site with an empty graph and the given sources.
func newTestSite(t *testing.T, lines *[]any, sources ...*Source) *Site {
	t.Helper()
	dir := t.TempDir()
	g, err := lineage.Create(dir, [32]byte{1}, lineage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenSources(t.Context(), &config.Config{State: dir}, nil, func(l any) {
		if lines != nil {
			*lines = append(*lines, l)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Graph, s.Policy, s.Sources, s.kinds = g, policy.Default(), sources, newKinds(sources)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// want is a step as it was given to the planner.
type wantStep struct {
	Source, Key string
	Order       int
	Edits       []planEdit
}

// makePlan saves a plan of random steps and returns them in the order of execution.
func makePlan(t rapid.TB, s *Site, path string, units, rounds, kept int, many func() int) []wantStep {
	pl, err := s.newPlanner(context.Background(), "erase", time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pl.close(); err != nil {
			t.Error(err)
		}
	}()
	pl.plan.body.Subjects = []planSubject{{Account: "A1", Tokens: map[string]string{"00": "phone"}}}
	steps := map[uint32]*wantStep{}
	for range rounds { // the edits of a unit may come in turns
		for u := range uint32(units) {
			for i := range many() {
				st := &lineage.UnitState{ID: u, Source: fmt.Sprintf("s%d", u%3), Unit: connectors.Unit{Key: fmt.Sprintf("key %d", u)}}
				e := planEdit{Collection: "c", Locator: fmt.Sprintf("row %d", i), Delete: i%2 == 0, Account: "A1"}
				if err := pl.spool.edit(st, int(u%4), e); err != nil {
					t.Fatal(err)
				}
				if steps[u] == nil {
					steps[u] = &wantStep{st.Source, st.Unit.Key, int(u % 4), nil}
				}
				e.No = len(steps[u].Edits)
				steps[u].Edits = append(steps[u].Edits, e)
			}
		}
	}
	for i := range kept {
		if err := pl.spool.stays(KeptLine{Locator: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pl.finish(path); err != nil {
		t.Fatal(err)
	}
	var out []wantStep
	for u := range uint32(units) {
		if steps[u] != nil {
			out = append(out, *steps[u])
		}
	}
	return out
}

// TestPlanFile holds that a plan is read back as it was made: each step once, whole,
// those of a source together and in their order.
func TestPlanFile(t *testing.T) {
	s := newTestSite(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(s.Config.State, "plan.json")
		kept := rapid.SampledFrom([]int{0, 1, 20, 2500}).Draw(t, "kept")
		sizes := []int{0, 0, 1, 1, 2, 3, 5, 8, 20, 40, 60, spoolEdits/2 + 1}
		want := makePlan(t, s, path, rapid.IntRange(0, 8).Draw(t, "units"), rapid.IntRange(0, 3).Draw(t, "rounds"), kept,
			func() int { return rapid.SampledFrom(sizes).Draw(t, "edits") })
		got := 0
		p, err := s.load(path, func(KeptLine) { got++ })
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := p.close(); err != nil {
				t.Error(err)
			}
		}()
		if got != kept || p.Keep != kept || len(p.body.Subjects) != 1 {
			t.Fatalf("%d kept lines, %d in the head, want %d; %d subjects", got, p.Keep, kept, len(p.body.Subjects))
		}
		left := map[string]bool{} // sources that are over
		last, order := "", -1
		seen := map[string]wantStep{}
		err = p.steps(func(st planStep) error {
			if st.Source != last {
				if left[st.Source] {
					t.Fatalf("the steps of %s do not stand together", st.Source)
				}
				left[last], last, order = true, st.Source, -1
			}
			if st.Order < order || st.No != len(seen) {
				t.Fatalf("step %d of order %d after order %d", st.No, st.Order, order)
			}
			order = st.Order
			seen[st.Unit.Unit.Key] = wantStep{st.Source, st.Unit.Unit.Key, st.Order, st.Edits}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(seen) != len(want) || p.Steps != len(want) {
			t.Fatalf("%d steps, %d in the head, want %d", len(seen), p.Steps, len(want))
		}
		for _, w := range want {
			if diff := cmp.Diff(w, seen[w.Key]); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// TestPlanTampered changes a plan line by line, also with its hash made anew, which
// needs no key: every change is refused.
func TestPlanTampered(t *testing.T) {
	s := newTestSite(t, nil)
	path := filepath.Join(s.Config.State, "plan.json")
	other := filepath.Join(s.Config.State, "other.json")
	for kept, to := range []string{path, other} {
		makePlan(t, s, to, 3, 1, 1+kept, func() int { return 2 })
	}
	read := func(name string) [][]byte {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.SplitAfter(data, []byte("\n"))
		return lines[:len(lines)-1]
	}
	whole, foreign := read(path), read(other)
	for name, change := range map[string]func(l [][]byte) [][]byte{
		"a line is left out":        func(l [][]byte) [][]byte { return append(l[:2:2], l[3:]...) },
		"the last item is left out": func(l [][]byte) [][]byte { return l[:len(l)-1] },
		"two lines change places":   func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l },
		"a line comes twice":        func(l [][]byte) [][]byte { return append(l[:2:2], l[1:]...) },
		"a line of another plan":    func(l [][]byte) [][]byte { l[1] = foreign[1]; return l },
		"a line is damaged": func(l [][]byte) [][]byte {
			l[1] = bytes.Repeat([]byte("A"), len(l[1])-1)
			l[1] = append(l[1], '\n')
			return l
		},
		"the head says other counts": func(l [][]byte) [][]byte {
			l[0] = bytes.Replace(l[0], []byte(`"records":`), []byte(`"records":1`), 1)
			return l
		},
		"the head says another kind": func(l [][]byte) [][]byte {
			l[0] = bytes.Replace(l[0], []byte(`"erase"`), []byte(`"retain"`), 1)
			return l
		},
	} {
		lines := change(append([][]byte(nil), whole[:len(whole)-1]...))
		body := bytes.Join(lines, nil)
		for what, tail := range map[string]string{"old hash": string(whole[len(whole)-1]), "new hash": fmt.Sprintf("{\"sha256\":\"%x\"}\n", sha256.Sum256(body)), "no hash": ""} {
			if err := os.WriteFile(path, append(bytes.Clone(body), tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := s.load(path, func(KeptLine) {})
			if err == nil {
				err = p.close()
				t.Errorf("%s, %s: taken for a whole plan (%v)", name, what, err)
			} else if !errors.Is(err, ErrRefused) {
				t.Errorf("%s, %s: %v is no refusal", name, what, err)
			}
		}
	}
	if err := os.WriteFile(path, []byte("not a plan\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.load(path, func(KeptLine) {}); !errors.Is(err, errNoPlan) {
		t.Errorf("a file that is no plan: %v", err)
	}
}

// TestPlanOfAnotherSite holds that a plan is taken where it was made only, also one of an
// older program, which names no site: there the log must know it.
func TestPlanOfAnotherSite(t *testing.T) {
	here, there := newTestSite(t, nil), newTestSite(t, nil)
	for name, site := range map[string]string{"this program": here.Graph.Site(), "an older program": "", "a graph that was moved away": "moved-away"} {
		pl, err := here.newPlanner(t.Context(), "erase", time.Unix(1_800_000_000, 0))
		if err != nil {
			t.Fatal(err)
		}
		pl.plan.Site = site
		path := filepath.Join(here.Config.State, "plan.json")
		_, err = pl.finish(path)
		if err := errors.Join(err, pl.close()); err != nil {
			t.Fatal(err)
		}
		p, err := here.load(path, func(KeptLine) {})
		if err == nil {
			err = p.close()
		}
		if err != nil {
			t.Errorf("a plan of %s, where it was made: %v", name, err)
		}
		if _, err := there.load(path, func(KeptLine) {}); !errors.Is(err, ErrRefused) {
			t.Errorf("a plan of %s, at another site: %v is no refusal", name, err)
		}
		if site == "" {
			continue
		}
		data, err := os.ReadFile(path) // a plan that pretends to be of the other site
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.SplitAfter(data, []byte("\n"))
		lines[0] = bytes.Replace(lines[0], []byte(site), []byte(there.Graph.Site()), 1)
		body := bytes.Join(lines[:len(lines)-2], nil)
		if err := os.WriteFile(path, fmt.Appendf(body, "{\"sha256\":\"%x\"}\n", sha256.Sum256(body)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := there.load(path, func(KeptLine) {}); !errors.Is(err, ErrRefused) {
			t.Errorf("a plan of %s that was made to look like one of the other site: %v is no refusal", name, err)
		}
	}
}

// TestSpoolLeavesNothing holds that a planner leaves no file behind, finished or not.
func TestSpoolLeavesNothing(t *testing.T) {
	s := newTestSite(t, nil)
	pl, err := s.newPlanner(context.Background(), "erase", time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	list, err := filepath.Glob(filepath.Join(s.Config.State, "plan-*"))
	if err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
	if err := pl.close(); err != nil {
		t.Error(err)
	}
}
