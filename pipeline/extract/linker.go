package extract

import (
	"strings"

	"github.com/cratio/sutra/connectors"
)

// Link normalises a value that joins records, as [Link] does, the way the database
// with the keys of its kind compares them.
func (x *Extractor) Link(kind, raw string) (Identifier, bool) {
	l := x.linkerOf(kind)
	return l.of(raw)
}

// linker is a kind of values that join records, and how the database with the keys
// compares them.
type linker struct {
	kind  string
	fold  connectors.Comparison
	parts []connectors.Comparison // of a key of several columns
	place *Place                  // of the objects whose keys they are
	plain bool                    // a number in digits is its own normal form
}

func (x *Extractor) linkerOf(kind string) linker {
	l := linker{kind: kind, fold: x.Folding[kind], parts: x.Parts[kind]}
	l.plain = len(l.parts) == 0 && strings.Contains(kind, ".") && !strings.HasSuffix(kind, ".key")
	if p, ok := x.Places[kind]; ok {
		l.place = &p
	}
	return l
}

// each calls fn with what a reference may mean: one id, or the keys that an object may have.
func (l *linker) each(raw string, fn func(Identifier)) {
	if l.place == nil {
		if id, ok := l.of(raw); ok {
			fn(id)
		}
		return
	}
	for _, key := range l.place.keys(raw) {
		if key != "" {
			fn(Identifier{Kind: l.kind, Value: key})
		}
	}
}

// of is [Extractor.Link].
func (l *linker) of(raw string) (Identifier, bool) {
	if l.plain && allDigits(raw) {
		return Identifier{Kind: l.kind, Value: raw}, true
	}
	if len(l.parts) > 0 {
		return linkOf(l.kind, foldParts(raw, l.parts))
	}
	return linkOf(l.kind, l.fold.Text(raw))
}
