package extract

import (
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"
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
