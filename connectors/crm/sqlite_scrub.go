package crm

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
)

var errPages = errors.New("the pages of the database do not fit together; check its integrity")

// scrub zeroes what rows of the past left in the file: the gap and the free
// blocks of every b-tree page, the tail of overflow chains, free pages. The
// database's own secure_delete wipes the cell that is deleted, but not copies
// that earlier page splits left beside it. It also drops the samples of values
// that ANALYZE took from the tables. It is part of the transaction.
func (d *sqlite) scrub(ctx context.Context, s *session, tables []*table) (err error) {
	has, err := s.one(ctx, "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat4'")
	if err != nil {
		return err
	}
	for _, t := range tables {
		if has == "" {
			break
		}
		if _, err := s.exec(ctx, "DELETE FROM sqlite_stat4 WHERE lower(tbl) = lower(?)", t.name); err != nil {
			return err
		}
	}
	for _, t := range tables {
		for _, index := range t.follows {
			if err := d.forget(ctx, s, index); err != nil {
				return err
			}
		}
	}
	p := &pages{ctx: ctx, s: s}
	if p.get, err = s.conn.(sqliteConn).PrepareContext(ctx, "SELECT data FROM sqlite_dbpage WHERE pgno = ?"); err != nil {
		return s.explain(err)
	}
	defer func() { err = errors.Join(err, p.get.Close()) }()
	return p.scrub()
}

// forget lets a full-text index drop the words of what was deleted from it: it notes that
// they are gone and keeps them, until its segments become one.
func (d *sqlite) forget(ctx context.Context, s *session, index string) error {
	q := d.quote(index)
	if _, err := s.exec(ctx, "INSERT INTO "+q+"("+q+") VALUES ('optimize')"); err != nil {
		return fmt.Errorf("the search index %q: %w", index, err)
	}
	return nil
}

// pages walks the b-trees of a database file.
type pages struct {
	ctx    context.Context
	s      *session
	get    *sql.Stmt
	usable int
	seen   []bool
}

func (p *pages) scrub() error {
	var head []byte
	if err := p.get.QueryRowContext(p.ctx, 1).Scan(&head); err != nil {
		return p.s.explain(err)
	}
	if len(head) < 512 {
		return errPages
	}
	p.usable = len(head) - int(head[20])
	var count int64
	var roots []uint32
	err := p.s.each(p.ctx, "PRAGMA page_count", nil, func(v []any) error {
		count, _ = v[0].(int64)
		return nil
	})
	if err != nil {
		return err
	}
	p.seen = make([]bool, count+1)
	err = p.s.each(p.ctx, "SELECT rootpage FROM sqlite_master WHERE rootpage > 0 UNION SELECT 1", nil, func(v []any) error {
		n, _ := v[0].(int64)
		roots = append(roots, uint32(n))
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.freeList(binary.BigEndian.Uint32(head[32:])); err != nil {
		return err
	}
	for len(roots) > 0 {
		n := roots[len(roots)-1]
		kids, err := p.tree(n)
		if err != nil {
			return err
		}
		roots = append(roots[:len(roots)-1], kids...)
	}
	return nil
}

// load reads a page that was not visited before.
func (p *pages) load(n uint32) ([]byte, error) {
	if n == 0 || int(n) >= len(p.seen) || p.seen[n] {
		return nil, errPages
	}
	p.seen[n] = true
	var b []byte
	if err := p.get.QueryRowContext(p.ctx, int64(n)).Scan(&b); err != nil {
		return nil, p.s.explain(err)
	}
	if len(b) < p.usable {
		return nil, errPages
	}
	return b, nil
}

func (p *pages) store(n uint32, b []byte) error {
	if _, err := p.s.exec(p.ctx, "UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?", b, int64(n)); err != nil {
		return fmt.Errorf("wiping a page: %w", err)
	}
	return nil
}

// wipe zeroes b[from:to] and reports whether anything stood there.
func wipe(b []byte, from, to int) bool {
	dirty := false
	for i := from; i < to && i < len(b); i++ {
		if b[i] != 0 {
			b[i], dirty = 0, true
		}
	}
	return dirty
}

func (p *pages) freeList(trunk uint32) error {
	for trunk != 0 {
		b, err := p.load(trunk)
		if err != nil {
			return err
		}
		next, n := binary.BigEndian.Uint32(b), int(binary.BigEndian.Uint32(b[4:]))
		if n < 0 || 8+4*n > p.usable {
			return errPages
		}
		for i := range n {
			leaf := binary.BigEndian.Uint32(b[8+4*i:])
			lb, err := p.load(leaf)
			if err != nil {
				return err
			}
			if wipe(lb, 0, len(lb)) {
				if err := p.store(leaf, lb); err != nil {
					return err
				}
			}
		}
		if wipe(b, 8+4*n, p.usable) {
			if err := p.store(trunk, b); err != nil {
				return err
			}
		}
		trunk = next
	}
	return nil
}

// tree scrubs one b-tree page with the overflow chains of its cells and returns
// its children.
func (p *pages) tree(n uint32) ([]uint32, error) {
	b, err := p.load(n)
	if err != nil {
		return nil, err
	}
	pg, err := p.parse(n, b)
	if err != nil {
		return nil, err
	}
	dirty := wipe(b, pg.array+2*pg.cells, pg.content)
	for free, steps := int(binary.BigEndian.Uint16(b[pg.header+1:])), 0; free != 0; steps++ {
		if free+4 > p.usable || steps > p.usable {
			return nil, errPages
		}
		size := int(binary.BigEndian.Uint16(b[free+2:]))
		if free+size > p.usable {
			return nil, errPages
		}
		dirty = wipe(b, free+4, free+size) || dirty
		free = int(binary.BigEndian.Uint16(b[free:]))
	}
	if dirty {
		if err := p.store(n, b); err != nil {
			return nil, err
		}
	}
	var kids []uint32
	if pg.inner() {
		kids = append(kids, binary.BigEndian.Uint32(b[pg.header+8:]))
	}
	for i := range pg.cells {
		at := int(binary.BigEndian.Uint16(b[pg.array+2*i:]))
		kid, err := p.cell(pg, b, at)
		if err != nil {
			return nil, err
		}
		if pg.inner() {
			kids = append(kids, kid)
		}
	}
	return kids, nil
}

// settle gives free pages back where the database does so in steps, and empties
// the write-ahead log, which still holds the pages of before.
func (d *sqlite) settle(ctx context.Context, s *session, _ []*table) error {
	auto, err := s.one(ctx, "PRAGMA auto_vacuum")
	if err != nil {
		return err
	}
	if auto == "2" {
		if err := s.each(ctx, "PRAGMA incremental_vacuum", nil, func([]any) error { return nil }); err != nil {
			return err
		}
	}
	mode, err := s.one(ctx, "PRAGMA journal_mode")
	if err != nil || !strings.EqualFold(mode, "wal") {
		return err
	}
	busy, err := s.one(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return err
	}
	if busy != "0" {
		return fmt.Errorf("emptying the write-ahead log: the database is %w", connectors.ErrBusy)
	}
	return nil
}
