package extract

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// refPackedText is packedText as it was before it was made fast.
func refPackedText(text string) bool {
	if strings.Contains(text, "\uff20") {
		return true
	}
	for from, at := 0, 0; at <= len(text); at++ {
		if at < len(text) && packedByte(text[at]) {
			continue
		}
		if at-from >= shortestPacked && mixed(text[from:at]) {
			return true
		}
		from = at + 1
	}
	return false
}

// checkQuick holds the quick ways to the long ones.
func checkQuick(t interface{ Fatalf(string, ...any) }, s string) {
	worth, foreign := worthLooking(s)
	if spans := findAll(s); len(spans) > 0 && !worth && !packedText(s, foreign) {
		t.Fatalf("%q is not worth looking at, and holds %+v", s, spans)
	}
	if nothingIn(s) && (worth || packedText(s, foreign)) {
		t.Fatalf("there is said to be nothing in %q", s)
	}
	if got, want := packedText(s, foreign || worth), refPackedText(s); got != want {
		t.Fatalf("packedText(%q) = %v", s, got)
	}
	got, ok := Email(s)
	want, wantOK := anyEmail(s)
	if got != want || ok != wantOK {
		t.Fatalf("Email(%q) = %+v, %v; the long way %+v, %v", s, got, ok, want, wantOK)
	}
	value, weak, ok, known := plainPhone(s, nil)
	if !known {
		return
	}
	want, wantOK = Phone(s)
	if ok != wantOK || ok && (string(value) != want.Value || weak != want.Weak || want.Kind != KindPhone) {
		t.Fatalf("plainPhone(%q) = %q, %v, %v; the long way %+v, %v", s, value, weak, ok, want, wantOK)
	}
}

// quickParts are what decides between the quick way and the long one.
var quickParts = []string{
	"a", "z", "asha", "rao", "x", "xn--", "A", "J", "0", "7", "9", "91", "+", "+91", "098", "0091", "98201", "45678", "1234567890", "9999999999", "080", "7122", "33445566",
	".", "..", "-", "_", "'", "@", "@@", "example", "in", "com", "test", "none", "info", "sales", "no-reply", "reply.", "relay.", "privaterelay.appleid.com", "meta.com", "c0m",
	"mailto:", " ", "\t", "%40", "&", "=", "\\", "wamid", "wamid.", "ey", "eyJ", "é", "९", "٣", "\u00a0", "\xe0", "\xff", "\x00", "/", "(", ")", "\uff0b", "\uff20", "\uff19", "+65 6123 4567", "+2474567", "+24 745 678", "-",
}

func TestQuickAgainstLong(t *testing.T) {
	for _, s := range []string{"", "@", "a@b.in", "asha@example.in", "asha@example.in.", "asha@.in", "asha@-x.in", "asha@x..in", "a..b@x.in", ".a@x.in", "a_b@x.in", "a@x_y.in", "a@x.i", "a@x.i2", "a@x.xn2",
		"info@x.in", "info1@x.in", "test@x.in", "a@test.com", "a@reply.x.in", "9820145678", "+9820145678", "09820145678", "+919820145678", "+9109820145678", "919820145678", "00919820145678", "0919820145678",
		"+910820145678", "5820145678", "8022334455", "+918022334455", "9876543210", "wamid.", "wami.", "eyJ", "eJ", "yJ", "९", "+40000010", "\uff0b40000010", "\uff0b4000001", strings.Repeat("a", 65) + "@x.in", strings.Repeat("a", 64) + "@x.in", "a@" + strings.Repeat("b", 250) + ".in"} {
		checkQuick(t, s)
	}
	for _, s := range []string{"Asha 123456789", "wants 12 at 3,45,000 by 5 pm", "2026-04-2", "+1234567",
		"2026-04-12T18:50:00+05:30", "2026-04-12T18:50:00.123456+05:30", "2026-04-12 18:50:00", "12/04/2026, 06:50 pm", "order 1234567 of 7654321"} {
		if worth, _ := worthLooking(s); worth {
			t.Errorf("%q is worth looking at", s)
		}
	}
	for pad := range 40 {
		for n := shortestPacked - 2; n < shortestPacked+2; n++ {
			checkQuick(t, strings.Repeat("ab ", pad/3)+strings.Repeat(" ", pad%3)+"A"+strings.Repeat("a", n-1)+" x")
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		checkQuick(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(quickParts), 0, 8).Draw(t, "parts"), ""))
		checkQuick(t, rapid.StringMatching(`[ .]{0,3}([a-z0-9]{0,14}[A-Z]?[a-z/]{0,12}[ .]{1,2}){1,5}`).Draw(t, "words"))
		checkQuick(t, rapid.StringMatching(`\+?[0-9]{8,15}`).Draw(t, "number"))
		checkQuick(t, rapid.StringMatching(`[a-z]{0,3} ?(\+|\x{ff0b})?([0-9]{1,9}[ .-]?){1,4}`).Draw(t, "groups"))
		checkQuick(t, rapid.StringMatching(`(([12]|[0-9])[0-9]{3}[-/][01][0-9][-/][0-3][0-9]|[0-9]{7,10})(T| |  |, |:|_|x|\n|é|\x{200b}){0,2}[0-9]{0,2}[:.]?[0-9]{0,2}[:.]?[0-9]{0,9}(Z|[+ -][0-9]{2}:?[0-9]{0,2})?`).Draw(t, "time"))
		checkQuick(t, rapid.StringMatching(`[a-z0-9._-]{1,5}@[a-z0-9.-]{1,6}\.[a-z0-9]{1,4}`).Draw(t, "address"))
	})
	for word := range roleMailboxes {
		if strings.ContainsAny(word, "0123456789") {
			t.Errorf("the mailbox %q has a digit: roleMailbox does not look for it", word)
		}
	}
}

func FuzzQuick(f *testing.F) {
	for _, s := range quickParts {
		f.Add(s + "@example.in")
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkQuick(t, s) })
}

// TestPlaceholderNumbers compares the test for numbers that forms are filled with, which
// ends early, with one that counts all steps.
func TestPlaceholderNumbers(t *testing.T) {
	plain := func(n []byte) bool {
		steps := map[int]int{}
		for i := 1; i < len(n); i++ {
			d := int(n[i]) - int(n[i-1])
			if d == -9 { // from 9 on to 0
				d = 1
			}
			steps[d]++
		}
		return max(steps[0], steps[1], steps[-1]) >= len(n)-2
	}
	rapid.Check(t, func(t *rapid.T) {
		n := []byte(rapid.StringMatching(`[0-9]{10}`).Draw(t, "number"))
		step := rapid.IntRange(-1, 1).Draw(t, "step")
		for i := 1; i < len(n); i++ { // mostly a row, with some digits out of it
			if rapid.IntRange(0, 9).Draw(t, "in the row") > 0 {
				n[i] = '0' + byte((int(n[i-1]-'0')+step+10)%10)
			}
		}
		if got, want := placeholder(n), plain(n); got != want {
			t.Fatalf("%s is a placeholder: %v, want %v", n, got, want)
		}
	})
}
