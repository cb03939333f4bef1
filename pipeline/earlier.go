package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/audit"
)

// What a plan was to take out may be gone when it is applied: by another plan for the same
// person, or by somebody's hand. The plan did nothing to it then, and neither the summary
// nor the certificate says that it did. An interrupted run of the plan itself cannot be told
// from that: so what a step finds gone counts as its own once it was begun before, but for
// what a first run found gone or left, since it was not what the plan saw.

// earlier are the edits of a step that had nothing left to do, or that a run did not do, by
// their numbers, in order.
type earlier []int

// with adds edits.
func (b earlier) with(more ...int) earlier {
	out := slices.Concat(b, more)
	slices.Sort(out)
	return slices.Compact(out)
}

func (b earlier) has(e planEdit) bool {
	_, found := slices.BinarySearch(b, e.No)
	return found
}

// rest returns the edits of a step without these.
func (b earlier) rest(list []planEdit) []planEdit {
	if len(b) == 0 {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), b.has)
}

// recallTried takes over what an earlier run of the plan noted of a step that it did not end. One
// of which it did nothing at all, since its source was away, say, is as it was before that run.
func (a *application) recallTried(st planStep, state audit.State, detail []byte) error {
	_, was, err := readDetail(detail)
	if err == nil && state != "" && (state == audit.Intent || len(was.rest(st.Edits)) > 0) {
		a.tried[st.No] = was
	}
	return err
}

// untouched notes that a run did nothing to edits of a step: when they have nothing left to do
// later, this run did not do it. The caller holds the lock.
func (a *application) untouched(st planStep) {
	if _, tried := a.tried[st.No]; tried {
		return
	}
	left := make([]int, len(st.Edits))
	for i, e := range st.Edits {
		left[i] = e.No
	}
	a.was[st.No] = a.was[st.No].with(left...)
}

// unbegun fails steps of which nothing can have been done.
func (a *application) unbegun(steps []planStep, err error) {
	a.sm.Lock()
	for _, st := range steps {
		a.untouched(st)
	}
	a.sm.Unlock()
	a.failed(steps, err)
}

// all is every edit of a step that no run of the plan had begun before. Of one that a run
// had, it is what that run found gone.
func (a *application) all(st planStep) earlier { return a.gone(st, make([]bool, len(st.Edits))) }

// stepDetail is what the journal keeps of a step: how many rows were emptied that were to
// be deleted, and the runs of edits that had nothing left to do.
func stepDetail(shells int, was earlier) []byte {
	if shells == 0 && len(was) == 0 {
		return nil
	}
	out := strconv.AppendInt(nil, int64(shells), 10)
	for i := 0; i < len(was); {
		n := 1
		for i+n < len(was) && was[i+n] == was[i]+n {
			n++
		}
		out = fmt.Appendf(out, " %d+%d", was[i], n)
		i += n
	}
	return out
}

// readDetail is the inverse of stepDetail.
func readDetail(detail []byte) (out connectors.Outcome, was earlier, err error) {
	for i, word := range strings.Fields(string(detail)) {
		if i == 0 {
			out.Shells, err = strconv.Atoi(word)
		} else {
			var from, n int
			_, err = fmt.Sscanf(word, "%d+%d", &from, &n)
			for no := from; no < from+n; no++ {
				was = append(was, no)
			}
		}
		if err != nil {
			return out, nil, fmt.Errorf("read the journal: %w", err)
		}
	}
	return out, was, nil
}

// met notes in the edits of a database's step which rows are there: all of them are
// checked. The others were gone.
func met(edits []connectors.Edit, there []bool) {
	for i := range edits {
		check := edits[i].Check
		if check == nil {
			there[i] = true // nobody asks about it
			continue
		}
		edits[i].Check = func(values map[string]string) error {
			there[i] = true
			return check(values)
		}
	}
}

// gone are the edits of a step whose rows were not met. A run that had begun the step
// before may have deleted them itself, but for those that it had found gone.
func (a *application) gone(st planStep, there []bool) (b earlier) {
	before, tried := a.tried[st.No]
	for i, e := range st.Edits {
		if !there[i] && (!tried || before.has(e)) {
			b = append(b, e.No)
		}
	}
	return b
}
