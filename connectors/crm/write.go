package crm

import (
	"context"
	"errors"
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
// constraint of the table refuses them it finds out, column by column and without
// leaving a trace, which values each of them takes, and writes those in one statement:
// what a trigger keeps of the row is then the whole row as it was, once.
func (w *rowWriter) write(ctx context.Context, changes []change) error {
	vals := make([]any, len(changes))
	for i, c := range changes {
		vals[i] = w.candidates(c)[0]
	}
	own := [][]any{w.t.ident}
	err := w.update(ctx, changes, vals, own)
	if err == nil || !w.j.s.d.refused(err) {
		return err
	}
	f := fitted{left: changes, why: err}
	switch terr := w.j.ss.trial(ctx, func() error { return w.fit(ctx, &f) }); {
	case terr == nil:
		if err := w.lacking(f); err != nil || len(f.changes) == 0 {
			return err
		}
		err = w.update(ctx, f.changes, f.vals, own)
		if err == nil || !w.j.s.d.refused(err) || w.t.l.table.keyless {
			return err
		}
	case w.t.l.table.keyless || !errors.Is(terr, errNoTrial):
		return terr
	}
	f = fitted{left: changes, why: err} // they fit one after the other alone, or cannot be tried
	if err := w.fit(ctx, &f); err != nil {
		return err
	}
	return w.lacking(f)
}

// fitted is which values columns take.
type fitted struct {
	changes []change
	vals    []any
	left    []change // columns that took none so far
	why     error    // what the database said to the last value
}

// fit tries the columns that are left, one after the other.
func (w *rowWriter) fit(ctx context.Context, f *fitted) error {
	// A second round helps where the constraint of one column looks at another.
	for round := 0; round < 2 && len(f.left) > 0; round++ {
		var left []change
		for _, c := range f.left {
			v, no, err := w.one(ctx, c)
			switch {
			case err != nil:
				return err
			case no != nil:
				f.why, left = no, append(left, c)
			default:
				f.changes, f.vals = append(f.changes, c), append(f.vals, v)
			}
		}
		f.left = left
	}
	return nil
}

// lacking says which column took no value though it has to change.
func (w *rowWriter) lacking(f fitted) error {
	for _, c := range f.left {
		if c.exact {
			return w.unfit(c)
		}
		if !c.optional {
			return &noValueError{table: w.t.l.table.name, column: w.t.l.cols[c.i].name, last: f.why}
		}
	}
	return nil
}

// noValueError says that a column takes nothing that could stand for an emptied value.
// It concerns one row, which is left alone; the others go on without it.
type noValueError struct {
	table, column string
	last          error // what the database said to the last value
}

// Error implements error.
func (e *noValueError) Error() string {
	return fmt.Sprintf("table %q, column %q: no empty value satisfies its constraints: %v", e.table, e.column, e.last)
}

// Unwrap tells that the row is refused for good.
func (e *noValueError) Unwrap() error { return connectors.ErrForbidden }

// unfit says that a value which has to be written as it is cannot be.
func (w *rowWriter) unfit(c change) error {
	return fmt.Errorf("table %q, column %q: its type or a constraint refuses the value: %w", w.t.l.table.name, w.t.l.cols[c.i].name, connectors.ErrUnfit)
}

// one tries the candidates of one column and returns the one that it took; no is what
// the database said to the last of them when it took none. A row that is named by its
// content stays as it is, or it would not be found again.
func (w *rowWriter) one(ctx context.Context, c change) (v any, no, err error) {
	try := func(v any) error { return w.update(ctx, []change{c}, []any{v}, [][]any{w.t.ident}) }
	for _, v = range w.candidates(c) {
		if w.t.l.table.keyless {
			no = w.j.ss.trial(ctx, func() error { return try(v) })
		} else {
			no = try(v)
		}
		if no == nil {
			return v, nil, nil
		}
		if !w.j.s.d.refused(no) {
			return nil, nil, no
		}
	}
	return nil, no, nil
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
			return odd(l, fmt.Errorf("table %q: %d rows answered instead of %d", l.table.name, n, len(idents)))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("changing rows of table %q: %w", l.table.name, err)
	}
	return nil
}
