package crm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
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
			out = append(out, piece{sp, t.String()})
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
		out = append(out, piece{aligned(n, width), t.String()})
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

func (d *postgres) standing(ctx context.Context, s *session, l *layout, spans []span) ([]standing, error) {
	if !l.table.ordinal {
		return standEach(spans, func(sp span) (string, bool, error) {
			t, err := d.tally(ctx, s, l, sp)
			return t.String(), t.rows > 0, err
		})
	}
	out := make([]standing, 0, len(spans))
	for some := range slices.Chunk(spans, standingSpans) {
		more, err := d.standingOrdinal(ctx, s, l, some)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// standingSpans is how many ranges one statement looks at.
const standingSpans = 100

// standingOrdinal looks at ranges of a table whose key is one integer. The ranges come
// as a table of their own: each is reached over the index of the key, where the planner
// would go through the whole table for one that is written out.
func (d *postgres) standingOrdinal(ctx context.Context, s *session, l *layout, spans []span) ([]standing, error) {
	var los, his []string
	for _, sp := range spans {
		lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
		if sp.lo != nil {
			lo = *sp.lo
		}
		if sp.hi != nil {
			hi = *sp.hi - 1
		}
		los, his = append(los, strconv.FormatInt(lo, 10)), append(his, strconv.FormatInt(hi, 10))
	}
	q := "SELECT t.n, t.h FROM unnest(?::bigint[], ?::bigint[]) WITH ORDINALITY AS r(lo, hi, k) CROSS JOIN LATERAL (SELECT count(*) AS n, sum(" + d.digestOf(l) + ")::text AS h FROM " +
		l.table.from + " WHERE " + d.quote(l.table.pk[0]) + " BETWEEN r.lo AND r.hi) AS t ORDER BY r.k"
	var out []standing
	err := s.each(ctx, q, []any{arrayText(los), arrayText(his)}, func(v []any) error {
		t, err := tallyOf(v)
		out = append(out, standing{found: true, rows: t.rows > 0, evidence: t.String()})
		return err
	})
	if err == nil && len(out) != len(spans) {
		err = fmt.Errorf("%d ranges answered instead of %d", len(out), len(spans))
	}
	return out, err
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
