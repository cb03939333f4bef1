package crm

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// rowWriter writes the changes of one row.
type rowWriter struct {
	j           *job
	t           *target
	key         string
	keyPersonal bool
}

// write tries all changes in one statement with the plainest values. When a
// constraint of the table refuses them it goes column by column and tries, for
// each, the values that may satisfy it.
func (w *rowWriter) write(ctx context.Context, changes []change) error {
	first := make([]any, len(changes))
	for i, c := range changes {
		first[i] = w.candidates(c)[0]
	}
	err := w.update(ctx, changes, first)
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
		if !c.optional {
			return fmt.Errorf("table %q, column %q: no empty value satisfies its constraints", w.t.l.table.name, w.t.l.cols[c.i].name)
		}
	}
	return nil
}

// one tries the candidates of one column.
func (w *rowWriter) one(ctx context.Context, c change) (bool, error) {
	for _, v := range w.candidates(c) {
		err := w.update(ctx, []change{c}, []any{v})
		if err == nil {
			return true, nil
		}
		if !w.j.s.d.refused(err) {
			return false, err
		}
	}
	return false, nil
}

// update writes values to the row; a refused statement leaves it as it was.
func (w *rowWriter) update(ctx context.Context, changes []change, vals []any) error {
	l, d := w.t.l, w.j.s.d
	var set []string
	for _, c := range changes {
		set = append(set, d.quote(l.cols[c.i].name)+" = ?")
	}
	q := "UPDATE OR ABORT " + d.quote(l.table.name) + " SET " + strings.Join(set, ", ") + " WHERE " + l.whereIdent(d)
	n, err := w.j.ss.exec(ctx, q, append(vals[:len(vals):len(vals)], w.t.ident...)...)
	if err != nil {
		return fmt.Errorf("changing a row of table %q: %w", l.table.name, err)
	}
	if n != 1 {
		return fmt.Errorf("changing a row of table %q: %d rows answered instead of one", l.table.name, n)
	}
	return nil
}

// candidates lists the values to try for a column, best first.
func (w *rowWriter) candidates(c change) []any {
	cl := w.t.l.cols[c.i]
	var out []any
	if !c.empty {
		if v, ok := restore(c.text, c.old); ok {
			out = append(out, v)
		}
	}
	if !cl.notNull {
		out = append(out, nil)
	}
	nonce := randomHex()
	switch old := c.old.(type) {
	case int64:
		out = append(out, int64(0), erasedInt())
	case float64:
		out = append(out, float64(0), float64(erasedInt()))
	case []byte:
		out = append(out, []byte{}, []byte(erasedPrefix+nonce))
	default:
		s, _ := spell(old, false)
		own := erasedPrefix + nonce
		if !w.keyPersonal {
			own = erasedPrefix + w.key
		}
		plain := ""
		if t := strings.TrimSpace(s); cl.field.Look == "json" && t != "" {
			plain = "{}"
			if t[0] == '[' {
				plain = "[]"
			}
		}
		if cl.unique && cl.notNull {
			out = append(out, own, plain)
		} else {
			out = append(out, plain, "", own)
		}
		out = append(out, erasedPrefix+nonce, mask(s))
	}
	return out
}

func randomHex() string {
	var b [nonceHex / 2]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

func erasedInt() int64 {
	var b [8]byte
	rand.Read(b[:])
	return erasedIntHigh - int64(binary.BigEndian.Uint64(b[:])%uint64(erasedIntHigh-erasedIntLow))
}
