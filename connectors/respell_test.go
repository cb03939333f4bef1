package connectors_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// TestRespell: bytes that are no UTF-8 stay as they were around what was cut out of a text.
func TestRespell(t *testing.T) {
	for _, c := range []struct{ old, gone, put, want string }{
		{"M\xfcller: 98220 31416, caf\xe9", "98220 31416", "[erased]", "M\xfcller: [erased], caf\xe9"},
		{"98220 31416 M\xfc\xfcller 98220 31416\xff", "98220 31416", "", " M\xfc\xfcller \xff"},
		{"\xff\uFFFD\xfe Asha \xe9", "Asha", "***", "\xff\uFFFD\xfe *** \xe9"},
		{"caf\xe9 \uFFFDsha caf\xe9", "\uFFFDsha", "", "caf\xe9  caf\xe9"},
		{"\xe9 Asha \xe8 Asha \xe7 Asha", "Asha", "", "\xe9  \xe8  \xe7 "},
		{"\xe9 Asha \xe8", "\uFFFD Asha", "？", "？ \xe8"}, // letters that begin, or end, as U+FFFD does
		{"\xe8 Asha \xe9", "Asha \uFFFD", "ｽ", "\xe8 ｽ"},
		{"plain Asha", "Asha", "", "plain "},
		{"\xe9", "\uFFFD", "", ""},
	} {
		text := strings.ReplaceAll(connectors.Spell([]byte(c.old)), c.gone, c.put)
		if got := string(connectors.Respell([]byte(c.old), text)); got != c.want {
			t.Errorf("%q without %q is %q, want %q", c.old, c.gone, got, c.want)
		}
	}
}

// TestRespellAtRandom: what is spelled of the new bytes is the text that was asked for, and a
// text that nobody changed has the old ones.
func TestRespellAtRandom(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "é", "\xe9", "\xff\xfe", "\uFFFD", "\xe2\x82", "ASHA", " "})
	rapid.Check(t, func(t *rapid.T) {
		old := []byte(strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "old"), ""))
		text := connectors.Spell(old)
		if got := connectors.Respell(old, text); !bytes.Equal(got, old) {
			t.Fatalf("%q became %q", old, got)
		}
		next := strings.ReplaceAll(text, "ASHA", rapid.SampledFrom([]string{"", "[erased]", "é"}).Draw(t, "instead"))
		got := connectors.Respell(old, next)
		if connectors.Spell(got) != next && !strings.Contains(connectors.Spell(got), "\uFFFD") {
			t.Fatalf("%q: %q is spelled %q, want %q", old, got, connectors.Spell(got), next)
		}
		if bytes.Contains(got, []byte("ASHA")) {
			t.Fatalf("%q: %q", old, got)
		}
	})
}
