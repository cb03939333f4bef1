package connectors

import (
	"slices"
	"strings"
	"unicode"
)

// OthersRole reports names of columns that tell of another person than the one whose
// record it is: who referred her, lives with her, stands in for her.
func OthersRole(column string) bool { return NamesRole(column, others) }

// others are the words for people beside the one whose record it is.
var others = []string{"parent", "referrer", "referred", "referral", "introducer", "introduced", "spouse", "relative", "guardian", "nominee"}

// NamesRole reports whether one of the words of a column's name is among those given.
func NamesRole(column string, words []string) bool {
	var b strings.Builder
	was := false // a small letter
	for _, r := range column {
		if was && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		was = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	list := strings.FieldsFunc(b.String(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.ContainsFunc(list, func(w string) bool { return slices.Contains(words, w) })
}

// Leads reports whether a reference of a field may lead to the person of the record. By
// the catalog's word "mention" it does not, nor where its name tells of somebody else
// and another field refers to the same people: who referred the customer of an order
// is not its customer.
func Leads(fields []CatalogField, f CatalogField, r Reference) bool {
	switch {
	case f.Role == "mention":
		return false
	case f.Role != "" || !OthersRole(f.Name):
		return true
	}
	return !slices.ContainsFunc(fields, func(o CatalogField) bool {
		return o.Role != "mention" && !OthersRole(o.Name) && slices.Contains(o.References, r)
	})
}
