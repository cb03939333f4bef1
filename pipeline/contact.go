package pipeline

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cratio/sutra/connectors"
)

// contactWords name what companies keep one row a person of: the id of such a row is the
// unique id of the merge protection. What may have several rows for one person (leads,
// passengers, applicants) is not among them.
var contactWords = []string{"contact", "customer", "person", "people", "client", "patient", "member", "subscriber",
	"guest", "donor", "student", "pupil", "volunteer", "policyholder", "borrower"}

// frameWords say nothing of what a table holds.
var frameWords = []string{"tbl", "table", "crm", "tab", "master", "mst", "list", "data", "record", "info", "detail", "profile"}

// register reports whether a collection is the register of people, by what the catalog says
// or by its name.
func register(coll connectors.Collection) bool { return coll.Contacts || contactTable(coll.Name) }

// registers names the collections of a source that are its registers of people. Where
// nothing else tells, it is the one whose rows are merged into each other: if two of them
// were not two people, there would be nothing that a merge had to overrule. Leads and the
// like are merged as well, and one person has several.
func registers(src *Source) map[string]bool {
	out, merging := map[string]bool{}, map[string]bool{}
	for _, c := range src.Dataset.Collections {
		switch {
		case register(c):
			out[c.Name] = true
		case !c.Staff && !c.Accounts && !eventNames[lastWord(c.Name)] && slices.ContainsFunc(c.Fields, mergedInto):
			merging[c.Name] = true
		}
	}
	if len(out) == 0 {
		return merging
	}
	return out
}

func mergedInto(f connectors.CatalogField) bool { return slices.Contains(f.Links, "merged") }

// contactTable reports whether a table is the register of people, by its name
// ("contacts", "tbl_Customer_Master"), and not one that hangs on it
// ("customer_notes") or an address book that other people keep ("device_contacts").
func contactTable(name string) bool {
	words := slices.DeleteFunc(tableWords(name), func(w string) bool { return slices.Contains(frameWords, w) })
	return len(words) == 1 && slices.Contains(contactWords, words[0])
}

// tableWords splits a name at separators and changes of case, in lower case and in
// the singular.
func tableWords(name string) []string {
	var words []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			words = append(words, singular(b.String()))
			b.Reset()
		}
	}
	lower := false
	for _, r := range name {
		if !unicode.IsLetter(r) {
			flush()
			lower = false
			continue
		}
		if unicode.IsUpper(r) && lower {
			flush()
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	flush()
	return words
}
