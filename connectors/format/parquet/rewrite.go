package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/cratio/sutra/connectors/format"
)

// Rewrite implements [format.Codec]. It copies what the edits do not touch,
// re-encodes the pages they do touch, and patches the footer; a row group that
// loses all its rows goes. When it returns an error, what it wrote to w is no
// file.
func (c *codec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (left int, err error) {
	f, err := c.open(in)
	if err != nil {
		return 0, err
	}
	rw := &rewriter{codec: c, f: f, mem: &spares{}, out: &output{in: in, w: w}, erased: map[string]bool{}}
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
	codec    *codec
	f        *file
	plans    []*groupPlan
	out      *output
	mem      *spares
	any      bool
	kept     bool  // the last part was a chunk that stays
	rows     int64 // of the new file
	groups   []*movedGroup
	whole    map[*leaf]bool  // columns whose dictionaries may hold what no row has
	personal map[*leaf]bool  // columns whose values are looked for in the metadata
	erased   map[string]bool // values that were taken out of them
}

// plan decides for every group what happens to it and counts the outcome.
func (rw *rewriter) plan(ctx context.Context, edits *format.Edits) error {
	all := *rw.codec
	all.only = nil // a redaction looks at every column
	cols := all.columns(rw.f, false)
	rw.personal, rw.whole = personalLeaves(cols), rw.f.wholeDicts()
	rows := wanted(rw.codec.cat.Name, rw.f, edits)
	for i, g := range rw.f.groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := rw.codec.plan(ctx, rw.f, g, cols, rows[g])
		if err != nil {
			return fmt.Errorf("row group %d: %w", i+1, err)
		}
		for range p.drop {
			edits.Deleted()
		}
		for range p.changed {
			edits.Redacted()
		}
		rw.any = rw.any || p.touched()
		rw.rows += g.rows - int64(len(p.drop))
		rw.plans = append(rw.plans, p)
	}
	rw.forget(edits)
	return nil
}

func (rw *rewriter) run(ctx context.Context) error {
	if !rw.any {
		return format.CopyRange(rw.out.in, rw.out.w, 0, rw.f.size)
	}
	var list [][]*moved
	for i, g := range rw.f.groups {
		p := rw.plans[i]
		mg := &movedGroup{old: g, plan: p, goes: p.touched() && int64(len(p.drop)) == g.rows}
		if g.bad != nil {
			return fmt.Errorf("row group %d: its columns cannot be copied: %w", i+1, g.bad)
		}
		for k := range g.chunks {
			ch := &g.chunks[k]
			m := &moved{old: ch, group: mg, number: i + 1, touched: len(p.drop) > 0 || p.leaves[k] != nil}
			if !m.touched {
				var err error
				if m.touched, err = rw.idle(ch); err != nil {
					return fmt.Errorf("row group %d: %w", i+1, err)
				}
			}
			if ch.size == 0 && !m.touched {
				m.rec = shifted(ch, 0)
			}
			mg.chunks = append(mg.chunks, m)
		}
		list = append(list, mg.chunks)
		if !mg.goes {
			rw.groups = append(rw.groups, mg)
		}
	}
	parts, err := rw.f.segments(list)
	if err != nil {
		return err
	}
	if err := rw.write(ctx, parts); err != nil {
		return err
	}
	return rw.footer()
}

// Bounds of the work that goes on at once: chunks larger than heldChunk are
// rewritten alone and straight into the new file, smaller ones side by side in
// memory.
const (
	heldChunk = 16 << 20
	heldBytes = 32 << 20
)

// write writes the magic and the parts of the new file. Touched chunks are cut on
// all cores; their results wait in memory for their turn.
func (rw *rewriter) write(ctx context.Context, parts []segment) error {
	if err := rw.out.copy(0, 4); err != nil {
		return err
	}
	eg, ctx := errgroup.WithContext(ctx)
	room := semaphore.NewWeighted(heldBytes)
	for i := range parts {
		if m := parts[i].m; parts[i].side == data && m.touched && !m.group.goes && m.old.size <= heldChunk {
			m.ready = make(chan struct{})
		}
	}
	eg.Go(func() error { return rw.cutAll(ctx, parts, room) })
	eg.Go(func() error {
		return safely(func() error {
			for i := range parts {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := rw.part(ctx, &parts[i], room); err != nil {
					return fmt.Errorf("row group %d: %w", parts[i].m.number, err)
				}
			}
			return nil
		})
	})
	if err := eg.Wait(); err != nil {
		return err
	}
	return rw.out.flush()
}

// cutAll cuts the touched chunks in the order in which they are written. Each core has one
// goroutine for all of them, whose stack grows once.
func (rw *rewriter) cutAll(ctx context.Context, parts []segment, room *semaphore.Weighted) error {
	eg, ctx := errgroup.WithContext(ctx)
	todo := make(chan *moved)
	for range runtime.GOMAXPROCS(0) {
		eg.Go(func() error {
			for m := range todo {
				if err := safely(func() error { return rw.cut(m, true, nil) }); err != nil {
					return fmt.Errorf("row group %d: %w", m.number, err)
				}
				close(m.ready)
			}
			return nil
		})
	}
	var last *movedGroup
	for i := range parts {
		m := parts[i].m
		if parts[i].side != data || m.ready == nil {
			continue
		}
		if m.group != last {
			last = m.group
			if err := rw.prefetch(last.old); err != nil {
				close(todo)
				return errors.Join(fmt.Errorf("row group %d: %w", m.number, err), eg.Wait())
			}
		}
		if room.Acquire(ctx, m.weight()) != nil {
			break // the other side failed, or the context ended
		}
		select {
		case todo <- m:
		case <-ctx.Done():
		}
	}
	close(todo)
	return eg.Wait()
}

// usualPage is about how large writers make pages, in bytes.
const usualPage = 1 << 20

// prefetch fetches a group at once whose chunks have hardly more than one page each: a row
// in it touches most of its bytes.
func (rw *rewriter) prefetch(g *group) error {
	lo, hi := g.span()
	if hi-lo > int64(len(g.chunks))*usualPage {
		return nil
	}
	return format.Prefetch(rw.f.r, lo, hi-lo)
}

func (m *moved) weight() int64 { return max(m.old.size, 1<<20) }

// cut rewrites a chunk: into memory, or piece by piece into put.
func (rw *rewriter) cut(m *moved, hold bool, put func(piece) error) error {
	p := m.group.plan
	c := &cutter{f: rw.f, ch: m.old, leaf: m.old.leaf, codec: m.old.codec, rows: m.group.old.rows,
		drop: p.drop, edits: p.leaves[m.old.leaf.index], hold: hold, whole: rw.whole[m.old.leaf], work: rw.codec.work, mem: rw.mem, scratch: scratches.Get().(*scratch)}
	defer scratches.Put(c.scratch)
	if rw.personal[m.old.leaf] {
		c.erased = func(v []byte) { m.erased = append(m.erased, string(c.leaf.appendText(nil, v))) }
	}
	if err := c.prepare(); err != nil {
		return err
	}
	var list []piece
	if put == nil {
		put = func(p piece) error { list = append(list, p); return nil }
	}
	w, err := c.emit(put)
	if err != nil {
		return err
	}
	w.list = list
	old, err := rw.f.bloom(m.old)
	if err != nil {
		return err
	}
	m.cut = w
	return c.finish(w, old)
}

// part writes one part of the new file.
func (rw *rewriter) part(ctx context.Context, s *segment, room *semaphore.Weighted) error {
	m := s.m
	if s.side != data || m.touched {
		rw.kept = false
	}
	if m.group.goes {
		return rw.leave(s)
	}
	switch {
	case s.side == data && m.touched:
		return rw.chunk(ctx, m, room)
	case s.side == data:
		rw.gap(s)
		m.delta = rw.out.n - s.off
		m.rec = shifted(m.old, m.delta)
		rw.kept = true
		return rw.out.copy(s.off, s.n)
	case s.side == bloomFilter:
		meta := m.rec.sub(3)
		n := s.n
		if m.touched && m.cut.filter != nil {
			n = int64(len(m.cut.filter))
		}
		if n == 0 {
			return nil
		}
		meta.setInt(14, tI64, rw.out.n)
		if m.old.meta.has(15) {
			meta.setInt(15, tI32, n)
		}
		m.rec.set(3, tStruct, meta.encode(nil))
		return rw.sidecar(s, m.touched && m.cut.filter != nil, func() []byte { return m.cut.filter })
	case s.side == columnIndex && m.touched:
		return rw.index(&m.rec, 6, m.cut.index)
	case s.side == columnIndex:
		m.rec.setInt(6, tI64, rw.out.n)
		m.rec.setInt(7, tI32, s.n)
		return rw.out.copy(s.off, s.n)
	}
	return rw.offsets(s)
}

// sidecar copies a part, or writes what takes its place.
func (rw *rewriter) sidecar(s *segment, changed bool, now func() []byte) error {
	if !changed {
		return rw.out.copy(s.off, s.n)
	}
	_, err := rw.out.Write(now())
	return err
}

// put writes a piece, which is not needed any more after it.
func (rw *rewriter) put(p piece) error {
	err := rw.out.put(p)
	rw.mem.give(p.raw)
	return err
}

// chunk writes a touched chunk when it is ready.
func (rw *rewriter) chunk(ctx context.Context, m *moved, room *semaphore.Weighted) error {
	start := rw.out.n
	if m.ready == nil {
		if err := rw.cut(m, false, rw.put); err != nil {
			return err
		}
	} else {
		select {
		case <-m.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, p := range m.cut.list {
			if err := rw.put(p); err != nil {
				return err
			}
		}
		m.cut.list = nil
		room.Release(m.weight())
	}
	rw.note(m)
	m.start = start
	m.rec = recut(m.old, m.cut, start)
	return nil
}

// leave writes nothing of a part of a row group that goes. What names a person in it is
// read all the same: it may stand in the metadata of the footer, too.
func (rw *rewriter) leave(s *segment) error {
	if s.side != data || !rw.personal[s.m.old.leaf] {
		return nil
	}
	err := rw.cut(s.m, false, func(piece) error { return nil })
	rw.note(s.m)
	return err
}

// note remembers the values that were taken out of a chunk.
func (rw *rewriter) note(m *moved) {
	for _, v := range m.erased {
		rw.erased[v] = true
	}
}

// footer writes the old footer with other row groups and another row count.
func (rw *rewriter) footer() error {
	foot := rw.f.footer.clone()
	var groups [][]byte
	for i, mg := range rw.groups {
		var cols [][]byte
		for _, m := range mg.chunks {
			cols = append(cols, m.rec.encode(nil))
		}
		rec := mg.record(i)
		rec.setList(1, tStruct, cols)
		groups = append(groups, rec.encode(nil))
	}
	foot.setInt(3, tI64, rw.rows)
	foot.setList(4, tStruct, groups)
	scrubMetadata(&foot, rw.erased)
	_, err := rw.out.Write(endMark(foot.encode(nil)))
	return err
}
