package crm

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cratio/sutra/connectors"
)

// spell gives the text of a stored value, and false when it is null. keyed is
// set for columns that join rows: there bytes that are no text are spelled in
// hexadecimal (x'0af3'), because two keys must never be spelled alike.
func spell(v any, keyed bool) (string, bool) {
	switch x := v.(type) {
	case nil:
		return "", false
	case string:
		if utf8.ValidString(x) {
			return x, true
		}
		return opaque([]byte(x), keyed), true
	case []byte:
		return strings.Clone(spellBytes(x, keyed)), true
	case int64:
		return strconv.FormatInt(x, 10), true
	case float64:
		return spellFloat(x, 64), true
	default:
		return fmt.Sprint(x), true
	}
}

// The sizes of numbers, without their sign, that are spelled without an exponent.
const smallestPlain, largestPlain = 1e-6, 1e21

// spellFloat spells a floating point number as a whole number of the same size is spelled:
// 9820010001, not 9.820010001e+09. What refers to a row, a telephone number or the seconds
// of a date may stand in such a column, and is compared by its text.
func spellFloat(f float64, bits int) string {
	form := byte('f')
	if a := math.Abs(f); a != 0 && (a < smallestPlain || a >= largestPlain) {
		form = 'g'
	}
	return strconv.FormatFloat(f, form, -1, bits)
}

// spellBytes spells bytes; a text that they are is not copied.
func spellBytes(b []byte, keyed bool) string {
	if utf8.Valid(b) {
		return unsafeText(b)
	}
	if s, ok := fromUTF16(b); ok && !keyed {
		return s
	}
	return opaque(b, keyed)
}

func opaque(b []byte, keyed bool) string {
	if keyed {
		return "x'" + hex.EncodeToString(b) + "'"
	}
	return connectors.Spell(b)
}

// unhex undoes the spelling of bytes in a key.
func unhex(s string) ([]byte, bool) {
	if len(s) < 3 || !strings.HasPrefix(s, "x'") || !strings.HasSuffix(s, "'") {
		return nil, false
	}
	b, err := hex.DecodeString(s[2 : len(s)-1])
	return b, err == nil
}

func utf16Order(b []byte) binary.AppendByteOrder {
	switch {
	case len(b) < 2 || len(b)%2 != 0:
		return nil
	case b[0] == 0xFF && b[1] == 0xFE:
		return binary.LittleEndian
	case b[0] == 0xFE && b[1] == 0xFF:
		return binary.BigEndian
	}
	return nil
}

// fromUTF16 decodes UTF-16 that begins with a byte order mark.
func fromUTF16(b []byte) (string, bool) {
	o := utf16Order(b)
	if o == nil {
		return "", false
	}
	order, _ := o.(binary.ByteOrder)
	u := make([]uint16, 0, len(b)/2)
	for i := 2; i+1 < len(b); i += 2 {
		u = append(u, order.Uint16(b[i:]))
	}
	return string(utf16.Decode(u)), true
}

func toUTF16(s string, o binary.AppendByteOrder) []byte {
	out := o.AppendUint16(nil, 0xFEFF)
	for _, u := range utf16.Encode([]rune(s)) {
		out = o.AppendUint16(out, u)
	}
	return out
}

// restore puts a text into the storage form of the value it replaces; false when
// that form cannot hold it.
func restore(text string, old any) (any, bool) {
	switch x := old.(type) {
	case []byte:
		if o := utf16Order(x); o != nil && !utf8.Valid(x) {
			return toUTF16(text, o), true
		}
		return connectors.Respell(x, text), true
	case string:
		return string(connectors.Respell([]byte(x), text)), true
	case int64:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		return n, err == nil
	case float64:
		f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		return f, err == nil
	default:
		return text, true
	}
}
