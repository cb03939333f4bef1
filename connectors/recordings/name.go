package recordings

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Name is what the key of a recording says.
type Name struct {
	// Stem is the key without its extension, and without what tells a file of a call from
	// the others of it at the end: "_metadata", ".meta", "_transcript", the audio's extension, or the
	// channel of a recording in two.
	Stem string
	// Phones are the numbers in the name as they are spelled there, different
	// ones only.
	Phones []string
	// Person is the contact's name, where the pattern says that it is one.
	Person string
	// Label is what else the name says in words.
	Label string
	// At is when the recording was made, in the zone of the stamp (India where
	// it names none); zero when the name does not say.
	At time.Time
	// ContactID is the contact id of an Amazon Connect recording, or "".
	ContactID string
}

var (
	channel  = regexp.MustCompile(`(?i)[-_.](?:left|right)$|((?:^|/)1\d{9}\.\d{1,9})-(?:in|out)$`)
	written  = regexp.MustCompile(`(?i)[-_.](?:transcript(?:ion)?|meta(?:data)?)$`)
	copied   = regexp.MustCompile(`\s*\(\d{1,3}\)$`)
	contact  = regexp.MustCompile(`^([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})_(.*)$`)
	uuid     = regexp.MustCompile(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	server   = regexp.MustCompile(`^(\+?\d{5,15})_(\d{8}_\d{6})_\d{1,6}$`)
	bcr      = regexp.MustCompile(`^(\d{8}_\d{6}(?:\.\d{1,3})?[+-]\d{4})(?:_(?:in|out|conference))?(?:_sim\d+)?(?:_(.*))?$`)
	miui     = regexp.MustCompile(`^(.*?)\s*\((\+?[\d][\d\s-]{1,20})\)$`)
	leading  = regexp.MustCompile(`(?i)^(?:call[ _-]recording|voice[ _-]call|phone[ _-]call|recording|record|call|rec)(?:[ _-]+with)?(?:[ _-]+|$)`)
	marker   = regexp.MustCompile(`(?i)(^|_)(?:incoming|outgoing|missed|in|out|conference|sim\s?\d)(_|$)`)
	way      = regexp.MustCompile(`(?i)^(?:incoming|outgoing|external|internal|exten|in|out|q)-(\+?\d)`)
	around   = regexp.MustCompile(`(?i)\s*(?:\((?:phone|call|whatsapp(?: business)?|telegram|viber|skype|signal|messenger|facebook|line)\)|\([\s_]*\)|\b(?:sip|tel|callto):)\s*`) // what is no name: the channel, and what stood around a number
	desk     = regexp.MustCompile(`(?i)^(?:agent|ext|exten|extension|operator|user|queue|team|desk|line|trunk|campaign|pjsip|dahdi)[-_ .#]*\d*$`)
	trailing = regexp.MustCompile(`(?i)\s+at$`)
	number   = regexp.MustCompile(`\+?\(?\d[\d\s().-]{5,80}\d`)
	folders  = regexp.MustCompile(`(?:^|/)year=(\d{4})/month=(\d{1,2})/day=(\d{1,2})(?:/hour=(\d{1,2}))?/`)
)

// nobody are names that recorders write for callers they do not know.
var nobody = map[string]bool{
	"unknown": true, "unknown number": true, "private": true, "private number": true, "<unknown>": true,
	"no caller id": true, "withheld": true, "anonymous": true, "null": true,
}

// ParseName reads the key of a recording or sidecar. It knows the patterns of
// the Android recorders (Samsung, Xiaomi, OnePlus, BCR and templates like it),
// of call-tracking servers and of Amazon Connect; what it cannot place becomes
// the label. It never fails.
func ParseName(key string) Name {
	n := Name{Stem: stemOf(key)}
	s := path.Base(n.Stem)
	if strings.HasSuffix(n.Stem, "/") || n.Stem == "" {
		return n
	}
	if plain, err := url.PathUnescape(s); err == nil && (strings.Contains(s, "%2B") || strings.Contains(s, "%3A") || strings.Contains(s, "%20")) {
		s = plain
	}
	s = strings.TrimSpace(copied.ReplaceAllString(s, ""))
	switch {
	case n.connect(s), uuid.MatchString(s), n.bcr(s), n.server(s):
	default:
		if at, ok := unixStamp(s); ok {
			n.At = at
			break
		}
		n.phone(s)
	}
	if n.At.IsZero() {
		n.At = folderTime(key)
	}
	return n
}

func stemOf(key string) string {
	stem := strings.TrimSuffix(key, path.Ext(key))
	if kindOf(key) != audio {
		stem = written.ReplaceAllString(stem, "")
		if ext := path.Ext(stem); audioTypes[strings.ToLower(ext)] {
			stem = strings.TrimSuffix(stem, ext)
		}
	}
	return channel.ReplaceAllString(strings.TrimSuffix(stem, "_metadata"), "$1")
}

// connect reads CONTACTID_20240126T03:07_UTC and what Contact Lens makes of it.
func (n *Name) connect(s string) bool {
	m := contact.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	n.ContactID = strings.ToLower(m[1])
	if at, _, _, ok := cutStamp("_" + m[2]); ok {
		n.At = at
		if !strings.HasSuffix(m[2], "UTC") && !strings.HasSuffix(m[2], "Z") {
			n.At = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
		}
	}
	return true
}

// bcr reads the default template of BCR: stamp, direction, SIM, number, names.
func (n *Name) bcr(s string) bool {
	m := bcr.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	at, _, _, ok := cutStamp(m[1])
	if !ok {
		return false
	}
	n.At = at
	n.words(m[2], true)
	return true
}

// server reads CALLER_20260421_101500_142 of call-tracking servers.
func (n *Name) server(s string) bool {
	m := server.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	at, _, _, ok := cutStamp(m[2])
	if !ok {
		return false
	}
	n.At = at
	n.addPhone(m[1])
	return true
}

// phone reads the names that phones give: words, a number or a name, a stamp.
func (n *Name) phone(s string) {
	at, before, after, ok := cutStamp(s)
	n.At = at
	before = strings.Trim(before, " _-")
	known := false // a pattern in which the words are a contact's name
	if cut := leading.FindStringIndex(before); cut != nil {
		known, before = ok, before[cut[1]:]
	}
	before = trailing.ReplaceAllString(before, "")
	if m := miui.FindStringSubmatch(before); m != nil {
		known = true
		n.addPhone(m[2])
		before = m[1]
	}
	n.words(before, known)
	n.words(after, known)
}

// words takes numbers out of s; what is left is a name or a label.
func (n *Name) words(s string, name bool) {
	s = way.ReplaceAllString(s, "$1")
	for loc := marker.FindStringSubmatchIndex(s); loc != nil; loc = marker.FindStringSubmatchIndex(s) {
		s = strings.Trim(s[:loc[0]]+"_"+s[loc[1]:], "_")
	}
	rest := number.ReplaceAllStringFunc(s, func(m string) string {
		left := n.numbers(m)
		name = name || left != m
		return left
	})
	rest = around.ReplaceAllString(rest, " ")
	rest = strings.TrimFunc(rest, func(r rune) bool { return unicode.IsSymbol(r) || strings.ContainsRune(" _-,;&.:", r) })
	if !strings.ContainsFunc(rest, unicode.IsLetter) || nobody[strings.ToLower(rest)] {
		return
	}
	if name && n.Person == "" && !strings.Contains(rest, "@") && !desk.MatchString(rest) {
		n.Person = rest
		return
	}
	n.Label = strings.TrimSpace(n.Label + " " + rest)
}

// addPhone adds a number and reports whether it is long enough for one.
func (n *Name) addPhone(s string) bool {
	s = strings.Trim(s, " -.(")
	d := digitsOf(s)
	if len(d) < 7 || len(d) > 15 {
		return false
	}
	for _, old := range n.Phones {
		if o := digitsOf(old); strings.HasSuffix(o, d) || strings.HasSuffix(d, o) {
			return true
		}
	}
	n.Phones = append(n.Phones, s)
	return true
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// folderTime reads year=/month=/day=/hour= folders, which are in UTC.
func folderTime(key string) time.Time {
	m := folders.FindStringSubmatch(key)
	if m == nil {
		return time.Time{}
	}
	var v [6]int
	for i, s := range m[1:] {
		for _, c := range s {
			v[i] = v[i]*10 + int(c-'0')
		}
	}
	if t, ok := makeTime(v, time.UTC); ok {
		return t
	}
	return time.Time{}
}
