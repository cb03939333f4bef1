package world

import (
	"fmt"
	"slices"
	"time"
)

// person plants everything that the company holds about one person.
func (w *builder) person(s *soul) {
	rich := s.Has(TagRich)
	if s.Has(TagStaffCustomer) {
		w.addStaffRow(s)
	}
	if s.r.IntN(25) == 0 && len(s.Tags) == 0 {
		s.Tags = append(s.Tags, "soft_deleted")
	}
	if len(s.Tags) > 0 || s.phone2 != "" || s.r.Float64() < .6 {
		w.addContact(s, 0)
	}
	if s.Has(TagMerged) {
		w.addContact(s, s.contact)
	}
	lead := w.addLead(s, false)
	if s.chance(.1) {
		w.addLead(s, true)
	}
	w.activity(s, lead)
	w.support(s)
	w.logs(s, lead)
	w.mentionsOf(s, lead)
	w.web(s, lead)
	if s.chance(.2) {
		w.files.addLead(s, lead)
	}
	if s.chance(.2) {
		w.files.addCall(s)
	}
	if s.chance(.2) {
		w.files.addVisit(s)
	}
	if s.chance(.2) || s.Has(TagSwitchboard) || s.Has(TagFamily) || s.Has(TagPlaceholder) {
		w.files.addDrop(s)
	}
	w.outer.add(s)
	w.record(s, lead)
	if s.Has(TagSwitchboard) && s.n%period < 2 {
		w.addBoardCall(s)
	}
	if rich {
		w.addEvent(s, "visitor", "")
	}
}

// addStaffRow plants the row that makes her a member of staff, and the calls she
// made to others with her own number.
func (w *builder) addStaffRow(s *soul) {
	id := w.db.next("users")
	w.row(s, Copy{Optional: true, Expect: ExpectKept}, "users", pk(id), time.Time{}, id, s.Account, s.Name, s.Emails[1], "+91"+s.Phones[0], 1,
		stamp(w.ago(s.r, 400)))
	me := agent{id, s.Phones[0]}
	w.staff[s.Account] = append(w.staff[s.Account], me)
	if len(w.staff[s.Account]) > 12 {
		w.staff[s.Account] = slices.Delete(w.staff[s.Account], 2, 3)
	}
}

// activity plants calls, notes, tasks, messages and what the form builder holds.
func (w *builder) activity(s *soul, lead string) {
	number := ""
	if s.mobile() != "" {
		number = s.writes(pick(s.r, "zero", "bare", "e164"))
	}
	if s.chance(.45) {
		w.addCall(s, lead, "", number, w.recent(s.r), w.agent(s))
	}
	if s.chance(.15) {
		w.addCall(s, lead, "", "", w.recent(s.r), w.agent(s)) // only the lead leads to her
	}
	if s.phone2 != "" && s.contact != 0 && s.chance(.5) {
		w.addCall(s, lead, "", "0"+s.phone2, w.recent(s.r), w.agent(s))
	}
	if s.chance(.25) {
		w.addFieldValue(s, lead)
	}
	if s.chance(.35) {
		w.addNote(s, "Lead", lead, nil)
	}
	if s.contact != 0 && s.chance(.15) {
		w.addNote(s, "Contact", pk(s.contact), nil)
	}
	if s.chance(.2) {
		w.addTask(s, "leads", lead)
	}
	if s.own() && s.chance(.2) {
		w.addMessage(s, lead)
	}
	if s.own() && s.chance(.06) {
		w.addDeviceContact(s)
	}
}

// support plants tickets and invoices: young ones, old ones, undated ones and
// impossible dates.
func (w *builder) support(s *soul) {
	if s.contact == 0 {
		return
	}
	now := civil(w.o.Now)
	if s.chance(.3) {
		edge := addMonths(now, -24)
		closed := pick(s.r, time.Time{}, w.ago(s.r, 40), w.ago(s.r, 400), w.ago(s.r, 900), edge.Add(20*time.Hour), edge.AddDate(0, 0, -2).Add(10*time.Hour))
		raw := ""
		if closed.IsZero() && s.r.IntN(3) == 0 {
			raw = "0000-00-00 00:00:00"
		}
		w.addTicket(s, closed, raw, nil)
	}
	if s.chance(.2) || s.n%period == 0 {
		y := now.Year()
		date := pick(s.r, fmt.Sprintf("%d-06-12", y-1), fmt.Sprintf("%d-11-03", y-2), now.AddDate(0, 0, -30).Format(time.DateOnly))
		switch s.r.IntN(8) {
		case 0:
			date = "2016-08-20"
		case 1:
			date = fmt.Sprintf("%d-02-31", y-9)
		}
		w.addInvoice(s, date)
	}
	if s.Has(TagRich) {
		w.addTicket(s, w.ago(s.r, 900), "", nil)
		w.addInvoice(s, now.AddDate(0, 0, -45).Format(time.DateOnly))
	}
}

// logs plants the copies that a CRM keeps behind its own back.
func (w *builder) logs(s *soul, lead string) {
	if s.chance(.2) {
		w.addAudit(s, lead)
	}
	if s.chance(.2) {
		var others []*soul
		if s.r.IntN(20) == 0 || s.n%period == 21 {
			for k := range 1 + s.r.IntN(2) {
				if p := w.other(s, k); p != nil {
					others = append(others, p)
				}
			}
		}
		w.addWebhook(s, others...)
	}
	if s.chance(.06) {
		w.addDeadLetter(s, s.r.IntN(5) == 0 || s.n%period == 21)
	}
	if s.chance(.2) {
		w.addImportRow(s)
	}
}

// mentionsOf plants records of hers that name another person.
func (w *builder) mentionsOf(s *soul, lead string) {
	if s.r.IntN(30) == 0 || s.n%period == 17 || s.n%period == 18 {
		p := w.other(s, 0)
		if s.n%period == 17 || s.n%period == 18 {
			p = w.beside(s, 20)
		}
		if p != nil {
			w.addNote(s, "Lead", lead, p)
		}
	}
	if s.contact != 0 && (s.r.IntN(40) == 0 || s.n%period == 12) {
		p := w.other(s, 1)
		if s.n%period == 12 {
			p = w.beside(s, 20)
		}
		if p != nil {
			w.addTicket(s, w.ago(s.r, 50), "", p)
		}
	}
}

// beside returns the person at an offset of the same block, nil when the world
// ends before.
func (w *builder) beside(s *soul, offset int) *soul {
	if n := s.n - s.n%period + offset; n < w.o.People {
		return w.soul(n)
	}
	return nil
}

// web plants analytics events; the first one says whose cookie it is.
func (w *builder) web(s *soul, lead string) {
	if s.Has(TagRich) {
		for _, k := range []string{"email", "lead", "plain", "undated", "bad", "url"} {
			w.addEvent(s, k, lead)
		}
	} else if s.chance(.3) {
		w.addEvent(s, pick(s.r, "email", "lead"), lead)
		for range s.r.IntN(3) {
			w.addEvent(s, pick(s.r, "plain", "plain", "plain", "undated", "bad"), lead)
		}
	} else {
		if s.r.IntN(30) == 0 && s.own() {
			w.addEvent(s, "url", "")
		}
		if s.r.IntN(10) == 0 {
			w.addEvent(s, "visitor", "")
		}
		return
	}
	s.Tags = append(s.Tags, TagCookie)
}

// record plants recordings: one person in ten has any.
func (w *builder) record(s *soul, lead string) {
	age := func() time.Time {
		keep := accountByID(s.Account).keepDays
		return w.ago(s.r, pick(s.r, 20, 40, 60, keep-1, keep, keep+1, 130, 220, 260))
	}
	switch {
	case s.Has(TagConference):
		if s.n%period == 18 {
			if p := w.beside(s, 19); p != nil {
				w.addRecording(s, "conference", w.ago(s.r, 30), lead, p)
			}
		}
	case s.Has(TagRich):
		for _, k := range []string{"samsung", "samsung_name", "miui", "server", "bcr", "undated"} {
			w.addRecording(s, k, age(), lead, nil)
		}
		w.addRecording(s, "server", w.ago(s.r, -900), lead, nil) // from the future: never due
	case s.own() && s.r.IntN(10) == 0:
		w.addRecording(s, pick(s.r, "samsung", "samsung_name", "miui", "server", "server", "bcr"), age(), lead, nil)
	default:
		return
	}
	s.Tags = append(s.Tags, TagRecorded)
}
