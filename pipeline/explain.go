package pipeline

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// ExplainSummary ends `explain`.
type ExplainSummary struct {
	Type     string `json:"type"`
	Copies   int    `json:"copies"`
	Possible int    `json:"possible"`
	Same     string `json:"same,omitempty"` // yes or no, of two identifiers
	Review   string `json:"review,omitempty"`
}

// Explain prints how the records of a person came together and which did not. For two
// identifiers it says whether they are one person's, and of two people what could have
// joined the one to the other and did not.
func (s *Site) Explain(ctx context.Context, idents []string, account string) (ExplainSummary, error) {
	sum := ExplainSummary{Type: "summary"}
	var people []*lineage.Person
	for _, id := range idents {
		p, err := s.Subject(ctx, id, account)
		if err != nil {
			return sum, err
		}
		people = append(people, p)
	}
	if len(people) == 1 {
		return sum, s.explain(people[0], people[0].Possible, &sum)
	}
	one, two := people[0], people[1]
	if len(one.Copies) > 0 && samePerson(one, two) {
		sum.Same = "yes"
		return sum, s.explain(one, one.Possible, &sum)
	}
	sum.Same = "no"
	between, others := refusals(one, two), []lineage.Step(nil)
	note := apart(one, two, len(between) > 0)
	if len(between) == 0 && note == "" { // what they have in common is parted elsewhere
		others, between = one.Possible, two.Possible
	}
	if err := s.explain(one, others, &sum); err != nil {
		return sum, err
	}
	if err := s.explain(two, between, &sum); err != nil {
		return sum, err
	}
	if note != "" {
		s.emit(NoteLine{Type: "note", Text: note})
	}
	return sum, nil
}

// refusals are the links between the records of two people that were not followed, each
// once, from the side of the one who has it first.
func refusals(one, two *lineage.Person) (out []lineage.Step) {
	theirs := map[lineage.RID]int{}
	for n, p := range []*lineage.Person{one, two} {
		for i := range p.Copies {
			theirs[p.Copies[i].RID] |= 1 << n
		}
	}
	type link struct {
		a, b lineage.RID
		kind string
	}
	seen := map[link]bool{}
	for _, st := range slices.Concat(one.Possible, two.Possible) {
		l := link{min(st.From, st.To), max(st.From, st.To), st.Kind}
		if theirs[st.From]|theirs[st.To] == 3 && theirs[st.From] != theirs[st.To] && !seen[l] {
			seen[l] = true
			out = append(out, st)
		}
	}
	return out
}

// apart says why two people are two where no refused link need say so.
func apart(one, two *lineage.Person, refused bool) string {
	theirs := carried(two)
	switch {
	case len(one.Copies) == 0 || len(two.Copies) == 0:
		return "nothing is known of one of the two"
	case one.Account != two.Account:
		return "they are of two accounts, which are never joined"
	case !refused && !slices.ContainsFunc(slices.Collect(maps.Keys(carried(one))), func(t lineage.Token) bool { return theirs[t] }):
		return "no record of the one shares an identifier with a record of the other"
	}
	return ""
}

// carried are the identifiers in the records of a person, also those that are not hers alone.
func carried(p *lineage.Person) map[lineage.Token]bool {
	out := map[lineage.Token]bool{}
	for i := range p.Copies {
		for _, e := range p.Copies[i].Record.Edges {
			if e.Role != lineage.Own && e.Role != lineage.Mention {
				out[e.Token] = true
			}
		}
	}
	return out
}

// explain prints the links of a person that were followed, and those that were not.
func (s *Site) explain(p *lineage.Person, refused []lineage.Step, sum *ExplainSummary) error {
	sum.Copies += len(p.Copies)
	sum.Possible += len(refused)
	sum.Review = cmp.Or(sum.Review, p.Review)
	places := map[lineage.RID]string{0: "the question"}
	var ids []lineage.RID
	for _, list := range [][]lineage.Step{p.Steps, refused} {
		for _, st := range list {
			ids = append(ids, st.From, st.To)
		}
	}
	slices.Sort(ids)
	found, err := s.Graph.Load(slices.Compact(ids))
	if err != nil {
		return err
	}
	for i := range found {
		places[found[i].RID] = found[i].Place()
	}
	for _, st := range p.Steps {
		s.emit(StepLine{Type: "step", From: places[st.From], Via: st.Kind, To: places[st.To], Rule: st.Rule, Join: true})
	}
	for _, st := range refused {
		s.emit(StepLine{Type: "step", From: places[st.From], Via: st.Kind, To: places[st.To], Rule: st.Rule})
	}
	return nil
}
