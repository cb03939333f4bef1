package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// zero returns the empty value of the type: no bytes, zero, false, the epoch.
func (l *leaf) zero() []byte {
	if l.width == 0 && l.sense == decimalSense {
		return []byte{0}
	}
	return make([]byte, l.width)
}

// parse turns a text as Decode writes it back into a value. It returns false
// when the type cannot hold the text.
func (l *leaf) parse(s string) ([]byte, bool) {
	switch l.sense {
	case dateSense:
		t, err := time.Parse(dateLayout, s)
		days := t.Unix() / 86400
		if err != nil || days != int64(int32(days)) {
			return nil, false
		}
		return binary.LittleEndian.AppendUint32(nil, uint32(int32(days))), true
	case timeSense:
		t, err := time.Parse("15:04:05.999999999", s)
		if err != nil {
			return nil, false
		}
		return l.fromInt(t.Sub(t.Truncate(24*time.Hour)).Nanoseconds() / l.unit)
	case timestampSense:
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, false
		}
		per := int64(time.Second) / l.unit
		if sec := t.Unix(); sec > math.MaxInt64/per-1 || sec < math.MinInt64/per+1 {
			return nil, false
		}
		return l.fromInt(t.Unix()*per + int64(t.Nanosecond())/l.unit)
	case decimalSense:
		return l.parseDecimal(s)
	case uuidSense:
		b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
		return b, err == nil && len(b) == 16
	case float16Sense, intervalSense:
		return nil, false
	case unsignedSense:
		v, err := strconv.ParseUint(s, 10, 8*l.width)
		return l.little(v), err == nil
	}
	return l.parsePlain(s)
}

func (l *leaf) parsePlain(s string) ([]byte, bool) {
	switch l.typ {
	case pBool:
		if s != "true" && s != "false" {
			return nil, false
		}
		return []byte{byte(len("false") - len(s))}, true
	case pInt32, pInt64:
		v, err := strconv.ParseInt(s, 10, 8*l.width)
		return l.little(uint64(v)), err == nil
	case pInt96:
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, false
		}
		days := t.Unix() / 86400
		if t.Unix()%86400 < 0 {
			days--
		}
		ns := (t.Unix()-days*86400)*int64(time.Second) + int64(t.Nanosecond())
		b := binary.LittleEndian.AppendUint64(nil, uint64(ns))
		return binary.LittleEndian.AppendUint32(b, uint32(days+julianEpoch)), true
	case pFloat:
		v, err := strconv.ParseFloat(s, 32)
		return l.little(uint64(math.Float32bits(float32(v)))), err == nil
	case pDouble:
		v, err := strconv.ParseFloat(s, 64)
		return l.little(math.Float64bits(v)), err == nil
	case pFixed:
		return []byte(s), len(s) == l.width
	}
	return []byte(s), true
}

func (l *leaf) little(v uint64) []byte {
	if l.width == 4 {
		return binary.LittleEndian.AppendUint32(nil, uint32(v))
	}
	return binary.LittleEndian.AppendUint64(nil, v)
}

func (l *leaf) fromInt(v int64) ([]byte, bool) {
	if l.width == 4 && v != int64(int32(v)) {
		return nil, false
	}
	return l.little(uint64(v)), true
}

func (l *leaf) parseDecimal(s string) ([]byte, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > l.scale || len(s) > 400 || strings.Trim(frac, "0123456789") != "" {
		return nil, false
	}
	v, ok := new(big.Int).SetString(whole+frac+strings.Repeat("0", l.scale-len(frac)), 10)
	if !ok {
		return nil, false
	}
	if l.typ == pInt32 || l.typ == pInt64 {
		if !v.IsInt64() {
			return nil, false
		}
		return l.fromInt(v.Int64())
	}
	need := v.BitLen()/8 + 1
	if v.Sign() < 0 {
		need = new(big.Int).Not(v).BitLen()/8 + 1
	}
	size := l.width
	if size == 0 {
		size = need
	}
	if need > size {
		return nil, false
	}
	if v.Sign() < 0 {
		v.Add(v, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	return v.FillBytes(make([]byte, size)), true
}
