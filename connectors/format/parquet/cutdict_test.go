package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// entries is a row whose columns all have a dictionary.
type entries struct {
	Text *string `parquet:"text,optional,dict"`
	Num  int64   `parquet:"num,dict"`
	Code [6]byte `parquet:"code,dict"`
}

const (
	sharedText = "shared secret"
	sharedNum  = 0x7177777777777717
	sharedCode = "s3cr3t"
)

// entriesOf makes 600 rows of values that stand once each; the rows in shared hold
// the same values, those in nulls no text.
func entriesOf(shared, nulls []int) []entries {
	rows := make([]entries, 600)
	for i := range rows {
		rows[i] = entries{Text: ptr(fmt.Sprintf("own %03d", i)), Num: int64(i)}
		copy(rows[i].Code[:], fmt.Sprintf("c%05d", i))
		if slices.Contains(shared, i) {
			rows[i].Text, rows[i].Num = ptr(sharedText), sharedNum
			copy(rows[i].Code[:], sharedCode)
		}
		if slices.Contains(nulls, i) {
			rows[i].Text = nil
		}
	}
	return rows
}

// dataPages returns the data pages of a column as they stand in the file, and how
// many entries its dictionary has.
func dataPages(t *testing.T, data []byte, column int) (pages []string, dict int) {
	t.Helper()
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	p := newPager(f, &f.groups[0].chunks[column])
	for {
		rp, err := p.next()
		if errors.Is(err, io.EOF) {
			return pages, dict
		}
		if err != nil {
			t.Fatal(err)
		}
		if rp.kind == dictPage {
			dict = rp.n
		} else {
			pages = append(pages, string(rp.all))
		}
	}
}

// TestDictionaryEntries erases row 200, whose values stand in the rows of other as
// well or nowhere else, and looks at the dictionary and at which pages were left
// alone.
func TestDictionaryEntries(t *testing.T) {
	var middle []int
	for i := range 64 {
		middle = append(middle, 320+i)
	}
	for _, tc := range []struct {
		name         string
		other, nulls []int
		erase        []int
		repeat       bool // the last row is a copy of the second
		gone         bool
		fresh        int // pages that are written again
	}{
		{name: "no other use", erase: []int{200}, gone: true, fresh: 2},
		{name: "in the first page only", other: []int{0}, erase: []int{200}, fresh: 1},
		{name: "in the last page only", other: []int{599}, erase: []int{200}, fresh: 1},
		{name: "in the page itself", other: []int{201}, erase: []int{200}, fresh: 1},
		{name: "among nulls", other: []int{350}, nulls: append(slices.Clone(middle[:30]), middle[31:]...), erase: []int{200}, fresh: 1},
		{name: "all uses go", other: []int{0, 599}, erase: []int{0, 200, 599}, gone: true, fresh: 3},
		{name: "one of three stays", other: []int{0, 599}, erase: []int{0, 200}, fresh: 2},
		{name: "the last entry", erase: []int{200, 599}, gone: true, fresh: 2},
		{name: "the last entry is not the last value", repeat: true, erase: []int{200}, gone: true, fresh: 2},
		{name: "only nulls are left", nulls: middle, erase: []int{200}, gone: true, fresh: 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows := entriesOf(append(tc.other, 200), tc.nulls)
			if tc.repeat {
				rows[len(rows)-1] = rows[1]
			}
			data := write(t, rows, len(rows), pq.PageBufferSize(32), pq.Compression(&pq.Zstd))
			var list []connectors.Edit
			for _, i := range tc.erase {
				list = append(list, edit(i, connectors.Delete, nil))
			}
			after, _, _ := rewrite(t, peopleCat, data, list...)
			checkMetadata(t, after)
			var want [][]string
			for i, r := range flat(t, data) {
				if !slices.Contains(tc.erase, i) {
					want = append(want, r)
				}
			}
			if got := flat(t, after); !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("the rows that are left are not the old ones:\n%v\n%v", got, want)
			}
			plain, err := unpackAll(after)
			if err != nil {
				t.Fatal(err)
			}
			num := binary.LittleEndian.AppendUint64(nil, sharedNum)
			for _, v := range [][]byte{[]byte(sharedText), num, []byte(sharedCode)} {
				if bytes.Contains(plain, v) == tc.gone {
					t.Errorf("%q in the bytes: %t", v, tc.gone)
				}
			}
			for column := range 3 {
				checkPages(t, data, after, column, len(tc.erase), tc.fresh)
			}
		})
	}
}

// checkPages counts the pages of a column that are not those of before.
func checkPages(t *testing.T, before, after []byte, column, erased, fresh int) {
	t.Helper()
	old, n := dataPages(t, before, column)
	now, m := dataPages(t, after, column)
	count := 0
	for _, p := range now {
		if !slices.Contains(old, p) {
			count++
		}
	}
	if len(old) < 5 || len(now) < len(old)-1 || count != fresh {
		t.Errorf("column %d: %d of %d pages are new, want %d", column, count, len(old), fresh)
	}
	if m > n || n-m > erased {
		t.Errorf("column %d: the dictionary had %d entries and has %d", column, n, m)
	}
}
