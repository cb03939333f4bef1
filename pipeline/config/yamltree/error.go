package yamltree

import (
	"fmt"
	"strings"
)

// Error is one mistake in a file, at a place a person can go to.
type Error struct {
	File   string // as the user named it
	Line   int    // from 1; 0 when the mistake is about the whole file
	Column int    // from 1; 0 when unknown
	Msg    string // what is wrong; never the value of an environment variable
	Hint   string // what to do about it, or ""
}

// Error renders "FILE:LINE: MSG; HINT".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": " + e.Msg)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Warning is something that works and is probably not meant. It reads like an
// [Error].
type Warning Error

// String renders "FILE:LINE: MSG; HINT".
func (w Warning) String() string {
	e := Error(w)
	return e.Error()
}

// Errors is all the mistakes found in one go, in the order of the files.
type Errors []*Error

// Error renders one mistake a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the single mistakes.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, x := range e {
		out[i] = x
	}
	return out
}
