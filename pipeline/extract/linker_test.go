package extract

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// TestLinkerOfNumbers compares what a number comes to by the short way, which most keys
// take, with the long one.
func TestLinkerOfNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"crm.leads.id", "lead", "indiamart_query", "facebook_lead", "recordings.calls.key"}).Draw(t, "kind")
		raw := rapid.StringMatching(`[0-9]{0,18}|0{1,3}|[0-9]{1,3}\.0|[0-9]{36}`).Draw(t, "raw")
		c := connectors.Comparison{
			Folding: rapid.SampledFrom([]connectors.Folding{connectors.FoldNothing, connectors.FoldCase, connectors.FoldAccents, connectors.FoldNumber}).Draw(t, "folding"),
			Spaces:  rapid.SampledFrom([]connectors.Spaces{connectors.SpacesAround, connectors.SpacesBehind, connectors.SpacesKept}).Draw(t, "spaces"),
		}
		l := (&Extractor{Folding: map[string]connectors.Comparison{kind: c}}).linkerOf(kind)
		got, ok := l.of(raw)
		want, wantOK := linkOf(kind, c.Text(raw))
		if got != want || ok != wantOK {
			t.Fatalf("%q of the kind %s is %+v, %v; the long way %+v, %v", raw, kind, got, ok, want, wantOK)
		}
	})
}
