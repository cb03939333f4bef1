package extract

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/cratio/sutra/connectors"
)

// meaning is what the key of a JSON member says of its value.
type meaning struct {
	identity string // identity kind
	name     bool
	link     string // link kind
	others   bool   // the identifier is another's: the receiver, an agent
	party    bool   // one side of a call
	opaque   bool   // an id, a time, an amount: its digits are no telephone number
	amount   bool   // an amount by its last word
	filler   bool   // a label that says nothing: type, primary
}

// keyLinks are the members that join records, by the vendors' own names.
var keyLinks = map[string]string{
	"unique query id": "indiamart_query", "query id": "indiamart_query", "leadgen id": "facebook_lead", "leadid": "justdial_lead",
	"facebook lead id": "facebook_lead",
}

// keysKept and keyLength bound the keys whose meaning is kept: those that come in every
// record of an export are few and short.
const (
	keysKept  = 4096
	keyLength = 64
)

// meanings holds what keys were found to say.
var meanings struct {
	sync.RWMutex
	of map[string]meaning
}

// keyMeaning classifies a JSON key or a column name by its words.
func keyMeaning(key string) meaning {
	if len(key) > keyLength {
		return classify(key)
	}
	meanings.RLock()
	m, ok := meanings.of[key]
	meanings.RUnlock()
	if ok {
		return m
	}
	m = classify(key)
	meanings.Lock()
	defer meanings.Unlock()
	if meanings.of == nil {
		meanings.of = map[string]meaning{}
	}
	if len(meanings.of) < keysKept {
		meanings.of[strings.Clone(key)] = m
	}
	return m
}

func classify(key string) meaning {
	words := keyWords(key)
	for i, w := range words {
		if w == "nm" || w == "naam" {
			words[i] = "name"
		}
	}
	joined := strings.Join(words, " ")
	m := meaning{link: keyLinks[joined]}
	if m.link != "" {
		m.opaque = true
		return m
	}
	for i := range words {
		m.word(words, i)
	}
	switch joined {
	case "name", "full name", "fullname", "first name", "last name", "firstname", "lastname", "middle name", "given name", "family name", "sender name", "sendername",
		"contact name", "caller name", "customer name", "formatted name", "lead name", "buyer name", "to name", "person name", "client name", "display name":
		m.name, m.identity, m.others = true, "", false
	case "wa id", "waid", "recipient id", "whatsapp id":
		m.identity = KindWaID
	case "from", "to", "caller", "callee", "call from", "call to", "from number", "to number", "from no", "to no", "caller id", "source number", "destination number", "customer number", "caller number", "called number",
		"dial whom number", "caller id number", "callee id number", "effective caller id number", "effective callee id number", "caller id num":
		m.identity, m.party = KindPhone, joined != "customer number"
	case "k number", "knowlarity number": // the provider's own, that customers call
		m.others = true
	case "search term", "search query", "link url", "form destination", "page location", "page referrer", "page path", "page title":
		m.others = true // whom a visitor looks for, or where she goes, is not who she is
	case "user pseudo id", "pseudo user id", "client id", "ga client id", "ga":
		m.identity = KindCookie
	case "bsuid", "from user id", "recipient user id", "to user id", "parent user id", "from parent user id", "to parent user id",
		"recipient parent user id", "recipient participant user id":
		m.identity = KindBSUID
	case "gclid", "gcl id", "dclid", "wbraid", "gbraid", "ctwa clid", "fbclid":
		m.identity = KindClick
	case "advertising id", "vendor id", "idfa", "gaid":
		m.identity = "device_id"
	case "user id":
		return m // often an e-mail or a number, against the rules
	}
	if m.identity == "" && !m.name {
		m.opaque, m.amount = opaqueKey(words), amountWords(words)
	}
	return m
}

// word takes in what one word of a key says.
func (m *meaning) word(words []string, i int) {
	switch words[i] {
	case "phone", "mobile", "mob", "tel", "telephone", "cell", "cellphone", "msisdn", "whatsapp", "contactno", "mobileno", "phoneno", "dnis", "ani":
		m.identity = KindPhone
	case "email", "mail", "emails", "emailaddress", "workemail":
		m.identity = KindEmail
	case "phones", "mobiles":
		m.identity = KindPhone
	case "e":
		if i+1 < len(words) && words[i+1] == "mail" {
			m.identity = KindEmail
		}
	case "number", "no":
		if i > 0 && (words[i-1] == "contact" || words[i-1] == "from" || words[i-1] == "to" || words[i-1] == "caller" || words[i-1] == "customer" || words[i-1] == "called") {
			m.identity = KindPhone
		}
	case "receiver", "agent", "seller", "staff", "assigned", "assignee", "employee", "advertiser", "business", "display", "virtual", "exophone", "company", "branch", "owner":
		m.others = true
	case "friend", "colleague", "manager", "supervisor", "assistant", "cc", "bcc", "family":
		m.others = true
	case "by":
		if i > 0 {
			switch words[i-1] {
			case "created", "updated", "modified", "edited", "deleted", "approved", "verified", "reviewed", "checked", "added", "entered", "recorded", "logged", "captured", "uploaded", "imported", "exported",
				"forwarded", "shared", "assigned", "allotted", "introduced", "recommended", "invited", "nominated", "handled", "managed", "processed", "collected", "closed":
				m.others = true
			}
		}
	case "ref": // ref_phone, and not ref_no
		m.others = m.others || i+1 < len(words) && personal(words[i+1:])
	case "co":
		m.others = m.others || i+1 < len(words) && (words[i+1] == "applicant" || words[i+1] == "borrower")
	case "with":
		m.others = m.others || i > 0 && words[i-1] == "shared"
	case "type", "label", "primary", "verified", "code", "country", "dial", "kind", "preferred":
		m.filler = true
	default:
		m.others = m.others || kinWord(words[i])
	}
}

// personal reports words that end in what only a person has.
func personal(words []string) bool {
	switch words[len(words)-1] {
	case "name", "phone", "mobile", "mob", "cell", "email", "mail", "whatsapp":
		return true
	}
	return false
}

// kinWord reports words for people who stand beside the one whose record it is, for one of
// them or for several.
func kinWord(word string) bool {
	switch strings.TrimSuffix(word, "s") {
	case "referrer", "referred", "referee", "spouse", "relative", "emergency", "guardian", "nominee", "father", "mother", "husband", "wife", "son", "daughter",
		"brother", "sister", "parent", "guarantor", "witnes", "introducer", "kin", "neighbour", "neighbor", "coapplicant", "coborrower":
		return true
	}
	return false
}

// above is what a document inherits from the column in which it stands: one named for her
// kin (emergency_contacts) is about others, unless the catalog says that it is about her.
func above(f *connectors.Field) context {
	return context{others: f.Role != "subject" && slices.ContainsFunc(keyWords(f.Name), kinWord)}
}

// opaqueKey reports keys whose values are ids, times or amounts.
func opaqueKey(words []string) bool {
	for _, w := range words {
		switch w {
		case "id", "ids", "sid", "uuid", "guid", "time", "timestamp", "ts", "date", "at", "created", "updated", "amount", "total", "price", "value_int", "qty", "quantity",
			"pin", "pincode", "zip", "postal", "gstin", "account", "ref", "hash", "sha256", "token", "key", "version", "session", "count", "duration", "size", "order":
			return true
		}
	}
	return false
}

// keyWords splits a key at separators and at changes of case, in lower case.
func keyWords(key string) []string {
	var words []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			words = append(words, b.String())
			b.Reset()
		}
	}
	lower := false
	for _, r := range key {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			lower = false
			continue
		case unicode.IsUpper(r) && lower:
			flush()
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	flush()
	return words
}

// labelKey reports columns that hold what a telephone or a chat calls somebody.
func labelKey(key string) bool {
	switch strings.Join(keyWords(key), " ") {
	case "to name", "from name", "caller name", "callee name", "call log name", "saved name", "saved contact", "profile name", "display name", "push name", "nickname", "nick name", "alias":
		return true
	}
	return false
}

// callEnd reports a key under which telephone systems say who was on the line.
func callEnd(key string) bool {
	words := keyWords(key)
	switch words = words[max(0, len(words)-1):]; strings.Join(words, "") {
	case "address", "uri", "endpoint", "party", "peer":
		return true
	}
	return false
}
