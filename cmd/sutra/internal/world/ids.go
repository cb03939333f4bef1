package world

import (
	"encoding/base64"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
)

// phonePrefixes are ranges in which every number is a valid Indian mobile.
var phonePrefixes = [...]string{"70", "92", "93", "94", "95", "96", "97", "98"}

const (
	phoneSpace  = uint64(len(phonePrefixes)) * 1e8
	phoneMult   = 387_420_489 // odd and no multiple of 5: the map is a bijection
	tokenSpace  = 26 * 26 * 26 * 26 * 26 * 26 * 26 * 26 * 26 * 26
	tokenMult   = 87_178_291_199
	cookieSpace = 1_000_000_000
	cookieMult  = 718_281_829
	slots       = 16          // phone slots of one person
	staffSlot   = 790_000_000 // first phone slot of staff
	maxPeople   = 40_000_000  // slots end there
	phoneLen    = 10          // digits of a national number
	tokenLen    = 12          // "kx" and ten letters
	placeholder = "99999" + "99999"
)

// affine maps n to (n*a + b) mod m. With a and m coprime it is a permutation of
// [0, m): distinct numbers without a memory of those handed out.
func affine(n, a, b, m uint64) uint64 {
	hi, lo := bits.Mul64(n%m, a%m)
	_, r := bits.Div64(hi%m, lo, m)
	return (r + b%m) % m
}

// mix is a 64-bit finaliser: it spreads seeds and indexes.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// phoneAt returns the national number of a slot; plain ones (few different
// digits, long runs) are passed over, within the four slots from there on.
func phoneAt(seed, slot uint64) string {
	for j := uint64(0); ; j++ {
		x := affine(slot+j, phoneMult, mix(seed^0x70686f6e65), phoneSpace)
		p := fmt.Sprintf("%s%08d", phonePrefixes[x/1e8], x%1e8)
		if j == 3 || !plain(p) {
			return p
		}
	}
}

// plain reports whether a number looks like a placeholder.
func plain(p string) bool {
	var seen [10]bool
	kinds, run := 0, 1
	for i := range len(p) {
		if d := p[i] - '0'; !seen[d] {
			seen[d] = true
			kinds++
		}
		if i > 0 && (p[i] == p[i-1] || p[i] == p[i-1]+1 || p[i] == p[i-1]-1) {
			if run++; run >= 5 {
				return true
			}
		} else {
			run = 1
		}
	}
	return kinds < 5
}

// tokenAt returns the n-th content token of a world.
func tokenAt(seed, n uint64) string {
	x := affine(n, tokenMult, mix(seed^0x746f6b656e), tokenSpace)
	b := []byte("kxaaaaaaaaaa")
	for i := tokenLen - 1; i > 1; i-- {
		b[i] = 'a' + byte(x%26)
		x /= 26
	}
	return string(b)
}

// uuid4 returns a random UUID.
func uuid4(r *rand.Rand) string {
	a, b := r.Uint64(), r.Uint64()
	a = a&^0xf000 | 0x4000
	b = b&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

// wamid returns a WhatsApp message id: base64 with the phone inside.
func wamid(r *rand.Rand, digits string) string {
	raw := "\x1c\x18" + string(rune(len(digits))) + digits + "\x15\x02\x00\x12\x18\x14" +
		fmt.Sprintf("%010X%010X", r.Uint64()&0xffffffffff, r.Uint64()&0xffffffffff) + "\x00"
	return "wamid." + base64.StdEncoding.EncodeToString([]byte(raw))
}

// spell writes a national number as different systems write it.
func spell(d, style string) string {
	switch style {
	case "e164":
		return "+91" + d
	case "hyphen":
		return "+91-" + d
	case "zero":
		return "0" + d
	case "wa":
		return "91" + d
	case "space":
		return "+91 " + d[:5] + " " + d[5:]
	case "split":
		return d[:5] + " " + d[5:]
	case "dash":
		return d[:5] + "-" + d[5:]
	case "paren":
		return "(+91) " + d[:5] + " " + d[5:]
	}
	return d
}

// pick returns one of the values.
func pick[T any](r *rand.Rand, v ...T) T { return v[r.IntN(len(v))] }

// upperLocal writes the local part of an e-mail in capitals.
func upperLocal(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	return strings.ToUpper(local) + "@" + domain
}
