package crm

import (
	"encoding/binary"
	"errors"
	"time"
)

// A timestamp that the server spells takes it as long as three other values. It is
// therefore sent as a number, and spelled here as the server would: in the ISO form and,
// when it has a zone, in that of India. What is spelled here is compared with what the
// server spells, so what is not certain to be the same is left to the server.

// The object ids of timestamps, without and with a zone.
const (
	oidTimestamp   = 1114
	oidTimestamptz = 1184
)

// errFarTime reports a timestamp that is left to the server.
var errFarTime = errors.New("a timestamp is too far from the present to be spelled here")

// The timestamps that are spelled here, in microseconds since 2000: India has kept one
// distance from UTC since October 1945, and years have four digits up to 9999.
var (
	firstTime = time.Date(1946, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - pgEpoch
	lastTime  = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro() - pgEpoch
	pgEpoch   = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

const (
	indianOffset = 330 * 60 * 1_000_000 // of India, in microseconds
	dayMicros    = 24 * 60 * 60 * 1_000_000
)

// timeText spells timestamps. Those of a column mostly are of few days.
type timeText struct {
	zoned bool
	day   int64 // whose date stands at the start of buf, in days since 1970; 0: none
	buf   [len("2006-01-02 15:04:05.000000+05:30")]byte
}

// spell returns the spelling of a timestamp as the server sends it, valid until the next
// call. The error is errFarTime when it cannot be told.
func (x *timeText) spell(b []byte) ([]byte, error) {
	if len(b) != 8 {
		return nil, errors.New("the server sent a timestamp in a form that is not known")
	}
	t := int64(binary.BigEndian.Uint64(b))
	if t < firstTime || t >= lastTime {
		return nil, errFarTime
	}
	if t += pgEpoch; x.zoned {
		t += indianOffset
	}
	day, rest := t/dayMicros, t%dayMicros
	if rest < 0 {
		day, rest = day-1, rest+dayMicros
	}
	if day != x.day || day == 0 {
		time.UnixMicro(day*dayMicros).UTC().AppendFormat(x.buf[:0], "2006-01-02 ")
		x.day = day
	}
	second, micros := int(rest/1_000_000), int(rest%1_000_000)
	x.two(len("2006-01-02 "), second/3600, ':')
	x.two(len("2006-01-02 15:"), second/60%60, ':')
	x.two(len("2006-01-02 15:04:"), second%60, '.')
	n := len("2006-01-02 15:04:05")
	if micros > 0 {
		x.two(n+len("."), micros/10_000, 0)
		x.two(n+len(".00"), micros/100%100, 0)
		x.two(n+len(".0000"), micros%100, '+')
		n += len(".000000")
		for x.buf[n-1] == '0' {
			n--
		}
	}
	if x.zoned {
		n += copy(x.buf[n:], "+05:30")
	}
	return x.buf[:n], nil
}

// two puts a number of two digits and what stands behind it at a place.
func (x *timeText) two(at, n int, then byte) {
	x.buf[at], x.buf[at+1], x.buf[at+2] = byte('0'+n/10), byte('0'+n%10), then
}
