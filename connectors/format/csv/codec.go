package csv

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
)

// Options tune a codec; the zero value suits most tables.
type Options struct {
	// Delimiter is the byte between cells. 0 means: the one of , ; tab | that
	// stands most often in the header.
	Delimiter byte
	// Fields, when set, gives the columns of a header their meaning in place of
	// the catalog. It returns one field a column, with unique names.
	Fields func(header []string) []connectors.Field
	// Mem is where batches live; nil means Go's memory.
	Mem memory.Allocator
}

// New returns the codec of one table of text. Its records belong to collection;
// dataset and cat give the columns their meaning.
func New(collection, dataset string, cat connectors.Collection, o Options) format.Codec {
	if o.Mem == nil {
		o.Mem = memory.DefaultAllocator
	}
	return &codec{collection: collection, dataset: dataset, cat: cat, o: o}
}

type codec struct {
	collection, dataset string
	cat                 connectors.Collection
	o                   Options
	noBlocks            bool // every record is parsed by itself; tests compare
}

// table is an open object behind its header.
type table struct {
	cs     charset
	wide   *utf16.Reader // nil for UTF-8
	s      *scanner
	fields []connectors.Field // nil when there is no header
	n      int                // number of the row that next gave, from 1
	bare   bool               // there is no header: the first line is a row
	held   *record            // that row, until next gives it
	gaps   []connectors.Gap   // of the header
	names  []string           // in the header; none when there is none
	sizes  uint64             // how long they are, as bits
	point  scanner            // of single rows: see recordAt

	beyondASCII func() (bool, error) // whether the object is in Windows-1252; asked by a rewrite
}

// open finds out encoding, line ends and delimiter. window is how many bytes are
// read at first.
func (c *codec) open(r io.Reader, window int) (*table, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading text: %w", err)
	}
	t := &table{cs: charsetOf(head)}
	if _, err := br.Discard(len(t.cs.bom)); err != nil {
		return nil, fmt.Errorf("reading text: %w", err)
	}
	t.s = sizedScanner(br, window)
	t.s.at = int64(len(t.cs.bom))
	if t.cs.order != nil {
		t.wide = utf16.NewReader(br, t.cs.order)
		t.s = sizedScanner(t.wide, window)
	}
	if err := t.s.sniff(c.o.Delimiter); err != nil {
		return nil, err
	}
	return t, nil
}

// header reads the header row; lines before it and the row itself go to w.
func (c *codec) header(t *table, w io.Writer) error {
	for {
		rec, err := t.s.next()
		if err != nil || rec == nil {
			return err
		}
		if rec.kind == broken || rec.kind == long {
			return errors.New("the header row cannot be read: a quote is never closed, or it is too long")
		}
		_, sep := separator(rec.raw[:rec.body])
		above := rec.kind == blank || sep
		if !above {
			if len(rec.cells) > maxColumns {
				return fmt.Errorf("the header has more than %d columns: not a table of text", maxColumns)
			}
			if err := c.meaning(t, rec); err != nil {
				return err
			}
			if t.bare {
				t.held = rec
				return nil
			}
		}
		if err := format.Keep(w, rec.off, rec.raw); err != nil {
			return fmt.Errorf("writing the header: %w", err)
		}
		if !above {
			return nil
		}
	}
}

// meaning gives the columns their fields from the header row, or notes that it is none.
func (c *codec) meaning(t *table, rec *record) error {
	names := make([]string, len(rec.cells))
	for i, x := range rec.cells {
		names[i] = string(t.cellText(rec, x, new([]byte)))
	}
	of := c.o.Fields
	if of == nil {
		of = func(names []string) []connectors.Field { return columns(c.dataset, c.cat, names) }
	}
	t.fields = of(names)
	if t.bare = connectors.Headless(names, t.fields, c.cat); t.bare {
		t.fields = of(make([]string, len(names)))
	} else {
		t.keepNames(names)
	}
	t.gaps = t.headerGaps(names, rec.line, c)
	if len(t.fields) != len(names) {
		return fmt.Errorf("%d fields were given for %d columns", len(t.fields), len(names))
	}
	return nil
}

// next returns the next record that is not blank, with the reason why it is a
// gap. Blank lines go to w, and so does a long line as a whole.
func (t *table) next(w io.Writer) (rec *record, gap string, err error) {
	for {
		if rec, t.held = t.held, nil; rec == nil {
			rec, err = t.s.next()
		}
		if err != nil || rec == nil {
			return nil, "", err
		}
		if !t.blank(rec) {
			break
		}
		if err := format.Keep(w, rec.off, rec.raw); err != nil {
			return nil, "", fmt.Errorf("writing a blank line: %w", err)
		}
	}
	t.n++
	switch {
	case rec.kind == long:
		gap = fmt.Sprintf("a line of more than %d MiB", maxRecord>>20)
		if _, err := w.Write(rec.raw); err != nil {
			return nil, "", fmt.Errorf("copying a long line: %w", err)
		}
		line := rec.line
		err = t.s.rest(w)
		*rec = record{line: line, kind: long}
	case rec.kind == broken:
		gap = "a quote that is never closed, or in the middle of a cell"
	case len(rec.cells) < len(t.fields) || !t.fits(rec):
		gap = fmt.Sprintf("a row of %d cells under a header of %d", len(rec.cells), len(t.fields))
	}
	return rec, gap, err
}

// fits reports a row that has nothing beyond the last column: spreadsheets write empty
// cells there. One that ends early may be half a row, of a text with a line end in it and
// without quotes, so that its cells need not be those of its first columns.
func (t *table) fits(rec *record) bool {
	for _, x := range rec.cells[min(len(t.fields), len(rec.cells)):] {
		if x.end > x.start {
			return false
		}
	}
	return true
}

// blank reports a line with nothing on it; in a table of several columns spaces
// are nothing.
func (t *table) blank(rec *record) bool {
	return rec.kind == blank || rec.kind == row && len(rec.cells) == 1 && len(t.fields) > 1 &&
		len(bytes.TrimLeft(rec.raw[:rec.body], " \t")) == 0
}

// cellText returns what a cell is in a batch: valid UTF-8.
func (t *table) cellText(rec *record, x cell, scratch *[]byte) []byte {
	v := rec.value(x, *scratch)
	if x.style == complex {
		*scratch = v
	}
	if t.cs.order != nil && !utf8.Valid(v) {
		return bytes.ToValidUTF8(v, []byte("\uFFFD"))
	}
	return valid(v)
}

// locator appends "row N".
func locator(b []byte, n int) []byte {
	return strconv.AppendInt(append(b[:0], "row "...), int64(n), 10)
}

// Decode implements format.Codec.
func (c *codec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	r, err := in.Open()
	if err != nil {
		return err
	}
	return errors.Join(c.decode(ctx, r, yield), r.Close())
}

func (c *codec) decode(ctx context.Context, r io.Reader, yield func(connectors.Batch) error) error {
	t, err := c.open(r, firstBuffer)
	if err != nil {
		return err
	}
	if err := c.header(t, io.Discard); err != nil {
		return err
	}
	b := connectors.NewBuilder(c.o.Mem, c.collection, t.fields)
	defer b.Release()
	gaps := t.gaps
	flush := func() error {
		if b.Len() == 0 && len(gaps) == 0 {
			return nil
		}
		out := connectors.Batch{Collection: c.collection}
		if b.Len() > 0 {
			out = b.Flush()
		}
		if out.Rows != nil {
			gaps = append(gaps, t.headerAgain(out.Rows)...)
		}
		out.Gaps, gaps = gaps, nil
		if err := ctx.Err(); err != nil {
			if out.Rows != nil {
				out.Rows.Release()
			}
			return err
		}
		return yield(out)
	}
	rows := rowWriter{b: b, t: t}
	for {
		if blk := c.nextBlock(t, b); blk != nil {
			rows.block(blk, t)
		} else {
			rec, gap, err := t.next(io.Discard)
			if err != nil {
				return errors.Join(flush(), err)
			}
			if rec == nil {
				break
			}
			if gap != "" {
				gaps = append(gaps, rec.gap(gap))
			} else {
				rows.loc = locator(rows.loc, t.n)
				rows.row(rec, text(rows.loc))
			}
		}
		if b.Full() || len(gaps) >= connectors.BatchRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	gaps = append(gaps, t.ending()...)
	return flush()
}

// ending is a gap when the text ends in the middle of a letter.
func (t *table) ending() []connectors.Gap {
	if t.wide == nil || len(t.wide.Odd()) == 0 {
		return nil
	}
	return []connectors.Gap{{Reason: "the text ends in half a UTF-16 letter"}}
}

// gap tells why a record was not read.
func (r *record) gap(reason string) connectors.Gap {
	return connectors.Gap{Locator: fmt.Sprintf("line %d", r.line), Reason: reason, Text: string(r.raw[:min(len(r.raw), connectors.GapText)])}
}

// headerGaps are the gaps of a table without a header, or with one that keeps something back.
func (t *table) headerGaps(names []string, line int, c *codec) []connectors.Gap {
	at := fmt.Sprintf("line %d", line)
	switch {
	case t.bare:
		return []connectors.Gap{{Locator: "line 1", Reason: connectors.NoHeader}}
	case c.o.Fields != nil: // a vendor's table, whose header nobody promised
		return connectors.NamingGaps(at, names, t.fields, c.cat)
	}
	return connectors.HeaderGaps(at, names, t.fields, c.cat)
}

// nextBlock returns the rows that can be taken together, or nil.
func (c *codec) nextBlock(t *table, b *connectors.Builder) *block {
	if c.noBlocks || t.held != nil {
		return nil
	}
	return t.s.nextBlock(len(t.fields), b.Room())
}

// rowWriter puts records into batches.
type rowWriter struct {
	b            *connectors.Builder
	t            *table
	loc, scratch []byte
}

// row puts in one record. One that does not fill its columns is not found by its position:
// it could be told from no other line.
func (w *rowWriter) row(rec *record, loc string) {
	placed := w.t.wide == nil // positions in the text are positions in the object
	width := len(w.t.fields)
	switch {
	case placed && len(rec.cells) == width:
		w.b.RowAt(loc, rec.off+1)
	case placed:
		w.b.RowAt(loc, 0)
	default:
		w.b.Row(loc)
	}
	for i, x := range rec.cells[:min(len(rec.cells), width)] {
		if v := w.t.cellText(rec, x, &w.scratch); len(v) > 0 {
			w.b.Set(i, text(v))
		}
	}
}

// block puts in the rows of a block.
func (w *rowWriter) block(blk *block, t *table) {
	width := len(t.fields)
	for r := range blk.rows {
		t.n++
		w.loc = locator(w.loc, t.n)
		if t.wide == nil {
			w.b.RowAt(text(w.loc), blk.off+int64(blk.ends[r*width])+int64(blk.eol)+1)
		} else {
			w.b.Row(text(w.loc))
		}
	}
	w.b.Fill(blk.text, blk.ends, blk.rows, blk.eol)
}
