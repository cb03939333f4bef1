package extract

import (
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

func TestFindPacked(t *testing.T) {
	std, u := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	jwt := u([]byte(`{"alg":"HS256"}`)) + "." + u([]byte(`{"sub":"7","email":"asha@example.in"}`)) + "." + u([]byte("\x01\x02\xff\xfe signature"))
	for text, want := range map[string]string{
		"https://x.example/?u=" + std([]byte("asha@example.in")):        "asha@example.in",
		"https://x.example/?u=" + u([]byte("asha@example.in")) + "&x=1": "asha@example.in",
		"https://x.example/?t=" + jwt:                                   "asha@example.in",
		jwt:                                                             "asha@example.in",
		"https://x.example/?u=" + strings.ReplaceAll(std([]byte("call 98765 40001 now")), "=", "%3D"): "+919876540001",
		"https://x.example/?u=" + std([]byte("nothing to see here")):                                  "",
		"https://x.example/?id=Cj0KCQjwAbCdEfGhIjKlMnOpQrStUvWxYz":                                    "",
	} {
		found := Find(text)
		switch {
		case want == "" && len(found) > 0, want != "" && (len(found) != 1 || found[0].Value != want):
			t.Errorf("%s: %+v", text, found)
		case want != "" && !strings.Contains(want, text[found[0].Start:found[0].End]) && strings.Contains(text[found[0].Start:found[0].End], "x.example"):
			t.Errorf("%s: the span is %q", text, text[found[0].Start:found[0].End])
		}
	}
}

// TestPackedIsTakenOut proves that what is found in a run is gone with its span.
func TestPackedIsTakenOut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		before := rapid.StringMatching(`[a-z ]{0,5}(\?|&|/)[a-z]{1,4}=`).Draw(rt, "before")
		secret := rapid.StringMatching(`[a-z]{1,8}@[a-z]{2,6}\.in`).Draw(rt, "secret") + strings.Repeat(" ", rapid.IntRange(0, 3).Draw(rt, "pad"))
		if len(secret) < 9 || testMailbox(strings.Split(secret, "@")[0], "") {
			return
		}
		text := before + base64.StdEncoding.EncodeToString([]byte(secret)) + "&end=1"
		found := Find(text)
		if len(found) != 1 || found[0].Value != strings.TrimSpace(secret) {
			rt.Fatalf("%q: %+v", text, found)
		}
		if left := text[:found[0].Start] + text[found[0].End:]; left != before+"&end=1" {
			rt.Fatalf("%q leaves %q", text, left)
		}
	})
}

// TestSeveralInOneRun: of a run of base64 that holds two people, neither gets the
// other's half, and it is gone when either of them goes.
func TestSeveralInOneRun(t *testing.T) {
	run := base64.StdEncoding.EncodeToString([]byte(`{"to":"+919820145678","from":"+919911223344","mail":"asha@example.in"}`))
	text := "posted " + run + " once"
	const masked, cut = "posted [PERSON-1] once", "posted [erased] once"
	for _, mine := range []string{"+919820145678", "+919911223344", "asha@example.in"} {
		is := func(_, v string) bool { return v == mine }
		none := func(_, _ string) bool { return false }
		m := Masker{Mine: is, Shown: none}
		if got, _ := m.Value(connectors.Field{Name: "note"}, text); got != masked {
			t.Errorf("masked for %s: %q", mine, got)
		}
		if got := m.Mentions(text); len(got) != 1 || got[0] != mine {
			t.Errorf("mentions of %s: %q", mine, got)
		}
		r := Redactor{Extent: Partial, Mine: is}
		if got, v := r.Rewrite(connectors.Field{Name: "note"}, text); v != connectors.Set || got != cut {
			t.Errorf("redacted for %s: %q", mine, got)
		}
		if got, v := r.Rewrite(connectors.Field{Name: "note"}, `{"body":"`+run+`"}`); v != connectors.Set || got != `{"body":"[erased]"}` {
			t.Errorf("redacted in JSON for %s: %q", mine, got)
		}
		if got, _ := m.Value(connectors.Field{Name: "note"}, `{"body":"`+run+`"}`); got != `{"body":"[PERSON-1]"}` {
			t.Errorf("masked in JSON for %s: %q", mine, got)
		}
	}
	if got := Hide(run); strings.Count(got, "[") != 1 {
		t.Errorf("hidden: %q", got)
	}
}
