package crm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
)

// source is one database.
type source struct {
	d       dialect
	dataset connectors.Dataset
	name    string
	account string
	mem     memory.Allocator
}

var (
	_ connectors.Digester    = (*source)(nil)
	_ connectors.Describer   = (*source)(nil)
	_ connectors.Picker      = (*source)(nil)
	_ connectors.Eraser      = (*source)(nil)
	_ connectors.BatchEraser = (*source)(nil)
	_ connectors.Checker     = (*source)(nil)
)

func newSource(d dialect, c connectors.Config) *source {
	return &source{d: d, dataset: c.Dataset, name: c.Name, account: c.Account.Constant, mem: memory.NewGoAllocator()}
}

// Close closes the connections.
func (s *source) Close() error { return s.d.close() }

// reading runs fn inside one read transaction.
func (s *source) reading(ctx context.Context, fn func(ss *session, sc *schema) error) (err error) {
	ss, err := s.d.read(ctx)
	if err != nil {
		return fmt.Errorf("opening source %s: %w", s.name, err)
	}
	defer func() { err = errors.Join(err, ss.end(ctx)) }()
	sc, err := s.d.schema(ctx, ss)
	if err != nil {
		return fmt.Errorf("reading the tables of source %s: %w", s.name, err)
	}
	return fn(ss, sc)
}

// layout finds the collection and its table.
func (s *source) layout(sc *schema, collection string) (*layout, error) {
	c, ok := s.dataset.Collection(collection)
	if !ok {
		return nil, fmt.Errorf("collection %q is not in the catalog of source %s", collection, s.name)
	}
	l := layoutOf(s.d, s.dataset, s.name, sc, c)
	if l.reason != "" {
		return nil, fmt.Errorf("collection %q cannot be read: %s", collection, l.reason)
	}
	return l, nil
}

// Units lists the ranges of all collections that hold rows. A collection that
// cannot be read is listed as "name[,)", whose Read says why.
func (s *source) Units(ctx context.Context) iter.Seq2[connectors.Unit, error] {
	return func(yield func(connectors.Unit, error) bool) {
		units, err := s.units(ctx)
		if err != nil {
			yield(connectors.Unit{}, err)
			return
		}
		for _, u := range units {
			if !yield(u, nil) {
				return
			}
		}
	}
}

// units collects the list first, so that no lock is held while it is used.
func (s *source) units(ctx context.Context) (out []connectors.Unit, err error) {
	err = s.reading(ctx, func(ss *session, sc *schema) error {
		stamp, err := s.d.stamp(ctx, ss)
		if err != nil {
			return fmt.Errorf("taking the stamp of source %s: %w", s.name, err)
		}
		for _, c := range s.dataset.Collections {
			l := layoutOf(s.d, s.dataset, s.name, sc, c)
			if l.reason != "" {
				out = append(out, s.unit(l, span{}, stamp))
				continue
			}
			spans, err := s.d.spans(ctx, ss, l.table)
			if err != nil {
				return fmt.Errorf("listing the units of %q: %w", c.Name, err)
			}
			for _, sp := range spans {
				out = append(out, s.unit(l, sp, stamp))
			}
		}
		return nil
	})
	return out, err
}

func (s *source) unit(l *layout, sp span, stamp string) connectors.Unit {
	key := unitKey(l.coll.Name, sp)
	sum := sha256.Sum256([]byte(stamp + "\x00" + key + "\x00" + l.meaning()))
	return connectors.Unit{Key: key, Fingerprint: hex.EncodeToString(sum[:16]), Account: s.account}
}

// within is the condition for the rows of a span.
func within(d dialect, t *table, sp span) (string, []any) {
	if t.rowid == "" {
		return "1 = 1", nil
	}
	var cond []string
	var args []any
	if sp.lo != nil {
		cond, args = append(cond, d.quote(t.rowid)+" >= ?"), append(args, *sp.lo)
	}
	if sp.hi != nil {
		cond, args = append(cond, d.quote(t.rowid)+" < ?"), append(args, *sp.hi)
	}
	if len(cond) == 0 {
		return "1 = 1", nil
	}
	return strings.Join(cond, " AND "), args
}

// rangeQuery reads the rows of a span in a stable order.
func (s *source) rangeQuery(l *layout, sp span) (string, []any) {
	where, args := within(s.d, l.table, sp)
	return "SELECT " + l.selection(s.d) + " FROM " + s.d.quote(l.table.name) + " WHERE " + where +
		" ORDER BY " + strings.Join(l.table.ident(s.d), ", "), args
}
