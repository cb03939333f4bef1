package yamltree

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxErrors is how many mistakes of one file are collected: enough to mend it in
// one sitting, few enough to read.
const maxErrors = 100

// Report collects what is wrong with one file, and reads typed values out of
// its tree. A value that is absent (nil) is never a mistake here.
type Report struct {
	File     string // as it is shown
	Errors   Errors
	Warnings []Warning
}

// Errorf records a mistake at a place.
func (r *Report) Errorf(p Pos, hint, format string, args ...any) {
	r.add(p, hint, fmt.Sprintf(format, args...))
}

func (r *Report) add(p Pos, hint, msg string) {
	if len(r.Errors) < maxErrors {
		r.Errors = append(r.Errors, &Error{File: r.File, Line: p.Line, Column: p.Column, Msg: msg, Hint: hint})
	}
}

// Warnf records a warning at a place.
func (r *Report) Warnf(p Pos, hint, format string, args ...any) {
	r.Warnings = append(r.Warnings, Warning{File: r.File, Line: p.Line, Column: p.Column, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// Err returns the mistakes as an error, or nil.
func (r *Report) Err() error {
	if len(r.Errors) == 0 {
		return nil
	}
	return r.Errors
}

// Known reports every key of the mapping n that is not among keys. where names
// the mapping in the message.
func (r *Report) Known(n *Node, where string, keys ...string) {
	if n == nil {
		return
	}
	for _, e := range n.Entries {
		if slices.Contains(keys, e.Key) {
			continue
		}
		at := ""
		if where != "" {
			at = " under " + where
		}
		r.Errorf(e.Pos, Suggest(e.Key, keys), "unknown key %s%s", quote(e.Key), at)
	}
}

func (r *Report) wrong(n *Node, what, want string) {
	r.Errorf(n.Pos, "", "%s must be %s, not %s", what, want, n.Kind)
}

// Map returns n when it is a mapping; anything else is a mistake and gives nil.
func (r *Report) Map(n *Node, what string) *Node {
	if n == nil || n.Kind == Map {
		return n
	}
	r.wrong(n, what, "a mapping")
	return nil
}

// List returns the items of n; anything but a list is a mistake.
func (r *Report) List(n *Node, what string) []*Node {
	if n == nil || n.Kind == List {
		if n == nil {
			return nil
		}
		return n.Items
	}
	r.wrong(n, what, "a list")
	return nil
}

// Text returns a text; a number or boolean is taken as it is spelt.
func (r *Report) Text(n *Node, what string) string {
	if n == nil {
		return ""
	}
	if !n.Scalar() {
		r.wrong(n, what, "a text")
		return ""
	}
	return n.Text
}

// Word returns a text; numbers and booleans are mistakes too.
func (r *Report) Word(n *Node, what string) string {
	if n != nil && n.Kind != String {
		r.wrong(n, what, "a text")
		return ""
	}
	return r.Text(n, what)
}

// Words returns a list of texts, which may be written as a single text.
func (r *Report) Words(n *Node, what string) []string {
	if n == nil {
		return nil
	}
	if n.Kind == String {
		return []string{n.Text}
	}
	if n.Kind != List {
		r.wrong(n, what, "a text or a list of texts")
		return nil
	}
	var out []string
	for _, x := range n.Items {
		if w := r.Word(x, "every item of "+what); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// Bool returns true or false.
func (r *Report) Bool(n *Node, what string) bool {
	if n != nil && n.Kind != Bool {
		r.wrong(n, what, "true or false")
		return false
	}
	return n != nil && n.Text == "true"
}

// Int returns a whole number between lo and hi, and false when it is absent or
// not one.
func (r *Report) Int(n *Node, what string, lo, hi int) (int, bool) {
	if n == nil {
		return 0, false
	}
	if n.Kind != Int {
		r.wrong(n, what, "a whole number")
		return 0, false
	}
	i, err := strconv.ParseInt(strings.ReplaceAll(n.Text, "_", ""), 0, 64)
	if err != nil || i < int64(lo) || i > int64(hi) {
		r.Errorf(n.Pos, "", "%s must be between %d and %d", what, lo, hi)
		return 0, false
	}
	return int(i), true
}

// OneOf returns a text that must be one of words ("" when absent or wrong).
func (r *Report) OneOf(n *Node, what string, words ...string) string {
	w := r.Word(n, what)
	if w == "" || slices.Contains(words, w) {
		return w
	}
	r.Errorf(n.Pos, Suggest(w, words), "%s must be %s, not %s", what, orList(words), quote(w))
	return ""
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
