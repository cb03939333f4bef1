package extract

import "github.com/cratio/sutra/connectors"

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
}

func (x *Extractor) linkerOf(kind string) linker {
	return linker{kind, x.Folding[kind], x.Parts[kind]}
}

// of is [Extractor.Link].
func (l *linker) of(raw string) (Identifier, bool) {
	if len(l.parts) > 0 {
		return linkOf(l.kind, foldParts(raw, l.parts))
	}
	return linkOf(l.kind, l.fold.Text(raw))
}
