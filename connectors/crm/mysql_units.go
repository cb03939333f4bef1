package crm

import (
	"context"
	"fmt"
	"strings"
)

// stamp is empty: every range has evidence of its own.
func (d *mysql) stamp(context.Context, *session) (string, error) { return "", nil }

// unread is the evidence of a range that was not looked into.
const unread = "not looked into"

// listed implements recurring.
func (d *mysql) listed(ctx context.Context, s *session, l *layout) ([]piece, error) {
	out, err := d.cut(ctx, s, l, "COUNT(*), 0", func(sp span) (string, int64, error) {
		where, args, err := d.within(ctx, s, l, sp)
		if err != nil {
			return "", 0, err
		}
		some, err := s.one(ctx, "SELECT 1 FROM "+l.table.from+" WHERE "+where+" LIMIT 1", args...)
		return "", int64(len(some)), err
	})
	for i := range out {
		out[i].evidence, out[i].rows = unread, 0
	}
	return out, err
}

// all is the expression of all columns of a row as one text. Long values stand by
// their digest, because a text has a greatest length on the server.
func (d *mysql) all(t *table, prefix string) string {
	cols := make([]string, len(t.columns))
	for i, c := range t.columns {
		q := prefix + d.quote(c.name)
		if c.kind == kindText && c.size > 0 && c.size <= 1000 || c.kind != kindText && c.kind != kindBytes && c.kind != kindJSON && c.kind != kindOther {
			cols[i] = "QUOTE(CAST(" + q + " AS BINARY))"
		} else {
			cols[i] = "COALESCE(MD5(" + q + "), '')"
		}
	}
	return "CONCAT_WS('#', " + list(cols) + ")"
}

// hash is the expression of a digest of all columns of a row.
func (d *mysql) hash(t *table, prefix string) string { return "MD5(" + d.all(t, prefix) + ")" }

// contents is what a range is compared by: the number of rows and the sum of a
// digest of each, over all its columns. A column that the server stamps at every change
// would be cheaper to look at, and does not tell of a change whose author set it too, or
// that waited for another one which began within the same tick.
func (d *mysql) contents(t *table) string {
	return "COUNT(*), COALESCE(SUM(CAST(CONV(LEFT(" + d.hash(t, "") + ", 16), 16, 10) AS UNSIGNED)), 0)"
}

func (d *mysql) units(ctx context.Context, s *session, l *layout) ([]piece, error) {
	return d.cut(ctx, s, l, d.contents(l.table), func(sp span) (string, int64, error) { return d.look(ctx, s, l, sp) })
}

// cut lists the ranges of a table that hold rows. What is asked of those of whole numbers
// is the expressions of a tally, of each other one what look finds.
func (d *mysql) cut(ctx context.Context, s *session, l *layout, asked string, look func(sp span) (evidence string, rows int64, err error)) ([]piece, error) {
	if l.table.ordinal {
		return d.ordinalUnits(ctx, s, l, asked)
	}
	spans, err := d.sp.spans(ctx, s, l)
	if err != nil {
		return nil, err
	}
	var out []piece
	for _, sp := range spans {
		e, rows, err := look(sp)
		if err != nil {
			return nil, err
		}
		if rows > 0 {
			out = append(out, piece{span: sp, evidence: e})
		}
	}
	return out, nil
}

// ordinalUnits counts a table in one pass.
func (d *mysql) ordinalUnits(ctx context.Context, s *session, l *layout, asked string) ([]piece, error) {
	id := d.quote(l.table.pk[0])
	if c := l.table.column(l.table.pk[0]); c.unsigned && c.size == 8 {
		id = "LEAST(" + id + ", 9223372036854775807)"
	}
	id = "CAST(" + id + " AS SIGNED)"
	low, high, some, err := s.ends(ctx, id, l.table.from)
	if err != nil || !some {
		return nil, err
	}
	width := startWidth(low, high)
	bucket := fmt.Sprintf("%[1]s DIV %[2]d - CASE WHEN %[1]s %% %[2]d <= 0 THEN 1 ELSE 0 END", id, width) // see aligned
	counts := map[int64]tally{}
	err = s.each(ctx, "SELECT "+bucket+", "+asked+" FROM "+l.table.from+" GROUP BY 1", nil, func(v []any) (err error) {
		k, _ := v[0].(int64)
		counts[k], err = tallyOf(v[1:])
		return err
	})
	if err != nil {
		return nil, err
	}
	return ordinalPieces(widened(counts, width)), nil
}

// look takes the evidence of one span.
func (d *mysql) look(ctx context.Context, s *session, l *layout, sp span) (string, int64, error) {
	where, args, err := d.within(ctx, s, l, sp)
	if err != nil {
		return "", 0, err
	}
	var t tally
	err = s.each(ctx, "SELECT "+d.contents(l.table)+" FROM "+l.table.from+" WHERE "+where, args, func(v []any) (err error) {
		t, err = tallyOf(v)
		return err
	})
	return t.String(), t.rows, err
}

func (d *mysql) evidence(ctx context.Context, s *session, l *layout, sp span) (string, error) {
	e, _, err := d.look(ctx, s, l, sp)
	return e, err
}

func (d *mysql) within(ctx context.Context, s *session, l *layout, sp span) (string, []any, error) {
	if l.table.ordinal {
		return ordinalCond(d.quote(l.table.pk[0]), sp), nil, nil
	}
	lo, hi, err := d.sp.ends(ctx, s, l, sp)
	if err != nil {
		return "", nil, err
	}
	cond, args := []string{"1 = 1"}, []any(nil)
	if lo != nil {
		c, a := d.after(l.table, lo)
		cond, args = append(cond, c), append(args, a...)
	}
	if hi != nil {
		c, a := d.after(l.table, hi)
		cond, args = append(cond, "NOT "+c), append(args, a...)
	}
	return strings.Join(cond, " AND "), args, nil
}

// after is the condition that a key is not before another: servers use an index for
// it only when it is written out column by column.
func (d *mysql) after(t *table, key []any) (string, []any) {
	var cond string
	var args []any
	for i := len(t.pk) - 1; i >= 0; i-- {
		q := d.quote(t.pk[i])
		if cond == "" {
			cond, args = q+" >= ?", []any{key[i]}
			continue
		}
		cond, args = q+" >= ? AND ("+q+" > ? OR "+cond+")", append([]any{key[i], key[i]}, args...)
	}
	return "(" + cond + ")", args
}

// boundaries finds the cuts of a table.
func (d *mysql) boundaries(ctx context.Context, s *session, l *layout) ([]bound, error) {
	key := list(l.table.ident(d, ""))
	parts := make([]string, len(l.table.pk))
	for i, n := range l.table.pk {
		parts[i] = "CAST(" + d.quote(n) + " AS BINARY)"
	}
	digest := "CRC32(CONCAT_WS('#', " + list(parts) + "))"
	q := fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s & %d = 0 ORDER BY %s", digest, key, l.table.from, digest, 1<<cutBits-1, key)
	var out []bound
	err := s.each(ctx, q, nil, func(v []any) error {
		h, _ := v[0].(int64)
		out = append(out, bound{name: h >> cutBits & (1<<nameBits - 1), key: cloneVals(v[1:])})
		return nil
	})
	return out, err
}
