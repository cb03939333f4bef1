package extract

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// KindPhone and the other identity kinds, as they stand in catalogs.
const (
	KindPhone   = "phone"
	KindEmail   = "email"
	KindWaID    = "wa_id"
	KindBSUID   = "bsuid"
	KindCookie  = "cookie"
	kindUPI     = "upi"        // a payment address, whose first part may be a telephone number
	kindMessage = "wa_message" // a link kind: ids of WhatsApp messages, with a telephone number in them
	KindClick   = "click"      // on an ad; a link that is passed on carries it to others, so it is always weak
)

// Identifier is one normalised identifier. Weak ones (a landline, a role
// mailbox) never join people by themselves. Value may share memory with the text
// that it was found in.
type Identifier struct {
	Kind, Value string
	Weak        bool
}

// Phone normalises a telephone number as a person or a system writes it to
// E.164, with India as the default country. It refuses what is no number, and
// placeholders such as 9999999999, which are nobody's.
func Phone(raw string) (Identifier, bool) {
	n, ok := phone(raw)
	return n.Identifier, ok
}

// number is a telephone number. guess says that only its country code and its length
// tell that it is one.
type number struct {
	Identifier
	guess bool
}

func phone(raw string) (number, bool) {
	s := strings.TrimSpace(raw)
	s = strings.TrimPrefix(strings.TrimPrefix(s, "p:"), "tel:")
	var buf [20]byte
	digits, plus, ok := phoneDigits(s, buf[:0])
	if !ok {
		digits, ok = sheetDigits(s, buf[:0])
	}
	if !ok || len(digits) < 7 || len(digits) > 15 {
		return number{}, false
	}
	if n := indianMobile(digits, plus); n != nil {
		if placeholder(n) {
			return number{}, false
		}
		return number{Identifier: Identifier{Kind: KindPhone, Value: "+91" + string(n), Weak: weakMobile(n)}}, true
	}
	return parsePhone(digits, plus)
}

// phoneDigits takes the digits out of a written number; false when something
// else stands in it.
func phoneDigits(s string, digits []byte) ([]byte, bool, bool) {
	plus := false
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			if len(digits) == cap(digits) {
				return nil, false, false
			}
			digits = append(digits, c)
			i++
		case c == '+' && len(digits) == 0:
			plus = true
			i++
		case c >= 0xC0 && scriptDigit(s[i:]) >= 0:
			if len(digits) == cap(digits) {
				return nil, false, false
			}
			digits = append(digits, '0'+byte(scriptDigit(s[i:])))
			_, n := utf8.DecodeRuneInString(s[i:])
			i += n
		default:
			n := separator(s[i:])
			if n == 0 {
				return nil, false, false
			}
			i += n
		}
	}
	return digits, plus, true
}

// sheetDigits takes the digits out of a number that a spreadsheet took for an amount:
// 9,812,345,670 or 9.812345670E+9, also 9812345670E0. False when it has lost digits, since what it was
// rounded to is somebody else's number.
func sheetDigits(s string, digits []byte) ([]byte, bool) {
	if whole, exp, ok := strings.Cut(strings.ToUpper(s), "E"); ok {
		exp = cmp.Or(strings.TrimLeft(strings.TrimPrefix(exp, "+"), "0"), "0")
		whole, rest, _ := strings.Cut(whole, ".")
		if !allDigits(whole) || rest != "" && !allDigits(rest) || exp != strconv.Itoa(len(rest)) || len(whole)+len(rest) > cap(digits) {
			return nil, false
		}
		return append(append(digits, whole...), rest...), true
	}
	groups := strings.Split(s, ",")
	for i, g := range groups {
		last := i == len(groups)-1
		if !allDigits(g) || len(g) > 3 || len(digits)+len(g) > cap(digits) || i > 0 && len(g) == 1 || last && len(g) != 3 {
			return nil, false
		}
		digits = append(digits, g...)
	}
	return digits, len(groups) > 1
}

// scriptDigit returns the value of the digit of another script with which s begins:
// the Indian scripts, Arabic and Urdu, and the wide forms of East Asian keyboards.
// It is -1 when there is none.
func scriptDigit(s string) int {
	switch {
	case s[0] == 0xD9 || s[0] == 0xDB || s[0] == 0xE0:
	case s[0] == 0xEF && len(s) > 1 && s[1] == 0xBC:
	default:
		return -1
	}
	r, _ := utf8.DecodeRuneInString(s)
	if !unicode.IsDigit(r) {
		return -1
	}
	n := int(r & 0xF) // their rows of ten begin at ...0 or at ...6
	if !unicode.IsDigit(r &^ 0xF) {
		n -= 6
	}
	return n
}

// separator returns the length of the separator with which s begins, 0 if none:
// spaces, hyphens, dots, brackets, and their Unicode siblings and direction
// marks that phones and chat exports put around numbers.
func separator(s string) int {
	switch s[0] {
	case ' ', '-', '.', '(', ')', '\t', '/':
		return 1
	case 0xC2: // no-break space, soft hyphen, middle dot
		if len(s) > 1 && (s[1] == 0xA0 || s[1] == 0xAD || s[1] == 0xB7) {
			return 2
		}
	case 0xE2:
		if len(s) > 2 && s[1] == 0x80 && (s[2] <= 0x95 || s[2] >= 0xA8 && s[2] <= 0xAF) {
			return 3 // U+2000–2015 spaces, marks and hyphens; U+2028–202F
		}
		if len(s) > 2 && s[1] == 0x81 && (s[2] == 0xA0 || s[2] >= 0xA6) {
			return 3 // word joiner, isolates
		}
		if len(s) > 2 && s[1] == 0x88 && s[2] == 0x92 {
			return 3 // minus sign
		}
	case 0xEF:
		if len(s) > 2 && s[1] == 0xBB && s[2] == 0xBF {
			return 3
		}
	}
	return 0
}

// indianMobile returns the ten national digits when the digits are an Indian
// mobile number in one of its spellings: bare, with 0, with 91, 091, 0091 or 01191.
func indianMobile(d []byte, plus bool) []byte {
	n := d
	switch {
	case len(d) == 10 && !plus:
	case len(d) == 11 && d[0] == '0': // a form that begins with a plus gets +0 98..., which is no country's
		n = d[1:]
	case len(d) == 12 && d[0] == '9' && d[1] == '1':
		n = d[2:]
	case len(d) == 13 && d[0] == '0' && d[1] == '9' && d[2] == '1':
		n = d[3:]
	case len(d) == 13 && plus && string(d[:3]) == "910":
		n = d[3:]
	case len(d) == 14 && string(d[:4]) == "0091":
		n = d[4:]
	case len(d) == 15 && string(d[:5]) == "01191" && !plus: // as dialled from North America
		n = d[5:]
	default:
		return nil
	}
	if n[0] < '6' || n[0] > '9' {
		return nil
	}
	return n
}

// placeholder reports numbers that forms are filled with: one digit repeated, a
// run up or down, or five and five the same.
func placeholder(n []byte) bool {
	same, up, down := 0, 0, 0
	for i := 1; i < len(n); i++ {
		switch n[i] - n[i-1] {
		case 0:
			same++
		case 1:
			up++
		case 255:
			down++
		}
		if n[i-1] == '9' && n[i] == '0' {
			up++
		}
		if max(same, up, down)+1 < i { // two steps of another kind: no more is needed to know
			return false
		}
	}
	return true
}

// weakMobile reports ten digits that join only with an agreeing name: a landline's, and two
// or three digits over and over, with which forms are filled and which are sold dearly, too.
func weakMobile(n []byte) bool { return over(n, 2) || over(n, 3) || fixedLine(n) }

// over reports a number of nothing but its first k digits, over and over.
func over(n []byte, k int) bool {
	for i := k; i < len(n); i++ {
		if n[i] != n[i-k] {
			return false
		}
	}
	return true
}

// parsePhone is the slow path for everything that is no Indian mobile.
func parsePhone(digits []byte, plus bool) (number, bool) {
	s := string(digits)
	if plus {
		s = "+" + s
	}
	num, err := phonenumbers.Parse(s, "IN")
	if err != nil {
		return number{}, false
	}
	guess := !phonenumbers.IsValidNumber(num)
	if guess && !(plus && possibleAbroad(num)) {
		return number{}, false
	}
	id := number{Identifier{Kind: KindPhone, Value: phonenumbers.Format(num, phonenumbers.E164)}, guess}
	switch phonenumbers.GetNumberType(num) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
	case phonenumbers.TOLL_FREE, phonenumbers.SHARED_COST, phonenumbers.PREMIUM_RATE, phonenumbers.UAN:
		return number{}, false
	case phonenumbers.UNKNOWN: // possible abroad; nothing says that it is a household's
	default:
		id.Weak = true
	}
	if national := phonenumbers.GetNationalSignificantNumber(num); placeholder([]byte(national)) {
		return number{}, false
	} else if num.GetCountryCode() == 91 && strings.HasPrefix(national, "140") {
		return number{}, false // telemarketing series
	}
	return id, true
}

// possibleAbroad reports whether a number with the code of another country has a
// length that numbers there have. The library does not know every foreign plan in
// full, and that is no reason to overlook a number.
func possibleAbroad(num *phonenumbers.PhoneNumber) bool {
	return num.GetCountryCode() != 91 && phonenumbers.IsPossibleNumberWithReason(num) == phonenumbers.IS_POSSIBLE
}

// Placeholder reports whether a value is a well-formed number that is nobody's:
// 9999999999, 9876543210. It stands in no graph.
func Placeholder(raw string) bool {
	var buf [20]byte
	digits, plus, ok := phoneDigits(strings.TrimSpace(raw), buf[:0])
	if !ok {
		return false
	}
	n := indianMobile(digits, plus)
	return n != nil && placeholder(n)
}
