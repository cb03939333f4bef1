package extract

import (
	"slices"
	"strings"
	"unicode"

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
	"user": true, "guest": true, "caller": true, "n/a": true, "na": true, "dummy": true,
}

// NameSignature returns the keyed signature of a personal name, nil when the
// value is no evidence of a person (empty, a placeholder, a firm).
//
// Words are case-folded, stripped of accents and reduced to a
// skeleton, so that Asha and Aasha, Sharma and Sarma agree.
func NameSignature(h Hasher, raw string) lineage.Name {
	words := strings.FieldsFunc(norm.NFKD.String(raw), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Mc, r) && r != '\''
	})
	var sig lineage.Name
	for _, w := range words {
		w = fold(w)
		if w == "" || honorifics[w] {
			continue
		}
		if companyWords[w] {
			return nil
		}
		sig = append(sig, wordSignature(h, w))
	}
	if len(sig) > 6 {
		return nil // a sentence, not a name
	}
	slices.Sort(sig)
	return slices.Compact(sig)
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

// wordSignature holds the script in the highest bit, the hash of the initial in the
// rest of the high byte, and the hash of the word's skeleton in the remaining bits,
// 0 for a lone initial.
func wordSignature(h Hasher, w string) uint32 {
	runes := []rune(w)
	initial := h.Word(string(runes[0])) & 0x7f << 24
	if !unicode.Is(unicode.Latin, runes[0]) {
		initial |= lineage.ForeignScript
	}
	if len(runes) == 1 {
		return initial
	}
	rest := h.Word(skeleton(runes)) & 0xffffff
	if rest == 0 {
		rest = 1
	}
	return initial | rest
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
