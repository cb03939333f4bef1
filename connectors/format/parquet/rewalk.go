package parquet

import (
	"math"
	"slices"
)

// Cells of the old content: how far each moved, unless a change stands in it.
const (
	cellBits = 8
	mixed    = math.MinInt32
)

// mapCells fills the cells of the old content.
func (r *recutter) mapCells() {
	n := r.size>>cellBits + 2
	if cap(r.cells) < n {
		r.cells = make([]int32, n)
	}
	r.cells = r.cells[:n]
	at, shift := 0, 0
	for _, c := range r.changes {
		from, to := c.at>>cellBits, (c.at+c.gone)>>cellBits
		for ; at < from; at++ {
			r.cells[at] = int32(shift)
		}
		for ; at <= to; at++ {
			r.cells[at] = mixed
		}
		shift += c.come - c.gone
	}
	for ; at < n; at++ {
		r.cells[at] = int32(shift)
	}
}

// stays reports whether all matches of the block at hand, which holds no change, have the
// distances that they had.
func (r *recutter) stays() bool {
	at, cells, shift := r.at, r.cells, int32(r.now-r.at)
	for i := range r.old.list {
		s := &r.old.list[i]
		at += int(s.lit)
		from := at - int(s.off)
		at += int(s.match)
		if from < 0 || int(s.match) > 1<<cellBits || cells[from>>cellBits] != shift || cells[(from+int(s.match)-1)>>cellBits] != shift {
			return false
		}
	}
	return true
}

// walk goes over the sequences of a block that has n literals.
func (r *recutter) walk(n int) error {
	at, now, done, stop := r.at, r.now, r.done, r.at+r.ahead(math.MaxInt32)
	cells, last, k := r.cells, r.last, 0
	seqs := slices.Grow(r.seqs[:0], len(r.old.list))
	seqs = seqs[:cap(seqs)]
	for i := range r.old.list {
		s := &r.old.list[i]
		if n -= int(s.lit); n < 0 || int(s.off) > at+int(s.lit) {
			return errFrame
		}
		from := at + int(s.lit) - int(s.off)
		end := at + int(s.lit+s.match)
		shift := cells[from>>cellBits]
		if end <= stop && shift != mixed && int(s.match) <= 1<<cellBits && shift == cells[(from+int(s.match)-1)>>cellBits] && now+end-at-r.from <= zstdBlock {
			now += end - at
			at = end
			off := uint32(now - int(s.match) - from - int(shift))
			r.moved = r.moved || off != s.off
			lit := uint32(now - int(s.match) - done)
			done = now
			seqs[k] = sequence{lit: lit, match: s.match, off: last.express(off, lit == 0)}
			k++
			continue
		}
		r.at, r.now, r.done, r.last, r.seqs = at, now, done, last, seqs[:k]
		r.pass(int(s.lit))
		r.repeat(int(s.match), int(s.off))
		at, now, done, last, stop = r.at, r.now, r.done, r.last, r.at+r.ahead(math.MaxInt32)
		k = len(r.seqs)
		seqs = slices.Grow(r.seqs, len(r.old.list)-i)
		seqs = seqs[:cap(seqs)]
	}
	r.at, r.now, r.done, r.last, r.seqs = at, now, done, last, seqs[:k]
	r.pass(n)
	return nil
}

// ahead counts the old bytes from here to the next change, n at most.
func (r *recutter) ahead(n int) int {
	if r.skip > 0 {
		return 0
	}
	if r.next < len(r.changes) {
		return min(n, r.changes[r.next].at-r.at)
	}
	return n
}

// changed makes the change that stands here.
func (r *recutter) changed() {
	for r.skip == 0 && r.next < len(r.changes) && r.changes[r.next].at == r.at {
		c := r.changes[r.next]
		r.next++
		r.skip = c.gone
		for c.come > 0 {
			k := min(c.come, zstdBlock)
			r.room(k)
			r.now += k
			c.come -= k
		}
		r.broken = true
	}
}

// step returns how many of the next n old bytes follow each other in the new content
// too; those that are gone are passed, and it returns how many those were.
func (r *recutter) step(n int) (stay, gone int) {
	r.changed()
	if r.skip > 0 {
		gone = min(n, r.skip)
		r.skip -= gone
		r.at += gone
		r.broken = true
		return 0, gone
	}
	return r.ahead(n), 0
}

// pass goes over n old bytes that stood as literals.
func (r *recutter) pass(n int) {
	for n > 0 {
		k, gone := r.step(n)
		r.room(k)
		r.at, r.now = r.at+k, r.now+k
		n -= k + gone
	}
}

// repeat goes over n old bytes that stood as a match.
func (r *recutter) repeat(n, off int) {
	for n > 0 {
		k, gone := r.step(n)
		if k > 0 {
			r.room(k)
			r.piece(k, off)
			r.at, r.now = r.at+k, r.now+k
		}
		n -= k + gone
	}
}

// piece writes n bytes that follow each other as a match, as far as they are one.
func (r *recutter) piece(n, off int) {
	back := r.now - r.where(r.at-off)
	r.moved = r.moved || back != off
	same := 0
	if back > 0 && back <= widest {
		same = common(r.src[:r.now+n], r.now, back)
	}
	r.broken = r.broken || same < n
	if same == n && n >= leastMatch || same >= leastRun {
		r.seqs = append(r.seqs, sequence{lit: uint32(r.now - r.done), match: uint32(same), off: r.last.express(uint32(back), r.now == r.done)})
		r.done = r.now + same
	}
}

// where finds the place in the new content of an old byte.
func (r *recutter) where(at int) int {
	lo, hi := 0, r.next
	for lo < hi {
		if m := int(uint(lo+hi) >> 1); r.changes[m].at <= at {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo == 0 {
		return at
	}
	c := &r.changes[lo-1]
	if at < c.at+c.gone {
		return c.at + r.shifts[lo-1] + min(at-c.at, c.come)
	}
	return at + r.shifts[lo-1] + c.come - c.gone
}

// room ends the block at hand when it cannot hold n bytes more.
func (r *recutter) room(n int) {
	if r.now+n-r.from > zstdBlock {
		r.close()
		r.open()
		r.broken = true
	}
}
