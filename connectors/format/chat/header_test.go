package chat

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// TestOrderIsTold proves that every record tells how its date was read, and whether
// that was assumed.
func TestOrderIsTold(t *testing.T) {
	for talk, want := range map[string]string{
		"4/3/26, 10:15 - A: x\n5/3/26, 10:16 - A: y\n":       "d/m/y assumed: every date of the chat fits d/m/y and m/d/y",
		"4/3/26, 10:15 - A: x\n21/3/26, 10:16 - A: y\n":      "d/m/y",
		"4/3/26, 10:15 - A: x\n4/21/26, 10:16 - A: y\n":      "m/d/y",
		"4/4/26, 10:15 - A: x\n5/5/26, 10:16 - A: y\n":       "d/m/y",
		"[2026/04/03, 10:15] A: x\n[2026/04/05, 10:15] B: y": "y/m/d",
	} {
		rows, gaps, err := read(t, New("chats", "whatsapp", ordered, ""), talk)
		if err != nil || len(gaps) > 0 || len(rows) != 2 {
			t.Fatal(rows, gaps, err)
		}
		for _, r := range rows {
			if !strings.Contains(r, " | date_order="+want+" |") && !strings.Contains(r, " | date_order="+want+" | ") {
				t.Errorf("%q: %s", talk, r)
			}
		}
		out, _, _ := rewrite(t, New("chats", "whatsapp", ordered, ""), talk, edit("1", connectors.Redact, func(name, _ string) (string, connectors.Verdict) {
			if name == "date_order" {
				return "x", connectors.Set
			}
			return "", connectors.Same
		}))
		if out != talk {
			t.Errorf("what is no part of the file was written into it: %q", out)
		}
	}
}

// TestHeaderLikePattern compares the reader of headers with the pattern that it is
// written after.
func TestHeaderLikePattern(t *testing.T) {
	const (
		date    = `(\d{1,4})([./-])(\d{1,2})[./-](\d{2,4})`
		between = `,?[\s\x{202F}\x{00A0}]+(?:\pL{1,6}[\s\x{202F}\x{00A0}]+)?`
		clock   = `(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:[\s\x{202F}\x{00A0}]*([AaPp])\.?[\s\x{202F}\x{00A0}]*[Mm]\.?)?`
		marks   = `^[\x{200E}\x{200F}\x{FEFF}\x{202A}]*`
	)
	patterns := []*regexp.Regexp{
		regexp.MustCompile(marks + `\[` + date + between + clock + `\][\s\x{200E}\x{00A0}]?`),
		regexp.MustCompile(marks + date + between + clock + `[\s\x{202F}\x{00A0}][-–][\s\x{202F}\x{00A0}]`),
	}
	pieces := rapid.SampledFrom([]string{"[", "]", "21", "4", "26", "2026", "/", "/", ".", "-", ",", " ", " ", "\u202f", "\u00a0", "\u200e", "10", "15", ":", ":", "a", "p", "m", "M", ".", "klo", "–", "x", "é", "\xff", "आ", "10:15", "21/04/26, "})
	rapid.Check(t, func(rt *rapid.T) {
		line := strings.Join(rapid.SliceOfN(pieces, 0, 6).Draw(rt, "before"), "") +
			rapid.SampledFrom([]string{"", "21/04/26, 10:15 - ", "[21/04/26, 10:15:07 PM] ", "21.4.2026 klo 10.15.15", "4/21/26, 9:15 p. m. - "}).Draw(rt, "header") +
			strings.Join(rapid.SliceOfN(pieces, 0, 12).Draw(rt, "after"), "")
		want, sep := 0, byte(0)
		for _, re := range patterns {
			if m := re.FindStringSubmatchIndex(line); m != nil && want == 0 {
				want, sep = m[1], line[m[4]]
			}
		}
		h, ok := parseHeader([]byte(line), variant{})
		switch late := h.at[0] > 24 || h.at[1] > 59 || h.at[2] > 60; {
		case late:
			rt.Fatalf("%q: a time that is none", line)
		case ok && (h.end != want || h.sep != sep):
			rt.Fatalf("%q: the header ends at %d, not at %d", line, h.end, want)
		case !ok && want > 0 && !impossible(line):
			rt.Fatalf("%q: no header, but it ends at %d", line, want)
		}
	})
}

// impossible reports a time of day that is none, which the pattern does not see.
func impossible(line string) bool {
	for _, m := range regexp.MustCompile(`(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?`).FindAllStringSubmatch(line, -1) {
		for i, most := range []int{24, 59, 60} {
			if n, err := strconv.Atoi(m[i+1]); err == nil && n > most {
				return true
			}
		}
	}
	return false
}
