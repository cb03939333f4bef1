package world

import (
	"fmt"
	"io"
	"time"
)

// imports are the files that marketplaces, advertisements and messengers left, as
// each of them writes them, by account.
type imports struct {
	b     *builder
	files map[string]*rotating // "indiamart A1"
}

// importKinds says how the files of each kind are written.
var importKinds = map[string]struct {
	folder, pattern string
	per             int
	open            func(io.Writer) recordWriter
}{
	"indiamart": {"imports/indiamart", "pull_%04d.json", 500, envelope(`{"CODE":200,"STATUS":"SUCCESS","MESSAGE":"","RESPONSE":[`, `]}`)},
	"justdial":  {"imports/justdial", "hook_%04d.log", 5_000, newForms},
	"graph":     {"imports/facebook", "graph_%04d.json", 500, envelope(`{"data":[`, `],"paging":{}}`)},
	"tsv":       {"imports/facebook", "leads_%04d.csv", 5_000, newWideTable},
	"leadform":  {"imports/google", "leadform_%04d.jsonl", 5_000, newPlainLines},
	"contacts":  {"imports/google", "contacts_%04d.csv", 5_000, newContacts},
	"vcard":     {"imports/google", "phonebook_%04d.vcf", 5_000, newCards},
	"webhook":   {"imports/whatsapp", "webhook_%04d.jsonl", 5_000, newPlainLines},
}

func newImports(w *builder) *imports { return &imports{b: w, files: map[string]*rotating{}} }

func (x *imports) finish() {
	for _, r := range x.files {
		x.b.do(r.close)
	}
}

// put writes a record of one kind and plants it. locator makes the locator of the
// N-th record of a file.
func (x *imports) put(kind string, s *soul, c Copy, locator func(int) string, at time.Time, v any) (string, int) {
	k := importKinds[kind]
	r := x.files[kind+" "+s.Account]
	if r == nil {
		r = &rotating{folder: k.folder, pattern: s.Account + "/" + k.pattern, per: x.b.perFile(k.per), open: k.open}
		x.files[kind+" "+s.Account] = r
	}
	var key string
	var n int
	x.b.do(func() (err error) {
		if key, n, err = r.add(x.b.dir, v); err != nil {
			return err
		}
		c.Person, c.Account, c.Unit, c.Locator = s.ID, s.Account, key, locator(n)
		x.b.plant(c, at)
		return x.b.err
	})
	return key, n
}

// add plants what a person left at the outside world.
func (x *imports) add(s *soul) {
	if s.chance(.25) || s.Has(TagSwitchboard) || s.Has(TagPlaceholder) {
		x.addIndiaMART(s)
	}
	if s.chance(.12) || s.Has(TagFamily) {
		x.addJustDial(s)
	}
	for _, add := range []func(*soul){x.addGraph, x.addTable, x.addLeadForm, x.addContact, x.addCard} {
		if s.chance(.08) {
			add(s)
		}
	}
	if s.own() && s.chance(.15) {
		x.addMessage(s)
	}
	if s.own() && (s.Has(TagRich) || s.n%400 == 30) {
		x.addChat(s)
	}
}

func envelopeN(member string) func(int) string {
	return func(n int) string { return fmt.Sprintf("/%s/%d", member, n-1) }
}

func (x *imports) addIndiaMART(s *soul) {
	t, at := x.b.token(), x.b.recent(s.r)
	city, name := pick(s.r, cities...), s.Name
	if s.Has(TagPlaceholder) {
		name = "IndiaMART Buyer"
	}
	alt := ""
	if s.phone2 != "" {
		alt = "+91-" + s.phone2
	}
	x.put("indiamart", s, Copy{Source: "indiamart", Dataset: "indiamart.leads", Token: t}, envelopeN("RESPONSE"), at, map[string]any{
		"UNIQUE_QUERY_ID": fmt.Sprintf("3%09d", s.r.IntN(1e9)), "QUERY_TYPE": pick(s.r, "W", "B", "P"), "QUERY_TIME": at.In(ist).Format(time.DateTime), "SENDER_NAME": name,
		"SENDER_MOBILE": s.writes("hyphen"), "SENDER_MOBILE_ALT": alt, "SENDER_EMAIL": s.email(), "SENDER_COMPANY": s.last + " Traders ", "SENDER_CITY": city[0],
		"SENDER_ADDRESS": "4, Station Road, " + city[0] + ",         440001", "SENDER_COUNTRY_ISO": "IN", "QUERY_MESSAGE": "I want " + t + ".<br> Quantity :   6<br>",
		"CALL_DURATION": "", "RECEIVER_MOBILE": x.b.agent(s).phone})
}

func (x *imports) addJustDial(s *soul) {
	t, at := x.b.token(), x.b.recent(s.r)
	x.put("justdial", s, Copy{Source: "justdial", Dataset: "justdial.leads", Token: t}, lineN, at, [][2]string{{"leadid", fmt.Sprintf("JDX%08d", s.r.IntN(1e8))}, {"prefix", "Ms"},
		{"name", s.Name}, {"mobile", s.writes(pick(s.r, "bare", "zero"))}, {"phone", "0712 - 2000000"}, {"email", s.email()}, {"date", at.In(ist).Format(time.DateOnly)},
		{"time", at.In(ist).Format(time.TimeOnly)}, {"category", pick(s.r, "Press Dealers ", "Psychiatrists ") + t}, {"area", "Sadar"}, {"dncmobile", pick(s.r, "0", "1")},
		{"company", "Deccan Fasteners"}, {"branchpin", "440001"}, {"parentid", "PXX71"}})
}

func (x *imports) answers(s *soul, t string) []any {
	field := func(name, v string) any { return map[string]any{"name": name, "values": []string{v}} }
	return []any{field("which_product?", "Press "+t), field("email", s.email()), field("full_name", s.Name), field("phone_number", s.writes("e164"))}
}

func (x *imports) addGraph(s *soul) {
	t, at := x.b.token(), x.b.recent(s.r)
	x.put("graph", s, Copy{Source: "facebook", Dataset: "facebook.leads", Token: t}, envelopeN("data"), at, map[string]any{"id": fmt.Sprint(1e15 + s.r.Int64N(8e15)),
		"created_time": at.UTC().Format("2006-01-02T15:04:05-0700"), "ad_id": "81", "form_id": "82", "field_data": x.answers(s, t)})
}

func (x *imports) addTable(s *soul) {
	t, at := x.b.token(), x.b.recent(s.r)
	x.put("tsv", s, Copy{Source: "facebook", Dataset: "facebook.leads", Token: t}, rowN, at, []string{fmt.Sprint("l:", 1e15+s.r.Int64N(8e15)), at.In(ist).Format(time.RFC3339), "ag:81", "f:82",
		"false", "fb", "Press " + t, s.email(), s.Name, "p:" + s.writes(pick(s.r, "e164", "zero")), "CREATED"})
}

func (x *imports) addLeadForm(s *soul) {
	t, at := x.b.token(), x.b.recent(s.r)
	col := func(id, v string) any { return map[string]string{"column_id": id, "string_value": v} }
	x.put("leadform", s, Copy{Source: "google", Dataset: "google.leads", Token: t}, lineN, at, map[string]any{"lead_id": fmt.Sprintf("gl%016x", s.r.Uint64()), "google_key": "hush",
		"user_column_data": []any{col("FULL_NAME", s.Name), col("EMAIL", s.email()), col("PHONE_NUMBER", s.writes("e164")), col("what_do_you_need?", "press "+t)}, "is_test": false})
}

func (x *imports) addContact(s *soul) {
	t := x.b.token()
	x.put("contacts", s, Copy{Source: "google", Dataset: "google.contacts", Token: t}, rowN, time.Time{}, []string{s.first, s.last, "met at a fair,\nsays hi " + t, "* myContacts",
		s.email(), s.writes("split") + " ::: 0712 2000000"})
}

func (x *imports) addCard(s *soul) {
	t := x.b.token()
	x.put("vcard", s, Copy{Source: "google", Dataset: "google.contacts", Token: t}, func(n int) string { return fmt.Sprintf("card %d", n) }, time.Time{}, []string{"BEGIN:VCARD", "VERSION:3.0",
		"N:" + s.last + ";" + s.first + ";;;", "FN:" + s.Name, "TEL;TYPE=CELL:" + s.writes("space"), "EMAIL;TYPE=INTERNET:" + s.email(), "NOTE:prefers mornings " + t, "END:VCARD"})
}
