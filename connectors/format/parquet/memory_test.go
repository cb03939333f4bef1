package parquet

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// motley has columns of each way in which texts stand in pages.
type motley struct {
	Plain  string  `parquet:"plain,plain"`
	Dict   string  `parquet:"dict,dict"`
	Maybe  *string `parquet:"maybe,optional,dict"`
	Rare   *string `parquet:"rare,optional,plain"`
	Number int64   `parquet:"number"`
}

// motleyRow makes a row whose texts are of lengths that change from group to group.
func motleyRow(i, perGroup int) motley {
	g := i / perGroup
	alphabet := []string{"abcdefgh", "ä-é-ö-", "XYZ", "\xff\xfe"}[g%4]
	text := strings.Repeat(alphabet, 1+(i*7+g*5)%(3+g*4)) + fmt.Sprint(i)
	r := motley{Plain: text, Dict: alphabet + fmt.Sprint(i%(5+g)), Number: int64(i)}
	if g%2 == 0 || i%3 > 0 {
		r.Maybe = &r.Dict
	}
	if i%(2+g) == 0 {
		r.Rare = &text
	}
	return r
}

// TestGroupsShareMemory holds the batches of all row groups to the end: each group is
// read into the memory of the one before it, and no batch may notice.
func TestGroupsShareMemory(t *testing.T) {
	const perGroup, groups = 700, 9
	var rows []motley
	for i := range perGroup * groups {
		rows = append(rows, motleyRow(i, perGroup))
	}
	for _, opts := range [][]pq.WriterOption{
		{pq.Compression(&pq.Zstd), pq.PageBufferSize(3000)},
		{pq.Compression(&pq.Snappy), pq.DataPageVersion(1)},
		{pq.Compression(&pq.Uncompressed), pq.PageBufferSize(9000)},
	} {
		var held []arrow.Record
		err := New("set", connectors.Collection{Name: "people"}).Decode(context.Background(), input(write(t, rows, perGroup, opts...)), func(b connectors.Batch) error {
			held = append(held, b.Rows)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for _, rec := range held {
			for r := range int(rec.NumRows()) {
				checkMotley(t, rec, r, i, rows[i])
				i++
			}
			rec.Release()
		}
		if i != len(rows) {
			t.Errorf("%d of %d rows", i, len(rows))
		}
	}
}

func checkMotley(t *testing.T, rec arrow.Record, r, i int, want motley) {
	t.Helper()
	texts := map[string]*string{connectors.LocatorColumn: ptr(locator(int64(i))), "plain": &want.Plain, "dict": &want.Dict,
		"maybe": want.Maybe, "rare": want.Rare, "number": ptr(fmt.Sprint(want.Number))}
	for k, f := range rec.Schema().Fields() {
		got, ok := connectors.Value(rec, k, r)
		w := texts[f.Name]
		if ok != (w != nil) || ok && !bytes.Equal([]byte(got), bytes.ToValidUTF8([]byte(*w), []byte("\uFFFD"))) {
			t.Fatalf("row %d, %s: %q, %t", i+1, f.Name, got, ok)
		}
	}
}
