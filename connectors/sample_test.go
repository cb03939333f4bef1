package connectors

import (
	"strconv"
	"strings"
	"testing"
)

// Every item has the same chance, wherever it stands.
func TestReservoirIsFair(t *testing.T) {
	const runs, items, n = 4000, 50, 5
	var drawn [items]int
	for seed := range uint64(runs) {
		r := NewReservoir[int](n, seed, "t")
		for i := range items {
			r.Add(func() int { return i })
		}
		if len(r.Items()) != n || r.Seen() != items {
			t.Fatalf("%d of %d items", len(r.Items()), r.Seen())
		}
		for _, i := range r.Items() {
			drawn[i]++
		}
	}
	for i, got := range drawn {
		if want := runs * n / items; got < want*7/10 || got > want*13/10 {
			t.Errorf("item %d was drawn %d times, expected about %d", i, got, want)
		}
	}
}

func TestDrawing(t *testing.T) {
	draw := func() Table {
		d := NewDrawing("t", 10, 42)
		a, b := d.Column(SampleColumn{Name: "a"}), d.Column(SampleColumn{Name: "b"})
		if d.Column(SampleColumn{Name: "a"}) != a {
			t.Error("a column was added twice")
		}
		for i := range 100 {
			d.Row(func(put func(int, string)) {
				put(a, strconv.Itoa(i))
				put(b, "  ")
				if i%2 == 0 {
					put(b, strings.Repeat("é", 20_000))
					put(b, strings.Repeat("x", 100_000))
				}
			})
		}
		return d.Table()
	}
	one, two := draw(), draw()
	if one.Total != 100 || one.Rows != 10 || len(one.Columns[0].Cells) != 10 {
		t.Errorf("total %d, rows %d, cells %d", one.Total, one.Rows, len(one.Columns[0].Cells))
	}
	first := 0
	for i, c := range one.Columns[0].Cells {
		if c != two.Columns[0].Cells[i] {
			t.Error("the same seed drew something else")
		}
		if n, err := strconv.Atoi(c.Text); err != nil || n < 10 {
			first++
		}
	}
	if first > 5 {
		t.Error("the first records were taken for a sample")
	}
	for _, c := range one.Columns[1].Cells {
		if len(c.Text) > maxCell || strings.TrimSpace(c.Text) == "" || strings.ContainsRune(c.Text, '\uFFFD') {
			t.Errorf("a cell of %d bytes", len(c.Text))
		}
	}
}
