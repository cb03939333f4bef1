package main

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names of files, tables and columns come from outside, and a terminal obeys what stands
// in them: it clears lines, changes its title, and shows a text backwards. So whatever a
// person is to read goes through here; what is for programs is escaped as JSON.

// legible returns a line of a job with the control characters in all its texts escaped.
func legible[T any](line T) T {
	v := reflect.New(reflect.TypeFor[T]()).Elem()
	v.Set(legibly(reflect.ValueOf(&line).Elem()))
	return v.Interface().(T)
}

// legibly copies a value; what has no text in it stays as it is.
func legibly(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(escaped(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(legibly(v.Field(i)))
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice {
			if v.IsNil() {
				break
			}
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		}
		for i := range v.Len() {
			out.Index(i).Set(legibly(v.Index(i)))
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for k, x := range v.Seq2() {
			out.SetMapIndex(legibly(k), legibly(x))
		}
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			break
		}
		if x := legibly(v.Elem()); v.Kind() == reflect.Interface {
			out.Set(x)
		} else {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(x)
		}
	}
	return out
}

// escaped writes what a terminal would obey as Go writes it in a text: control
// characters, marks that change the direction, separators of lines, and bytes that are no
// text. Joiners stay: Indian scripts are written with them.
func escaped(s string) string {
	if strings.IndexFunc(s, obeyed) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == utf8.RuneError || !obeyed(r):
			b.WriteString(s[:n])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// obeyed reports whether a terminal may obey a character instead of showing it. A byte
// that is no text looks like U+FFFD here.
func obeyed(r rune) bool {
	return r < ' ' || r >= 0x7f && unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp) ||
		r == 0xfeff || r == utf8.RuneError || r >= 0xe0000 && r <= 0xe007f
}

// paragraphs is escaped for a message that may have several lines.
func paragraphs(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = escaped(l)
	}
	return strings.Join(lines, "\n")
}
