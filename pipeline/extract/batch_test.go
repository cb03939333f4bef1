package extract

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// shaHash is a Hasher without a key.
type shaHash struct{}

func (shaHash) Token(kind, value string) lineage.Token {
	h := sha256.Sum256([]byte(kind + "\x00" + value))
	return lineage.Token(h[:16])
}

func (shaHash) Word(s string) uint32 {
	h := sha256.Sum256([]byte(s))
	return binary.BigEndian.Uint32(h[:])
}

func (shaHash) Sum(msg []byte) uint64 {
	h := sha256.Sum256(msg)
	return binary.BigEndian.Uint64(h[:])
}

func isoDate(s string) (time.Time, lineage.Date, bool) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, lineage.BadDate, false
	}
	return t.UTC(), lineage.Date(t.Unix() / 86400), true
}

// values are what cells of test records hold: few, so that they come again, and
// each of a kind that some path treats differently.
var values = []string{
	"", " ", "+919820145678", "98201 45678", "022 25706200", "9999999999", "asha@example.com", " Asha@Example.COM ", "sales@example.in", "l:123", "0", "null", "7",
	"Asha Verma", "ASHA  O'Verma", "Dr. A. Verma", "Verma Traders", "आशा वर्मा", "Ásha", "Mr", "one two three four five six seven", "2026-04-21T10:15:00Z", "2026-04-21", "nonsense",
	"call +91 98201 45678 or mail asha@example.com", "https://x.in/?e=asha%40example.com", "wamid.HBgMOTE5ODIwMTQ1Njc4FQIAEhgUM0EA", "GA1.2.1000000001.1700000001",
	`{"phone":"9820145678","name":"Asha"}`, `[{"name":"Asha","email":"asha@example.com"},{"name":"Bela","email":"bela@example.com"}]`, `{"body":"{\"email\":\"asha@example.com\"}"}`, `{"cut":"+9198201`, "[17] text",
	"leads", "contacts", "1", "false", "a2b4c6d8-0000-0000-0000-00000000abcd", "x.y/z.wav", "919820145678@s.whatsapp.net",
}

var fieldNames = []string{"phone", "mobile", "from", "email", "name", "full_name", "id", "lead_id", "created_at", "remark", "receiver_mobile", "payload", "category", "location", "saved_name"}

func drawField(t *rapid.T, i int) connectors.Field {
	one := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
	some := func(label string, from ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, 2, rapid.ID[string]).Draw(t, label)
	}
	return connectors.Field{
		Name:       one("name", fieldNames...) + strings.Repeat(" ", i),
		Categories: some("categories", "user.name", "user.contact.email", "system.operations", "user"),
		Identity:   one("identity", "", "", KindPhone, KindEmail, KindWaID, KindCookie, "pan"),
		Role:       one("role", "", "", "mention", "link", "member", "subject"),
		Keys:       some("keys", "crm.leads.id", "lead", "bare"),
		Links:      some("links", "crm.contacts.id", "merged", "moved", "lead", "bare", "facebook_lead", "recordings.calls.key"),
		Look:       connectors.Look(one("look", "", "", "json", "label", "skip")),
		Meaning:    some("meaning", "account", "recorded_at", "trigger", "name", "polytype:0", "polyid:0", "override:call_recording", "consent:dnd", "consent:special_trade"),
	}
}

func drawBatch(t *rapid.T) (connectors.Collection, connectors.Batch) {
	coll := connectors.Collection{
		Name: "leads", Staff: rapid.IntRange(0, 5).Draw(t, "staff") == 0, Accounts: rapid.IntRange(0, 5).Draw(t, "accounts") == 0,
		AddressBook: rapid.IntRange(0, 5).Draw(t, "address book") == 0,
		Erase:       rapid.SampledFrom([]string{"", "delete", "redact", "keep"}).Draw(t, "erase"), Trigger: rapid.SampledFrom([]string{"", "x"}).Draw(t, "trigger"),
		Refs: []connectors.PolyRef{{Type: "t", ID: "i", Map: map[string]string{"1": "leads"}}},
	}
	var fields []connectors.Field
	for i := range rapid.IntRange(1, 6).Draw(t, "columns") {
		fields = append(fields, drawField(t, i))
	}
	b := connectors.NewBuilder(memory.DefaultAllocator, coll.Name, fields)
	defer b.Release()
	var at []int64
	for n := range rapid.IntRange(1, 12).Draw(t, "rows") {
		b.Row(fmt.Sprintf("row %d", n))
		at = append(at, int64(n*100+1))
		for i := range fields {
			if rapid.IntRange(0, 3).Draw(t, "set") > 0 {
				b.Set(i, rapid.SampledFrom(values).Draw(t, "value"))
			}
		}
	}
	out := b.Flush()
	if rapid.Bool().Draw(t, "placed") {
		out.At = at
	}
	return coll, out
}

// TestBatchAgainstPlain compares the extraction with the one that remembers
// nothing, on several batches one after another, so that what was remembered of
// one must not show in the next.
func TestBatchAgainstPlain(t *testing.T) {
	x := &Extractor{Hash: shaHash{}, Dates: isoDate, Alias: map[string]string{"lead": "crm.leads.id", "crm.leads": "crm.leads.id"}, Bare: map[string]bool{"bare": true}}
	rapid.Check(t, func(t *rapid.T) {
		var kept, wanted []lineage.Sighting
		for range 2 {
			coll, b := drawBatch(t)
			u := connectors.Unit{Key: "u", Account: rapid.SampledFrom([]string{"", "A1"}).Draw(t, "account")}
			sums := rapid.Bool().Draw(t, "sums")
			got := x.Batch("crm", coll, u, b, sums)
			want := refBatch(x, "crm", coll, u, b, sums)
			same(t, want, got)
			if err := x.Lend("crm", coll, u, b, sums, func(lent []lineage.Sighting) error {
				same(t, want, lent)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			overwrite(b)
			b.Rows.Release()
			kept, wanted = append(kept, got...), append(wanted, want...)
		}
		same(t, wanted, kept) // what was given away is neither the batch's nor lent again
	})
}

// overwrite makes the texts of a batch unreadable.
func overwrite(b connectors.Batch) {
	for _, c := range b.Rows.Columns() {
		text := c.Data().Buffers()[2].Bytes()
		for i := range text {
			text[i] = 0xff
		}
	}
}

func same(t *rapid.T, want, got []lineage.Sighting) {
	t.Helper()
	if len(got)+len(want) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the fast extraction differs (-plain +fast):\n%s", diff)
	}
}

// TestLendPassesErrors pins that what goes wrong with the sightings is told.
func TestLendPassesErrors(t *testing.T) {
	x := &Extractor{Hash: shaHash{}, Dates: isoDate}
	b := connectors.NewBuilder(memory.DefaultAllocator, "leads", []connectors.Field{{Name: "phone", Identity: KindPhone}})
	defer b.Release()
	b.Row("row 1")
	b.Set(0, "9820145678")
	batch := b.Flush()
	defer batch.Rows.Release()
	wrong := errors.New("the disk is full")
	if err := x.Lend("crm", connectors.Collection{Name: "leads"}, connectors.Unit{}, batch, false, func([]lineage.Sighting) error { return wrong }); !errors.Is(err, wrong) {
		t.Fatalf("error %v", err)
	}
}

// TestBatchParallel extracts on several goroutines with one extractor.
func TestBatchParallel(t *testing.T) {
	x := &Extractor{Hash: shaHash{}, Dates: isoDate}
	fields := []connectors.Field{{Name: "phone", Identity: KindPhone}, {Name: "name", Categories: []string{"user.name"}, Meaning: []string{"name"}}}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for n := range 50 {
				b := connectors.NewBuilder(memory.NewGoAllocator(), "leads", fields)
				for k := range 20 {
					b.Row(fmt.Sprintf("row %d", k))
					b.Set(0, fmt.Sprintf("98201%05d", (g*7+n+k)%40))
					b.Set(1, fmt.Sprintf("Asha %c", 'a'+(n+k)%26))
				}
				batch := b.Flush()
				got, want := x.Batch("crm", connectors.Collection{Name: "leads"}, connectors.Unit{}, batch, false), refBatch(x, "crm", connectors.Collection{Name: "leads"}, connectors.Unit{}, batch, false)
				batch.Rows.Release()
				b.Release()
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("goroutine %d: %s", g, diff)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestSumOfRecord holds the digest of a scanned record to that of its values.
func TestSumOfRecord(t *testing.T) {
	x := &Extractor{Hash: shaHash{}, Dates: isoDate}
	b := connectors.NewBuilder(memory.DefaultAllocator, "leads", []connectors.Field{{Name: "z", Identity: KindPhone}, {Name: "a"}, {Name: "m"}})
	defer b.Release()
	b.Row("row 1")
	b.Set(0, "9820145678")
	b.Set(1, "")
	batch := b.Flush()
	defer batch.Rows.Release()
	list := x.Batch("crm", connectors.Collection{Name: "leads"}, connectors.Unit{}, batch, true)
	if want := Sum(x.Hash, map[string]string{"z": "9820145678", "a": ""}); len(list) != 1 || list[0].Sum != want {
		t.Errorf("sightings %+v, want the sum %d", list, want)
	}
}

// TestNameAgainstPlain compares the signatures of names.
func TestNameAgainstPlain(t *testing.T) {
	n := namer{hash: shaHash{}, known: map[string]word{}}
	piece := rapid.OneOf(rapid.SampledFrom([]string{"asha", "Verma", "O'Neil", "'", " ", ".", "Pvt", "mr", "Dr.", "आशा", "Á", "e\u0301", "[", "`", "{", "@", "z", "wh", "RK", "Md", "N/A"}), rapid.StringN(0, 4, 8))
	rapid.Check(t, func(t *rapid.T) {
		raw := ""
		for _, p := range rapid.SliceOfN(piece, 0, 10).Draw(t, "pieces") {
			raw += p
		}
		if diff := cmp.Diff(refName(shaHash{}, raw), NameSignature(shaHash{}, raw)); diff != "" {
			t.Fatalf("%q: %s", raw, diff)
		}
		want := refName(shaHash{}, raw)
		if got := n.signature(raw); len(got) != len(want) || len(want) > 0 && !cmp.Equal(got, want) {
			t.Fatalf("%q remembered: %v, want %v", raw, got, want)
		}
	})
}

// TestManyEdges holds a record with more identifiers than are looked through one
// by one.
func TestManyEdges(t *testing.T) {
	x := &Extractor{Hash: shaHash{}, Dates: isoDate}
	fields := []connectors.Field{{Name: "remark"}, {Name: "phone", Identity: KindPhone}, {Name: "agent", Identity: KindPhone, Role: "link"}, {Name: "more"}}
	b := connectors.NewBuilder(memory.DefaultAllocator, "leads", fields)
	defer b.Release()
	for row := range 3 {
		var text strings.Builder
		for i := range 300 {
			fmt.Fprintf(&text, "98201%05d, ", (i*7)%200+row)
		}
		b.Row("row")
		b.Set(0, text.String())
		b.Set(1, "9820100007")
		b.Set(2, "9820100014")
		b.Set(3, "9820100007 and 9820100014 and 9820155555")
	}
	batch := b.Flush()
	defer batch.Rows.Release()
	got, want := x.Batch("crm", connectors.Collection{Name: "leads"}, connectors.Unit{}, batch, false), refBatch(x, "crm", connectors.Collection{Name: "leads"}, connectors.Unit{}, batch, false)
	if diff := cmp.Diff(want, got); diff != "" || len(got[0].Edges) < 200 {
		t.Errorf("%d edges: %s", len(got[0].Edges), diff)
	}
}

// TestFindInLongText compares what is found window by window with what is found in
// the whole at once.
func TestFindInLongText(t *testing.T) {
	piece := rapid.OneOf(rapid.SampledFrom([]string{"asha@example.com", "+91 98201 45678", "9820145678", "asha%40example.com", "asha%2540example.com", "wamid.HBgMOTE5ODIwMTQ1Njc4FQIAEhgUM0EA", "1000000001.1700000001",
		"&amp;", "100%", "a sentence without anything. "}), rapid.StringMatching(`[a-z ]{0,30}`))
	filler := strings.Repeat("x ", 6000)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		const size = 64 << 10
		for b.Len() < 2*size {
			b.WriteString(filler[:rapid.IntRange(0, len(filler)).Draw(t, "filler")])
			for range rapid.IntRange(0, 4).Draw(t, "pieces") {
				b.WriteString(piece.Draw(t, "piece") + " | ")
			}
		}
		if diff := cmp.Diff(find(b.String()), findLong(b.String(), size, 4<<10)); diff != "" {
			t.Fatal(diff)
		}
	})
}
