package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

func TestPhone(t *testing.T) {
	for raw, want := range map[string]string{
		"+91-9820145678": "+919820145678", "9820145678": "+919820145678", "09820145678": "+919820145678", "919820145678": "+919820145678",
		"+91 98201 45678": "+919820145678", "p:+919820145678": "+919820145678", "p:09820145678": "+919820145678", "98201-45678": "+919820145678",
		"+91\u00a098201\u00a045678": "+919820145678", "\u202a+91 98201 45678\u202c": "+919820145678", "0091 9820145678": "+919820145678",
		"9198765432": "+919198765432", "+09820145678": "+919820145678", "+0091 98201 45678": "+919820145678", "+1 415 555 2671": "+14155552671",
		"9999999999": "", "9876543210": "", "98201456789x": "", "1234567890": "", "0": "", "": "", "IndiaMART Buyer": "", "1800 123 4567": "", "1700000001": "",
	} {
		id, ok := Phone(raw)
		if ok != (want != "") || id.Value != want {
			t.Errorf("Phone(%q) = %q %v, want %q", raw, id.Value, ok, want)
		}
	}
	if id, ok := Phone("022 - 20000000"); ok && !id.Weak {
		t.Error("a landline joins by itself")
	}
}

func TestIdentifiers(t *testing.T) {
	for _, c := range []struct{ kind, raw, want string }{
		{KindEmail, " Asha@Example.COM ", "asha@example.com"}, {KindEmail, "mailto:asha@example.com", "asha@example.com"}, {KindEmail, "no address", ""},
		{KindEmail, "test@example.com", ""}, {KindEmail, "a@b", ""},
		{KindWaID, "919820145678", "+919820145678"}, {KindWaID, "919820145678@s.whatsapp.net", "+919820145678"},
		{KindWaID, "wamid.HBgMOTE5ODIwMTQ1Njc4FQIAEhgUM0EA", "+919820145678"},
		{KindCookie, "GA1.2.1000000001.1700000001", "1000000001.1700000001"}, {KindCookie, "null", ""},
		{"pan", "abcpv 1234d", "ABCPV1234D"}, {"pan", "XXXPX0000X", ""}, {"aadhaar", "2345-6789-0124", "234567890124"}, {"aadhaar", "0000 0000 0000", ""},
	} {
		id, ok := Normalise(c.kind, c.raw)
		if ok != (c.want != "") || id.Value != c.want {
			t.Errorf("Normalise(%s, %q) = %q %v, want %q", c.kind, c.raw, id.Value, ok, c.want)
		}
	}
	for _, mail := range []string{"sales@example.com", "sales2@example.in", "info7+web@example.in", "kaleva@kaleva.in", "Email@Email.com"} {
		if id, ok := Email(mail); !ok || !id.Weak {
			t.Errorf("%s joins by itself: a role's or a firm's mailbox", mail)
		}
	}
	for _, mail := range []string{"notavailable@gmail.com", "nil@nil.com", "xx@xx.com", "nomail@example.in"} {
		if id, ok := Email(mail); ok {
			t.Errorf("%s is somebody's: %v", mail, id)
		}
	}
	for _, mail := range []string{"asha2@example.com", "salesha@example.in", "kaleva@kaleva2.in"} {
		if id, ok := Email(mail); !ok || id.Weak {
			t.Errorf("%s is weak", mail)
		}
	}
	for _, number := range []string{"9898989898", "+919009009009"} {
		if id, ok := Phone(number); !ok || !id.Weak {
			t.Errorf("%s joins by itself: forms are filled with it", number)
		}
	}
}

func TestFind(t *testing.T) {
	for text, want := range map[string]string{
		"call +91 98201 45678 today":                                       "+919820145678=+91 98201 45678",
		"98201 45678 98201 45679":                                          "+919820145678=98201 45678 +919820145679=98201 45679",
		"call +1-9820145678 today":                                         "+19820145678=+1-9820145678", // never its last ten digits in India
		"call +1-982-014-5678 2026":                                        "+19820145678=+1-982-014-5678",
		"+44 9820145678":                                                   "", // a premium rate there
		"+999 9820145678":                                                  "", // of no country, and so of India neither
		"फ़ोन ९८२०१ ४५६७८ है":                                              "+919820145678=९८२०१ ४५६७८",
		"p=%EF%BC%99820145678":                                             "+919820145678=%EF%BC%99820145678",
		`attachment; filename="asha.v@example.com.csv"`:                    "asha.v@example.com=asha.v@example.com",
		"asha@example.co.in.CSV.gz and asha@example.csv":                   "asha@example.co.in=asha@example.co.in asha@example.csv=asha@example.csv",
		"mail asha@example.com, please":                                    "asha@example.com=asha@example.com",
		"https://x.in/?e=asha%40example.com&p=%2B919820145678":             "asha@example.com=asha%40example.com +919820145678=%2B919820145678",
		"https://x.in/?u=https%3A%2F%2Fy%2F%3Fe%3Dasha%2540example.com":    "asha@example.com=asha%2540example.com",
		"asha&#64;example.com":                                             "asha@example.com=asha&#64;example.com",
		`a=1\u0026email=asha\u0040example.com`:                             "asha@example.com=asha\\u0040example.com",
		"id wamid.HBgMOTE5ODIwMTQ1Njc4FQIAEhgUM0EA read":                   "+919820145678=wamid.HBgMOTE5ODIwMTQ1Njc4FQIAEhgUM0EA",
		"cookie 1000000001.1700000001":                                     "1000000001.1700000001=1000000001.1700000001",
		"her office (022) 2570-6200, 0712 2400 100":                        "+912225706200=022) 2570-6200 +917122400100=0712 2400 100",
		"०२२ २५७०६२०० or 02225706201":                                      "+912225706200=०२२ २५७०६२०० +912225706201=02225706201",
		"on 02-11-2026 250 paid, 02 11 2026 2507, ref 22 25706200":         "",
		"https://bot:secret@example.com/":                                  "",
		"order 2600000001, 2026-10-01 10:15, sid9f98201456781, 1700000001": "",
	} {
		var got []string
		for _, s := range Find(text) {
			got = append(got, s.Value+"="+text[s.Start:s.End])
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("Find(%q)\n got %q\nwant %q", text, g, want)
		}
	}
}

func mine(values ...string) func(kind, value string) bool {
	return func(_, value string) bool {
		for _, v := range values {
			if v == value {
				return true
			}
		}
		return false
	}
}

const twoLeads = `{"CODE":200,"RESPONSE":[{"SENDER_NAME":"Asha Verma","SENDER_MOBILE":"+91-9820145678","SENDER_EMAIL":"asha@example.com","RECEIVER_MOBILE":"9820100000","QUERY_MESSAGE":"hers"},{"SENDER_NAME":"Bela Rao","SENDER_MOBILE":"+91-9820145999","SENDER_EMAIL":"bela@example.com","QUERY_MESSAGE":"theirs"}]}`

func TestLookIntoJSON(t *testing.T) {
	for _, c := range []struct {
		name, text string
		parts      []int // identifiers of the subject in each part
	}{
		{"an array of leads: a part each", twoLeads, []int{0, 2, 2}},
		{"one lead is the record's own", `{"phone":"9820145678","email":"asha@example.com"}`, []int{2}},
		{"a list of fields is one person", `{"id":"1","field_data":[{"name":"email","values":["asha@example.com"]},{"name":"full_name","values":["Asha"]},{"name":"phone_number","values":["+919820145678"]}]}`, []int{2}},
		{"several addresses of one person", `{"name":"Asha","emails":[{"type":"home","value":"asha@example.com"},{"type":"work","value":"asha@example.org"}]}`, []int{2}},
		{"people in items", `{"items":[{"name":"Asha","phone":"9820145678"},{"name":"Ravi","phone":"9911223344"}]}`, []int{0, 1, 1}},
		{"a conversation", `[{"phone":"9820145678","text":"hi"},{"phone":"9911223344","text":"yes?"}]`, []int{0, 1, 1}},
		{"products in items", `{"phone":"9820145678","items":[{"name":"Belt","qty":"2","price":"900"},{"name":"Press","qty":"1","price":"90"}]}`, []int{1}},
		{"cut in the middle", `{"name":"Asha","phone":"+919820145678","email":"asha@exam`, []int{1}},
		{"JSON in JSON", `{"body":"{\"email\":\"asha@example.com\"}"}`, []int{1}},
		{"a name as the value of email", `{"email":"Asha"}`, []int{0}},
	} {
		d := look(&connectors.Field{}, c.text)
		if d == nil {
			t.Errorf("%s: not looked into", c.name)
			continue
		}
		var got []int
		for _, p := range d.parts {
			n := 0
			for _, h := range p.hits {
				if !h.name && h.role == 1 {
					n++
				}
			}
			got = append(got, n)
		}
		if diff := cmp.Diff(c.parts, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestRedact(t *testing.T) {
	hers := mine("+919820145678", "asha@example.com")
	personal := connectors.Field{Name: "f", Categories: []string{"user.content"}}
	plain := connectors.Field{Name: "f"}
	body := connectors.Field{Name: "body", Categories: []string{"user"}, Look: connectors.LookJSON}
	rest := connectors.Field{Name: "rest", Look: connectors.LookJSON}
	for _, c := range []struct {
		name    string
		extent  Extent
		field   connectors.Field
		in, out string
		verdict connectors.Verdict
	}{
		{"her words go", Whole, personal, "anything", "", connectors.Empty},
		{"a key stays", Whole, connectors.Field{Name: "id", PrimaryKey: true}, "asha@example.com", "", connectors.Same},
		{"a text that names her", Whole, plain, "x 98201 45678 y", "x [erased] y", connectors.Set},
		{"kept by law", Strip, connectors.Field{Name: "n", Categories: []string{"user.name"}, Erase: "keep"}, "Asha", "", connectors.Same},
		{"not needed by law", Strip, connectors.Field{Name: "p", Identity: KindPhone}, "9820145678", "", connectors.Empty},
		{"a mention", Partial, personal, "call 98201 45678 or 98201 45999", "call [erased] or 98201 45999", connectors.Set},
		{"somebody else's field", Partial, connectors.Field{Name: "p", Identity: KindPhone}, "9820145999", "", connectors.Same},
		{"her own JSON", Whole, body, `{"phone":"9820145678"}`, "", connectors.Empty},
		{"her part of shared JSON", Partial, body, twoLeads,
			`{"CODE":200,"RESPONSE":[{"SENDER_NAME":"Bela Rao","SENDER_MOBILE":"+91-9820145999","SENDER_EMAIL":"bela@example.com","QUERY_MESSAGE":"theirs"}]}`, connectors.Set},
		{"her own JSON with others' parts", Whole, body, `{"door":"4","friends":[{"name":"Asha","phone":"9820145678"},{"name":"Bela","phone":"9820145999"}]}`,
			`{"friends":[{"name":"Bela","phone":"9820145999"}]}`, connectors.Set},
		{"the rest of a record that others have parts in", Rest, rest, `{"door":"4","friends":[{"name":"Dev","phone":"9820141111","friend":9820145678},{"name":"Bela","phone":"9820145999","note":"of 98201 45678"}]}`,
			`{"friends":[{"name":"Dev","phone":"9820141111","friend":null},{"name":"Bela","phone":"9820145999","note":"of [erased]"}]}`, connectors.Set},
		{"others' parts in a string", Rest, rest, `{"door":"4","body":"{\"x\":1,\"to\":[{\"name\":\"Dev\",\"phone\":\"9820141111\"},{\"name\":\"Bela\",\"phone\":\"9820145999\"}]}"}`,
			`{"body":"{\"to\":[{\"name\":\"Dev\",\"phone\":\"9820141111\"},{\"name\":\"Bela\",\"phone\":\"9820145999\"}]}"}`, connectors.Set},
		{"the rest without others", Rest, rest, `{"door":"4"}`, "", connectors.Empty},
		{"a number as JSON writes it", Partial, rest, `{"n":9820145678.0,"m":9820145999}`, `{"n":null,"m":9820145999}`, connectors.Set},
	} {
		r := Redactor{Extent: c.extent, Mine: hers}
		out, v := r.Rewrite(c.field, c.in)
		if out != c.out || v != c.verdict {
			t.Errorf("%s: got %q %v, want %q %v", c.name, out, v, c.out, c.verdict)
		}
	}
}

func TestMask(t *testing.T) {
	m := Masker{Mine: mine("+919820145678"), Shown: mine()}
	for in, want := range map[string]string{
		"me 98201 45678, her 98201 45999": "me 98201 45678, her [PERSON-1]",
		`{"a":[{"name":"Asha","phone":"9820145678"},{"name":"Bela","phone":"9820145999"}]}`: `{"a":[{"name":"Asha","phone":"9820145678"}]}`,
	} {
		m.labels = nil
		if got, _ := m.Value(connectors.Field{Name: "f"}, in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What is found in JSON under a key further up is redacted and masked too.
func TestInheritedKeys(t *testing.T) {
	for _, text := range []string{
		`{"phones":["022 25706200"]}`,
		`{"fields":[{"name":"landline phone","value":"022 25706200"}]}`,
		`{"wa_id":["14155552671"]}`,
		`{"wa_id":[919820145678]}`,
		`{"fields":[{"name":"bsuid","value":"IN.1000000000000001"}]}`,
		`{"asha@example.com":{"city":"Pune"},"n":1}`,
		`{"body":"{\"wa_id\":[\"14155552671\"]}"}`,
	} {
		d := look(&connectors.Field{}, text)
		if d == nil {
			t.Fatalf("%s: not looked into", text)
		}
		all := map[string]bool{}
		for _, p := range d.parts {
			for _, h := range p.hits {
				all[h.Value] = !h.name
			}
		}
		if len(all) == 0 {
			t.Errorf("%s: nothing found", text)
			continue
		}
		hers := Redactor{Extent: Partial, Mine: func(_, v string) bool { return all[v] }}
		out, v := hers.Rewrite(connectors.Field{Name: "f"}, text)
		if v != connectors.Set {
			t.Errorf("%s: found, but not redacted", text)
			continue
		}
		for _, p := range look(&connectors.Field{}, out).parts {
			if len(p.hits) > 0 {
				t.Errorf("%s: still there after redaction: %s", text, out)
			}
		}
		m := Masker{Mine: mine(), Shown: mine()}
		if shown, _ := m.Value(connectors.Field{Name: "f"}, text); shown == text {
			t.Errorf("%s: somebody else's identifier is not masked", text)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"+91 98201 45678", "a%40b.in%2540", `\u0040x@y.in`, "&#64;", twoLeads, "wamid.HBgM", "+", "1.1700000001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, x := range Find(s) {
			if x.Start < last || x.End <= x.Start || x.End > len(s) {
				t.Fatalf("span %d-%d after %d in a text of %d", x.Start, x.End, last, len(s))
			}
			last = x.End
		}
	})
}

func FuzzRedact(f *testing.F) {
	f.Add(twoLeads)
	f.Add(`{"phone":"9820145678","x":"\"`)
	f.Add("call 98201 45678")
	f.Fuzz(func(t *testing.T, s string) {
		hers := mine("+919820145678", "asha@example.com")
		for _, e := range []Extent{Whole, Partial, Strip} {
			r := Redactor{Extent: e, Mine: hers}
			out, v := r.Rewrite(connectors.Field{Name: "f"}, s)
			if v != connectors.Set {
				continue
			}
			for _, x := range Find(out) {
				if hers(x.Kind, x.Value) && look(&connectors.Field{}, out) == nil {
					t.Fatalf("an identifier is left after redaction")
				}
			}
		}
	})
}
