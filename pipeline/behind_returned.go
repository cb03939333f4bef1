package pipeline

import (
	"cmp"
	"encoding/hex"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// With an old copy of an erased person that came back and goes again goes what led to the
// records that refer to it, as it did when she was erased. She may have returned of her own
// will meanwhile; so only the ids of what goes count, and not those of what stays.

// narrow takes what is not to go again out of what a plan for old copies says of its people.
func (pl *planner) narrow(people []*lineage.Person, doomed map[lineage.RID]bool, book *ledger) error {
	people = slices.DeleteFunc(slices.Clone(people), pl.stopped) // who are no subjects of the plan
	for i := range pl.plan.body.Subjects {
		x := &pl.plan.body.Subjects[i]
		x.Returned, x.Shared = true, nil
		for t := range x.Tokens { // only what was erased before is hers to go again
			if tok, ok := parseToken(t); !ok || !book.has(tok, x.Account) {
				delete(x.Tokens, t)
			}
		}
		ids := pl.kinds.leading(keysOf(people[i], doomed))
		x.Links, x.Beside = map[string]string{}, nil
		for _, t := range ids {
			x.Links[hex.EncodeToString(t[:])] = people[i].Tokens[t]
		}
		err := pl.ledTo(x.Account, ids, func(f *lineage.Found) {
			if at := pl.besidePlace(f); !doomed[f.RID] && !slices.Contains(x.Beside, at) {
				x.Beside = append(x.Beside, at)
			}
		})
		if pl.err = cmp.Or(pl.err, err); pl.err != nil {
			return pl.err
		}
	}
	return nil
}

// keysOf are the ids of those of her records that go, and of none that stays.
func keysOf(p *lineage.Person, doomed map[lineage.RID]bool) map[lineage.Token]string {
	out, stay := map[lineage.Token]string{}, map[lineage.Token]bool{}
	for i := range p.Copies {
		for _, e := range p.Copies[i].Record.Edges {
			switch {
			case e.Role != lineage.Key || p.Tokens[e.Token] == "":
			case doomed[p.Copies[i].RID]:
				out[e.Token] = e.Kind
			default:
				stay[e.Token] = true
			}
		}
	}
	for t := range stay {
		delete(out, t)
	}
	return out
}
