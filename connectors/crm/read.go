package crm

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"math"
	"slices"

	"github.com/cratio/sutra/connectors"
)

// errStop ends a query whose consumer wants no more.
var errStop = errors.New("stopped")

// Read yields the rows of a unit in the order of their numbers or keys.
func (s *source) Read(ctx context.Context, u connectors.Unit) iter.Seq2[connectors.Batch, error] {
	return func(yield func(connectors.Batch, error) bool) {
		err := s.during(ctx, s.why(u), func(ss *session, sc *schema) error {
			name, sp, err := parseUnit(u.Key)
			if err != nil {
				return err
			}
			l, err := s.opened(ctx, ss, sc, name)
			if err != nil {
				return err
			}
			e := s.emitter(ctx, l, yield)
			defer e.b.Release()
			e.gaps, e.notes = l.gaps(), s.openNotes(sc, l)
			if f, ok := s.d.(differ); ok {
				m, err := f.mark(ctx, ss, l, sp)
				if err != nil {
					return err
				}
				e.mark = m.String()
			}
			if e.print, err = s.print(ctx, ss, l, u, sp); err != nil {
				return err
			}
			q, args, err := s.rangeQuery(ctx, ss, l, sp)
			if err != nil {
				return err
			}
			if f, ok := s.d.(streamer); ok && e.plain() {
				err = f.stream(ctx, ss, e, sp)
			} else {
				err = ss.each(ctx, q, args, func(v []any) error { return e.add(l.newRow(v)) })
			}
			if err != nil {
				return err
			}
			if e.rows == 0 {
				return connectors.ErrNotFound
			}
			return e.flush()
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(connectors.Batch{}, fmt.Errorf("reading unit of source %s: %w", s.name, err))
		}
	}
}

// recurring is a dialect whose units are read in other states than they were listed in, and
// whose evidence is what stands in the rows: the same comes back with them.
type recurring interface {
	// listed is units for a caller that holds nothing of a table: it goes by what print says
	// of the units that it reads, so that nothing has to be known of them but that they hold
	// rows.
	listed(ctx context.Context, s *session, l *layout) ([]piece, error)
}

// print is the fingerprint of a unit in the state that a transaction sees; "" when it is the
// listed one, or the evidence never comes back. What was read would else go by the
// fingerprint of rows that were not read, and be taken for them once they are back.
func (s *source) print(ctx context.Context, ss *session, l *layout, u connectors.Unit, sp span) (string, error) {
	if _, ok := s.d.(recurring); !ok || u.Fingerprint == "" {
		return "", nil
	}
	stamp, err := s.d.stamp(ctx, ss)
	if err != nil {
		return "", err
	}
	evidence, err := s.d.evidence(ctx, ss, l, sp)
	if err != nil {
		return "", err
	}
	if now := s.unit(l, piece{span: sp, evidence: evidence}, stamp); now.Fingerprint != u.Fingerprint {
		return now.Fingerprint, nil
	}
	return "", nil
}

// gaps says which fields of the catalog are not in the table.
func (l *layout) gaps() []connectors.Gap {
	var out []connectors.Gap
	for _, m := range l.missing {
		out = append(out, connectors.Gap{Reason: fmt.Sprintf("field %q of the catalog is not in table %q", m, l.table.name)})
	}
	return out
}

// emitter turns rows into batches.
type emitter struct {
	l     *layout
	b     *connectors.Builder
	gaps  []connectors.Gap
	notes []string // to be counted for every row
	rows  int
	num   numbering
	ctx   context.Context
	pace  *pace
	mark  string // see connectors.Batch
	print string // see connectors.Batch
	since string // a condition that rows have to meet besides, "" for all rows
	cuts  []int  // after how many rows a batch ends at the latest, ascending
	yield func(connectors.Batch, error) bool
}

// streamer is a dialect with a faster way to read a span than through values.
type streamer interface {
	stream(ctx context.Context, s *session, e *emitter, sp span) error
}

// plain reports whether every field is a column by itself and names rows by them.
func (e *emitter) plain() bool { return len(e.l.joined) == 0 && len(e.l.key) > 0 }

func (s *source) emitter(ctx context.Context, l *layout, yield func(connectors.Batch, error) bool) *emitter {
	return &emitter{ctx: ctx, pace: s.pace, l: l, b: connectors.NewBuilder(s.mem, l.coll.Name, l.fields()), yield: yield}
}

func (e *emitter) add(r row) error {
	r = e.num.number(e.l, r)
	e.b.Row(e.l.locator(r))
	for i := range len(e.l.cols) + len(e.l.joined) {
		if t, ok := e.l.text(r, i); ok {
			e.b.Set(i, t)
		}
	}
	return e.added()
}

// added hands the batch on when the row that was added filled it.
func (e *emitter) added() error {
	e.rows++
	cut := len(e.cuts) > 0 && e.rows == e.cuts[0]
	if cut {
		e.cuts = e.cuts[1:]
	}
	if cut || e.b.Full() {
		return e.flush()
	}
	return nil
}

// flush hands the rows so far on; the batch is released when its consumer has
// come back.
func (e *emitter) flush() error {
	if e.b.Len() == 0 && len(e.gaps) == 0 {
		return nil
	}
	if err := e.pace.wait(e.ctx, e.b.Len()); err != nil {
		return err
	}
	batch := e.b.Flush()
	defer batch.Rows.Release()
	batch.Gaps, e.gaps, batch.Mark, batch.Fingerprint = e.gaps, nil, e.mark, e.print
	if len(e.notes) > 0 {
		batch.Notes = make(map[string]int, len(e.notes))
		for _, text := range e.notes {
			batch.Notes[text] = int(batch.Rows.NumRows())
		}
	}
	if !e.yield(batch, nil) {
		return errStop
	}
	return nil
}

// Pick yields the given rows of a unit. Rows that are gone are left out.
func (s *source) Pick(ctx context.Context, u connectors.Unit, refs []connectors.Ref) iter.Seq2[connectors.Batch, error] {
	return func(yield func(connectors.Batch, error) bool) {
		err := s.reading(ctx, func(ss *session, sc *schema) error {
			own, _, err := parseUnit(u.Key)
			if err != nil {
				return err
			}
			for name, locs := range groupRefs(own, refs) {
				l, err := s.opened(ctx, ss, sc, name)
				if err != nil {
					return err
				}
				if err := s.pick(ctx, ss, l, locs, yield); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(connectors.Batch{}, fmt.Errorf("picking records of source %s: %w", s.name, err))
		}
	}
}

func (s *source) pick(ctx context.Context, ss *session, l *layout, locs []string, yield func(connectors.Batch, error) bool) error {
	e := s.emitter(ctx, l, yield)
	defer e.b.Release()
	if err := s.lookup(ctx, ss, l, locs, func(_ string, r row) error { return e.add(r) }); err != nil {
		return err
	}
	return e.flush()
}

// groupRefs yields the locators of each collection, in the order of the refs.
func groupRefs(own string, refs []connectors.Ref) iter.Seq2[string, []string] {
	by := map[string][]string{}
	var order []string
	for _, r := range refs {
		name := r.Collection
		if name == "" {
			name = own
		}
		if _, ok := by[name]; !ok {
			order = append(order, name)
		}
		by[name] = append(by[name], r.Locator)
	}
	return func(yield func(string, []string) bool) {
		for _, n := range order {
			if !yield(n, slices.Compact(by[n])) {
				return
			}
		}
	}
}

// digest hashes every value of the unit's rows with its type.
func (s *source) digest(ctx context.Context, u connectors.Unit) (string, error) {
	h := sha256.New()
	err := s.reading(ctx, func(ss *session, sc *schema) error {
		name, sp, err := parseUnit(u.Key)
		if err != nil {
			return err
		}
		l, err := s.layout(sc, name)
		if err != nil {
			return err
		}
		put(h, l.meaning())
		q, args, err := s.rangeQuery(ctx, ss, l, sp)
		if err != nil {
			return err
		}
		return ss.each(ctx, q, args, func(v []any) error {
			for _, x := range v {
				put(h, x)
			}
			return nil
		})
	})
	if err != nil {
		return "", fmt.Errorf("hashing a unit of source %s: %w", s.name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// put writes a value with its type and length, so that no two rows hash alike.
func put(h hash.Hash, v any) {
	var b [9]byte
	head := func(tag byte, n uint64) {
		b[0] = tag
		binary.BigEndian.PutUint64(b[1:], n)
		h.Write(b[:])
	}
	switch x := v.(type) {
	case nil:
		head('n', 0)
	case int64:
		head('i', uint64(x))
	case float64:
		head('f', math.Float64bits(x))
	case []byte:
		head('b', uint64(len(x)))
		h.Write(x)
	default:
		t, _ := spell(v, false)
		if s, ok := v.(string); ok {
			t = s
		}
		head('s', uint64(len(t)))
		h.Write([]byte(t))
	}
}
