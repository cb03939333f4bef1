package crm

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/cratio/sutra/connectors"
)

// Counting the rows of every range takes a server three times as long as finding the
// few that were written lately. It is not needed when the caller holds all ranges and
// no row is gone:
//
//   - A row that is older than the oldest state that a range was read in was read there,
//     if its range was read at all. So a row that nobody holds is a younger one, and
//     those are told of; a range that was not read must hold younger rows only.
//   - The caller says how many rows it holds, and which of the younger rows are among
//     them. The others are new. When the table has just as many rows as the caller holds
//     and as are new, none of those that it holds is gone: every one that were would
//     make the table smaller by one.
//
// Otherwise the ranges are counted.

// expected is what the caller holds of one table; without ranges it holds nothing.
type expected struct {
	most   mark // what most of its units were read in
	ranges []heldRange
	held   heldFunc
	room   *atomic.Int64 // bytes that rows may take, of all tables together
}

// heldFunc tells how many of some records of a unit the caller holds; see
// [connectors.Foreseer].
type heldFunc func(key string, locators []string) (n int, ok bool, err error)

type heldRange struct {
	span
	connectors.Known
}

// gapsAtMost is how many stretches without a range the numbers may have.
const gapsAtMost = 32

// oldest returns the oldest mark of all ranges. ok is false unless they are aligned to a
// width and all of them were read in the history of a mark.
func (x *expected) oldest(width int64, to mark) (since mark, ok bool) {
	for i, r := range x.ranges {
		m, ok := parseMark(r.Mark)
		if !ok || !to.follows(m) || r.lo == nil || r.hi == nil || !aligned(*r.lo, width).same(r.span) {
			return mark{}, false
		}
		if i == 0 || m.open < since.open {
			since = m
		}
	}
	return since, len(x.ranges) > 0 && len(x.ranges) < manyUnits
}

// same compares two spans.
func (s span) same(o span) bool {
	return s.lo != nil && s.hi != nil && o.lo != nil && o.hi != nil && *s.lo == *o.lo && *s.hi == *o.hi
}

// quickUnits lists the ranges of a table by what the caller holds. It returns false when
// the ranges have to be counted. low and high are the ends of the keys.
func (d *postgres) quickUnits(ctx context.Context, s *session, l *layout, x *expected, low, high int64) ([]piece, bool, error) {
	if s.state == "" || x == nil || len(l.gaps()) > 0 || !s.conn.(pgSession).utf8() {
		return nil, false, nil
	}
	to, err := d.mark(ctx, s, l, span{})
	if err != nil {
		return nil, false, err
	}
	width := startWidth(low, high)
	since, ok := x.oldest(width, to)
	if !ok {
		return nil, false, nil
	}
	slices.SortFunc(x.ranges, func(a, b heldRange) int { return cmp.Compare(*a.lo, *b.lo) })
	young, err := d.young(ctx, s, l, since, x.room)
	if err != nil || young.many {
		return nil, false, err
	}
	out, rows, ok, err := x.compare(young, since, to)
	if err != nil || !ok {
		return nil, false, err
	}
	more, ok, err := d.beyond(ctx, s, l, x.ranges, young.keys, width, to)
	if err != nil || !ok {
		return nil, false, err
	}
	for _, p := range more {
		rows += p.rows
	}
	if out = append(out, more...); rows != young.total {
		return nil, false, nil
	}
	slices.SortFunc(out, func(a, b piece) int { return cmp.Compare(*a.lo, *b.lo) })
	return out, true, nil
}

// compare lists the ranges that the caller holds, with the rows that each has if none is
// gone, and the sum of these.
func (x *expected) compare(young *youngRows, since, to mark) (out []piece, rows int64, ok bool, err error) {
	for _, r := range x.ranges {
		p := piece{span: r.span, since: since, rows: int64(r.Records), changed: keysIn(young.keys, r.span), young: young}
		if len(p.changed) == 0 {
			p.fingerprint = r.Fingerprint
		} else {
			locators := make([]string, len(p.changed))
			for i, k := range p.changed {
				locators[i] = pkPrefix + strconv.FormatInt(k, 10)
			}
			n, ok, err := x.held(r.Key, locators)
			if err != nil || !ok {
				return nil, 0, false, err
			}
			p.rows += int64(len(locators) - n)
			p.evidence = writtenBefore(to, p.rows)
		}
		rows += p.rows
		out = append(out, p)
	}
	return out, rows, true, nil
}

// writtenBefore is the evidence of a range that was not counted. Only a listing of the
// same state finds the same for it; by another one it is compared row by row. The mark does
// not say which state it is: it stays the same as long as one transaction is open.
func writtenBefore(to mark, rows int64) string {
	return fmt.Sprintf("%s, %s, %d rows", to, to.snapshot, rows)
}

// beyond lists the ranges that the caller does not hold. It returns false when one of
// them may hold rows that are not young.
func (d *postgres) beyond(ctx context.Context, s *session, l *layout, ranges []heldRange, young []int64, width int64, to mark) (out []piece, ok bool, err error) {
	gaps := []span{{hi: ranges[0].lo}}
	for i, r := range ranges {
		switch {
		case i == len(ranges)-1:
			gaps = append(gaps, span{lo: r.hi})
		case *r.hi != *ranges[i+1].lo:
			gaps = append(gaps, span{lo: r.hi, hi: ranges[i+1].lo})
		}
	}
	if len(gaps) > gapsAtMost {
		return nil, false, nil
	}
	for _, gap := range gaps {
		n, err := s.one(ctx, "SELECT count(*) FROM "+l.table.from+" WHERE "+ordinalCond(d.quote(l.table.pk[0]), gap))
		if err != nil {
			return nil, false, err
		}
		keys := keysIn(young, gap)
		if n != strconv.Itoa(len(keys)) {
			return nil, false, nil
		}
		for len(keys) > 0 {
			p := piece{span: aligned(keys[0], width)}
			if p.lo == nil || p.hi == nil {
				return nil, false, nil
			}
			p.rows = int64(len(keysIn(keys, p.span)))
			p.evidence = writtenBefore(to, p.rows)
			out, keys = append(out, p), keys[p.rows:]
		}
	}
	return out, true, nil
}
