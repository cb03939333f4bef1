package pipeline

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
)

// batchEdits bounds the edits that are worked on at the same time, and those of
// one database transaction; batchSteps bounds the objects.
const (
	batchEdits = 5000
	batchSteps = 256
)

// compactAtOnce is the size of the graph, in bytes, up to which every apply
// rewrites it; a larger one waits for the nightly run.
const compactAtOnce = 32 << 20

// application is one run of a plan.
type application struct {
	*Site
	plan         *planFile
	journal      *audit.Journal
	tokens       map[string]map[lineage.Token]string // by account: whose data go
	returned     *ledger                             // of a plan for copies that came back, else nil
	changed      map[string]bool                     // accounts whose clocks run otherwise than when the plan was made
	blind        bool                                // the accounts could not be read: nothing that hangs on them is done
	sum          ApplySummary
	tally        evidenceTally
	kept         map[recordPlace]int  // records with an identifier of hers that stay for another reason than law
	stay         map[recordPlace]bool // all records of hers that stay
	touched      touchedUnits
	unwiped      bool                     // records are gone that count as failed, see [connectors.UnwipedError]
	followed     map[recordPlace]followed // large objects that were rewritten, by source and unit
	following    int                      // edits of these
	undone       map[int]*undone          // what is left of the steps of this group
	leaving      int                      // steps of which something was left
	leftBefore   map[int][]string         // by step: the notes of what an earlier run left
	calledBefore map[int][]unerasedEdit   // by step: what stands in them
	unsure       map[int]bool             // steps of a retention plan whose object is not what the plan saw
	partial      map[int]audit.State      // steps of which a part is not to be made: they are never done
	states       []audit.Record
	aged         []uint64          // digests of the rows that a plan of retention took out
	tried        map[int]earlier   // steps that an earlier run of the plan had begun, and what it found gone in them
	was          map[int]earlier   // what this run found gone, by step
	begun        map[string]bool   // sources in which an earlier run of the plan began to change something
	vacancy      map[string]string // by source that was asked: why it is not taken for an empty one, see vacant
	started      time.Time
	simulate     bool
	listed       bool // what stays is listed already
	approved     []string
	sm           sync.Mutex // guards all of these while objects are changed in parallel
}

// Apply executes a plan. It can be killed anywhere and run again; a plan that is
// done is done. simulate lets the plan's own as-of time stand for the clock.
func (s *Site) Apply(ctx context.Context, path string, simulate bool) (ApplySummary, error) {
	return s.execute(ctx, path, simulate, false)
}

// execute applies a plan. listed: it was just made, and what stays was listed then.
func (s *Site) execute(ctx context.Context, path string, simulate, listed bool) (ApplySummary, error) {
	if err := s.resident(ctx, nil); err != nil {
		return ApplySummary{}, err
	}
	a := &application{Site: s, started: s.Now(), simulate: simulate, listed: listed, sum: ApplySummary{Type: "summary", Plan: path},
		tokens: map[string]map[lineage.Token]string{}, kept: map[recordPlace]int{}, stay: map[recordPlace]bool{}, unsure: map[int]bool{}, partial: map[int]audit.State{},
		followed: map[recordPlace]followed{}, tried: map[int]earlier{}, was: map[int]earlier{}, begun: map[string]bool{}, vacancy: map[string]string{}, tally: newTally(s), touched: touchedUnits{site: s, changed: changed{}}}
	if s.told == nil {
		s.told = map[GapLine]bool{} // a unit that is read again here tells its gaps again
	}
	p, err := s.load(path, a.stays)
	if err != nil {
		return ApplySummary{}, err
	}
	a.plan = p
	for _, x := range p.body.Subjects {
		if a.tokens[x.Account] == nil {
			a.tokens[x.Account] = map[lineage.Token]string{}
		}
		for t, k := range x.Tokens {
			if tok, ok := parseToken(t); ok {
				a.tokens[x.Account][tok] = k
			}
		}
		if x.Returned && a.returned == nil {
			if a.returned, err = s.ledger(); err != nil {
				return a.sum, errors.Join(err, p.close())
			}
		}
	}
	if err := a.openJournal(); err != nil {
		return a.sum, errors.Join(err, p.close())
	}
	sum, err := a.run(ctx)
	return sum, errors.Join(err, a.journal.Close(), a.touched.close(), p.close())
}

func parseToken(s string) (lineage.Token, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return lineage.Token{}, false
	}
	return lineage.Token(b), true
}

// stays notes a record that the plan leaves.
func (a *application) stays(k KeptLine) {
	if !a.listed {
		a.emit(k.said())
	}
	a.tally.kept(k)
	at := a.place(k.Source, k.Unit, strings.TrimPrefix(k.Dataset, k.Source+"."), k.Locator)
	a.stay[at] = true
	if k.Reason != "law" && !k.Without {
		a.kept[at]++
	}
}

func (a *application) run(ctx context.Context) (ApplySummary, error) {
	if done, ok := a.journal.Result(); ok {
		path := a.sum.Plan // which may be another name of the plan than the one of then
		if err := json.Unmarshal(done, &a.sum); err != nil {
			return a.sum, fmt.Errorf("read the journal: %w", err)
		}
		a.sum.Plan = path
		a.sum.Note = "nothing to do: the plan is done"
		return a.sum, a.tellMoved()
	}
	if err := a.allowed(ctx); err != nil {
		return a.sum, err
	}
	if err := a.recallUndone(); err != nil {
		return a.sum, err
	}
	a.sum.Kept = a.plan.Keep
	before := a.Gaps()
	for _, fn := range []func(context.Context) error{a.begin, a.recheck, a.steps, a.refresh, a.settleUnsure, a.settleEmptied, a.prove, a.suppress, a.evidence, a.ended} {
		if err := fn(ctx); err != nil {
			return a.sum, err
		}
	}
	if err := a.knownGaps(); err != nil { // what could not be read may hold what was to go
		return a.sum, err
	}
	a.sum.Gaps = a.Gaps() - before
	if a.sum.Stale+a.sum.Failed+a.sum.Residue > 0 {
		return a.sum, nil // not done: running it again goes on where it can
	}
	done, err := json.Marshal(a.sum)
	if err != nil {
		return a.sum, fmt.Errorf("write the journal: %w", err)
	}
	if err := a.journal.Finish(done); err != nil {
		return a.sum, err
	}
	return a.sum, a.compact(ctx)
}

// compact rewrites the graph after an erasure so that nothing of it stays on
// disk. Large graphs are rewritten by the nightly run instead.
func (a *application) compact(ctx context.Context) error {
	n, err := a.Graph.DiskBytes()
	if err != nil || n > compactAtOnce {
		return err
	}
	return a.Graph.Compact(ctx)
}

// allowed re-checks dates, holds and the approval at the moment of execution.
func (a *application) allowed(ctx context.Context) error {
	now := a.Now()
	if a.simulate && a.plan.AsOf.After(now) {
		now = a.plan.AsOf
	}
	if a.plan.body.Latest.After(now) {
		return fmt.Errorf("%w: the plan has records that are not due before %s", ErrRefused, Stamp(a.plan.body.Latest))
	}
	for class := range a.plan.body.Classes {
		if err := gate(a.Policy, class, now); err != nil {
			return err
		}
	}
	if err := a.lawful(now); err != nil {
		return err
	}
	if err := cmp.Or(a.renamedSince(), a.approval(), a.refuseForgotten(holdBucket, linkBucket)); err != nil {
		return err
	}
	holds, err := a.holdsNow(ctx)
	if err == nil && a.plan.Kind == "retain" {
		var released []Hold
		released, err = a.lapsing(ctx)
		holds = append(holds, slices.DeleteFunc(released, func(h Hold) bool { return a.plan.body.Known[h.ID] || !now.Before(h.lapses()) })...)
	}
	if err != nil {
		return err
	}
	for _, h := range holds {
		if err := a.free(h); err != nil {
			return err
		}
	}
	return cmp.Or(a.worded(), ctx.Err())
}

// steps executes the steps in groups: a database's in one transaction, objects in
// parallel. What an earlier run of this plan did is only counted.
func (a *application) steps(ctx context.Context) error {
	a.Progress.Stage("apply", a.plan.Steps)
	defer a.Progress.End()
	var group []planStep
	edits := 0
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		err := a.group(ctx, group)
		a.Progress.Step(len(group))
		group, edits = group[:0], 0
		return err
	}
	err := a.plan.steps(func(st planStep) error {
		state, detail := a.journal.Last(st.No)
		a.begun[st.Source] = a.begun[st.Source] || state == audit.Intent || state == audit.Done || state == audit.Proven
		if state == audit.Done || state == audit.Proven {
			return a.already(st, detail)
		}
		if err := a.recallTried(st, state, detail); err != nil {
			return err
		}
		if st = a.current(st); len(st.Edits) == 0 {
			return ctx.Err()
		}
		if len(group) > 0 && (group[0].Source != st.Source || edits+len(st.Edits) > batchEdits || len(group) == batchSteps) {
			if err := flush(); err != nil {
				return err
			}
		}
		group, edits = append(group, st), edits+len(st.Edits)
		return nil
	})
	return errors.Join(err, ctx.Err(), flushUnless(err, flush), a.recordStates())
}

// flushUnless flushes the last group when nothing went wrong before.
func flushUnless(err error, flush func() error) error {
	if err != nil {
		return nil
	}
	return flush()
}

// already counts a step that an earlier run of the plan carried out.
func (a *application) already(st planStep, detail []byte) error {
	out, was, err := readDetail(detail)
	if err != nil {
		return err
	}
	a.sm.Lock()
	defer a.sm.Unlock()
	a.outcome(st, out, was)
	if err := a.emptiedOf(st, out.Shells); err != nil {
		return err
	}
	return a.touched.add(touched{st.Source, connectors.Unit{Key: st.Unit.Unit.Key}, false})
}

// group executes steps of one source and records how far each came: what is about
// to be done before, what was done after.
func (a *application) group(ctx context.Context, steps []planStep) error {
	if err := room(a.Config.State); err != nil {
		return err
	}
	if away, err := a.away(ctx, steps); away || err != nil {
		return err
	}
	intent := make([]audit.Record, 0, len(steps))
	for _, st := range steps {
		intent = append(intent, audit.Record{Step: st.No, State: audit.Intent, Detail: stepDetail(0, a.tried[st.No])})
	}
	if err := a.journal.RecordAll(intent); err != nil {
		return err
	}
	err := a.execute(ctx, steps)
	return errors.Join(err, a.recordStates())
}

// recordStates writes how far the steps came that were marked. Those that follow each
// other share a line of the journal.
func (a *application) recordStates() error {
	states := a.states
	a.states = nil
	if len(states) == 0 {
		return nil
	}
	slices.SortStableFunc(states, func(x, y audit.Record) int { return cmp.Compare(x.Step, y.Step) })
	return errors.Join(a.noteUndone(states), a.journal.RecordAll(states))
}
