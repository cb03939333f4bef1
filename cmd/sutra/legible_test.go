package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/pipeline"
)

// TestLegible holds that nothing that a terminal obeys is left in the texts of a line,
// wherever they stand, that all the rest is, and that the line itself stays what it was.
func TestLegible(t *testing.T) {
	for from, want := range map[string]string{
		"":                        "",
		"आशा ക്\u200d رسالة �":    "आशा ക്\u200d رسالة �",
		"a\x1b[2Jb":               `a\x1b[2Jb`,
		"\x00\a\b\t\n\v\f\r\x7f":  `\x00\x07\x08\t\n\x0b\x0c\r\x7f`,
		"\u0085\u009b31m":         `\x85\x9b31m`,
		"\x9b31m\xff":             `\x9b31m\xff`,
		"a\u202egnp\u2066\u200fb": `a\u202egnp\u2066\u200fb`,
		"\u2028\ufeff\U000e0041":  `\u2028\ufeff\U000e0041`,
	} {
		if got := escaped(from); got != want {
			t.Errorf("%q became %q, want %q", from, got, want)
		}
	}
	type line struct {
		Text  string
		At    time.Time
		Of    *pipeline.CopyLine
		Any   any
		Words map[string]any
		None  []string
		Pair  [2]string
		n     string
	}
	make := func(bad string) line {
		return line{bad, time.Unix(1, 2), &pipeline.CopyLine{Unit: bad, Via: []string{"a", bad}}, bad, map[string]any{"k" + bad: bad, "n": 1.5}, nil, [2]string{bad, "b"}, ""}
	}
	from := make("\x1b")
	if diff := cmp.Diff(make(`\x1b`), legible(from), cmp.AllowUnexported(line{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(make("\x1b"), from, cmp.AllowUnexported(line{})); diff != "" {
		t.Error("the line itself was changed: " + diff)
	}
	if got, ok := legible[any](pipeline.NoteLine{Text: "\x1b"}).(pipeline.NoteLine); !ok || got.Text != `\x1b` {
		t.Errorf("a line of a job became %#v", got)
	}
	if got := paragraphs("a\x1b\nb\r\nc"); got != "a\\x1b\nb\\r\nc" {
		t.Errorf("a message became %q", got)
	}
}
