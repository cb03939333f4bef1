package pipeline

import (
	"fmt"
	"strings"

	"github.com/cratio/sutra/lineage"
)

// tellCrowded says how many records an identifier of hers would lead to if it were not one of
// very many: a switchboard's, or one with more names than a person has. It joins nothing, and
// what of hers is behind it is not found.
func (s *Site) tellCrowded(p *lineage.Person) {
	hers, seen := map[lineage.RID]*lineage.Found{}, map[lineage.RID]bool{}
	for i := range p.Copies {
		hers[p.Copies[i].RID], seen[p.Copies[i].RID] = &p.Copies[i], true
	}
	for i := range p.Mentions {
		seen[p.Mentions[i].RID] = true
	}
	n := 0
	for _, st := range p.Possible {
		from := hers[st.From]
		if from != nil && !seen[st.To] && strings.HasPrefix(st.Rule, lineage.SharedRule) && !s.kinds.link(st.Kind) && has(from, st.Token, lineage.Subject) {
			seen[st.To] = true
			n++
		}
	}
	if n > 0 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d more records hold an identifier of this person's that is shared by many and joins nothing: they stay, and may be hers: see explain, and link", n)})
	}
}
