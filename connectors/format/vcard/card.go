package vcard

import (
	"bytes"
	"strings"
)

// card is one card, taken apart.
type card struct {
	raw   []byte
	props []*property // in the order in which they stand, those of inner cards too
}

// maxProperties is how many properties of one card are read.
const maxProperties = 50_000

// reader takes cards apart, one after the other, and uses what one of them took up
// for the next: a card and its properties are valid until the next one is read.
type reader struct {
	card card
	slab []*property // used for card.props, and what was used before
}

// property returns an empty property, with the memory of an old one.
func (r *reader) property() *property {
	n := len(r.card.props)
	if n == len(r.slab) {
		r.slab = append(r.slab, new(property))
	}
	p := r.slab[n]
	*p = property{params: p.params[:0], colon: -1, value: value{parts: p.value.parts[:0]}}
	return p
}

// maxSlab is how many properties are kept for the next card.
const maxSlab = 1000

// read takes a card apart. Every byte that no property has is structure: BEGIN,
// END, VERSION and blank lines.
func (r *reader) read(raw []byte, wide bool) *card {
	if len(r.slab) > maxSlab {
		*r = reader{}
	}
	c := &r.card
	c.raw, c.props = raw, c.props[:0]
	at := lineEnd(raw, 0)
	var room [8]int
	versions := append(room[:0], versionOf(raw[at:], 3, true))
	for line := 1; at < len(raw); {
		if n := len(c.props); n >= maxProperties {
			c.props[n-1].gap = gapMany
			break
		}
		next := raw[at:lineEnd(raw, at)]
		switch {
		case isBegin(next) || opensAgent(next): // the scanner saw to it that it is one inside
			versions = append(versions, versionOf(raw[at+len(next):], versions[len(versions)-1], false))
		case isEnd(next):
			versions = versions[:max(1, len(versions)-1)]
		case len(bytes.TrimSpace(next)) == 0:
		default:
			p := r.property()
			p.find(raw, at, versions[len(versions)-1], wide)
			p.at, p.nested = line, len(versions) > 1
			if !p.isVersion() {
				p.read()
				c.props = append(c.props, p)
			}
			next = raw[at:p.end]
		}
		at += len(next)
		line += bytes.Count(next, []byte("\n"))
	}
	return c
}

// isVersion reports a VERSION property that says a version.
func (p *property) isVersion() bool {
	return p.name == "version" && p.colon >= 0 && numberOf(p.line[p.colon+1:]) > 0
}

// numberOf returns the major number of a version, or 0.
func numberOf(b []byte) int {
	switch strings.TrimSpace(string(b)) {
	case "2.1":
		return 2
	case "3.0":
		return 3
	case "4.0":
		return 4
	}
	return 0
}

// versionOf looks for the version in the lines of a card. The version of a card
// inside it does not count; in that one only the lines up to the next card are
// looked at.
func versionOf(raw []byte, otherwise int, outer bool) int {
	depth := 1
	for at := 0; at < len(raw) && depth > 0; {
		line := raw[at:lineEnd(raw, at)]
		at += len(line)
		switch {
		case isEnd(line):
			depth--
		case isBegin(line) || opensAgent(line):
			if !outer {
				return otherwise
			}
			depth++
		case depth == 1 && len(line) >= 8 && bytes.EqualFold(line[:8], []byte("VERSION:")):
			if n := numberOf(line[8:]); n > 0 {
				return n
			}
		}
	}
	return otherwise
}
