package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func facts(class string, trigger Date) Facts {
	return Facts{Class: class, Trigger: trigger, Recorded: NoDate, AccountTerminated: NoDate}
}

// The dates of policy-semantics 12: each record is active one second before
// elig and due at elig.
func TestEligible(t *testing.T) {
	d := func(s string) Date { return day(t, s) }
	ended := func(f Facts, s string) Facts { f.AccountTerminated = d(s); return f }
	over := func(f Facts, n int) Facts { f.Override = n; return f }
	for _, c := range []struct {
		id         string
		f          Facts
		last, rule string
	}{
		{"T01", ended(facts("account_crm", NoDate), "2026-01-31"), "2026-03-02", "account_crm"},
		{"T04", ended(facts("account_crm", NoDate), "2026-08-10"), "2026-09-09", "account_crm"},
		{"T07", ended(facts("account_crm", NoDate), "2026-07-15"), "2026-08-14", "account_crm"},
		{"T08", facts("call_recording", d("2026-11-15")), "2027-02-13", "call_recording"},
		{"T08 override", over(facts("call_recording", d("2026-11-15")), 180), "2027-05-14", "call_recording"},
		{"T11 zero", over(facts("call_recording", d("2026-11-15")), ParseOverride("0")), "2027-02-13", "call_recording"},
		{"T11 negative", over(facts("call_recording", d("2026-11-15")), ParseOverride("-5")), "2027-02-13", "call_recording"},
		{"T11 raw negative", over(facts("call_recording", d("2026-11-15")), -5), "2027-02-13", "call_recording"},
		{"T11 forever", over(facts("call_recording", d("2026-11-15")), ParseOverride("forever")), "2027-02-13", "call_recording"},
		{"T11 null", over(facts("call_recording", d("2026-11-15")), ParseOverride("null")), "2027-02-13", "call_recording"},
		{"too long", over(facts("call_recording", d("2026-11-15")), 3651), "2027-02-13", "call_recording"},
		{"cap", ended(over(facts("call_recording", d("2026-11-15")), 180), "2026-11-20"), "2026-12-20", "account_crm"},
		{"cap later", ended(facts("call_recording", d("2026-01-01")), "2026-11-20"), "2026-04-01", "call_recording"},
		{"cap bad", func() Facts { f := facts("call_recording", d("2026-11-15")); f.AccountTerminated = BadDate; return f }(), "2027-02-13", "call_recording"},
		{"recorded", Facts{Class: "call_recording", Trigger: NoDate, Recorded: d("2026-11-15"), AccountTerminated: NoDate}, "2027-02-13", "call_recording"},
		{"T15 a", facts("billing", d("2026-03-31")), "2033-03-31", "billing"},
		{"T15 b", facts("billing", d("2026-04-01")), "2034-03-31", "billing"},
		{"ticket", facts("support_ticket", d("2028-02-29")), "2030-02-28", "support_ticket"},
		{"cookie", facts("cookie_analytics", d("2026-01-31")), "2027-02-28", "cookie_analytics"},
	} {
		last := d(c.last)
		elig := Midnight(last + 1)
		at := Decide(c.f, elig)
		if at.State != Due || at.LastDay != last || at.Rule != c.rule || !at.EraseAfter.Equal(elig) || at.Reason == "" {
			t.Errorf("%s at elig: %+v (%s)", c.id, at, Format(at.LastDay))
		}
		if before := Decide(c.f, elig.Add(-time.Second)); before.State != Active || !before.EraseAfter.Equal(elig) {
			t.Errorf("%s before elig: %+v", c.id, before)
		}
		if rejected := strings.HasPrefix(c.id, "T11") || c.id == "too long"; rejected != strings.Contains(at.Note, "rejected") {
			t.Errorf("%s: note %q", c.id, at.Note)
		}
	}
	if got := Decide(ended(facts("account_crm", NoDate), "2026-08-10"), Midnight(d("2026-07-02"))); got.State != Active {
		t.Errorf("T04: %+v", got)
	}
}

func TestNeverDue(t *testing.T) {
	asOf := Midnight(day(t, "2026-11-01"))
	for _, c := range []struct {
		name string
		f    Facts
		want State
	}{
		{"T38 missing", facts("billing", NoDate), Undated}, {"T38 1970", facts("billing", On(1970, 1, 1)), Suspect},
		{"T38 zero value", Facts{Class: "call_recording"}, Suspect}, {"T38 bad", facts("cookie_analytics", BadDate), Suspect},
		{"T38 future", facts("support_ticket", day(t, "2026-11-03")), Suspect}, {"tomorrow", facts("support_ticket", day(t, "2026-11-02")), Active},
		{"undated recording", facts("call_recording", NoDate), Undated}, {"undated cookie", facts("cookie_analytics", NoDate), Undated},
		{"open ticket", facts("support_ticket", NoDate), Active}, {"active account", facts("account_crm", day(t, "2001-01-01")), Active},
		{"bad end", Facts{Class: "account_crm", AccountTerminated: BadDate}, Suspect},
		{"ends later", Facts{Class: "account_crm", AccountTerminated: day(t, "2026-12-31")}, Active},
		{"no class", facts("", day(t, "2001-01-01")), Active}, {"other class", facts("consent_proof", day(t, "2001-01-01")), Active},
	} {
		d := Decide(c.f, asOf)
		if d.State != c.want || d.Reason == "" {
			t.Errorf("%s: %s %+v", c.name, d.State, d)
		}
		if d.State != Active && !d.EraseAfter.IsZero() {
			t.Errorf("%s has an end", c.name)
		}
	}
	if d := Decide(facts("account_crm", NoDate), asOf); !d.EraseAfter.IsZero() {
		t.Error("an active account has an end")
	}
}

func TestKeepUntil(t *testing.T) {
	until, rule, byLaw := KeepUntil("billing", day(t, "2026-03-31")) // T21
	if !byLaw || rule != "in.incometax" || until.Format(time.RFC3339) != "2033-04-01T00:00:00+05:30" {
		t.Errorf("%v %s %v", until, rule, byLaw)
	}
	if until, _, byLaw := KeepUntil("billing", NoDate); !byLaw || !until.IsZero() {
		t.Error("an undated invoice is not kept")
	}
	for _, c := range []string{"account_crm", "call_recording", "support_ticket", "cookie_analytics", ""} {
		if _, rule, byLaw := KeepUntil(c, day(t, "2026-03-31")); byLaw || rule != "" {
			t.Errorf("%s is kept by law", c)
		}
	}
}

func TestProperties(t *testing.T) {
	classes := append(Default().Classes(), "other")
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string) Date {
			return rapid.OneOf(rapid.Just(NoDate), rapid.Just(BadDate), rapid.Custom(func(t *rapid.T) Date { return genDate(t, name) })).Draw(t, name)
		}
		f := Facts{Class: rapid.SampledFrom(classes).Draw(t, "class"), Trigger: some("trigger"), Recorded: some("recorded"),
			AccountTerminated: some("ended"), Override: rapid.IntRange(-3, 4000).Draw(t, "override")}
		at := time.Unix(rapid.Int64Range(1_000_000_000, 4_000_000_000).Draw(t, "at"), 0)
		later := at.Add(time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "later")) * time.Second)
		d, e := Decide(f, at), Decide(f, later)
		if d.State == Due && e.State != Due {
			t.Fatalf("due at %v, %s at %v", at, e.State, later)
		}
		if d.State == Due && (d.EraseAfter.IsZero() || at.Before(d.EraseAfter)) {
			t.Fatal("due before its time")
		}
		if d.State == Active && !d.EraseAfter.IsZero() && !at.Before(d.EraseAfter) {
			t.Fatal("active after its time")
		}
		if until, _, law := KeepUntil(f.Class, f.Trigger); law && d.State == Due && at.Before(until) {
			t.Fatal("due while kept by law")
		}
		f.AccountTerminated = NoDate
		if g := Decide(f, at); f.Class == "call_recording" && g.State == Due && d.State != Due {
			t.Fatal("the end of the account lengthened the period")
		}
	})
}

const sketch = `
policy: {id: cratio-privacy, version: "2026-04-21", tz: "+05:30", boundary: end_of_day, month_end: clamp}
rules:
  account_crm:    {trigger: subscription.terminated, when: no_active_subscription, period: P30D, cancel_on: [subscription.resumed]}
  call_recording: {trigger: recording.ended, period: P90D, override: {by: account_admin, key: recording_retention_days, min: P1D, max: P3650D}, cap_by: account_crm}
  support_ticket: {trigger: ticket.closed, period: P2Y, cancel_on: [ticket.reopened]}
  billing:        {trigger: document.date, anchor: in_fy_end, period: P7Y, group: invoice_chain, group_rule: max, keep_fields: tax_minimum}
  cookie_analytics: {trigger: cookie.first_set, period: P13M}
floors:
  in.incometax:   {applies: [billing], expr: "fy_end + P7Y", mode: enforce, cite: "IT Rules 1962 r.6F(5); IT Rules 2026 r.46"}
  in.gst.s36:     {applies: [billing], expr: "gstr9_due(fy) + P72M", mode: enforce, due_table: {default: "12-31", overrides: {}}}
  in.companies:   {applies: [billing], expr: "fy_end + P8Y", mode: advisory, cite: "Companies Act 2013 s.128(5)"}
  in.dpdp.r6_1e:  {applies: [usage_logs, access_audit_log], expr: "event + P1Y", mode: enforce, effective_from: 2027-05-13}
  in.dpdp.r8_3:   {applies: "*", expr: "last_processing + P1Y", mode: UNDECIDED, modes: [off, logs_only, full], effective_from: 2027-05-13}
  in.certin:      {applies: [usage_logs], expr: "event + P180D", mode: enforce, effective_from: 2022-06-27}
notices: {pre_erasure: {lead: PT48H, statutory: false, on_failure: proceed_and_log}}
sla: {access: P30D, correction: P30D, erasure: P30D, nomination: P30D, fb_deletion: P7D, grievance: {target: P30D, outer: P90D}, consent_withdrawal: {stop: P1D, erase: P30D}}
profiles: {gdpr: {enabled: false, due: "min(P30D, P1M)"}}
guards: {max_delete_fraction_per_account: 0.2, require_plan_hash: true, undated: report_only}
`

func TestLoad(t *testing.T) {
	p, err := Parse("policy.yaml", []byte(sketch))
	if err != nil {
		t.Fatal(err)
	}
	asOf := Midnight(day(t, "2027-05-13"))
	if got := p.Undecided("billing", asOf); len(got) != 1 || got[0] != "in.dpdp.r8_3" {
		t.Errorf("undecided: %v", got)
	}
	if got := p.Undecided("billing", asOf.Add(-time.Second)); got != nil {
		t.Errorf("undecided too early: %v", got)
	}
	if p.Notices["pre_erasure"].Lead != 48*time.Hour || p.SLA["grievance"].Outer != (Period{Days: 90}) || p.Guards.MaxDeleteFraction != 0.2 {
		t.Errorf("%+v", p)
	}
	for _, f := range []Facts{facts("billing", day(t, "2026-04-01")), facts("call_recording", day(t, "2026-04-01"))} {
		if p.Decide(f, asOf) != Decide(f, asOf) {
			t.Errorf("the sketch decides otherwise on %s", f.Class)
		}
	}
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte("rules: {call_recording: {period: P60D}, billing: {period: never}, usage_logs: {trigger: event, period: P1Y}}\nfloors: {in.companies: {mode: enforce}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err = Load(path); err != nil {
		t.Fatal(err)
	}
	f := facts("call_recording", day(t, "2026-11-15"))
	f.Override = 180
	if d := p.Decide(f, asOf); Format(d.LastDay) != "2027-05-14" {
		t.Errorf("the override is gone: %s", Format(d.LastDay))
	}
	if until, rule, _ := p.KeepUntil("billing", day(t, "2026-03-31"), asOf); rule != "in.companies" || Format(Civil(until)) != "2034-04-01" { // T19
		t.Errorf("T19: %v %s", until, rule)
	}
	if got := Default().Advisory("billing", day(t, "2026-03-31"), Midnight(day(t, "2033-04-01"))); len(got) != 1 {
		t.Errorf("T19 advisory: %v", got)
	}
	if d := Default().Rules["call_recording"]; d.Period.Days != 90 {
		t.Error("loading a file changed the built-in policy")
	}
	if p, err := Load(""); err != nil || len(p.Rules) != 5 {
		t.Errorf("%v %v", p.Rules, err)
	}
}

func TestLoadErrors(t *testing.T) {
	for in, want := range map[string]string{
		"rulez: {}":                                                                             "p.yaml:1: unknown key \"rulez\"; did you mean \"rules\"?",
		"rules: {billing: {period: 7 years}}":                                                   "p.yaml:1: rules.billing.period: \"7 years\" is no ISO 8601 period in years, months, weeks or days, such as P30D, P13M or P7Y",
		"rules: {billing: {period: P0D}}":                                                       "p.yaml:1: rules.billing.period must be at least a day",
		"rules: {logs: {period: P1Y}}":                                                          "p.yaml:1: rules.logs has no trigger",
		"rules:\n  billing: {anchor: fy}":                                                       "p.yaml:2: rules.billing.anchor must be in_fy_end or document_date, not \"fy\"",
		"rules: {x: {trigger: e, period: P1Y, cap_by: y}}":                                      "p.yaml:1: rules.x: cap_by must name a class that ends with the account, not \"y\"",
		"rules: {call_recording: {override: {min: P2D, max: P1D}}}":                             "p.yaml:1: rules.call_recording.override: min is more than max",
		"floors: {x: {applies: [billing], expr: tomorrow, mode: enforce}}":                      "p.yaml:1: floors.x.expr must be fy_end, event, gstr9_due(fy) or last_processing + PERIOD",
		"floors: {x: {applies: \"*\", expr: last_processing + P1Y, mode: full, modes: [full]}}": "p.yaml:1: floors.x: mode full of \"last_processing + P1Y\" cannot be carried out; use off, advisory or UNDECIDED",
		"floors: {x: {mode: off}}":                                                              "p.yaml:1: floors.x must say applies, expr and mode",
		"guards: {undated: erase}":                                                              "p.yaml:1: guards.undated must be report_only, not \"erase\"",
		"guards: {max_delete_fraction_per_account: 2}":                                          "p.yaml:1: guards.max_delete_fraction_per_account must be a number from 0 to 1",
		"sla: {access: soon}":                                                                   "p.yaml:1: sla.access: \"soon\" is no ISO 8601 period in years, months, weeks or days, such as P30D, P13M or P7Y",
		"notices: {pre_erasure: {lead: 2 days}}":                                                "p.yaml:1: notices.pre_erasure.lead must be a number of hours, written PT48H",
		"policy: {tz: \"+00:00\"}":                                                              "p.yaml:1: policy.tz must be +05:30, not \"+00:00\"; did you mean \"+05:30\"?",
	} {
		_, err := Parse("p.yaml", []byte(in))
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", in, err, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a missing file is accepted")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sketch))
	f.Add([]byte("rules: [1]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("p", data)
		if err == nil {
			p.Decide(facts("billing", On(2026, 1, 1)), time.Unix(1_800_000_000, 0))
		}
	})
}

// TestKeepUntilNow holds what law says at a given time: a floor whose time is over keeps
// nothing, and a date that has not come says nothing.
func TestKeepUntilNow(t *testing.T) {
	p := Default()
	at := time.Date(2033, 3, 31, 18, 30, 0, 0, time.UTC) // the first instant of 1 April in India
	if _, _, law := p.KeepUntil("billing", day(t, "2026-03-31"), at); law {
		t.Error("kept although its time is over")
	}
	if until, _, law := p.KeepUntil("billing", day(t, "2026-03-31"), at.Add(-time.Second)); !law || !until.Equal(at) {
		t.Errorf("until %v, %v one second before its time is over", until, law)
	}
	if until, _, law := p.KeepUntil("billing", day(t, "9999-12-31"), at); !law || !until.IsZero() {
		t.Errorf("a date that has not come: until %v, %v", until, law)
	}
}
