package extract

import (
	"slices"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// TestWhoseType tells a contact point that is labelled another's from an event, a lead or an
// account whose type has such a word in it: that is its person's own.
func TestWhoseType(t *testing.T) {
	const number = "+919811100001"
	for _, c := range []struct {
		in   string
		role lineage.Role
	}{
		{`{"name":"Bina Rao","phones":[{"type":"home","value":"9811100002"},{"type":"father","value":"9811100001"}]}`, lineage.Mention},
		{`{"name":"Bina Rao","phones":[{"type":"home","value":"9811100002"},{"label":"Wife's mobile","value":"9811100001","verified":true}]}`, lineage.Mention},
		{`{"name":"Bina Rao","phones":[{"label":"Driver","value":"9811100001","id":7,"created":"2026-01-01","ext":""}]}`, lineage.Mention},
		{`{"name":"Bina Rao","contacts":[{"type":"wife","id":7,"made":"2026-01-01","data":{"mobile":"9811100001"}}]}`, lineage.Mention},
		{`{"leads":[{"type":"Reference","mobile":"9811100001","city":"Pune","budget":"50 L"}]}`, lineage.Subject},
		{`{"leads":[{"type":"Reference","lead":{"name":"Asha Verma","mobile":"9811100001"}},{"type":"Walk-in","lead":{"name":"Bina Rao","mobile":"9811100002"}}]}`, lineage.Subject},
		{`{"events":[{"type":"parent_signup","data":{"name":"Asha Verma","phone":"9811100001"}}]}`, lineage.Subject},
		{`{"events":[{"type":"family.created","data":{"phone":"9811100001"}}]}`, lineage.Subject},
		{`{"users":[{"id":1,"type":"family_admin","phone":"9811100001","email":"asha@mail.example"},{"id":2,"type":"member","phone":"9811100002","email":"bina@mail.example"}]}`, lineage.Subject},
	} {
		d := look(&connectors.Field{Name: "payload", Look: connectors.LookJSON}, c.in)
		found := false
		for _, p := range d.parts {
			found = found || slices.ContainsFunc(p.hits, func(h hit) bool { return h.Value == number && h.role == c.role })
		}
		if !found {
			t.Errorf("%s: the number is not found as %v", c.in, c.role)
		}
	}
}

// TestSaidByBot holds that what a program says in a conversation goes with it.
func TestSaidByBot(t *testing.T) {
	for in, parts := range map[string]int{
		`{"messages":[{"from":"9811100001","name":"Asha Verma","text":"hi"},{"from":"bot","name":"Help Desk","text":"hello"}]}`:    2,
		`{"messages":[{"phone":"9811100001","name":"Asha Verma","text":"hi"},{"phone":"","name":"Kiran Mehta","text":"call me"}]}`: 3,
		`{"messages":[{"from":"9811100001","name":"Asha Verma","text":"hi"},{"from":null,"name":"Kiran Mehta","text":"call me"}]}`: 3,
	} {
		if d := look(&connectors.Field{Name: "payload", Look: connectors.LookJSON}, in); len(d.parts) != parts {
			t.Errorf("%s: %d parts", in, len(d.parts))
		}
	}
}
