package crm

import (
	"context"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// rowWriter writes the changes of one row.
type rowWriter struct {
	j           *job
	t           *target
	row         row // as it stands before the change
	key         string
	keyPersonal bool
	changes     []change
}

// writeAll writes rows, those together in one statement that become alike in the
// same columns.
func writeAll(ctx context.Context, writers []*rowWriter) error {
	alike := map[string][]*rowWriter{}
	var order []string
	for _, w := range writers {
		sig := w.signature()
		if alike[sig] == nil {
			order = append(order, sig)
		}
		alike[sig] = append(alike[sig], w)
	}
	for _, sig := range order {
		ws := alike[sig]
		if len(ws) > 1 {
			err := together(ctx, ws)
			if err == nil {
				continue
			}
			if !ws[0].j.s.d.refused(err) {
				return err
			}
		}
		for _, w := range ws { // one row after the other finds out which of them is refused
			if err := w.write(ctx, w.changes); err != nil {
				return err
			}
		}
	}
	return nil
}

// signature is equal for rows that get the same values in the same columns.
func (w *rowWriter) signature() string {
	var b strings.Builder
	for _, c := range w.changes {
		fmt.Fprintf(&b, "%d=%s;", c.i, identKey(w.candidates(c)[:1]))
	}
	return b.String()
}

// together writes rows of one signature.
func together(ctx context.Context, ws []*rowWriter) error {
	w := ws[0]
	idents := make([][]any, len(ws))
	for i, x := range ws {
		idents[i] = x.t.ident
	}
	first := make([]any, len(w.changes))
	for i, c := range w.changes {
		first[i] = w.candidates(c)[0]
	}
	return w.update(ctx, w.changes, first, idents)
}

// write tries all changes in one statement with the plainest values. When a
// constraint of the table refuses them it goes column by column and tries, for
// each, the values that may satisfy it.
func (w *rowWriter) write(ctx context.Context, changes []change) error {
	first := make([]any, len(changes))
	for i, c := range changes {
		first[i] = w.candidates(c)[0]
	}
	own := [][]any{w.t.ident}
	err := w.update(ctx, changes, first, own)
	if err == nil || !w.j.s.d.refused(err) {
		return err
	}
	// A second round helps where the constraint of one column looks at another.
	for round := 0; round < 2 && len(changes) > 0; round++ {
		var left []change
		for _, c := range changes {
			done, err := w.one(ctx, c)
			if err != nil {
				return err
			}
			if !done {
				left = append(left, c)
			}
		}
		changes = left
	}
	for _, c := range changes {
		if c.exact {
			return w.unfit(c)
		}
		if !c.optional {
			return fmt.Errorf("table %q, column %q: no empty value satisfies its constraints", w.t.l.table.name, w.t.l.cols[c.i].name)
		}
	}
	return nil
}

// unfit says that a value which has to be written as it is cannot be.
func (w *rowWriter) unfit(c change) error {
	return fmt.Errorf("table %q, column %q: its type or a constraint refuses the value: %w", w.t.l.table.name, w.t.l.cols[c.i].name, connectors.ErrUnfit)
}

// one tries the candidates of one column.
func (w *rowWriter) one(ctx context.Context, c change) (bool, error) {
	for _, v := range w.candidates(c) {
		err := w.update(ctx, []change{c}, []any{v}, [][]any{w.t.ident})
		if err == nil {
			return true, nil
		}
		if !w.j.s.d.refused(err) {
			return false, err
		}
	}
	return false, nil
}

// update writes values to rows; a refused statement leaves them as they were.
func (w *rowWriter) update(ctx context.Context, changes []change, vals []any, idents [][]any) error {
	l, ss := w.t.l, w.j.ss
	cols := make([]int, len(changes))
	for i, c := range changes {
		cols[i] = c.i
	}
	err := ss.attempt(ctx, func() error {
		n, err := w.j.s.d.update(ctx, ss, l, cols, vals, idents)
		if err == nil && n != int64(len(idents)) {
			return fmt.Errorf("%d rows answered instead of %d", n, len(idents))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("changing rows of table %q: %w", l.table.name, err)
	}
	return nil
}
