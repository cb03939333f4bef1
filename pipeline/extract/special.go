package extract

import "strings"

// trades are words of business categories that tell of something that the law of
// many countries protects more than the rest: whoever asks for an IVF centre tells
// of her health.
var trades = []struct{ kind, words string }{
	{"health", "hospital clinic doctor physician surgeon psychiatrist psychologist psychotherapist counsellor ivf fertility gynaecologist gynecologist " +
		"sexologist oncologist cancer dialysis nephrologist cardiologist dermatologist neurologist dentist dental pathology diagnostic hiv addiction " +
		"rehabilitation physiotherapist nursing maternity ayurvedic homeopathic pharmacy chemist blood abortion hearing eye orthopaedic orthopedic paediatrician"},
	{"belief", "temple church mosque gurudwara astrologer pandit priest matrimonial puja"},
	{"legal", "lawyer advocate divorce criminal bail detective"},
	{"finance", "loan insolvency bankruptcy debt"},
}

// specialTrade returns which kind of protected matter a business category tells
// of, "" for most.
func specialTrade(category string) string {
	for _, word := range keyWords(category) {
		word = strings.TrimSuffix(word, "s")
		for _, t := range trades {
			for w := range strings.FieldsSeq(t.words) {
				if w == word || strings.TrimSuffix(w, "s") == word {
					return t.kind
				}
			}
		}
	}
	return ""
}

// consentFact is what a record says of a permission or a restriction, shortened
// to a word, a digit or a small object; "" when it says nothing. Numbers and
// addresses never get into it.
func consentFact(what, v string) string {
	v = strings.TrimSpace(v)
	switch {
	case what == "special_trade":
		return specialTrade(v)
	case strings.EqualFold(v, "0") || strings.EqualFold(v, "false") || v == "null" || v == "":
		return ""
	case len(v) > 200 || len(Find(v)) > 0:
		return "given"
	}
	return v
}
