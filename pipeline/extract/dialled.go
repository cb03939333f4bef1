package extract

import (
	"strings"

	"github.com/cratio/sutra/connectors/format/json"
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
		if m == n || m.Kind != json.String && m.Kind != json.Number {
			continue
		}
		code := dialCode(m.Key, m.Text(d.data))
		national := strings.TrimLeft(string(digits), "0")
		switch {
		case code == "" || code == "91":
		case strings.HasPrefix(national, code) && len(national) > 10:
			return "+" + national
		default:
			return "+" + code + national
		}
	}
	return text
}

// dialCode returns the country code that a member gives to the number beside it; empty
// when it gives none.
func dialCode(key, text string) string {
	text = strings.TrimSpace(text)
	code := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "00")
	if len(code) == 0 || len(code) > 3 || !allDigits(code) || code[0] == '0' {
		return ""
	}
	switch strings.Join(keyWords(key), " ") {
	case "dial code", "dialcode", "dialing code", "dialling code", "calling code", "country calling code", "country dial code", "phone code", "phone country code",
		"mobile country code", "isd", "isd code":
		return code
	case "country code", "countrycode":
		if code == "356" && code == text {
			return "" // what ISO 3166 numbers India by
		}
		return code
	}
	return ""
}
