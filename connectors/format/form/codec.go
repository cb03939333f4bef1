package form

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// RestColumn is the last column: a JSON object of the pairs that the catalog does
// not name.
const RestColumn = "sutra.rest"

// MaxLine is the longest line, in bytes, that is read. Longer ones are gaps.
const MaxLine = 16 << 20

// New returns a codec for the records of one collection. A pair belongs to the
// field of the same name, without regard to case; the first of a name counts,
// others go to [RestColumn]. An empty value is null.
func New(dataset string, cat connectors.Collection) format.Codec {
	c := &codec{collection: cat.Name, fields: connectors.Columns(dataset, cat), at: map[string]int{}, names: names{}}
	for i, f := range c.fields {
		c.at[strings.ToLower(f.Name)] = i
	}
	c.fields = append(c.fields, connectors.Field{Name: RestColumn, Look: connectors.LookJSON})
	return c
}

type codec struct {
	collection string
	fields     []connectors.Field
	at         map[string]int

	// Of the line at hand.
	cell, rest []int
	pairs      []pair
	names      names
}

// cells says which pair stands in which column; the rest are the others. The result
// is valid until the next call.
func (c *codec) cells(pairs []pair) (cells []int, rest []int) {
	if c.cell == nil {
		c.cell = make([]int, len(c.fields)-1)
	}
	cells, rest = c.cell, c.rest[:0]
	for i := range cells {
		cells[i] = -1
	}
	for i, p := range pairs {
		k, ok := c.at[p.name]
		if !ok {
			k, ok = c.at[strings.ToLower(p.name)]
		}
		switch {
		case p.value == "":
		case ok && cells[k] < 0:
			cells[k] = i
		default:
			rest = append(rest, i)
		}
	}
	c.rest = rest
	return cells, rest
}

// Decode implements [format.Codec].
func (c *codec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	b := connectors.NewBuilder(memory.DefaultAllocator, c.collection, c.fields)
	defer b.Release()
	var gaps []connectors.Gap
	flush := func() error {
		out := connectors.Batch{Collection: c.collection, Gaps: gaps}
		gaps = nil
		if b.Len() > 0 {
			g := out.Gaps
			out = b.Flush()
			out.Gaps = g
		}
		if out.Rows == nil && len(out.Gaps) == 0 {
			return ctx.Err()
		}
		return yield(out)
	}
	err := each(in, nil, func(n int, line []byte, long bool) ([]byte, error) {
		pairs, ok := parse(line, c.pairs[:0], c.names)
		c.pairs = pairs
		switch {
		case long:
			gaps = append(gaps, connectors.Gap{Locator: locator(n), Reason: fmt.Sprintf("a line of more than %d MiB", MaxLine>>20), Text: gapText(line)})
		case !ok:
			gaps = append(gaps, connectors.Gap{Locator: locator(n), Reason: "no name=value pair stands on this line", Text: gapText(line)})
		case c.several(pairs):
			gaps = append(gaps, connectors.Gap{Locator: locator(n), Reason: "more than one record stands on this line", Text: gapText(line)})
		default:
			c.row(b, n, pairs)
		}
		if b.Full() || len(gaps) >= connectors.BatchRows {
			return line, flush()
		}
		return line, nil
	})
	return errors.Join(err, flush())
}

// several reports pairs of more than one record, as a receiver writes them that puts no
// line's end between two bodies: fields come again and say something else, two of them that
// tell who somebody is, or three and one of those among them. A form with a second number of
// one person under the name of the first, and a second area, is one record.
func (c *codec) several(pairs []pair) bool {
	cells, rest := c.cells(pairs)
	other, who := map[int]bool{}, map[int]bool{}
	for _, i := range rest {
		k, ok := c.at[strings.ToLower(pairs[i].name)]
		if !ok || pairs[cells[k]].value == pairs[i].value {
			continue
		}
		other[k] = true
		if f := &c.fields[k]; f.Identity != "" || len(f.Links) > 0 || slices.Contains(f.Categories, "user.name") {
			who[k] = true
		}
	}
	return len(who) > 1 || len(who) == 1 && len(other) > 2
}

func (c *codec) row(b *connectors.Builder, n int, pairs []pair) {
	b.Row(locator(n))
	cells, rest := c.cells(pairs)
	for k, i := range cells {
		if i >= 0 {
			b.Set(k, strings.ToValidUTF8(pairs[i].value, "\uFFFD"))
		}
	}
	if len(rest) > 0 {
		b.Set(len(c.fields)-1, restText(pairs, rest))
	}
}

// keys names the pairs in rest: the second of a name is "name#2".
func keys(pairs []pair, rest []int) []string {
	out := make([]string, len(rest))
	used := make(map[string]bool, len(rest))
	for k, i := range rest {
		key := pairs[i].name
		for n := 2; used[key]; n++ {
			key = fmt.Sprintf("%s#%d", pairs[i].name, n)
		}
		used[key], out[k] = true, key
	}
	return out
}

// restText is the JSON object of the pairs in rest, in their order.
func restText(pairs []pair, rest []int) string {
	var b strings.Builder
	for k, key := range keys(pairs, rest) {
		b.WriteString(map[bool]string{true: "{", false: ","}[k == 0])
		b.WriteString(quote(key) + ":" + quote(pairs[rest[k]].value))
	}
	b.WriteString("}")
	return b.String()
}

// Rewrite implements [format.Codec].
func (c *codec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (int, error) {
	left := 0
	bw := bufio.NewWriter(w)
	err := each(in, bw, func(n int, line []byte, long bool) ([]byte, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e := edits.For(c.collection, locator(n))
		pairs, ok := parse(line, nil, nil)
		if e != nil && e.Action == connectors.Delete && ok && !long {
			edits.Deleted()
			return nil, nil
		}
		left++
		if e == nil || e.Rewrite == nil || !ok || long {
			return line, nil
		}
		out, err := c.redact(line, pairs, e.Rewrite)
		if err == nil && !bytes.Equal(out, line) {
			edits.Redacted()
		}
		return out, err
	})
	return left, errors.Join(err, bw.Flush())
}

func locator(n int) string { return "line " + strconv.Itoa(n) }

// each hands every line that is not blank to fn, without its end, and writes what
// fn makes of it to w, unless w is nil; nil takes the line out with its end. A line
// over the limit is copied as it is.
func each(in format.Input, w io.Writer, fn func(n int, line []byte, long bool) ([]byte, error)) (err error) {
	r, err := in.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	br := bufio.NewReaderSize(r, 64<<10)
	over := w
	if over == nil {
		over = io.Discard
	}
	for n := 1; ; n++ {
		raw, long, rerr := readLine(br, over)
		if rerr != nil && !errors.Is(rerr, io.EOF) {
			return fmt.Errorf("reading a form: %w", rerr)
		}
		if len(raw) == 0 && !long {
			return nil
		}
		line := bytes.TrimRight(raw, "\r\n")
		head := 0
		if n == 1 && bytes.HasPrefix(line, []byte("\xEF\xBB\xBF")) {
			head = 3
		}
		out := line[head:]
		if long || len(bytes.TrimSpace(out)) > 0 {
			if out, err = fn(n, line[head:], long); err != nil {
				return err
			}
		}
		if long {
			continue
		}
		if w == nil {
			if errors.Is(rerr, io.EOF) {
				return nil
			}
			continue
		}
		if out != nil {
			out = append(append(bytes.Clone(line[:head]), out...), raw[len(line):]...)
		} else {
			out = line[:head] // the mark is the file's
		}
		if _, err := w.Write(out); err != nil {
			return fmt.Errorf("writing a form: %w", err)
		}
		if errors.Is(rerr, io.EOF) {
			return nil
		}
	}
}

// readLine reads a line with its end; one over the limit goes to w instead.
func readLine(br *bufio.Reader, w io.Writer) (raw []byte, long bool, err error) {
	for {
		p, err := br.ReadSlice('\n')
		if raw == nil && err == nil {
			return p, false, nil // valid until the next line is read
		}
		if !long && len(raw)+len(p) > MaxLine {
			long = true
			if _, werr := w.Write(raw); werr != nil {
				return nil, long, werr
			}
			raw = nil
		}
		if long {
			if _, werr := w.Write(p); werr != nil {
				return nil, long, werr
			}
		} else {
			raw = append(raw, p...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return raw, long, err
		}
	}
}

// gapText is what of a line that is no record is looked through.
func gapText(line []byte) string { return string(line[:min(len(line), connectors.GapText)]) }
