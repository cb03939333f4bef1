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
