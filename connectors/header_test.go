package connectors

import "testing"

func TestHeader(t *testing.T) {
	c := Collection{Name: "leads", Fields: []CatalogField{{Name: "SENDER_MOBILE", Identity: "phone"}, {Name: "SENDER_NAME"}}}
	got := Header("x", c, map[string]string{"buyermobile": "SENDER_MOBILE", "mobile": "SENDER_MOBILE", "secret": "-"},
		[]string{"Sender Mobile", "Buyer-Mobile", "mobile", "Secret", "", "आपका नाम?", "other", "other", LocatorColumn})
	for i, want := range []Field{
		{Name: "SENDER_MOBILE", Identity: "phone"}, {Name: "SENDER_MOBILE#2", Identity: "phone"}, {Name: "SENDER_MOBILE#3", Identity: "phone"},
		{Name: "Secret", Look: LookSkip}, {Name: "column 5", Look: LookLabel}, {Name: "आपका नाम?", Look: LookLabel}, {Name: "other", Look: LookLabel},
		{Name: "other#2", Look: LookLabel}, {Name: LocatorColumn + "#2", Look: LookLabel},
	} {
		if got[i].Name != want.Name || got[i].Identity != want.Identity || got[i].Look != want.Look {
			t.Errorf("column %d is %+v, want %+v", i, got[i], want)
		}
	}
}

func TestHeadless(t *testing.T) {
	c := Collection{Name: "leads", Fields: []CatalogField{{Name: "phone", Identity: "phone"}}}
	for _, x := range []struct {
		row  []string
		want bool
	}{
		{[]string{"1", "Asha", "98201 45678"}, true},
		{[]string{"+91-98201-45678"}, true},
		{[]string{"Asha", "asha@example.com"}, true},
		{[]string{"Phone", "9820145678"}, false}, // a column that the catalog knows
		{[]string{"Name", "Mobile", "E-mail"}, false},
		{[]string{"2026-10-01", "id_9820145678", "questions to help@example.com"}, false},
		{nil, false},
	} {
		if got := Headless(x.row, Header("x", c, nil, x.row), c); got != x.want {
			t.Errorf("Headless(%q) = %v", x.row, got)
		}
	}
}
