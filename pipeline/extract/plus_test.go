package extract

import (
	"maps"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// TestPlusUnderOpaqueKey: digits under the key of an id are no number, but a number that is
// written with its plus is one wherever it stands.
func TestPlusUnderOpaqueKey(t *testing.T) {
	f := connectors.Field{Name: "rest", Look: connectors.LookJSON}
	for text, want := range map[string]int{
		`{"ref":"+919820145678"}`: 1, `{"ref":"\u002b91 98201 45678"}`: 1, `{"session":"+91-9820145678"}`: 1,
		`{"ref":"9820145678"}`: 0, `{"updated_at":"2026-11-20T10:00:00+05:30"}`: 0, `{"token":"a+919820145678b"}`: 0, `{"at":"+0530"}`: 0,
	} {
		hits := look(&f, text).parts[0].hits
		if len(hits) != want || want > 0 && (hits[0].Value != "+919820145678" || hits[0].role != lineage.Mention) {
			t.Errorf("%s: %v", text, hits)
		}
	}
}

// TestAddressUnderOpaqueName: an address in a column of ids is a mention there, as it is
// under such a key of JSON; digits are none.
func TestAddressUnderOpaqueName(t *testing.T) {
	b := connectors.NewBuilder(memory.DefaultAllocator, "calls", []connectors.Field{{Name: "ref"}, {Name: "session id"}})
	defer b.Release()
	for i, v := range []string{"asha@example.com", "for asha@example.com", "+919820145678", "9820145678", "for 98201 45678", "", "report for 98201 45678", "PO 98201 45678 of 2026"} {
		b.Row(strconv.Itoa(i))
		b.Set(i%2, v)
	}
	batch := b.Flush()
	defer batch.Rows.Release()
	x := &Extractor{Hash: shaHash{}, Dates: isoDate}
	got := x.Batch("crm", connectors.Collection{Name: "calls"}, connectors.Unit{Key: "u"}, batch, false)
	found := map[string]int{}
	for _, s := range got {
		for _, e := range s.Edges {
			if e.Role != lineage.Mention {
				t.Errorf("record %s: %v", s.Locator, e)
			}
			found[s.Locator]++
		}
	}
	if want := map[string]int{"0": 1, "1": 1, "2": 1, "6": 1}; !maps.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}

// TestAddressInAKey: an address or a number with its plus that is the key of its row is a
// mention, which is told and cannot be cut out; digits are an id.
func TestAddressInAKey(t *testing.T) {
	key := connectors.CatalogField{Name: "id", PrimaryKey: true}
	coll := connectors.Collection{Name: "calls", Fields: []connectors.CatalogField{key}}
	b := connectors.NewBuilder(memory.DefaultAllocator, "calls", []connectors.Field{{Name: "id", PrimaryKey: true, Keys: []string{"crm.calls.id"}}})
	defer b.Release()
	for i, v := range []string{"asha@example.com", "+919820145678", "919820145678", "call 7 of asha@example.com"} {
		b.Row(strconv.Itoa(i))
		b.Set(0, v)
	}
	batch := b.Flush()
	defer batch.Rows.Release()
	x := &Extractor{Hash: shaHash{}, Dates: isoDate}
	found := ""
	for _, s := range x.Batch("crm", coll, connectors.Unit{Key: "u"}, batch, false) {
		for _, e := range s.Edges {
			if e.Role == lineage.Mention {
				found += s.Locator
			}
		}
	}
	if found != "013" {
		t.Errorf("found %q", found)
	}
}

// The clock of a recorder's file name with the offset of its zone is no number with an
// encoded space, though its digits may look like one.
func TestClockWithZone(t *testing.T) {
	for _, text := range []string{"20260107_091650.068+0530_in_call", "091950.068+0530", "20260107_091650.068+0545"} {
		if got := Find(text); len(got) > 0 {
			t.Errorf("%q: %v", text, got)
		}
	}
	for _, text := range []string{"phone=98201+45678", "091650.06805+30", "91.98201+45678"} {
		if got := Find(text); len(got) != 1 {
			t.Errorf("%q: %v", text, got)
		}
	}
}
