package lineage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Person is one subject: one person inside one account: the sightings about her, those that
// only mention her, and the identifiers that are hers.
type Person struct {
	Account  string
	Copies   []Found          // about her, in order of RID
	Mentions []Found          // others' records in which she appears
	Between  []Found          // as near to her as to somebody else: nobody's alone
	Tokens   map[Token]string // her own joining identifiers and links, with their kind
	Others   map[Token]string // identifiers that stand in her records but do not join
	Possible []Step           // weak evidence, never acted on
	Steps    []Step           // how each copy was reached
	Review   string           // why a person must look before anything is done; ""

	via  []*reach // of each copy
	ends []RID    // copies at which the walk ended, in order
}

// Via returns the kinds of the identifiers on the way from the question to a copy; nil
// for what is none.
func (p *Person) Via(id RID) []string {
	if i, ok := p.copy(id); ok && i < len(p.via) {
		return p.via[i].via
	}
	return nil
}

// copy finds one of her copies.
func (p *Person) copy(id RID) (int, bool) {
	return slices.BinarySearchFunc(p.Copies, id, func(f Found, id RID) int { return cmp.Compare(f.RID, id) })
}

// dropEchoes leaves out answers that consist of mentions only when there is a
// real subject: somebody else's record is no person of its own.
func dropEchoes(list []*Person) []*Person {
	real := slices.ContainsFunc(list, func(s *Person) bool { return len(s.Copies) > 0 })
	if !real {
		return list
	}
	return slices.DeleteFunc(list, func(s *Person) bool { return len(s.Copies) == 0 })
}

// dropContained leaves out a subject all of whose copies are another's too: a
// record that was asked for alone and then turned out to be part of a larger
// subject. Which of them was walked first does not matter.
func dropContained(list []*Person) []*Person {
	if len(list) == 1 {
		return list
	}
	with := map[RID][]int{} // who has a copy that is the first of somebody
	for _, p := range list {
		if len(p.Copies) > 0 {
			with[p.Copies[0].RID] = nil
		}
	}
	for i, p := range list {
		for k := range p.Copies {
			if w, ok := with[p.Copies[k].RID]; ok {
				with[p.Copies[k].RID] = append(w, i)
			}
		}
	}
	var out []*Person
	for i, p := range list {
		if len(p.Copies) == 0 {
			if i == 0 && len(with) == 0 {
				out = append(out, p)
			}
			continue
		}
		inside := slices.ContainsFunc(with[p.Copies[0].RID], func(at int) bool {
			q := list[at]
			if q == p || len(q.Copies) < len(p.Copies) {
				return false
			}
			for i := range p.Copies {
				if _, ok := q.copy(p.Copies[i].RID); !ok {
					return false
				}
			}
			return len(q.Copies) > len(p.Copies) || at < i
		})
		if !inside {
			out = append(out, p)
		}
	}
	return out
}

// overCaps says why a person must look at the subject first (rule 5). Whoever did says of
// two of the values that they are the same person's, and so raises the cap once.
func (r *Resolver) overCaps(s *Person) string {
	perKind, total := map[string]int{}, 0
	for _, k := range s.Tokens {
		if !r.kinds.Link(k) {
			perKind[k]++
			total++
		}
	}
	for _, k := range slices.Sorted(maps.Keys(perKind)) {
		if most := r.limits.Values * (1 + r.saidSame(s, k)); perKind[k] > most {
			return fmt.Sprintf("%d different values of %s in one person, more than %d", perKind[k], k, most)
		}
	}
	if most := r.limits.Identifiers * (1 + r.saidSame(s, "")); total > most {
		return fmt.Sprintf("%d identifiers in one person, more than %d", total, most)
	}
	return ""
}

// saidSame counts the words that two values of a subject are one person's: values of a
// kind, or with "" of any.
func (r *Resolver) saidSame(s *Person, kind string) (n int) {
	for _, w := range r.words {
		if w.Same && w.Account == s.Account && s.Tokens[w.A] != "" && s.Tokens[w.B] != "" && (kind == "" || s.Tokens[w.A] == kind && s.Tokens[w.B] == kind) {
			n++
		}
	}
	return n
}
