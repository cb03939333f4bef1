package format

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// byLocator reaches rows by their locators, and nothing else.
type byLocator struct{ PointReader }

func (byLocator) Reaches(r connectors.Ref) bool { return strings.HasPrefix(r.Locator, "row ") }

// TestFollow: where records stand after others went, and which places are looked at.
func TestFollow(t *testing.T) {
	edits := func(spec string) (out []connectors.Edit) {
		for _, word := range strings.Split(spec, ", ") {
			locator, redact := strings.CutSuffix(word, "*")
			e := connectors.Edit{Collection: "leads", Locator: locator, Action: connectors.Delete}
			if redact {
				e.Action = connectors.Redact
			}
			out = append(out, e)
		}
		return out
	}
	for _, tc := range []struct {
		edits, near string // a star: redacted
		alone       bool
		moved       map[string]string
	}{
		{"row 1", "row 1", true, map[string]string{"row 2": "row 1", "row 100": "row 99", "object": "object"}},
		{"row 7*", "row 7", true, map[string]string{"row 7": "row 7", "row 8": "row 8"}},
		{"row 9, row 3, row 5*", "row 2, row 3, row 4, row 7, row 8", true, map[string]string{"row 2": "row 2", "row 4": "row 3", "row 8": "row 7", "row 10": "row 8"}},
		{"row 4, row 5, row 6", "row 3, row 4", true, map[string]string{"row 7": "row 4"}},
		{"line 2", "line 1, line 2", false, map[string]string{"line 3": "line 2", "row 3": "row 3"}},
		{"/RESPONSE/4", "/RESPONSE/3, /RESPONSE/4", false, map[string]string{"/RESPONSE/5": "/RESPONSE/4", "/OTHER/5": "/OTHER/5"}},
	} {
		f := follow(byLocator{}, "a.parquet", edits(tc.edits))
		if f == nil {
			t.Errorf("%s: not followed", tc.edits)
			continue
		}
		var near []string
		for _, r := range f.Near {
			if near = append(near, r.Locator); r.Collection != "leads" || r.Unit != "a.parquet" {
				t.Errorf("%s: %+v", tc.edits, r)
			}
		}
		if diff := cmp.Diff(tc.near, strings.Join(near, ", ")); diff != "" || f.Alone != tc.alone {
			t.Errorf("%s: alone %v\n%s", tc.edits, f.Alone, diff)
		}
		for from, to := range tc.moved {
			if got := f.Moved("leads", from); got != to {
				t.Errorf("%s: %s is %s, want %s", tc.edits, from, got, to)
			}
		}
		if got := f.Moved("calls", "row 1000"); got != "row 1000" {
			t.Errorf("%s: a row of another collection moved to %s", tc.edits, got)
		}
	}
	for _, spec := range []string{"object", "line 5/3", "/0/leads/3", "row 3, metadata"} {
		if f := follow(byLocator{}, "a", edits(spec)); f != nil {
			t.Errorf("%s is followed: %+v", spec, f.Near)
		}
	}
}
