package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// State is what the clock says of a record.
type State uint8

// The states. Only Due data may be erased for its age.
const (
	Active  State = iota + 1 // within its period, or without one
	Due                      // the period is over
	Undated                  // the date that starts the clock is missing
	Suspect                  // the date is impossible, before 2000, or in the future
)

// String names the state in lower case.
func (s State) String() string {
	switch s {
	case Active:
		return "active"
	case Due:
		return "due"
	case Undated:
		return "undated"
	case Suspect:
		return "suspect"
	}
	return "unknown"
}

// RejectedOverride stands in Facts.Override for a setting that is there and is no
// number of days.
const RejectedOverride = -1

// Facts are what a decision is made from.
type Facts struct {
	Class             string
	Trigger           Date // NoDate when the record has none
	Recorded          Date // when the record was made, NoDate when unknown
	AccountTerminated Date // NoDate while the account is active
	Override          int  // the account's own period in days, 0 for none; see ParseOverride
}

// Decision is what the policy says of a record.
type Decision struct {
	State      State
	Rule       string    // the rule or floor that fixes the day: "call_recording"; "account_crm" where the account's end caps it
	LastDay    Date      // the last day it is kept; NoDate when there is no such day
	EraseAfter time.Time // the first instant at which it may be erased; zero when there is none
	Reason     string    // for a person; no personal value
	Note       string    // something rejected or ignored on the way, or ""
}

// ParseOverride reads an account's setting of a period in days. "" means that
// there is none (0); anything but a positive whole number gives
// [RejectedOverride], with which Decide keeps the default and says so.
func ParseOverride(raw string) int {
	s := strings.TrimSpace(raw)
	if s == "" {
		return 0
	}
	if whole, frac, ok := strings.Cut(s, "."); ok && strings.Trim(frac, "0") == "" {
		s = whole
	}
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 || n > 1_000_000 {
		return RejectedOverride
	}
	return n
}

var builtin = Default() // read only

// Decide applies the built-in policy.
func Decide(f Facts, asOf time.Time) Decision { return builtin.Decide(f, asOf) }

// Decide says whether a record may be erased for its age at asOf.
func (p Policy) Decide(f Facts, asOf time.Time) Decision {
	r, ok := p.Rules[f.Class]
	if !ok || r.Never {
		return Decision{State: Active, LastDay: NoDate, Reason: "no rule ends this class"}
	}
	start, what := r.start(f)
	today := Civil(asOf)
	switch {
	case start == NoDate && r.Trigger == TriggerTerminated:
		return Decision{State: Active, Rule: f.Class, LastDay: NoDate, Reason: "the account is active"}
	case start == NoDate && len(r.CancelOn) > 0:
		return Decision{State: Active, Rule: f.Class, LastDay: NoDate, Reason: "the clock has not started: no " + r.Trigger}
	case start == NoDate:
		return Decision{State: Undated, Rule: f.Class, LastDay: NoDate, Reason: "no date for " + r.Trigger}
	case start == BadDate || start < firstDate:
		return Decision{State: Suspect, Rule: f.Class, LastDay: NoDate, Reason: "the date of " + what + " is impossible or before 2000"}
	case start > AddDays(today, 1) && r.Trigger != TriggerTerminated:
		return Decision{State: Suspect, Rule: f.Class, LastDay: NoDate, Reason: "the date of " + what + " lies in the future"}
	}
	d := Decision{Rule: f.Class}
	period := r.period(f.Override, &d)
	from := start
	if r.Anchor == AnchorFY {
		from = FYEnd(start)
	}
	d.LastDay = period.AddTo(from)
	d.Reason = fmt.Sprintf("%s from %s (%s)", period.Words(), what, Format(from))
	p.capped(r, f, &d)
	p.floors(f.Class, start, today, &d)
	d.EraseAfter = Eligible(d.LastDay)
	if d.State = Due; asOf.Before(d.EraseAfter) {
		d.State = Active
	}
	return d
}

// start returns the date that starts the clock and what it is the date of.
func (r Rule) start(f Facts) (Date, string) {
	switch {
	case r.Trigger == TriggerTerminated:
		return f.AccountTerminated, "the end of the account"
	case r.Trigger == TriggerRecorded, r.Trigger == TriggerRecording && f.Trigger == NoDate:
		return f.Recorded, "the record"
	case r.Anchor == AnchorFY:
		return f.Trigger, "the end of the financial year of " + r.Trigger
	}
	return f.Trigger, r.Trigger
}

// OwnDate reports whether the clock starts with a date of the record, not with the
// account's end.
func (r Rule) OwnDate() bool { return r.Trigger != TriggerTerminated && !r.Never }

// period returns the rule's period or the account's own.
func (r Rule) period(days int, d *Decision) Period {
	switch {
	case days == 0:
	case r.Override == nil:
		d.Note = "override ignored: this class has none"
	case r.rejects(days):
		d.Note = fmt.Sprintf("override rejected: not a number of days from %d to %d; %s stand", r.Override.Min, r.Override.Max, r.Period.Words())
	default:
		return Period{Days: days}
	}
	return r.Period
}

// rejects reports whether an account's setting is no number of days that the rule takes.
func (r Rule) rejects(days int) bool { return days < r.Override.Min || days > r.Override.Max }

// Rejects reports whether an account's own period for a class is set and does not count:
// the class takes none, or not this one.
func (p Policy) Rejects(class string, days int) bool {
	r := p.Rules[class]
	return days != 0 && (r.Override == nil || r.rejects(days))
}

// capped ends the data with the account, when the rule says so.
func (p Policy) capped(r Rule, f Facts, d *Decision) {
	limit, ok := p.Rules[r.CapBy]
	if r.CapBy == "" || !ok || limit.Never || f.AccountTerminated == NoDate {
		return
	}
	if f.AccountTerminated == BadDate || f.AccountTerminated < firstDate {
		d.Note = strings.TrimPrefix(d.Note+"; the date of the end of the account is impossible and was ignored", "; ")
		return
	}
	if last := limit.Period.AddTo(f.AccountTerminated); last < d.LastDay {
		d.LastDay, d.Rule = last, r.CapBy
		d.Reason = fmt.Sprintf("%s from the end of the account (%s)", limit.Period.Words(), Format(f.AccountTerminated))
	}
}

// floors lengthens the period where law says so.
func (p Policy) floors(class string, trigger, today Date, d *Decision) {
	for _, f := range p.Floors {
		if f.Mode != "enforce" || !f.applies(class) || !f.inForce(today) || !f.computable() {
			continue
		}
		if last := f.last(trigger); Real(last) && last > d.LastDay {
			d.LastDay, d.Rule = last, f.ID
			d.Reason = "kept by law: " + f.ID + ", " + f.Expr
		}
	}
}

// KeepUntil applies the built-in policy; see [Policy.KeepUntil].
func KeepUntil(class string, trigger Date) (until time.Time, rule string, byLaw bool) {
	return builtin.KeepUntil(class, trigger, time.Time{})
}

// KeepUntil says whether law keeps a record even when the person asks for its
// erasure, and until when: the first instant at which it may go. When the
// record's date is unknown, or lies in the future, until is zero and it stays. Floors
// count that are in force at asOf (the zero time: those without a beginning) and whose
// time is not over then.
func (p Policy) KeepUntil(class string, trigger Date, asOf time.Time) (until time.Time, rule string, byLaw bool) {
	day := zeroDate
	if !asOf.IsZero() {
		day = Civil(asOf)
	}
	for _, f := range p.Floors {
		if f.Mode != "enforce" || !f.applies(class) || !f.inForce(day) || !f.computable() {
			continue
		}
		if !Real(trigger) || trigger < firstDate || !asOf.IsZero() && trigger > AddDays(day, 1) {
			return time.Time{}, f.ID, true
		}
		e := Eligible(f.last(trigger))
		if !asOf.IsZero() && !e.After(asOf) {
			continue
		}
		if !byLaw || e.After(until) {
			until, rule, byLaw = e, f.ID, true
		}
	}
	return until, rule, byLaw
}
