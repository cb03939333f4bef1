package extract

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Email normalises an e-mail address: trimmed, case-folded, without a mailto:
// scheme. It refuses what is no address and test addresses. Role mailboxes
// (info@, sales@) come back weak: they never join people by themselves.
func Email(raw string) (Identifier, bool) {
	if at, ok := plainEmail(raw); ok && !strings.Contains(raw[at:], "xn--") {
		local, domain := raw[:at], raw[at+1:]
		if testMailbox(local, domain) {
			return Identifier{}, false
		}
		if id, ok, chat := chatAddress(local, domain); chat {
			return id, ok
		}
		return Identifier{Kind: KindEmail, Value: raw, Weak: roleMailbox(local) || relayDomain(domain) || firmMailbox(local, domain)}, true
	}
	return anyEmail(raw)
}

// anyEmail is Email for every spelling.
func anyEmail(raw string) (Identifier, bool) {
	s := strings.TrimSpace(raw)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	s = strings.TrimRight(strings.TrimPrefix(s, "'"), ".") // a spreadsheet marks a text with the quote
	s = oneSpelling(s)
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s)-at-1 < 4 || len(s) > 254 {
		return Identifier{}, false
	}
	if !validLocal(s[:at]) || !validDomain(s[at+1:]) {
		return Identifier{}, false
	}
	local, domain := s[:at], s[at+1:]
	if !lowerASCII(s) {
		local, domain = strings.ToLower(local), strings.ToLower(domain) // apart: the length may change
		s = local + "@" + domain
	}
	if testMailbox(local, domain) {
		return Identifier{}, false
	}
	if id, ok, chat := chatAddress(local, domain); chat {
		return id, ok
	}
	return Identifier{Kind: KindEmail, Value: s, Weak: roleMailbox(local) || relayDomain(domain) || firmMailbox(local, domain)}, true
}

// oneSpelling writes an address as every other spelling of it is written: letters and
// their signs composed, wide forms narrow, the domain in its own script, nothing about the @.
func oneSpelling(s string) string {
	if !ascii(s) {
		s = norm.NFC.String(strings.Map(narrow, s))
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	local, domain := strings.TrimRight(s[:at], " "), strings.TrimLeft(s[at+1:], " ")
	if i := strings.Index(strings.ToLower(domain), "xn--"); i == 0 || i > 0 && domain[i-1] == '.' {
		if own, err := idna.Punycode.ToUnicode(strings.ToLower(domain)); err == nil && validDomain(own) {
			domain = norm.NFC.String(own)
		}
	}
	return local + "@" + domain
}

// narrow writes the wide forms of ASCII, and the full stop that goes with them, as ASCII.
func narrow(r rune) rune {
	switch {
	case r == '\u3002':
		return '.'
	case r > 0xFF00 && r < 0xFF5F:
		return r - 0xFF00 + ' '
	}
	return r
}

// chatAddress takes the number out of what looks like an address and is the name of a
// WhatsApp user; a group's is nobody's. chat is false for mailboxes.
func chatAddress(local, domain string) (id Identifier, ok, chat bool) {
	switch domain {
	case "s.whatsapp.net", "c.us":
		id, ok = Normalise(KindWaID, local)
		return id, ok, true
	case "g.us":
		return id, false, true
	}
	return id, false, false
}

// lowerASCII reports a text that is its own lower case.
func lowerASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

func localByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-' || c == '+' || c == '\'' || c >= 0x80
}

func domainByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c >= 0x80
}

func validLocal(s string) bool {
	for i := 0; i < len(s); i++ {
		if !localByte(s[i]) && !strings.ContainsRune("!#$&*/=?^`{|}~", rune(s[i])) {
			return false
		}
	}
	return s[0] != '.' && addressRunes(s)
}

func validDomain(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot < 1 || len(s)-dot-1 < 2 || strings.Contains(s, "..") || s[0] == '-' || s[0] == '.' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !domainByte(s[i]) {
			return false
		}
	}
	for i := dot + 1; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' && s[dot+1] != 'x' {
			return false
		}
	}
	return addressRunes(s) && oneScript(s) == s
}

var roleMailboxes = map[string]bool{
	"info": true, "sales": true, "support": true, "contact": true, "admin": true, "office": true, "enquiry": true, "enquiries": true,
	"inquiry": true, "hello": true, "help": true, "accounts": true, "billing": true, "hr": true, "marketing": true, "service": true,
	"noreply": true, "no-reply": true, "donotreply": true, "postmaster": true, "webmaster": true, "mail": true, "team": true,
	"purchase": true, "reception": true, "careers": true, "feedback": true, "customercare": true, "care": true, "root": true,
}

// roleMailbox reports a mailbox that is named after what it is for, numbered or not: sales2.
func roleMailbox(local string) bool {
	if i := strings.IndexByte(local, '+'); i > 0 {
		local = local[:i]
	}
	for local != "" && digit(local[len(local)-1]) {
		local = local[:len(local)-1]
	}
	return local != "" && len(local) < len(roleStarts) && roleStarts[len(local)][local[0]] && roleMailboxes[local]
}

// roleStarts tells the lengths of role mailboxes and how they begin, since nearly all
// mailboxes are not among them.
var roleStarts = func() (starts [20][256]bool) {
	for m := range roleMailboxes {
		starts[len(m)][m[0]] = true
	}
	return starts
}()

// firmMailbox reports a mailbox that is called as its domain is: a firm's, or a form's filler.
func firmMailbox(local, domain string) bool {
	return len(domain) > len(local) && domain[len(local)] == '.' && domain[:len(local)] == local
}

// relayDomain reports where mail is handed on to whoever a marketplace means: what it writes in
// place of a buyer's own address may be many buyers'.
func relayDomain(domain string) bool {
	for _, start := range []string{"reply.", "relay.", "marketplace."} {
		if strings.HasPrefix(domain, start) {
			return true
		}
	}
	for _, end := range []string{"privaterelay.appleid.com", "indiamart.com", "justdial.com", "tradeindia.com", "exportersindia.com"} {
		if before, ok := strings.CutSuffix(domain, end); ok && (before == "" || strings.HasSuffix(before, ".")) {
			return true
		}
	}
	return false
}

func testMailbox(local, domain string) bool {
	switch local {
	case "test", "na", "none", "null", "nil", "noemail", "nomail", "noemailid", "notavailable", "not.available", "notprovided", "notapplicable", "unknown", "anonymous",
		"no", "abc", "xyz", "xx", "xxx", "xxxx", "dummy":
		return true
	}
	return domain == "meta.com" && local == "test" || domain == "test.com" || domain == "none.com"
}

// TestAddress reports whether a value is a well-formed address that is nobody's:
// test@example.com, na@example.com. It stands in no graph.
func TestAddress(raw string) bool {
	s := strings.ToLower(oneSpelling(strings.TrimSpace(raw)))
	at := strings.LastIndexByte(s, '@')
	return at > 0 && validLocal(s[:at]) && validDomain(s[at+1:]) && testMailbox(s[:at], s[at+1:])
}
