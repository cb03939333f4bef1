package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
	"github.com/cratio/sutra/pipeline/extract"
)

// What a column of names is called differs from language to language, and many addresses
// repeat the name of whose they are: meera.joshi@example.com.

// echoed is in how many of a hundred rows the address repeats the name at least;
// shortWord is how long its words are at least.
const (
	echoed    = 40
	shortWord = 3
)

// echoes finds the names of persons by the addresses that stand beside them.
func (d *discovery) echoes(t *looked) {
	mails := map[int][]string{}
	for _, f := range t.fields {
		if f.identity() != extract.KindEmail || len(f.path) > 1 || t.another(f) {
			continue
		}
		for _, c := range f.cells {
			if id, ok := extract.Normalise(extract.KindEmail, c.Text); ok {
				local, _, _ := strings.Cut(id.Value, "@")
				mails[c.Row] = append(mails[c.Row], local)
			}
		}
	}
	for _, f := range t.fields {
		if best, _ := verdicts(f); len(mails) < comparedRows || len(f.path) > 1 || f.nested || f.pk || len(f.refs) > 0 || best.Category != "" || t.another(f) {
			continue
		}
		if share := f.echo(mails, whole); share >= echoed {
			d.named(t, f, fmt.Sprintf("repeated in the e-mail address beside it: %d%%", share), share)
		}
	}
	d.plainNames(t, mails)
}

// echo is in how many of a hundred rows with an address one repeats what stands in the column,
// 0 where too few can be compared or are told apart.
func (f *field) echo(mails map[int][]string, repeats func([]string, connectors.Cell) bool) int {
	rows, hits, distinct := 0, 0, map[string]bool{}
	for _, c := range f.cells {
		if len(mails[c.Row]) == 0 {
			continue
		}
		rows++
		if detect.PersonName(c.Text) && repeats(mails[c.Row], c) {
			hits++
			distinct[c.Text] = true
		}
	}
	if rows < comparedRows || len(distinct) < comparedRows {
		return 0
	}
	return 100 * hits / rows
}

// whole reports that an address has all words of a name in it: "Dear Meera" is none.
func whole(mails []string, c connectors.Cell) bool {
	words := detect.Words(c.Text)
	return len(words) > 0 && slices.ContainsFunc(mails, func(m string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return len(w) < shortWord || !strings.Contains(m, w) })
	})
}

// named takes a column for names.
func (d *discovery) named(t *looked, f *field, why string, share int) {
	x := detect.Finding{Kind: "name", Category: "user.name", Confidence: detect.Medium, Share: float64(share) / 100,
		Signals: []string{why}}
	known, described := d.src.Dataset.Collection(t.name)
	d.tell(t, f, formField{f.name(), f.label, f.values, f.rows(), t.sampled}, []detect.Finding{x}, known, described)
}
