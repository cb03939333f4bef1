package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
)

// State is how far a step of a plan came.
type State string

// The states of a step.
const (
	Intent State = "intent" // about to be done: what it did, if anything, is not known
	Done   State = "done"   // carried out
	Proven State = "proven" // re-read, and no residue found
	Failed State = "failed" // not carried out
	Stale  State = "stale"  // a precondition did not hold any more
)

// states are the states of a step as they are held in memory: a plan may have tens of
// millions of steps.
var states = []State{"", Intent, Done, Proven, Failed, Stale}

// finished is the state of the record that ends a journal.
const finished State = "finished"

// finishStep is the step number of that record.
const finishStep = -1

// Errors of a journal.
var (
	// ErrJournal says that a journal holds a line that was not written by this
	// key for this plan. It is not replayed, and not repaired either.
	ErrJournal = errors.New("the journal is damaged, or belongs to another key or plan")
	// ErrFinished says that the plan is done and nothing more is recorded.
	ErrFinished = errors.New("the plan is finished")
)

// Record is one line of a journal.
type Record struct {
	Step   int    // from 0, the position in the plan
	State  State  // how far it came
	Detail []byte // anything the caller needs to go on; it may be personal, for it is sealed
}

// Journal says how far a plan came. It is safe for concurrent use inside one
// process, and locked against others.
type Journal struct {
	plan string
	seal func([]byte) []byte

	mu     sync.Mutex
	f      *os.File
	size   int64 // of the complete lines
	lines  int64
	last   []uint8        // how far each step came, as a position in states; 0 is nothing yet
	detail map[int][]byte // of the steps that have one, and the result
	done   bool           // Finish was recorded
	broken error          // a failed write that could not be taken back
}

var planName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// OpenJournal opens, or starts, the journal of a plan in dir and replays it. seal
// and unseal encrypt and authenticate a line. A last line that was torn by a
// crash is dropped: Record never returned for it. A journal that another process
// has open is ErrInUse; any other damage is ErrJournal.
func OpenJournal(dir, planID string, seal func([]byte) []byte, unseal func([]byte) ([]byte, error)) (*Journal, error) {
	if !planName.MatchString(planID) {
		return nil, errors.New("open the journal: a plan id is made of letters, digits, '.', '_' and '-'")
	}
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, planID+".ndjson"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &Journal{plan: planID, seal: seal, f: f, detail: map[int][]byte{}}
	if err := j.start(unseal); err != nil {
		return nil, fmt.Errorf("open the journal of plan %s: %w", planID, errors.Join(err, f.Close()))
	}
	if j.size > 0 {
		return j, nil
	}
	if err := syncDir(dir); err != nil {
		return nil, fmt.Errorf("open the journal of plan %s: %w", planID, errors.Join(err, f.Close()))
	}
	return j, nil
}

// start locks and replays the file, and cuts off a torn tail.
func (j *Journal) start(unseal func([]byte) ([]byte, error)) error {
	if err := lockFile(j.f, false); err != nil {
		return err
	}
	size, err := replay(j.f, func(line []byte) error {
		r, more, err := openLine(line, j.plan, j.lines, unseal)
		if err != nil {
			return err
		}
		j.lines++
		j.note(r, more)
		return nil
	})
	if err != nil {
		return err
	}
	j.size = size
	info, err := j.f.Stat()
	if err != nil || info.Size() == size {
		return err
	}
	return j.f.Truncate(size) // the next record syncs; until then the tail is torn all the same
}

// Record appends how far a step came, and returns when that is durable.
func (j *Journal) Record(step int, state State, detail []byte) error {
	return j.RecordAll([]Record{{step, state, detail}})
}

// RecordAll appends several records with one sync; steps in order that came equally far
// share a line. After a crash in between, the
// first of them may be there and the rest not.
func (j *Journal) RecordAll(records []Record) error {
	for _, r := range records {
		if !r.State.valid() || r.Step < 0 {
			return fmt.Errorf("record in the journal: step %d cannot be %q", r.Step, r.State)
		}
	}
	return j.append(records)
}

// Finish records that the plan is done as a whole, with what the caller wants to
// say again when it is applied again. Nothing can be recorded afterwards.
func (j *Journal) Finish(detail []byte) error {
	return j.append([]Record{{finishStep, finished, detail}})
}

func (s State) valid() bool { return s != "" && slices.Contains(states, s) }

func (j *Journal) append(records []Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return fmt.Errorf("record in the journal: an earlier write failed: %w", j.broken)
	}
	if j.done {
		return fmt.Errorf("record in the journal: %w", ErrFinished)
	}
	var buf []byte
	lines := int64(0)
	for rest := records; len(rest) > 0; lines++ {
		n := run(rest)
		line, err := sealLine(j.plan, j.lines+lines, rest[:n], j.seal)
		if err != nil {
			return fmt.Errorf("record in the journal: %w", err)
		}
		buf, rest = append(buf, line...), rest[n:]
	}
	_, err := j.f.WriteAt(buf, j.size)
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		j.broken = err
		if j.f.Truncate(j.size) == nil && j.f.Sync() == nil {
			j.broken = nil
		}
		return fmt.Errorf("record in the journal: %w", err)
	}
	j.size += int64(len(buf))
	j.lines += lines
	for _, r := range records {
		j.note(r, 0)
	}
	return nil
}

// note remembers a record and as many of the steps behind it. The caller holds the lock.
func (j *Journal) note(r Record, more int) {
	if r.Step == finishStep {
		j.done, j.detail[finishStep] = true, r.Detail
		return
	}
	if n := r.Step + more + 1; n > len(j.last) {
		j.last = append(j.last, make([]uint8, n-len(j.last))...)
	}
	for step := r.Step; step <= r.Step+more; step++ {
		j.last[step] = uint8(slices.Index(states, r.State))
		delete(j.detail, step)
	}
	if len(r.Detail) > 0 {
		j.detail[r.Step] = r.Detail
	}
}

// Last returns the last state of a step with its detail; "" and nil for a step
// that was never recorded. The detail must not be changed.
func (j *Journal) Last(step int) (State, []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if step < 0 || step >= len(j.last) {
		return "", nil
	}
	return states[j.last[step]], j.detail[step]
}

// Finished reports whether Finish was recorded.
func (j *Journal) Finished() bool {
	_, ok := j.Result()
	return ok
}

// Result returns the detail that Finish recorded, and whether it did.
func (j *Journal) Result() ([]byte, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.detail[finishStep], j.done
}

// Counts returns how many steps stand in which state.
func (j *Journal) Counts() map[State]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := map[State]int{}
	for _, code := range j.last {
		if code > 0 {
			out[states[code]]++
		}
	}
	return out
}

// Empty reports whether nothing was recorded yet.
func (j *Journal) Empty() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines == 0
}

// SetAside closes the journal and gives its file another name, so that the plan has none.
func (j *Journal) SetAside() error {
	name := j.f.Name()
	aside, err := os.CreateTemp(filepath.Dir(name), j.plan+".aside-*")
	if err != nil {
		return fmt.Errorf("set the journal of plan %s aside: %w", j.plan, err)
	}
	err = errors.Join(aside.Close(), os.Rename(name, aside.Name()), j.Close(), syncDir(filepath.Dir(name)))
	if err != nil {
		return fmt.Errorf("set the journal of plan %s aside: %w", j.plan, err)
	}
	return nil
}

// Close releases the file and its lock.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken == nil {
		j.broken = os.ErrClosed
	}
	return j.f.Close()
}

var _ io.Closer = (*Journal)(nil)
