package extract

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// dialled completes a number whose country stands beside it: {"dialCode": "+1", "value":
// "9820647153"}. By itself such a number reads as one of India.
func (d *document) dialled(c context, n *json.Node, text string) string {
	if n.Parent == nil || n.Parent.Kind != json.Object || keyMeaning(c.key).identity != KindPhone && n.Key != "value" && n.Key != "number" {
		return text
	}
	var buf [20]byte
	digits, plus, ok := phoneDigits(strings.TrimSpace(text), buf[:0])
	if !ok || plus || len(digits) < 6 {
		return text
	}
	for _, m := range n.Parent.Children {
		code := d.codeIn(m, n)
		national := strings.TrimLeft(string(digits), "0")
		switch {
		case code == "":
		case strings.HasPrefix(national, code) && len(national) > 10:
			return "+" + national
		default:
			return "+" + code + national
		}
	}
	return text
}

// codeIn is the code of another country that a member gives to the number n; empty when it
// gives none.
func (d *document) codeIn(m, n *json.Node) string {
	if m == n || m.Kind != json.String && m.Kind != json.Number {
		return ""
	}
	return foreign(dialCode(m.Key, m.Text(d.data)))
}

// codeBeside is the code of another country that stands beside a number; empty when none does.
func (d *document) codeBeside(n *json.Node) string {
	if n.Parent == nil || n.Parent.Kind != json.Object {
		return ""
	}
	for _, m := range n.Parent.Children {
		if code := d.codeIn(m, n); code != "" {
			return code
		}
	}
	return ""
}

// foreign is a country code, but for India's, by which a number is read anyway.
func foreign(code string) string {
	if code == "91" {
		return ""
	}
	return code
}

// dialCode returns the country code that a member gives to the number beside it; empty
// when it gives none.
func dialCode(key, text string) string {
	text = strings.TrimSpace(text)
	code := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "00")
	if len(code) == 0 || len(code) > 3 || !allDigits(code) || code[0] == '0' {
		return ""
	}
	switch name := strings.Join(keyWords(key), " "); {
	case dialNames[name]:
		return code
	case name == "country code" || name == "countrycode":
		if code == "356" && code == text {
			return "" // what ISO 3166 numbers India by
		}
		return code
	}
	return ""
}

// dialNames are the names of fields that hold a country code, and of nothing else.
var dialNames = map[string]bool{
	"dial code": true, "dialcode": true, "dialing code": true, "dialling code": true, "calling code": true, "country calling code": true, "country dial code": true,
	"phone code": true, "phone country code": true, "mobile country code": true, "isd": true, "isd code": true,
}

// dials finds the columns that tell the country of the number in another: "mobile_isd" that of
// "mobile", and one that names no number that of the only one there is.
func (s *shape) dials() {
	var numbers []*column
	for i := range s.cols {
		if c := &s.cols[i]; c.Identity == KindPhone && c.role == lineage.Subject {
			numbers = append(numbers, c)
		}
	}
	for i := range s.cols {
		of, ok := dialOf(s.cols[i].Name)
		if !ok || s.cols[i].Identity != "" {
			continue
		}
		for _, c := range numbers {
			if named := strings.TrimSuffix(strings.Join(keyWords(c.Name), " "), " number"); of == named || of != "" && (of+" phone" == named || of+" mobile" == named) || of == "" && len(numbers) == 1 {
				c.dials = append(c.dials, i)
			}
		}
	}
}

// dialOf takes the name of a column that holds a country code apart: which number's it is.
func dialOf(name string) (of string, ok bool) {
	words := keyWords(name)
	for i := range words {
		if rest := strings.Join(words[i:], " "); dialNames[rest] || rest == "country code" || rest == "countrycode" {
			if i == 0 && len(words) == 3 && (words[0] == "phone" || words[0] == "mobile") {
				return words[0], true
			}
			return strings.Join(words[:i], " "), true
		}
	}
	return "", false
}

// abroad completes a number by the country code in a column beside it, where the two are a
// number of that country. Where they are none, a form's default may stand there.
func (r *record) abroad(c *column, v string) string {
	for _, i := range c.dials { // one may say "US", and the next "1"
		if code := foreign(r.dialled(&r.shape.cols[i])); code != "" {
			if whole, ok := completed(code, v); ok {
				return whole
			}
		}
	}
	return v
}

// completed is a number with the code of the country that stands beside it; false where the
// two are no number there.
func completed(code, v string) (string, bool) {
	var buf [20]byte
	digits, plus, ok := phoneDigits(strings.TrimSpace(v), buf[:0])
	if !ok || plus || code == "" {
		return v, false
	}
	national := strings.TrimLeft(string(digits), "0")
	both := []string{"+" + code + national, "+" + national} // a short one more likely has no code
	if len(national) > 10 {
		slices.Reverse(both)
	}
	for _, whole := range both {
		if n, ok := phone(whole); ok && !n.guess && strings.HasPrefix(n.Value, "+"+code) {
			return whole, true
		}
	}
	return v, false
}

// Codes are the codes of other countries that stand beside the numbers of a row, by the column
// of the number.
func Codes(rows arrow.Record, row int) map[string]string {
	var s shape
	for i, af := range rows.Schema().Fields() {
		if i == 0 {
			continue
		}
		c := column{Field: connectors.FieldOf(af), label: -1}
		c.take(rows.Column(i).(*array.String))
		c.role = s.roleOf(&c, keyMeaning(c.Name))
		s.cols = append(s.cols, c)
	}
	s.dials()
	r := record{shape: &s, row: row}
	var out map[string]string
	for i := range s.cols {
		for _, at := range s.cols[i].dials {
			if code := foreign(r.dialled(&s.cols[at])); code != "" && out[s.cols[i].Name] == "" {
				if out == nil {
					out = map[string]string{}
				}
				out[s.cols[i].Name] = strings.Clone(code)
			}
		}
	}
	return out
}

// dialled is the country code in a column; empty when there is none.
func (r *record) dialled(d *column) string {
	if d.null(r.row) {
		return ""
	}
	name := "country code"
	if words := strings.Join(keyWords(d.Name), " "); !strings.HasSuffix(words, name) && !strings.HasSuffix(words, "countrycode") {
		name = "isd"
	}
	return dialCode(name, d.value(r.row))
}

// Abroad reports a number without its country in a column of the record's own person: where
// it is hers who is only mentioned there, a column beside it says that it is another's.
func Abroad(f connectors.Field, value string) bool {
	if f.Identity != KindPhone || len(f.Links) > 0 || (&shape{}).roleOf(&column{Field: f}, keyMeaning(f.Name)) != lineage.Subject ||
		slices.ContainsFunc(f.Meaning, func(m string) bool { return strings.HasPrefix(m, connectors.LabelledBy) }) {
		return false
	}
	var buf [20]byte
	_, plus, ok := phoneDigits(strings.TrimSpace(value), buf[:0])
	return ok && !plus
}

// flagged reports a number of India beside a bare 1 under isd: the column may say that calls
// abroad are allowed, and not that the number is one of America.
func (r *record) flagged(c *column, v string) bool {
	id, ok := Phone(v)
	if !ok || !strings.HasPrefix(id.Value, india) || len(id.Value) != len(india)+10 || id.Value[len(india)] < '6' {
		return false
	}
	for _, i := range c.dials { // all have to leave it open: one may say "US"
		d := &r.shape.cols[i]
		if words := keyWords(d.Name); !d.null(r.row) && (words[len(words)-1] != "isd" || strings.TrimSpace(d.value(r.row)) != "1") {
			return false
		}
	}
	return true
}

// either takes in a number that may be one of two, neither of which joins people by itself.
func (r *record) either(one, other string, role lineage.Role) {
	for _, v := range []string{one, other} {
		if id, ok := Phone(v); ok {
			id.Weak = true
			r.add(&r.edge, r.edgeOf(id, role))
		}
	}
}

const india = "+91"
