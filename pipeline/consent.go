package pipeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/bundle"
)

// FactLine is what one record of hers says of consent or a restriction: she
// stopped marketing messages, her number is on the do-not-disturb list, analytics
// storage was granted, a lead was about a trade that tells of her health.
type FactLine struct {
	Type    string `json:"type"` // "fact"
	Account string `json:"account"`
	What    string `json:"what"`
	Value   string `json:"value"`
	At      string `json:"at"`
	Dataset string `json:"dataset"`
	Latest  bool   `json:"latest"` // no later record says otherwise
}

const consentPrefix = "consent:"

// factsOf returns what one record says, nil for most.
func factsOf(f *lineage.Found) map[string]string {
	var out map[string]string
	for k, v := range f.Record.Facts {
		if what, ok := strings.CutPrefix(k, consentPrefix); ok {
			if out == nil {
				out = map[string]string{}
			}
			out[what] = v
		}
	}
	return out
}

// consent collects what her records say, each saying once with its latest time,
// the newest first. Records that only mention her say nothing of her.
func consent(p *lineage.Person) []FactLine {
	type key struct{ what, value, dataset string }
	at := map[key]time.Time{}
	for i := range p.Copies {
		f := &p.Copies[i]
		for what, v := range factsOf(f) {
			k := key{what, v, f.Unit.Source + "." + f.Record.Collection}
			if t, ok := at[k]; !ok || f.Record.RecordedAt.After(t) {
				at[k] = f.Record.RecordedAt
			}
		}
	}
	out := make([]FactLine, 0, len(at))
	when := map[string]time.Time{}
	for k, t := range at {
		out = append(out, FactLine{Type: "fact", Account: p.Account, What: k.what, Value: k.value, At: Stamp(t), Dataset: k.dataset})
		if old, ok := when[k.what]; !ok || t.After(old) {
			when[k.what] = t
		}
	}
	for i := range out {
		out[i].Latest = out[i].At == Stamp(when[out[i].What])
	}
	slices.SortFunc(out, func(a, b FactLine) int {
		return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(b.At, a.At), cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Value, b.Value))
	})
	return out
}

// consent writes what her records say of consent as a table of its own.
func (a *access) consent() error {
	facts := consent(a.person)
	if len(facts) == 0 {
		return nil
	}
	t, err := a.w.Dataset("sutra.consent", []bundle.FieldInfo{
		{Name: "what", Note: "what the permission or restriction is about"}, {Name: "value", Note: "as the record says it"},
		{Name: "at", Note: "when the record was made"}, {Name: "dataset", Note: "where the record stands"},
		{Name: "latest", Note: "true when no later record says otherwise"},
	})
	if err != nil {
		return err
	}
	for _, f := range facts {
		row := map[string]any{"what": f.What, "value": f.Value, "at": f.At, "dataset": f.Dataset, "latest": f.Latest}
		if err := t.RowMap(row, bundle.RowMeta{Source: "sutra", Role: "subject"}); err != nil {
			return err
		}
	}
	return t.Close()
}
