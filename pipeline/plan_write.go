package pipeline

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"

	"github.com/oklog/ulid/v2"

	"github.com/cratio/sutra/lineage"
)

// spoolEdits is how many edits a plan in the making holds in memory; more go to
// disk, sealed. It also bounds the edits of one item of a plan file.
const spoolEdits = 8192

// spool gathers the items of a plan in a nameless file of the state folder until
// their number and order are known.
type spool struct {
	f    *os.File
	w    *bufio.Writer
	at   int64
	seal func([]byte) []byte

	open     map[uint32]*openStep // by unit
	closed   []closedStep
	buffered int
	kept     []KeptLine
	keptAt   []span
	records  int
	keep     int
}

// span is a piece of the spool.
type span struct {
	at int64
	n  int32
}

// openStep is a step to which edits may still come.
type openStep struct {
	head  planStep // its edits are those not spooled yet
	spans []span   // edits that are
}

// closedStep is all that is kept of a step that is complete.
type closedStep struct {
	source, key string
	order       int
	spans       []span
}

func newSpool(dir string, seal func([]byte) []byte) (*spool, error) {
	f, err := os.CreateTemp(dir, "plan-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("spool the plan: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil { // the open file lives on; nothing is left behind
		return nil, fmt.Errorf("spool the plan: %w", errors.Join(err, f.Close()))
	}
	return &spool{f: f, w: bufio.NewWriterSize(f, 1<<16), seal: seal, open: map[uint32]*openStep{}}, nil
}

// close gives the spool's file back.
func (sp *spool) close() error { return sp.f.Close() }

// put writes an item and returns where it stands.
func (sp *spool) put(it planItem) (span, error) {
	data, err := json.Marshal(it)
	if err != nil {
		return span{}, fmt.Errorf("encode the plan: %w", err)
	}
	sealed := sp.seal(data)
	if _, err := sp.w.Write(sealed); err != nil {
		return span{}, fmt.Errorf("spool the plan: %w", err)
	}
	s := span{sp.at, int32(len(sealed))}
	sp.at += int64(len(sealed))
	return s, nil
}

// edit adds an edit to the step of a unit; head describes the step when it is new.
func (sp *spool) edit(u *lineage.UnitState, order int, e planEdit) error {
	st := sp.open[u.ID]
	if st == nil {
		st = &openStep{head: planStep{Source: u.Source, Unit: *u, Order: order}}
		st.head.Unit.Gaps = nil
		sp.open[u.ID] = st
	}
	st.head.Edits = append(st.head.Edits, e)
	sp.records++
	if sp.buffered++; sp.buffered < spoolEdits {
		return nil
	}
	for _, x := range sp.open {
		if err := sp.spill(x); err != nil {
			return err
		}
	}
	return nil
}

// spill moves the edits of a step to disk.
func (sp *spool) spill(st *openStep) error {
	if len(st.head.Edits) == 0 {
		return nil
	}
	at, err := sp.put(planItem{Edits: st.head.Edits})
	if err != nil {
		return err
	}
	st.spans = append(st.spans, at)
	sp.buffered -= len(st.head.Edits)
	st.head.Edits = nil
	return nil
}

// finish closes the step of a unit, if it has one: no edit comes any more.
func (sp *spool) finish(unit uint32) error {
	st := sp.open[unit]
	if st == nil {
		return nil
	}
	delete(sp.open, unit)
	if len(st.spans) > 0 { // its head comes first, the edits follow as they are
		if err := sp.spill(st); err != nil {
			return err
		}
	}
	sp.buffered -= len(st.head.Edits)
	at, err := sp.put(planItem{Step: &st.head})
	if err != nil {
		return err
	}
	sp.closed = append(sp.closed, closedStep{st.head.Source, st.head.Unit.Unit.Key, st.head.Order, append([]span{at}, st.spans...)})
	return nil
}

// stays notes a record that stays.
func (sp *spool) stays(k KeptLine) error {
	sp.keep++
	if sp.kept = append(sp.kept, k); len(sp.kept) < spoolEdits/4 {
		return nil
	}
	return sp.spillKept()
}

func (sp *spool) spillKept() error {
	if len(sp.kept) == 0 {
		return nil
	}
	at, err := sp.put(planItem{Kept: sp.kept})
	if err != nil {
		return err
	}
	sp.keptAt, sp.kept = append(sp.keptAt, at), nil
	return nil
}

// each calls fn for every record that stays. The plan must have been saved.
func (sp *spool) each(unseal func([]byte) ([]byte, error), fn func(KeptLine)) error {
	for _, at := range sp.keptAt {
		var it planItem
		data, err := sp.read(at, unseal)
		if err == nil {
			err = json.Unmarshal(data, &it)
		}
		if err != nil {
			return fmt.Errorf("read the spooled plan: %w", err)
		}
		for _, k := range it.Kept {
			fn(k)
		}
	}
	return nil
}

// read returns an item as it was put.
func (sp *spool) read(at span, unseal func([]byte) ([]byte, error)) ([]byte, error) {
	buf := make([]byte, at.n)
	if _, err := sp.f.ReadAt(buf, at.at); err != nil {
		return nil, err
	}
	return unseal(buf)
}

// sorted closes what is open and puts the steps in the order of execution: source
// by source, the one with the lowest order first.
func (sp *spool) sorted() ([]closedStep, error) {
	for id := range sp.open {
		if err := sp.finish(id); err != nil {
			return nil, err
		}
	}
	if err := sp.spillKept(); err != nil {
		return nil, err
	}
	if err := sp.w.Flush(); err != nil {
		return nil, fmt.Errorf("spool the plan: %w", err)
	}
	first := map[string]int{}
	for _, c := range sp.closed {
		if o, ok := first[c.source]; !ok || c.order < o {
			first[c.source] = c.order
		}
	}
	slices.SortFunc(sp.closed, func(a, b closedStep) int {
		return cmp.Or(cmp.Compare(first[a.source], first[b.source]), cmp.Compare(a.source, b.source), cmp.Compare(a.order, b.order), cmp.Compare(a.key, b.key))
	})
	return sp.closed, nil
}

// save writes the plan to a new file.
func (s *Site) save(p *Plan, sp *spool, path string) (PlanSummary, error) {
	steps, err := sp.sorted()
	if err != nil {
		return PlanSummary{}, err
	}
	p.Version, p.ID, p.Created = planVersion, ulid.Make().String(), s.Now()
	p.Steps, p.Records, p.Keep = len(steps), sp.records, sp.keep
	err = replaceFile(path, func(f *os.File) error {
		w := &planWriter{site: s, plan: p, sum: sha256.New()}
		w.w = bufio.NewWriterSize(io.MultiWriter(f, w.sum), 1<<16)
		return errors.Join(w.all(sp, steps), w.end(f))
	})
	if err != nil {
		return PlanSummary{}, fmt.Errorf("write the plan: %w", err)
	}
	return PlanSummary{Type: "summary", Plan: path, SHA256: p.SHA256, Steps: p.Steps, Records: p.Records, Keep: p.Keep}, nil
}

// planWriter writes the lines of a plan file.
type planWriter struct {
	site *Site
	plan *Plan
	w    *bufio.Writer
	sum  hash.Hash
	n    int
}

func (w *planWriter) all(sp *spool, steps []closedStep) error {
	head, err := json.Marshal(w.plan)
	if err != nil {
		return err
	}
	if _, err := w.w.Write(append(head, '\n')); err != nil {
		return err
	}
	for i := range w.plan.body.Subjects {
		if err := w.item(planItem{Subject: &w.plan.body.Subjects[i]}); err != nil {
			return err
		}
	}
	if len(w.plan.body.Facts) > 0 {
		if err := w.item(planItem{Facts: w.plan.body.Facts}); err != nil {
			return err
		}
	}
	for _, at := range sp.keptAt {
		if err := w.copy(sp, at); err != nil {
			return err
		}
	}
	for _, st := range steps {
		for _, at := range st.spans {
			if err := w.copy(sp, at); err != nil {
				return err
			}
		}
	}
	return w.item(planItem{End: w.plan})
}

func (w *planWriter) item(it planItem) error {
	data, err := json.Marshal(it)
	if err != nil {
		return err
	}
	return w.line(data)
}

// copy takes an item over from the spool.
func (w *planWriter) copy(sp *spool, at span) error {
	data, err := sp.read(at, w.site.Graph.Unseal)
	if err != nil {
		return fmt.Errorf("read the spooled plan: %w", err)
	}
	return w.line(data)
}

func (w *planWriter) line(data []byte) error {
	sealed := w.site.Graph.Seal(append(itemMark(w.plan.ID, w.n), data...))
	w.n++
	_, err := w.w.Write(append(base64.StdEncoding.AppendEncode(nil, sealed), '\n'))
	return err
}

// itemMark stands before the content of an item, so that it cannot stand in
// another place or in another plan.
func itemMark(plan string, n int) []byte { return fmt.Appendf(nil, "%s %d ", plan, n) }

// end writes the hash of everything before it.
func (w *planWriter) end(f io.Writer) error {
	if err := w.w.Flush(); err != nil {
		return err
	}
	w.plan.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	_, err := fmt.Fprintf(f, "{\"sha256\":%q}\n", w.plan.SHA256)
	return err
}
