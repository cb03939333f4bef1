package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// Rows drawn at random of two large tables hardly ever belong together. Whether the number
// in a visit is the patient's own can be told only beside her row: some of the rows that
// drawn ones refer to are read too, and those that these refer to.
const (
	referredRows  = 40 // of the rows of a table that refer to another, so many are followed
	referredSteps = 3  // over so many tables
)

// drawn says which rows of a table are looked at.
type drawn struct {
	table    *table
	idents   *connectors.Reservoir[[]any] // drawn at random
	referred [][]any                      // others, that drawn ones of other tables refer to
	known    map[string]bool              // both, spelt; nil until the first is referred to
	err      error                        // why none are
	gaps     []connectors.TableGap        // what they refer to and cannot be found
}

// draws draws the rows of every table.
func (s *source) draws(ctx context.Context, ss *session, sc *schema, n int, seed uint64) (map[*table]*drawn, error) {
	out := map[*table]*drawn{}
	for _, t := range sc.tables {
		if t.kind == "view" || t.kind == "shadow" || t.outside != "" {
			continue
		}
		w := &drawn{table: t}
		out[t] = w
		switch {
		case t.kind == "virtual":
			w.err = errors.New("a virtual table, such as a search index, is not sampled: it may hold copies of text")
		case t.reason != "":
			w.err = errors.New(t.reason)
		case len(t.ident(s.d, "")) == 0:
			w.err = errors.New("the rows have neither a primary key nor a row number")
		default:
			w.err = ss.attempt(ctx, func() (err error) {
				w.idents, err = s.draw(ctx, ss, t, n, seed)
				return err
			})
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return out, s.follow(ctx, ss, sc, out)
}

// draw passes over what names the rows of a table and keeps n at random.
func (s *source) draw(ctx context.Context, ss *session, t *table, n int, seed uint64) (*connectors.Reservoir[[]any], error) {
	r := connectors.NewReservoir[[]any](n, seed, t.name)
	q := "SELECT " + list(shown(s.d, t.ident(s.d, ""))) + " FROM " + t.from + " ORDER BY " + strings.Join(t.ident(s.d, ""), ", ")
	err := ss.each(ctx, q, nil, func(v []any) error {
		r.Add(func() []any { return append([]any(nil), v...) })
		return nil
	})
	return r, err
}

// follow adds rows that drawn rows refer to by foreign keys, where not all of their table
// were drawn anyway.
func (s *source) follow(ctx context.Context, ss *session, sc *schema, draws map[*table]*drawn) error {
	from := map[*drawn][][]any{}
	for _, w := range draws {
		if w.err == nil && !w.table.keyless {
			from[w] = w.idents.Items()
		}
	}
	for range referredSteps {
		next := map[*drawn][][]any{}
		for _, r := range sc.refs {
			by, to := draws[sc.table(r.from)], draws[sc.table(r.to)]
			if !r.declared || by == nil || to == nil || by == to || len(from[by]) == 0 || to.err != nil || to.table.keyless || len(r.fromCols) != 1 || r.toCols[0] == "" {
				continue
			}
			var found [][]any
			err := ss.attempt(ctx, func() (err error) {
				found, err = s.referredBy(ctx, ss, r, by, to, from[by][:min(len(from[by]), referredRows)])
				return err
			})
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				by.gaps = append(by.gaps, connectors.TableGap{Gap: connectors.Gap{Reason: fmt.Sprintf("the rows of table %q that it refers to cannot be found: %v", to.table.name, err)}})
				continue
			}
			next[to] = append(next[to], found...)
		}
		for w, list := range next {
			w.refer(list)
		}
		from = next
	}
	return nil
}

// referredBy names the rows to which rows of a table refer.
func (s *source) referredBy(ctx context.Context, ss *session, r reference, by, to *drawn, idents [][]any) ([][]any, error) {
	where, args := s.d.match(by.table, by.table.ident(s.d, ""), idents)
	q := "SELECT " + list(shown(s.d, to.table.ident(s.d, ""))) + " FROM " + to.table.from + " WHERE " + s.d.quote(r.toCols[0]) +
		" IN (SELECT " + s.d.quote(r.fromCols[0]) + " FROM " + by.table.from + " WHERE " + where + ")"
	var out [][]any
	err := ss.each(ctx, q, args, func(v []any) error {
		out = append(out, append([]any(nil), v...))
		return nil
	})
	return out, err
}

// refer notes rows that were not drawn.
func (w *drawn) refer(list [][]any) {
	if w.idents.Seen() == len(w.idents.Items()) {
		return // all are drawn
	}
	if w.known == nil {
		w.known = map[string]bool{}
		for _, id := range w.idents.Items() {
			w.known[fmt.Sprintf("%q", id)] = true
		}
	}
	for _, id := range list {
		if spelt := fmt.Sprintf("%q", id); !w.known[spelt] {
			w.known[spelt] = true
			w.referred = append(w.referred, id)
		}
	}
}
