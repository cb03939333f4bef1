package extract

import "strings"

// respell writes the new value of a setting as the old one was written: with the
// scheme and the country code that it had, so that what reads the field still
// understands it.
func respell(old string, s Setting) string {
	id, ok := Normalise(s.Kind, s.Value)
	if !ok {
		return s.Value
	}
	if id.Kind != KindPhone {
		prefix := ""
		if len(old) > 7 && strings.EqualFold(old[:7], "mailto:") {
			prefix = old[:7]
		}
		return prefix + strings.TrimSpace(s.Value)
	}
	digits := strings.TrimPrefix(id.Value, "+")
	body, prefix, suffix := strings.TrimSpace(old), "", ""
	for _, p := range []string{"p:", "tel:"} {
		if rest, ok := strings.CutPrefix(body, p); ok {
			body, prefix = rest, p
		}
	}
	if i := strings.IndexByte(body, '@'); i > 0 { // 9198...@s.whatsapp.net
		body, suffix = body[:i], body[i:]
	}
	var buf [20]byte
	was, plus, _ := phoneDigits(body, buf[:0])
	national, indian := strings.CutPrefix(digits, "91")
	indian = indian && len(national) == 10
	switch {
	case plus:
		digits = "+" + digits
	case indian && len(was) == 10:
		digits = national
	case indian && len(was) == 11 && was[0] == '0':
		digits = "0" + national
	case !allDigits(body): // written for people, without a country
		digits = "+" + digits
	}
	return prefix + digits + suffix
}
