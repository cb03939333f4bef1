package detect

import (
	"github.com/cratio/sutra/pipeline/extract"

	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// withVerhoeff appends the check digit, by trial.
func withVerhoeff(digits string) string {
	for c := '0'; c <= '9'; c++ {
		if extract.Verhoeff(digits + string(c)) {
			return digits + string(c)
		}
	}
	panic("no digit checks")
}

func TestVerhoeffKnown(t *testing.T) {
	for _, v := range []string{"2363", "123451", "1428570"} { // the examples of Verhoeff's book and of common implementations
		if !extract.Verhoeff(v) {
			t.Errorf("%s does not check", v)
		}
		b := []byte(v)
		b[0], b[1] = b[1], b[0]
		if b[0] != b[1] && extract.Verhoeff(string(b)) {
			t.Errorf("%s checks with two digits swapped", v)
		}
	}
}

func TestValidators(t *testing.T) {
	aadhaar := withVerhoeff("39994105705")
	vid := withVerhoeff("412345678901234")
	spaced := aadhaar[:4] + " " + aadhaar[4:8] + " " + aadhaar[8:]
	bad := aadhaar[:11] + string('0'+(aadhaar[11]-'0'+1)%10)
	person := gstinOf("27", "ABCPV1234D", "1")
	ok := func(f func(string) (bool, bool)) func(string) bool {
		return func(s string) bool { b, _ := f(s); return b }
	}
	for _, tt := range []struct {
		name       string
		fn         func(string) bool
		good, near []string
	}{
		{"mobile", Mobile, []string{"9820145678", "+91 98201 45678", "098201-45678", "919820145678", "9198765432"},
			[]string{"9999999999", "9876543210", "5820145678", "18001234567", "1401234567", "98201456", "982014567812345678"}},
		{"landline", Landline, []string{"022-23456789", "+91 22 2345 6789", "080 4123 4567"}, []string{"9820145678", "18001234567", "123"}},
		{"email", Email, []string{"asha.verma@example.com", " ASHA@Example.co.in "}, []string{"asha@okaxis", "asha@", "@example.com", "https://u:p@example.com", "919820145678@s.whatsapp.net"}},
		{"aadhaar", Aadhaar, []string{aadhaar, spaced, strings.ReplaceAll(spaced, " ", "-")},
			[]string{bad, "1" + aadhaar[1:], aadhaar + "1", aadhaar[:4] + " " + aadhaar[4:8] + "-" + aadhaar[8:], palindromic(), "X" + aadhaar[1:]}},
		{"vid", VID, []string{vid, vid[:4] + " " + vid[4:8] + " " + vid[8:12] + " " + vid[12:]}, []string{vid[:15], "0" + vid[1:], vid[:15] + string('0'+(vid[15]-'0'+1)%10)}},
		{"pan", ok(PAN), []string{"ABCPV1234D", "aapfu0939f"}, []string{"ABCPV0000D", "ABCDV1234D", "ABCPV12345", "ABCP1234D"}},
		{"gstin", ok(GSTIN), []string{"27AAPFU0939F1ZV", person}, []string{"27AAPFU0939F1ZW", "39AAPFU0939F1ZV", "27AAPFU0939F1YV", "00AAPFU0939F1ZV"}},
		{"epic", ok(EPIC), []string{"ABC1234567", "UP/45/123/1234567"}, []string{"AB1234567", "ABC123456", "ABCD123456"}},
		{"passport", Passport, []string{"A1234567", "M12 34567"}, []string{"A0234567", "A1234560", "12345678", "AB123456"}},
		{"licence", Licence, []string{"MH1420110012345", "KA-05 20190001234", "DL04 20150012345"}, []string{"XX1420110012345", "MH1418110012345", "MH142011001234"}},
		{"vehicle", Vehicle, []string{"MH12AB1234", "DL 3C AB 1234", "KA-05-M-1234", "22 BH 1234 AB"}, []string{"XX12AB1234", "MH12AB123", "22BH1234AI", "MH12ABCD1234"}},
		{"ifsc", IFSC, []string{"HDFC0001234", "sbin0ab1234"}, []string{"HDFC1001234", "HDF00001234", "HDFC000123"}},
		{"vpa", func(s string) bool { ok, _, _ := VPA(s); return ok }, []string{"asha.verma@okaxis", "9820145678@ybl"}, []string{"asha@example.com", "a@ybl", "asha@1bank", "asha ybl"}},
		{"cookie", Cookie, []string{"GA1.2.1000000001.1700000001", "1000000001.1700000001"}, []string{"1000000001.9700000001", "12.1700000001", "1000000001.17000"}},
		{"bsuid", BSUID, []string{"IN.13491208655302741918", "IN.ENT.11815799212886844830"}, []string{"in.13491208655302741918", "IN.123", "INDIA.13491208655302741918"}},
		{"whatsapp", WhatsApp, []string{"919820145678@s.whatsapp.net", "919820145678:12@s.whatsapp.net"}, []string{"919820145678@example.com", "wamid.", "120363041234567890@g.us"}},
		{"ip", IP, []string{"203.0.113.7", "2001:db8::1"}, []string{"203.0.113", "256.1.1.1", "127.0.0.1", "0.0.0.0", "v1.2.3.4"}},
		{"pin", PostalCode, []string{"411001", "560 034"}, []string{"011001", "41100", "4110011"}},
		{"date", Date, []string{"1987-04-21", "21/04/1987", "21 Apr 1987", "2026-01-02T10:11:12Z", "2026-01-02 10:11:12"}, []string{"1987-13-21", "98201-45678", "0420-01-01"}},
		{"uuid", UUID, []string{"0b8f8a4e-0b0e-4f66-9a65-1df1a1f8a001"}, []string{"0b8f8a4e0b0e4f669a651df1a1f8a001", "0b8f8a4e-0b0e-4f66-9a65"}},
		{"name", PersonName, []string{"Asha Verma", "R. K. Rao", "D'Souza", "आशा वर्मा"}, []string{"Verma Traders", "A1 Shop", "new", "one two three four five six", "a@b"}},
		{"address", Address, []string{"Flat 12, Rose Nagar", "4th Cross Road, Near Market"}, []string{"Pune", "Asha Verma", "Hello there all"}},
	} {
		for _, v := range tt.good {
			if !tt.fn(v) {
				t.Errorf("%s refuses %q", tt.name, v)
			}
		}
		for _, v := range tt.near {
			if tt.fn(v) {
				t.Errorf("%s takes %q", tt.name, v)
			}
		}
	}
}

// palindromic is a palindrome of twelve digits that passes Verhoeff's check.
func palindromic() string {
	for i := 200000; ; i++ {
		h := fmt.Sprint(i)
		r := []byte(h)
		for a, b := 0, 5; a < b; a, b = a+1, b-1 {
			r[a], r[b] = r[b], r[a]
		}
		if extract.Verhoeff(h + string(r)) {
			return h + string(r)
		}
	}
}

// gstinOf completes a registration with its check character, by trial.
func gstinOf(state, pan, entity string) string {
	for _, c := range gstinDigits {
		if ok, _ := GSTIN(state + pan + entity + "Z" + string(c)); ok {
			return state + pan + entity + "Z" + string(c)
		}
	}
	panic("no character checks")
}

func TestPersons(t *testing.T) {
	if _, p := PAN("ABCPV1234D"); !p {
		t.Error("a person's PAN is none")
	}
	if _, p := PAN("AAPFU0939F"); p {
		t.Error("a firm's PAN is a person's")
	}
	if _, p := GSTIN("27AAPFU0939F1ZV"); p {
		t.Error("a firm's GSTIN is a person's")
	}
	if _, p := GSTIN(gstinOf("27", "ABCPV1234D", "1")); !p {
		t.Error("a person's GSTIN is none")
	}
	if _, known, phone := VPA("9820145678@ybl"); !known || phone != "9820145678" {
		t.Error("the number in front of the handle was not taken out")
	}
}

// One random number of twelve digits in ten passes Verhoeff's check; the share
// never makes a finding. Numbers of people with 91 win as telephone numbers.
func TestRandomDigitsAreRarelyAadhaar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var random, phones []string
		hits := 0
		for range 300 {
			v := fmt.Sprintf("%012d", rng.Int64N(1_000_000_000_000))
			random = append(random, v)
			if Aadhaar(v) {
				hits++
			}
			phones = append(phones, fmt.Sprintf("91%d", 6_000_000_000+rng.Int64N(4_000_000_000)))
		}
		if hits > 60 {
			t.Fatalf("%d of 300 random numbers are Aadhaar", hits)
		}
		for _, f := range Detect(Column{Name: "value", Values: random}) {
			t.Fatalf("random digits: %+v", f)
		}
		got := Detect(Column{Name: "value", Values: phones})
		if len(got) != 1 || got[0].Kind != "phone" || got[0].Confidence != High {
			t.Fatalf("numbers with 91: %+v", got)
		}
	})
}

// A column that says Aadhaar is one, even where the numbers could be telephones'.
func TestAadhaarByContext(t *testing.T) {
	var values []string
	for i := 0; len(values) < 12; i++ {
		v := withVerhoeff(fmt.Sprintf("91%09d", 820145678+i*7919))
		if Mobile(v) {
			values = append(values, v)
		}
	}
	if got := Detect(Column{Name: "aadhaar_no", Values: values}); len(got) == 0 || got[0].Kind != "aadhaar" || got[0].Confidence != High {
		t.Errorf("%+v", got)
	}
	if got := Detect(Column{Name: "contact_ref", Values: values}); len(got) == 0 || got[0].Kind != "phone" {
		t.Errorf("%+v", got)
	}
}
