package extract

import (
	"fmt"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/policy"
)

// BenchmarkBatch makes sightings of leads of eight columns, with the tokens and digests of
// a real graph and its dates. No identifier comes twice in a turn.
func BenchmarkBatch(b *testing.B) {
	g, err := lineage.Create(b.TempDir(), [32]byte{1}, lineage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close()
	coll := connectors.Collection{Name: "leads", Account: "account_id", RecordedAt: "created_at"}
	fields := []connectors.Field{
		{Name: "id", Keys: []string{"crm.leads.id"}},
		{Name: "account_id", Meaning: []string{"account"}},
		{Name: "name", Categories: []string{"user.name"}},
		{Name: "phone", Categories: []string{"user.contact.phone_number"}, Identity: "phone"},
		{Name: "email", Categories: []string{"user.contact.email"}, Identity: "email"},
		{Name: "remark", Categories: []string{"user.content"}},
		{Name: "created_at", Meaning: []string{"recorded_at"}},
		{Name: "updated_at"},
	}
	x := &Extractor{
		Hash:    g,
		Dates:   func(s string) (time.Time, lineage.Date, bool) { t, _, d, ok := policy.ParseDate(s); return t, d, ok },
		Folding: map[string]connectors.Comparison{"crm.leads.id": {Folding: connectors.FoldNumber}},
	}
	const size, count = 1000, 20
	var batches []connectors.Batch
	for n := range count {
		rows := connectors.NewBuilder(memory.DefaultAllocator, "leads", fields)
		for id := n * size; id < (n+1)*size; id++ {
			rows.Row(fmt.Sprintf("pk:%d", id))
			for i, v := range []string{
				fmt.Sprint(id), fmt.Sprintf("A%d", id%3), fmt.Sprintf("Asha %d", id), fmt.Sprintf("+91%d", 9000000000+id*7), fmt.Sprintf("asha%d@example.in", id),
				"asked for the price of a press, wants a call back", "2026-11-26T16:00:00.123456Z", "2026-11-27T16:00:00.123456Z",
			} {
				rows.Set(i, v)
			}
		}
		batches = append(batches, rows.Flush())
	}
	for b.Loop() {
		for i := range batches {
			err := x.Lend("crm", coll, connectors.Unit{Key: "leads"}, batches[i], true, func(s []lineage.Sighting) error {
				if len(s) != size {
					return fmt.Errorf("%d sightings of %d rows", len(s), size)
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count*size), "ns/row")
}
