package parquet

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestPack checks which way of compressing a page takes, beside what the writer of
// the page had.
func TestPack(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var digits, sessions, clock, text []byte
	for i := range 60_000 {
		var raw [8]byte
		binary.LittleEndian.PutUint64(raw[:], rng.Uint64())
		digits = hex.AppendEncode(digits, raw[:])
		sessions = hex.AppendEncode(binary.LittleEndian.AppendUint32(sessions, 24), append(raw[:], raw[0]^raw[3], raw[1]^raw[4], raw[2]^raw[5], raw[6]^raw[7]))
		clock = binary.LittleEndian.AppendUint64(clock, 1_672_531_200_000_000+uint64(i)*13_000_000)
		text = fmt.Appendf(text, "lead-%09d please call back ", i)
	}
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		src     []byte
		old     int  // of each thousand
		matches bool // else the frequencies alone
	}{
		{"digits without repetition", digits, 500, false},
		{"digits, from a writer who found far more", digits, 300, false}, // nobody could
		{"digits of a certain length, nearly as small", sessions, 467, false},
		{"the same, from a writer who found more", sessions, 420, true},
		{"numbers in which the search finds nothing", clock, 584, false},
		{"the same, from a writer who did not try", clock, 1000, false},
		{"a small page of them", clock[:30_000], 584, false},
		{"a small page as large as before", clock[:30_000], 1000, true},
		{"text", text, 40, true},
		{"a small page of text", text[:30_000], 40, true},
		{"nothing", nil, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := p.pack(nil, tc.src, former{ratio: tc.old})
			back, err := inflate(cZstd, make([]byte, len(tc.src)), got)
			if err != nil || !bytes.Equal(back, tc.src) {
				t.Fatalf("the frame holds something else: %v", err)
			}
			plain := p.literals(nil, tc.src)
			if matches := !bytes.Equal(got, plain); matches != tc.matches {
				t.Errorf("matches: %t; %d bytes of %d, by frequency %d", matches, len(got), len(tc.src), len(plain))
			}
			if again := p.pack(bytes.Repeat([]byte{1}, len(tc.src)+64)[:0], tc.src, former{ratio: tc.old}); !bytes.Equal(again, got) {
				t.Error("a used buffer makes a difference")
			}
		})
	}
}
