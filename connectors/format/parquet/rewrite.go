package parquet

import (
	"context"
	"fmt"
	"io"

	"github.com/cratio/sutra/connectors/format"
)

const copyBuffer = 1 << 20

// Rewrite implements [format.Codec]. It copies what the edits do not touch,
// re-encodes the pages they do touch, and patches the footer; a row group that
// loses all its rows goes. When it returns an error, what it wrote to w is no
// file.
func (c *codec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (left int, err error) {
	f, err := c.open(in)
	if err != nil {
		return 0, err
	}
	rw := &rewriter{codec: c, f: f, w: &counter{w: w}, buf: make([]byte, copyBuffer)}
	err = safely(func() error { return rw.plan(ctx, edits) })
	if err != nil {
		return 0, fmt.Errorf("planning the rewrite of the Parquet file: %w", err)
	}
	if err := safely(func() error { return rw.run(ctx) }); err != nil {
		return 0, fmt.Errorf("rewriting the Parquet file: %w", err)
	}
	return int(rw.rows), nil
}

type rewriter struct {
	codec  *codec
	f      *file
	plans  []*groupPlan
	w      *counter
	buf    []byte
	any    bool
	rows   int64 // of the new file
	groups []record
	moved  [][]*moved
}

// plan decides for every group what happens to it and counts the outcome.
func (rw *rewriter) plan(ctx context.Context, edits *format.Edits) error {
	all := *rw.codec
	all.only = nil // a redaction looks at every column
	cols := all.columns(rw.f.root)
	for i, g := range rw.f.groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := rw.codec.plan(ctx, rw.f, g, cols, edits)
		if err != nil {
			return fmt.Errorf("row group %d: %w", i+1, err)
		}
		for range p.dropped {
			edits.Deleted()
		}
		for range p.changed {
			edits.Redacted()
		}
		rw.any = rw.any || p.touched()
		rw.rows += g.rows - p.dropped
		rw.plans = append(rw.plans, p)
	}
	return nil
}

func (rw *rewriter) run(ctx context.Context) error {
	if !rw.any {
		return rw.f.copyRange(rw.w, 0, rw.f.size, rw.buf)
	}
	if _, err := io.WriteString(rw.w, "PAR1"); err != nil {
		return err
	}
	for i, g := range rw.f.groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := rw.plans[i]
		if p.touched() && p.dropped == g.rows {
			continue
		}
		if err := rw.group(g, p); err != nil {
			return fmt.Errorf("row group %d: %w", i+1, err)
		}
	}
	if err := rw.indexes(); err != nil {
		return err
	}
	return rw.footer()
}

// group writes the chunks of a group and notes its new metadata.
func (rw *rewriter) group(g *group, p *groupPlan) error {
	if g.bad != nil {
		return fmt.Errorf("its columns cannot be copied: %w", g.bad)
	}
	start := rw.w.n
	list := make([]*moved, len(g.chunks))
	whole := !p.touched() && rw.f.alone(g)
	lo, hi := g.span()
	if whole && lo >= 0 {
		if err := rw.f.copyRange(rw.w, lo, hi-lo, rw.buf); err != nil {
			return err
		}
	}
	for i := range g.chunks {
		ch := &g.chunks[i]
		m := &moved{group: len(rw.groups), old: ch}
		list[i] = m
		if p.dropped > 0 || p.leaves[i] != nil {
			if err := rw.cut(m, g, p); err != nil {
				return err
			}
			continue
		}
		m.delta = start - lo
		if !whole {
			m.delta = rw.w.n - ch.start
			if err := rw.f.copyRange(rw.w, ch.start, ch.size, rw.buf); err != nil {
				return err
			}
		}
		if ch.size == 0 {
			m.delta = 0
		}
		m.rec = shifted(ch, m.delta)
		if err := rw.f.sidecars(m); err != nil {
			return err
		}
	}
	rw.moved = append(rw.moved, list)
	rw.groups = append(rw.groups, rw.groupRecord(g, p, list, start))
	return nil
}

func (rw *rewriter) cut(m *moved, g *group, p *groupPlan) error {
	c := &cutter{leaf: m.old.leaf, codec: m.old.codec, drop: p.drop, edits: p.leaves[m.old.leaf.index]}
	if err := c.load(rw.f, m.old, g.rows); err != nil {
		return err
	}
	w, err := c.write(rw.w)
	if err != nil {
		return err
	}
	m.cut, m.rec = w, recut(m.old, w)
	return rw.f.sidecars(m)
}

// groupRecord is the new RowGroup, without its columns.
func (rw *rewriter) groupRecord(g *group, p *groupPlan, list []*moved, start int64) record {
	rec := g.rec.clone()
	var size, packed int64
	for i, m := range list {
		if m.cut != nil {
			size, packed = size+m.cut.unpack, packed+m.cut.size
		} else {
			size, packed = size+m.old.meta.int(6, 0), packed+m.old.size
		}
		if p.leaves[i] != nil && g.sortedBy(i) {
			rec.drop(4)
		}
	}
	if p.touched() {
		rec.setInt(2, tI64, size)
		rec.setInt(3, tI64, g.rows-p.dropped)
		if rec.has(6) {
			rec.setInt(6, tI64, packed)
		}
	}
	if rec.int(5, 0) > 0 {
		rec.setInt(5, tI64, start)
	}
	if rec.has(7) {
		rec.setInt(7, tI16, int64(len(rw.groups)))
	}
	return rec
}

// indexes writes bloom filters, column indexes and offset indexes, each kind
// together and in the order of the chunks: readers fetch them in one go.
func (rw *rewriter) indexes() error {
	put := func(b []byte, at, length int16, rec *record, always bool) error {
		if len(b) == 0 {
			rec.drop(at, length)
			return nil
		}
		rec.setInt(at, tI64, rw.w.n)
		if always || rec.has(length) {
			rec.setInt(length, tI32, int64(len(b)))
		}
		_, err := rw.w.Write(b)
		return err
	}
	for _, kind := range []int{0, 1, 2} {
		for _, list := range rw.moved {
			for _, m := range list {
				var err error
				switch kind {
				case 0:
					if m.bloom != nil {
						meta := m.rec.sub(3)
						err = put(m.bloom, 14, 15, &meta, false)
						m.rec.set(3, tStruct, meta.encode(nil))
					}
				case 1:
					err = put(m.columns, 6, 7, &m.rec, true)
				default:
					err = put(m.offsets, 4, 5, &m.rec, true)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// footer writes the old footer with other row groups and another row count.
func (rw *rewriter) footer() error {
	foot := rw.f.footer.clone()
	var groups [][]byte
	for i, rec := range rw.groups {
		var cols [][]byte
		for _, m := range rw.moved[i] {
			cols = append(cols, m.rec.encode(nil))
		}
		rec.setList(1, tStruct, cols)
		groups = append(groups, rec.encode(nil))
	}
	foot.setInt(3, tI64, rw.rows)
	foot.setList(4, tStruct, groups)
	_, err := rw.w.Write(endMark(foot.encode(nil)))
	return err
}
