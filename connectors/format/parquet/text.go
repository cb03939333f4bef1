package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cratio/sutra/connectors"
)

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// julianEpoch is the Julian day of 1970-01-01, from which INT96 counts.
const julianEpoch = 2440588

const dateLayout = "2006-01-02"

// appendText appends the text of a value: the contract of Decode.
func (l *leaf) appendText(dst, b []byte) []byte {
	switch l.sense {
	case dateSense:
		return time.Unix(int64(int32(le32(b)))*86400, 0).UTC().AppendFormat(dst, dateLayout)
	case timeSense:
		t := time.Unix(0, 0).UTC().Add(time.Duration(l.integer(b) * l.unit))
		return t.AppendFormat(dst, "15:04:05.999999999")
	case timestampSense:
		return timestamp(l.integer(b), l.unit).AppendFormat(dst, time.RFC3339Nano)
	case decimalSense:
		return append(dst, decimalText(l.unscaled(b), l.scale)...)
	case uuidSense:
		return appendUUID(dst, b)
	case float16Sense:
		return appendFloat(dst, float16(binary.LittleEndian.Uint16(b)), 32)
	case intervalSense:
		return appendInterval(dst, b)
	case unsignedSense:
		if l.typ == pInt32 {
			return strconv.AppendUint(dst, uint64(le32(b)), 10)
		}
		return strconv.AppendUint(dst, le64(b), 10)
	}
	switch l.typ {
	case pBool:
		return strconv.AppendBool(dst, b[0] != 0)
	case pInt32, pInt64:
		return strconv.AppendInt(dst, l.integer(b), 10)
	case pInt96:
		return int96Time(b).AppendFormat(dst, time.RFC3339Nano)
	case pFloat:
		return appendFloat(dst, float64(math.Float32frombits(le32(b))), 32)
	case pDouble:
		return appendFloat(dst, math.Float64frombits(le64(b)), 64)
	}
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	return append(dst, connectors.Spell(b)...)
}

func (l *leaf) integer(b []byte) int64 {
	if l.width == 4 {
		return int64(int32(le32(b)))
	}
	return int64(le64(b))
}

func timestamp(v, unit int64) time.Time {
	per := int64(time.Second) / unit
	sec, frac := v/per, v%per
	if frac < 0 {
		sec, frac = sec-1, frac+per
	}
	return time.Unix(sec, frac*unit).UTC()
}

func int96Time(b []byte) time.Time {
	days := int64(int32(le32(b[8:]))) - julianEpoch
	return time.Unix(days*86400, int64(le64(b))).UTC()
}

// appendFloat writes the shortest text, as JSON writes numbers.
func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	form := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(dst, f, form, -1, bits)
}

func float16(h uint16) float64 {
	sign, exp, frac := 1.0, int(h>>10&31), float64(h&1023)
	if h>>15 == 1 {
		sign = -1
	}
	switch {
	case exp == 31 && frac != 0:
		return math.NaN()
	case exp == 31:
		return math.Inf(int(sign))
	case exp == 0:
		return math.Copysign(math.Ldexp(frac, -24), sign)
	}
	return sign * math.Ldexp(1+frac/1024, exp-15)
}

// unscaled returns the integer of a decimal: big endian two's complement in byte
// arrays.
func (l *leaf) unscaled(b []byte) *big.Int {
	if l.typ == pInt32 || l.typ == pInt64 {
		return big.NewInt(l.integer(b))
	}
	v := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return v
}

func decimalText(v *big.Int, scale int) string {
	s := v.String()
	if scale == 0 {
		return s
	}
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if len(s) <= scale {
		s = strings.Repeat("0", scale-len(s)+1) + s
	}
	return sign + s[:len(s)-scale] + "." + s[len(s)-scale:]
}

func appendUUID(dst, b []byte) []byte {
	for i, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}

// appendInterval writes months, days and milliseconds as an ISO 8601 duration.
func appendInterval(dst, b []byte) []byte {
	ms := le32(b[8:])
	dst = strconv.AppendUint(append(dst, 'P'), uint64(le32(b)), 10)
	dst = strconv.AppendUint(append(dst, 'M'), uint64(le32(b[4:])), 10)
	dst = append(dst, "DT"...)
	dst = strconv.AppendFloat(dst, float64(ms)/1000, 'f', -1, 64)
	return append(dst, 'S')
}

// appendJSON appends the value as JSON: numbers and booleans bare, the rest as
// strings.
func (l *leaf) appendJSON(dst, b []byte, scratch *[]byte) []byte {
	if l.number() {
		at := len(dst)
		dst = l.appendText(dst, b)
		if c := dst[len(dst)-1]; c != 'N' && c != 'y' { // NaN, Infinity
			return dst
		}
		*scratch = append((*scratch)[:0], dst[at:]...)
		return appendString(dst[:at], *scratch)
	}
	*scratch = l.appendText((*scratch)[:0], b)
	return appendString(dst, *scratch)
}

const hexDigits = "0123456789abcdef"

// appendString appends valid UTF-8 as a JSON string.
func appendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	from := 0
	for i, c := range s {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}
