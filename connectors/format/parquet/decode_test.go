package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

func TestDecodeShapes(t *testing.T) {
	data := write(t, people(20), 7, pq.DataPageVersion(2))
	rows, gaps, err := rowsOf(t, peopleCat, data)
	if err != nil || len(gaps) > 0 {
		t.Fatal(err, gaps)
	}
	want := map[string]string{
		connectors.LocatorColumn: "row 8", "id": "7", "name": "name " + token(6), "email": token(7) + "@example.com", "city": "city 0",
		"delta": "pre " + token(7), "seq": "7000021", "seq32": "7", "at": "2023-11-14T22:13:20.000007Z", "day": "1970-01-03",
		"uuid": "30303030-3030-3030-3030-303030303037", "fixed": "000007", "amount": "2.07", "old": "1970-01-08T00:00:00.000000007Z",
		"tags": `["tag 0 kj0000007q","tag 1 kj0000007q","tag 2 kj0000007q"]`,
		"bare": `["bare 0 7","kj0000007q","bare 1 7","kj0000007q","bare 2 7","kj0000007q"]`,
		"params": `[{"key":"key0","string_value":"value kj0000007q","inner":[{"notes":["kj0000007q","x"]},{"notes":[],"n":0},{"notes":[]}]},` +
			`{"key":"key1","int_value":70,"inner":[]},` +
			`{"key":"key2","string_value":"value kj0000007q","inner":[{"notes":["kj0000007q","x"]},{"notes":[],"n":2},{"notes":[]}]}]`,
		"attrs": `{"who":"kj0000007q"}`, "geo": `{"country":"IN","city":"c kj0000007q"}`,
	}
	if d := cmp.Diff(want, rows[7]); d != "" {
		t.Error(d)
	}
	for _, k := range []string{"tags", "bare", "params", "attrs", "geo"} {
		if v, ok := rows[0][k]; ok {
			t.Errorf("row 1: %s is %q, want null", k, v)
		}
	}
}

func TestColumns(t *testing.T) {
	cat := connectors.Collection{Name: "people", Fields: []connectors.CatalogField{
		{Name: "EMAIL", Identity: "email"}, {Name: "half", Categories: []string{"user.location"}}, {Name: "absent"},
	}}
	data := write(t, people(3), 3)
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]connectors.Field{}
	for _, c := range New("set", cat).(*codec).columns(f, true) {
		got[c.field.Name] = c.field
	}
	for _, k := range []string{"score", "ok", "absent", "email"} {
		if _, ok := got[k]; ok {
			t.Errorf("%s is a column", k)
		}
	}
	if got["EMAIL"].Identity != "email" || got["half"].Categories == nil || got["params"].Look != connectors.LookJSON {
		t.Errorf("meanings are lost: %v", got)
	}
	if len(got) != 19 {
		t.Errorf("%d columns: %v", len(got), got)
	}
}

func TestDecodeSkipsZeroRowGroups(t *testing.T) {
	for _, rows := range []int{0, 5} {
		data := write(t, people(rows), 5)
		got, gaps, err := rowsOf(t, peopleCat, data)
		if err != nil || len(gaps) > 0 || len(got) != rows {
			t.Errorf("%d rows, %v, %v", len(got), gaps, err)
		}
	}
}

type numbers struct {
	F float64 `parquet:"f"`
}

func TestDecodeOnlyNumbers(t *testing.T) {
	rows, _, err := rowsOf(t, peopleCat, write(t, []numbers{{1e20}, {-0.5}}, 2))
	if err != nil || len(rows) != 2 || rows[0]["f"] != "100000000000000000000" || rows[1]["f"] != "-0.5" {
		t.Errorf("%v, %v", rows, err)
	}
}

type wide struct {
	Text string `parquet:"text"`
}

func TestBatchesStaySmall(t *testing.T) {
	rows := make([]wide, 64)
	for i := range rows {
		rows[i].Text = strings.Repeat("x", 1<<20)
	}
	data := write(t, rows, 64, pq.Compression(&pq.Snappy))
	n, most := int64(0), int64(0)
	err := New("set", connectors.Collection{Name: "people"}).Decode(context.Background(), input(data), func(b connectors.Batch) error {
		defer b.Rows.Release()
		n += b.Rows.NumRows()
		most = max(most, b.Rows.NumRows())
		return nil
	})
	if err != nil || n != 64 || most > 8 {
		t.Errorf("%d rows, up to %d in a batch, %v", n, most, err)
	}
}

func TestDamage(t *testing.T) {
	data := write(t, people(60), 20, pq.Compression(&pq.Snappy), pq.DataPageVersion(1))
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	lo, hi := f.groups[1].span()
	bad := bytes.Clone(data)
	for i := lo + 10; i < hi; i++ {
		bad[i] = 0xff
	}
	rows, gaps, err := rowsOf(t, peopleCat, bad)
	if err != nil || len(gaps) != 1 || gaps[0].Locator != "row group 2" || len(rows) != 40 || rows[20][connectors.LocatorColumn] != "row 41" {
		t.Errorf("%d rows, %v, %v", len(rows), gaps, err)
	}
	var out bytes.Buffer
	if err := rewriteErr(bad, &out, 25); err == nil {
		t.Error("an edit in a damaged row group did not fail")
	}
	if err := rewriteErr(bad, &out, 5); err != nil {
		t.Errorf("an edit beside a damaged row group failed: %v", err)
	}
	enc := bytes.Clone(data)
	copy(enc[len(enc)-4:], "PARE")
	for name, b := range map[string][]byte{"empty": nil, "cut": data[:len(data)/2], "text": []byte("hello, this is no such file"), "encrypted": enc} {
		_, _, err := rowsOf(t, peopleCat, b)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if name == "encrypted" && !errors.Is(err, errEncrypted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := bytes.Clone(data)
	for i := int64(4); i < int64(len(data))-8-int64(binary.LittleEndian.Uint32(data[len(data)-8:])); i++ {
		whole[i] = 0xff
	}
	if _, _, err := rowsOf(t, peopleCat, whole); err == nil {
		t.Error("a file without one readable row group is no error")
	}
}

func rewriteErr(data []byte, out *bytes.Buffer, row int) error {
	out.Reset()
	_, err := New("set", peopleCat).Rewrite(context.Background(), input(data), out, newEdits(row))
	return err
}

func TestStopsWhenAsked(t *testing.T) {
	data := write(t, people(30), 10)
	stop := errors.New("stop")
	n := 0
	err := New("set", peopleCat).Decode(context.Background(), input(data), func(b connectors.Batch) error {
		b.Rows.Release()
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%d batches, %v", n, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = New("set", peopleCat).Decode(ctx, input(data), func(connectors.Batch) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range golden {
		f.Add(readGolden(f, name))
	}
	f.Add(write(f, people(5), 2, pq.DataPageVersion(1), pq.Compression(&pq.Lz4Raw)))
	f.Add(write(f, people(5), 2, pq.DataPageVersion(2)))
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		rows := int64(0)
		err := New("set", peopleCat).Decode(ctx, input(data), func(b connectors.Batch) error {
			if b.Rows != nil {
				if rows += b.Rows.NumRows(); rows > 1<<16 {
					cancel()
				}
				b.Rows.Release()
			}
			return nil
		})
		if err != nil || rows > 1<<16 {
			return
		}
		var out bytes.Buffer
		if err := rewriteErr(data, &out, 1); err != nil {
			return
		}
		if _, err := openFile(bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil {
			t.Errorf("the rewritten file does not open: %v", err)
		}
	})
}

func TestNextLocator(t *testing.T) {
	for _, row := range []int64{0, 7, 8, 9, 97, 98, 99, 108, 998, 4095, 99_998, 99_999, 1_099_998, 999_999_999_998} {
		if got, want := string(nextLocator([]byte(locator(row)))), locator(row+1); got != want {
			t.Errorf("after %q comes %q, want %q", locator(row), got, want)
		}
	}
}
