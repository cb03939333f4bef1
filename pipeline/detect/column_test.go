package detect

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var rng = rand.New(rand.NewPCG(7, 7))

func many(n int, f func(i int) string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

func phoneNo(int) string { return fmt.Sprintf("9%09d", 100_000_000+rng.IntN(800_000_000)) }

func mailOf(i int) string { return fmt.Sprintf("person%d@example.org", i) }

var firsts, lasts = strings.Fields("Asha Bela Chetan Divya Esha Farid Gita Harish Indu Jaya"), strings.Fields("Verma Jain Rao Nair Iyer Khan Das Patil Bose Sen")

func nameOf(i int) string { return firsts[i%10] + " " + lasts[i/10%10] }

// TestNothingPersonal is a table of ids, amounts and times: whatever the names of
// its columns, nothing in it is a telephone number or anybody's.
func TestNothingPersonal(t *testing.T) {
	for name, values := range map[string][]string{
		"id":        many(200, func(i int) string { return fmt.Sprint(9_000_000_000 + i) }),
		"order_id":  many(200, func(i int) string { return fmt.Sprint(7_100_000_000 + i*13) }),
		"snowflake": many(200, func(int) string { return fmt.Sprint(1_700_000_000_000_000_000 + rng.Int64N(1e15)) }),
		"uuid": many(200, func(int) string {
			return fmt.Sprintf("%08x-0000-4000-8000-%012x", rng.Uint32(), rng.Uint64()&0xffffffffffff)
		}),
		"created_at":        many(200, func(i int) string { return fmt.Sprintf("2026-%02d-%02d 10:11:%02d", i%12+1, i%28+1, i%60) }),
		"epoch":             many(200, func(int) string { return fmt.Sprint(1_700_000_000 + rng.IntN(50_000_000)) }),
		"epoch_ms":          many(200, func(int) string { return fmt.Sprint(1_700_000_000_000 + rng.Int64N(50_000_000_000)) }),
		"random10":          many(200, func(int) string { return fmt.Sprintf("%010d", rng.Int64N(10_000_000_000)) }),
		"random12":          many(200, func(int) string { return fmt.Sprintf("%012d", rng.Int64N(1_000_000_000_000)) }),
		"amount":            many(200, func(int) string { return fmt.Sprintf("%d.%02d", rng.IntN(1_000_000), rng.IntN(100)) }),
		"phone_verified":    many(200, func(i int) string { return fmt.Sprint(i % 2) }),
		"email_count":       many(200, func(i int) string { return fmt.Sprint(i % 9) }),
		"phone_verified_at": many(200, func(i int) string { return fmt.Sprintf("2026-01-%02dT00:00:00Z", i%28+1) }),
		"email_sent_at":     nil,
		"status":            many(200, func(i int) string { return []string{"New", "Won", "Lost", "Contacted"}[i%4] }),
		"invoice_no":        many(200, func(i int) string { return fmt.Sprintf("INV%07d", 1000+i*7) }),
		"ward_name":         many(200, func(i int) string { return "Ward " + nameOf(i) }),
		"partner_name":      many(200, nameOf),
		"file_name":         many(200, func(i int) string { return fmt.Sprintf("report-%d.pdf", i) }),
		"product_name":      many(200, func(i int) string { return []string{"Steel Pipe", "Brass Valve", "Copper Wire"}[i%3] }),
		"version":           many(200, func(i int) string { return fmt.Sprintf("%d.%d", i%3, i%9) }),
	} {
		for _, f := range Detect(Column{Name: name, Table: "events", Values: values}) {
			if f.Personal() {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

// loginOf is the name by which somebody signs in: of every third an address.
func loginOf(i int) string {
	if i%3 == 0 {
		return mailOf(i)
	}
	return fmt.Sprintf("ADM%d", 2000+i)
}

// The key of a table of addresses is no address.
func TestKeysAreNoAddresses(t *testing.T) {
	uuids := many(60, func(i int) string { return fmt.Sprintf("ec7109f7-a575-55b5-950d-5c9438%06d", i*7919) })
	if got := Detect(Column{Name: "addr_id", Table: "cust_addr", Key: true, Values: uuids}); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestColumns(t *testing.T) {
	links := many(30, func(i int) string { return fmt.Sprintf("https://wa.me/?text=call%%20%%2B91%s&u=x%d", phoneNo(i), i) })
	for _, tt := range []struct {
		col      Column
		kind     string
		at, most Confidence
	}{
		{Column{Name: "Mobile", Values: many(50, phoneNo)}, "phone", High, High},
		{Column{Name: "Column X", Values: many(50, phoneNo)}, "phone", Medium, Medium},
		{Column{Name: "text", Values: many(50, func(i int) string { return "+91-" + phoneNo(i) })}, "phone", High, High},
		{Column{Name: "field_7", Values: many(20, mailOf)}, "email", High, High},
		{Column{Name: "Contact Name", Table: "form", Values: many(60, nameOf)}, "name", Medium, Medium},
		{Column{Name: "name", Table: "leads", Values: many(60, nameOf)}, "name", Medium, Medium},
		{Column{Name: "full_name"}, "name", Medium, Medium},
		{Column{Name: "cust_name", Table: "masters", Values: many(60, nameOf)}, "name", Medium, Medium},
		{Column{Name: "NameOfTheDonor", Table: "gifts", Values: many(60, nameOf)}, "name", Medium, Medium},
		{Column{Name: "name", Table: "hotel_guests", Values: many(60, nameOf)}, "name", Medium, Medium},
		{Column{Name: "stud_nm", Table: "marks", Values: many(60, nameOf)}, "name", Medium, Medium},
		{Column{Name: "nm", Table: "leads", Values: many(60, nameOf)}, "name", Medium, Medium},
		{Column{Name: "email"}, "email", Medium, Medium},
		{Column{Name: "login_id", Values: many(60, loginOf)}, "email", Medium, Medium},
		{Column{Name: "x", Comment: "mobile of the buyer", Values: many(4, phoneNo)}, "phone", Medium, High},
		{Column{Name: "dob", Values: many(40, func(i int) string { return fmt.Sprintf("19%02d-04-%02d", 50+i, i%28+1) })}, "birth_date", High, High},
		{Column{Name: "pincode", Values: many(40, func(i int) string { return fmt.Sprint(411001 + i*17) })}, "postal_code", High, High},
		{Column{Name: "client_ip", Values: many(40, func(i int) string { return fmt.Sprintf("203.0.113.%d", i+1) })}, "ip", High, High},
		{Column{Name: "pan", Values: many(9, func(i int) string { return fmt.Sprintf("ABCPV%04dD", 1000+i) })}, "pan", High, High},
		{Column{Name: "v", Values: many(9, func(i int) string { return fmt.Sprintf("%s@okaxis", strings.ToLower(firsts[i])) })}, "upi", High, High},
		{Column{Name: "user_pseudo_id", Values: many(9, func(i int) string { return fmt.Sprintf("%d.%d", 1000000001+i, 1700000001+i) })}, "cookie", High, High},
		{Column{Name: "remark", Values: many(40, func(i int) string { return "please call back on +91 " + phoneNo(i) + " after six" })}, "content", Medium, High},
		{Column{Name: "page", Values: links}, "phone", High, High},
	} {
		got := Detect(tt.col)
		var hit *Finding
		for i := range got {
			if got[i].Kind == tt.kind {
				hit = &got[i]
			}
		}
		if hit == nil || hit.Confidence < tt.at || hit.Confidence > tt.most {
			t.Errorf("%s: want %s between %s and %s, got %+v", tt.col.Name, tt.kind, tt.at, tt.most, got)
		}
	}
}

// The firms' registrations are nobody's; one person's among them is.
func TestFirmsArePassedOver(t *testing.T) {
	if got := Detect(Column{Name: "gstin", Values: []string{"27AAPFU0939F1ZV"}}); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	got := Detect(Column{Name: "gstin", Values: []string{"27AAPFU0939F1ZV", gstinOf("29", "ABCPV1234D", "1")}})
	if len(got) != 1 || got[0].Hits != 1 || got[0].Share != 0.5 {
		t.Errorf("%+v", got)
	}
}

// A link's credentials are no address, and a long text with a JSON look is read.
func TestCredentials(t *testing.T) {
	v := many(20, func(i int) string { return fmt.Sprintf("https://user%d:secret@files.example.org/x?y=%d", i, i) })
	for _, f := range Detect(Column{Name: "url", Values: v}) {
		if f.Kind == "email" {
			t.Errorf("%+v", f)
		}
	}
}

func TestSignalsCarryNoValue(t *testing.T) {
	values := append(many(20, mailOf), many(20, phoneNo)...)
	for _, f := range Detect(Column{Name: "x", Values: values}) {
		for _, s := range f.Signals {
			for _, v := range values {
				if strings.Contains(s, v) {
					t.Errorf("signal %q", s)
				}
			}
		}
	}
	if got := Detect(Column{Name: "x", Values: values}); len(got) != 2 {
		t.Errorf("a column of numbers and addresses: %+v", got)
	}
}

func FuzzDetect(f *testing.F) {
	for _, s := range []string{"", "phone\x009820145678", "e\x00asha@example.com\x00{\"a\":1}", "x\x00wamid.HBgM", "गाँव\x00आशा वर्मा", "u\x00https://a:b@c.d/%2B919820145678", "n\x00\xff\xfe\x00GA1.2."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts := strings.Split(s, "\x00")
		for _, g := range Detect(Column{Name: parts[0], Table: "leads", Values: parts[1:]}) {
			if g.Confidence == None || g.Category == "" || g.Hits > len(parts)-1 || g.Share > 1 {
				t.Errorf("%+v", g)
			}
			for _, sig := range g.Signals {
				for _, v := range parts[1:] {
					if len(v) > 6 && strings.ContainsAny(v, "@0123456789") && strings.Contains(sig, v) {
						t.Errorf("a signal holds a value")
					}
				}
			}
		}
	})
}
