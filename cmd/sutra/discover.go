package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/cratio/sutra/connectors/all"
	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/config"
)

// discovering is one run of `discover`.
type discovering struct {
	*app
	catalog bool
	file    string
	opts    pipeline.DiscoverOptions
	found   table.Writer
	refs    []string
	tables  []string
}

func (a *app) discoverCmd() *cobra.Command {
	d := &discovering{app: a}
	c := &cobra.Command{
		Use: "discover SOURCE", Short: "Sample a source, detect personal data by value, and propose a catalog", Args: cobra.ExactArgs(1),
		Long: "Samples a source, which is only read, detects personal data by value, and proposes a catalog.\n" +
			"The source needs no catalog yet; neither key nor state is needed. No value is ever printed.",
		RunE: func(c *cobra.Command, args []string) error {
			if !c.Flags().Changed("seed") {
				d.opts.Seed = uint64(rand.Uint32()) // short enough to be typed again
			}
			return d.run(c, args[0])
		},
	}
	f := c.Flags()
	f.BoolVar(&d.catalog, "catalog", false, "print the proposed catalog, or the one that the connector brings")
	f.VarP(outPath{word{&d.file}}, "output", "o", "write the proposed catalog to a new file")
	f.IntVar(&d.opts.Rows, "rows", 1000, "records drawn of each collection")
	f.Uint64Var(&d.opts.Seed, "seed", 0, "the seed of the drawing, to draw the same sample again (default: a new one)")
	return c
}

func (d *discovering) run(c *cobra.Command, name string) error {
	kinds := all.Kinds()
	conf, warnings, err := config.LoadBare(d.config, os.LookupEnv, kinds)
	for _, w := range warnings {
		d.out.remark("warning: " + w.String())
	}
	if err != nil {
		return err
	}
	src, ok := conf.Source(name)
	if !ok {
		return usageError{fmt.Errorf("there is no source %q in the configuration", name)}
	}
	if d.file != "" {
		if _, err := os.Lstat(d.file); err == nil {
			return usageError{fmt.Errorf("%s exists already: a proposal never replaces a catalog", d.file)}
		}
	}
	if own := kinds[src.Connector].Catalog; own != nil && src.Catalog == "" && (d.catalog || d.file != "") {
		if err := d.deliver(name, own); err != nil {
			return err
		}
		if d.json {
			d.out.summary(countSummary{"summary", 1})
		}
		return nil
	}
	proposal, sum, err := pipeline.Discover(c.Context(), conf, kinds, name, d.opts, d.line)
	if err != nil {
		return err
	}
	d.render(sum)
	switch {
	case sum.Collections == 0 && sum.Gaps == 0:
		d.out.remark("nothing was seen in it: is it the right place, and may this user see what is there?")
	case d.catalog || d.file != "":
		if err := d.deliver(name, proposal.Catalog()); err != nil {
			return err
		}
	}
	if !d.catalog || d.json {
		d.out.summary(sum)
	}
	if sum.Gaps > 0 {
		return errGaps
	}
	return nil
}

// line takes a line of the discovery. With --catalog standard output belongs to
// the catalog, and only gaps are told.
func (d *discovering) line(v any) {
	if _, gap := v.(pipeline.GapLine); gap || d.json {
		d.out.line(v)
		return
	}
	if d.catalog {
		return
	}
	switch l := legible(v).(type) {
	case pipeline.FindingLine:
		if d.found == nil {
			d.found = table.NewWriter()
			d.found.SetOutputMirror(d.stdout)
			d.found.SetStyle(table.StyleLight)
			d.found.AppendHeader(table.Row{"field", "holds", "confidence", "share", "sampled/total/null", "catalog", "signals"})
		}
		holds := l.Category
		if l.Identity != "" {
			holds += " (" + l.Identity + ")"
		}
		d.found.AppendRow(table.Row{l.Dataset + "." + l.Field, holds, l.Confidence, fmt.Sprintf("%.0f%%", l.Share*100),
			fmt.Sprintf("%d/%d/%d", l.Sampled, l.Total, l.Nulls), owned(l.Catalog), strings.Join(l.Signals, "; ")})
	case pipeline.ReferenceLine:
		word := "is a foreign key to"
		if !l.Declared {
			word = "looks like a reference to"
		}
		d.refs = append(d.refs, fmt.Sprintf("%s.%s %s %s", l.Dataset, l.Field, word, l.To))
	case pipeline.CollectionLine:
		text := fmt.Sprintf("%s: %d fields, %d of %d rows sampled", l.Dataset, l.Fields, l.Sampled, l.Total)
		if l.Objects > 0 {
			text += fmt.Sprintf(", from %d of %d objects", l.Read, l.Objects)
		}
		d.tables = append(d.tables, text)
	}
}

func owned(word string) string {
	switch word {
	case "owned":
		return "owned by the catalog"
	case "differs":
		return "the catalog says otherwise"
	}
	return "-"
}

// render prints what was collected for a person.
func (d *discovering) render(sum pipeline.DiscoverSummary) {
	if d.json || d.catalog {
		return
	}
	if d.found != nil {
		d.found.Render()
	}
	for _, l := range append(d.tables, d.refs...) {
		fmt.Fprintln(d.stdout, l)
	}
	if sum.Unowned > 0 {
		fmt.Fprintf(d.stdout, "%d findings of at least medium confidence in fields that no catalog describes\n", sum.Unowned)
	}
}

// catalogLine is a catalog among the lines of --json.
type catalogLine struct {
	Type   string `json:"type"` // "catalog"
	Source string `json:"source"`
	YAML   string `json:"yaml"`
}

// deliver prints a catalog, or writes it to a file that must not exist yet.
func (d *discovering) deliver(source string, data []byte) error {
	if len(data) == 0 {
		d.out.remark("the catalog describes every field that was seen: nothing is left to propose")
		return nil
	}
	if d.catalog && d.json {
		d.out.line(catalogLine{"catalog", source, string(data)})
	} else if d.catalog {
		if _, err := d.stdout.Write(data); err != nil {
			return fmt.Errorf("printing the catalog: %w", err)
		}
	}
	if d.file == "" {
		return nil
	}
	f, err := os.OpenFile(d.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("writing the catalog: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the catalog: %w", err)
	}
	d.out.remark("written: " + d.file)
	return nil
}
