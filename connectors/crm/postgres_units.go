package crm

import (
	"context"
	"fmt"
	"strings"
)

// stamp names the run of the server, in which no number of a transaction is given twice: the
// evidence of the ranges is made of those numbers. After a backup was restored, a disk was
// taken back or commits were lost in a crash, other rows may bear the same ones. A standby
// has none: it bears the numbers of its primary, and there may be several of it.
func (d *postgres) stamp(ctx context.Context, s *session) (string, error) {
	return s.one(ctx, "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE "+runOf+" END")
}

// runOf is the expression of a run of the server. Recovering from a crash resets its
// statistics.
const runOf = `concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()), extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()), left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))`

// digestOf is the expression of a digest of a row's identity and version. Every
// change of a row writes a new version with the number of the transaction that made
// it (xmin), so that two equal sums mean equal rows without a look at the values.
func (d *postgres) digestOf(l *layout) string {
	switch {
	case l.table.ordinal:
		return "hashint8extended(" + d.quote(l.table.pk[0]) + "::bigint, " + versionOf + ")"
	case l.table.keyless:
		return "hashtextextended(ctid::text, " + versionOf + ")"
	}
	return "hashtextextended(" + d.keyText(l.table) + ", " + versionOf + ")"
}

// versionOf is xmin as a number. The only cast from one to the other goes through
// text, which takes longer than all the rest; age is the distance from a number that
// stays the same during a transaction, modulo 2^32. A row that was frozen by a server
// older than 9.4 has xmin 2, which has no age.
const versionOf = "CASE WHEN xmin = '2' THEN 2 ELSE ((SELECT age('3'::xid)::bigint + 3) - age(xmin)) & 4294967295 END"

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
	return d.unitsSince(ctx, s, l, nil)
}

// unitsSince implements differ. Only tables that are counted in one pass are told of.
func (d *postgres) unitsSince(ctx context.Context, s *session, l *layout, x *expected) ([]piece, error) {
	if l.table.ordinal {
		return d.ordinalUnits(ctx, s, l, x)
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
