package json

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// told is what was decoded of one record.
type told struct {
	at   int64
	text string
}

func takeInto(out *[]told, refs *[]connectors.Ref) func(b connectors.Batch) error {
	return func(b connectors.Batch) error {
		for _, g := range b.Gaps {
			*out = append(*out, told{0, g.Locator + ": " + g.Reason})
		}
		for row := 0; b.Rows != nil && row < int(b.Rows.NumRows()); row++ {
			var s strings.Builder
			for col := range int(b.Rows.NumCols()) {
				v, ok := connectors.Value(b.Rows, col, row)
				fmt.Fprintf(&s, "%s=%q %v ", b.Rows.ColumnName(col), v, ok)
			}
			loc, _ := connectors.Value(b.Rows, 0, row)
			ref := connectors.Ref{Collection: b.Collection, Locator: strings.Clone(loc)}
			if b.At != nil {
				ref.At = b.At[row]
			}
			*out = append(*out, told{ref.At, s.String()})
			*refs = append(*refs, ref)
		}
		if b.Rows != nil {
			b.Rows.Release()
		}
		return nil
	}
}

func drawSpace(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "", "", "", " ", "\t", "  "}).Draw(t, "space")
}

func drawValue(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth > 3 && kind > 7 {
		kind = 0
	}
	switch kind {
	case 8:
		return drawObject(t, depth+1)
	case 9:
		var list []string
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			list = append(list, drawValue(t, depth+1))
		}
		return "[" + drawSpace(t) + strings.Join(list, ","+drawSpace(t)) + "]"
	}
	return rapid.SampledFrom([]string{`"a"`, `""`, `"98201 45678, a text longer than eight bytes"`, `"q\"uote"`, `"\u0905\ud83d\ude00"`, `"\ud800"`, `"आशा"`, `"a\\"`,
		"0", "-1.5e3", "123456789012", "true", "false", "null", "NaN", "-Infinity", "\"\xff\"", `"bad \x escape"`, "01", "1.", "tru", "+1", `"open`, "\"tab\there\""}).Draw(t, "scalar")
}

var keyPool = []string{"id", "phone", "payload", "address.city", "address", "Address", "PHONE", "Id", "x", "y", "remark", "a\\nb", "", "sutra.rest", "आ"}

func drawObject(t *rapid.T, depth int) string {
	var b strings.Builder
	b.WriteString("{" + drawSpace(t))
	for i := range rapid.IntRange(0, 6).Draw(t, "members") {
		if i > 0 {
			b.WriteString("," + drawSpace(t))
		}
		b.WriteString(`"` + rapid.SampledFrom(keyPool).Draw(t, "key") + `"` + drawSpace(t) + ":" + drawSpace(t) + drawValue(t, depth) + drawSpace(t))
	}
	return b.String() + rapid.SampledFrom([]string{"}", "}", "}", "}", "}", "}", "}", ",}", "", "}}", "} 1"}).Draw(t, "close")
}

// TestFlatAgainstTree compares records that are read flat with those that go
// through a tree, and reads each again from its position, from lines and from an
// array.
func TestFlatAgainstTree(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rapid.Check(t, func(t *rapid.T) {
		var docs []string
		for range rapid.IntRange(0, 6).Draw(t, "records") {
			docs = append(docs, drawSpace(t)+drawObject(t, 0))
		}
		lines := rapid.Bool().Draw(t, "lines")
		data := rapid.SampledFrom([]string{"", "\xEF\xBB\xBF"}).Draw(t, "mark")
		if end := rapid.SampledFrom([]string{"\n", "\r\n", " \n\n"}).Draw(t, "end"); lines {
			data += strings.Join(docs, end)
		} else {
			data += "[" + strings.Join(docs, ","+end) + "]"
		}
		c := New("crm", leadsCatalog(), lines).(*Codec)
		c.mem = mem
		tree := *c
		tree.trees = true
		in := input(data)
		in.At = func() (io.ReaderAt, int64, error) { return strings.NewReader(data), int64(len(data)), nil }
		var got, want, again []told
		var refs, same []connectors.Ref
		err, err2 := c.Decode(context.Background(), in, takeInto(&got, &refs)), tree.Decode(context.Background(), in, takeInto(&want, new([]connectors.Ref)))
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%q: %v, through trees %v", data, err, err2)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(told{})); diff != "" {
			t.Fatalf("%q (-tree +flat):\n%s", data, diff)
		}
		for _, r := range refs {
			if !c.Reaches(r) {
				return // one document of one record
			}
		}
		if err := c.DecodeAt(context.Background(), in, refs, takeInto(&again, &same)); err != nil {
			t.Fatalf("%q at positions: %v", data, err)
		}
		if diff := cmp.Diff(refs, same); len(refs) > 0 && diff != "" {
			t.Fatalf("%q at positions: %s", data, diff)
		}
	})
}

// TestAstray asks for records where none begins.
func TestAstray(t *testing.T) {
	for _, tt := range []struct {
		data, locator string
		at            int
	}{
		{"{\"id\":1}\n{\"id\":2}\n", "line 2", 3}, {"{\"id\":1}\nnot JSON\n", "line 2", 10}, {"{\"id\":1}\n", "line 2", 10}, {"{\"id\":1}\n", "line 2", 100},
		{"[{\"id\":1},{\"id\":2}]", "/1", 3}, {"[{\"id\":1},{\"id\":2", "/1", 11}, {"[{\"id\":1}" + strings.Repeat(" ", 100) + ",{\"id\":2}]", "/1", 60},
	} {
		in := input(tt.data)
		in.At = func() (io.ReaderAt, int64, error) { return strings.NewReader(tt.data), int64(len(tt.data)), nil }
		err := New("crm", leadsCatalog(), true).(*Codec).DecodeAt(context.Background(), in, []connectors.Ref{{Collection: "leads", Locator: tt.locator, At: int64(tt.at)}}, takeInto(new([]told), new([]connectors.Ref)))
		if !errors.Is(err, format.ErrAstray) {
			t.Errorf("%q at %d: %v, want ErrAstray", tt.data, tt.at, err)
		}
	}
}

// BenchmarkDecodeLines reads records of 23 members, of which the catalog knows two, into
// Arrow batches (the others go to the rest), and prints rows a second and the time in
// relation to encoding/json with a struct of three of them (of-encoding/json; at
// most 0.15 is the goal). Both times are processor time, and the two take turns.
func BenchmarkDecodeLines(b *testing.B) {
	const n = 20_000
	data := strings.Repeat(string(row700())+"\n", n)
	c := New("crm", leadsCatalog(), true)
	b.SetBytes(int64(len(data)))
	var own, std time.Duration
	rows := 0
	for b.Loop() {
		at := cpuTime(b)
		err := c.Decode(context.Background(), input(data), func(b connectors.Batch) error {
			rows += int(b.Rows.NumRows())
			b.Rows.Release()
			return nil
		})
		own += cpuTime(b) - at
		b.StopTimer()
		at = cpuTime(b)
		for line := range strings.Lines(data) {
			var v struct {
				ID    string `json:"id"`
				Phone string `json:"phone"`
				Email string `json:"email"`
			}
			err = errors.Join(err, stdjson.Unmarshal([]byte(line), &v))
		}
		std += cpuTime(b) - at
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	if rows != n*b.N {
		b.Fatalf("%d rows", rows)
	}
	b.ReportMetric(float64(rows)/own.Seconds(), "rows/s")
	b.ReportMetric(own.Seconds()/std.Seconds(), "of-encoding/json")
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
