package crm

import (
	"context"
	"fmt"
	"strconv"
)

// freshRanges is how many ranges are looked into at most.
const freshRanges = 1 << 16

// freshUnits lists the ranges of a table for a caller that holds nothing of it and will
// read them all. Counting the rows and summing their versions would cost the server as
// much as it takes to read them, and would tell only what the reading tells: which state
// a range was read in is what the next listing goes by. It returns false when the ranges
// have to be counted: where marks are not to be had, and where the numbers may be so far
// apart that ranges are to be widened.
func (d *postgres) freshUnits(ctx context.Context, s *session, l *layout, x *expected, low, high int64) ([]piece, bool, error) {
	width := startWidth(low, high)
	first := aligned(low, width).lo
	if x == nil || len(x.ranges) > 0 || s.state == "" || len(l.gaps()) > 0 || first == nil || float64(high)-float64(low) > float64(width)*freshRanges {
		return nil, false, nil
	}
	to, err := d.mark(ctx, s, l, span{})
	if err != nil || to.history == "" {
		return nil, false, err
	}
	id := d.quote(l.table.pk[0])
	q := fmt.Sprintf("SELECT lo FROM generate_series(%d::numeric, %d, %d) AS r(lo) WHERE EXISTS (SELECT 1 FROM %s WHERE %s >= lo::bigint AND %s <= least(lo + %d, %d)::bigint)",
		*first, high, width, l.table.from, id, id, width-1, high)
	var out []piece
	err = s.each(ctx, q, nil, func(v []any) error {
		lo, err := strconv.ParseInt(str(v[0]), 10, 64)
		if err != nil {
			return fmt.Errorf("the server's range is no number")
		}
		out = append(out, piece{span: aligned(lo, width), evidence: fmt.Sprintf("%s, %s, not counted", to, to.snapshot)})
		return nil
	})
	return out, err == nil && len(out) < manyUnits, err
}
