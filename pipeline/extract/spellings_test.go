package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// TestSpellings holds every spelling of one number that the import formats use.
func TestSpellings(t *testing.T) {
	const want = "+919820145678"
	for _, raw := range []string{
		"+91-9820145678", "9820145678", "09820145678", "919820145678", "+91 98201 45678", "+919820145678", "p:+919820145678", "p:09820145678",
		"tel:+919820145678", "00919820145678", "0919820145678", "+9109820145678", "+91 (0) 98201 45678", "(98201) 45678", "98201.45678",
		"९८२०१४५६७८", "+९१ ९८२०१ ४५६७८", "９８２０１４５６７８", "৯৮২০১৪৫৬৭৮", "۹۸۲۰۱۴۵۶۷۸", "٩٨٢٠١٤٥٦٧٨", // as other scripts write digits
		"98201\u201345678", "\u200e+91 98201\u202f45678", "\ufeff9820145678", "\t9820145678 ",
	} {
		if id, ok := Phone(raw); !ok || id != (Identifier{Kind: KindPhone, Value: want}) {
			t.Errorf("Phone(%q) = %v %v", raw, id, ok)
		}
	}
	for _, raw := range []string{"+1-9820145678", "+1 982 014 5678", "+19820145678"} { // no such area code, and no reason to overlook it
		if id, ok := Phone(raw); !ok || id != (Identifier{Kind: KindPhone, Value: "+19820145678"}) {
			t.Errorf("Phone(%q) = %v %v, want a number abroad", raw, id, ok)
		}
	}
	for _, raw := range []string{"022 - 25706200", "022 25706200", "+91-22-25706200"} {
		if id, ok := Phone(raw); !ok || id.Value != "+912225706200" || !id.Weak {
			t.Errorf("Phone(%q) = %v %v, want a weak landline", raw, id, ok)
		}
	}
	for _, raw := range []string{"p:<test lead: dummy data for phone_number>", "null", "2600000001", "20260421101500", "1697043223", "9898", "98201456781234567890123", "++"} {
		if id, ok := Phone(raw); ok {
			t.Errorf("Phone(%q) = %v, want nobody's", raw, id)
		}
	}
}

// TestEmailOfChangingLength holds letters that are shorter in lower case.
func TestEmailOfChangingLength(t *testing.T) {
	kelvin := "\u212a" // three bytes; its lower case is the ASCII k
	for raw, want := range map[string]string{
		strings.Repeat(kelvin, 20) + "@a.in": strings.Repeat("k", 20) + "@a.in",
		"boo" + kelvin + "@example.in":       "book@example.in",
		"asha@" + kelvin + "erala.in":        "asha@kerala.in",
	} {
		if id, ok := Email(raw); !ok || id.Value != want {
			t.Errorf("Email(%q) = %v %v, want %q", raw, id, ok, want)
		}
		if s := Find("to " + raw + " today"); len(s) != 1 || s[0].Value != want || s[0].Start != 3 || s[0].End != 3+len(raw) {
			t.Errorf("Find of %q: %v", raw, s)
		}
	}
}

// TestMaskLabels checks that a label is stable, counted, and spares what is shown.
func TestMaskLabels(t *testing.T) {
	m := Masker{Mine: mine("asha@example.com"), Shown: mine("+919820145678")}
	for _, c := range []struct {
		field    connectors.Field
		in, want string
	}{
		{connectors.Field{Name: "p", Identity: KindPhone}, "9820145678", "9820145678"},
		{connectors.Field{Name: "p", Identity: KindPhone}, "9820145999", "[PERSON-1]"},
		{connectors.Field{Name: "n"}, "98201 45999 or bela@example.com", "[PERSON-1] or [PERSON-2]"},
		{connectors.Field{Name: "n"}, "asha@example.com, nothing else", "asha@example.com, nothing else"},
	} {
		if got, ok := m.Value(c.field, c.in); !ok || got != c.want {
			t.Errorf("got %q %v, want %q", got, ok, c.want)
		}
	}
	if diff := cmp.Diff(map[string]int{KindPhone: 2, KindEmail: 1}, m.Masked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"asha%40example.com"}, m.Mentions("x asha%40example.com 98201 45999")); diff != "" {
		t.Error(diff)
	}
}

func FuzzPhone(f *testing.F) {
	for _, s := range []string{"+91-9820145678", "022 - 25706200", "p:", "tel:+1 415 555 2671", "\u202a+91", "++", "\xc2", "\xe2\x80", "0091"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := Phone(s)
		if !ok {
			return
		}
		if again, ok := Phone(id.Value); !ok || again != id || id.Value[0] != '+' || !allDigits(id.Value[1:]) {
			t.Fatalf("a normalised number is no longer one, or another: %v", again)
		}
	})
}
