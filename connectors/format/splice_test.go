package format

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// oldObject is a store's writer that knows the old object.
type oldObject struct {
	bytes.Buffer
	old    []byte
	copied []int64 // the lengths of the ranges that it moved
}

// CopyOld implements blob.Writer.
func (o *oldObject) CopyOld(off, n int64) error {
	if off < 0 || off+n > int64(len(o.old)) {
		return errors.New("a range outside of the object")
	}
	o.copied = append(o.copied, n)
	o.Write(o.old[off : off+n])
	return nil
}

// TestSplicer: whatever a codec keeps, writes and copies, in whatever pieces, the
// result is what plain writes would make, and only long ranges are moved.
func TestSplicer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "old")
		to := &oldObject{old: old}
		s := newSplicer(to)
		s.most = 20
		var want []byte
		next := 0 // where a codec that reads on would be
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			at, n := next, rapid.IntRange(0, 15).Draw(t, "n")
			if rapid.IntRange(0, 9).Draw(t, "jump") == 0 {
				at = rapid.IntRange(0, len(old)-1).Draw(t, "at")
			}
			at = min(at, len(old))
			p := old[at:min(at+n, len(old))]
			next = at + len(p)
			var err error
			switch rapid.IntRange(0, 7).Draw(t, "what") {
			case 0:
				p = bytes.Repeat([]byte{'x'}, n)
				_, err = s.Write(p)
			case 1:
				err = s.CopyOld(int64(at), int64(len(p)))
				to.copied = slices.DeleteFunc(to.copied, func(c int64) bool { return c == int64(len(p)) })
			default:
				q := bytes.Clone(p)
				err = Keep(s, int64(at), q)
				clear(q) // a codec uses its buffer again
			}
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, p...)
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(to.Bytes(), want) {
			t.Fatalf("got %q, want %q", to.Bytes(), want)
		}
		if i := slices.IndexFunc(to.copied, func(n int64) bool { return n <= s.most }); i >= 0 {
			t.Fatalf("a range of %d bytes was moved", to.copied[i])
		}
	})
}

// TestKeepElsewhere: a writer that knows no old object is written to.
func TestKeepElsewhere(t *testing.T) {
	var b bytes.Buffer
	if err := Keep(&b, 7, []byte("kept")); err != nil || b.String() != "kept" {
		t.Fatalf("%q, %v", b.String(), err)
	}
}
