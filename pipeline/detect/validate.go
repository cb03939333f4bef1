package detect

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cratio/sutra/pipeline/extract"
)

// luhnOK reports whether the last digit is the Luhn check digit.
func luhnOK(digits string) bool {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// digitGroups returns the digits of a value that is size digits, bare or in
// groups of four with the same spaces or hyphens between them.
func digitGroups(s string, size int) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) == size && allDigits(s) {
		return s, true
	}
	if len(s) != size+size/4-1 {
		return "", false
	}
	var b strings.Builder
	for i := range len(s) {
		if i%5 == 4 {
			if s[i] != s[4] || s[i] != ' ' && s[i] != '-' {
				return "", false
			}
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String(), allDigits(b.String())
}

func allDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func palindrome(s string) bool {
	for i := range len(s) / 2 {
		if s[i] != s[len(s)-1-i] {
			return false
		}
	}
	return true
}

// Aadhaar reports whether a value is an Aadhaar number: twelve digits from 2 on,
// bare or 4-4-4, with Verhoeff's check digit, no palindrome. One in ten random
// numbers passes, and so do mobile numbers written with 91.
func Aadhaar(s string) bool {
	d, ok := digitGroups(s, 12)
	return ok && d[0] >= '2' && extract.Verhoeff(d) && !palindrome(d)
}

// VID reports whether a value is an Aadhaar virtual id: sixteen digits.
func VID(s string) bool {
	d, ok := digitGroups(s, 16)
	return ok && d[0] >= '2' && extract.Verhoeff(d) && !palindrome(d)
}

var (
	panShape      = regexp.MustCompile(`^[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]$`)
	gstinShape    = regexp.MustCompile(`^[0-9]{2}[A-Z0-9]{10}[1-9A-Z]Z[0-9A-Z]$`)
	epicShape     = regexp.MustCompile(`^[A-Z]{3}[0-9]{7}$`)
	epicLegacy    = regexp.MustCompile(`^[A-Z]{2}/[0-9]{2}/[0-9]{2,3}/[0-9]{6,7}$`)
	passportShape = regexp.MustCompile(`^[A-Z][1-9][0-9] ?[0-9]{4}[1-9]$`)
	licenceShape  = regexp.MustCompile(`^([A-Z]{2})[- ]?([0-9]{2})[- ]?((?:19|20)[0-9]{2})[- ]?([0-9]{7})$`)
	vehicleShape  = regexp.MustCompile(`^([A-Z]{2})[0-9]{1,2}[A-Z]{1,3}[0-9]{4}$`)
	bharatShape   = regexp.MustCompile(`^[0-9]{2}BH[0-9]{4}[A-HJ-NP-Z]{2}$`)
	ifscShape     = regexp.MustCompile(`^[A-Z]{4}0[A-Z0-9]{6}$`)
	vpaShape      = regexp.MustCompile(`^[A-Za-z0-9._-]{2,256}@[A-Za-z][A-Za-z0-9]{1,63}$`)
)

// states are the codes of states and union territories on licences and number
// plates.
var states = strings.Fields("AN AP AR AS BR CG CH DD DL DN GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK TG TN TR TS UA UK UP WB")

func upper(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// PAN reports whether a value is a permanent account number, and whether its
// holder is a person (fourth letter P). Its check letter is not published.
func PAN(s string) (ok, person bool) {
	s = upper(s)
	if !panShape.MatchString(s) || s[5:9] == "0000" {
		return false, false
	}
	return true, s[3] == 'P'
}

const gstinDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// GSTIN reports whether a value is a GST registration, by its check character,
// and whether it is a person's: its PAN is.
func GSTIN(s string) (ok, person bool) {
	s = upper(s)
	if !gstinShape.MatchString(s) {
		return false, false
	}
	state := int(s[0]-'0')*10 + int(s[1]-'0')
	if state < 1 || state > 38 && state != 97 && state != 99 {
		return false, false
	}
	pan, person := PAN(s[2:12])
	sum := 0
	for i := range 14 {
		v := strings.IndexByte(gstinDigits, s[i]) * (1 + i%2)
		sum += v/36 + v%36
	}
	ok = pan && s[14] == gstinDigits[(36-sum%36)%36]
	return ok, ok && person
}

// EPIC reports whether a value has the shape of a voter's card, and whether its
// digits pass Luhn's check, which most cards do.
func EPIC(s string) (ok, checked bool) {
	s = upper(s)
	if epicLegacy.MatchString(s) {
		return true, false
	}
	return epicShape.MatchString(s), epicShape.MatchString(s) && luhnOK(s[3:])
}

// Passport reports whether a value has the shape of an Indian passport's number,
// which carries no check.
func Passport(s string) bool { return passportShape.MatchString(upper(s)) }

// Licence reports whether a value has the shape of a driving licence: state,
// office, year of issue from 1950 on, serial.
func Licence(s string) bool {
	m := licenceShape.FindStringSubmatch(upper(s))
	return m != nil && slices.Contains(states, m[1]) && m[3] >= "1950" && m[3] <= "2099"
}

// Vehicle reports whether a value is a vehicle's registration of a state, or of
// the Bharat series.
func Vehicle(s string) bool {
	if s = upper(s); len(s) > 14 {
		return false
	}
	s = strings.NewReplacer(" ", "", "-", "").Replace(s)
	m := vehicleShape.FindStringSubmatch(s)
	return m != nil && slices.Contains(states, m[1]) || bharatShape.MatchString(s)
}

// IFSC reports whether a value is the code of a bank's branch. It is nobody's
// personal datum by itself.
func IFSC(s string) bool { return ifscShape.MatchString(upper(s)) }

// handles are what stands behind the @ of most UPI addresses.
var handles = words(`upi ybl ibl axl paytm ptaxis ptsbi ptyes pthdfc okaxis okhdfcbank okicici oksbi apl yapl rapl waicici waaxis wahdfcbank
wasbi sbi icici hdfcbank axisbank kotak barodampay cnrb pnb unionbank yesbank yesg idfcbank indus federal airtel freecharge ikwik jupiteraxis
fam naviaxis superyes slice timecosmos tapicici postbank axisb pingpay abfspay yescred goaxb`)

// VPA reports whether a value is a UPI address: no dot behind the @, or it would
// be an e-mail address. known is set when a bank or app is known by that handle.
// phone is the local part when it is a telephone number.
func VPA(s string) (ok, known bool, phone string) {
	s = strings.TrimSpace(s)
	if !vpaShape.MatchString(s) {
		return false, false, ""
	}
	local, handle, _ := strings.Cut(s, "@")
	if mobile(local) {
		phone = local
	}
	return true, handles[strings.ToLower(handle)], phone
}
