package extract

import (
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestBehindAFault: what begins as JSON does and is none is searched to its end, cut and
// masked there.
func TestBehindAFault(t *testing.T) {
	f := connectors.Field{Name: "said"}
	for text, want := range map[string]string{
		"[00:01] Agent: ask 9812345603 or 9812345604": "[00:01] Agent: ask [erased] or 9812345604",
		"[10:30] ask 9812345603":                      "[10:30] ask [erased]",
		"[1] ask 9812345603\n[2] Agent: 9812345604":   "[1] ask [erased]\n[2] Agent: 9812345604",
		`["a"] ask 9812345603`:                        `["a"] ask [erased]`,
		`"[1]" ask 9812345603`:                        `"[1]" ask [erased]`,
		"[true, ask 9812345603":                       "[true, ask [erased]",
		`{"to":"9812345604","at": 00:1} 9812345603`:   `{"to":"9812345604","at": 00:1} [erased]`,
		`{"a":1} ask 9812345603, "b"`:                 `{"a":1} ask [erased], "b"`,
		`[{"a":"9812345604"},{"b":2}],9812345603`:     `[{"a":"9812345604"},{"b":2}],[erased]`,
		`{"a":"x"} {"a":"9812345603"}`:                `{"a":"x"} {"a":"[erased]"}`,
	} {
		r := &Redactor{Extent: Partial, Mine: func(_, v string) bool { return strings.HasSuffix(v, "9812345603") }}
		if got, v := r.Rewrite(f, text); v != connectors.Set || got != want {
			t.Errorf("%s: %v %q, want %q", text, v, got, want)
		}
		m := &Masker{Mine: func(_, v string) bool { return strings.HasSuffix(v, "9812345604") }, Shown: func(_, _ string) bool { return false }}
		if got, ok := m.Value(f, text); !ok || strings.Contains(got, "9812345603") || strings.Contains(got, "9812345604") != strings.Contains(text, "9812345604") {
			t.Errorf("%s: shown as %q", text, got)
		}
	}
}
