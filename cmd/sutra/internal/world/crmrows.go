package world

import (
	"fmt"
	"strconv"
	"time"
)

func pk(n int64) string { return strconv.FormatInt(n, 10) }

// orNone makes "" a null.
func orNone(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// keyOrNone makes 0 a null.
func keyOrNone(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// company plants the accounts, their staff and their form definitions.
func (w *builder) company() {
	slot := uint64(staffSlot)
	for _, a := range accounts {
		status, term := "active", time.Time{}
		if a.terminated > 0 {
			status, term = "terminated", civil(w.o.Now).AddDate(0, 0, -a.terminated).Add(15*time.Hour)
		}
		made := civil(w.o.Now).AddDate(-4, 0, 0).Add(11 * time.Hour)
		w.insert("accounts", a.id, a.name, orNone(a.gstin), a.phone, status, stamp(term), a.recordingDays, stamp(made))
		for k := range 2 {
			p, id := phoneAt(w.o.Seed, slot), w.db.next("users")
			slot += slots
			w.insert("users", id, a.id, fmt.Sprintf("Agent %s %d", a.id, k), fmt.Sprintf("desk%d@%s.example.com", k, lower(a.id)), "+91"+p, 1, stamp(made))
			w.staff[a.id] = append(w.staff[a.id], agent{id, p})
		}
		id := w.db.next("field_defs")
		w.defs[a.id] = id
		w.row(nil, Copy{Account: a.id, Expect: ExpectKept}, "field_defs", pk(id), time.Time{}, id, a.id, "Enquiry", "Alternate Mobile No.", "text")
	}
}

// agent returns one of the account's agents.
func (w *builder) agent(s *soul) agent { return pick(s.r, w.staff[s.Account]...) }

// addContact plants a contact row; merged names the row it was merged into.
func (w *builder) addContact(s *soul, merged int64) {
	id, t, at := w.db.next("contacts"), w.token(), w.ago(s.r, 15+s.r.IntN(900))
	var wa, deleted, alt, altMail any
	if s.own() && s.r.IntN(2) == 0 {
		wa = s.writes("wa")
	}
	style := "space"
	if merged > 0 {
		style, deleted = "hyphen", stamp(w.ago(s.r, 9))
	} else if s.Has("soft_deleted") {
		deleted = stamp(w.ago(s.r, 7))
	}
	if s.phone2 != "" {
		alt, altMail = "+91"+s.phone2, s.Emails[1]
	}
	var number any
	if s.mobile() != "" {
		number = s.writes(style)
	}
	w.row(s, Copy{Token: t}, "contacts", pk(id), at, id, s.Account, s.Name, s.email(), altMail, number, alt, wa, "met at a fair "+t, stamp(at), deleted, keyOrNone(merged))
	if s.contact == 0 {
		s.contact = id
	}
}

// addLead plants a lead row; the e-mail is in another case than in the contact.
func (w *builder) addLead(s *soul, deleted bool) string {
	id, t, at := uuid4(s.r), w.token(), w.ago(s.r, 15+s.r.IntN(600))
	name, mail := s.Name, upperLocal(s.email())
	if s.Has(TagPlaceholder) {
		name = "IndiaMART Buyer"
	}
	if s.Has(TagRoleMailbox) {
		mail = "info@" + lower(s.last) + "traders.example.com"
	}
	var gone, payload, ref any
	if deleted {
		gone = stamp(w.ago(s.r, 5))
	}
	source := "webform"
	if s.r.IntN(3) == 0 {
		source = "indiamart"
		v := w.enquiry(s, t, at)
		ref, payload = v["UNIQUE_QUERY_ID"], jsonText(v)
	}
	w.row(s, Copy{Token: t}, "leads", id, at, id, s.Account, keyOrNone(s.contact), name, mail, s.writes(pick(s.r, "e164", "bare", "zero", "hyphen", "paren")),
		s.last+" Traders", pick(s.r, cities...)[0], source, ref, payload, "wants "+pick(s.r, items...)+" "+t, w.agent(s).id, stamp(at), gone)
	s.Leads = append(s.Leads, id)
	return id
}

// addFieldValue plants a phone typed into a field of the form builder.
func (w *builder) addFieldValue(s *soul, lead string) {
	t := w.token()
	value := "whatsapp " + t
	if s.own() {
		value = s.writes("dash") + " whatsapp " + t
	}
	w.row(s, Copy{Token: t}, "lead_field_values", lead+","+pk(w.defs[s.Account]), time.Time{}, lead, w.defs[s.Account], value)
}

// addCall plants a call. Without a number only the lead leads to her.
func (w *builder) addCall(s *soul, lead, key, number string, at time.Time, by agent) {
	id, t := w.db.next("call_logs"), w.token()
	from, to, dir, name := any("+91"+by.phone), orNone(number), "out", any(s.Name)
	if s.r.IntN(2) == 0 {
		from, to, dir, name = to, from, "in", nil
	}
	w.row(s, Copy{Token: t}, "call_logs", pk(id), at, id, s.Account, lead, by.id, fmt.Sprintf("sid%016x", s.r.Uint64()), from, to, name, dir, stamp(at),
		20+s.r.IntN(600), orNone(key), "call "+t)
}

// addBoardCall plants a call from a switchboard: nobody's.
func (w *builder) addBoardCall(s *soul) {
	id, by := w.db.next("call_logs"), w.agent(s)
	t, at := w.token(), w.recent(s.r)
	w.row(nil, Copy{Account: s.Account, Token: t, Expect: ExpectKept}, "call_logs", pk(id), at, id, s.Account, nil, by.id, fmt.Sprintf("sid%016x", s.r.Uint64()),
		"+91"+s.SharedPhone, "+91"+by.phone, nil, "in", stamp(at), 12, nil, "front desk "+t)
}

// addDeviceContact plants a row of an agent's synchronised phone book.
func (w *builder) addDeviceContact(s *soul) {
	id, t, at := w.db.next("device_contacts"), w.token(), w.recent(s.r)
	w.row(s, Copy{Token: t}, "device_contacts", pk(id), at, id, s.Account, w.agent(s).id, s.first, s.writes("space"), "from phone "+t, stamp(at))
}

// addNote plants a note, reached by its reference alone unless it holds her
// phone; it may mention somebody else.
func (w *builder) addNote(s *soul, ref, id string, mention *soul) {
	key, t, at := w.db.next("notes"), w.token(), w.recent(s.r)
	body := "<p>" + t
	if mention != nil {
		body += "<br>also&nbsp;call <b>" + mention.writes("space") + "</b>"
	} else if s.own() && s.r.IntN(2) == 0 {
		body += " reach on " + s.writes("split")
	}
	w.row(s, Copy{Token: t}, "notes", pk(key), at, key, s.Account, ref, id, body+"</p>", w.agent(s).id, stamp(at))
	if mention != nil {
		w.mentions(mention, "notes", pk(key), at)
	}
}

// addTask plants a task that refers to a table by its own name.
func (w *builder) addTask(s *soul, ref, id string) {
	key, t, at := w.db.next("tasks"), w.token(), w.recent(s.r)
	w.row(s, Copy{Token: t}, "tasks", pk(key), at, key, s.Account, ref, id, "Follow up", "ask about "+pick(s.r, items...)+" "+t, stamp(at.AddDate(0, 0, 3)), stamp(at))
}
