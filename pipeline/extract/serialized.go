package extract

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// PHP writes a value down with the length of each text before it, in bytes:
// a:1:{s:5:"phone";s:10:"9820145678";}. With a wrong length the program that wrote it, a queue
// of Laravel or WordPress, can read nothing of the whole any more, whosever it is.

// change is a part of a text and what comes in its place.
type change struct {
	start, end int
	text       string
}

// rewrite makes changes that stand in order and do not overlap, and sets the lengths of the
// texts that PHP wrote down in which they stand.
func rewrite(text string, changes []change) string {
	for i, c := range changes {
		if c.text == Erased && (serializedNumber(text, c) || literalNumber(text, c)) {
			changes[i].text = "0"
		}
	}
	list := serialized(text)
	for i := len(list) - 1; i >= 0; i-- { // a text in a text comes before it: its length is a part of the other's
		if c, ok := list[i].resized(text, changes); ok {
			changes = append(changes, c)
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for _, c := range changes {
		b.WriteString(text[at:c.start])
		b.WriteString(c.text)
		at = c.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// serializedNumber reports a number that PHP wrote down: i:9820145678;
func serializedNumber(text string, c change) bool {
	before, ok := strings.CutSuffix(text[:c.start], "i:")
	return ok && strings.HasPrefix(text[c.end:], ";") && allDigits(text[c.start:c.end]) && (before == "" || strings.ContainsAny(before[len(before)-1:], "{;|"))
}

// literalNumber reports a number without quotes behind a key with them, alone or in a list of
// numbers, as Python prints it: {'phone': 9820145678}. With words in its place nobody reads
// the whole any more.
func literalNumber(text string, c change) bool {
	if !allDigits(text[c.start:c.end]) || !literalBehind.MatchString(text[c.end:min(len(text), c.end+literalReach)]) {
		return false
	}
	return literalBefore.MatchString(text[max(0, c.start-literalReach):c.start])
}

// literalReach is how far around a number is looked.
const literalReach = 256

var (
	literalBefore = regexp.MustCompile(`['"]\s*:\s*([\[(]\s*(\d+\s*,\s*)*)?$`)
	literalBehind = regexp.MustCompile(`^\s*($|[,\])}])`)
)

// phpText is a text that PHP wrote down: where its length stands, and where the text.
type phpText struct {
	number, numberEnd int
	start, end        int
	plain             []int // how many bytes stand before each place of the text they are in, when that is escaped
}

// resized gives the change of the length where the text is changed.
func (t phpText) resized(text string, changes []change) (change, bool) {
	more := 0
	for _, c := range changes {
		switch {
		case c.start < t.start || c.end > t.end:
		case t.plain == nil:
			more += len(c.text) - (c.end - c.start)
		default:
			more += len(c.text) - (t.plain[c.end] - t.plain[c.start])
		}
	}
	n, err := strconv.Atoi(text[t.number:t.numberEnd])
	return change{t.number, t.numberEnd, strconv.Itoa(n + more)}, more != 0 && err == nil
}

// serialized finds the texts that PHP wrote down, those in others behind them. They may stand in
// JSON that nobody reads as such, where their quotes are escaped.
func serialized(text string) (out []phpText) {
	var plain []int
	for at := 0; ; {
		i := strings.Index(text[at:], "s:")
		if i < 0 {
			return out
		}
		i += at
		at = i + len("s:")
		t := phpText{number: at, numberEnd: at}
		for t.numberEnd < len(text) && digit(text[t.numberEnd]) {
			t.numberEnd++
		}
		n, err := strconv.Atoi(text[t.number:t.numberEnd])
		rest, ok := strings.CutPrefix(text[t.numberEnd:], ":")
		if err != nil || !ok || n > len(text) || i > 0 && wordByte(text[i-1]) {
			continue
		}
		t.start = t.numberEnd + 1
		switch {
		case strings.HasPrefix(rest, `"`):
			t.start++
			t.end = t.start + n
			ok = t.end <= len(text) && strings.HasPrefix(text[t.end:], `";`)
		case strings.HasPrefix(rest, `\"`):
			t.start += len(`\"`)
			if plain == nil {
				plain = unquotedLengths(text)
			}
			t.plain = plain
			behind, _ := slices.BinarySearch(plain, plain[t.start]+n+1)
			t.end = behind - 1
			ok = plain[t.end] == plain[t.start]+n && strings.HasPrefix(text[t.end:], `\";`)
		default:
			ok = false
		}
		if ok {
			out = append(out, t)
		}
	}
}

// unquotedLengths counts the bytes before each place of a text as they are without the escapes
// of JSON. Within an escape that is the number behind it.
func unquotedLengths(text string) []int {
	out := make([]int, 0, len(text)+1)
	n := 0
	for i := 0; i < len(text); {
		raw, bytes := 1, 1
		if text[i] == '\\' && i+1 < len(text) {
			raw = 2
			if text[i+1] == 'u' && i+6 <= len(text) {
				raw, bytes = 6, escapedBytes(text[i+2:i+6])
			}
		}
		out = append(out, n)
		n += bytes
		for range raw - 1 {
			out = append(out, n)
		}
		i += raw
	}
	return append(out, n)
}

// escapedBytes is how many bytes of UTF-8 the character takes of which an escape has the code.
// Of two that are one character the second takes none.
func escapedBytes(code string) int {
	r, err := strconv.ParseUint(code, 16, 16)
	switch {
	case err != nil:
		return 1
	case r < 0x80:
		return 1
	case r < 0x800:
		return 2
	case r >= 0xD800 && r < 0xDC00:
		return 4
	case r >= 0xDC00 && r < 0xE000:
		return 0
	}
	return 3
}
