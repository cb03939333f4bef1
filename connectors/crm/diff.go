package crm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// differ is a dialect that can tell which rows of a span changed.
type differ interface {
	streamer
	// mark names the state that the transaction sees; the zero mark when the rows of the
	// table do not tell when they were written.
	mark(ctx context.Context, s *session, l *layout, sp span) (mark, error)
	// changed is the condition that every row meets which was written after a state and
	// is seen by the transaction.
	changed(from mark) string
	// unitsSince is units for a caller that holds something, or said that it holds
	// nothing; nil when it did not say. It tells besides, where it can, which rows were
	// written since.
	unitsSince(ctx context.Context, s *session, l *layout, x *expected) ([]piece, error)
}

// mark is a state of a table. In one history the transactions have numbers that ascend
// and are never given twice.
type mark struct {
	history string // hashed: everything that has to be the same for the numbers to be comparable
	open    uint64 // every transaction before this one is over, and what it wrote is seen
	next    uint64 // no transaction from this one on is seen

	snapshot string // which transactions are seen, as the server spells it; not a part of String
}

// String spells what Diff has to be told later; "" for the zero mark.
func (m mark) String() string {
	if m.history == "" {
		return ""
	}
	return fmt.Sprintf("x1 %d %s", m.open, m.history)
}

// parseMark undoes String, but for next.
func parseMark(text string) (m mark, ok bool) {
	parts := strings.Split(text, " ")
	if len(parts) != 3 || parts[0] != "x1" || parts[2] == "" {
		return m, false
	}
	n, err := strconv.ParseUint(parts[1], 10, 64)
	return mark{history: parts[2], open: n}, err == nil
}

// farthest is how many transactions may lie between two states. Rows hold only 32 bits
// of the number: half of all numbers are older than a given one and half are younger.
const farthest = 1<<31 - 100_000_000

// follows reports whether every row that was written between two states is known by
// the 32 bits that it holds.
func (m mark) follows(from mark) bool {
	return m.history != "" && m.history == from.history && from.open <= m.open && m.open <= m.next && m.next-from.open < farthest
}

// Diff implements [connectors.Differ].
func (s *source) Diff(ctx context.Context, u connectors.Unit, since string) iter.Seq2[connectors.Batch, error] {
	return func(yield func(connectors.Batch, error) bool) {
		if d := s.deltas.of(u, since); d != nil {
			if done := s.told(ctx, d, yield); done {
				return
			}
		}
		err := s.during(ctx, s.whyDiff(u), func(ss *session, sc *schema) error {
			d, able := s.d.(differ)
			from, ok := parseMark(since)
			name, sp, err := parseUnit(u.Key)
			if err != nil {
				return err
			}
			l, err := s.layout(sc, name)
			if err != nil {
				return err
			}
			if !able || !ok || len(l.gaps()) > 0 {
				return connectors.ErrWhole
			}
			to, err := d.mark(ctx, ss, l, sp)
			if err != nil {
				return err
			}
			if !to.follows(from) {
				return connectors.ErrWhole
			}
			rows := s.counted(ss, u)
			if rows == 0 {
				if rows, err = s.count(ctx, ss, l, sp); err != nil {
					return err
				}
			}
			if !yield(connectors.Batch{Collection: l.coll.Name, Mark: to.String(), Records: int(rows)}, nil) {
				return errStop
			}
			e := s.emitter(ctx, l, yield)
			defer e.b.Release()
			e.notes, e.mark, e.since = s.openNotes(sc, l), to.String(), d.changed(from)
			if err := d.stream(ctx, ss, e, sp); err != nil {
				return err
			}
			return e.flush()
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(connectors.Batch{}, fmt.Errorf("comparing a unit of source %s: %w", s.name, err))
		}
	}
}

// count counts the rows of a span; none is [connectors.ErrNotFound].
func (s *source) count(ctx context.Context, ss *session, l *layout, sp span) (int64, error) {
	where, args, err := s.d.within(ctx, ss, l, sp)
	if err != nil {
		return 0, err
	}
	text, err := ss.one(ctx, "SELECT count(*) FROM "+l.table.from+" WHERE "+where, args...)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errors.New("the server's count is no number")
	}
	if n == 0 {
		return 0, connectors.ErrNotFound
	}
	return n, nil
}

// tellable reports whether a layout's rows have locators of their own that no other
// column goes into, so that a row that changed is told from one that did not.
func (l *layout) tellable() bool {
	if l.table.keyless || len(l.key) == 0 || len(l.key) != len(l.table.pk) || len(l.joined) > 0 {
		return false
	}
	for _, i := range l.key {
		if !contains(l.table.pk, l.cols[i].name) {
			return false
		}
	}
	return true
}
