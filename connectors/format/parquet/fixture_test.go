package parquet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"go.uber.org/goleak"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type param struct {
	Key   string  `parquet:"key,dict"`
	Text  *string `parquet:"string_value"`
	Int   *int64  `parquet:"int_value"`
	Inner []inner `parquet:"inner,list"`
}

type inner struct {
	Notes []string `parquet:"notes,list"`
	N     *int32   `parquet:"n"`
}

// person is a row with one column for each way a value can be stored.
type person struct {
	ID     int64             `parquet:"id"`
	Name   *string           `parquet:"name,dict"`
	Email  string            `parquet:"email"`
	City   string            `parquet:"city,dict"`
	Delta  string            `parquet:"delta,delta"`
	Seq    int64             `parquet:"seq,delta"`
	Seq32  int32             `parquet:"seq32,optional,delta"`
	Score  float64           `parquet:"score,split"`
	Half   float32           `parquet:"half"`
	OK     *bool             `parquet:"ok"`
	At     time.Time         `parquet:"at,timestamp(microsecond)"`
	Day    int32             `parquet:"day,date"`
	UUID   [16]byte          `parquet:"uuid,uuid"`
	Fixed  [6]byte           `parquet:"fixed,dict"`
	Amount int64             `parquet:"amount,decimal(2:12)"`
	Old    deprecated.Int96  `parquet:"old"`
	Tags   []string          `parquet:"tags,list"`
	Bare   []string          `parquet:"bare,dict"`
	Params []param           `parquet:"params,list"`
	Attrs  map[string]string `parquet:"attrs"`
	Geo    *struct {
		Country string  `parquet:"country,dict"`
		City    *string `parquet:"city"`
	} `parquet:"geo"`
}

func ptr[T any](v T) *T { return &v }

// token is a text that stands in row i only.
func token(i int) string { return fmt.Sprintf("kj%07dq", i) }

func makePerson(i int) person {
	p := person{
		ID: int64(i), Email: token(i) + "@example.com", City: fmt.Sprintf("city %d", i%7), Delta: "pre " + token(i),
		Seq: int64(i) * 1_000_003, Score: float64(i) / 3, Half: float32(i) / 7, At: time.UnixMicro(1_700_000_000_000_000 + int64(i)).UTC(),
		Day: int32(i - 5), Amount: int64(i*101 - 500), Old: deprecated.Int96{uint32(i), 0, julianEpoch + uint32(i)},
	}
	copy(p.UUID[:], fmt.Sprintf("%016d", i))
	copy(p.Fixed[:], fmt.Sprintf("%06d", i%11))
	switch i % 5 {
	case 0:
		p.Score = math.NaN()
	case 1:
		p.Score, p.OK = math.Copysign(0, -1), ptr(i%2 == 0)
	}
	if i%3 != 0 {
		p.Name, p.Seq32 = ptr("name "+token(i-i%2)), int32(i)
	}
	for k := range i % 4 {
		p.Tags = append(p.Tags, fmt.Sprintf("tag %d %s", k, token(i)))
		p.Bare = append(p.Bare, fmt.Sprintf("bare %d %d", k, i%9), token(i))
		q := param{Key: fmt.Sprintf("key%d", k)}
		if k%2 == 0 {
			q.Text, q.Inner = ptr("value "+token(i)), []inner{{Notes: []string{token(i), "x"}}, {N: ptr(int32(k))}, {}}
		} else {
			q.Int = ptr(int64(i * 10))
		}
		p.Params = append(p.Params, q)
	}
	if i%6 == 1 {
		p.Attrs = map[string]string{"who": token(i)}
		p.Geo = &struct {
			Country string  `parquet:"country,dict"`
			City    *string `parquet:"city"`
		}{Country: "IN", City: ptr("c " + token(i))}
	}
	return p
}

func people(n int) []person {
	out := make([]person, n)
	for i := range out {
		out[i] = makePerson(i)
	}
	return out
}

func write[T any](t testing.TB, rows []T, perGroup int, opts ...pq.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[T](&b, opts...)
	for i := 0; i < len(rows); i += perGroup {
		if _, err := w.Write(rows[i:min(len(rows), i+perGroup)]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func input(data []byte) format.Input {
	return format.Input{
		Key:  "x.parquet",
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		At:   func() (io.ReaderAt, int64, error) { return bytes.NewReader(data), int64(len(data)), nil },
	}
}

// rowsOf decodes data into maps by column name; it checks that the memory of
// the batches is given back.
func rowsOf(t testing.TB, cat connectors.Collection, data []byte) (rows []map[string]string, gaps []connectors.Gap, err error) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	c := New("set", cat).(*codec)
	c.mem = mem
	err = c.Decode(context.Background(), input(data), func(b connectors.Batch) error {
		gaps = append(gaps, b.Gaps...)
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for r := range int(b.Rows.NumRows()) {
			m := map[string]string{}
			for i, f := range b.Rows.Schema().Fields() {
				if v, ok := connectors.Value(b.Rows, i, r); ok {
					m[f.Name] = string([]byte(v))
				}
			}
			rows = append(rows, m)
		}
		return nil
	})
	if n := mem.CurrentAlloc(); n != 0 {
		t.Errorf("%d bytes of Arrow memory were not released", n)
	}
	return rows, gaps, err
}

// flat reads all rows with parquet-go: one text for each value, exact to the bit.
func flat(t testing.TB, data []byte) [][]string {
	t.Helper()
	f, err := pq.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, g := range f.RowGroups() {
		rows := g.Rows()
		buf := make([]pq.Row, 10)
		for {
			n, err := rows.ReadRows(buf)
			for _, r := range buf[:n] {
				var texts []string
				for _, v := range r {
					texts = append(texts, fmt.Sprintf("%d/%d/%d %v %x", v.Column(), v.RepetitionLevel(), v.DefinitionLevel(), v.Kind(), v.Bytes()))
				}
				out = append(out, texts)
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func edit(row int, action connectors.Action, rewrite func(connectors.Field, string) (string, connectors.Verdict)) connectors.Edit {
	return connectors.Edit{Collection: "people", Locator: fmt.Sprintf("row %d", row+1), Action: action, Rewrite: rewrite}
}

func rewrite(t testing.TB, cat connectors.Collection, data []byte, list ...connectors.Edit) ([]byte, int, connectors.Outcome) {
	t.Helper()
	var out bytes.Buffer
	e := format.NewEdits(list)
	left, err := New("set", cat).Rewrite(context.Background(), input(data), &out, e)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), left, e.Outcome()
}

var peopleCat = connectors.Collection{Name: "people", Fields: []connectors.CatalogField{
	{Name: "id", PrimaryKey: true},
	{Name: "email", Identity: "email", Categories: []string{"user.contact.email"}},
}}

func newEdits(row int) *format.Edits {
	return format.NewEdits([]connectors.Edit{edit(row, connectors.Delete, nil)})
}
