package crm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// stamp is empty: every range has evidence of its own.
func (d *postgres) stamp(context.Context, *session) (string, error) { return "", nil }

// digestOf is the expression of a digest of a row's identity and version. Every
// change of a row writes a new version with the number of the transaction that made
// it (xmin), so that two equal sums mean equal rows without a look at the values.
func (d *postgres) digestOf(l *layout) string {
	const version = "xmin::text::bigint"
	switch {
	case l.table.ordinal:
		return "hashint8extended(" + d.quote(l.table.pk[0]) + "::bigint, " + version + ")"
	case l.table.keyless:
		return "hashtextextended(ctid::text, " + version + ")"
	}
	return "hashtextextended(" + d.keyText(l.table) + ", " + version + ")"
}

// keyText is the expression of the key as one text.
func (d *postgres) keyText(t *table) string {
	parts := make([]string, len(t.pk))
	for i, n := range t.pk {
		parts[i] = d.quote(n) + "::text"
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "concat_ws(E'\\x1f', " + list(parts) + ")"
}

func (d *postgres) units(ctx context.Context, s *session, l *layout) ([]piece, error) {
	if l.table.ordinal {
		return d.ordinalUnits(ctx, s, l)
	}
	spans, err := d.sp.spans(ctx, s, l)
	if err != nil {
		return nil, err
	}
	var out []piece
	for _, sp := range spans {
		t, err := d.tally(ctx, s, l, sp)
		if err != nil {
			return nil, err
		}
		if t.rows > 0 {
			out = append(out, piece{span: sp, evidence: t.String(), rows: t.rows})
		}
	}
	return out, nil
}

// ordinalUnits counts a table in one pass.
func (d *postgres) ordinalUnits(ctx context.Context, s *session, l *layout) ([]piece, error) {
	id := d.quote(l.table.pk[0])
	var ends []int64
	err := s.each(ctx, "SELECT min("+id+"), max("+id+") FROM "+l.table.from, nil, func(v []any) error {
		for _, x := range v {
			if n, ok := x.(int64); ok {
				ends = append(ends, n)
			}
		}
		return nil
	})
	if err != nil || len(ends) < 2 {
		return nil, err
	}
	width := startWidth(ends[0], ends[1])
	bucket := fmt.Sprintf("k / %d - CASE WHEN k %% %d <= 0 THEN 1 ELSE 0 END", width, width) // see aligned
	q := "SELECT " + bucket + ", count(*), sum(h)::text FROM (SELECT " + id + "::bigint AS k, " + d.digestOf(l) + " AS h FROM " + l.table.from + ") AS t GROUP BY 1"
	counts := map[int64]tally{}
	err = s.each(ctx, q, nil, func(v []any) error {
		k, _ := v[0].(int64)
		t, err := tallyOf(v[1:])
		counts[k] = t
		return err
	})
	if err != nil {
		return nil, err
	}
	return ordinalPieces(widened(counts, width)), nil
}

// ordinalPieces names aligned ranges.
func ordinalPieces(counts map[int64]tally, width int64) []piece {
	var out []piece
	for k, t := range counts {
		n := int64(math.MinInt64 + 1)
		if k > math.MinInt64/width {
			n = k*width + 1
		}
		out = append(out, piece{span: aligned(n, width), evidence: t.String(), rows: t.rows})
	}
	slices.SortFunc(out, func(a, b piece) int {
		switch {
		case a.lo == nil || b.lo != nil && *a.lo < *b.lo:
			return -1
		}
		return 1
	})
	return out
}

// tallyOf reads count(*) and the sum of digests, which may have any length.
func tallyOf(v []any) (tally, error) {
	rows, _ := v[0].(int64)
	text, _ := v[1].(string)
	var sum uint64
	neg := strings.HasPrefix(text, "-")
	for _, r := range strings.TrimPrefix(text, "-") {
		if r < '0' || r > '9' {
			return tally{}, fmt.Errorf("the server's sum of digests is no number")
		}
		sum = sum*10 + uint64(r-'0') // modulo 2^64, like the digests
	}
	if neg {
		sum = -sum
	}
	return tally{rows, sum}, nil
}

func (d *postgres) tally(ctx context.Context, s *session, l *layout, sp span) (tally, error) {
	where, args, err := d.within(ctx, s, l, sp)
	if err != nil {
		return tally{}, err
	}
	var t tally
	err = s.each(ctx, "SELECT count(*), sum("+d.digestOf(l)+")::text FROM "+l.table.from+" WHERE "+where, args, func(v []any) (err error) {
		t, err = tallyOf(v)
		return err
	})
	return t, err
}

func (d *postgres) evidence(ctx context.Context, s *session, l *layout, sp span) (string, error) {
	t, err := d.tally(ctx, s, l, sp)
	return t.String(), err
}

func (d *postgres) within(ctx context.Context, s *session, l *layout, sp span) (string, []any, error) {
	if l.table.ordinal {
		return ordinalCond(d.quote(l.table.pk[0]), sp), nil, nil
	}
	lo, hi, err := d.sp.ends(ctx, s, l, sp)
	if err != nil {
		return "", nil, err
	}
	key, marks := "("+list(l.table.ident(d, ""))+")", "("+strings.TrimSuffix(strings.Repeat("?, ", len(l.table.pk)), ", ")+")"
	cond, args := []string{"1 = 1"}, []any(nil)
	if lo != nil {
		cond, args = append(cond, key+" >= "+marks), append(args, lo...)
	}
	if hi != nil {
		cond, args = append(cond, key+" < "+marks), append(args, hi...)
	}
	return strings.Join(cond, " AND "), args, nil
}

// boundaries finds the cuts of a table.
func (d *postgres) boundaries(ctx context.Context, s *session, l *layout) ([]bound, error) {
	key := list(l.table.ident(d, ""))
	q := fmt.Sprintf("SELECT h, %s FROM (SELECT hashtextextended(%s, 0) AS h, %s FROM %s) AS t WHERE h & %d = 0 ORDER BY %s",
		key, d.keyText(l.table), key, l.table.from, 1<<cutBits-1, key)
	var out []bound
	err := s.each(ctx, q, nil, func(v []any) error {
		h, _ := v[0].(int64)
		out = append(out, bound{name: h >> cutBits & (1<<nameBits - 1), key: cloneVals(v[1:])})
		return nil
	})
	return out, err
}
