package xlsx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// texts is the table of texts that cells refer to by number.
type texts struct {
	part string
	all  []byte   // one after the other
	ends []uint32 // where each ends in all
}

// loadTexts reads the table; a workbook may have none.
func (b *book) loadTexts(part string) (*texts, error) {
	t := &texts{part: part}
	if part == "" {
		return t, nil
	}
	if b.part(part).UncompressedSize64 > maxTexts {
		return nil, fmt.Errorf("they are more than %d MiB", maxTexts>>20)
	}
	var buf []byte
	err := t.each(b, func(s *scanner, _ xml.StartElement) (err error) {
		buf, err = s.text(buf[:0], true)
		t.all = appendText(t.all, buf)
		t.ends = append(t.ends, uint32(len(t.all)))
		return err
	})
	return t, err
}

// each hands on the elements of the table.
func (t *texts) each(b *book, fn func(*scanner, xml.StartElement) error) error {
	return b.scan(t.part, func(s *scanner, x xml.StartElement) error {
		if !s.is("sst", "si") {
			return nil
		}
		return fn(s, x)
	})
}

var errNoText = errors.New("a cell refers to a text that is not there")

// get returns a text by the number that stands in a cell.
func (t *texts) get(number string) (string, int, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= len(t.ends) {
		return "", -1, errNoText
	}
	start := uint32(0)
	if n > 0 {
		start = t.ends[n-1]
	}
	b := t.all[start:t.ends[n]]
	return unsafe.String(unsafe.SliceData(b), len(b)), n, nil // the table does not change
}

// unused returns the changes that empty the texts that no cell uses any more. Some
// of them, left behind by a program, were unused before.
func (t *texts) unused(b *book, used bits) ([]patch, error) {
	if t.part == "" {
		return nil, nil
	}
	var list []patch
	n := -1
	err := t.each(b, func(s *scanner, x xml.StartElement) error {
		n++
		at, p := s.at, prefix(x.Name)
		if err := s.skip(); err != nil {
			return err
		}
		now := "<" + p + "si><" + p + "t/></" + p + "si>"
		if sp := s.here(at); !used.has(n) && sp.end-sp.start > int64(len(now)) {
			list = append(list, patch{sp, now})
		}
		return nil
	})
	return list, err
}

// bits is a set of small numbers.
type bits []uint64

func (b *bits) add(n int) {
	for n>>6 >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[n>>6] |= 1 << (n & 63)
}

func (b bits) has(n int) bool { return n>>6 < len(b) && b[n>>6]&(1<<(n&63)) != 0 }

// escape is how the format writes a letter that XML does not take (ECMA-376,
// 22.9.2.19), and an underscore that would look like the beginning of one.
var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// appendText appends a stored text with its escapes undone.
func appendText(out, stored []byte) []byte {
	for {
		at := escape.FindIndex(stored)
		if at == nil {
			return append(out, stored...)
		}
		out = append(out, stored[:at[0]]...)
		r, n := unescape(stored[at[0]:])
		out = utf8.AppendRune(out, r)
		stored = stored[at[0]+n:]
	}
}

// unescape reads the escape that b begins with, or two that are one letter.
func unescape(b []byte) (rune, int) {
	code := func(b []byte) rune {
		n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
		if err != nil {
			return utf8.RuneError
		}
		return rune(n)
	}
	r := code(b)
	if next := b[7:]; utf16.IsSurrogate(r) && len(next) >= 7 && escape.Match(next[:7]) {
		if two := utf16.DecodeRune(r, code(next)); two != utf8.RuneError {
			return two, 14
		}
	}
	return r, 7 // a half letter becomes U+FFFD
}

// storedText is the inverse of appendText, for use inside an element.
func storedText(text string) string {
	var out []byte
	for i, r := range text {
		switch {
		case r == '_' && escape.MatchString(text[i:min(len(text), i+7)]):
			out = append(out, "_x005F_"...)
		case r == '&':
			out = append(out, "&amp;"...)
		case r == '<':
			out = append(out, "&lt;"...)
		case r == '>':
			out = append(out, "&gt;"...)
		case r < ' ' && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF:
			out = fmt.Appendf(out, "_x%04X_", r)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return string(out)
}
