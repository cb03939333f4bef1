package extract

import (
	"strings"

	"github.com/cratio/sutra/lineage"
)

// opensJSON reports a text that begins as an object or an array does, or as one that was
// made a string, however often: "{\"name\": ...}".
func opensJSON(t string) bool {
	return t != "" && (t[0] == '{' || t[0] == '[' || t[0] == '"' && opensQuoted(t))
}

func opensQuoted(t string) bool {
	t = strings.TrimLeft(t, "\\\" \t\r\n")
	return t != "" && (t[0] == '{' || t[0] == '[')
}

// inmost is the document itself, or where it is a string that holds one, that one.
func (d *document) inmost() *document {
	for d.nested[d.root] != nil {
		d = d.nested[d.root]
	}
	return d
}

// exponentHits is what a leaf in which nothing else was found is, when a program wrote a
// telephone number as a number with an exponent: 9.812345670E9 or 9812345670E0. One that
// lost digits is nobody's.
func exponentHits(c context, text string) []hit {
	if len(text) < len("9812345670e0") || !digit(text[0]) || !strings.ContainsAny(text, "eE") {
		return nil
	}
	m := keyMeaning(c.key)
	if m.filler || m.opaque || m.amount || m.link != "" || m.name {
		return nil
	}
	id, ok := Phone(text)
	if !ok {
		return nil
	}
	h := hit{Identifier: id, role: lineage.Subject, whole: true}
	switch {
	case c.others || m.others:
		h.role = lineage.Mention
	case m.party:
		h.role = lineage.Party
	}
	return []hit{h}
}
