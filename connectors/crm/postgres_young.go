package crm

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// youngRows are the rows of a table that were written after a state, in the order of
// their keys, as the server spelled them.
type youngRows struct {
	l     *layout
	notes []string // to be counted for every row
	room  *atomic.Int64

	mu    sync.Mutex
	oids  []uint32 // the types of the columns
	keys  []int64
	at    []int  // where the rows begin in text
	text  []byte // column after column: the length and one, 0 for null, and the value
	total int64  // of all rows of the table
	bare  bool   // there was no room for the rows: only their keys are known
	many  bool   // there were too many even of those
}

// youngBytes bounds the rows that are kept, of all tables together.
const youngBytes = 32 << 20

// youngBlocks is how many blocks are looked at at a time: so few that the server has
// them still when it fetches what it found there.
const youngBlocks = 2048

// young reads the rows of a table that were written after a state, and counts all.
func (d *postgres) young(ctx context.Context, s *session, l *layout, since mark, room *atomic.Int64) (*youngRows, error) {
	y := &youngRows{l: l, room: room}
	cols := make([]string, len(l.cols))
	for i, c := range l.cols {
		cols[i] = d.value(c.column)
	}
	err := d.inParts(ctx, s, l, min(d.part, youngBlocks), func(s *session, where string) error {
		total, some, err := d.written(ctx, s, l, where, since)
		if err != nil {
			return err
		}
		if some != "" {
			if err := s.raw(ctx, "SELECT "+list(cols)+" FROM "+l.table.from+" WHERE "+some, nil, nil, y.add); err != nil {
				return err
			}
		}
		y.mu.Lock()
		defer y.mu.Unlock()
		y.total += total
		return nil
	})
	if err != nil {
		return nil, err
	}
	y.sort()
	return y, nil
}

// placesBytes is how long the list of the places of rows may be to be sent back: they are
// about a tenth of what is looked at at a time.
const placesBytes = 256 << 10

// written counts the rows of a part of a table. some is a condition that those of them
// meet which were written after a state, "" when there are none: the part is gone through
// once, and not once more for each of the two, unless they are many.
func (d *postgres) written(ctx context.Context, s *session, l *layout, where string, since mark) (total int64, some string, err error) {
	q := "SELECT count(*), array_agg(ctid) FILTER (WHERE " + d.changed(since) + ") FROM " + l.table.from + " WHERE " + where
	err = s.each(ctx, q, nil, func(v []any) error {
		var ok bool
		if total, ok = v[0].(int64); !ok {
			return fmt.Errorf("the server's count is no number")
		}
		switch places, _ := v[1].(string); {
		case len(places) > d.places:
			some = where + " AND " + d.changed(since)
		case places != "":
			some = "ctid = ANY ('" + places + "'::tid[])"
		}
		return nil
	})
	return total, some, err
}

// raw calls fn for every row with the values as the server spells them, or in the forms
// that are asked for, valid during the call.
func (s *session) raw(ctx context.Context, q string, args []any, forms []int16, fn func(fields []pgconn.FieldDescription, raw [][]byte) error) error {
	var own error
	err := s.conn.(pgSession).rows(ctx, q, args, forms, func(fields []pgconn.FieldDescription, raw [][]byte) error {
		own = fn(fields, raw)
		return own
	})
	return s.ended(ctx, own, err)
}

// add takes a row.
func (y *youngRows) add(fields []pgconn.FieldDescription, raw [][]byte) error {
	key, err := strconv.ParseInt(string(raw[y.l.key[0]]), 10, 64)
	if err != nil {
		return fmt.Errorf("a key of the server is no number")
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.oids == nil {
		for _, f := range fields {
			y.oids = append(y.oids, f.DataTypeOID)
		}
	}
	if y.many = y.many || len(y.keys) >= manyChanged; y.many {
		y.keys = nil
		return nil
	}
	y.keys = append(y.keys, key)
	if y.bare {
		return nil
	}
	before := len(y.text)
	y.at = append(y.at, before)
	for _, b := range raw {
		if b == nil {
			y.text = append(y.text, 0)
			continue
		}
		y.text = append(binary.AppendUvarint(y.text, uint64(len(b))+1), b...)
	}
	if y.room.Add(-int64(len(y.text)-before)) < 0 {
		y.room.Add(int64(len(y.text)))
		y.bare, y.at, y.text = true, nil, nil
	}
	return nil
}

// sort puts the rows into the order of their keys.
func (y *youngRows) sort() {
	if y.bare || y.many {
		y.at, y.text, y.bare = nil, nil, true
		slices.Sort(y.keys)
		return
	}
	order := make([]int, len(y.keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(y.keys[a], y.keys[b]) })
	keys, at := make([]int64, len(order)), make([]int, len(order))
	for i, k := range order {
		keys[i], at[i] = y.keys[k], y.at[k]
	}
	y.keys, y.at = keys, at
}

// emit puts the rows with some keys, which follow one another, into batches.
func (y *youngRows) emit(e *emitter, keys []int64) error {
	r := newRawRows(e)
	r.types(y.oids)
	raw := make([][]byte, len(y.oids))
	first, _ := slices.BinarySearch(y.keys, keys[0])
	for _, at := range y.at[first : first+len(keys)] {
		text := y.text[at:]
		for i := range raw {
			n, width := binary.Uvarint(text)
			if text, raw[i] = text[width:], nil; n > 0 {
				raw[i], text = text[:n-1:n-1], text[n-1:]
			}
		}
		if err := r.add(raw); err != nil {
			return err
		}
	}
	return nil
}
