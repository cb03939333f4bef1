package extract

import (
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
)

// However much before it only looks like an object, one is looked into; the words around it
// are searched, and nothing but hers is cut.
func TestAmongWords(t *testing.T) {
	f := connectors.Field{Name: "said"}
	hers := func(_, v string) bool { return strings.HasSuffix(v, "9812345603") }
	for text, want := range map[string]string{
		strings.Repeat(`use {"x" : , `, 300) + `{"name":"Asha Rao","phone":"9812345603"} 9812345604`:                              strings.Repeat(`use {"x" : , `, 300) + ` 9812345604`,
		`to {"name":"Ravi Das","phone":"9812345604"} by 9812345603`:                                                               `to {"name":"Ravi Das","phone":"9812345604"} by [erased]`,
		`to {"name":"Ravi Das","phone":"9812345604"} and {"name":"Asha Rao","phone":"9812345603"}.`:                               `to {"name":"Ravi Das","phone":"9812345604"} and .`,
		`a [{"name":"Ravi Das","phone":"9812345604"}, {"name":"Asha Rao","phone":"9812345603"}] b`:                                `a [{"name":"Ravi Das","phone":"9812345604"}] b`,
		`{"phone":"9812345604","message":"his"}` + "\n" + `{"phone":"9812345603","message":"hers"}`:                               `{"phone":"9812345604","message":"his"}`,
		`{"msg":"got {\"phone\":\"9812345604\",\"note\":\"his\"} {\"phone\":\"9812345603\",\"note\":\"hers\"}"}`:                  `{"msg":"got {\"phone\":\"9812345604\",\"note\":\"his\"}"}`,
		`9812345603 sent {"name":"Ravi Das","phone":"9812345604"}`:                                                                `[erased] sent {"name":"Ravi Das","phone":"9812345604"}`,
		`x {"a":1} y {"one":{"name":"Asha Rao","phone":"9812345603"},"two":{"name":"Ravi Das","phone":"9812345604"}}`:             `x {"a":1} y {"two":{"name":"Ravi Das","phone":"9812345604"}}`,
		`1 {"n":0} 2 {"phone":"9812345603","note":"a"} 3 {"phone":"9812345604","note":"b"} 4 {"phone":"9812345603","note":"c"} 5`: `1 {"n":0} 2  3 {"phone":"9812345604","note":"b"} 4  5`,
	} {
		r := &Redactor{Extent: Partial, Mine: hers}
		if got, v := r.Rewrite(f, text); v != connectors.Set || got != want {
			t.Errorf("%.90s: %v %q, want %q", text, v, got[max(0, len(got)-90):], want[max(0, len(want)-90):])
		}
	}
	large := `got {"a":[` + strings.Repeat("1,", json.MaxValues) + `1]}`
	if look(&f, large) != nil || !many(large) {
		t.Error("too many values are looked into, or not told")
	}
}
