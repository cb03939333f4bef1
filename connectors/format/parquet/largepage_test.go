package parquet

import (
	"encoding/binary"
	"errors"
	"testing"
)

// A page is held in memory as a whole. One that is too large for that is told from one
// that is damaged, and so is one that unpacks to very much more than it is.
func TestLargePage(t *testing.T) {
	for name, c := range map[string]struct {
		size, packed int64
		want         error
	}{
		"small":           {1000, 100, nil},
		"unpacks to much": {maxPage + 1, 1 << 20, errLargePage},
		"is much":         {1 << 20, maxPage + 1, errLargePage},
		"is none":         {-1, 100, errPage},
	} {
		// The header in Thrift's compact protocol: type, sizes, and of a data page how many
		// values it has and their encoding.
		head := binary.AppendVarint([]byte{0x15, 0, 0x15}, c.size)
		head = binary.AppendVarint(append(head, 0x15), c.packed)
		head = append(head, 0x2c, 0x15, 2, 0x15, 0, 0, 0)
		h, _, err := parseRecord(head)
		if err != nil {
			t.Fatal(name, err)
		}
		rp := &rawPage{head: h, packed: h.int(3, -1)}
		if err := rp.check(); !errors.Is(err, c.want) {
			t.Errorf("a page that %s: %v, not %v", name, err, c.want)
		}
	}
	if _, err := decompress(cZstd, nil, make([]byte, 10<<10), 100<<20); !errors.Is(err, errBomb) {
		t.Errorf("a bomb: %v", err)
	}
}
