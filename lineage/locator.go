package lineage

import (
	"encoding/binary"
	"strconv"
)

// Locators of a block either all end in a number after the same words ("row 17",
// "pk=4711") and are stored as numbers, or each is stored as what it does not share
// with the one before.
const (
	locNumbers = iota
	locTexts
)

// splitNumber takes the number off the end of a locator. A number that would not be
// printed the same way (leading zeros, too many digits) is none.
func splitNumber(s string) (prefix string, n int64, ok bool) {
	i := len(s)
	for i > 0 && s[i-1] >= '0' && s[i-1] <= '9' {
		i--
	}
	digits := s[i:]
	if digits == "" || len(digits) > 18 || digits[0] == '0' && len(digits) > 1 {
		return s, 0, false
	}
	for _, c := range []byte(digits) {
		n = n*10 + int64(c-'0')
	}
	return s[:i], n, true
}

func (e *encoder) locators() {
	e.ints = e.ints[:0]
	prefix := ""
	for i := range e.rows {
		p, n, ok := splitNumber(e.rows[i].Locator)
		if i == 0 {
			prefix = p
		}
		if !ok || p != prefix {
			break
		}
		e.ints = append(e.ints, n)
	}
	if len(e.ints) == len(e.rows) {
		e.out = appendInts(appendStr(append(e.out, locNumbers), prefix), e.ints)
		return
	}
	e.out = append(e.out, locTexts)
	e.tail = e.tail[:0]
	last := ""
	for i := range e.rows {
		s := e.rows[i].Locator
		k := 0
		for k < len(s) && k < len(last) && s[k] == last[k] {
			k++
		}
		e.tail = appendStr(binary.AppendUvarint(e.tail, uint64(k)), s[k:])
		last = s
	}
	e.out = append(binary.AppendUvarint(e.out, uint64(len(e.tail))), e.tail...)
}

// locatorColumn reads locators. Rows must be asked for in ascending order.
type locatorColumn struct {
	mode    byte
	prefix  string
	numbers intColumn
	texts   decoder
	next    int
	last    []byte
}

func (d *decoder) locators(rows int) (c locatorColumn) {
	switch c.mode = d.byte(); c.mode {
	case locNumbers:
		c.prefix = d.str()
		c.numbers = d.ints(rows)
	case locTexts:
		c.texts.in = d.take(d.count(1))
	default:
		d.fail()
	}
	return c
}

func (c *locatorColumn) value(row int) (s string, ok bool) {
	if c.mode == locNumbers {
		n, ok := c.numbers.value(row)
		var buf [48]byte
		out := strconv.AppendInt(append(buf[:0], c.prefix...), n, 10)
		return string(out), ok
	}
	for c.next <= row {
		k := c.texts.uint()
		suffix := c.texts.take(c.texts.count(1))
		if c.texts.bad || k > uint64(len(c.last)) {
			return "", false
		}
		c.last = append(c.last[:k], suffix...)
		c.next++
	}
	return string(c.last), c.next == row+1
}
