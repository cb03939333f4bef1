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
		"98201\u221245678", "98201\u00b745678", "01191 98201 45678", "9.820145678E+9", "9.19820145678e+11", "9,820,145,678", "9,82,01,45,678", "919,820,145,678",
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
	for _, raw := range []string{"p:<test lead: dummy data for phone_number>", "null", "2600000001", "20260421101500", "1697043223", "9898", "98201456781234567890123", "++", "9.82014568E+9", "9.19820145678E+12", "9.8E9", "9,820", "9820145,678", "E", ",", "1,,234"} {
		if id, ok := Phone(raw); ok {
			t.Errorf("Phone(%q) = %v, want nobody's", raw, id)
		}
	}
}

// TestAddressesInProse holds what stands around an address in texts of any script.
func TestAddressesInProse(t *testing.T) {
	const want = "asha.q@example.com"
	for _, text := range []string{
		"“asha.q@example.com”", "‘asha.q@example.com’", "«asha.q@example.com»", "asha.q@example.com। धन्यवाद", "asha.q@example.com\u00a0and", "asha.q@example.com，谢谢",
		"asha.q@example.com…", "—asha.q@example.com—", "•asha.q@example.com", "asha.q@example.com™", "मेल asha.q@example.comपर", "asha.q@example.com和",
		"\ufeffasha.q@example.com", "\u202basha.q@example.com\u202c", "asha.q\u200b@example.com", "asha\u00ad.q@example.com", "asha.q@exam\u00adple.com", "asha.q＠example．com",
		"Wx: YXNoYS5xQGV4YW1wbGUuY29t", // packed, without a hint of an address or a number
	} {
		if s := Find(text); len(s) != 1 || s[0].Identifier != (Identifier{Kind: KindEmail, Value: want}) {
			t.Errorf("Find(%q) = %v", text, s)
		}
		if id, ok := Email(text); ok && id.Value != want {
			t.Errorf("Email(%q) = %v: another address", text, id)
		}
	}
	for _, text := range []string{"आशा@उदाहरण.भारत", "jürgen@müller.example"} {
		if s := Find("to " + text + ", now"); len(s) != 1 || s[0].Value != text {
			t.Errorf("Find(%q) = %v", text, s)
		}
	}
}

// TestOneAddress holds the spellings of an address that mean one mailbox.
func TestOneAddress(t *testing.T) {
	for _, c := range [][]string{
		{"asha@bücher.example", "asha@bu\u0308cher.example", "asha@xn--bcher-kva.example", "Asha@XN--BCHER-KVA.example"},
		{"josé@example.com", "jose\u0301@example.com", "JOSÉ@example.com"},
		{"asha@example.com", "'asha@example.com", "asha @example.com", "asha@ example.com", "asha@ＥＸＡＭＰＬＥ.com", "asha@example。com", "mailto:Asha@example.com"},
	} {
		for _, raw := range c {
			if id, ok := Email(raw); !ok || id.Value != c[0] {
				t.Errorf("Email(%q) = %v %v, want %q", raw, id, ok, c[0])
			}
		}
	}
	if id, ok := Email("asha@xn--.example"); !ok || id.Value != "asha@xn--.example" {
		t.Errorf("an address with a broken label: %v %v", id, ok)
	}
}

// TestNumbersInProse holds what is written on to a number in texts.
func TestNumbersInProse(t *testing.T) {
	for _, text := range []string{"Mob9820145678", "call M9820145678", "9820145678x12", "9820145678 x12", "9820145678ext305", "phone=%2B91+98201+45678", "+91+98201+45678", "sip:+919820145678@pbx.example.com", "SIPS:9820145678@pbx.example.com"} {
		if s := Find(text); len(s) != 1 || s[0].Identifier != (Identifier{Kind: KindPhone, Value: "+919820145678"}) {
			t.Errorf("Find(%q) = %v", text, s)
		}
	}
	for _, text := range []string{"c9820145678", "INV9820145678", "id 3fm9820145678", "9820145678x", "9820145678x1234567", "9820145678ab", "m98201456789"} {
		if s := Find(text); len(s) != 0 {
			t.Errorf("Find(%q) = %v, want nothing", text, s)
		}
	}
}

// TestChatAddresses holds the addresses that WhatsApp gives people and groups.
func TestChatAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"919820145678@s.whatsapp.net": "+919820145678", "919820145678@c.us": "+919820145678", "+919820145678@S.WhatsApp.net": "+919820145678",
		"919820145678:12@s.whatsapp.net": "+919820145678", "919820145678-1623456789@g.us": "+919820145678", "120363025912345678@g.us": "",
	} {
		var got string
		for _, s := range Find("from " + text + " today") {
			got += s.Value
		}
		if got != want {
			t.Errorf("Find(%q) = %q, want %q", text, got, want)
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
