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
