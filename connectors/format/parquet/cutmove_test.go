package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
)

// dictOf is a dictionary of texts as a page holds it.
func dictOf(texts []string) *cutDict {
	var page []byte
	v := values{}
	for _, x := range texts {
		page = append(binary.LittleEndian.AppendUint32(page, uint32(len(x))), x...)
		v.lo, v.hi = append(v.lo, uint32(len(page)-len(x))), append(v.hi, uint32(len(page)))
		v.n++
	}
	v.data = page
	n := len(texts)
	return &cutDict{raw: &rawPage{size: len(page)}, leaf: &leaf{typ: pBytes}, vals: v, lost: make([]bool, n), used: make([]byte, n)}
}

// textsOf makes texts of three lengths; the last ones are all short.
func textsOf(n int) []string {
	var out []string
	for i := range n {
		x := fmt.Sprintf("%06d", i)
		if i < n-4 {
			x += "......"[:i%3]
		}
		out = append(out, x)
	}
	return out
}

// TestEntriesOfOneLength takes entries out of a dictionary whose last ones have another
// length: what stands between the gaps and the end stays where it was, every index leads
// to the value that it led to, and the page is put together as it is.
func TestEntriesOfOneLength(t *testing.T) {
	for _, tc := range []struct {
		name string
		n    int
		gone []int
		same bool // the bytes up to near the end stay in place
	}{
		{"one", 6400, []int{1001}, true},
		{"two", 6400, []int{1001, 2000}, true},
		{"many", 6400, []int{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 4000}, true},
		{"near the end", 6400, []int{6340, 6370, 6390, 6394}, false},
		{"the last", 6400, []int{7, 6399}, true},
		{"a small dictionary", 60, []int{10}, false},
		{"all of a kind, more than the end has", 6400, every(6400, 3), false},
		{"all but one", 300, every(300, 1)[1:], false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			texts := textsOf(tc.n)
			d := dictOf(texts)
			before := bytes.Clone(d.vals.data)
			for i := range d.used {
				if !slices.Contains(tc.gone, i) {
					d.used[i] = 1
				}
			}
			d.shrink([]uint32{9, 9, 9}) // memory of another dictionary
			page := d.appendTo(nil)
			if want := appendPlain(nil, &d.vals); !bytes.Equal(page, want) {
				t.Error("the page is not that of its entries")
			}
			if d.vals.n != tc.n-len(tc.gone) {
				t.Fatalf("%d entries are left of %d", d.vals.n, tc.n)
			}
			for i, x := range texts {
				switch {
				case d.used[i] == 0:
					if bytes.Contains(page, []byte(x)) {
						t.Errorf("%q is still there", x)
					}
				case string(d.vals.at(int(d.now(uint32(i))))) != x:
					t.Errorf("entry %d was %q and index %d is %q", i, x, d.now(uint32(i)), d.vals.at(int(d.now(uint32(i)))))
				}
			}
			at := 14 * (tc.n - 120) // no entry is larger, so it stands before the last ones
			if at = min(at, len(before)-120*16); tc.same && !bytes.Equal(before[at-600:at], page[at-600:at]) {
				t.Error("bytes moved that could stay")
			}
		})
	}
}

// every lists one number of so many.
func every(n, step int) []int {
	var out []int
	for i := 0; i < n; i += step {
		out = append(out, i)
	}
	return out
}
