package connectors

import (
	"strings"
	"unicode"
)

// Another reports the label of a number or an address in a contact that says whose it is:
// not the contact's own, but her husband's, or her driver's.
func Another(label string) bool {
	for _, word := range strings.FieldsFunc(strings.ToLower(label), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		if another[word] {
			return true
		}
	}
	return false
}

// Kin reports a label that is a word for a relative and nothing else, as no event and no kind
// of lead is called.
func Kin(label string) bool {
	word := strings.ToLower(strings.TrimSpace(label))
	return another[word] && !loose[word]
}

// another are the words for people who stand beside somebody.
var another = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`wife husband hubby spouse partner father mother dad daddy mom mum mummy papa parent parents brother bro sister sis son daughter
		child kid kids uncle aunt aunty cousin nephew niece grandfather grandmother relative relatives family friend neighbour neighbor colleague assistant secretary
		driver maid cook manager boss supervisor guardian nominee referrer reference ref emergency bhai bhaiya didi beta beti pati patni pitaji mataji
		पत्नी पति पिता पिताजी माता माताजी माँ मां पापा मम्मी भाई बहन दीदी बेटा बेटी चाचा मामा दोस्त ड्राइवर`) {
		out[w] = true
	}
	return out
}()

// loose are those of them that lists of other things have as a type: a lead that came by a
// reference, a family's plan, the manager of a shop.
var loose = map[string]bool{"partner": true, "parent": true, "parents": true, "child": true, "kid": true, "kids": true, "relative": true, "relatives": true,
	"family": true, "friend": true, "colleague": true, "assistant": true, "secretary": true, "driver": true, "maid": true, "cook": true, "manager": true,
	"boss": true, "supervisor": true, "guardian": true, "nominee": true, "referrer": true, "reference": true, "ref": true, "emergency": true}
