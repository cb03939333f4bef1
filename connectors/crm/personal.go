package crm

import (
	"strings"
	"unicode"
)

// personalWords are the words that make a column's name look personal.
var personalWords = wordSet(`phone phones mobile mobiles tel telephone cell cellphone whatsapp wa msisdn fax email emails mail
mailid name names fname lname firstname lastname fullname middlename surname nickname username address addresses addr street
pincode postcode zip zipcode aadhaar aadhar adhaar pan dob birth birthday birthdate birthplace age gender sex upi vpa passport voter
ip cookie contact latitude longitude lat lng father mother spouse salary religion caste`)

// harmlessNames are words before "name" that make it no person's.
var harmlessNames = wordSet(`file table event form source model class display type status field column product item host domain campaign template stage plan role queue index package job step`)

func wordSet(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// words splits a column's name at underscores, other signs and humps.
func words(name string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, strings.ToLower(b.String()))
			b.Reset()
		}
	}
	prev := rune(0)
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r):
			flush()
		case unicode.IsUpper(r) && unicode.IsLower(prev):
			flush()
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		prev = r
	}
	flush()
	return out
}

// looksPersonal reports whether a column's name speaks of a person.
func looksPersonal(name string) bool {
	ws := words(name)
	for i, w := range ws {
		if !personalWords[w] {
			continue
		}
		if w == "name" && i > 0 && harmlessNames[ws[i-1]] || w == "contact" && ws[len(ws)-1] == "id" {
			continue
		}
		return true
	}
	return false
}
