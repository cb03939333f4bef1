package xlsx

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

const (
	maxGaps = 1000    // told one by one of a worksheet
	maxGrid = 1 << 20 // cells of one batch, null ones counted
)

// Decode implements [format.Codec]. A worksheet that cannot be read, or not to its
// end, is a gap; the others are read.
func (c *codec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b, err := open(in)
	var skip *format.SkipError
	if errors.As(err, &skip) {
		return yield(connectors.Batch{Gaps: []connectors.Gap{{Reason: skip.Reason}}})
	}
	if err != nil {
		return err
	}
	var gaps []connectors.Gap
	for _, s := range b.list {
		if s == nil {
			continue
		}
		d := decoder{codec: c, yield: yield}
		err := d.sheet(ctx, b, s)
		s.extras = extras{}
		if d.stopped != nil || ctx.Err() != nil || b.in.err != nil {
			return errors.Join(d.stopped, ctx.Err(), b.in.err)
		}
		if err != nil {
			gaps = append(gaps, connectors.Gap{Locator: s.name(), Reason: "the worksheet cannot be read to its end: " + err.Error()})
		}
	}
	if !b.described {
		gaps = append(gaps, b.titles...)
	}
	reasons, err := b.unread()
	if err != nil {
		return err
	}
	for _, reason := range reasons {
		gaps = append(gaps, connectors.Gap{Reason: reason})
	}
	if len(gaps) == 0 {
		return nil
	}
	return yield(connectors.Batch{Collection: c.collection, Gaps: gaps})
}

// name tells a person which worksheet it is.
func (s *sheet) name() string { return fmt.Sprintf("sheet %d", s.index) }

// decoder makes batches of one worksheet.
type decoder struct {
	*codec
	yield   func(connectors.Batch) error
	stopped error // what yield said
	out     *connectors.Builder
	width   int // columns of out, without the rest
	gaps    []connectors.Gap
	more    int // gaps that are not told one by one
	told    int
}

func (d *decoder) sheet(ctx context.Context, b *book, s *sheet) error {
	if err := b.loadExtras(s); err != nil {
		return err
	}
	defer func() {
		if d.out != nil {
			d.out.Release()
		}
	}()
	t, err := d.read(ctx, b, s, walker{record: d.record, broken: d.broken, other: func(*row) error { return nil }})
	if d.stopped != nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if d.more > 0 {
		d.gaps = append(d.gaps, connectors.Gap{Locator: s.name(), Reason: fmt.Sprintf("%d more rows cannot be read", d.more)})
	}
	d.gaps = append(d.gaps, b.headerGaps(t)...)
	for _, what := range t.unread() {
		d.gaps = append(d.gaps, connectors.Gap{Locator: s.name(), Reason: what})
	}
	if flushed := d.flush(); flushed != nil {
		return flushed
	}
	return err
}

// headerGaps tells what the header keeps back. Workbooks have sheets of other things beside
// the one that the catalog describes: theirs is told where somebody stands in it, or where
// the catalog describes none.
func (b *book) headerGaps(t *table) (gaps []connectors.Gap) {
	strange := false
	for _, g := range t.kept {
		if g.Reason == connectors.StrangeHeader {
			strange = true
			if !t.tells {
				b.titles = append(b.titles, g)
				continue
			}
		}
		gaps = append(gaps, g)
	}
	b.described = b.described || t.header > 0 && !strange
	return gaps
}

// unread says what of a worksheet is not read.
func (t *table) unread() []string {
	var out []string
	if t.bare {
		out = append(out, connectors.NoHeader)
	}
	if t.stray > 0 {
		out = append(out, fmt.Sprintf("the worksheet has %d comments or links on its header or above it, which belong to no record", t.stray))
	}
	if t.scenarios {
		out = append(out, "the worksheet holds scenarios, not read here")
	}
	if t.printed {
		out = append(out, "the worksheet has a print header or footer with an address or a number in it, not read here")
	}
	if t.rules {
		out = append(out, "the worksheet holds rules for cells with an address or a number in them, not read here")
	}
	return out
}

func (d *decoder) record(t *table, x *row) error {
	if d.out != nil && (d.out.Full() || len(t.fields) != d.width || d.out.Len()*d.width > maxGrid) {
		if err := d.flush(); err != nil {
			return err
		}
	}
	if d.out != nil && len(t.fields) != d.width {
		d.out.Release()
		d.out = nil
	}
	if d.out == nil {
		d.width = len(t.fields)
		d.out = connectors.NewBuilder(d.mem, d.collection, append(slices.Clone(t.fields), restField))
	}
	d.out.Row(t.locator(x.number))
	for _, v := range x.cells {
		if v.value != "" {
			d.out.Set(v.col, v.value)
			t.tells = t.tells || len(t.kept) > 0 && tells(v.value)
		}
	}
	if rest := restText(x.leaves()); rest != "" {
		d.out.Set(d.width, rest)
	}
	return nil
}

func (d *decoder) broken(t *table, x *row) error {
	if d.told++; d.told > maxGaps {
		d.more++
		return nil
	}
	d.gaps = append(d.gaps, connectors.Gap{Locator: t.locator(x.number), Reason: "the row cannot be read: " + x.broken})
	return nil
}

// flush hands on what there is.
func (d *decoder) flush() error {
	rows := d.out != nil && d.out.Len() > 0
	if !rows && len(d.gaps) == 0 {
		return nil
	}
	out := connectors.Batch{Collection: d.collection}
	if rows {
		out = d.out.Flush()
	}
	out.Gaps, d.gaps = d.gaps, nil
	d.stopped = d.yield(out)
	return d.stopped
}
