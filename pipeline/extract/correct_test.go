package extract

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// asha corrects the number +919820145678, the address asha@example.com, which are
// hers, and the name and city of her records.
func asha(extent Extent) *Corrector {
	is := func(kind, value string) bool {
		return kind == KindPhone && value == "+919820145678" || kind == KindEmail && value == "asha@example.com"
	}
	return &Corrector{Extent: extent, Mine: is, Near: func(kind, value string) bool { return is(kind, value) || value == "+919820133333" }, Settings: []Setting{
		{Category: "user.contact.phone_number", Kind: KindPhone, Value: "98201 77777", Old: is},
		{Category: "user.contact.email", Kind: KindEmail, Value: "Asha@Example.org", Old: is},
		{Category: "user.name", Value: "Asha Kulkarni", Old: func(_, v string) bool { return v == "asha verma" }},
		{Category: "user.contact.address.city", Value: "Nashik", Old: func(_, v string) bool { return v == "pune" }},
	}}
}

func TestCorrectorFields(t *testing.T) {
	phone := connectors.Field{Name: "phone", Categories: []string{"user.contact.phone_number"}, Identity: KindPhone}
	wa := connectors.Field{Name: "wa", Categories: []string{"user.contact.phone_number"}, Identity: KindWaID}
	name := connectors.Field{Name: "full_name", Categories: []string{"user.name"}, Meaning: []string{"name"}}
	for _, c := range []struct {
		f         connectors.Field
		old, want string // want "" when it stays
	}{
		{phone, "9820145678", "9820177777"},
		{phone, "098201 45678", "09820177777"},
		{phone, "+91 98201-45678", "+919820177777"},
		{phone, "919820145678", "919820177777"},
		{phone, "p:+919820145678", "p:+919820177777"},
		{phone, "9820145678 / 9820133333", "9820177777 / 9820133333"},
		{phone, "9820133333", ""},
		{phone, "none", ""},
		{wa, "919820145678@s.whatsapp.net", "919820177777@s.whatsapp.net"},
		{wa, "wamid.HBgMOTE5ODIwMTQ1Njc4FQIAEhgg", ""},
		{connectors.Field{Name: "mail", Identity: KindEmail}, "mailto:ASHA@example.com", "mailto:Asha@Example.org"},
		{connectors.Field{Name: "mail", Identity: KindEmail, Role: "mention"}, "asha@example.com", ""},
		{connectors.Field{Name: "mail", Identity: KindEmail, PrimaryKey: true}, "asha@example.com", ""},
		{connectors.Field{Name: "mail", Identity: KindEmail, Links: []string{"crm.contacts.email"}}, "asha@example.com", ""},
		{connectors.Field{Name: "note", Categories: []string{"user.content"}}, "asha@example.com", ""},
		{name, "ASHA  Verma", "Asha Kulkarni"},
		{name, "Asha V", ""},
		{connectors.Field{Name: "first_name", Categories: []string{"user.name"}}, "Asha Verma", ""},
		{connectors.Field{Name: "referred_by_name", Categories: []string{"user.name"}}, "Asha Verma", ""},
		{connectors.Field{Name: "spouse_name", Categories: []string{"user.name"}}, "Asha Verma", ""},
		{connectors.Field{Name: "data", Categories: []string{"user"}}, "9820145678", "9820177777"},
		{connectors.Field{Name: "data", Categories: []string{"user"}}, "call 9820145678", ""},
	} {
		got, v := asha(Whole).Rewrite(c.f, c.old)
		if (v == connectors.Set) != (c.want != "") || got != c.want {
			t.Errorf("%s %q: %q (%d), want %q", c.f.Name, c.old, got, v, c.want)
		}
		if v == connectors.Set {
			if again, v := asha(Whole).Rewrite(c.f, got); v != connectors.Same {
				t.Errorf("%s: asked again, %q became %q", c.f.Name, got, again)
			}
		}
	}
}

// In a document she has the parts that hold an identifier of hers, and what
// stands outside all parts when the record is hers.
func TestCorrectorDocuments(t *testing.T) {
	f := connectors.Field{Name: "raw", Categories: []string{"user"}, Look: connectors.LookJSON}
	for _, c := range []struct {
		name      string
		extent    Extent
		old, want string
	}{
		{"hers", Whole, `{"name": "Asha Verma", "mobile": 9820145678, "city":"Pune"}`, `{"name": "Asha Kulkarni", "mobile": 9820177777, "city":"Nashik"}`},
		{"others share it", Partial, `{"city":"Pune","name":"Asha Verma","n":1}`, ``},
		{"her element", Partial, `[{"name":"Asha Verma","email":"asha@example.com","city":"Pune"},{"name":"Asha Verma","email":"other@example.com","city":"Pune"}]`,
			`[{"name":"Asha Kulkarni","email":"Asha@Example.org","city":"Nashik"},{"name":"Asha Verma","email":"other@example.com","city":"Pune"}]`},
		{"her element, whole record", Whole, `[{"name":"Asha Verma","email":"asha@example.com","city":"Pune"},{"name":"Asha Verma","email":"other@example.com","city":"Pune"}]`,
			`[{"name":"Asha Kulkarni","email":"Asha@Example.org","city":"Nashik"},{"name":"Asha Verma","email":"other@example.com","city":"Pune"}]`},
		{"a namesake without an identifier", Whole, `[{"name":"Asha Verma","email":"asha@example.com"},{"name":"Asha Verma","email":"abc@example.net"}]`,
			`[{"name":"Asha Kulkarni","email":"Asha@Example.org"},{"name":"Asha Verma","email":"abc@example.net"}]`},
		{"a stranger's", Whole, `{"name":"Asha Verma","email":"other@example.com","city":"Pune"}`, ``},
		{"a family's number", Whole, `{"name":"Asha Verma","phone":"9820133333"}`, `{"name":"Asha Kulkarni","phone":"9820133333"}`},
		{"the receiver", Whole, `{"receiver_mobile":"9820145678","assigned_to":{"name":"Asha Verma"}}`, ``},
		{"a thing's name", Whole, `{"product":{"name":"Asha Verma"}}`, ``},
		{"labelled answers", Whole, `{"field_data":[{"name":"full_name","values":["Asha Verma"]},{"name":"email","values":["asha@example.com"]}]}`,
			`{"field_data":[{"name":"full_name","values":["Asha Kulkarni"]},{"name":"email","values":["Asha@Example.org"]}]}`},
		{"JSON in a string", Whole, `{"body":"{\"email\":\"asha@example.com\"}"}`, `{"body":"{\"email\":\"Asha@Example.org\"}"}`},
		{"words", Whole, `{"message":"write to asha@example.com"}`, ``},
	} {
		got, v := asha(c.extent).Rewrite(f, c.old)
		if (v == connectors.Set) != (c.want != "") || got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if v == connectors.Set {
			if again, v := asha(c.extent).Rewrite(f, got); v != connectors.Same {
				t.Errorf("%s: asked again it became %s", c.name, again)
			}
		}
	}
}

// Whoever she is, the elements of others in a document stay as they are, byte for
// byte.
func TestCorrectorLeavesOthers(t *testing.T) {
	f := connectors.Field{Name: "raw", Categories: []string{"user"}, Look: connectors.LookJSON}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "others")
		at := rapid.IntRange(0, n).Draw(t, "at")
		var list, others []string
		for i := range n + 1 {
			if i == at {
				list = append(list, `{"name":"Asha Verma","email":"asha@example.com","city":"Pune"}`)
				continue
			}
			o := `{"name":"Asha Verma", "email":"` + rapid.StringMatching(`[a-z]{3,8}@(example|sutra)\.(net|in)`).Draw(t, "mail") + `","city" :"Pune"}`
			list, others = append(list, o), append(others, o)
		}
		got, v := asha(rapid.SampledFrom([]Extent{Whole, Partial}).Draw(t, "extent")).Rewrite(f, "["+strings.Join(list, ",")+"]")
		if v != connectors.Set || !strings.Contains(got, "Asha@Example.org") {
			t.Fatalf("nothing was corrected: %s", got)
		}
		for _, o := range others {
			if !strings.Contains(got, o) {
				t.Fatalf("%s became something else in %s", o, got)
			}
		}
	})
}
