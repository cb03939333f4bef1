package zstdcut

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// edited is the plain way to the result.
func edited(content []byte, edits []Edit) []byte {
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(append(out, content[at:e.Lo]...), e.New...)
		at = e.Hi
	}
	return append(out, content[at:]...)
}

func unpack(t testing.TB, frame []byte) []byte {
	t.Helper()
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	out, err := d.DecodeAll(frame, nil)
	if err != nil {
		t.Fatalf("the new frame cannot be read: %v", err)
	}
	return out
}

// rows makes a content like a page of strings, of about n bytes.
func rows(rng *rand.Rand, n int) []byte {
	words := []string{"please", "call", "back", "about", "the", "order", "price", "is", "too", "high"}
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = append(b, byte(rng.IntN(60)), 0, 0, 0)
		b = fmt.Appendf(b, "lead-%09d+91%d@example.com ", i, rng.IntN(1e9))
		for range rng.IntN(8) {
			b = append(append(b, words[rng.IntN(len(words))]...), ' ')
		}
		if rng.IntN(3) == 0 {
			b = fmt.Appendf(b, "%x", rng.Uint64())
		}
		if rng.IntN(500) == 0 {
			b = append(b, bytes.Repeat([]byte{0}, rng.IntN(300_000))...)
		}
	}
	return b
}

func someEdits(rng *rand.Rand, size, n int) []Edit {
	at := make([]int, 0, 2*n)
	for range n {
		lo := rng.IntN(size + 1)
		at = append(at, lo, min(size, lo+rng.IntN(120)))
	}
	slices.Sort(at)
	var out []Edit
	for i := 0; i < len(at); i += 2 {
		e := Edit{Lo: at[i], Hi: at[i+1]}
		switch rng.IntN(6) {
		case 0:
			e.New = []byte("new")
		case 1:
			e.Hi = e.Lo
			e.New = bytes.Repeat([]byte("abc"), rng.IntN(10))
		}
		out = append(out, e)
	}
	return out
}

func compressor(t testing.TB, level int, more ...zstd.EOption) *zstd.Encoder {
	t.Helper()
	e, err := zstd.NewWriter(nil, append([]zstd.EOption{zstd.WithEncoderLevel(zstd.EncoderLevel(level)), zstd.WithEncoderConcurrency(1)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestCutProperty(t *testing.T) {
	var encoders []*zstd.Encoder
	for level := 1; level <= 4; level++ {
		encoders = append(encoders, compressor(t, level), compressor(t, level, zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true)), compressor(t, level, zstd.WithWindowSize(64<<10)))
	}
	done, packed, anew := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		content := rows(rng, rapid.IntRange(1, 600_000).Draw(rt, "size"))
		edits := someEdits(rng, len(content), rapid.IntRange(0, 40).Draw(rt, "edits"))
		enc := encoders[rapid.IntRange(0, len(encoders)-1).Draw(rt, "encoder")]
		want := edited(content, edits)
		got, err := Cut(nil, enc.EncodeAll(content, nil), content, edits)
		if err != nil {
			if len(want) < len(content) && len(want) > 0 {
				rt.Logf("not cut: %v", err)
			}
			return
		}
		if !bytes.Equal(unpack(t, got), want) {
			rt.Fatal("another content")
		}
		done++
		packed += len(got)
		anew += len(enc.EncodeAll(want, nil))
	})
	if done < 80 || packed > anew*13/10 {
		t.Errorf("%d of 100 frames were cut, to %d bytes; compressing anew makes %d", done, packed, anew)
	}
}

// reference returns frames that the reference implementation wrote.
func reference(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.zst")
	if err != nil || len(names) != 3 {
		t.Fatal(names, err)
	}
	out := map[string][]byte{}
	for _, n := range names {
		if out[n], err = os.ReadFile(n); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestCutReference(t *testing.T) {
	for name, frame := range reference(t) {
		content := unpack(t, frame)
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 2))
			edits := someEdits(rng, len(content), 1+rng.IntN(1+int(seed)))
			edits[0].Hi = max(edits[0].Hi, edits[0].Lo+1)
			for i := 1; i < len(edits); i++ {
				edits[i].New = nil // a full block has no room for more
			}
			if edits[0].New = []byte("new"); seed%2 == 0 {
				edits[0].Lo = 0 // where there is always room
				edits[0].New = bytes.Repeat([]byte("levels"), 2000)
			}
			if len(edits) > 1 {
				edits[0].Hi = min(edits[0].Hi, edits[1].Lo)
			}
			edits[0].Lo = min(edits[0].Lo, edits[0].Hi)
			if len(edits[0].New) > edits[0].Hi-edits[0].Lo && edits[0].Lo > 0 {
				edits[0].New = nil
			}
			got, err := Cut(nil, frame, content, edits)
			if err != nil {
				t.Errorf("%s, seed %d: %v", name, seed, err)
				continue
			}
			if !bytes.Equal(unpack(t, got), edited(content, edits)) {
				t.Errorf("%s, seed %d: another content", name, seed)
			}
		}
		if got, err := Cut(nil, frame, content, nil); err != nil || !bytes.Equal(unpack(t, got), content) {
			t.Errorf("%s: no edit changed the content, %v", name, err)
		}
	}
}

func TestCutRefuses(t *testing.T) {
	frame := compressor(t, 1).EncodeAll([]byte("some content"), nil)
	content := []byte("some content")
	edits := []Edit{{Lo: 1, Hi: 3}}
	for name, c := range map[string]struct{ frame, content []byte }{
		"empty": {nil, content}, "no frame": {[]byte("this is no frame at all"), content}, "cut off": {frame[:len(frame)-3], content},
		"two frames": {append(slices.Clone(frame), frame...), content}, "another content": {frame, content[:5]},
	} {
		if _, err := Cut(nil, c.frame, c.content, edits); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzCut feeds damaged frames: an error, or a frame, and never a panic.
func FuzzCut(f *testing.F) {
	for _, frame := range reference(f) {
		f.Add(frame, uint64(1))
	}
	f.Add(compressor(f, 2).EncodeAll(rows(rand.New(rand.NewPCG(1, 1)), 3000), nil), uint64(7))
	f.Fuzz(func(t *testing.T, frame []byte, seed uint64) {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(8<<20))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		content, err := d.DecodeAll(frame, nil)
		if err != nil { // then any content will do
			content = make([]byte, seed%100_000)
		}
		rng := rand.New(rand.NewPCG(seed, 3))
		edits := someEdits(rng, len(content), rng.IntN(6))
		got, cut := Cut(nil, frame, content, edits)
		if cut != nil || err != nil {
			return
		}
		if !bytes.Equal(unpack(t, got), edited(content, edits)) {
			t.Fatal("another content")
		}
	})
}
