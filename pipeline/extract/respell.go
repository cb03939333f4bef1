package extract

import "strings"

// respell writes the new value of a setting as the old one was written: with the
// scheme and the country code that it had, so that what reads the field still
// understands it. code is that of the country beside it. A number that would be another so
// is written with its own.
func respell(kind, old, code string, s Setting) string {
	id, ok := Normalise(s.Kind, s.Value)
	if !ok {
		return s.Value
	}
	out := spelledAs(old, id, s)
	if kind != KindPhone || id.Kind != KindPhone {
		return out
	}
	same := func(text string) bool {
		now, ok := normalisedBy(code, kind, text)
		return ok && now.Value == id.Value
	}
	var buf [20]byte
	was, _, _ := phoneDigits(strings.TrimSpace(old), buf[:0])
	national, there := strings.CutPrefix(id.Value, "+"+code)
	switch {
	case code != "" && there && len(was) > 0 && !strings.HasPrefix(string(was), code) && same(national):
		return national
	case !same(out) && !strings.Contains(out, "@"):
		return id.Value
	}
	return out
}

// normalisedBy is [Normalise] for a number beside which the code of its country stands.
func normalisedBy(code, kind, value string) (Identifier, bool) {
	if whole, ok := completed(code, value); ok && kind == KindPhone {
		value = whole
	}
	return Normalise(kind, value)
}

func spelledAs(old string, id Identifier, s Setting) string {
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
