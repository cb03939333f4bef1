package extract

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cratio/sutra/lineage"
)

var honorifics = map[string]bool{"mr": true, "mrs": true, "ms": true, "dr": true, "shri": true, "smt": true, "sri": true, "miss": true, "prof": true, "er": true, "ca": true, "adv": true}

// companyWords tell that a name is a firm's, or nobody's: it is no evidence of a
// person.
var companyWords = map[string]bool{
	"pvt": true, "ltd": true, "limited": true, "llp": true, "traders": true, "enterprises": true, "enterprise": true, "industries": true,
	"company": true, "co": true, "corp": true, "inc": true, "agency": true, "agencies": true, "store": true, "stores": true, "sons": true,
	"indiamart": true, "buyer": true, "justdial": true, "unknown": true, "customer": true, "test": true, "lead": true, "anonymous": true,
	"user": true, "guest": true, "caller": true, "enquiry": true, "inquiry": true, "enquirer": true, "visitor": true, "website": true, "prospect": true, "n/a": true, "na": true, "dummy": true,
}

// NameSignature returns the keyed signature of a personal name, nil when the
// value is no evidence of a person (empty, a placeholder, a firm).
//
// Words are case-folded, stripped of accents and reduced to a
// skeleton, so that Asha and Aasha, Sharma and Sarma agree; RK is R. and K.
func NameSignature(h Hasher, raw string) lineage.Name {
	n := namer{hash: h}
	return slices.Clone(n.signature(raw))
}

// longName is how many words of a name are too many: it is a sentence.
const longName = 6

// word is what a folded word of a name came to.
type word struct {
	kind wordKind
	sig  uint32
}

type wordKind uint8

const (
	ofName wordKind = iota
	ofTitle
	ofFirm
	ofInitials
)

// namer makes signatures of names. It remembers words, since a company's
// customers share a few thousand of them.
type namer struct {
	hash  Hasher
	known map[string]word // nil remembers nothing
	// places are the letters' in a keyed order of the alphabet, once it is made; others
	// those of the letters of other scripts, by their lowest bits.
	places  [26]uint32
	others  [64]uint32
	ordered bool
	sig     lineage.Name // of the last name
	buf     []byte
}

// manyWords is how many words are remembered at most.
const manyWords = 1 << 16

// signature is [NameSignature]; its result is valid until the next call.
func (n *namer) signature(raw string) lineage.Name {
	n.sig = n.sig[:0]
	whole := false
	if ascii(raw) {
		whole = n.plain(raw)
	} else {
		whole = n.unicode(raw)
	}
	if !whole || len(n.sig) == 0 {
		return nil
	}
	slices.Sort(n.sig)
	return slices.Compact(n.sig)
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// plain takes in the words of an ASCII name; false when it is no person's.
func (n *namer) plain(raw string) bool {
	for i := 0; i < len(raw); {
		n.buf = n.buf[:0]
		for ; i < len(raw); i++ {
			c := raw[i] | 0x20
			if c >= 'a' && c <= 'z' {
				n.buf = append(n.buf, c)
			} else if raw[i] != '\'' {
				break
			}
		}
		i++
		if len(n.buf) > 0 && !n.take(n.buf) {
			return false
		}
	}
	return true
}

// unicode takes in the words of any name; false when it is no person's.
func (n *namer) unicode(raw string) bool {
	for _, w := range strings.FieldsFunc(norm.NFKD.String(raw), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Mc, r) && r != '\''
	}) {
		if w = fold(w); w != "" && !n.take([]byte(w)) {
			return false
		}
	}
	return true
}

// take takes in one folded word; false when the name is none: a firm's, or too
// long for one.
func (n *namer) take(w []byte) bool {
	x, known := n.known[string(w)]
	if !known {
		s := string(w)
		switch {
		case honorifics[s]:
			x.kind = ofTitle
		case companyWords[s]:
			x.kind = ofFirm
		case initials(s):
			x.kind = ofInitials
		default:
			x.sig = n.word(s)
		}
		if n.known != nil && len(n.known) < manyWords && len(w) <= 32 {
			n.known[s] = x
		}
	}
	switch x.kind {
	case ofName:
		n.sig = append(n.sig, x.sig)
	case ofInitials:
		for _, c := range w {
			n.sig = append(n.sig, n.initial(rune(c))<<24)
		}
	}
	return x.kind != ofFirm && len(n.sig) <= longName
}

func fold(w string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(w) {
		if unicode.Is(unicode.Mn, r) && r < 0x0900 || r == '\'' {
			continue // accents; vowel signs of Indian scripts stay
		}
		b.WriteRune(r)
	}
	return b.String()
}

// initials reports initials that are written as one word, as in RK Sharma: no name, nor
// the short form of one that has their letters (Md, Kr), is that short without a vowel.
func initials(w string) bool {
	for i := 0; i < len(w); i++ {
		if w[i] < 'a' || w[i] > 'z' || strings.IndexByte("aeiouy", w[i]) >= 0 {
			return false
		}
	}
	return len(w) == 2 || len(w) == 3
}

// word returns the signature of a folded word: the script in the highest bit, the code
// of the initial in the rest of the high byte, and the hash of the word's skeleton in the
// remaining bits, 0 for a lone initial. The initial is the skeleton's, so that Wasim and
// Vasim agree.
func (n *namer) word(w string) uint32 {
	runes := []rune(w)
	sound := skeleton(runes)
	first, _ := utf8.DecodeRuneInString(sound)
	sig := n.initial(first) << 24
	if !unicode.Is(unicode.Latin, runes[0]) {
		sig |= lineage.ForeignScript
	}
	if len(runes) == 1 {
		return sig
	}
	rest := n.hash.Word(sound) & 0xffffff
	if rest == 0 {
		rest = 1
	}
	return sig | rest
}

// initial returns the code of 7 bits of a first letter, by its place in a keyed order: a to
// z have even ones, the letters of others odd ones. Hashes of 7 bits would make two
// letters of an alphabet the same under nearly every key; those of an Indian script, and
// of most others, have different lowest bits.
func (n *namer) initial(r rune) uint32 {
	if !n.ordered {
		n.order(n.places[:], 'a')
		n.order(n.others[:], 0x900)
		n.ordered = true
	}
	if r < 'a' || r > 'z' {
		return 2*n.others[int(r)%len(n.others)] + 1
	}
	return 2 * n.places[r-'a']
}

// order puts letters from one on into a keyed order.
func (n *namer) order(places []uint32, from rune) {
	order := make([]uint64, len(places))
	for i := range order {
		order[i] = uint64(n.hash.Word(string(from+rune(i))))<<8 | uint64(i)
	}
	slices.Sort(order)
	for place, x := range order {
		places[x&0xff] = uint32(place)
	}
}

// skeleton spells a word so that common variants agree: doubled letters and an h
// after the first letter are dropped, w is v, z is s, y is i.
func skeleton(w []rune) string {
	var out []rune
	for i, r := range w {
		switch {
		case r == 'h' && i > 0:
			continue
		case r == 'w':
			r = 'v'
		case r == 'z':
			r = 's'
		case r == 'y' && i > 0:
			r = 'i'
		}
		if len(out) == 0 || out[len(out)-1] != r {
			out = append(out, r)
		}
	}
	return string(out)
}
