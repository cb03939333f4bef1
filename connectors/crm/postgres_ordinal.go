package crm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
)

// counting is what a pass over a table with one integer key finds, by aligned range of
// the width.
type counting struct {
	width  int64
	bucket string // the expression of the range of a key k

	mu     sync.Mutex
	counts map[int64]tally
	rows   []int64 // keys of rows that were written since a state
	many   bool    // they were too many to keep
}

// manyChanged bounds the keys that are kept: 8 bytes each.
const manyChanged = 2 << 20

// ordinalUnits counts a table in one pass, and collects the keys of the rows that were
// written since a state if that can be told.
func (d *postgres) ordinalUnits(ctx context.Context, s *session, l *layout, x *expected) ([]piece, error) {
	id := d.quote(l.table.pk[0])
	low, high, some, err := s.ends(ctx, id, l.table.from)
	if err != nil || !some {
		return nil, err
	}
	if out, ok, err := d.quickUnits(ctx, s, l, x, low, high); err != nil || ok {
		return out, err
	}
	if out, ok, err := d.freshUnits(ctx, s, l, x, low, high); err != nil || ok {
		return out, err
	}
	told, since := false, mark{}
	if s.state != "" && x != nil && x.most.history != "" {
		since = x.most
		to, err := d.mark(ctx, s, l, span{})
		if err != nil {
			return nil, err
		}
		told = to.follows(since)
	}
	c := &counting{width: startWidth(low, high), counts: map[int64]tally{}}
	c.bucket = fmt.Sprintf("(k - 1) / %d", c.width)
	if low < 1 { // division goes towards zero; see aligned
		c.bucket = fmt.Sprintf("k / %d - CASE WHEN k %% %d <= 0 THEN 1 ELSE 0 END", c.width, c.width)
	}
	cols, from := id+"::bigint AS k, "+d.digestOf(l)+" AS h", ""
	if told {
		cols, from = cols+", "+d.changed(since)+" AS c", ", array_agg(k) FILTER (WHERE c)"
	}
	// The server takes every key for a range of its own, and would rather sort them all.
	q := "SET LOCAL enable_sort = off; SELECT " + c.bucket + ", count(*), sum(h)::text" + from + " FROM (SELECT " + cols + " FROM " + l.table.from +
		" WHERE %s) AS t GROUP BY 1; SET LOCAL enable_sort TO DEFAULT"
	err = d.inParts(ctx, s, l, d.part, func(s *session, where string) error {
		return s.each(ctx, strings.Replace(q, "%s", where, 1), nil, c.add)
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(c.rows)
	counts, width := widened(c.counts, c.width)
	out := ordinalPieces(counts, width)
	for i := range out {
		if told && !c.many {
			out[i].since, out[i].changed = since, keysIn(c.rows, out[i].span)
		}
	}
	return out, nil
}

// add takes one range of one part of the table.
func (c *counting) add(v []any) error {
	k, _ := v[0].(int64)
	t, err := tallyOf(v[1:])
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[k] = c.counts[k].add(t)
	if len(v) < 4 || v[3] == nil {
		return nil
	}
	text, _ := v[3].(string)
	if c.many = c.many || len(c.rows) > manyChanged; c.many {
		c.rows = nil
		return nil
	}
	for part := range strings.SplitSeq(strings.Trim(text, "{}"), ",") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return fmt.Errorf("the server's list of keys holds what is no number")
		}
		c.rows = append(c.rows, n)
	}
	return nil
}

// keysIn returns the part of sorted keys that a span holds.
func keysIn(keys []int64, sp span) []int64 {
	if sp.hi != nil {
		i, _ := slices.BinarySearch(keys, *sp.hi)
		keys = keys[:i]
	}
	if sp.lo != nil {
		i, _ := slices.BinarySearch(keys, *sp.lo)
		keys = keys[i:]
	}
	return keys
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

const (
	// partBlocks is how many blocks of a table are counted at a time: 64 MiB.
	partBlocks = 8192
	// rangesFrom is the first version of the server that goes to a range of blocks
	// instead of looking at all of them.
	rangesFrom = 14
)

// inParts calls fn with conditions that together select every row of a table once, one
// at a time on the session and on others that see the same state. Those take only
// connections that are free: the work is done without them too. The end of the table comes
// first: the rows that were written lately mostly stand there, and take the most time.
func (d *postgres) inParts(ctx context.Context, s *session, l *layout, blocks int64, fn func(s *session, where string) error) error {
	parts, err := d.parts(ctx, s, l, blocks)
	if err != nil {
		return err
	}
	var next atomic.Int64
	work := func(s *session) error {
		for {
			i := len(parts) - int(next.Add(1))
			if i < 0 {
				return nil
			}
			if err := fn(s, parts[i]); err != nil {
				return err
			}
		}
	}
	var group errgroup.Group
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	for range min(d.readers, len(parts)) - 1 {
		group.Go(func() error {
			other, err := d.begin(waiting, readingIn(s.state))
			if err != nil {
				return nil // there is no connection, or nothing is left to do: the first reader does it all
			}
			err = work(other)
			if eerr := other.end(ctx); err == nil {
				err = eerr
			}
			return err
		})
	}
	if err = work(s); err != nil {
		next.Store(int64(len(parts))) // for nobody
	}
	stop()
	if gerr := group.Wait(); err == nil {
		err = gerr
	}
	return err
}

// parts cuts a table into runs of about so many blocks, the last part being open: rows that are added
// meanwhile are not seen anyway.
func (d *postgres) parts(ctx context.Context, s *session, l *layout, each int64) ([]string, error) {
	all := []string{"1 = 1"}
	if s.state == "" || serverMajor(s.conn.(pgSession).c) < rangesFrom {
		return all, nil
	}
	text, err := s.one(ctx, fmt.Sprintf("SELECT pg_relation_size(%d) / current_setting('block_size')::bigint", l.table.oid))
	if err != nil {
		return nil, err
	}
	blocks, err := strconv.ParseInt(text, 10, 64)
	n := blocks / each
	if err != nil || n < 2 {
		return all, nil // one that lies in no file of its own has no size
	}
	var out []string
	for i := range n {
		where := fmt.Sprintf("ctid >= '(%d,0)'", i*blocks/n)
		if i < n-1 {
			where += fmt.Sprintf(" AND ctid < '(%d,0)'", (i+1)*blocks/n)
		}
		out = append(out, where)
	}
	return out, nil
}

// serverMajor is the first number of the server's version, 0 when it does not say.
func serverMajor(c *pgconn.PgConn) int {
	v := c.ParameterStatus("server_version")
	if i := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		v = v[:i]
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0
	}
	return n
}
