package lineage

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// randomPostings draws postings with equal tokens, tokens with equal beginnings, and
// postings that stand twice.
func randomPostings(n int) []posting {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	list := make([]posting, n)
	for i := range list {
		list[i] = posting{r.Uint64(), r.Uint64(), RID(r.Uint64() >> 8)}
		switch k := r.IntN(12); {
		case i == 0:
		case k < 2:
			list[i].hi, list[i].lo = list[i-1].hi, list[i-1].lo
		case k == 2:
			list[i].hi = list[i-1].hi
		case k == 3:
			list[i] = list[i-1]
		case k == 4:
			list[i].hi = list[i].hi&0xffff | 0x4242<<48
		case k == 5: // a row behind the one before it
			list[i] = posting{list[i-1].hi&^0xff | uint64(r.IntN(256)), list[i-1].lo, list[i-1].rid + 1}
			if k := i - 2; k >= 0 && r.IntN(4) == 0 {
				list[i].hi = list[i].hi&^0xff | list[k].hi&0xff
			}
		}
	}
	return list
}

func TestSortPostings(t *testing.T) {
	for _, n := range []int{0, 1, 100, 40_000} {
		list := randomPostings(n)
		var p postings
		p.add(list)
		p.sort()
		var got []posting
		for _, part := range p.parts {
			got = append(got, part...)
		}
		slices.SortFunc(list, comparePostings)
		if !slices.Equal(got, list) {
			t.Errorf("%d postings are not in order", n)
		}
	}
}

// TestExternalSort sorts postings in runs, of which there are so many that they are
// merged on the way, and compares with sorting them in memory.
func TestExternalSort(t *testing.T) {
	keys, err := newKeyring(testKey)
	if err != nil {
		t.Fatal(err)
	}
	l := &load{dir: filepath.Join(t.TempDir(), "runs"), disk: map[string]bool{}}
	all := randomPostings(60_000)
	for from := 0; from < len(all); from += 1000 {
		b := &batch{}
		b.posts.add(all[from:min(from+1000, len(all))])
		if err := l.spill(keys, b); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(l.runs.Postings); n >= 2*maxRuns {
		t.Errorf("%d runs are left", n)
	}
	runs, err := l.open(keys, l.runs.Postings)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, comparePostings)
	want := slices.Compact(all)
	for _, heavy := range []int{heavyPart, 50} {
		r := newPartReader(runs)
		r.heavy = heavy
		var got []posting
		for part := range 1 << partBits {
			err := r.groups(part, func(name *name16, rids []RID) error {
				tok := Token(*name)
				for _, r := range rids {
					got = append(got, newPosting(&tok, r))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if n := cap(r.read.list); heavy < heavyPart && n > 2000 {
			t.Errorf("%d postings were held at a time", n)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d postings, want %d, or in another order, when a part of %d postings is heavy", len(got), len(want), heavy)
		}
	}
	if err := closeRuns(runs); err != nil {
		t.Fatal(err)
	}
}

func TestEntriesAndIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var names []name16
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			names = append(names, name16{rapid.Byte().Draw(t, "a") & 3, restAt: rapid.Byte().Draw(t, "row"), 9: rapid.Byte().Draw(t, "b") & 1})
		}
		slices.SortFunc(names, func(a, b name16) int { return compareNames(&a, &b) })
		rid := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(1<<32, 1<<34), rapid.Just(uint64(math.MaxUint64)))
		var p page
		var want [][]RID
		for i := range names {
			var rids []RID
			for _, n := range rapid.SliceOfN(rid, 0, 20).Draw(t, "rids") {
				rids = append(rids, RID(n))
			}
			rids = sortRIDs(rids)
			want = append(want, rids)
			p.add(&names[i], appendRIDs(nil, rids))
		}
		e := entries{data: p.data}
		for i := range names {
			ok, err := e.next()
			if err != nil || !ok || e.name != names[i] {
				t.Fatalf("entry %d is %x %v %v", i, e.name, ok, err)
			}
			rids, err := readRIDs(nil, e.value)
			if err != nil || !slices.Equal(rids, want[i]) {
				t.Fatalf("entry %d holds %v, want %v (%v)", i, rids, want[i], err)
			}
		}
		if ok, err := e.next(); ok || err != nil {
			t.Fatalf("after the end: %v %v", ok, err)
		}
	})
}

// TestLongStretch: rows that refer to two others in turns, as notes may, are one stretch up to
// its bound, and come back.
func TestLongStretch(t *testing.T) {
	part := name16{7, 0x40}
	for _, n := range []int{1, 2, mostStretch - 1, mostStretch, mostStretch + 1, mostStretch + 2, 3 * mostStretch} {
		var list []posting
		for i := range n {
			list = append(list, posting{hi: 7<<56 | 1<<54 | uint64(i%2), lo: 9, rid: RID(i) + 5})
		}
		var read pageful
		if err := readPostings(&read, &part, appendPostings(nil, list)); err != nil || read.count() != n {
			t.Fatalf("%d of %d postings, %v", read.count(), n, err)
		}
		if most := (n + mostStretch) / (mostStretch + 1); len(read.stretches)+len(read.list) > most {
			t.Errorf("%d postings are in %d stretches and %d alone", n, len(read.stretches), len(read.list))
		}
		got := read.plain()
		slices.SortFunc(got, func(a, b posting) int { return cmp.Compare(a.rid, b.rid) })
		if !slices.Equal(got, list) {
			t.Fatalf("%d postings came back as %v", n, got)
		}
	}
}

func FuzzPostings(f *testing.F) {
	part := name16{7, 0x40}
	f.Add(appendPostings(nil, []posting{{hi: 7<<56 | 1<<54, rid: 1}, {hi: 7<<56 | 1<<54 | 5, lo: 1 << 63, rid: 1 << 40}, {hi: 7<<56 | 1<<54, rid: 3}}))
	f.Add(appendPostings(nil, []posting{{hi: 7<<56 | 1<<54, rid: 1}, {hi: 7<<56 | 1<<54 | 5, rid: 2}, {hi: 7<<56 | 1<<54, rid: 3}}))
	f.Add([]byte{15: 0x80})
	f.Add([]byte{0: 0x80, 15: 2, 16: 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		var read, again pageful
		err := readPostings(&read, &part, data)
		if err != nil {
			if !errors.Is(err, errBlock) {
				t.Fatal(err)
			}
			return
		}
		n := read.count()
		list := read.plain()
		if len(list) != n {
			t.Fatalf("%d postings, counted %d", len(list), n)
		}
		err = readPostings(&again, &part, appendPostings(nil, list))
		slices.SortFunc(list, comparePostings)
		same := again.plain()
		slices.SortFunc(same, comparePostings)
		if err != nil || !slices.Equal(list, same) {
			t.Fatalf("%v, read again %v (%v)", list, same, err)
		}
	})
}

func FuzzEntries(f *testing.F) {
	var p page
	p.add(&name16{1}, appendRIDs(nil, []RID{1, 2, 1 << 33}))
	p.add(&name16{1, 15: 2}, appendRIDs(nil, []RID{7}))
	f.Add(p.data)
	p.add(&name16{1, restAt: 1, 15: 2}, nil)
	p.add(&name16{1, restAt: 2, 15: 2}, nil)
	f.Add(p.data)
	f.Add([]byte{16, 0})
	f.Add([]byte{17})
	f.Add([]byte{restAt | oneByte, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		e := entries{data: data}
		for {
			ok, err := e.next()
			if err != nil && !errors.Is(err, errBlock) {
				t.Fatal(err)
			}
			if !ok || err != nil {
				return
			}
			if _, err := readRIDs(nil, e.value); err != nil && !errors.Is(err, errBlock) {
				t.Fatal(err)
			}
		}
	})
}
