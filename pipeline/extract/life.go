package extract

import "time"

// life takes in account and dates.
func (r *record) life(c *column, v string) {
	if c.account && r.out.Account == "" {
		r.out.Account = r.account(v)
	}
	if c.recorded {
		if t, civil, ok := r.x.Dates(v); ok {
			r.out.RecordedAt, r.civil = t.Add(-time.Duration(t.Nanosecond())), civil
		}
	}
	if c.trigger {
		_, r.out.Trigger, _ = r.x.Dates(v)
		if r.shape.coll.Accounts {
			r.fact("trigger", v)
		}
	}
	for _, class := range c.overrides {
		r.fact("override:"+class, v)
	}
	for _, what := range c.consents {
		if say := consentFact(what, v); say != "" {
			r.fact("consent:"+what, say)
		}
	}
}
