package pipeline

import (
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/policy"
)

// Some classes end together: an invoice with its credit notes and receipts. Whatever
// refers to another of the class is of one chain with it, and none of them is past its
// period before the last is (group_rule: max).

// chains decides about records that end with others. It keeps what it found of a chain.
type chains struct {
	site  *Site
	facts accountFacts
	asOf  time.Time
	keys  map[string]bool // kinds of the keys of collections that are in chains
	ends  map[lineage.Token]policy.Decision
}

func (s *Site) chains(facts accountFacts, asOf time.Time) *chains {
	c := &chains{site: s, facts: facts, asOf: asOf, keys: map[string]bool{}, ends: map[lineage.Token]policy.Decision{}}
	for _, src := range s.Sources {
		for _, coll := range src.Dataset.Collections {
			if kind := keyKind(src.Name, coll); kind != "" && s.Policy.Rules[coll.Class].Group != "" {
				c.keys[kind] = true
			}
		}
	}
	return c
}

// end is the decision about a record, given that of its own dates: that of the record in
// its chain which is kept longest.
func (c *chains) end(f *lineage.Found, account string, own policy.Decision) (policy.Decision, error) {
	group := c.site.Policy.Rules[c.site.collection(f).Class].Group
	if group == "" || own.State != policy.Active && own.State != policy.Due {
		return own, nil
	}
	joins := c.joins(f)
	if len(joins) == 0 {
		return own, nil
	}
	if d, ok := c.ends[joins[0]]; ok {
		return later(own, d), nil
	}
	last := own
	queue := joins
	known := map[lineage.Token]bool{}
	for len(queue) > 0 {
		t := queue[0]
		if queue = queue[1:]; known[t] {
			continue
		}
		known[t] = true
		rids, err := c.site.Graph.Postings(t)
		if err != nil {
			return own, err
		}
		list, err := c.site.Graph.Load(rids)
		if err != nil {
			return own, err
		}
		for i := range list {
			coll := c.site.collection(&list[i])
			if c.site.Policy.Rules[coll.Class].Group != group || recordless(&list[i]) {
				continue
			}
			if next := c.joins(&list[i]); slices.Contains(next, t) { // what it referred to before is no more of its chain
				queue = append(queue, next...)
				last = later(last, c.site.decide(&list[i], coll.Class, c.facts, account, c.asOf))
			}
		}
	}
	for t := range known {
		c.ends[t] = last
	}
	return later(own, last), nil
}

// joins are the keys that a record has, or refers to, in its chain.
func (c *chains) joins(f *lineage.Found) []lineage.Token {
	var out []lineage.Token
	for _, e := range f.Record.Edges {
		if strings.Contains(e.Kind, ".") && c.keys[e.Kind] && (e.Role == lineage.Key || e.Role == lineage.Link) {
			out = append(out, e.Token)
		}
	}
	return out
}

// later is the decision that keeps longer. What has no usable date ends nobody's chain.
func later(a, b policy.Decision) policy.Decision {
	if b.State != policy.Active && b.State != policy.Due || !b.EraseAfter.After(a.EraseAfter) {
		return a
	}
	return b
}
