package xlsx

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"path"
	"strings"

	"github.com/cratio/sutra/connectors/format"
)

// load reads the parts that all worksheets share.
func (b *book) load() error {
	if err := b.findMain(); err != nil {
		return err
	}
	var err error
	if b.rels, err = b.relations(b.main); err != nil {
		return err
	}
	if err := b.sheets(); err != nil {
		return fmt.Errorf("reading a workbook: %w", err)
	}
	if b.texts, err = b.loadTexts(b.target("sharedStrings")); err != nil {
		return fmt.Errorf("reading the texts of a workbook: %w", err)
	}
	if b.dates, err = b.loadStyles(b.target("styles")); err != nil {
		return fmt.Errorf("reading the styles of a workbook: %w", err)
	}
	return nil
}

// findMain finds the part that names the worksheets.
func (b *book) findMain() error {
	b.main = "xl/workbook.xml"
	rels, err := b.relations("")
	if err != nil {
		return err
	}
	for _, r := range rels {
		if r.kind == "officeDocument" && !r.external {
			b.main = r.target
		}
	}
	switch {
	case strings.EqualFold(path.Ext(b.main), ".bin"):
		return &format.SkipError{Reason: "it looks like a binary workbook (.xlsb): save it as .xlsx"}
	case b.part(b.main) == nil || path.Ext(b.main) != ".xml":
		return &format.SkipError{Reason: "it is a zip archive without a workbook in it"}
	}
	return nil
}

// target is the part that the workbook names for a purpose, or "".
func (b *book) target(kind string) string {
	for _, r := range b.rels {
		if r.kind == kind && !r.external && b.part(r.target) != nil {
			return r.target
		}
	}
	return ""
}

// sheets lists the worksheets. One that cannot be found leaves a nil, so that the
// others keep their numbers.
func (b *book) sheets() error {
	found := false
	err := b.scan(b.main, func(s *scanner, x xml.StartElement) error {
		switch {
		case s.is("workbook"):
			found = true
		case s.is("workbook", "workbookPr"):
			v := attr(x, "date1904")
			b.epoch = v == "1" || v == "true"
		case s.is("workbook", "definedNames", "definedName"):
			text, err := s.text(nil, false)
			b.named = b.named || constant(text)
			return err
		case s.is("workbook", "sheets", "sheet"):
			b.titled = b.titled || tells(attr(x, "name"))
			r, ok := b.relation(x)
			if ok && r.kind != "worksheet" {
				return nil // a sheet that is a chart has no cells
			}
			n := len(b.list) + 1
			if !ok || b.part(r.target) == nil || b.known[strings.ToLower(r.target)] {
				b.list = append(b.list, nil)
				b.lost = append(b.lost, fmt.Sprintf("worksheet %d is named by the workbook and is no part of its own in it", n))
				return nil
			}
			b.known[strings.ToLower(r.target)] = true
			b.list = append(b.list, &sheet{index: n, part: r.target})
		}
		return nil
	})
	if err == nil && !found {
		return &format.SkipError{Reason: "it is a zip archive whose workbook is none"}
	}
	return err
}

// constant reports a defined name that is no place but a text or a long number, or
// a formula with an address or a number of somebody in it.
func constant(formula []byte) bool {
	formula = bytes.TrimSpace(formula)
	return bytes.HasPrefix(formula, []byte(`"`)) || len(formula) >= 6 && digits(string(formula)) || quotes(formula)
}

// relation finds what an element refers to by its id.
func (b *book) relation(x xml.StartElement) (relation, bool) {
	id := reference(x)
	for _, r := range b.rels {
		if r.id == id && id != "" {
			return r, true
		}
	}
	return relation{}, false
}

// reference is the attribute r:id, whatever the prefix.
func reference(x xml.StartElement) string {
	for _, a := range x.Attr {
		if a.Name.Local == "id" && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}
