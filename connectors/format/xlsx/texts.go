package xlsx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const textsPart = "xl/sharedStrings.xml"

// texts is the table of texts that cells refer to by number.
type texts struct {
	value  []string
	prefix string     // of the namespace, with its colon, or ""
	spans  [][2]int64 // of each <si> in the part
}

// loadTexts reads the table; a workbook may have none.
func (b *book) loadTexts() (*texts, error) {
	t := &texts{}
	f := b.parts[textsPart]
	if f == nil {
		return t, nil
	}
	if f.UncompressedSize64 > maxTexts {
		return nil, fmt.Errorf("the texts of the workbook are more than %d MiB", maxTexts>>20)
	}
	r, err := b.reader(textsPart)
	if err != nil {
		return nil, err
	}
	err = t.read(xml.NewDecoder(r))
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("reading the texts of the workbook: %w", err)
	}
	return t, nil
}

func (t *texts) read(d *xml.Decoder) error {
	for {
		at := d.InputOffset()
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "si" {
			t.prefix = prefix(s)
			text, err := richText(d, "si")
			if err != nil {
				return err
			}
			t.value = append(t.value, text)
			t.spans = append(t.spans, [2]int64{at, d.InputOffset()})
		}
	}
}

// prefix is how the part writes its namespace.
func prefix(s xml.StartElement) string {
	if s.Name.Space == "" {
		return ""
	}
	return s.Name.Space + ":"
}

// richText reads the text of an element up to its end: the runs of it joined,
// phonetic hints left out.
func richText(d *xml.Decoder, until string) (string, error) {
	var b strings.Builder
	in, hint := false, 0
	for {
		tok, err := d.RawToken()
		if err != nil {
			return "", noEnd(err)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			switch x.Name.Local {
			case "t":
				in = true
			case "rPh":
				hint++
			}
		case xml.EndElement:
			switch x.Name.Local {
			case "t":
				in = false
			case "rPh":
				hint--
			case until:
				return b.String(), nil
			}
		case xml.CharData:
			if in && hint == 0 {
				b.Write(x)
			}
		}
	}
}

// noEnd makes an error of an end in the middle.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
