package csv

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
)

// charset is how text is encoded: UTF-8, or UTF-16. What is not valid UTF-8 in a cell is
// taken for Windows-1252, as spreadsheets write it: every byte is a letter there, so
// what a change leaves of a cell keeps its bytes.
type charset struct {
	bom   []byte
	order utf16.Order // nil for UTF-8
}

// charsetOf looks at the first bytes. UTF-16 without a byte order mark is known
// by the zero half of its first letter.
func charsetOf(head []byte) charset {
	has := func(bom string) bool { return len(head) >= len(bom) && string(head[:len(bom)]) == bom }
	switch {
	case has("\xef\xbb\xbf"):
		return charset{bom: []byte("\xef\xbb\xbf")}
	case utf16.OrderOf(head) != nil:
		return charset{bom: slices.Clone(head[:2]), order: utf16.OrderOf(head)}
	case len(head) >= 2 && head[0] != 0 && head[1] == 0:
		return charset{order: binary.LittleEndian}
	case len(head) >= 2 && head[0] == 0 && head[1] != 0:
		return charset{order: binary.BigEndian}
	}
	return charset{}
}

// valid returns a cell of a table in UTF-8 or Windows-1252 as valid UTF-8.
func valid(v []byte) []byte {
	if utf8.Valid(v) {
		return v
	}
	out := make([]byte, 0, len(v)+len(v)/2)
	for _, c := range v {
		r := charmap.Windows1252.DecodeByte(c)
		if r == utf8.RuneError { // one of five that mean nothing
			r = rune(c)
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// to1252 is the way back; false when a letter has no byte.
func to1252(value string) (string, bool) {
	out := make([]byte, 0, len(value))
	for _, r := range value {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if r >= 0x80 && r < 0xa0 && !ok {
			c, ok = byte(r), true
		}
		if !ok {
			return "", false
		}
		out = append(out, c)
	}
	return string(out), true
}

// written returns a new value of a cell in the letters of the table: as the cell itself
// was written, else the rest of its record, else the first text of the object that is not
// ASCII. false when those letters lack one.
func (t *table) written(value string, old []byte, rec *record) (string, bool, error) {
	if t.cs.order != nil || ascii(value) {
		return value, true, nil
	}
	in1252 := !utf8.Valid(old)
	if ascii(old) {
		in1252 = !utf8.Valid(rec.raw)
		if ascii(rec.raw) {
			var err error
			if in1252, err = t.beyondASCII(); err != nil {
				return "", false, err
			}
		}
	}
	if !in1252 {
		return value, true, nil
	}
	out, ok := to1252(value)
	return out, ok, nil
}

// in1252 looks for the first text of an object that is not ASCII, and reports whether it
// is no UTF-8.
func in1252(in format.Input) (yes bool, err error) {
	r, err := in.Open()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		c, err := br.ReadByte()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("reading text: %w", err)
		}
		if c < utf8.RuneSelf {
			continue
		}
		if err := br.UnreadByte(); err != nil {
			return false, fmt.Errorf("reading text: %w", err)
		}
		head, err := br.Peek(utf8.UTFMax)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, fmt.Errorf("reading text: %w", err)
		}
		r, _ := utf8.DecodeRune(head)
		return r == utf8.RuneError, nil
	}
}

func ascii[T string | []byte](text T) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// errUnfit is the error of a record that cannot take a new value as it is.
var errUnfit = fmt.Errorf("a table in Windows-1252, which has no such letters: %w", connectors.ErrUnfit)
