package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// drawTable draws a table of many shapes: most lines are plain, so that blocks
// are long, and some are everything that ends a block.
func drawTable(t *rapid.T) string {
	width := rapid.IntRange(1, 5).Draw(t, "width")
	delim := rapid.SampledFrom([]string{",", ";", "\t"}).Draw(t, "delimiter")
	eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
	cell := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "12345678", "0123456789abcdef", strings.Repeat("x", 40), "आशा", " ", "a\r", "\r"}), rapid.StringMatching(`[a-z0-9 ]{0,20}`))
	odd := rapid.SampledFrom([]string{"\"q\"", "\"a\"\"b\"", "\"two\nlines\"", "\xff", "bare\"quote", "\"open"})
	out := rapid.SampledFrom([]string{"", "\xef\xbb\xbf"}).Draw(t, "mark")
	for i := range width {
		if i > 0 {
			out += delim
		}
		out += fmt.Sprintf("c%d", i)
	}
	out += eol
	for range rapid.IntRange(0, 40).Draw(t, "lines") {
		cells := make([]string, width)
		for i := range cells {
			cells[i] = cell.Draw(t, "cell")
		}
		switch rapid.IntRange(0, 24).Draw(t, "line") {
		case 0:
			cells[0] = odd.Draw(t, "odd")
		case 1:
			cells = cells[:rapid.IntRange(0, width).Draw(t, "short")]
		case 2:
			cells = append(cells, "more")
		case 3:
			cells = []string{rapid.SampledFrom([]string{"", "  "}).Draw(t, "blank")}
		}
		end := eol
		if rapid.IntRange(0, 24).Draw(t, "other end") == 0 {
			end = "\r\n"
		}
		out += strings.Join(cells, delim) + end
	}
	if rapid.Bool().Draw(t, "cut") {
		out = strings.TrimRight(out, "\r\n")
	}
	return out
}

// told is what was decoded of one record.
type told struct {
	at   int64
	text string
}

func decodeAll(c *codec, in format.Input) (out []told, refs []connectors.Ref, err error) {
	take := takeInto(&out, &refs)
	r, err := in.Open()
	if err != nil {
		return nil, nil, err
	}
	return out, refs, errors.Join(c.decode(context.Background(), r, take), r.Close())
}

func takeInto(out *[]told, refs *[]connectors.Ref) func(b connectors.Batch) error {
	return func(b connectors.Batch) error {
		for _, g := range b.Gaps {
			*out = append(*out, told{0, g.Locator + ": " + g.Reason})
		}
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for row := range int(b.Rows.NumRows()) {
			var s strings.Builder
			for col := range int(b.Rows.NumCols()) {
				v, ok := connectors.Value(b.Rows, col, row)
				fmt.Fprintf(&s, "%q %v ", v, ok)
			}
			loc, _ := connectors.Value(b.Rows, 0, row)
			*out = append(*out, told{b.At[row], s.String()})
			if b.At[row] == 0 {
				continue // it is read with the whole object
			}
			*refs = append(*refs, connectors.Ref{Collection: b.Collection, Locator: strings.Clone(loc), At: b.At[row]})
		}
		return nil
	}
}

// TestBlocksAgainstRecords compares the rows that are found block by block with
// those that are parsed one by one, and reads each again from its position.
func TestBlocksAgainstRecords(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rapid.Check(t, func(t *rapid.T) {
		data := drawTable(t)
		c := New("leads", "files", leads, Options{Mem: mem}).(*codec)
		in := input(data)
		in.At = func() (io.ReaderAt, int64, error) { return strings.NewReader(data), int64(len(data)), nil }
		got, refs, err := decodeAll(c, in)
		plain := *c
		plain.noBlocks = true
		want, _, err2 := decodeAll(&plain, in)
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%v, one by one %v", err, err2)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(told{})); diff != "" {
			t.Fatalf("%q (-one by one +blocks):\n%s", data, diff)
		}
		for _, part := range [][]connectors.Ref{refs, oneOf(t, refs)} {
			var again []told
			var same []connectors.Ref
			if err := c.DecodeAt(context.Background(), in, part, takeInto(&again, &same)); err != nil {
				t.Fatalf("%q at positions: %v", data, err)
			}
			if diff := cmp.Diff(part, same); len(part) > 0 && diff != "" {
				t.Fatalf("%q at positions: %s", data, diff)
			}
			if len(part) == len(refs) && !cmp.Equal(only(got), again, cmp.AllowUnexported(told{})) {
				t.Fatalf("%q at positions: %v, want %v", data, again, only(got))
			}
		}
	})
}

func oneOf(t *rapid.T, refs []connectors.Ref) []connectors.Ref {
	if len(refs) == 0 {
		return nil
	}
	i := rapid.IntRange(0, len(refs)-1).Draw(t, "one")
	return refs[i : i+1]
}

// only leaves the gaps out.
func only(list []told) (out []told) {
	for _, x := range list {
		if x.at > 0 {
			out = append(out, x)
		}
	}
	return out
}

// TestAstray asks for records where none begins.
func TestAstray(t *testing.T) {
	data := "id,name\n1,Asha\n\"2\",\"two\nlines\"\n3,x,y\n4,\"open\n"
	in := input(data)
	in.At = func() (io.ReaderAt, int64, error) { return strings.NewReader(data), int64(len(data)), nil }
	c := New("leads", "files", leads, Options{}).(*codec)
	for what, at := range map[string]int{
		"inside a cell": bytes.Index([]byte(data), []byte("sha")) + 1, "a row of too many cells": strings.Index(data, "3,x") + 1,
		"an open quote": strings.Index(data, "4,") + 1, "the end": len(data) + 1, "far beyond": len(data) + 100, "the second line of a record": strings.Index(data, "lines") + 1,
	} {
		err := c.DecodeAt(context.Background(), in, []connectors.Ref{{Collection: "leads", Locator: "row 1", At: int64(at)}}, func(b connectors.Batch) error {
			b.Rows.Release()
			return nil
		})
		if !errors.Is(err, format.ErrAstray) {
			t.Errorf("%s: %v, want ErrAstray", what, err)
		}
	}
}
