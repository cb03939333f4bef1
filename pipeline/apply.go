package pipeline

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
)

// batchEdits bounds the edits of one database transaction.
const batchEdits = 5000

// compactAtOnce is the size of the graph, in bytes, up to which every apply
// rewrites it; a larger one waits for the nightly run.
const compactAtOnce = 32 << 20

// application is one run of a plan.
type application struct {
	*Site
	plan     *Plan
	journal  *audit.Journal
	tokens   map[lineage.Token]string
	sum      ApplySummary
	touched  []touched
	started  time.Time
	simulate bool
	sm       sync.Mutex // guards sum and touched while objects are changed in parallel
}

// touched is a unit that the plan changed, as it stands afterwards.
type touched struct {
	Source string          `json:"source"`
	Unit   connectors.Unit `json:"unit"`
	Gone   bool            `json:"gone"`
}

// Apply executes a plan. It can be killed anywhere and run again; a plan that is
// done is done. simulate lets the plan's own as-of time stand for the clock.
func (s *Site) Apply(ctx context.Context, path string, simulate bool) (ApplySummary, error) {
	if err := s.resident(ctx, nil); err != nil {
		return ApplySummary{}, err
	}
	p, err := s.load(path)
	if err != nil {
		return ApplySummary{}, err
	}
	a := &application{Site: s, plan: p, tokens: map[lineage.Token]string{}, started: s.Now(), simulate: simulate,
		sum: ApplySummary{Type: "summary", Plan: path}}
	for _, x := range p.body.Subjects {
		for t, k := range x.Tokens {
			if tok, ok := parseToken(t); ok {
				a.tokens[tok] = k
			}
		}
	}
	a.journal, err = audit.OpenJournal(s.statePath("journal"), p.ID, s.Graph.Seal, s.Graph.Unseal)
	if err != nil {
		return a.sum, err
	}
	sum, err := a.run(ctx)
	return sum, errors.Join(err, a.journal.Close())
}

func parseToken(s string) (lineage.Token, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return lineage.Token{}, false
	}
	return lineage.Token(b), true
}

func (a *application) run(ctx context.Context) (ApplySummary, error) {
	for _, k := range a.plan.body.Kept {
		a.emit(k)
	}
	if done, ok := a.journal.Result(); ok {
		if err := json.Unmarshal(done, &a.sum); err != nil {
			return a.sum, fmt.Errorf("read the journal: %w", err)
		}
		a.sum.Note = "nothing to do: the plan is done"
		return a.sum, nil
	}
	if err := a.allowed(ctx); err != nil {
		return a.sum, err
	}
	a.sum.Kept = len(a.plan.body.Kept)
	before := a.Gaps()
	if err := a.mark(audit.Intent, a.plan.body.Steps...); err != nil {
		return a.sum, err
	}
	if err := a.steps(ctx); err != nil {
		return a.sum, err
	}
	if err := a.refresh(ctx); err != nil {
		return a.sum, err
	}
	if err := a.prove(); err != nil {
		return a.sum, err
	}
	a.sum.Gaps = a.Gaps() - before
	if err := a.suppress(); err != nil {
		return a.sum, err
	}
	if err := a.evidence(ctx); err != nil {
		return a.sum, err
	}
	if a.sum.Stale+a.sum.Failed+a.sum.Residue > 0 {
		return a.sum, nil // not done: running it again goes on where it can
	}
	if err := a.mark(audit.Proven, a.plan.body.Steps...); err != nil {
		return a.sum, err
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

// mark writes into the journal how far steps came.
func (a *application) mark(state audit.State, steps ...planStep) error {
	records := make([]audit.Record, 0, len(steps))
	for _, st := range steps {
		records = append(records, audit.Record{Step: st.No, State: state})
	}
	return a.journal.RecordAll(records)
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

// allowed re-checks dates and holds at the moment of execution.
func (a *application) allowed(ctx context.Context) error {
	now := a.Now()
	if a.simulate && a.plan.AsOf.After(now) {
		now = a.plan.AsOf
	}
	holds, err := a.Holds()
	if err != nil {
		return err
	}
	for _, st := range a.plan.body.Steps {
		for _, e := range st.Edits {
			if e.Due.After(now) {
				return fmt.Errorf("%w: the plan has records that are not due before %s", ErrRefused, Stamp(e.Due))
			}
		}
	}
	known := map[string]bool{}
	for _, k := range a.plan.body.Kept {
		if k.Reason == "hold" {
			known[k.Rule] = true
		}
	}
	for _, h := range holds {
		if known[h.ID] {
			continue
		}
		for _, x := range a.plan.body.Subjects {
			p := &lineage.Person{Account: x.Account, Tokens: map[lineage.Token]string{}}
			for t, k := range x.Tokens {
				if tok, ok := parseToken(t); ok {
					p.Tokens[tok] = k
				}
			}
			if a.plan.Kind == "erase" && h.covers(p) || a.plan.Kind == "retain" && h.PlacedAt.After(a.plan.Created) {
				return fmt.Errorf("%w: the legal hold %s was placed after the plan was made; make a new plan", ErrRefused, h.ID)
			}
		}
	}
	return ctx.Err()
}

// steps executes the steps: the databases' in transactions, the objects' in
// parallel.
func (a *application) steps(ctx context.Context) error {
	bySource := map[string][]planStep{}
	var names []string
	for _, st := range a.plan.body.Steps {
		if bySource[st.Source] == nil {
			names = append(names, st.Source)
		}
		bySource[st.Source] = append(bySource[st.Source], st)
	}
	for _, n := range names {
		src, err := a.source(n)
		if err != nil {
			a.failed(bySource[n], err)
			continue
		}
		er, ok := src.Conn.(connectors.Eraser)
		if !ok {
			a.failed(bySource[n], fmt.Errorf("source %s cannot be changed", n))
			continue
		}
		if err := a.sourceSteps(ctx, src, er, bySource[n]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (a *application) failed(steps []planStep, err error) {
	for _, st := range steps {
		a.sm.Lock()
		a.sum.Failed += len(st.Edits)
		a.sm.Unlock()
		a.gap(st.Source, st.Unit.Unit.Key, "it could not be changed: "+err.Error())
	}
}

func (a *application) sourceSteps(ctx context.Context, src *Source, er connectors.Eraser, steps []planStep) error {
	if _, ok := src.Conn.(connectors.BatchEraser); ok {
		for i := 0; i < len(steps); {
			j, n := i, 0
			for j < len(steps) && (j == i || n+len(steps[j].Edits) <= batchEdits) {
				n += len(steps[j].Edits)
				j++
			}
			if err := a.transaction(ctx, src, er, steps[i:j]); err != nil {
				return err
			}
			i = j
		}
		return nil
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(max(a.Workers, 1))
	for _, st := range steps {
		group.Go(func() error { return a.object(gctx, src, er, st) })
	}
	return group.Wait()
}
