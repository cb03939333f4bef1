package pipeline

import (
	"fmt"
	"testing"
	"time"

	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/policy"
)

// TestEvidenceTally: a certificate says of each store and class what became of the records that
// were found, each of them once: gone, emptied, failed or kept.
func TestEvidenceTally(t *testing.T) {
	s := &Site{Policy: policy.Policy{
		Rules:  map[string]policy.Rule{"crm": {Trigger: policy.TriggerTerminated}, "ticket": {Trigger: "ticket_closed"}},
		Floors: []policy.Floor{{ID: "tax", Cite: "Companies Act"}},
	}}
	day := func(d int) policy.Date { return policy.Civil(time.Date(2026, 5, d, 12, 0, 0, 0, time.UTC)) }
	edit := func(class, rule string, del bool, d int) planEdit {
		return planEdit{Collection: class, Class: class, Rule: rule, Delete: del, Account: "A1", Trigger: day(d)}
	}
	tally := newTally(s)
	tally.done(planStep{Source: "crm", Edits: []planEdit{edit("contact", "crm", true, 3), edit("contact", "crm", true, 4), edit("contact", "crm", true, 5), edit("contact", "crm", false, 6)}}, 1)
	tally.done(planStep{Source: "crm", Edits: []planEdit{edit("ticket", "ticket", true, 9), edit("ticket", "ticket", true, 7)}}, 0)
	tally.failed(planStep{Source: "crm", Edits: []planEdit{edit("ticket", "ticket", true, 8)}})
	tally.kept(KeptLine{Source: "crm", Class: "ticket", Reason: "hold", Rule: "h1", Until: "2027-01-02T00:00:00+05:30"})
	tally.kept(KeptLine{Source: "crm", Class: "ticket", Reason: "hold", Rule: "h2", Until: "2027-01-03T00:00:00+05:30", Released: true})
	tally.kept(KeptLine{Source: "crm", Class: "contact", Reason: "law", Rule: "tax", Until: "2031-04-01T00:00:00+05:30"})
	tally.kept(KeptLine{Source: "crm", Class: "contact", Reason: "law", Rule: "tax", Until: "2031-04-01T00:00:00+05:30"})
	tally.kept(KeptLine{Source: "crm", Reason: "shared"})
	scope, methods, residuals := tally.lines()
	want := []audit.Scope{
		{Store: "crm", Class: "contact", Rule: "crm", Found: 4, Erased: 2, Redacted: 2},
		{Store: "crm", Class: "ticket", Rule: "request", Found: 2, Kept: 2},
		{Store: "crm", Class: "ticket", Rule: "ticket", Found: 3, Erased: 2, Failed: 1, TriggerDateRange: "2026-05-07/2026-05-09"},
		{Store: "crm", Class: "unclassified", Rule: "request", Found: 1, Kept: 1},
	}
	if fmt.Sprintf("%+v", scope) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", scope, want)
	}
	left := []audit.Residual{
		{Class: "contact", Count: 2, Reason: "law", Citation: "tax: Companies Act", ReleaseOn: "2031-04-01"},
		{Class: "ticket", Count: 1, Reason: "hold", Citation: "h1"},
		{Class: "ticket", Count: 1, Reason: "hold", Citation: "h2", ReleaseOn: "2027-01-03"},
		{Class: "unclassified", Count: 1, Reason: "shared"},
	}
	if fmt.Sprintf("%+v", residuals) != fmt.Sprintf("%+v", left) {
		t.Errorf("got  %+v\nwant %+v", residuals, left)
	}
	how := ""
	for _, m := range methods {
		how += m.Class + " " + m.Method + ";"
	}
	if how != "contact hard_delete;contact field_strip;ticket hard_delete;" {
		t.Errorf("methods: %s", how)
	}
}
