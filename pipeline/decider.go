package pipeline

import (
	"time"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/policy"
)

// decider applies the retention policy to the records of one account at one time.
// What it said of a class and its dates is kept: many records of a person share them.
type decider struct {
	policy policy.Policy
	fact   accountFact
	asOf   time.Time
	known  map[policy.Facts]policy.Decision
}

// keptDecisions bounds how many are kept.
const keptDecisions = 1 << 12

func (s *Site) decider(facts accountFacts, account string, asOf time.Time) decider {
	return decider{policy: s.Policy, fact: facts.of(account), asOf: asOf, known: map[policy.Facts]policy.Decision{}}
}

// of applies the policy to a record of a class.
func (d *decider) of(f *lineage.Found, class string) policy.Decision {
	k := factsOfRecord(f, class, d.fact)
	x, ok := d.known[k]
	if !ok {
		if len(d.known) >= keptDecisions {
			clear(d.known)
		}
		x = d.policy.Decide(k, d.asOf)
		d.known[k] = x
	}
	return x
}

// decide applies the retention policy to a record.
func (s *Site) decide(f *lineage.Found, class string, facts accountFacts, account string, asOf time.Time) policy.Decision {
	return s.Policy.Decide(factsOfRecord(f, class, facts.of(account)), asOf)
}

func factsOfRecord(f *lineage.Found, class string, fact accountFact) policy.Facts {
	return policy.Facts{
		Class: class, Trigger: f.Record.Trigger, Recorded: policy.Civil(f.Record.RecordedAt),
		AccountTerminated: fact.Terminated, Override: fact.Override[class],
	}
}
