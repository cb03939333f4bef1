package world

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// jsonText encodes a value of maps, slices and strings, with & and < escaped as
// many systems do. Keys come out in order.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "{}"
	}
	return string(b)
}

// addTicket plants a ticket with its messages. closed is its date, or the zero
// time while it is open; raw overrides what the column holds.
func (w *builder) addTicket(s *soul, closed time.Time, raw string, mention *soul) {
	id, t := w.db.next("tickets"), w.token()
	status, at, body := "open", w.ago(s.r, 7), "Please call back."
	shut := stamp(closed)
	if !closed.IsZero() {
		status, at = "closed", closed.AddDate(0, 0, -4)
	}
	if raw != "" {
		status, shut = "closed", raw
	}
	if mention != nil {
		body = "My colleague " + mention.Name + " (" + upperLocal(mention.email()) + ") has the machine."
	}
	w.row(s, Copy{Token: t}, "tickets", pk(id), closed, id, s.Account, s.contact, "Repair "+t, body, pick(s.r, "email", "phone"), status, stamp(at), shut)
	if mention != nil {
		w.mentions(mention, "tickets", pk(id), closed)
	}
	for k := range s.r.IntN(3) {
		mid, mt := w.db.next("ticket_messages"), w.token()
		w.row(s, Copy{Account: s.Account, Token: mt}, "ticket_messages", pk(mid), closed, mid, id, pick(s.r, "customer", "agent"),
			fmt.Sprintf("message %d: it makes a noise %s", k+1, mt), stamp(at.Add(time.Duration(k+1)*time.Hour)), shut)
	}
}

// addInvoice plants an invoice of the given civil date; an impossible one is no
// date.
func (w *builder) addInvoice(s *soul, date string) {
	id, t := w.db.next("invoices"), w.token()
	at, err := time.ParseInLocation(time.DateOnly, date, ist)
	if err != nil {
		at = time.Time{}
	}
	var number any
	if s.mobile() != "" {
		number = s.writes("bare")
	}
	city := pick(s.r, cities...)
	w.row(s, Copy{Token: t, Expect: ExpectKept}, "invoices", pk(id), at, id, s.Account, s.contact, fmt.Sprintf("INV-%s-%06d", s.Account, id), s.Name, number, s.email(),
		fmt.Sprintf("%d, %s, %s %s", 1+s.r.IntN(99), pick(s.r, streets...), city[0], city[2]), 1000+s.r.IntN(90000), date, "PO "+t)
}

// addMessage plants a WhatsApp message whose id is base64 of her phone.
func (w *builder) addMessage(s *soul, lead string) {
	id, t, at := wamid(s.r, s.writes("wa")), w.token(), w.recent(s.r)
	w.row(s, Copy{Token: t}, "messages", id, at, id, s.Account, lead, "whatsapp", pick(s.r, "in", "out"), "price please? "+t, stamp(at))
}

// enquiry is the payload of a marketplace lead. Query ids begin with 2: they do
// not look like a mobile number.
func (w *builder) enquiry(s *soul, t string, at time.Time) map[string]any {
	c := pick(s.r, cities...)
	name := s.Name
	if s.Has(TagPlaceholder) {
		name = "IndiaMART Buyer"
	}
	return map[string]any{"UNIQUE_QUERY_ID": fmt.Sprintf("2%011d", s.r.Int64N(1e11)), "QUERY_TYPE": pick(s.r, "W", "B", "P"), "QUERY_TIME": at.In(ist).Format(time.DateTime),
		"SENDER_NAME": name, "SENDER_MOBILE": s.writes("hyphen"), "SENDER_EMAIL": s.email(), "SENDER_COMPANY": s.last + " & Sons", "SENDER_CITY": c[0], "SENDER_STATE": c[1],
		"SENDER_PINCODE": c[2], "SENDER_MOBILE_ALT": "", "QUERY_MESSAGE": "I want to buy " + t + ".<br> Quantity :   6<br>", "CALL_DURATION": nil}
}

// addWebhook plants the log of a received payload, about s and whoever else came
// in the same post.
func (w *builder) addWebhook(s *soul, others ...*soul) {
	id, at := w.db.next("webhook_log"), w.recent(s.r)
	all := append([]*soul{s}, others...)
	var records []any
	var tokens []string
	for _, p := range all {
		t := w.token()
		tokens = append(tokens, t)
		records = append(records, w.enquiry(p, t, at))
	}
	body := map[string]any{"CODE": 200, "STATUS": "SUCCESS", "RESPONSE": records[0]}
	if len(all) > 1 {
		body["RESPONSE"], body["TOTAL_RECORDS"] = records, len(all)
	}
	w.insert("webhook_log", id, s.Account, "indiamart", stamp(at), `{"User-Agent": "hook/1.0", "X-Retry": "0"}`, jsonText(body))
	for i, p := range all {
		w.plant(Copy{Person: p.ID, Account: p.Account, Source: "crm", Dataset: "crm.webhook_log", Unit: "webhook_log", Locator: "pk=" + pk(id), Token: tokens[i],
			Expect: ExpectRedact}, at)
	}
}

// addAudit plants a change of a lead, before and after.
func (w *builder) addAudit(s *soul, lead string) {
	id, t, at := w.db.next("audit_log"), w.token(), w.recent(s.r)
	old := map[string]any{"name": s.Name, "phone": s.writes("bare"), "email": s.email(), "notes": "old " + t, "status": "New"}
	now := map[string]any{"name": s.Name, "phone": s.writes("e164"), "email": s.email(), "notes": "old " + t, "status": "Contacted"}
	w.row(s, Copy{Token: t, Expect: ExpectRedact}, "audit_log", pk(id), at, id, s.Account, "leads", lead, jsonText(old), jsonText(now), stamp(at), w.agent(s).id)
}

// addDeadLetter plants a payload that could not be processed: a blob, one in five
// cut in the middle behind what identifies her.
func (w *builder) addDeadLetter(s *soul, cut bool) {
	id, t, at := w.db.next("dead_letters"), w.token(), w.recent(s.r)
	number := s.writes("e164")
	body := fmt.Sprintf(`{"id": "1", "email": %q, "phone_number": %q, "full_name": %q, "message": "press %s", "custom_disclaimer": {"title": "Terms of use", "accepted": true}}`,
		s.email(), number, s.Name, t)
	if cut {
		body = body[:strings.Index(body, "custom_disclaimer")+5]
	}
	w.row(s, Copy{Token: t}, "dead_letters", pk(id), at, id, s.Account, "facebook", "timeout", []byte(body), stamp(at))
}

// addImportRow plants the raw row of an import.
func (w *builder) addImportRow(s *soul) {
	id, t, at := w.db.next("import_rows"), w.token(), w.recent(s.r)
	raw := map[string]any{"Contact Name": s.Name, "Mobile": s.writes("bare"), "Email": s.email(), "Remarks": "imported " + t, "Lead Date": at.Format(time.DateOnly)}
	w.row(s, Copy{Token: t}, "import_rows", pk(id), at, id, s.Account, "batch-"+at.Format("200601"), jsonText(raw), stamp(at))
}
