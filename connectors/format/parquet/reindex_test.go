package parquet

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawIndices draws a page of indices as writers make them: runs of one value, and packed
// runs of which the last may be filled up with groups that no value needs. Few of them are
// the entries from kept on.
func drawIndices(t *rapid.T, kept, entries int) (b []byte, idx []uint32) {
	width := max(1, rapid.IntRange(bits.Len(uint(entries-1)), 18).Draw(t, "width"))
	b = []byte{byte(width)}
	value := rapid.Custom(func(t *rapid.T) uint32 {
		if rapid.IntRange(0, 63).Draw(t, "seldom") == 63 {
			return uint32(rapid.IntRange(kept, entries-1).Draw(t, "moves"))
		}
		return uint32(rapid.IntRange(0, kept-1).Draw(t, "stays"))
	})
	for range rapid.IntRange(1, 6).Draw(t, "runs") {
		if rapid.Bool().Draw(t, "one value") {
			n, v := rapid.IntRange(1, 200).Draw(t, "times"), value.Draw(t, "value")
			b = binary.AppendUvarint(b, uint64(n)<<1)
			for k := range (width + 7) / 8 {
				b = append(b, byte(v>>(8*k)))
			}
			idx = append(idx, slices.Repeat([]uint32{v}, n)...)
			continue
		}
		vals := rapid.SliceOfN(value, 8, 300).Draw(t, "values")
		vals = vals[:len(vals)/8*8]
		b, idx = packBits(b, vals, width), append(idx, vals...)
	}
	less := rapid.IntRange(0, min(150, len(idx)-1)).Draw(t, "filled up")
	return b, idx[:len(idx)-less]
}

// TestReindex compares indices that were edited with what they have to be, and the edits
// with the bytes.
func TestReindex(t *testing.T) {
	for range 10 { // most pages are packed anew
		rapid.Check(t, checkReindex)
	}
}

func checkReindex(t *rapid.T) {
	entries := rapid.IntRange(2, 400).Draw(t, "entries")
	kept := rapid.IntRange(max(1, entries-3), entries-1).Draw(t, "entries that keep their place")
	old, idx := drawIndices(t, kept, entries)
	remap := make([]uint32, entries)
	for i := range remap {
		if remap[i] = uint32(i); i >= kept {
			remap[i] = uint32(rapid.IntRange(0, kept-1).Draw(t, "new place"))
		}
	}
	var spans []span
	for at := 0; len(spans) < 3; {
		lo := at + rapid.IntRange(0, 150).Draw(t, "stay")
		hi := lo + rapid.IntRange(1, 5).Draw(t, "go")
		if hi > len(idx) {
			break
		}
		spans, at = append(spans, span{lo, hi}), hi+1
	}
	var moved []int
	var want []uint32
	for i, x := range idx {
		if goes(spans, i) {
			continue
		}
		if remap[x] != x {
			moved = append(moved, i)
		}
		want = append(want, remap[x])
	}
	before := slices.Clone(old)
	out, edits, ok := reindex([]byte{}, old, len(idx), spans, moved, func(i uint32) uint32 { return remap[i] })
	if many := (total(spans)+len(moved))*mostEdits > len(idx); ok == many {
		t.Fatalf("%d of %d values change, and it says %v", total(spans)+len(moved), len(idx), ok)
	}
	if !bytes.Equal(old, before) {
		t.Fatal("the old bytes were changed")
	}
	if !ok {
		return
	}
	if empty, err := wholeRuns(out); empty > 0 || err != nil {
		t.Fatalf("%d runs of no value, %v", empty, err)
	}
	got, err := decodeIndices(nil, out, len(want), entries)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.idx, want) {
		t.Fatalf("spans %v, moved %v:\ngot  %v\nwant %v", spans, moved, got.idx, want)
	}
	sameButFor(t, old, out, edits)
}

// sameButFor checks that bytes are as before but for the edits.
func sameButFor(t *rapid.T, old, now []byte, edits []change) {
	at, to := 0, 0
	for _, e := range edits {
		n := e.at - at
		if n < 0 || to+n+e.come > len(now) || e.at+e.gone > len(old) || !bytes.Equal(old[at:e.at], now[to:to+n]) {
			t.Fatalf("the bytes before the edit %+v are others", e)
		}
		at, to = e.at+e.gone, to+n+e.come
	}
	if !bytes.Equal(old[at:], now[to:]) {
		t.Fatal("the bytes behind the last edit are others")
	}
}

// FuzzReindex reads what is no page of indices, or a damaged one.
func FuzzReindex(f *testing.F) {
	f.Add([]byte{3, 16, 5, 3, 0x88, 0xc6, 0xfa}, uint16(20), uint16(2), uint8(3))
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1}, uint16(100), uint16(0), uint8(1))
	f.Add([]byte{32, 3}, uint16(9), uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, n, lo uint16, gone uint8) {
		if int(lo)+int(gone) > int(n) {
			return
		}
		spans := []span{{int(lo), int(lo) + int(gone)}}
		out, _, ok := reindex(nil, b, int(n), spans, nil, nil)
		if !ok {
			return
		}
		was, err := unpackHybrid(nil, b[1:], int(b[0]), int(n), errIndices)
		if err != nil {
			return
		}
		now, err := unpackHybrid(nil, out[1:], int(out[0]), int(n)-int(gone), errIndices)
		if err != nil || !slices.Equal(now, without(slices.Clone(was), spans)) {
			t.Fatalf("%v after %v (%v)", now, was, err)
		}
	})
}
