package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/config"
	"github.com/cratio/sutra/pipeline/detect"
)

// DiscoverOptions say how much is looked at.
type DiscoverOptions struct {
	Rows int    // records drawn of each collection
	Seed uint64 // of the drawing: the same seed over the same data gives the same findings
}

// FindingLine is a field that seems to hold a kind of data, or that the catalog
// says holds it. It never carries a value.
type FindingLine struct {
	Type       string   `json:"type"` // "finding"
	Source     string   `json:"source"`
	Dataset    string   `json:"dataset"`
	Field      string   `json:"field"`
	Kind       string   `json:"kind"`
	Category   string   `json:"category"`
	Identity   string   `json:"identity"`
	Confidence string   `json:"confidence"` // high, medium, low; none for what only the catalog says
	Share      float64  `json:"share"`      // of the values that are there
	Sampled    int      `json:"sampled"`    // records drawn
	Total      int      `json:"total"`      // records they were drawn from
	Nulls      int      `json:"nulls"`      // drawn records without a value
	Signals    []string `json:"signals"`
	Rule       string   `json:"rule"`
	// Catalog is "owned" when the catalog describes the field and agrees,
	// "differs" when it describes the field otherwise (a person's word: it
	// stands), "none" when it does not describe the field.
	Catalog string `json:"catalog"`
}

// ReferenceLine is a column whose values are another collection's keys.
type ReferenceLine struct {
	Type     string `json:"type"` // "reference"
	Source   string `json:"source"`
	Dataset  string `json:"dataset"`
	Field    string `json:"field"`
	To       string `json:"to"`
	Declared bool   `json:"declared"` // by a foreign key; else guessed by name and values
}

// CollectionLine is one collection that was sampled.
type CollectionLine struct {
	Type    string `json:"type"` // "collection"
	Source  string `json:"source"`
	Dataset string `json:"dataset"`
	Fields  int    `json:"fields"`
	Sampled int    `json:"sampled"`
	Total   int    `json:"total"`
	Objects int    `json:"objects,omitempty"`
	Read    int    `json:"objects_read,omitempty"`
}

// DiscoverSummary sums up a discovery.
type DiscoverSummary struct {
	Type        string `json:"type"`
	Source      string `json:"source"`
	Collections int    `json:"collections"`
	Fields      int    `json:"fields"`
	Sampled     int    `json:"sampled"`
	Total       int    `json:"total"`
	Findings    int    `json:"findings"`
	High        int    `json:"high"`
	Medium      int    `json:"medium"`
	Low         int    `json:"low"`
	Unowned     int    `json:"unowned"` // personal fields, at least medium, that no catalog field describes
	Differs     int    `json:"differs"`
	Gaps        int    `json:"gaps"`
	Seed        uint64 `json:"seed"`
	Rule        string `json:"rule"`
	Note        string `json:"note"`
}

// absence stands under every answer.
const absence = "a sample is never proof of absence: a field without a finding was looked at in the sampled rows only"

// discovery is one run.
type discovery struct {
	ctx   context.Context
	src   config.Source
	o     DiscoverOptions
	out   Sink
	sum   DiscoverSummary
	done  []*looked
	forms []*looked // tables of field values, judged last: their definitions may come later
	defs  map[string]definitions
	lost  []connectors.Table // that could not be read
}

// Discover samples one source, passes what it finds to out and returns a proposed
// catalog. The source may be without a catalog, see [config.LoadBare]; it is only
// read, and neither key nor state is needed. Gaps are counted in the summary.
func Discover(ctx context.Context, c *config.Config, kinds map[string]connectors.Kind, source string, o DiscoverOptions, out Sink) (Proposal, DiscoverSummary, error) {
	src, ok := c.Source(source)
	if !ok {
		return Proposal{}, DiscoverSummary{}, fmt.Errorf("%w: there is no source %q in the configuration", ErrUsage, source)
	}
	if o.Rows < 1 || o.Rows > 100_000 {
		return Proposal{}, DiscoverSummary{}, fmt.Errorf("%w: from 1 to 100000 rows can be drawn of a collection", ErrUsage)
	}
	d := &discovery{ctx: ctx, src: src, o: o, out: out, defs: map[string]definitions{}}
	d.sum = DiscoverSummary{Type: "summary", Source: source, Seed: o.Seed, Rule: detect.Rule, Note: absence}
	conn, err := kinds[src.Connector].Open(ctx, connectors.Config{
		Name: src.Name, URL: src.URL, Dataset: src.Dataset, Account: src.Account, Workers: 1, Explore: true,
	})
	if err != nil {
		d.gap("", "the source cannot be opened: "+err.Error())
		return Proposal{}, d.sum, nil
	}
	outside, err := located(ctx, c, conn)
	switch {
	case err != nil:
		d.gap("", "where the source stands is not known: "+err.Error())
		return Proposal{}, d.sum, conn.Close()
	case outside != "":
		return Proposal{}, d.sum, errors.Join(fmt.Errorf("%w: source %s %s", ErrRefused, source, outside), conn.Close())
	}
	err = errors.Join(d.run(conn), conn.Close())
	p := Proposal{source: src, tables: d.done, unread: d.lost, seed: o.Seed}
	media := slices.DeleteFunc(slices.Clone(c.Sources), func(s config.Source) bool { return s.Connector != "recordings" })
	if len(media) == 1 {
		p.recordings = media[0].Name
	}
	return p, d.sum, err
}

func (d *discovery) gap(unit, reason string) {
	d.sum.Gaps++
	d.out(GapLine{Type: "gap", Source: d.src.Name, Unit: unit, Reason: reason})
}

func (d *discovery) run(conn connectors.Source) error {
	for t, err := range sampler(conn).Sample(d.ctx, d.o.Rows, d.o.Seed) {
		if d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		if err != nil {
			d.gap("", err.Error())
			break
		}
		for _, g := range t.Gaps {
			unit := g.Unit
			if unit == "" {
				unit = t.Name
			}
			if g.Locator != "" {
				unit = strings.TrimSpace(unit + " " + g.Locator)
			}
			d.gap(unit, g.Reason)
		}
		switch {
		case t.Unread:
			d.lost = append(d.lost, t)
		case t.Name != "" && (len(t.Columns) > 0 || len(t.Gaps) == 0):
			d.table(t)
		}
	}
	for _, t := range d.forms {
		d.judge(t, t.form(d.defs))
	}
	d.references()
	slices.SortFunc(d.done, func(a, b *looked) int { return strings.Compare(a.name, b.name) })
	return nil
}

// table takes one sample apart. Tables of field values wait for the definitions.
func (d *discovery) table(t connectors.Table) {
	x := look(t)
	if def := x.definitions(); def != nil {
		d.defs[x.name] = def
	}
	if x.formLike() {
		d.forms = append(d.forms, x)
		return
	}
	d.judge(x, nil)
}

// judge finds what the fields of a table hold, and drops the values.
func (d *discovery) judge(t *looked, form *formTable) {
	known, described := d.src.Dataset.Collection(t.name)
	for _, f := range t.fields {
		if form != nil && form.values[f] != nil {
			for _, part := range form.values[f] {
				d.findings(t, f, part, known, described)
			}
		} else {
			d.findings(t, f, formField{f.name(), f.label, f.values, f.rows(), t.sampled}, known, described)
		}
	}
	d.echoes(t)
	t.measure()
	t.remember()
	for _, f := range t.fields {
		f.keep()
	}
	d.out(CollectionLine{"collection", d.src.Name, d.dataset(t), len(t.fields), t.sampled, t.total, t.objects, t.read})
	d.sum.Collections++
	d.sum.Fields += len(t.fields)
	d.sum.Sampled += t.sampled
	d.sum.Total += t.total
	d.done = append(d.done, t)
}

func (d *discovery) dataset(t *looked) string { return d.src.Name + "." + t.name }

// findings judges one field, or one form field of it, and prints the verdicts.
func (d *discovery) findings(t *looked, f *field, p formField, coll connectors.Collection, described bool) {
	if f.nested && len(p.values) == 0 { // its leaves are judged
		return
	}
	list := detect.Detect(detect.Column{
		Name: p.label, Table: t.name, Type: f.typ, Comment: f.comment, Key: f.pk || len(f.refs) > 0, Values: p.values,
	})
	d.tell(t, f, p, list, coll, described)
}

// tell prints what was found in a field, and keeps it.
func (d *discovery) tell(t *looked, f *field, p formField, list []detect.Finding, coll connectors.Collection, described bool) {
	cf, owned, exact := connectors.CatalogField{}, false, false
	if described {
		cf, owned, exact = catalogField(coll.Fields, f.path)
	}
	line := FindingLine{Type: "finding", Source: d.src.Name, Dataset: d.dataset(t), Field: p.name, Sampled: p.of, Total: t.total,
		Nulls: max(p.of-p.rows, 0), Rule: detect.Rule}
	for _, x := range list {
		line.Kind, line.Category, line.Identity, line.Confidence = x.Kind, x.Category, x.Identity, x.Confidence.String()
		line.Share, line.Signals, line.Catalog = round(x.Share), x.Signals, compare(cf, owned, x)
		d.count(x, line.Catalog)
		d.out(line)
	}
	if len(list) == 0 && exact && len(cf.Fields) == 0 && p.name == f.name() && (connectors.Field{Categories: cf.Categories, Identity: cf.Identity}).Personal() {
		line.Kind, line.Category, line.Confidence, line.Catalog = "", strings.Join(cf.Categories, ","), detect.None.String(), "owned"
		line.Signals = []string{"the catalog says so; no sampled value speaks for or against it"}
		d.out(line)
	}
	f.found = append(f.found, judged{p.name, p.label, list})
}

func (d *discovery) count(x detect.Finding, catalog string) {
	d.sum.Findings++
	switch x.Confidence {
	case detect.High:
		d.sum.High++
	case detect.Medium:
		d.sum.Medium++
	default:
		d.sum.Low++
	}
	if x.Confidence >= detect.Medium && x.Personal() && catalog == "none" {
		d.sum.Unowned++
	}
	if catalog == "differs" {
		d.sum.Differs++
	}
}

// catalogField finds the catalog's description of a path. What a described object
// holds is described with it; exact is set when the path has a line of its own.
func catalogField(fields []connectors.CatalogField, path []string) (last connectors.CatalogField, owned, exact bool) {
	for i, p := range path {
		at := slices.IndexFunc(fields, func(f connectors.CatalogField) bool { return f.Name == p })
		if at < 0 {
			dotted := strings.Join(path[i:], ".")
			if at = slices.IndexFunc(fields, func(f connectors.CatalogField) bool { return f.Name == dotted }); at >= 0 {
				return fields[at], true, true
			}
			return last, i > 0, false
		}
		last, fields = fields[at], fields[at].Fields
	}
	return last, len(path) > 0, len(path) > 0
}

// compare says how the catalog stands to a finding.
func compare(f connectors.CatalogField, owned bool, x detect.Finding) string {
	personal := (connectors.Field{Categories: f.Categories, Identity: f.Identity}).Personal()
	looked := strings.HasPrefix(f.DataType, "object") || len(f.Fields) > 0
	switch {
	case !owned:
		return "none"
	case x.Confidence >= detect.Medium && x.Personal() && !personal && !looked && len(f.References) == 0 && len(f.Links) == 0 && f.Name != "key":
		return "differs"
	}
	return "owned"
}

func round(share float64) float64 { return float64(int(share*1000+0.5)) / 1000 }
