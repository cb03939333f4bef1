package extract

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// amountKey reports a column or a key that holds an amount.
func amountKey(key string) bool { return keyMeaning(key).amount }

// amountWords reports a name that by its last word is that of an amount.
func amountWords(words []string) bool {
	if len(words) == 0 {
		return false
	}
	switch words[len(words)-1] {
	case "amount", "total", "subtotal", "price", "qty", "quantity", "count", "paid", "balance", "cost", "fee", "tax", "discount", "salary":
		return true
	}
	return false
}

// isAmount reports a value of such a column that is nothing but a number, as amounts are
// written. That its digits are somebody's telephone number is chance: it is neither found nor
// cut, since a price of somebody else's order is not hers to be erased.
func isAmount(value string) bool {
	whole, part, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(value), "-"), ".")
	return whole != "" && allDigits(whole) && (part == "" || allDigits(part))
}

// numbersRows reports a column that says which row it is, or to which it refers, and is
// marked as a person's for that alone: the number of a parcel has ten digits, too. An id
// that somebody gave, such as a user id in a web page, may be anything.
func numbersRows(f *connectors.Field) bool {
	if f.Identity != "" || len(f.Keys)+len(f.Links) == 0 {
		return false
	}
	if slices.ContainsFunc(f.Links, func(k string) bool { return !strings.Contains(k, ".") }) { // no reference
		return false
	}
	return len(f.Categories) == 1 && f.Categories[0] == "user.unique_id.pseudonymous"
}

// noNumber reports a value of a column that is a plain number, and nobody's telephone.
func noNumber(f *connectors.Field, value string) bool {
	return f.Identity == "" && amountKey(f.Name) && isAmount(value) || numbersRows(f) && allDigits(value)
}
