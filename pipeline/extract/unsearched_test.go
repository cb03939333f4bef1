package extract

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
)

// TestUnsearched holds a value of too many JSON values: a gap, and still what it
// mentions.
func TestUnsearched(t *testing.T) {
	b := connectors.NewBuilder(memory.DefaultAllocator, "leads", []connectors.Field{{Name: "payload", Look: connectors.LookJSON}})
	defer b.Release()
	for _, n := range []int{10, json.MaxValues + 10} {
		b.Row("row")
		b.Set(0, `["asha@example.com"`+strings.Repeat(",1", n)+"]")
	}
	b.Row("row")
	b.Set(0, strings.Repeat(",", 2*json.MaxValues)) // long, and no JSON
	batch := b.Flush()
	defer batch.Rows.Release()
	if gaps := Unsearched(batch); len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "payload") {
		t.Errorf("gaps %v, want one", gaps)
	}
	x := &Extractor{Hash: shaHash{}, Dates: isoDate}
	if got := x.Batch("crm", connectors.Collection{Name: "leads"}, connectors.Unit{}, batch, false); len(got) != 2 || len(got[1].Edges) != 1 {
		t.Errorf("%d sightings", len(got))
	}
}
