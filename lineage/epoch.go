package lineage

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// An operator gives a number that its owner let go to somebody else. Records of
// the number before and after then mean two people. The sign is a long silence
// with clearly different names before and after it (merge protection, rule 6).

// epochs finds the silences that end one owner's time and begin another's:
// the moments at which the later time begins, in order; nil when the records tell
// of one time only.
func epochs(t Token, carriers []*Found, silence time.Duration) []time.Time {
	dated := make([]*Found, 0, len(carriers))
	joins := joining(t)
	for _, f := range carriers {
		if joins(f) && !f.Record.RecordedAt.IsZero() {
			dated = append(dated, f)
		}
	}
	slices.SortFunc(dated, func(a, b *Found) int { return a.Record.RecordedAt.Compare(b.Record.RecordedAt) })
	left := lettingGo(t, carriers)
	var cuts []time.Time
	from := 0 // where the time at hand begins
	for i := 1; i < len(dated); i++ {
		at := dated[i].Record.RecordedAt
		if slices.ContainsFunc(left, func(l time.Time) bool { return at.After(l) && !dated[i-1].Record.RecordedAt.After(l) }) {
			cuts, from = append(cuts, at), i
			continue
		}
		if at.Sub(dated[i-1].Record.RecordedAt) < silence {
			continue
		}
		if otherPeople(dated[from:i], dated[i:], silence) {
			if n := unnamedEnd(dated[from:i], silence); n > 0 {
				cuts = append(cuts, dated[from+n].Record.RecordedAt)
			}
			cuts, from = append(cuts, at), i
		}
	}
	return cuts
}

// unnamedEnd returns where, in the time of one owner, the records begin that name nobody
// and that a silence parts from those that do; 0 when there are none. Between two owners
// they may be either's.
func unnamedEnd(list []*Found, silence time.Duration) int {
	n := 0
	for k := len(list) - 1; k > 0 && len(namesOf(list[k:k+1])) == 0; k-- {
		if list[k].Record.RecordedAt.Sub(list[k-1].Record.RecordedAt) >= silence {
			n = k
		}
	}
	return n
}

// LeftFact is the key of a fact that says: from the time of this record on, she
// does not have the identifier any more.
func LeftFact(t Token) string { return "left:" + hex.EncodeToString(t[:]) }

// lettingGo returns when records say that the owner let an identifier go. Whoever
// has it later is somebody else, whatever the silence and the names.
func lettingGo(t Token, carriers []*Found) []time.Time {
	var out []time.Time
	key := LeftFact(t)
	for _, f := range carriers {
		if len(f.Record.Facts) > 0 && f.Record.Facts[key] != "" && !f.Record.RecordedAt.IsZero() {
			out = append(out, f.Record.RecordedAt)
		}
	}
	return out
}

// otherPeople reports whether the names before a silence and those up to the next
// one are clearly different: both sides have names, and no pair of them may be
// one person's.
func otherPeople(before, after []*Found, silence time.Duration) bool {
	for i := 1; i < len(after); i++ {
		if after[i].Record.RecordedAt.Sub(after[i-1].Record.RecordedAt) >= silence {
			after = after[:i]
			break
		}
	}
	a, b := namesOf(before), namesOf(after)
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	for _, x := range a {
		for _, y := range b {
			if compatible(x, y) {
				return false
			}
		}
	}
	return true
}

func namesOf(list []*Found) []Name {
	var out []Name
	for _, f := range list {
		out = addName(out, f.Record.name())
	}
	return distinct(out)
}

// epochOf returns in which time a record stands, and false when it has no date.
func (i *tokenInfo) epochOf(f *Found) (int, bool) {
	if f.Record.RecordedAt.IsZero() {
		return 0, false
	}
	n := 0
	for n < len(i.cuts) && !f.Record.RecordedAt.Before(i.cuts[n]) {
		n++
	}
	return n, true
}

// sameTime reports whether two records of an identifier that was given to somebody
// else stand in the time of one owner.
func (i *tokenInfo) sameTime(a, b *Found) bool {
	if len(i.cuts) == 0 {
		return true
	}
	x, ok := i.epochOf(a)
	y, ok2 := i.epochOf(b)
	return ok && ok2 && x == y
}

// modeAt is how the identifier joins in the time of a record.
func (i *tokenInfo) modeAt(f *Found) mode {
	if len(i.cuts) == 0 || i.mode == never {
		return i.mode
	}
	n, ok := i.epochOf(f)
	if !ok {
		return contested
	}
	return i.times[n]
}

// divide judges each time of an identifier by itself.
func (r *Resolver) divide(i *tokenInfo, t Token, kind, account string) error {
	if r.kinds.Link(kind) || kind != "phone" || i.mode == never || r.limits.Silence <= 0 {
		return nil
	}
	i.cuts = epochs(t, i.carriers, r.limits.Silence)
	if len(i.cuts) == 0 {
		return nil
	}
	for n := range len(i.cuts) + 1 {
		var list []*Found
		for _, f := range i.carriers {
			if at, ok := i.epochOf(f); ok && at == n {
				list = append(list, f)
			}
		}
		m, _, err := r.judge(t, kind, account, list)
		if err != nil {
			return err
		}
		i.times = append(i.times, m)
	}
	i.reason = "she changed her number, and it was given to somebody else"
	if len(lettingGo(t, i.carriers)) > 0 {
		return nil
	}
	i.reason = fmt.Sprintf("the number was silent for more than %d months and came back under another name: it was given to somebody else", int(r.limits.Silence.Hours()/24/30))
	return nil
}
