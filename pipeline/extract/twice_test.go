package extract

import (
	"strconv"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestStringInString: JSON that was made a string twice is looked into as if it had been
// made one once, whatever is asked of it: names go and others' parts stay.
func TestStringInString(t *testing.T) {
	hers := `{"name":"Asha Verma","phone":"9820145678","remark":"for her"}`
	both := `[{"name":"Asha Verma","phone":"9820145678","text":"hers"},{"name":"Bela Rao","phone":"9911223344","text":"theirs"}]`
	mine := mine("+919820145678")
	for _, c := range []struct {
		name, value string
		f           connectors.Field
		extent      Extent
	}{
		{"a column", strconv.Quote(hers), connectors.Field{Name: "payload", Look: connectors.LookJSON}, Whole},
		{"a column, three times", strconv.Quote(strconv.Quote(hers)), connectors.Field{Name: "payload", Look: connectors.LookJSON}, Whole},
		{"a key", `{"id":7,"body":` + strconv.Quote(strconv.Quote(hers)) + `}`, connectors.Field{Name: "payload", Look: connectors.LookJSON}, Partial},
		{"both in a column", strconv.Quote(both), connectors.Field{Name: "payload", Look: connectors.LookJSON}, Rest},
		{"both in a key", `{"id":7,"body":` + strconv.Quote(strconv.Quote(both)) + `}`, connectors.Field{Name: "payload", Look: connectors.LookJSON}, Whole},
	} {
		r := Redactor{Extent: c.extent, Mine: mine}
		got, v := r.Rewrite(c.f, c.value)
		if v == connectors.Same || strings.Contains(got, "Asha") || strings.Contains(got, "9820145678") {
			t.Errorf("%s: erased: %v %s", c.name, v, got)
		}
		if strings.Contains(c.value, "Bela") && (!strings.Contains(got, "Bela") || !strings.Contains(got, "9911223344")) {
			t.Errorf("%s: another's part went, too: %s", c.name, got)
		}
		m := Masker{Mine: mine, Shown: func(_, _ string) bool { return false }}
		if got, _ := m.Value(c.f, c.value); !strings.Contains(got, "Asha") || strings.Contains(got, "Bela") || strings.Contains(got, "9911223344") {
			t.Errorf("%s: shown: %s", c.name, got)
		}
	}
}

// TestQuotedWords: a text in quotation marks is no JSON, whatever it begins with.
func TestQuotedWords(t *testing.T) {
	for _, text := range []string{`"Asha"`, `"[urgent] call 9820145678" she said`, `"`, `""`, `"\"\""`, `"{`} {
		if look(&connectors.Field{}, text) != nil {
			t.Errorf("%s is looked into", text)
		}
	}
}

// TestExponentUnderAnyKey: a number that a program wrote with an exponent is hers under a
// key that says nothing, too, unless it has lost digits.
func TestExponentUnderAnyKey(t *testing.T) {
	r := Redactor{Extent: Partial, Mine: mine("+919820145678")}
	f := connectors.Field{Name: "payload", Look: connectors.LookJSON}
	for _, number := range []string{"9.820145678e9", "9.820145678E+09", "9.19820145678E11", `"9.820145678E9"`, "9820145678.0", "9820145678E0", "9820145678e+0", "919820.145678E6"} {
		got, v := r.Rewrite(f, `{"alt":`+number+`,"qty":3}`)
		if v != connectors.Set || strings.Contains(got, number) || !strings.Contains(got, `"qty":3`) {
			t.Errorf("%s: %v %s", number, v, got)
		}
		d := look(&f, `{"alt":`+number+`}`)
		if hits := d.parts[0].hits; len(hits) != 1 || hits[0].Value != "+919820145678" || hits[0].role != 1 || !hits[0].whole {
			t.Errorf("%s: found %v", number, hits)
		}
	}
	for _, number := range []string{"9.82014568E+9", "9.8E9", "9.820145678E-9", "-9.820145678E9", "9820145678E", "9820145678E1", ".9820145678E10"} {
		if d := look(&f, `{"alt":`+number+`}`); len(d.parts[0].hits) > 0 {
			t.Errorf("%s is somebody's number", number)
		}
	}
}
