package xlsx

import (
	"encoding/xml"
	"path"
	"strings"
)

// properties reports document properties with an address or a number of somebody in them:
// a title, an author, the names of the sheets again. A part that cannot be read may have one.
func (b *book) properties() bool {
	for name, f := range b.parts {
		if !strings.HasPrefix(name, "docprops/") || path.Ext(name) != ".xml" || f.UncompressedSize64 == 0 {
			continue
		}
		found := false
		err := b.scan(name, func(s *scanner, x xml.StartElement) error {
			found = found || tells(attr(x, "name"))
			switch x.Name.Local {
			case "title", "subject", "creator", "keywords", "description", "lastModifiedBy", "category", "contentStatus", "identifier",
				"Company", "Manager", "HyperlinkBase", "lpstr", "lpwstr", "bstr":
				text, err := s.text(nil, false)
				found = found || tells(string(text))
				return err
			}
			return nil
		})
		if found || err != nil {
			return true
		}
	}
	return false
}

// compares reports a formula of a rule in which a mobile number stands as a plain number, as
// "equal to" writes it. Bounds of a range (6000000000, 9999999999) are nobody's.
func compares(formula []byte) bool {
	for run := range strings.FieldsFuncSeq(string(formula), func(r rune) bool { return r < '0' || r > '9' }) {
		if tells(run) && strings.Trim(run[len(run)-6:], run[len(run)-1:]) != "" {
			return true
		}
	}
	return false
}

// tells reports a title that may have an address or a telephone number in it. Days and
// years, of which titles are full, are none.
func tells(text string) bool {
	if strings.Contains(text, "@") {
		return true
	}
	var run []byte
	plus := false
	number := func() bool {
		d := string(run)
		mobile := len(d) >= 10 && d[len(d)-10] >= '6'
		return mobile && len(d) <= 15 || plus && len(d) >= 8
	}
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9':
			run = append(run, c)
		case c == '+':
			run, plus = run[:0], true
		case strings.IndexByte(" -.()", c) < 0:
			if number() {
				return true
			}
			run, plus = run[:0], false
		}
	}
	return number()
}
