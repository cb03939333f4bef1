package crm

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

const (
	unitRows   = 10_000 // row numbers in a unit
	manyUnits  = 4096   // a table with more ranges is looked at for gaps in its numbering
	sparseRows = 1000   // rows a range must hold on average, or the ranges are widened
)

// units lists the ranges that hold rows. Numbers that lie far apart (random or
// time-based ids) would give a range to almost every row, so the ranges of such a
// table are ten, a hundred... times as wide.
func (d *sqlite) units(ctx context.Context, s *session, l *layout) ([]piece, error) {
	t := l.table
	name := t.from
	if t.rowid == "" {
		any, err := s.one(ctx, "SELECT 1 FROM "+name+" LIMIT 1")
		if err != nil || any == "" {
			return nil, err
		}
		return []piece{{}}, nil
	}
	var rows int64 = -1
	for width := int64(unitRows); ; width *= 10 {
		last := width > math.MaxInt64/100
		out, dense, err := d.ranges(ctx, s, t, width, func(n int) (bool, error) {
			if rows < 0 {
				err := s.each(ctx, "SELECT count(*) FROM "+name, nil, func(v []any) error {
					rows, _ = v[0].(int64)
					return nil
				})
				if err != nil {
					return false, err
				}
			}
			return last || rows/int64(n) >= sparseRows, nil
		})
		if err != nil || dense {
			return out, err
		}
	}
}

// ranges walks the table in steps of one width. When there are many, it asks
// whether they are dense enough to go on.
func (d *sqlite) ranges(ctx context.Context, s *session, t *table, width int64, enough func(n int) (bool, error)) ([]piece, bool, error) {
	id := d.quote(t.rowid)
	q := "SELECT min(" + id + ") FROM " + d.quote(t.name)
	where, args := "", []any(nil)
	var out []piece
	for {
		var next *int64
		err := s.each(ctx, q+where, args, func(v []any) error {
			if n, ok := v[0].(int64); ok {
				next = &n
			}
			return nil
		})
		if err != nil || next == nil {
			return out, true, err
		}
		sp := aligned(*next, width)
		out = append(out, piece{span: sp})
		if len(out)%manyUnits == 0 {
			ok, err := enough(len(out))
			if err != nil || !ok {
				return nil, false, err
			}
		}
		if sp.hi == nil {
			return out, true, nil
		}
		where, args = " WHERE "+id+" >= ?", []any{*sp.hi}
	}
}

// aligned returns the range that holds n: [k*width+1, (k+1)*width+1). An end
// beyond the numbers there are is open.
func aligned(n, width int64) span {
	k := n / width
	if r := n % width; r < 0 || r == 0 {
		k--
	}
	var s span
	if k >= math.MinInt64/width+1 {
		lo := k*width + 1
		s.lo = &lo
	}
	if k+1 <= math.MaxInt64/width-1 {
		hi := (k+1)*width + 1
		s.hi = &hi
	}
	return s
}

// stamp is made of the file's size and time, the change counter in its first
// page and the end of the write-ahead log.
func (d *sqlite) stamp(ctx context.Context, s *session) (string, error) {
	st, err := os.Stat(d.path)
	if err != nil {
		return "", errors.New("the database file cannot be reached")
	}
	counter, err := s.one(ctx, "SELECT hex(substr(data, 25, 4)) FROM sqlite_dbpage WHERE pgno = 1")
	if err != nil {
		return "", err
	}
	wal, err := walEnd(d.path + "-wal")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("%d %d %s %s", st.Size(), st.ModTime().UnixNano(), counter, wal)))
	return hex.EncodeToString(sum[:]), nil
}

const (
	walHeader   = 32
	frameHeader = 24
)

// walEnd describes the frames of a write-ahead log: their count and the checksum
// of the last, which runs over all of them. A log without frames is "".
func walEnd(path string) (out string, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", errors.New("the write-ahead log cannot be opened")
	}
	defer func() {
		if cerr := f.Close(); cerr != nil && err == nil {
			err = errors.New("the write-ahead log cannot be closed")
		}
	}()
	var head [walHeader]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		return "", errors.New("the write-ahead log cannot be read")
	}
	page := int64(binary.BigEndian.Uint32(head[8:]))
	if page == 1 {
		page = 65536
	}
	n, sum := int64(0), ""
	for {
		var fr [frameHeader]byte
		_, err := f.ReadAt(fr[:], walHeader+n*(page+frameHeader))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", errors.New("the write-ahead log cannot be read")
		}
		if string(fr[8:16]) != string(head[16:24]) {
			break
		}
		sum, n = hex.EncodeToString(fr[16:24]), n+1
	}
	if n == 0 {
		return "", nil
	}
	return fmt.Sprintf("%x %d %s", head[16:24], n, sum), nil
}

// evidence is the database's stamp, for every range alike.
func (d *sqlite) evidence(context.Context, *session, *layout, span) (string, error) { return "", nil }

// within is the condition for the rows of a span.
func (d *sqlite) within(_ context.Context, _ *session, l *layout, sp span) (string, []any, error) {
	cond, args := []string{"1 = 1"}, []any(nil)
	if id := l.table.rowid; id != "" {
		if sp.lo != nil {
			cond, args = append(cond, d.quote(id)+" >= ?"), append(args, *sp.lo)
		}
		if sp.hi != nil {
			cond, args = append(cond, d.quote(id)+" < ?"), append(args, *sp.hi)
		}
	}
	return strings.Join(cond, " AND "), args, nil
}
