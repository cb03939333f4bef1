package policy

import (
	"maps"
	"slices"
	"time"
)

// The triggers that Decide treats in a way of their own. Any other word stands
// for the record's own trigger field.
const (
	TriggerTerminated = "subscription.terminated" // the end of the account
	TriggerRecording  = "recording.ended"         // falls back to when the record was made
	TriggerRecorded   = "record.created"          // when the record was made
)

// AnchorFY moves the start of a clock to the end of the financial year.
const AnchorFY = "in_fy_end"

// Policy is the table of rules with what stands around it. Get one from
// [Default] or [Load]; it is not changed afterwards.
type Policy struct {
	ID, Version string
	Rules       map[string]Rule // by class
	Floors      []Floor         // in file order
	SLA         map[string]SLA  // by type of request
	Notices     map[string]Notice
	Profiles    map[string]Profile
	Guards      Guards
	Backups     Backups
}

// Backups says what is known of backups of the sources, of which sutra sees none.
type Backups struct {
	// Horizon is the age at which the last backup that holds a record is gone; zero
	// when nobody said.
	Horizon Period
}

// Rule says how long one class is kept.
type Rule struct {
	Class    string
	Trigger  string // the event that starts the clock
	Anchor   string // "", "document_date", or AnchorFY
	Period   Period
	Never    bool      // switched off: the class does not expire
	Override *Override // nil: accounts cannot set it
	CapBy    string    // a class that ends this one early: "account_crm" or ""
	CancelOn []string  // events that stop the clock; with them, no trigger means that it does not run
	When     string    // kept as data
	Group    string    // kept as data
	GroupBy  string    // group_rule, kept as data
	Keep     string    // keep_fields, kept as data
}

// Override lets an account set the period, in days from Min to Max.
type Override struct {
	By, Key  string
	Min, Max int
}

// Floor is what law keeps.
type Floor struct {
	ID            string
	Applies       []string // classes; "*" is all
	Expr          string   // "fy_end + P7Y"
	Mode          string   // enforce, advisory, off, UNDECIDED, or one of Modes
	Modes         []string
	Cite          string
	EffectiveFrom Date // NoDate: always
	DueDay        string
	DueOverrides  map[string]Date // financial year ("2025-26") → due date of its annual return
	base          string
	period        Period
}

// SLA is the clock of a type of request.
type SLA struct {
	Target Period // to the answer
	Outer  Period // the limit by law; zero when there is none
	Stop   Period // to the end of processing
	Erase  Period // to the erasure
}

// Notice is a message that goes out before something happens.
type Notice struct {
	Lead      time.Duration
	Statutory bool
	OnFailure string
}

// Profile is a set of rules for people elsewhere, such as gdpr.
type Profile struct {
	Enabled bool
	Due     string
}

// Guards are the limits of a plan.
type Guards struct {
	MaxDeleteFraction float64 // of an account's records, 0 to 1
	FreeDeletes       int     // so many deletions of an account are always in order
	RequirePlanHash   bool
	RequireApproval   bool
	Undated           string // "report_only"
}

// Default returns the built-in policy: the privacy policy made exact.
func Default() Policy {
	days30, days7 := Period{Days: 30}, Period{Days: 7}
	p := Policy{
		ID: "cratio-privacy", Version: "2026-04-21",
		Rules: map[string]Rule{
			"account_crm": {Trigger: TriggerTerminated, When: "no_active_subscription", Period: days30, CancelOn: []string{"subscription.resumed"}},
			"call_recording": {Trigger: TriggerRecording, Period: Period{Days: 90}, CapBy: "account_crm",
				Override: &Override{By: "account_admin", Key: "recording_retention_days", Min: 1, Max: 3650}},
			"support_ticket":   {Trigger: "ticket.closed", Period: Period{Years: 2}, CancelOn: []string{"ticket.reopened"}},
			"billing":          {Trigger: "document.date", Anchor: AnchorFY, Period: Period{Years: 7}, Group: "invoice_chain", GroupBy: "max", Keep: "tax_minimum"},
			"cookie_analytics": {Trigger: "cookie.first_set", Period: Period{Months: 13}},
		},
		Floors: []Floor{
			{ID: "in.incometax", Applies: []string{"billing"}, Expr: "fy_end + P7Y", Mode: "enforce", EffectiveFrom: NoDate,
				Cite: "IT Rules 1962 r.6F(5); IT Rules 2026 r.46", base: "fy_end", period: Period{Years: 7}},
			{ID: "in.companies", Applies: []string{"billing"}, Expr: "fy_end + P8Y", Mode: "advisory", EffectiveFrom: NoDate,
				Cite: "Companies Act 2013 s.128(5)", base: "fy_end", period: Period{Years: 8}},
		},
		SLA: map[string]SLA{
			"access": {Target: days30}, "correction": {Target: days30}, "erasure": {Target: days30}, "nomination": {Target: days30},
			"fb_deletion": {Target: days7}, "grievance": {Target: days30, Outer: Period{Days: 90}},
			"consent_withdrawal": {Stop: Period{Days: 1}, Erase: days30},
		},
		Notices: map[string]Notice{}, Profiles: map[string]Profile{},
		Guards: Guards{MaxDeleteFraction: 0.2, FreeDeletes: 1000, RequirePlanHash: true, Undated: "report_only"},
	}
	for c, r := range p.Rules {
		r.Class = c
		p.Rules[c] = r
	}
	return p
}

// Classes returns the classes that have a rule, sorted.
func (p Policy) Classes() []string { return slices.Sorted(maps.Keys(p.Rules)) }

// applies reports whether the floor concerns a class.
func (f Floor) applies(class string) bool {
	return slices.Contains(f.Applies, class) || slices.Contains(f.Applies, "*")
}

// inForce reports whether the floor has begun at a day.
func (f Floor) inForce(day Date) bool { return !Real(f.EffectiveFrom) || f.EffectiveFrom <= day }

// computable reports whether the last day follows from the trigger alone.
func (f Floor) computable() bool {
	return f.base == "fy_end" || f.base == "event" || f.base == "gstr9_due(fy)"
}

// last returns the last day that the floor keeps data with this trigger.
func (f Floor) last(trigger Date) Date {
	switch f.base {
	case "fy_end":
		return f.period.AddTo(FYEnd(trigger))
	case "event":
		return f.period.AddTo(trigger)
	case "gstr9_due(fy)":
		return f.period.AddTo(f.returnDue(trigger))
	}
	return NoDate
}

// returnDue is the day on which the annual return of the trigger's financial
// year is due.
func (f Floor) returnDue(trigger Date) Date {
	end := FYEnd(trigger)
	if !Real(end) {
		return end
	}
	y, _, _ := Day(end)
	if d, ok := f.DueOverrides[fyName(y)]; ok {
		return d
	}
	m, d := time.December, 31
	if t, err := time.Parse("01-02", f.DueDay); err == nil {
		m, d = t.Month(), t.Day()
	}
	due := On(y, m, d)
	if due <= end {
		due = On(y+1, m, d)
	}
	return due
}

// fyName is how a financial year is written: 2025-26 ends in 2026.
func fyName(end int) string {
	s := Format(On(end, time.January, 1))[2:4]
	return Format(On(end-1, time.January, 1))[:4] + "-" + s
}

// Undecided returns the floors in force at asOf whose mode nobody has chosen yet
// and that concern the class. A plan for the class waits for that choice.
func (p Policy) Undecided(class string, asOf time.Time) []string {
	var out []string
	for _, f := range p.Floors {
		if f.Mode == "UNDECIDED" && f.applies(class) && f.inForce(Civil(asOf)) {
			out = append(out, f.ID)
		}
	}
	return out
}

// FloorFrom returns the day from which a floor is in force, NoDate when it always
// was or is unknown.
func (p Policy) FloorFrom(id string) Date {
	for _, f := range p.Floors {
		if f.ID == id {
			return f.EffectiveFrom
		}
	}
	return NoDate
}

// FloorCite returns what a floor is cited by, "" when it says nothing.
func (p Policy) FloorCite(id string) string {
	for _, f := range p.Floors {
		if f.ID == id {
			return f.Cite
		}
	}
	return ""
}

// Began returns a floor that concerns the class and came into force after one day and by
// another; "" when there is none.
func (p Policy) Began(class string, after, by time.Time) string {
	for _, f := range p.Floors {
		if f.Mode == "enforce" && f.applies(class) && f.inForce(Civil(by)) && !f.inForce(Civil(after)) {
			return f.ID
		}
	}
	return ""
}

// FloorsInForce returns the floors that have begun at asOf and are not off.
func (p Policy) FloorsInForce(asOf time.Time) []Floor {
	return slices.DeleteFunc(slices.Clone(p.Floors), func(f Floor) bool { return f.Mode == "off" || !f.inForce(Civil(asOf)) })
}

// ByAccount reports whether the clock of a class depends on its account: on its end
// or on a setting of it.
func (p Policy) ByAccount(class string) bool {
	r := p.Rules[class]
	return r.Trigger == TriggerTerminated || r.Override != nil || r.CapBy != ""
}

// Advisory returns the floors of mode advisory that would keep the data beyond
// asOf: they change nothing and are counted in reports.
func (p Policy) Advisory(class string, trigger Date, asOf time.Time) []string {
	var out []string
	for _, f := range p.Floors {
		if f.Mode == "advisory" && f.applies(class) && f.inForce(Civil(asOf)) && f.computable() && Real(trigger) && asOf.Before(Eligible(f.last(trigger))) {
			out = append(out, f.ID)
		}
	}
	return out
}
