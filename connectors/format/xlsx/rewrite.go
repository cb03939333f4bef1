package xlsx

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// patch replaces a span of a part.
type patch struct {
	span [2]int64
	text []byte
}

// changes is what becomes of a workbook.
type changes struct {
	parts   map[string][]patch // by part, in order
	used    map[int]bool       // texts that a cell which stays uses
	formula bool               // a formula went
	left    int
}

// Rewrite implements [format.Codec].
func (c *codec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (int, error) {
	b, err := open(in)
	if err != nil {
		return 0, err
	}
	ch := &changes{parts: map[string][]patch{}, used: map[int]bool{}}
	for i := range b.sheets {
		if err := c.plan(ctx, b, i, edits, ch); err != nil {
			return 0, err
		}
	}
	if len(ch.parts) == 0 {
		return ch.left, copyWhole(in, w)
	}
	for i, span := range b.texts.spans {
		if !ch.used[i] && b.texts.value[i] != "" { // what programs left behind goes too
			ch.parts[textsPart] = append(ch.parts[textsPart], patch{span, []byte("<" + b.texts.prefix + "si><" + b.texts.prefix + "t/></" + b.texts.prefix + "si>")})
		}
	}
	out := zip.NewWriter(w)
	if err := out.SetComment(b.zip.Comment); err != nil {
		return 0, fmt.Errorf("writing a workbook: %w", err)
	}
	for _, f := range b.zip.File {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := b.write(out, f, ch); err != nil {
			return 0, fmt.Errorf("writing a workbook: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return 0, fmt.Errorf("writing a workbook: %w", err)
	}
	return ch.left, nil
}

// plan collects the changes of one worksheet.
func (c *codec) plan(ctx context.Context, b *book, index int, edits *format.Edits, ch *changes) error {
	part := b.sheets[index]
	seen := map[int]bool{}
	err := c.read(b, index, func(t *table, x *row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		seen[x.number] = true
		e := edits.For(c.collection, t.locator(x.number))
		if e != nil && e.Action == connectors.Delete {
			edits.Deleted()
			ch.parts[part] = append(ch.parts[part], patch{span: x.span})
			for _, v := range x.cells {
				ch.formula = ch.formula || v.formula
			}
			return nil
		}
		ch.left++
		if e == nil || e.Rewrite == nil {
			ch.keep(x.cells)
			return nil
		}
		list := ch.redact(t, x, e.Rewrite)
		if len(list) > 0 {
			edits.Redacted()
			ch.parts[part] = append(ch.parts[part], list...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.sheet(part, func(x *row) error { // headers use texts too
		if !seen[x.number] {
			ch.keep(x.cells)
		}
		return nil
	})
}

func (ch *changes) keep(cells []cell) {
	for _, v := range cells {
		if v.shared >= 0 {
			ch.used[v.shared] = true
		}
	}
}

// redact asks rewrite about the cells of a row.
func (ch *changes) redact(t *table, x *row, rewrite func(connectors.Field, string) (string, connectors.Verdict)) []patch {
	var list []patch
	for _, v := range x.cells {
		old := strings.ToValidUTF8(v.value, "\uFFFD")
		verdict, now := connectors.Same, ""
		if old != "" {
			now, verdict = rewrite(t.fields[v.col], old)
		}
		if verdict == connectors.Same || verdict == connectors.Set && now == old {
			ch.keep([]cell{v})
			continue
		}
		ch.formula = ch.formula || v.formula
		list = append(list, patch{v.span, v.with(now, verdict == connectors.Empty)})
	}
	return list
}

// with writes the cell anew: with a text of its own, or without a value.
func (v cell) with(text string, empty bool) []byte {
	var b bytes.Buffer
	b.WriteString("<" + v.prefix + "c")
	if v.ref != "" {
		b.WriteString(` r="` + v.ref + `"`)
	}
	if v.style != "" {
		b.WriteString(` s="` + v.style + `"`)
	}
	if empty {
		b.WriteString("/>")
		return b.Bytes()
	}
	p := v.prefix
	b.WriteString(` t="inlineStr"><` + p + "is><" + p + `t xml:space="preserve">`)
	if err := xml.EscapeText(&b, []byte(text)); err != nil { // a buffer takes everything
		return []byte("<" + p + "c/>")
	}
	b.WriteString("</" + p + "t></" + p + "is></" + p + "c>")
	return b.Bytes()
}

const chainPart = "xl/calcChain.xml"

// chain finds what names the order of calculation, which would name cells that
// have no formula any more. Programs make it anew.
var chain = regexp.MustCompile(`<(?:Override|Relationship)[^<>]*calcChain[^<>]*/>`)

// write puts one part into the new package.
func (b *book) write(out *zip.Writer, f *zip.File, ch *changes) error {
	list := ch.parts[f.Name]
	drop := ch.formula && b.parts[chainPart] != nil
	switch {
	case drop && f.Name == chainPart:
		return nil
	case drop && (f.Name == "[Content_Types].xml" || f.Name == "xl/_rels/workbook.xml.rels"):
	case len(list) == 0:
		return out.Copy(f)
	}
	w, err := out.CreateHeader(&zip.FileHeader{Name: f.Name, Comment: f.Comment, NonUTF8: f.NonUTF8, Method: f.Method, Modified: f.Modified, ExternalAttrs: f.ExternalAttrs, CreatorVersion: f.CreatorVersion})
	if err != nil {
		return err
	}
	r, err := b.reader(f.Name)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
		_, err = w.Write(chain.ReplaceAll(data, nil))
		return err
	}
	return errors.Join(splice(w, r, list), r.Close())
}

// splice copies r to w with the spans replaced.
func splice(w io.Writer, r io.Reader, list []patch) error {
	br := bufio.NewReaderSize(r, 64<<10)
	at := int64(0)
	for _, p := range list {
		if _, err := io.CopyN(w, br, p.span[0]-at); err != nil {
			return noEnd(err)
		}
		if _, err := w.Write(p.text); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, br, p.span[1]-p.span[0]); err != nil {
			return noEnd(err)
		}
		at = p.span[1]
	}
	_, err := io.Copy(w, br)
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
