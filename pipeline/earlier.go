package pipeline

import (
	"fmt"

	"github.com/cratio/sutra/connectors"
)

// What a plan was to take out may be gone when it is applied: by another plan for the same
// person, or by somebody's hand. The plan did nothing to it then, and neither the summary
// nor the certificate says that it did. An interrupted run of the plan itself cannot be told
// from that: so what a step finds gone counts as its own once it was begun before.

// earlier counts the edits of a step that had nothing left to do.
type earlier struct{ deleted, redacted int }

func (b earlier) n() int { return b.deleted + b.redacted }

// add counts one more.
func (b *earlier) add(e planEdit) {
	if e.Delete {
		b.deleted++
	} else {
		b.redacted++
	}
}

// rest returns the edits of a step without as many of each kind.
func (b earlier) rest(list []planEdit) []planEdit {
	if b.n() == 0 {
		return list
	}
	out := make([]planEdit, 0, max(len(list)-b.n(), 0))
	for _, e := range list {
		switch {
		case e.Delete && b.deleted > 0:
			b.deleted--
		case !e.Delete && b.redacted > 0:
			b.redacted--
		default:
			out = append(out, e)
		}
	}
	return out
}

// all is every edit of a step that no run of the plan had begun before, and none of one
// that a run had.
func (a *application) all(st planStep) (b earlier) {
	if !a.tried[st.No] {
		for _, e := range st.Edits {
			b.add(e)
		}
	}
	return b
}

// stepDetail is what the journal keeps of a step that is done.
func stepDetail(shells int, was earlier) []byte {
	if shells+was.n() == 0 {
		return nil
	}
	return fmt.Appendf(nil, "%d %d %d", shells, was.deleted, was.redacted)
}

// readDetail is the inverse of stepDetail.
func readDetail(detail []byte) (out connectors.Outcome, was earlier, err error) {
	if len(detail) > 0 {
		_, err = fmt.Sscanf(string(detail), "%d %d %d", &out.Shells, &was.deleted, &was.redacted)
	}
	return out, was, err
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

// gone counts the edits of a step whose rows were not met. A run that had begun the step
// before may have deleted them itself.
func (a *application) gone(st planStep, there []bool) (b earlier) {
	if a.tried[st.No] {
		return b
	}
	for i, e := range st.Edits {
		if !there[i] {
			b.add(e)
		}
	}
	return b
}
