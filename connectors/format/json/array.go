package json

import (
	"errors"
	"io"
	"strconv"
)

var errArray = errors.New("the array cannot be read on from here")

// gluer writes the kept elements of an array: before each goes the glue (comma
// and white space) that followed the last one that was kept.
type gluer struct {
	w       io.Writer
	pending []byte
	kept    int
}

// Write writes a part of an element.
func (g *gluer) Write(p []byte) (int, error) {
	if len(g.pending) > 0 {
		if _, err := g.w.Write(g.pending); err != nil {
			return 0, err
		}
		g.pending = g.pending[:0]
	}
	return g.w.Write(p)
}

// What stands after an element, or after the opening bracket.
type follow uint8

const (
	element follow = iota // another element
	closing               // the closing bracket
	ended                 // the end of the data
	astray                // something that cannot stand there
)

// after consumes white space, and the comma when one is due, into the glue.
func (r *reader) after(comma bool) (follow, error) {
	b, err := r.space()
	if err == nil && comma {
		switch b {
		case ',':
			if err = r.take(1); err != nil {
				return ended, err
			}
			b, err = r.space()
		case ']':
		default:
			return astray, nil
		}
	}
	switch {
	case err == io.EOF:
		return ended, nil
	case err != nil:
		return ended, err
	case b == ']':
		return closing, nil
	}
	return element, nil
}

// readArray reads a record an element.
func (r *reader) readArray() (int, error) {
	if _, err := r.space(); err != nil {
		return 0, err
	}
	if err := r.take(1); err != nil { // the bracket
		return 0, err
	}
	if err := r.put(nil); err != nil {
		return 0, err
	}
	g := &gluer{w: r.out}
	next, err := r.after(false)
	if err != nil {
		return 0, err
	}
	g.pending = append(g.pending, r.glue...)
	r.glue = r.glue[:0]
	n, st := 0, whole
	for next == element {
		var kept bool
		if kept, st, err = r.element(n, g); err != nil {
			return 0, err
		}
		n++
		if next, err = r.after(true); err != nil {
			return 0, err
		}
		if next == element {
			if kept {
				g.pending = append(g.pending[:0], r.glue...)
			}
			r.glue = r.glue[:0]
		}
	}
	if n == 0 {
		if _, err := g.Write(nil); err != nil {
			return 0, err
		}
	} else if g.kept == 0 {
		r.glue = r.glue[:0]
	}
	return r.endArray(next, n, g.kept, st)
}

// element hands over the n-th element and writes what is left of it.
func (r *reader) element(n int, g *gluer) (kept bool, st status, err error) {
	at := r.begin()
	if st, err = r.value(g); err != nil {
		return false, st, err
	}
	rep, err := r.visit(r.place("/", n), at, st)
	if err != nil || (rep == nil && st == whole) {
		return false, st, err
	}
	g.kept++
	_, err = g.Write(rep)
	return true, st, err
}

// endArray copies what follows the last of n elements. What cannot be read counts
// as one record that is left, so that nobody takes the object for empty.
func (r *reader) endArray(next follow, n, kept int, last status) (int, error) {
	at := "/" + strconv.Itoa(n)
	switch next {
	case ended:
		if err := r.put(nil); err != nil {
			return 0, err
		}
		if last == cutShort {
			return kept, nil
		}
		return kept + 1, r.v.unreadable(at, ErrCut, nil)
	case astray:
		_, text, err := r.rest()
		if err != nil {
			return 0, err
		}
		return kept + 1, r.v.unreadable(at, errArray, text)
	}
	if err := r.take(1); err != nil { // the bracket
		return 0, err
	}
	more, text, err := r.rest()
	if err != nil || !more {
		return kept, err
	}
	return kept + 1, r.v.unreadable("", errTrailing, text)
}

// readSequence reads values that follow one another, each on lines of its own.
func (r *reader) readSequence() (left int, err error) {
	last := -1
	for {
		if _, err = r.space(); err == io.EOF {
			return left, r.put(nil)
		}
		if err != nil {
			return 0, err
		}
		if err := r.put(nil); err != nil {
			return 0, err
		}
		line := r.newlines
		st, err := r.value(r.out)
		if err != nil {
			return 0, err
		}
		rep := r.buf
		if line == last && st == whole {
			err = r.v.unreadable("line "+strconv.Itoa(line+1), errTrailing, r.buf)
		} else {
			rep, err = r.visit(r.place("line ", line+1), 0, st)
		}
		if err != nil {
			return 0, err
		}
		last = line
		if rep != nil || st != whole {
			left++
			if _, err := r.out.Write(rep); err != nil {
				return 0, err
			}
			continue
		}
		if _, err := r.space(); err != nil && err != io.EOF {
			return 0, err
		}
		r.glue = r.glue[:0]
	}
}
