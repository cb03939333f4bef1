package detect

import (
	"strings"

	"github.com/cratio/sutra/pipeline/extract"
)

// detector knows one kind of data. match gives what a value's passing is worth in
// powers of ten, 0 when it does not pass; said tells whether the column's name
// speaks of the kind.
type detector struct {
	kind, category, identity string
	words                    []string
	match                    func(v string, said bool) float64
	person                   func(v string) bool // nil: every value that passes is a person's
	alone                    Confidence          // the highest verdict without context; None: it needs context
	top                      Confidence          // the highest verdict at all
	byName                   bool                // the name alone is worth a finding
	validator                string              // what confirms a value, for the signals
}

// detectors in the order in which they are preferred when all else is equal.
var detectors = []detector{
	{kind: "wa_id", category: "user.contact.phone_number", identity: "wa_id", words: waWords, match: matchWhatsApp, alone: High, top: High, byName: true, validator: "number inside"},
	{kind: "email", category: "user.contact.email", identity: "email", words: emailWords, match: matchIf(Email, 4), alone: High, top: High, byName: true, validator: "address syntax"},
	{kind: "phone", category: "user.contact.phone_number", identity: "phone_number", words: phoneWords, match: matchPhone, alone: High, top: High, byName: true, validator: "numbering plan"},
	{kind: "gstin", category: "user.government_id", identity: "", words: gstinWords, match: matchGSTIN, person: personGSTIN, alone: High, top: High, validator: "mod 36"},
	{kind: "pan", category: "user.government_id", identity: "pan", words: panWords, match: matchPAN, person: personPAN, alone: High, top: High, byName: true, validator: "holder type"},
	{kind: "aadhaar", category: "user.government_id.national_identification_number", identity: "aadhaar", words: aadhaarWords, match: matchAadhaar, alone: High, top: High, byName: true, validator: "Verhoeff"},
	{kind: "vid", category: "user.government_id.national_identification_number", words: vidWords, match: matchIf(VID, 1), alone: High, top: High, validator: "Verhoeff"},
	{kind: "upi", category: "user.financial", identity: "upi", words: upiWords, match: matchVPA, alone: High, top: High, byName: true, validator: "handle"},
	{kind: "cookie", category: "user.device.cookie_id", identity: "cookie", words: cookieWords, match: matchCookie, alone: High, top: High, byName: true, validator: "time of first visit"},
	{kind: "bsuid", category: "user.unique_id", identity: "bsuid", words: bsuidWords, match: matchIf(BSUID, 2), alone: Medium, top: High, byName: true, validator: "shape"},
	{kind: "ip", category: "user.device.ip_address", words: ipWords, match: matchIP, alone: High, top: High, byName: true, validator: "address syntax"},
	{kind: "voter_id", category: "user.government_id", words: epicWords, match: matchEPIC, alone: Medium, top: High, byName: true, validator: "Luhn"},
	{kind: "driving_licence", category: "user.government_id.drivers_license_number", words: licenceWords, match: matchIf(Licence, 1.5), alone: Low, top: High, validator: "state and year"},
	{kind: "vehicle", category: "user.government_id.vehicle_registration", words: vehicleWords, match: matchIf(Vehicle, 1.2), alone: Medium, top: High, validator: "state code"},
	{kind: "ifsc", category: "system.operations", words: ifscWords, match: matchIf(IFSC, 1.5), alone: Medium, top: High, validator: "shape"},
	{kind: "passport", category: "user.government_id.passport_number", words: passportWords, match: matchIf(Passport, 0.7), top: High, byName: true, validator: "shape"},
	{kind: "device_id", category: "user.device.device_id", identity: "device_id", words: deviceWords, match: matchIf(device, 1), top: High, byName: true, validator: "shape"},
	{kind: "birth_date", category: "user.demographic.date_of_birth", words: dobWords, match: matchIf(Date, 0.7), top: High, byName: true, validator: "civil date"},
	{kind: "postal_code", category: "user.contact.address.postal_code", words: postalWords, match: matchIf(PostalCode, 0.5), top: High, validator: "shape"},
	{kind: "address", category: "user.contact.address", words: addressNames, match: matchAddress, alone: Medium, top: High, byName: true, validator: "words of addresses"},
	{kind: "bank_account", category: "user.financial.bank_account", words: bankWords, match: matchBank, top: High, validator: "length"},
	{kind: "gender", category: "user.demographic.gender", words: genderWords, match: matchIf(gender, 0.5), top: Medium, validator: "list"},
	{kind: "city", category: "user.contact.address.city", words: cityWords, match: matchIf(placeLike, 0.2), top: Medium, validator: "letters"},
	{kind: "name", category: "user.name", words: nameWords, match: matchIf(PersonName, 0.3), top: Medium, byName: true, validator: "words of letters"},
}

func matchIf(ok func(string) bool, worth float64) func(string, bool) float64 {
	return func(v string, _ bool) float64 {
		if ok(v) {
			return worth
		}
		return 0
	}
}

// matchPhone weighs the ways in which a number is written: ten bare digits may be
// anything, a plus or groups are not written by chance.
func matchPhone(v string, said bool) float64 {
	id, ok := extract.Phone(v)
	if !ok {
		return 0
	}
	v = strings.TrimSpace(v)
	bare := allDigits(v)
	switch {
	case !bare && strings.Contains(v, "+"):
		return 3
	case bare && mobileWith91(v):
		return 1.5
	case id.Weak || !strings.HasPrefix(id.Value, "+91"):
		switch {
		case said:
			return 0.5
		case !bare && v[0] == '0':
			return 1
		}
		return 0
	case !bare && Date(v):
		return 0
	case !bare:
		return 1.2
	case len(v) != 10:
		return 1
	}
	return 0.4
}

// mobileWith91 reports twelve digits that are a mobile number with its country.
func mobileWith91(v string) bool {
	if len(v) != 12 || !allDigits(v) || v[:2] != "91" || v[2] < '6' {
		return false
	}
	_, ok := extract.Phone(v)
	return ok
}

func matchWhatsApp(v string, said bool) float64 {
	if WhatsApp(v) {
		return 4
	}
	if said && allDigits(strings.TrimSpace(v)) && len(strings.TrimSpace(v)) > 10 && mobile("+"+strings.TrimSpace(v)) {
		return 1.5
	}
	return 0
}

// matchAadhaar takes a number that may be a mobile number with 91 for one, unless
// the column says Aadhaar.
func matchAadhaar(v string, said bool) float64 {
	if !Aadhaar(v) || !said && mobileWith91(strings.TrimSpace(v)) {
		return 0
	}
	if !allDigits(strings.TrimSpace(v)) {
		return 1.5
	}
	return 1
}

func matchPAN(v string, _ bool) float64 {
	if ok, _ := PAN(v); ok {
		return 3
	}
	return 0
}

func personPAN(v string) bool { _, p := PAN(v); return p }

func matchGSTIN(v string, _ bool) float64 {
	if ok, _ := GSTIN(v); ok {
		return 4
	}
	return 0
}

func personGSTIN(v string) bool { _, p := GSTIN(v); return p }

func matchEPIC(v string, said bool) float64 {
	switch ok, checked := EPIC(v); {
	case checked:
		return 1.5
	case ok && said:
		return 0.7
	}
	return 0
}

func matchVPA(v string, said bool) float64 {
	if Email(v) {
		return 0
	}
	switch ok, known, _ := VPA(v); {
	case !ok:
		return 0
	case known:
		return 3
	case said:
		return 1
	}
	return 0.3
}

func matchCookie(v string, said bool) float64 {
	v = strings.TrimSpace(v)
	switch {
	case Cookie(v):
		return 3
	case said && len(v) >= 16 && !strings.ContainsAny(v, " @"):
		return 0.7
	}
	return 0
}

func matchIP(v string, _ bool) float64 {
	switch {
	case !IP(v):
		return 0
	case strings.Contains(v, ":"):
		return 3
	}
	return 1.5
}

func matchAddress(v string, said bool) float64 {
	switch {
	case UUID(strings.TrimSpace(v)):
		return 0
	case Address(v):
		return 1
	case said && placeLike(v):
		return 0.3
	}
	return 0
}

func matchBank(v string, _ bool) float64 {
	v = strings.TrimSpace(v)
	if len(v) >= 9 && len(v) <= 18 && allDigits(v) {
		return 0.5
	}
	return 0
}

func gender(v string) bool { return genders[strings.ToLower(strings.TrimSpace(v))] }
