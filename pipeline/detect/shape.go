package detect

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cratio/sutra/pipeline/extract"
)

// mobile reports whether a value is a telephone number that one person carries:
// placeholders, toll-free and telemarketing numbers are none.
func mobile(s string) bool {
	id, ok := extract.Phone(s)
	return ok && !id.Weak
}

// Mobile reports whether a value is a mobile number, and Landline whether it is
// another telephone number.
func Mobile(s string) bool { return mobile(s) }

// Landline reports whether a value is a telephone number of a place.
func Landline(s string) bool {
	id, ok := extract.Phone(s)
	return ok && id.Weak
}

// Email reports whether a value is an e-mail address. WhatsApp's own addresses
// are none.
func Email(s string) bool {
	_, ok := extract.Email(s)
	return ok && !jid(s)
}

var jidShape = regexp.MustCompile(`^[0-9]{7,15}(?::[0-9]+)?@(?:s\.whatsapp\.net|c\.us)$`)

func jid(s string) bool { return jidShape.MatchString(strings.TrimSpace(s)) }

// WhatsApp reports whether a value is a WhatsApp address or message id, which
// carry a telephone number.
func WhatsApp(s string) bool {
	if jid(s) {
		local, _, _ := strings.Cut(strings.TrimSpace(s), "@")
		local, _, _ = strings.Cut(local, ":")
		_, ok := extract.Phone("+" + local)
		return ok
	}
	_, ok := extract.Wamid(s)
	return ok && strings.HasPrefix(strings.TrimSpace(s), "wamid.")
}

var (
	bsuidShape  = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{10,128}$`)
	cookieShape = regexp.MustCompile(`^(?:GA1\.[0-9]\.|gs1\.)?[0-9]{7,10}\.1[0-9]{9}$`)
	uuidShape   = regexp.MustCompile(`^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
	hexShape    = regexp.MustCompile(`^(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{32})$`)
	pinShape    = regexp.MustCompile(`^[1-9][0-9]{2} ?[0-9]{3}$`)
	dateShape   = regexp.MustCompile(`^(?:((?:18|19|20)[0-9]{2})[-/.](?:0?[1-9]|1[0-2])[-/.](?:[0-2]?[0-9]|3[01])|(?:[0-2]?[0-9]|3[01])[-/. ](?:0?[1-9]|1[0-2]|[A-Za-z]{3,9})[-/. ]((?:18|19|20)[0-9]{2}|[0-9]{2}))(?:[T ][0-9:.]+(?:Z|[+-][0-9:]{2,6})?)?$`)
)

// BSUID reports whether a value is a business-scoped user id of WhatsApp: a
// country, a dot, letters and digits.
func BSUID(s string) bool { return bsuidShape.MatchString(strings.TrimSpace(s)) }

// Cookie reports whether a value is a client id of Google Analytics: a random
// number and the Unix time of the first visit, from 2001 to 2033.
func Cookie(s string) bool { return cookieShape.MatchString(strings.TrimSpace(s)) }

// UUID reports whether a value is a UUID: an id of something, of nobody by itself.
func UUID(s string) bool { return uuidShape.MatchString(strings.TrimSpace(s)) }

// IP reports whether a value is an IP address; the unspecified and the loopback
// addresses are nobody's.
func IP(s string) bool {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	return err == nil && !a.IsUnspecified() && !a.IsLoopback()
}

// PostalCode reports whether a value is an Indian PIN code.
func PostalCode(s string) bool { return pinShape.MatchString(strings.TrimSpace(s)) }

// Date reports whether a value is a civil date, with or without a time.
func Date(s string) bool { return dateShape.MatchString(strings.TrimSpace(s)) }

// device reports ids of devices and app installations.
func device(s string) bool {
	s = strings.TrimSpace(s)
	return UUID(s) || hexShape.MatchString(s) || len(s) == 15 && allDigits(s) && luhnOK(s)
}

var companyWords = words(`pvt ltd limited llp traders enterprises enterprise industries company corp inc agency agencies store stores solutions
technologies services hospital school college bank group unknown customer test anonymous guest na dummy none null yes no true false new old hot cold
warm won lost pending active inactive open closed low medium high`)

// PersonName reports whether a value has the shape of a person's name: one to
// five words of letters, no firm's word among them. It is weak: a city has it too.
func PersonName(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) < 2 || len(s) > 80 || !utf8.ValidString(s) {
		return false
	}
	list := strings.Fields(s)
	if len(list) > 5 {
		return false
	}
	for _, w := range list {
		w = strings.Trim(w, ".,'’-")
		if companyWords[strings.ToLower(w)] {
			return false
		}
		letters := 0
		for _, r := range w {
			switch {
			case unicode.IsLetter(r):
				letters++
			case !unicode.IsMark(r) && r != '.' && r != '\'' && r != '’' && r != '-' && r != '\u200d' && r != '\u200c':
				return false
			}
		}
		if letters == 0 {
			return false
		}
	}
	return true
}

var addressWords = words(`road rd street st lane nagar colony sector block flat floor plot house society apartment apartments tower towers residency
marg gali chowk near opp opposite behind phase layout main cross bazar bazaar market dist district taluka tehsil village post po ward extn extension
enclave vihar puram park chs building bldg`)

// Address reports whether a value reads like a postal address: two words of
// addresses, or one and a number.
func Address(s string) bool {
	if len(s) < 8 || len(s) > 400 {
		return false
	}
	n, number := 0, false
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if addressWords[strings.ToLower(w)] {
			n++
		}
		number = number || w[0] >= '0' && w[0] <= '9'
	}
	return n >= 2 || n == 1 && number
}

// placeLike reports what may be an address, a city or a state where the column
// says so.
func placeLike(s string) bool {
	s = strings.TrimSpace(s)
	letters := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters >= 3 && len(s) <= 400 && !strings.Contains(s, "@")
}

var genders = words("m f male female man woman other transgender trans nonbinary")
