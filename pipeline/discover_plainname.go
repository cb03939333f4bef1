package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
	"github.com/cratio/sutra/pipeline/extract"
)

// A column that is called name and nothing else may name a thing. Where each row has a
// mobile number or an address of its own beside it, it names whom they reach, whatever the
// table is called: enquiries, parties. Without the names two people on one number would be
// one.

// thingNames are tables of things that have a number or an address and a name of their own.
var thingNames = vocabulary("project product campaign plan scheme course batch class category source form template property flat plot vehicle asset device item " +
	"warehouse outlet counter school college hospital clinic society trust club shop office showroom dealer distributor brand event list queue channel inbox mailbox line desk helpline hotel restaurant bank insurer")

// bareNames are what a column is called that says that it is a name and not whose.
var bareNames = []string{"name", "nm", "naam"}

// oneEach is how many of a hundred rows with a number have one of their own at least.
const oneEach = 50

// plainNames finds the names of persons in a column that is called name.
func (d *discovery) plainNames(t *looked, mails map[int][]string) {
	last := lastWord(t.name)
	if companyNames[last] || thingNames[last] || logNames[last] {
		return
	}
	for _, f := range t.fields {
		best, _ := verdicts(f)
		if len(f.path) > 1 || f.nested || f.pk || len(f.refs) > 0 || best.Category != "" || !slices.Contains(bareNames, plain(f.label)) {
			continue
		}
		if share := f.echo(mails, partly); share >= echoed {
			d.named(t, f, fmt.Sprintf("a word of it is in the e-mail address beside it: %d%%", share), share)
		} else if share := t.beside(f); share >= 80 {
			d.named(t, f, fmt.Sprintf("a name of letters beside a mobile number of its own: %d%%", share), share)
		}
	}
}

// partly reports that an address has a word of a name in it.
func partly(mails []string, c connectors.Cell) bool {
	return slices.ContainsFunc(detect.Words(c.Text), func(w string) bool {
		return len(w) >= shortWord && slices.ContainsFunc(mails, func(m string) bool { return strings.Contains(m, w) })
	})
}

// beside is in how many of a hundred rows with a mobile number what stands in the column may
// be a person's name; 0 where the numbers or the names are those of a few.
func (t *looked) beside(f *field) int {
	numbers := map[int]string{}
	for _, g := range t.fields {
		if g.identity() != "phone_number" || len(g.path) > 1 || t.another(g) {
			continue
		}
		for _, c := range g.cells {
			if id, ok := extract.Normalise(extract.KindPhone, c.Text); ok && detect.Mobile(c.Text) {
				numbers[c.Row] = id.Value
			}
		}
	}
	rows, hits, names, phones := 0, 0, map[string]bool{}, map[string]bool{}
	for _, c := range f.cells {
		number, ok := numbers[c.Row]
		if !ok {
			continue
		}
		rows++
		phones[number] = true
		if detect.PersonName(c.Text) {
			hits++
			names[c.Text] = true
		}
	}
	if len(names) < comparedRows || 100*len(names) < oneEach*rows || 100*len(phones) < oneEach*rows {
		return 0
	}
	return 100 * hits / rows
}
