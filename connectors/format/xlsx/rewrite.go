package xlsx

import (
	"archive/zip"
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors/format"
)

// Rewrite implements [format.Codec]. A workbook with a worksheet that cannot be
// read to its end is refused: what that uses of the table of texts is not known.
func (c *codec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	b, err := open(in)
	if err != nil {
		return 0, err
	}
	p := &plan{codec: c, b: b, edits: edits, parts: map[string][]patch{}, tallies: map[string]*tally{}}
	if err := p.make(ctx); err != nil {
		return 0, fmt.Errorf("reading a workbook: %w", errors.Join(err, b.in.err))
	}
	if !p.changed {
		return p.left, copyWhole(in, w)
	}
	if err := p.write(ctx, w); err != nil {
		return 0, fmt.Errorf("writing a workbook: %w", err)
	}
	return p.left, nil
}

// finish collects the changes that follow from those of the records.
func (p *plan) finish() error {
	if err := p.otherSheets(); err != nil {
		return err
	}
	list, err := p.b.texts.unused(p.b, p.used)
	if err != nil {
		return err
	}
	p.add(p.b.texts.part, list...)
	for _, sc := range p.scraps {
		if t := p.tallies[sc.text]; t.gone > 0 && t.stay == 0 {
			p.add(sc.part, sc.patch)
		}
	}
	for _, s := range p.b.list {
		if s == nil {
			continue
		}
		p.marks(s)
		for part, list := range s.orphans() {
			p.add(part, list...)
		}
		boxes, err := p.b.boxes(s)
		if err != nil {
			return err
		}
		for part, list := range boxes {
			p.add(part, list...)
		}
	}
	if p.formula {
		return p.dropChain()
	}
	return nil
}

// otherSheets notes the texts that sheets use which are not read: those of old
// macros, forms, and worksheets that the workbook does not name.
func (p *plan) otherSheets() error {
	var buf []byte
	for _, f := range p.b.zip.File {
		name := strings.ToLower(f.Name)
		dir := path.Base(path.Dir(name))
		if path.Ext(name) != ".xml" || !strings.HasSuffix(dir, "sheets") || p.b.known[name] {
			continue
		}
		text := false
		err := p.b.scan(f.Name, func(s *scanner, x xml.StartElement) (err error) {
			switch x.Name.Local {
			case "c":
				text = attr(x, "t") == "s"
			case "v":
				buf, err = s.text(buf[:0], false)
				if _, n, none := p.b.texts.get(strings.TrimSpace(string(buf))); text && none == nil {
					p.used.add(n)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// marks takes out the comments and links that go, and the relations that only
// those links used.
func (p *plan) marks(s *sheet) {
	gone, uses := 0, map[string]int{}
	for _, list := range s.marks {
		for _, m := range list {
			switch {
			case m.kind == link && m.gone:
				gone++
			case m.kind == link:
				uses[m.ref]++
			}
		}
	}
	free := map[string]bool{}
	for _, list := range s.marks {
		for _, m := range list {
			if !m.gone {
				continue
			}
			if m.kind == link {
				free[m.ref] = free[m.ref] || m.ref != "" && uses[m.ref] == 0
			}
			if m.kind != link || gone < s.linkCount {
				p.add(m.part, patch{m.span, ""})
			}
		}
	}
	if gone > 0 && gone == s.linkCount {
		p.add(s.part, patch{s.links, ""}) // an empty list is not valid
	}
	for _, r := range s.rels {
		if free[r.id] {
			p.add(relsOf(s.part), patch{r.span, ""})
		}
	}
}

// dropChain leaves out the order of calculation, which would name cells that have
// no formula any more. Programs make it anew.
func (p *plan) dropChain() error {
	part := p.b.target("calcChain")
	if part == "" || p.b.known[strings.ToLower(part)] || strings.EqualFold(part, p.b.main) {
		return nil
	}
	p.dropped = strings.ToLower(part)
	for _, r := range p.b.rels {
		if !r.external && strings.EqualFold(r.target, part) {
			p.add(relsOf(p.b.main), patch{r.span, ""})
		}
	}
	const types = "[Content_Types].xml"
	if p.b.part(types) == nil {
		return nil
	}
	return p.b.scan(types, func(s *scanner, x xml.StartElement) error {
		if !s.is("Types", "Override") || !strings.EqualFold(strings.TrimPrefix(attr(x, "PartName"), "/"), part) {
			return nil
		}
		at := s.at
		err := s.skip()
		p.add(types, patch{s.here(at), ""})
		return err
	})
}

// write makes the new package: parts that are not changed are copied as they are
// packed.
func (p *plan) write(ctx context.Context, w io.Writer) error {
	out := zip.NewWriter(w)
	if err := out.SetComment(p.b.zip.Comment); err != nil {
		return err
	}
	for _, f := range p.b.zip.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		switch k := strings.ToLower(f.Name); {
		case k == p.dropped:
		case len(p.parts[k]) == 0:
			err = out.Copy(f)
		default:
			err = p.part(out, f, p.parts[k])
		}
		if err != nil {
			return err
		}
	}
	return out.Close()
}

// part writes one part with its changes, under the header that it had.
func (p *plan) part(out *zip.Writer, f *zip.File, list []patch) error {
	h := f.FileHeader
	h.Modified = time.Time{} // the fields and extras that it was read from stay
	h.Extra = withoutSize(f.Extra)
	w, err := out.CreateHeader(&h)
	if err != nil {
		return err
	}
	r, err := p.b.reader(f.Name, maxPart)
	if err != nil {
		return err
	}
	return errors.Join(splice(w, r, list), r.Close())
}

// withoutSize takes the sizes of large parts (field 1) out of the extra fields of a
// header: they are written anew where needed.
func withoutSize(extra []byte) []byte {
	var out []byte
	for len(extra) >= 4 {
		n := 4 + int(binary.LittleEndian.Uint16(extra[2:]))
		if n > len(extra) {
			break
		}
		if binary.LittleEndian.Uint16(extra) != 1 {
			out = append(out, extra[:n]...)
		}
		extra = extra[n:]
	}
	return out
}

var errOverlap = errors.New("two changes of a part overlap")

// splice copies r to w with the changes made.
func splice(w io.Writer, r io.Reader, list []patch) error {
	slices.SortFunc(list, func(a, b patch) int { return cmp.Compare(a.start, b.start) })
	br := bufio.NewReaderSize(r, 64<<10)
	at := int64(0)
	for _, p := range list {
		if p.start < at || p.end < p.start {
			return errOverlap
		}
		if _, err := io.CopyN(w, br, p.start-at); err != nil {
			return noEnd(err)
		}
		if _, err := io.WriteString(w, p.now); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, br, p.end-p.start); err != nil {
			return noEnd(err)
		}
		at = p.end
	}
	_, err := io.Copy(w, br)
	return err
}

// noEnd makes an error of an end in the middle.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// copyWhole writes the workbook as it is.
func copyWhole(in format.Input, w io.Writer) error {
	r, err := in.Open()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, r.Close())
}
