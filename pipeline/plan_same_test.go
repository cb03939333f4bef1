package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
)

// saidPlan is all that a plan is made of.
type saidPlan struct {
	kind     string
	asOf     time.Time
	subjects []planSubject
	known    []string
	kept     []KeptLine
	units    []lineage.UnitState
	edits    [][]planEdit
	approval string
}

// drawPlan draws the content of a plan.
func drawPlan(t *rapid.T) saidPlan {
	said := saidPlan{
		kind: rapid.SampledFrom([]string{"erase", "retain", correcting}).Draw(t, "kind"),
		asOf: time.Unix(1_790_000_000, 0).Add(time.Duration(rapid.Int64Range(0, 5*86400).Draw(t, "second")) * time.Second),
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "subjects") {
		x := planSubject{Account: fmt.Sprint("A", i), Tokens: map[string]string{}, Shared: map[string]string{}}
		for range rapid.IntRange(1, 6).Draw(t, "tokens") {
			x.Tokens[rapid.StringMatching("[0-9a-f]{32}").Draw(t, "token")] = "phone"
			x.Shared[rapid.StringMatching("[0-9a-f]{32}").Draw(t, "shared")] = "email"
		}
		said.subjects = append(said.subjects, x)
	}
	said.known = rapid.SliceOfNDistinct(rapid.StringMatching("[A-Z]{4}"), 0, 4, rapid.ID).Draw(t, "known")
	for i := range rapid.IntRange(0, 5).Draw(t, "kept") {
		said.kept = append(said.kept, KeptLine{Locator: fmt.Sprint(i), Reason: "law"})
	}
	sizes := []int{1, 1, 2, 3, 7, 30, spoolSteps, spoolEdits/2 + 1}
	for u := range rapid.IntRange(1, 6).Draw(t, "units") {
		said.units = append(said.units, lineage.UnitState{ID: uint32(u + 1), Source: fmt.Sprint("s", u%2), Generation: uint64(u + 1), CommittedAt: time.Unix(1_800_000_000, 0),
			Unit: connectors.Unit{Key: fmt.Sprint("key ", u), Fingerprint: fmt.Sprint("f", u)}})
		n := rapid.SampledFrom(sizes).Draw(t, "edits")
		edits := make([]planEdit, n)
		for i := range edits {
			edits[i] = planEdit{Collection: "c", Locator: fmt.Sprint("row ", i), Delete: i%2 == 0, Account: "A1", Sum: uint64(i), Class: "account_crm"}
		}
		said.edits = append(said.edits, edits)
	}
	return said
}

// change changes one thing in what a plan says.
func (said saidPlan) change(t *rapid.T) (saidPlan, string) {
	u := rapid.IntRange(0, len(said.units)-1).Draw(t, "unit")
	things := []string{"generation", "fingerprint", "sum", "locator", "day", "kept", "subject", "approval"}
	if said.kind == "retain" { // the others know what was said of their people
		things = append(things, "known")
	}
	what := rapid.SampledFrom(things).Draw(t, "change")
	said.units = append([]lineage.UnitState(nil), said.units...)
	said.edits = append([][]planEdit(nil), said.edits...)
	said.edits[u] = append([]planEdit(nil), said.edits[u]...)
	last := &said.edits[u][len(said.edits[u])-1]
	switch what {
	case "generation":
		said.units[u].Generation += 100
	case "fingerprint":
		said.units[u].Unit.Fingerprint += "'"
	case "sum":
		last.Sum++
	case "locator":
		last.Locator += "'"
	case "day":
		said.asOf = said.asOf.AddDate(0, 0, 1)
	case "kept":
		said.kept = append([]KeptLine{{Reason: "hold", Rule: "H"}}, said.kept...)
	case "known":
		said.known = append([]string{"a hold"}, said.known...)
	case "subject":
		said.subjects = append([]planSubject{{Account: "another"}}, said.subjects...)
	case "approval":
		said.approval = "too many"
	}
	return said, what
}

// write plans what was said, and returns the file.
func (said saidPlan) write(t rapid.TB, s *Site, path string) []byte {
	pl, err := s.newPlanner(context.Background(), said.kind, said.asOf)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pl.close(); err != nil {
			t.Error(err)
		}
	}()
	pl.plan.body.Subjects, pl.plan.Approval, pl.plan.body.Known = said.subjects, said.approval, map[string]bool{}
	for _, id := range said.known {
		pl.plan.body.Known[id] = true
	}
	for u := range said.units {
		for _, e := range said.edits[u] {
			if err := pl.spool.edit(&said.units[u], u%3, e); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, k := range said.kept {
		if err := pl.spool.stays(k); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pl.finish(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestPlanIsTheSame holds that a plan is the same bytes whenever it says the same, at
// another hour of the day and by another number of hands too, and that one which says
// anything else has another id and shares no sealed line with it: the nonces are numbers,
// and the key must be another one.
func TestPlanIsTheSame(t *testing.T) {
	s := newTestSite(t, nil)
	path := filepath.Join(s.Config.State, "plan.json")
	now := time.Date(2026, 11, 28, 18, 0, 0, 0, time.UTC) // half an hour before midnight in India
	s.Now = func() time.Time { return now }
	rapid.Check(t, func(t *rapid.T) {
		said := drawPlan(t)
		first := said.write(t, s, path)
		now, s.Workers = now.Add(time.Minute), s.Workers%7+1
		for i := range said.units {
			said.units[i].CommittedAt = now
		}
		y, m, d := said.asOf.In(time.FixedZone("IST", 19800)).Date()
		said.asOf = time.Date(y, m, d, 23, 59, 59, 0, time.FixedZone("IST", 19800)).UTC()
		if again := said.write(t, s, path); !bytes.Equal(first, again) {
			t.Fatalf("the same plan is other bytes:\n%s\n%s", head(first), head(again))
		}
		other, what := said.change(t)
		second := other.write(t, s, path)
		if head(first) == head(second) {
			t.Fatalf("%s is another, and the plan has the same head %s", what, head(first))
		}
		lines := map[string]bool{}
		for _, l := range strings.Split(string(first), "\n") {
			lines[l] = l != ""
		}
		for _, l := range strings.Split(string(second), "\n") {
			if lines[l] {
				t.Fatalf("%s is another, and the plans have a line in common: %.60s", what, l)
			}
		}
	})
}

func head(plan []byte) string {
	line, _, _ := strings.Cut(string(plan), "\n")
	return line
}

// TestRunThatTheGraphDoesNotKnow holds that a journal says what is done only where the
// graph knows of the run: it was begun for this graph, and once it is finished every unit
// of the plan was read again.
func TestRunThatTheGraphDoesNotKnow(t *testing.T) {
	for name, c := range map[string]struct{ begun, finished, again, known bool }{
		"a graph from before the run": {false, true, true, false},
		"from before a part of a run": {false, false, false, false},
		"a part of a run":             {true, false, false, true},
		"a run that was read again":   {true, true, true, true},
		"a run that was not":          {true, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestSite(t, nil)
			path := filepath.Join(s.Config.State, "plan.json")
			scanned(t, s, "s0", "key 0")
			st, err := s.Graph.Unit("s0", "key 0")
			if err != nil {
				t.Fatal(err)
			}
			saidPlan{kind: "erase", asOf: s.Now(), units: []lineage.UnitState{*st}, edits: [][]planEdit{{{Collection: "c", Locator: "row 1"}}}}.write(t, s, path)
			if c.again {
				scanned(t, s, "s0", "key 0")
			}
			run := func() *application {
				p, err := s.load(path, func(KeptLine) {})
				if err != nil {
					t.Fatal(err)
				}
				a := &application{Site: s, plan: p}
				if err := a.openJournal(); err != nil {
					t.Fatal(err)
				}
				return a
			}
			end := func(a *application) {
				if err := errors.Join(a.journal.Close(), a.plan.close()); err != nil {
					t.Fatal(err)
				}
			}
			a := run()
			err = a.journal.Record(0, audit.Done, nil)
			if c.finished {
				err = errors.Join(err, a.journal.Finish([]byte("{}")))
			}
			if c.begun {
				err = errors.Join(err, a.begin(t.Context()))
			}
			if err != nil {
				t.Fatal(err)
			}
			end(a)
			a = run()
			if state, _ := a.journal.Last(0); (state == audit.Done) != c.known || a.journal.Finished() != (c.known && c.finished) {
				t.Errorf("the journal says %q, finished %v", state, a.journal.Finished())
			}
			end(a)
		})
	}
}

// scanned writes a unit to the graph.
func scanned(t *testing.T, s *Site, source, key string) {
	t.Helper()
	w, err := s.Graph.Begin()
	if err != nil {
		t.Fatal(err)
	}
	u, err := w.Unit(source, connectors.Unit{Key: key})
	if err == nil {
		err = u.Commit(lineage.UnitState{Source: source, Unit: connectors.Unit{Key: key}})
	}
	if err := errors.Join(err, w.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}
