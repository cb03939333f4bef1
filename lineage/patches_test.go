package lineage

import (
	"context"
	"errors"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// TestPatches compares a graph with a model, over any sequence of patches, moves, whole
// writes, removals, flushes, compactions and kills.
func TestPatches(t *testing.T) {
	defer fewerChecks(t)()
	patches, placed, moves := 0, 0, 0
	defer func() {
		if patches == 0 || placed == 0 || moves == 0 {
			t.Errorf("%d patches, %d of units that knew their places, %d moves", patches, placed, moves)
		}
	}()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "lineage-patch-")
		if err != nil {
			t.Fatal(err)
		}
		p := &patchWorld{t: t, dir: dir, model: map[int]map[int]int{}}
		p.o = Options{MemoryBudget: 1 << rapid.IntRange(13, 20).Draw(t, "budget"), direct: rapid.SampledFrom([]int{-1, 1, 1 << 30}).Draw(t, "direct")}
		if p.g, err = Create(dir, testKey, p.o); err != nil {
			t.Fatal(err)
		}
		p.open()
		for unit := range 4 {
			p.model[unit] = map[int]int{}
			for n := range unit*150 + 10 {
				p.model[unit][n] = 0
			}
			p.finds = unit == 2
			p.write(unit)
		}
		p.finds = false
		p.close()
		p.open()
		p.patchOne(2)
		p.close()
		p.open()
		p.move(2, func(n int) int { return n - 3 }) // record 4 changes, 3 goes
		p.close()
		for range rapid.IntRange(6, 14).Draw(t, "steps") {
			p.open()
			unit := rapid.SampledFrom([]int{1, 3, 2, 0}).Draw(t, "unit")
			switch rapid.IntRange(0, 14).Draw(t, "op") {
			case 13, 14:
				p.close()
				p.open()
				p.move(unit, func(int) int { return rapid.IntRange(0, 30).Draw(t, "fate") })
			case 12:
				p.write(unit)
			case 11:
				if err := errors.Join(p.w.Flush(context.Background()), p.w.Remove("s", unitKey(unit))); err != nil {
					t.Fatal(err)
				}
				delete(p.model, unit)
				p.close()
			case 10:
				p.close()
				if err := p.g.Compact(context.Background()); err != nil {
					t.Fatal(err)
				}
			case 9:
				p.reopen(rapid.Bool().Draw(t, "killed"))
			case 8:
				p.close()
				p.check()
			default:
				if !rapid.Bool().Draw(t, "hidden") { // what is not cannot be patched
					p.close()
					p.open()
				}
				p.change(unit)
			}
		}
		p.close()
		p.check()
		patches, placed, moves = patches+p.patches, placed+p.placed, moves+p.moves
		if err := errors.Join(p.g.Close(), os.RemoveAll(dir)); err != nil {
			t.Fatal(err)
		}
	})
}

// TestCompactBlanksHoles: after a compaction no block holds what was patched away, and
// no posting names it.
func TestCompactBlanksHoles(t *testing.T) {
	g := openWith(t, t.TempDir(), Options{})
	defer closeGraph(t, g)
	loadUnits(t, g, 7, 8, 1)
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	u := connectors.Unit{Key: unitKey(7), Fingerprint: "2"}
	p, err := w.Patch("s", u)
	if err != nil || p == nil {
		t.Fatalf("no patch (%v)", err)
	}
	old := worldUnit(g, 7, 1)
	gone := old[40]
	if !p.Changed("leads", []string{gone.Locator}) {
		t.Fatal("one record is too many")
	}
	if st, err := p.Commit(UnitState{Unit: u, Records: len(old)}); err != nil || st == nil || st.Sightings != len(old)-1 {
		t.Fatalf("%+v %v", st, err)
	}
	if err := errors.Join(w.Close(t.Context()), g.Compact(t.Context())); err != nil {
		t.Fatal(err)
	}
	rows := 0
	err = g.prefix([]byte("b"), func(_, sealed []byte) error {
		plain, err := g.keys.unseal(nil, sealed)
		if err != nil {
			return err
		}
		list, _, err := decodeBlock(plain, g.intern)
		for _, s := range list {
			if rows++; s.Locator == gone.Locator || s.Locator == "" && len(s.Edges) > 0 {
				t.Errorf("the compacted graph still holds %q", s.Locator)
			}
		}
		return err
	})
	if err != nil || rows != len(old) {
		t.Errorf("%d rows in blocks, want %d (%v)", rows, len(old), err)
	}
	if rids, err := g.Postings(gone.Edges[1].Token); err != nil || len(rids) > 0 {
		t.Errorf("%d postings of a sighting that is gone (%v)", len(rids), err)
	}
	st, err := g.Unit("s", u.Key)
	if err != nil {
		t.Fatal(err)
	}
	found, err := g.UnitSightings(st.ID)
	if err != nil || len(found) != len(old)-1 || found[40].Record.Locator != old[41].Locator || found[39].RID+2 != found[40].RID {
		t.Errorf("%d sightings, want %d, each under the id that it had (%v)", len(found), len(old)-1, err)
	}
}
