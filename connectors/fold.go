package connectors

import "strings"

// Folding is how much a database overlooks when it compares two texts of a key.
type Folding uint8

// The ways to compare keys.
const (
	FoldNothing Folding = iota // "L-7" and "l-7" are two keys
	FoldCase                   // they are one
	FoldAccents                // so are "René" and "rene"
	FoldNumber                 // keys are numbers: "42.0", as a file has it, is 42, and 3.50 is 3.5
)

// Text spells a key so that two which the database holds for one become equal. Letters
// that collations disagree about (ß, ø, letters with marks of their own) stay as they
// are: a key is rather missed than taken for another.
func (f Folding) Text(s string) string {
	switch f {
	case FoldNothing:
		return s
	case FoldNumber:
		return plain(s)
	}
	s = strings.ToLower(s)
	if f == FoldAccents {
		s = strings.Map(unaccented, s)
	}
	return s
}

// Spaces is how much of the spaces around a text of a key a database overlooks.
type Spaces uint8

// The ways to compare keys with spaces around them.
const (
	SpacesAround Spaces = iota // all: the key is a number or the like, or no database compares it
	SpacesBehind               // those at the end: "L-7 " is "L-7", and " L-7" another key
	SpacesKept                 // none: these are three keys
)

// Comparison is how a database compares the texts of a key.
type Comparison struct {
	Folding Folding
	Spaces  Spaces
}

// Text spells a key so that two which the database holds for one become equal.
func (c Comparison) Text(s string) string {
	switch c.Spaces {
	case SpacesAround:
		s = strings.TrimSpace(s)
	case SpacesBehind:
		s = strings.TrimRight(s, " ")
	}
	return c.Folding.Text(s)
}

// plain takes the zeros off the end of a number's decimals: a table with a gap in its column
// of ids was written with decimals, and a database compares numbers by value.
func plain(s string) string {
	n, rest, ok := strings.Cut(s, ".")
	if !ok || rest == "" || strings.Trim(rest, "0123456789") != "" || strings.Trim(strings.TrimPrefix(n, "-"), "0123456789") != "" {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// unaccented takes the mark off a small Latin letter.
func unaccented(r rune) rune {
	if r < 'à' || r > 'ž' {
		return r
	}
	for _, group := range accents {
		if strings.ContainsRune(group[1:], r) {
			return rune(group[0])
		}
	}
	return r
}

// accents lists letters and their forms with one mark.
var accents = []string{"aàáâãäåāăą", "cçćĉċč", "dď", "eèéêëēĕėęě", "gĝğġģ", "hĥ", "iìíîïĩīĭį", "jĵ", "kķ", "lĺļľ", "nñńņň", "oòóôõöōŏő", "rŕŗř",
	"sśŝşš", "tţť", "uùúûüũūŭůűų", "wŵ", "yýÿŷ", "zźżž"}
