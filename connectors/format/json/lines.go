package json

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/cratio/sutra/connectors/format"
)

// readLines reads a record a line.
func (r *reader) readLines() (left int, err error) {
	l := lineReader{src: r.src, limit: r.limit}
	for n := 1; ; n++ {
		line, long, err := l.next(r.out)
		if err == io.EOF {
			return left, nil
		}
		if err != nil {
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		if long {
			left++
			if err := r.v.unreadable(r.place("line ", n), errLong, nil); err != nil {
				return 0, err
			}
			continue
		}
		head := 0
		if n == 1 && bytes.HasPrefix(line, []byte("\xEF\xBB\xBF")) {
			head = 3
		}
		body := line[head:]
		for len(body) > 0 && isSpace(body[len(body)-1]) {
			body = body[:len(body)-1]
		}
		if len(body) == 0 {
			if _, err := r.out.Write(line); err != nil {
				return 0, err
			}
			continue
		}
		at := l.start + int64(head) + 1
		if r.wide {
			at = 0
		}
		rep, err := r.v.record(r.place("line ", n), at, body)
		if err != nil {
			return 0, err
		}
		end := line[head+len(body):]
		if rep == nil {
			end = nil
		} else {
			left++
		}
		if same(rep, body) && !r.wide {
			if err := format.Keep(r.out, l.start, line); err != nil {
				return 0, err
			}
			continue
		}
		for _, p := range [][]byte{line[:head], rep, end} {
			if _, err := r.out.Write(p); err != nil {
				return 0, err
			}
		}
	}
}

// same reports whether two slices, none of them empty, are one and the same.
func same(a, b []byte) bool { return len(a) == len(b) && &a[0] == &b[0] }

// lineReader splits at line feeds.
type lineReader struct {
	src   *bufio.Reader
	limit int
	buf   []byte
	start int64 // offset of the last line
	end   int64 // and of what follows it
}

// next returns the next line with its end, valid until the next call, or io.EOF.
// A line over the limit goes to the sink instead.
func (l *lineReader) next(sink io.Writer) (line []byte, long bool, err error) {
	l.buf, l.start = l.buf[:0], l.end
	for {
		p, err := l.src.ReadSlice('\n')
		l.end += int64(len(p))
		if err != nil && err != bufio.ErrBufferFull && err != io.EOF {
			return nil, false, err
		}
		if !long && len(l.buf) == 0 && err == nil && len(p) <= l.limit {
			return p, false, nil
		}
		if !long && len(l.buf)+len(p) > l.limit {
			long = true
			if _, werr := sink.Write(l.buf); werr != nil {
				return nil, true, werr
			}
			l.buf = l.buf[:0]
		}
		if long {
			if _, werr := sink.Write(p); werr != nil {
				return nil, true, werr
			}
		} else {
			l.buf = append(l.buf, p...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err == io.EOF && len(l.buf) == 0 && !long {
			return nil, false, io.EOF
		}
		return l.buf, long, nil
	}
}
