package lineage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// patchWorld is a graph beside a model of what it has to show: by unit and locator the
// version of each record.
type patchWorld struct {
	t     *rapid.T
	dir   string
	o     Options
	g     *Graph
	w     *Writer
	model map[int]map[int]int

	finds   bool // every unit that is written notes where its records stand
	patches int  // that were made
	placed  int  // those of units that knew where their records stand
	moves   int
}

// patchRecord returns the sightings of a record, or of what became of it: from none to
// two, and one in unit 2. Records of even units have numbers as locators, the others
// mostly words.
func (p *patchWorld) record(unit, n, version int) (locator string, list []Sighting) {
	locator = "pk=" + strconv.Itoa(n)
	if unit%2 == 1 && n%5 > 0 {
		locator = fmt.Sprintf("pk=%d,k%d-x", n%3, n)
	}
	sightings := (n + version) % 3
	if unit == 2 {
		sightings = 1
	}
	for k := range sightings {
		s := Sighting{Collection: "leads", Locator: locator, Trigger: NoDate, Sum: uint64(version), Account: "A"}
		if k > 0 {
			s.Within = "body/" + strconv.Itoa(k)
		}
		s.Edges = []Edge{{Token: p.g.Token("phone", strconv.Itoa((n+version*k)%17)), Kind: "phone", Role: Subject},
			{Token: p.g.Token("email", fmt.Sprint(unit, n, version, k)), Kind: "email", Role: Subject}}
		list = append(list, s)
	}
	return locator, list
}

// state is what a unit is committed with.
func (p *patchWorld) state(unit int) UnitState {
	return UnitState{Unit: connectors.Unit{Key: unitKey(unit), Fingerprint: fmt.Sprint(p.model[unit])}, Records: len(p.model[unit]), Mark: "m", CommittedAt: time.Unix(1, 0)}
}

// write writes a unit whole, as the model has it.
func (p *patchWorld) write(unit int) {
	uw, err := p.w.Unit("s", p.state(unit).Unit)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.finds || rapid.IntRange(0, 3).Draw(p.t, "find") > 0 {
		uw.Find()
	}
	for _, n := range slices.Sorted(maps.Keys(p.model[unit])) {
		_, list := p.record(unit, n, p.model[unit][n])
		if err := uw.Add(list); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := uw.Commit(p.state(unit)); err != nil {
		p.t.Fatal(err)
	}
}

// patchOne changes one record of a unit that knows where its records stand: that has to be
// possible, however few cases are tried.
func (p *patchWorld) patchOne(unit int) {
	p.model[unit][0]++
	x, err := p.w.Patch("s", p.state(unit).Unit)
	if err != nil || x == nil {
		p.t.Fatalf("no patch (%v)", err)
	}
	locator, list := p.record(unit, 0, p.model[unit][0])
	if !x.Changed("leads", []string{locator}) {
		p.t.Fatal("one record is too many")
	}
	if err := x.Add(list); err != nil {
		p.t.Fatal(err)
	}
	if st, err := x.Commit(p.state(unit)); err != nil || st == nil {
		p.t.Fatalf("%+v %v", st, err)
	}
	p.patches++
	if len(x.old.places.runs) > 0 {
		p.placed++
	}
}

// change lets records come, change and now and then go, and tells the graph as a source
// does that does not know what went.
func (p *patchWorld) change(unit int) {
	now := maps.Clone(p.model[unit])
	if now == nil {
		now = map[int]int{}
	}
	changed := map[int]bool{}
	for range rapid.IntRange(0, 12).Draw(p.t, "changes") {
		n := rapid.IntRange(0, 500).Draw(p.t, "record")
		now[n], changed[n] = now[n]+1, true
	}
	if known := slices.Sorted(maps.Keys(p.model[unit])); len(known) > 0 && rapid.IntRange(0, 5).Draw(p.t, "goes") == 5 {
		n := rapid.SampledFrom(known).Draw(p.t, "gone")
		delete(now, n)
		delete(changed, n)
	}
	before := p.model[unit]
	p.model[unit] = now
	x, err := p.w.Patch("s", p.state(unit).Unit)
	if err != nil {
		p.t.Fatal(err)
	}
	ok := x != nil
	for _, n := range slices.Sorted(maps.Keys(changed)) {
		if ok {
			locator, list := p.record(unit, n, now[n])
			ok = x.Changed("leads", []string{locator})
			if err := x.Add(list); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	var st *UnitState
	if ok {
		if st, err = x.Commit(p.state(unit)); err != nil {
			p.t.Fatal(err)
		}
	}
	gone := slices.ContainsFunc(slices.Collect(maps.Keys(before)), func(n int) bool { _, ok := now[n]; return !ok })
	if st != nil && gone {
		p.t.Fatal("a patch was taken for the whole truth although a record went")
	}
	if st == nil {
		p.write(unit)
		return
	}
	p.patches++
	if len(x.old.places.runs) > 0 {
		p.placed++
	}
}

// move lets records go and change, as a source does that knows what became of all others:
// one goes at fate 0, and changes at 1.
func (p *patchWorld) move(unit int, fate func(n int) int) {
	now := maps.Clone(p.model[unit])
	gone, changed := map[string]bool{}, map[int]bool{}
	for _, n := range slices.Sorted(maps.Keys(now)) {
		locator, _ := p.record(unit, n, 0)
		switch fate(n) {
		case 0:
			delete(now, n)
			gone[locator] = true
		case 1:
			now[n]++
			changed[n], gone[locator] = true, true
		}
	}
	p.model[unit] = now
	m, err := p.w.Move("s", p.state(unit).Unit, func(s *Sighting) (bool, error) { return !gone[s.Locator], nil })
	if err != nil {
		p.t.Fatal(err)
	}
	if m == nil {
		p.write(unit)
		return
	}
	for _, n := range slices.Sorted(maps.Keys(changed)) {
		_, list := p.record(unit, n, now[n])
		if err := m.Add(list); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := m.Commit(p.state(unit)); err != nil {
		p.t.Fatal(err)
	}
	p.moves++
}

func (p *patchWorld) open() {
	if p.w == nil {
		w, err := p.g.Begin()
		if err != nil {
			p.t.Fatal(err)
		}
		p.w = w
	}
}

func (p *patchWorld) close() {
	if p.w == nil {
		return
	}
	if err := p.w.Close(context.Background()); err != nil {
		p.t.Fatal(err)
	}
	p.w = nil
}

// check compares what the graph shows with the model.
func (p *patchWorld) check() {
	byToken := map[Token][]string{}
	for unit, rows := range p.model {
		st, err := p.g.Unit("s", unitKey(unit))
		if err != nil || st == nil {
			p.t.Fatalf("unit %d: %v", unit, err)
		}
		want := map[string]Sighting{}
		for n, version := range rows {
			_, list := p.record(unit, n, version)
			for _, s := range list {
				want[s.Locator+" "+s.Within] = s
				byToken[s.Edges[0].Token] = append(byToken[s.Edges[0].Token], unitKey(unit)+s.Locator+s.Within)
			}
		}
		if st.Records != len(rows) || st.Sightings != len(want) {
			p.t.Fatalf("unit %d tells of %d records and %d sightings, want %d and %d", unit, st.Records, st.Sightings, len(rows), len(want))
		}
		found, err := p.g.UnitSightings(st.ID)
		if err != nil {
			p.t.Fatal(err)
		}
		got := map[string]Sighting{}
		for _, f := range found {
			got[f.Record.Locator+" "+f.Record.Within] = f.Record
		}
		if diff := cmp.Diff(want, got); diff != "" || len(found) != len(want) {
			p.t.Fatalf("unit %d: %d sightings, want %d\n%s", unit, len(found), len(want), diff)
		}
	}
	var ask []Token
	for i := range 20 { // some are nobody's
		ask = append(ask, p.g.Token("phone", strconv.Itoa(i)))
	}
	samePostings(p.t, p.g, ask)
	for i := range 17 {
		tok := p.g.Token("phone", strconv.Itoa(i))
		rids, err := p.g.Postings(tok)
		if err != nil {
			p.t.Fatal(err)
		}
		found, err := p.g.Load(rids)
		if err != nil {
			p.t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			if f.Record.Edges[0].Token == tok {
				got = append(got, f.Unit.Unit.Key+f.Record.Locator+f.Record.Within)
			}
		}
		slices.Sort(got)
		slices.Sort(byToken[tok])
		if diff := cmp.Diff(byToken[tok], got); diff != "" {
			p.t.Fatalf("phone %d: %s", i, diff)
		}
	}
}

// reopen closes everything, or leaves the writer as a program does that is killed: what
// was flushed is there.
func (p *patchWorld) reopen(killed bool) {
	if killed && p.w != nil {
		if err := p.w.Flush(context.Background()); err != nil {
			p.t.Fatal(err)
		}
		p.w = nil
	}
	p.close()
	err := p.g.Close()
	if err == nil {
		p.g, err = Open(p.dir, testKey, p.o)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}
