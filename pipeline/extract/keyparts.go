package extract

import (
	"strings"

	"github.com/cratio/sutra/connectors"
)

// foldParts spells each value of a composite key as the database compares it.
func foldParts(key string, by []connectors.Comparison) string {
	list := KeyParts(key)
	if len(list) != len(by) {
		return key
	}
	for i, f := range by {
		list[i] = f.Text(list[i])
	}
	return strings.Join(list, ",")
}

// KeyParts takes the values of a composite key apart, as a locator spells them: a comma in
// a value has a backslash before it, and keeps it here.
func KeyParts(key string) (out []string) {
	from := 0
	for i := 0; i < len(key); i++ {
		switch key[i] {
		case '\\':
			i++
		case ',':
			out, from = append(out, key[from:i]), i+1
		}
	}
	return append(out, key[from:])
}
