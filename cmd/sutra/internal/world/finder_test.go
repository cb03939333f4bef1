package world

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func testFinder() *finder {
	f := &finder{tokens: map[string]int32{}, phones: map[string]int32{}, mails: map[string]int32{}, cookies: map[string]int32{}}
	f.person(&Person{ID: "P1", Phones: []string{"9412345678"}, Emails: []string{"asha.iyer7+office@example.com"}, Cookie: "1000000007.1700000007"}, true)
	f.tokens["kxabcdefghij"] = int32(len(f.traces))
	f.traces = append(f.traces, trace{kind: kindToken, owners: []string{"P1"}})
	return f
}

func TestFinderKnowsEverySpelling(t *testing.T) {
	f := testFinder()
	id := wamid(rand.New(rand.NewPCG(1, 2)), "919412345678")
	for text, want := range map[string]string{
		"9412345678": kindPhone, "+91-9412345678": kindPhone, "09412345678": kindPhone, "p:+919412345678": kindPhone, "+91 94123 45678": kindPhone,
		"(+91) 94123-45678.": kindPhone, "0 94123 45678": kindPhone, "call 94123\u00a045678 now": kindPhone, "also&nbsp;94123&nbsp;45678": kindPhone,
		"x?phone=%2B919412345678": kindPhone, `{"a":"\u002b919412345678"`: kindPhone, id: kindPhone, "x " + id + " y": kindPhone,
		"A1/Recordings/Call/Call recording +919412345678_260101_101500.m4a": kindPhone,
		"9\x004\x001\x002\x003\x004\x005\x006\x007\x008\x00":                kindPhone,
		"Asha.Iyer7+OFFICE@Example.com":                                     kindEmail, "<asha.iyer7+office@example.com>.": kindEmail, "mailto=asha.iyer7%2Boffice%40example.com&x": kindEmail,
		"asha.iyer7%252Boffice%2540example.com": kindEmail, `asha.iyer7\u002boffice\u0040example.com`: kindEmail, "asha.iyer7&#43;office&#64;example.com": kindEmail,
		"a@b, asha.iyer7+office@example.com": kindEmail,
		"GA1.1.1000000007.1700000007":        kindCookie, "1000000007.1700000007": kindCookie,
		"wantskxabcdefghij": kindToken, "KXABCDEFGHIJ": kindToken, "kkxabcdefghij": kindToken,
	} {
		hits := f.search(text)
		if len(hits) != 1 || f.traces[hits[0]].kind != want {
			t.Errorf("%q: %v", text, hits)
		}
	}
	for _, text := range []string{"", "94123456789", "1941234567", "sid19412345678", "asha.iyer7@example.com", "xasha.iyer7+office@example.com", "asha.iyer7+office@example.com.au",
		"kxabcdefghi", "1000000007 1700000007", "wamid." + base64.StdEncoding.EncodeToString([]byte("none here at all")), "94123, 45678", "%", "%4", `\u12`, "kx", "@"} {
		if hits := f.search(text); len(hits) != 0 {
			t.Errorf("%q: %v", text, hits)
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"a%40b", `\u0040\u`, "wamid.HBg", "kx", "&amp;&#x", "98765 43210", "\x00@\x00"} {
		f.Add(s)
	}
	find := testFinder()
	f.Fuzz(func(t *testing.T, s string) {
		find.search(s)
		if hits := find.search(s + " 9412345678 "); strings.IndexByte(s, '%') < 0 && len(hits) == 0 && !glue(lastOf(s)+" ") {
			t.Errorf("lost behind %q", s)
		}
	})
}

// lastOf returns the end of a text, where a digit or glue would join a number.
func lastOf(s string) string {
	if s == "" || s[len(s)-1] >= '0' && s[len(s)-1] <= '9' {
		return " "
	}
	return s[len(s)-1:]
}

func TestNumbersAndTokensAreUnique(t *testing.T) {
	phones, tokens := map[string]bool{}, map[string]bool{}
	for i := range uint64(20_000) {
		p, k := phoneAt(5, i*4), tokenAt(5, i)
		if phones[p] || tokens[k] || len(p) != phoneLen || len(k) != tokenLen || plain(p) {
			t.Fatalf("slot %d: %s %s", i, p, k)
		}
		phones[p], tokens[k] = true, true
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64Range(0, tokenSpace-1).Draw(t, "a"), rapid.Uint64Range(0, tokenSpace-1).Draw(t, "b")
		seed := rapid.Uint64().Draw(t, "seed")
		if a != b && tokenAt(seed, a) == tokenAt(seed, b) {
			t.Fatal("two tokens are one")
		}
		if a%phoneSpace != b%phoneSpace && affine(a, phoneMult, seed, phoneSpace) == affine(b, phoneMult, seed, phoneSpace) {
			t.Fatal("two phones are one")
		}
		if a%cookieSpace != b%cookieSpace && affine(a, cookieMult, seed, cookieSpace) == affine(b, cookieMult, seed, cookieSpace) {
			t.Fatal("two cookies are one")
		}
	})
}

func TestDue(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.ParseInLocation(time.DateOnly, s, ist)
		if err != nil {
			t.Fatal(err)
		}
		return d.Add(12 * time.Hour)
	}
	for _, x := range []struct {
		class, account, at, now string
		want                    bool
	}{
		{classRecording, "A1", "2026-08-04", "2026-11-02", false}, {classRecording, "A1", "2026-08-03", "2026-11-02", true},
		{classRecording, "A2", "2026-05-06", "2026-11-02", false}, {classRecording, "A2", "2026-05-05", "2026-11-02", true},
		{classRecording, "A3", "2026-10-30", "2026-11-02", true}, {classRecording, "A1", "2029-01-01", "2026-11-02", false},
		{classRecording, "A5", "2026-08-04", "2026-11-02", false}, {classRecording, "A4", "2026-10-20", "2026-11-02", false},
		{classTicket, "A1", "2024-11-02", "2026-11-02", false}, {classTicket, "A3", "2024-11-01", "2026-11-02", true},
		{classTicket, "A1", "2024-02-29", "2026-02-28", false}, {classTicket, "A1", "2024-02-29", "2026-03-01", true},
		{classBilling, "A1", "2019-03-31", "2026-03-31", false}, {classBilling, "A1", "2019-03-31", "2026-04-01", true},
		{classBilling, "A1", "2019-04-01", "2026-04-01", false}, {classCookie, "A1", "2025-01-31", "2026-02-28", false},
		{classCookie, "A1", "2025-01-31", "2026-03-01", true}, {classCookie, "A1", "1970-01-01", "2026-03-01", false},
		{classCRM, "A3", "2026-10-30", "2026-11-02", true}, {classCRM, "A4", "2010-01-01", "2026-11-02", false}, {classCRM, "A1", "2010-01-01", "2026-11-02", false},
	} {
		if got := due(x.class, accountByID(x.account), day(x.at), day(x.now)); got != x.want {
			t.Errorf("%+v: %v", x, got)
		}
	}
	if due(classTicket, accounts[0], time.Time{}, day("2026-11-02")) {
		t.Error("a record without a date is due")
	}
}
