package lineage

import "slices"

// strangers are the records that were reached from those of a person and are not hers,
// each with the link by which they would have come together and with what speaks against it.
func (w *walk) strangers(members *ridSet) (out []Step) {
	links := map[RID]Step{} // from hers to one that was reached the other way round
	for _, v := range w.order {
		if st := v.how.step; members.has(v.f.RID) && st.From != 0 && !members.has(st.From) {
			links[st.From] = Step{From: v.f.RID, Kind: st.Kind, Token: st.Token}
		}
	}
	words := w.opposing(members)
	for _, v := range w.order {
		if members.has(v.f.RID) {
			continue
		}
		st := links[v.f.RID]
		if by := v.how.step; by.From != 0 && members.has(by.From) {
			st = Step{From: by.From, Kind: by.Kind, Token: by.Token}
		}
		st.To = v.f.RID
		switch {
		case slices.ContainsFunc(words, func(o opposed) bool { return o.parts(v.f) }):
			st.Rule = "said to be different people by hand"
		case slices.Contains(members.between, v.f.RID):
			st.Rule = "as near to another person"
		default:
			st.Rule = "nearer to another person"
		}
		out = append(out, st)
	}
	return out
}

// opposed is a word that parts other records from those of a person: those on its side A,
// or on its side B.
type opposed struct {
	word *Word
	a, b bool
}

// opposing are the words by which others are parted from the records of a person.
func (w *walk) opposing(members *ridSet) (out []opposed) {
	for i := range w.r.words {
		word := &w.r.words[i]
		if word.Same || word.Account != w.account {
			continue
		}
		o := opposed{word: word}
		for _, v := range w.order {
			if members.has(v.f.RID) {
				a, b := word.sides(v.f)
				o.a, o.b = o.a || b && !a, o.b || a && !b
			}
		}
		if o.a || o.b {
			out = append(out, o)
		}
	}
	return out
}

// parts reports whether the word parts a record from those of the person.
func (o *opposed) parts(f *Found) bool {
	a, b := o.word.sides(f)
	return o.a && a && !b || o.b && b && !a
}
