package xlsx

import (
	"context"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// plan is what becomes of a workbook.
type plan struct {
	*codec
	b       *book
	edits   *format.Edits
	parts   map[string][]patch // by folded name of the part
	dropped string             // folded name of a part that goes as a whole
	used    bits               // texts that a cell which stays uses
	scraps  []scrap
	tallies map[string]*tally // by the text of a scrap
	formula bool              // a formula goes
	changed bool
	left    int

	// Of the worksheet at hand:
	gone    []removal
	implied bool // a row has no number of its own
}

// patch replaces a span of a part.
type patch struct {
	span
	now string
}

// removal is a row that goes.
type removal struct {
	number int
	named  bool
	prefix string
	span   span
	stay   []cell // whose formula others share
}

func (p *plan) add(part string, list ...patch) {
	if len(list) > 0 {
		k := strings.ToLower(part)
		p.parts[k] = append(p.parts[k], list...)
	}
}

// make reads the workbook and decides.
func (p *plan) make(ctx context.Context) error {
	var err error
	if p.scraps, err = p.b.loadScraps(); err != nil {
		return err
	}
	for _, s := range p.b.list {
		if s == nil {
			continue
		}
		if err := p.b.loadExtras(s); err != nil {
			return fmt.Errorf("%s: %w", s.name(), err)
		}
		p.scraps = append(p.scraps, s.filters...)
	}
	for _, sc := range p.scraps {
		p.tallies[sc.text] = &tally{}
	}
	unread := 0
	for _, s := range p.b.list {
		if s == nil {
			continue
		}
		t, err := p.sheet(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name(), err)
		}
		unread += len(t.unread())
	}
	reasons, err := p.b.unread()
	if p.left == 0 && len(reasons)+unread > 0 {
		p.left = 1 // what is not read may be hers or another's: it stays
	}
	if err != nil || !p.changed {
		return err
	}
	return p.finish()
}

// sheet decides about the records of one worksheet.
func (p *plan) sheet(ctx context.Context, s *sheet) (*table, error) {
	p.gone, p.implied = nil, false
	t, err := p.read(ctx, p.b, s, walker{
		record: p.record,
		broken: func(_ *table, x *row) error { p.left++; return p.keepRow(x) },
		other:  p.keepRow,
	})
	if err != nil {
		return t, err
	}
	for _, r := range p.gone {
		p.add(s.part, r.patches(p.implied)...)
	}
	return t, nil
}

// patches cuts a row out of its worksheet. Where the place of a row behind it may
// depend on it, an empty one stays.
func (r removal) patches(implied bool) []patch {
	open := "<" + r.prefix + "row"
	if r.named {
		open += fmt.Sprintf(` r="%d"`, r.number)
	}
	switch {
	case len(r.stay) == 0 && implied:
		return []patch{{r.span, open + "/>"}}
	case len(r.stay) == 0:
		return []patch{{r.span, ""}}
	}
	var list []patch
	at, text := r.span.start, open+">"
	for _, c := range r.stay {
		list = append(list, patch{span{at, c.formula.start}, text + c.open(r.number) + ">"})
		at, text = c.formula.end, "</"+c.prefix+"c>"
	}
	return append(list, patch{span{at, r.span.end}, text + "</" + r.prefix + "row>"})
}

// seen notes how a row stands.
func (p *plan) seen(x *row) { p.implied = p.implied || x.stands && !x.named }

func (p *plan) keepRow(x *row) error {
	p.seen(x)
	for i := range x.cells {
		p.keep(&x.cells[i])
	}
	return nil
}

// keep notes what a cell that stays uses.
func (p *plan) keep(c *cell) {
	if c.shared >= 0 {
		p.used.add(c.shared)
	}
	if t := p.tallies[c.value]; t != nil {
		t.stay++
	}
}

// drop notes a cell whose value goes.
func (p *plan) drop(c *cell) {
	p.changed = true
	p.formula = p.formula || c.formula.end > 0 && !c.master
	if t := p.tallies[c.value]; t != nil {
		t.gone++
	}
}

// record decides about one record.
func (p *plan) record(t *table, x *row) error {
	e := p.edits.For(p.collection, t.locator(x.number))
	if e == nil || e.Action != connectors.Delete {
		p.left++
		if e == nil || e.Rewrite == nil {
			return p.keepRow(x)
		}
		p.seen(x)
		return p.redact(t, x, e.Rewrite)
	}
	p.seen(x)
	p.edits.Deleted()
	p.changed = true
	for _, m := range x.marks {
		m.gone = true
	}
	if !x.stands {
		return nil
	}
	r := removal{number: x.number, named: x.named, prefix: x.prefix, span: x.span}
	for i := range x.cells {
		c := &x.cells[i]
		p.drop(c)
		if c.master {
			r.stay = append(r.stay, *c)
		}
	}
	p.gone = append(p.gone, r)
	return nil
}
