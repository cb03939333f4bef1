package lineage

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawPlaces makes up the places of n runs of records.
func drawPlaces(t *rapid.T, n int) places {
	p := places{collection: rapid.String().Draw(t, "collection"), words: rapid.String().Draw(t, "words")}
	number, at := int64(0), uint32(0)
	for range n {
		r := placeRun{first: number + rapid.Int64Range(0, 1<<40).Draw(t, "distance"), at: at, n: rapid.Uint32Range(1, 1<<20).Draw(t, "length")}
		p.runs = append(p.runs, r)
		number, at = r.first+int64(r.n)+1, at+r.n
	}
	return p
}

// TestPlaces: a unit knows where all of its records stand, or of none.
func TestPlaces(t *testing.T) {
	row := func(collection, locator string) Sighting { return Sighting{Collection: collection, Locator: locator} }
	many := make([]Sighting, 2*maxPlaceRuns+2)
	for i := range many {
		many[i] = row("leads", fmt.Sprint("pk=", 2*i))
	}
	long := make([]Sighting, 10_000)
	for i := range long {
		long[i] = row("leads", fmt.Sprint("pk=", 20_001+i))
	}
	for name, c := range map[string]struct {
		rows []Sighting
		runs int // 0: nothing is known
	}{
		"nothing":              {nil, 0},
		"one":                  {long[:1], 1},
		"one after the other":  {long, 1},
		"with gaps":            {[]Sighting{long[0], long[1], long[5], long[7], long[8]}, 3},
		"as many as are kept":  {many[:maxPlaceRuns], maxPlaceRuns},
		"too many":             {many[:maxPlaceRuns+1], 0},
		"twice the same":       {[]Sighting{long[0], long[1], long[1]}, 0},
		"backwards":            {[]Sighting{long[1], long[0]}, 0},
		"words":                {[]Sighting{row("leads", "pk=a"), row("leads", "pk=b")}, 0},
		"other words":          {[]Sighting{long[0], row("leads", "rowid=20002")}, 0},
		"another collection":   {[]Sighting{long[0], row("calls", "pk=20002")}, 0},
		"not to be printed so": {[]Sighting{row("leads", "pk=007")}, 0},
	} {
		f := &finder{}
		for i := 0; i < len(c.rows); i += blockRows {
			f.add(c.rows[i:min(i+blockRows, len(c.rows))])
		}
		p := f.found()
		if len(p.runs) != c.runs {
			t.Errorf("%s: %d runs, want %d", name, len(p.runs), c.runs)
		}
		if c.runs == 0 {
			continue
		}
		got, want := recordSet{}, map[uint32]bool{}
		for i, r := range c.rows {
			got.add(r.Collection, r.Locator)
			want[uint32(i)] = true
		}
		got.add("leads", "pk=5")
		got.add("leads", "pk=999999")
		got.add("calls", c.rows[0].Locator)
		delete(want, 0) // is a hole already
		at := map[uint32]bool{}
		for _, n := range p.find(got, &patched{holes: []uint32{0}}, nil) {
			at[n] = true
		}
		if d := cmp.Diff(want, at); d != "" || got.missing() != 4 {
			t.Errorf("%s: %d records are not found, want 4; %s", name, got.missing(), d)
		}
	}
}
