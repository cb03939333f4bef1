package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/cratio/sutra/pipeline"
)

// printer renders the lines of a job: NDJSON for programs, tables for people.
type printer struct {
	mu     sync.Mutex
	to     *sink     // standard output
	stderr io.Writer // a terminal's goes above the bars
	json   bool
	quiet  bool
	copies table.Writer
	gaps   int
	open   bool // lines were printed, and no summary yet
	ended  bool // a summary was printed
}

func newPrinter(stdout *sink, stderr *os.File, asJSON, quiet bool) *printer {
	return &printer{to: stdout, stderr: stderr, json: asJSON, quiet: quiet}
}

// remark prints a line for a person on standard error.
func (p *printer) remark(text string) {
	if !p.quiet {
		fmt.Fprintln(p.stderr, paragraphs(text))
	}
}

// line prints one line of a job.
func (p *printer) line(v any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		p.encode(v)
		return
	}
	switch l := legible(v).(type) {
	case pipeline.CopyLine:
		if p.copies == nil {
			p.copies = table.NewWriter()
			p.copies.SetOutputMirror(p.to)
			p.copies.SetStyle(table.StyleLight)
			p.copies.AppendHeader(table.Row{"dataset", "unit", "locator", "role", "class", "erase after", "via"})
		}
		p.copies.AppendRow(table.Row{l.Dataset, l.Unit, l.Locator, l.Role, l.Class, day(l.EraseAfter), strings.Join(l.Via, " > ")})
	case pipeline.GapLine:
		p.gaps++
		fmt.Fprintf(p.stderr, "gap: %s: %s\n", strings.TrimRight(l.Source+" "+l.Unit, " "), l.Reason)
	case pipeline.KeptLine:
		fmt.Fprintf(p.to, "kept: %s %s %s: %s (%s)%s\n", l.Dataset, l.Unit, l.Locator, l.Reason, l.Rule, until(l))
	case pipeline.RecipientLine:
		fmt.Fprintf(p.to, "to be told: %s (%s, %s), %d records\n", l.Dataset, l.Connector, l.Relation, l.Records)
	case pipeline.ChoiceLine:
		fmt.Fprintf(p.to, "one of hers: %s %s in %s, %d records\n", l.Category, l.Hint, strings.Join(l.Fields, ", "), l.Records)
	case pipeline.BackLine:
		fmt.Fprintf(p.to, "came back: %s %s %s\n", l.Dataset, l.Unit, l.Locator)
	case pipeline.UnerasedLine:
		fmt.Fprintf(p.to, "not erased yet: %s %s %s: %s\n", l.Dataset, l.Unit, l.Locator, unerasedWhy[l.Reason])
	case pipeline.SubjectLine:
		how := "ask with another identifier of this person's" // the graph holds none of them in plain text
		if len(l.Ask) > 0 {
			how = "ask for " + strings.Join(l.Ask, " or ")
		}
		account := "of account " + l.Account
		if l.Account == "" {
			account = "of no known account"
		}
		fmt.Fprintf(p.to, "a person %s with %d copies: %s\n", account, l.Copies, how)
	case pipeline.StepLine:
		word := "joined by"
		if !l.Join {
			word = "not joined by"
		}
		fmt.Fprintf(p.to, "%s\n    %s %s (%s) to %s\n", l.From, word, l.Via, l.Rule, l.To)
	case pipeline.LinkLine:
		fmt.Fprintf(p.to, "%s  %s: %s and %s of account %s (%s, %s): %s\n", l.ID, l.Word, l.A, l.B, l.Account, l.Actor, day(l.At), l.Reason)
	case pipeline.FactLine:
		fmt.Fprintf(p.to, "consent: %s = %s (%s, %s)\n", l.What, l.Value, l.Dataset, day(l.At))
	case pipeline.NoteLine:
		fmt.Fprintln(p.to, l.Text)
	default:
		p.fields(l)
	}
}

// unerasedWhy says in words why a record was not erased, and what to do.
var unerasedWhy = map[string]string{
	"failed":   "its erasure failed; apply the plan again, or make a new one",
	"overdue":  "it is past its period and could not be erased; apply the plan again, or make a new one",
	"stale":    "it had changed since the plan was made; make a new plan",
	"late":     "it leads to somebody who was erased by a reference alone, and was moved or written after the plan was made, or could not be read then; scan, and plan again",
	"residue":  "an identifier of somebody who was erased stands in another's record, where it cannot be cut out; take it out by hand, and scan again",
	"stuck":    "it is of somebody who was erased, and an identifier is in it after all; make a new plan, and take out by hand what that leaves, such as a key",
	"unread":   "a part that cannot be read holds an identifier of somebody who was erased; mend it or take it out by hand, and scan again",
	"unseen":   "it was changed, and could not be read again since, so that nobody knows what is left; when its source can be read, apply the plan again, or scan",
	"homeless": "it is of no account, and somebody in another account has the identifier too; let the catalog say its account, or take it out by hand, and scan again",
	"name":     "the object is named after somebody who was erased; rename it or delete it, and scan again",
}

// until says how long a record is kept. What the law keeps without a date has no end that
// is known; what others share ends with them, and a hold with its release, not on the day of
// its review.
func until(l pipeline.KeptLine) string {
	switch {
	case l.Reason == "hold" && l.Until != "" && !l.Released:
		return " until it is released; review " + day(l.Until)
	case l.Until != "":
		return " until " + day(l.Until)
	case l.Reason == "law":
		return ", no end is known"
	}
	return ""
}

func day(stamp string) string {
	if len(stamp) < 10 {
		return "-"
	}
	return stamp[:10]
}

func (p *printer) encode(v any) {
	p.open = true
	e := json.NewEncoder(p.to)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		p.to.failed(err)
	}
}

// fields prints the exported fields of a line by their JSON names.
func (p *printer) fields(v any) {
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Struct {
		fmt.Fprintln(p.to, v)
		return
	}
	parts := filled(r)
	if len(parts) == 0 {
		parts = []string{"nothing"}
	}
	fmt.Fprintln(p.to, strings.Join(parts, "  "))
}

// filled lists the fields of a line that are not zero, embedded ones too.
func filled(r reflect.Value) (parts []string) {
	for i := range r.NumField() {
		f := r.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && r.Field(i).Kind() == reflect.Struct:
			parts = append(parts, filled(r.Field(i))...)
		case name == "" || name == "type" || r.Field(i).IsZero():
		default:
			parts = append(parts, name+" "+words(r.Field(i).Interface()))
		}
	}
	return parts
}

// words writes the value of a field for a person.
func words(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, fmt.Sprintf("%s=%v", k, v[k]))
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(v)
}

// endSummary ends the lines of a command that did not come to its own summary.
type endSummary struct {
	Type string `json:"type"`
	Exit int    `json:"exit"`
}

// end sees to it that the last of the lines is a summary: a refusal lists people or
// nobody, and a failure comes after what was told before it. A command that has nothing
// to say and failed says that at least.
func (p *printer) end(exit int) {
	if p.json && (p.open || exit != exitDone && !p.ended) {
		p.summary(endSummary{"summary", exit})
	}
}

// summary prints the last line.
func (p *printer) summary(v any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		p.encode(v)
		p.open, p.ended = false, true
		return
	}
	if p.copies != nil {
		p.copies.Render()
		p.copies = nil
	}
	p.fields(legible(v))
}
