package crm

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/cratio/sutra/connectors"
)

// A table of a server whose key is one integer is cut at round numbers, as one of
// SQLite is. One with any other key is cut before the keys whose digest ends in
// cutBits zero bits: where the cuts lie depends on nothing but the keys themselves,
// so that a row that comes or goes moves at most the cut beside it. A cut is named by
// nameBits other bits of the digest, which are too few to tell the key. A table whose
// key is personal, or that has none, is one unit.
const (
	cutBits  = 13 // about 8,192 rows in a unit
	nameBits = 20
)

// bound is a cut: the first key of a unit and its name.
type bound struct {
	name int64
	key  []any
}

// splitter keeps the cuts of a source's tables.
type splitter struct {
	load func(ctx context.Context, s *session, l *layout) ([]bound, error)

	mu     sync.Mutex
	frozen bool
	known  map[string][]bound // by table
}

// freeze keeps the cuts as they are from now on: rows that are erased would move
// them, and what was erased is looked for in the units that held it.
func (x *splitter) freeze() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.frozen = true
}

// whole reports whether a table is one unit.
func whole(l *layout) bool {
	return l.table.keyless || len(l.table.pk) == 0 || !l.table.ordinal && (l.personalKey() || personalNames(l.table.pk))
}

func personalNames(names []string) bool {
	for _, n := range names {
		if looksPersonal(n) {
			return true
		}
	}
	return false
}

// bounds returns the cuts of a table in the order of its key.
func (x *splitter) bounds(ctx context.Context, s *session, l *layout, fresh bool) ([]bound, error) {
	x.mu.Lock()
	known, ok := x.known[l.table.name]
	frozen := x.frozen
	x.mu.Unlock()
	if ok && (frozen || !fresh) {
		return known, nil
	}
	all, err := x.load(ctx, s, l)
	if err != nil {
		return nil, err
	}
	seen := map[int64]bool{}
	out := all[:0]
	for _, b := range all {
		if !seen[b.name] { // of two cuts with one name only the first counts
			seen[b.name] = true
			out = append(out, b)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.known == nil {
		x.known = map[string][]bound{}
	}
	x.known[l.table.name] = out
	return out, nil
}

// spans lists the spans between the cuts.
func (x *splitter) spans(ctx context.Context, s *session, l *layout) ([]span, error) {
	if whole(l) {
		return []span{{}}, nil
	}
	bs, err := x.bounds(ctx, s, l, true)
	if err != nil {
		return nil, err
	}
	out := []span{{}}
	for i := range bs {
		out[len(out)-1].hi = &bs[i].name
		out = append(out, span{lo: &bs[i].name})
	}
	return out, nil
}

// ends returns the keys at which a span begins and ends, nil where it is open.
func (x *splitter) ends(ctx context.Context, s *session, l *layout, sp span) (lo, hi []any, err error) {
	if sp.lo == nil && sp.hi == nil {
		return nil, nil, nil
	}
	if whole(l) {
		return nil, nil, connectors.ErrNotFound
	}
	bs, err := x.bounds(ctx, s, l, false)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range []struct {
		name *int64
		to   *[]any
	}{{sp.lo, &lo}, {sp.hi, &hi}} {
		if e.name == nil {
			continue
		}
		for _, b := range bs {
			if b.name == *e.name {
				*e.to = b.key
			}
		}
		if *e.to == nil {
			return nil, nil, connectors.ErrNotFound
		}
	}
	return lo, hi, nil
}

// ordinalCond is the condition for a span of an integer key.
func ordinalCond(id string, sp span) string {
	var cond []string
	if sp.lo != nil {
		cond = append(cond, id+" >= "+strconv.FormatInt(*sp.lo, 10))
	}
	if sp.hi != nil {
		cond = append(cond, id+" < "+strconv.FormatInt(*sp.hi, 10))
	}
	if len(cond) == 0 {
		return "1 = 1"
	}
	return strings.Join(cond, " AND ")
}

// tally is the evidence of rows: their number, and the sum of a digest of each,
// which does not depend on their order.
type tally struct {
	rows int64
	sum  uint64
}

func (t tally) String() string { return fmt.Sprintf("%d %x", t.rows, t.sum) }

func (t tally) add(o tally) tally { return tally{t.rows + o.rows, t.sum + o.sum} }

// startWidth is the width of ranges in which numbers from low to high are counted
// at first: so narrow that it can be widened, so wide that the ranges are not too
// many.
func startWidth(low, high int64) int64 {
	const most = 500_000
	width := int64(unitRows)
	for float64(high)-float64(low) > float64(width)*most && width < math.MaxInt64/100 {
		width *= 10
	}
	return width
}

// widened makes ranges ten times as wide as long as they are many and sparse, by
// the rule that SQLite's ranges follow; counts are by aligned range of the width.
func widened(counts map[int64]tally, width int64) (map[int64]tally, int64) {
	var rows int64
	for _, t := range counts {
		rows += t.rows
	}
	for len(counts) >= manyUnits && rows/int64(len(counts)) < sparseRows && width < math.MaxInt64/100 {
		wide := make(map[int64]tally, len(counts)/8)
		for k, t := range counts {
			w := k / 10
			if k%10 < 0 {
				w--
			}
			wide[w] = wide[w].add(t)
		}
		counts, width = wide, width*10
	}
	return counts, width
}
