package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cratio/sutra/lineage"
)

// consonants are letters that are read as initials.
var consonants = regexp.MustCompile("^[b-df-hj-np-tv-xz]{2,3}$")

// refName is NameSignature as it was before words were remembered.
func refName(h Hasher, raw string) lineage.Name {
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
		if consonants.MatchString(w) {
			for _, c := range w {
				sig = append(sig, (&namer{hash: h}).initial(c)<<24)
			}
			continue
		}
		sig = append(sig, (&namer{hash: h}).word(w))
	}
	if len(sig) > 6 {
		return nil
	}
	slices.Sort(sig)
	return slices.Compact(sig)
}
