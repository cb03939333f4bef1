package extract

import "unicode/utf8"

// Most values are plain: an address in lower case, a number in digits, a text with
// nothing in it. What is here tells so in one pass over the bytes; everything else
// takes the long way.

// The classes of bytes in plain addresses and in texts.
const (
	isLetter = 1 << iota // a small one
	isDigit              // of ASCII
	isDot
	isDash
	isBar    // _, which stands before the @ only
	isSign   // begins an escape or an address: @ % & = and the backslash
	isUpperJ // ends the first letters of a JWT
	isPlus
	isForeign // may begin a digit of another script, or a wide sign
	isBetween // may stand between the digits of a number, as dots and dashes may
	isCapital // a letter
)

var classes = func() (t [256]uint16) {
	for c := range t {
		switch c := byte(c); {
		case c >= 'a' && c <= 'z':
			t[c] = isLetter
		case c >= 'A' && c <= 'Z':
			t[c] = isCapital
		case digit(c):
			t[c] = isDigit
		case c >= 0xC0:
			t[c] = isForeign
		case c >= utf8.RuneSelf: // the rest of a character
			t[c] = isBetween
		}
	}
	t['.'], t['-'], t['_'], t['J'], t['+'] = isDot, isDash, isBar, isCapital|isUpperJ, isPlus
	for _, c := range []byte(`@%&=\`) {
		t[c] = isSign
	}
	for _, c := range []byte(" ()/\t") {
		t[c] = isBetween
	}
	return t
}()

// plainEmail reports an address that is its own normal form but for what its words
// mean: small letters, digits, dots, hyphens and bars, about one @.
func plainEmail(s string) (at int, ok bool) {
	if len(s) > 254 {
		return 0, false
	}
	for at < len(s) && s[at] != '@' {
		c := classes[s[at]]
		if c&(isLetter|isDigit|isDot|isDash|isBar) == 0 {
			return 0, false
		}
		at++
	}
	if at < 1 || at > 64 || len(s)-at-1 < 4 || s[0] == '.' {
		return 0, false
	}
	domain := s[at+1:]
	if classes[domain[0]]&(isLetter|isDigit) == 0 {
		return 0, false
	}
	dot, digits := -1, false // digits behind the last dot
	for i := 0; i < len(domain); i++ {
		switch c := classes[domain[i]]; {
		case c&(isLetter|isDash) != 0:
		case c&isDigit != 0:
			digits = true
		case c&isDot != 0 && domain[i-1] != '.':
			dot, digits = i, false
		default:
			return 0, false
		}
	}
	if dot < 1 || len(domain)-dot-1 < 2 || digits {
		return 0, false
	}
	return at, true
}

// plainPhone normalises a number of India that is written with nothing but digits
// and a plus before them, into buf. known is false for everything else.
func plainPhone(raw string, buf []byte) (value []byte, weak, ok, known bool) {
	plus := len(raw) > 0 && raw[0] == '+'
	s := raw
	if plus {
		s = raw[1:]
	}
	if len(s) < 10 || len(s) > 14 {
		return nil, false, false, false
	}
	for i := 0; i < len(s); i++ {
		if !digit(s[i]) {
			return nil, false, false, false
		}
	}
	var digits [14]byte
	n := indianMobile(digits[:copy(digits[:], s)], plus)
	if n == nil {
		return nil, false, false, false
	}
	if placeholder(n) {
		return nil, false, false, true
	}
	return append(append(buf, "+91"...), n...), weakMobile(n), true, true
}

// classesOf returns the classes of all bytes of a text.
func classesOf(s string) (all uint16) {
	for i := 0; i < len(s); i++ {
		all |= classes[s[i]]
	}
	return all
}

// nothingIn reports a text without anything that worthLooking and packedText look for, as
// most remarks are.
func nothingIn(s string) bool {
	all := classesOf(s)
	return all&(isDigit|isDot|isSign|isUpperJ|isForeign) == 0 && all&(isLetter|isCapital) != isLetter|isCapital
}

// worthLooking is a cheap test that most texts fail: whether there may be an identifier.
// A telephone number has ten digits or more, or eight after a plus, in whatever script; a
// client id has more. foreign is whether there are letters or signs of other alphabets.
func worthLooking(s string) (worth, foreign bool) {
	digits, plus := 0, false
	for i := 0; i < len(s); i++ {
		c := classes[s[i]]
		if c&(isDigit|isDot|isSign|isUpperJ|isForeign|isPlus) == 0 {
			continue
		}
		switch {
		case c == isDigit:
			digits++
		case c == isSign,
			c == isDot && i >= 5 && s[i-5:i] == "wamid",
			c&isUpperJ != 0 && i >= 2 && s[i-2:i] == "ey",
			c == isForeign && scriptDigit(s[i:]) >= 0:
			return true, foreign
		case c == isForeign: // a wide plus is one
			plus, foreign = true, true
		case c == isPlus:
			plus = true
		}
	}
	return (digits >= 10 || plus && digits >= 8) && numberRun(s), foreign
}

// numberRun reports whether enough digits for a number, of a telephone or a client, stand
// in one run: with nothing between them but signs that numbers are written with. Those of
// a time stamp do not. Of ten digits without a plus the first is one that numbers of
// India begin with.
func numberRun(s string) bool {
	digits, after, plus, first := 0, 0, false, byte(0) // after the first plus
	for i := 0; i < len(s); i++ {
		switch c := classes[s[i]]; {
		case c == isDigit:
			if digits++; digits == 1 {
				first = s[i]
			}
			if plus {
				after++
			}
			if digits > 10 || after >= 8 {
				return true
			}
		case c == isPlus, c == isForeign:
			plus = true
		case c&(isDot|isDash|isBetween) == 0:
			if digits == 10 && first >= '6' {
				return true
			}
			digits, after, plus = 0, 0, false
		}
	}
	return digits == 10 && first >= '6'
}
