package json

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/cratio/sutra/connectors/format"

	"github.com/cratio/sutra/connectors"
)

// shape is how an object is divided into records.
type shape uint8

const (
	shapeObject   shape = iota // one value, or nothing
	shapeArray                 // an array of records
	shapeLines                 // a value a line
	shapeSequence              // values of several lines one after another
)

var errTrailing = errors.New("there is data after the end of the JSON")

// shape looks at the beginning of a document, or at all of it when it is no array.
func (c *Codec) shape(in format.Input) (k shape, err error) {
	src, err := open(in)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := src.Close(); err == nil {
			err = cerr
		}
	}()
	r := &reader{src: src.Reader, out: io.Discard, limit: c.limit}
	b, err := r.space()
	if err == io.EOF {
		return shapeObject, nil
	}
	if err != nil {
		return 0, err
	}
	switch {
	case b == '[':
		return shapeArray, nil
	case bytes.IndexByte([]byte(`{"-0123456789tfnNI`), b) < 0:
		return 0, &Error{0, ErrSyntax}
	}
	before := r.newlines
	if _, err := r.value(io.Discard); err != nil {
		return 0, err
	}
	inside := r.newlines - before
	switch _, err = r.space(); {
	case err == io.EOF:
		return shapeObject, nil
	case err != nil:
		return 0, err
	case inside == 0 && r.newlines > before:
		return shapeLines, nil
	}
	return shapeSequence, nil
}

// reader takes one object apart in constant memory.
type reader struct {
	src      *bufio.Reader
	out      io.Writer
	v        visitor
	limit    int   // largest record
	copying  bool  // the glue between records is wanted
	newlines int   // line feeds consumed
	wide     bool  // the text is decoded: positions in it are none in the object
	pos      int64 // bytes consumed
	loc      []byte
	glue     []byte
	buf      []byte
	began    bool
}

// space consumes white space (and, at the start, a byte order mark) into r.glue
// and returns the byte that follows without consuming it, or io.EOF.
func (r *reader) space() (byte, error) {
	if !r.began {
		r.began = true
		mark, err := r.src.Peek(3)
		if err == nil && string(mark) == "\xEF\xBB\xBF" {
			if err := r.take(3); err != nil {
				return 0, err
			}
		} else if err != nil && err != io.EOF {
			return 0, err
		}
	}
	for {
		p, err := r.src.Peek(max(1, r.src.Buffered()))
		if len(p) == 0 {
			return 0, err
		}
		i := 0
		for i < len(p) && isSpace(p[i]) {
			i++
		}
		stop := i < len(p)
		var c byte
		if stop {
			c = p[i]
		}
		if err := r.take(i); err != nil {
			return 0, err
		}
		if stop {
			return c, nil
		}
	}
}

// take moves n buffered bytes to the glue.
func (r *reader) take(n int) error {
	p, err := r.src.Peek(n)
	if err != nil {
		return err
	}
	r.newlines += bytes.Count(p, []byte{'\n'})
	if r.copying {
		if len(r.glue)+n > r.limit {
			return errors.New("too much white space between records")
		}
		r.glue = append(r.glue, p...)
	}
	_, err = r.src.Discard(n)
	r.pos += int64(n)
	return err
}

// begin returns the position of what comes next, as connectors.Batch.At has it.
func (r *reader) begin() int64 {
	if r.wide {
		return 0
	}
	return r.pos + 1
}

// place returns a locator, valid until the next call.
func (r *reader) place(what string, n int) string {
	r.loc = strconv.AppendInt(append(r.loc[:0], what...), int64(n), 10)
	return view(r.loc)
}

// What became of a value.
type status uint8

const (
	whole    status = iota // r.buf holds it
	tooLong                // it went to the sink
	cutShort               // the data ended inside it; r.buf holds what there is
)

// value reads the value that begins here into r.buf. One over the limit goes to
// the sink instead.
func (r *reader) value(sink io.Writer) (status, error) {
	var s span
	r.buf = r.buf[:0]
	long := false
	for {
		p, err := r.src.Peek(max(1, r.src.Buffered()))
		if len(p) == 0 {
			if err != io.EOF {
				return 0, err
			}
			if long {
				return tooLong, nil
			}
			if s.scalar {
				return whole, nil
			}
			return cutShort, nil
		}
		n, done := s.feed(p)
		r.newlines += bytes.Count(p[:n], []byte{'\n'})
		if !long && len(r.buf)+n > r.limit {
			long = true
			if _, err := sink.Write(r.buf); err != nil {
				return 0, err
			}
			r.buf = r.buf[:0]
		}
		if long {
			if _, err := sink.Write(p[:n]); err != nil {
				return 0, err
			}
		} else {
			r.buf = append(r.buf, p[:n]...)
		}
		if _, err := r.src.Discard(n); err != nil {
			return 0, err
		}
		r.pos += int64(n)
		if done && long {
			return tooLong, nil
		}
		if done {
			return whole, nil
		}
	}
}

// visit hands the value in r.buf to the visitor, or tells it what is wrong.
func (r *reader) visit(locator string, at int64, st status) ([]byte, error) {
	switch st {
	case tooLong:
		return nil, r.v.unreadable(locator, errLong, nil)
	case cutShort:
		return r.buf, r.v.unreadable(locator, ErrCut, r.buf)
	}
	return r.v.record(locator, at, r.buf)
}

// put writes the collected glue, then p.
func (r *reader) put(p []byte) error {
	if _, err := r.out.Write(r.glue); err != nil {
		return err
	}
	r.glue = r.glue[:0]
	_, err := r.out.Write(p)
	return err
}

// rest copies what follows and reports whether it is more than white space, and how it
// begins.
func (r *reader) rest() (more bool, text []byte, err error) {
	if _, err = r.space(); err == nil {
		more = true
	} else if err != io.EOF {
		return false, nil, err
	}
	if err = r.put(nil); err != nil {
		return more, nil, err
	}
	if more {
		text, err = io.ReadAll(io.LimitReader(r.src, connectors.GapText))
		if err != nil {
			return more, nil, err
		}
		if _, err = r.out.Write(text); err != nil {
			return more, nil, err
		}
	}
	_, err = io.Copy(r.out, r.src)
	return more, text, err
}

// readObject reads an object that is one record or none.
func (r *reader) readObject() (int, error) {
	_, err := r.space()
	if err == io.EOF {
		return 0, r.put(nil)
	}
	if err != nil {
		return 0, err
	}
	if err := r.put(nil); err != nil {
		return 0, err
	}
	st, err := r.value(r.out)
	if err != nil {
		return 0, err
	}
	left := 1
	rep, err := r.visit("object", 0, st)
	if err != nil {
		return 0, err
	}
	if rep == nil && st == whole {
		left = 0
	}
	if err := r.put(rep); err != nil {
		return 0, err
	}
	_, _, err = r.rest()
	return left, err
}
