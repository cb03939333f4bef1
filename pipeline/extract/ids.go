package extract

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// Wamid takes the telephone number out of a WhatsApp message id: "wamid." and
// base64 with the length-prefixed number inside.
func Wamid(raw string) (Identifier, bool) {
	_, b64, ok := strings.Cut(raw, "wamid.")
	if !ok {
		return Identifier{}, false
	}
	data := decodeBase64(b64)
	for i := 0; i+8 < len(data); i++ {
		n := int(data[i])
		if n < 8 || n > 15 || i+1+n > len(data) {
			continue
		}
		digits := data[i+1 : i+1+n]
		if allDigits(string(digits)) {
			return Phone("+" + string(digits))
		}
	}
	return Identifier{}, false
}

func decodeBase64(s string) []byte {
	end := 0
	for end < len(s) && base64Byte(s[end]) {
		end++
	}
	s = strings.TrimRight(s[:end], "=")
	s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	if len(s)%4 == 1 {
		s = s[:len(s)-1]
	}
	data, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return data
}

func base64Byte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '-' || c == '_' || c == '='
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Cookie normalises an analytics client id: "GA1.2.1000000001.1700000001" and
// "1000000001.1700000001" are the same. App instance ids (32 hex digits) and
// other opaque ids are taken as they are, in lower case.
func Cookie(raw string) (Identifier, bool) {
	s := strings.ToLower(strings.TrimSpace(raw))
	if strings.HasPrefix(s, "ga1.") {
		parts := strings.SplitN(s, ".", 3)
		if len(parts) == 3 {
			s = parts[2]
		}
	}
	if placeholderWord(s) || len(s) < 8 {
		return Identifier{}, false
	}
	return Identifier{Kind: KindCookie, Value: s}, true
}

// placeholderWord reports values that stand for "none": they never join. Neither does what
// consists of nothing but zeros, crosses and signs.
func placeholderWord(s string) bool {
	if s == "-1" {
		return true
	}
	if len(s) > 24 {
		return false
	}
	var buf [24]byte
	word := buf[:0]
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '1' && c <= '9' || c >= utf8.RuneSelf:
			return false
		case c >= 'A' && c <= 'Z':
			word = append(word, c|0x20)
		case c >= 'a' && c <= 'z':
			word = append(word, c)
		}
	}
	switch string(word) {
	case "na", "null", "nil", "none", "nan", "anonymous", "test", "undefined", "unknown", "unknownuser", "notset", "notavailable", "notprovided",
		"notapplicable", "notknown", "appliedfor", "pending", "tbd", "guest", "default", "true", "false", "objectobject", "erased":
		return true
	}
	return strings.Trim(string(word), "x") == ""
}

// Normalise turns a raw value of an identity kind into its identifier. A WhatsApp
// id is the telephone number it consists of. Kinds without a rule of their own
// are trimmed and taken as they are.
func Normalise(kind, raw string) (Identifier, bool) {
	switch kind {
	case KindPhone:
		return Phone(raw)
	case KindEmail:
		return Email(raw)
	case KindWaID:
		s := strings.TrimSpace(raw)
		if strings.HasPrefix(s, "wamid.") {
			return Wamid(s)
		}
		s, _, _ = strings.Cut(s, "@") // 9198...@s.whatsapp.net
		if allDigits(s) && len(s) > 10 {
			s = "+" + s
		}
		return Phone(s)
	case KindCookie:
		return Cookie(raw)
	}
	s := strings.TrimSpace(raw)
	if placeholderWord(s) {
		return Identifier{}, false
	}
	switch kind {
	case KindClick:
		return Identifier{Kind: kind, Value: s, Weak: true}, true
	case KindPAN, KindAadhaar:
		return paper(kind, s)
	case "gstin":
		s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	case "device_id":
		s = strings.ToLower(s)
		if strings.Trim(s, "0-") == "" { // what every phone says whose owner wants no tracking
			return Identifier{}, false
		}
	case KindBSUID:
		s = strings.ToLower(s)
	case kindUPI:
		s = strings.ToLower(s)
		return Identifier{Kind: kind, Value: s}, paymentAddress(s)
	}
	return Identifier{Kind: kind, Value: s}, true
}

// Link normalises a value that joins records. Placeholders of named kinds ("0",
// "null") join nothing; the ids of tables ("crm.leads.id") may be anything but
// empty.
func Link(kind, raw string) (Identifier, bool) { return linkOf(kind, strings.TrimSpace(raw)) }

// nestedLink is Link for a value inside of another, where nobody knows how the database
// with the keys compares them. One with spaces around it may be another key than the one
// without, and is taken as it stands: it is rather missed than taken for another. So is
// what refers to an object: where it stands is part of it.
func nestedLink(kind, raw string) (Identifier, bool) {
	if s := strings.TrimSpace(raw); s != "" && strings.Contains(kind, ".") && strings.HasSuffix(kind, ".key") {
		return Identifier{Kind: kind, Value: s}, true
	}
	if strings.Contains(kind, ".") && !strings.HasSuffix(kind, ".key") {
		return linkOf(kind, raw)
	}
	return Link(kind, raw)
}

// leadKinds are the link kinds that are ids which a marketplace gave to a lead.
var leadKinds = map[string]bool{"indiamart_query": true, "justdial_lead": true, "facebook_lead": true, "google_lead": true}

// linkOf is Link for a value as it counts.
func linkOf(kind, s string) (Identifier, bool) {
	if s == "" {
		return Identifier{}, false
	}
	if !strings.Contains(kind, ".") {
		if placeholderWord(s) {
			return Identifier{}, false
		}
		if leadKinds[kind] && len(s) < 16 && !strings.ContainsAny(s, "0123456789") {
			return Identifier{}, false // "walk-in", "website": where she came from, and no id
		}
		if kind == "facebook_lead" {
			s = strings.TrimPrefix(s, "l:")
		}
		return Identifier{Kind: kind, Value: s}, true
	}
	if strings.HasSuffix(kind, ".key") {
		s = objectKey(s)
	} else if len(s) == 36 && strings.Count(s, "-") == 4 {
		s = strings.ToLower(s)
	}
	return Identifier{Kind: kind, Value: s}, true
}

// objectKey strips what a reference to an object may carry in front of its key.
func objectKey(s string) string {
	if i := strings.Index(s, "://"); i >= 0 {
		if _, path, ok := strings.Cut(s[i+3:], "/"); ok {
			s = path
		}
		s = unescapePercent(s)
	}
	return strings.TrimPrefix(strings.TrimPrefix(s, "./"), "/")
}

func unescapePercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
