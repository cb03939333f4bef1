package extract

import (
	"cmp"
	"slices"
	"strings"
)

// Span is an identifier found in a text: the bytes [Start, End) spell it.
type Span struct {
	Start, End int
	Identifier
	Packed int // how many things stand in the same run of base64, at least; 0 for an identifier that stands plainly
}

// Find returns the identifiers in a free text, in order, not overlapping. It
// looks at the text as it stands and as it reads when percent-, HTML- and \u
// escapes are undone (twice, since URLs stand in URLs); spans always point into
// the original text.
func Find(text string) []Span {
	if len(text) > windowSize {
		return findLong(text, windowSize, margin)
	}
	return find(text)
}

// A long text is looked at window by window, so that what is remembered of it
// stays small. Windows overlap by twice the margin, which no identifier is as long
// as, however it is escaped or packed; each tells of what begins between its margins.
const (
	windowSize = 512 << 10
	margin     = 3 * longestPacked
)

func findLong(text string, size, margin int) []Span {
	var spans []Span
	for from := 0; ; from += size - 2*margin {
		to := min(from+size, len(text))
		first, last := from+margin, to-margin
		if from == 0 {
			first = 0
		}
		if to == len(text) {
			last = to
		}
		for _, s := range find(text[from:to]) {
			s.Start, s.End = s.Start+from, s.End+from
			if s.Start >= first && s.Start < last {
				spans = insert(spans, s)
			}
		}
		if to == len(text) {
			return spans
		}
	}
}

func find(text string) []Span {
	if nothingIn(text) {
		return nil
	}
	if worth, foreign := worthLooking(text); !worth && !packedText(text, foreign) {
		return nil
	}
	return findAll(text)
}

// findAll is find without the test whether it is worth while.
func findAll(text string) []Span {
	spans := findPlain(text, nil)
	view, at := text, []int(nil)
	for range 3 {
		next, pos, changed := unescape(view, at)
		if !changed {
			break
		}
		view, at = next, pos
		for _, s := range findPlain(view, nil) {
			end := len(text)
			if s.End < len(at) {
				end = at[s.End]
			}
			spans = insert(spans, Span{at[s.Start], end, s.Identifier, s.Packed})
		}
	}
	return spans
}

// insert adds a span to others, which stand in order and do not overlap, unless
// it overlaps one of them. Identifiers of one packed run stand side by side.
func insert(spans []Span, s Span) []Span {
	i := len(spans) // most come in their order
	if i > 0 && spans[i-1].Start > s.Start {
		i, _ = slices.BinarySearchFunc(spans, s.Start, func(o Span, at int) int { return cmp.Compare(o.Start, at+1) })
	}
	if i < len(spans) && spans[i].Start < s.End {
		return spans
	}
	for k := i - 1; k >= 0 && s.Start < spans[k].End; k-- {
		if o := spans[k]; s.Packed == 0 || s.Packed != o.Packed || s.Start != o.Start || s.End != o.End || s.Identifier == o.Identifier {
			return spans
		}
	}
	return slices.Insert(spans, i, s)
}

func findPlain(text string, spans []Span) []Span {
	spans = findEmails(text, spans)
	spans = findWamids(text, spans)
	spans = findCookies(text, spans)
	return findPacked(text, findPhones(text, spans))
}

func findEmails(text string, spans []Span) []Span {
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '@')
		if i < 0 {
			return spans
		}
		i += at
		at = i + 1
		start, end := i, i+1
		for start > 0 && i-start < 64 {
			n := addressEnd(text[:start])
			if n == 0 {
				break
			}
			start -= n
		}
		for end < len(text) && end-i < 254 {
			n := domainStart(text[end:])
			if n == 0 {
				break
			}
			end += n
		}
		if unseenAround(text, start, end) {
			continue // it goes on behind what nobody sees, which the next view is without
		}
		end = i + 1 + len(oneScript(text[i+1:end]))
		for end > i && (text[end-1] == '.' || text[end-1] == '-') {
			end--
		}
		end = i + 1 + len(withoutExtension(text[i+1:end]))
		for start < i && (text[start] == '.' || text[start] == '-' || text[start] == '\'') {
			start++
		}
		if start >= 1 && text[start-1] == ':' && strings.HasSuffix(credentialHead(text[:start-1]), "://") {
			continue // https://user:secret@host is no address
		}
		if sipNumber(text[:start], text[start:i]) {
			continue // the name of a telephone, in whose place the number stands
		}
		if id, ok := Email(text[start:end]); ok {
			spans = insert(spans, Span{start, end, id, 0})
			at = end
		}
	}
}

// fileExtensions are extensions that are no top-level domains.
var fileExtensions = strings.Fields("csv tsv txt json jsonl ndjson parquet xls xlsx doc docx pdf xml htm html log eml vcf gz zst bak wav mp3 ogg opus m4a amr jpg jpeg png")

// withoutExtension takes the extensions of a file that is called by an address off what looks
// like its domain: example.com.csv.gz is example.com.
func withoutExtension(domain string) string {
	for {
		dot := strings.LastIndexByte(domain, '.')
		if dot < 0 || !strings.Contains(domain[:dot], ".") || !slices.Contains(fileExtensions, strings.ToLower(domain[dot+1:])) {
			return domain
		}
		domain = domain[:dot]
	}
}

// sipNumber reports a number that stands as the user of a sip: address.
func sipNumber(before, local string) bool {
	before = strings.ToLower(before[max(0, len(before)-5):])
	if !strings.HasSuffix(before, "sip:") && !strings.HasSuffix(before, "sips:") {
		return false
	}
	_, ok := Phone(local)
	return ok
}

// credentialHead cuts the user name off the end of a URL's authority.
func credentialHead(s string) string {
	i := len(s)
	for i > 0 && localByte(s[i-1]) {
		i--
	}
	return s[:i]
}

func findWamids(text string, spans []Span) []Span {
	for at := 0; ; {
		i := strings.Index(text[at:], "wamid.")
		if i < 0 {
			return spans
		}
		i += at
		end := i + len("wamid.")
		for end < len(text) && base64Byte(text[end]) {
			end++
		}
		if id, ok := Wamid(text[i:end]); ok {
			spans = insert(spans, Span{i, end, id, 0})
		}
		at = end
	}
}

// findCookies finds analytics client ids: two runs of digits with a dot, the
// second a Unix time.
func findCookies(text string, spans []Span) []Span {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '.' || i < 8 || !digit(text[i-1]) || text[i+1] != '1' {
			continue
		}
		start, end := i, i+1
		for start > 0 && digit(text[start-1]) {
			start--
		}
		for end < len(text) && digit(text[end]) {
			end++
		}
		first, second := i-start, end-i-1
		if first < 8 || first > 10 || second != 10 || end < len(text) && wordByte(text[end]) || start > 0 && wordByte(text[start-1]) && text[start-1] != '_' {
			continue
		}
		if id, ok := Cookie(text[start:end]); ok {
			spans = insert(spans, Span{start, end, id, 0})
		}
	}
	return spans
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func wordByte(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// group is a run of digits inside a longer run of digits and separators.
type group struct{ start, end int }

// findPhones finds telephone numbers written with any separators. Within a run
// of digit groups it tries, from each group on, the shortest row of whole groups
// that is a number.
func findPhones(text string, spans []Span) []Span {
	var groups []group
	for i := 0; i < len(text); {
		if !digit(text[i]) {
			i++
			continue
		}
		groups = groups[:0]
		j := i
		for j < len(text) {
			start := j
			for j < len(text) && digit(text[j]) {
				j++
			}
			groups = append(groups, group{start, j})
			k, seps := j, 0
			for k < len(text) && seps < 4 {
				n := separator(text[k:])
				if n == 0 {
					break
				}
				k, seps = k+n, seps+1
			}
			if k < len(text) && text[k] == '+' || k >= len(text) || !digit(text[k]) {
				break
			}
			j = k
		}
		spans = phonesIn(text, groups, spans)
		i = groups[len(groups)-1].end
	}
	return spans
}

func phonesIn(text string, groups []group, spans []Span) []Span {
	for a := 0; a < len(groups); a++ {
		start := groups[a].start
		plus := start > 0 && text[start-1] == '+'
		if start > 0 && !plus && wordByte(text[start-1]) && !labelBefore(text[:start]) {
			continue
		}
		b, id, ok := phoneFrom(text, groups, a, plus)
		if !ok && plus && foreignCode(text[start:groups[a].end]) {
			a = pastNumber(groups, a) // what follows may look like an Indian number, and is the rest of another
			continue
		}
		if !ok {
			continue
		}
		from := start
		if plus {
			from--
		}
		spans = insert(spans, Span{from, groups[b].end, id, 0})
		a = b
	}
	return spans
}

// phoneFrom finds the number that begins with group a and returns its last group:
// the shortest row of groups that is a number, else, after a plus, the longest that
// may be one abroad.
func phoneFrom(text string, groups []group, a int, plus bool) (int, Identifier, bool) {
	start, n, last, guess := groups[a].start, 0, 0, Identifier{}
	for b := a; b < len(groups) && b-a < 7; b++ {
		end := groups[b].end
		n += end - groups[b].start
		if n > 15 {
			break
		}
		if n < 10 && (!plus || n < 8) || end < len(text) && wordByte(text[end]) && extensionAt(text[end:]) == 0 {
			continue
		}
		id, ok := phoneInText(text[start:end], n, plus)
		switch {
		case ok && !id.guess:
			return b, id.Identifier, true
		case ok:
			last, guess = b, id.Identifier
		}
	}
	return last, guess, guess.Value != ""
}

// labelBefore reports a word that announces a number at the end of a text:
// Mob9820145678. A lone letter is one only where it is no digit of a hash.
func labelBefore(text string) bool {
	i := len(text)
	for i > 0 && len(text)-i < 10 && wordByte(text[i-1]) {
		i--
	}
	switch strings.ToLower(text[i:]) {
	case "m", "p", "t", "mb", "ph", "mob", "tel", "mobile", "phone", "cell", "call", "contact", "no", "num", "number", "whatsapp", "wa":
		return i == 0 || !wordByte(text[i-1])
	}
	return false
}

// extensionAt returns the length of an extension that is written on to a number
// (x12, ext12), 0 when there is none.
func extensionAt(s string) int {
	n := 1
	switch {
	case len(s) > 3 && strings.EqualFold(s[:3], "ext"):
		n = 3
	case s[0] != 'x' && s[0] != 'X':
		return 0
	}
	first := n
	for n < len(s) && digit(s[n]) {
		n++
	}
	if n == first || n > first+6 || n < len(s) && wordByte(s[n]) {
		return 0
	}
	return n
}

// foreignCode reports whether the digits after a plus begin with the code of another
// country than India.
func foreignCode(digits string) bool {
	return digits[0] != '0' && digits != "9" && !strings.HasPrefix(digits, "91")
}

// pastNumber returns the last group that a number which begins with group a can
// reach: no number has more than 15 digits.
func pastNumber(groups []group, a int) int {
	n, last := 0, a
	for b := a; b < len(groups); b++ {
		if n += groups[b].end - groups[b].start; n > 15 {
			break
		}
		last = b
	}
	return last
}

// phoneInText accepts the spellings that are unmistakable in free text: an Indian
// mobile number, a landline with its trunk zero, or any number with its country code
// after a plus.
func phoneInText(s string, n int, plus bool) (number, bool) {
	if plus {
		return phone("+" + s)
	}
	var buf [20]byte
	d, _, ok := phoneDigits(s, buf[:0])
	if !ok || n > 15 || indianMobile(d, false) == nil && !trunkLine(s, d) {
		return number{}, false
	}
	return phone(s)
}
