package zstdcut

import "math/bits"

// Kinds of codes of a sequence, in the order of their tables.
const (
	literalLength = iota
	offsetCode
	matchLength
)

// kind is what the format fixes for a kind of code.
type kind struct {
	symbols int
	most    uint // accuracy at most
	norm    *table
}

var kinds = [3]kind{
	{36, 9, known(6, []int16{4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1})},
	{32, 8, known(5, []int16{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1})},
	{53, 9, known(6, []int16{1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1})},
}

// known builds one of the tables that the format fixes.
func known(log uint, norm []int16) *table {
	t, err := newTable(predefined, log, norm, nil)
	if err == nil {
		err = t.encoder()
	}
	if err != nil {
		panic("zstdcut: a table of the format does not add up")
	}
	return t
}

// baseline of a code and how many bits follow it.
type baseline struct {
	base uint32
	bits uint8
}

var (
	literalBase = ramp(0, 16, []uint8{1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	matchBase   = ramp(3, 32, []uint8{1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	literalCode = shortCodes(literalBase, 64)
	matchCode   = shortCodes(matchBase, 131)
)

// ramp lists baselines: plain codes from least on, then codes with extra bits.
func ramp(least uint32, plain int, extra []uint8) []baseline {
	var out []baseline
	at := least
	for range plain {
		out = append(out, baseline{base: at})
		at++
	}
	for _, n := range extra {
		out = append(out, baseline{base: at, bits: n})
		at += 1 << n
	}
	return out
}

// shortCodes tabulates the codes of lengths below n.
func shortCodes(list []baseline, n int) []uint8 {
	out := make([]uint8, n)
	for v := range out {
		for c, b := range list {
			if uint32(v) >= b.base {
				out[v] = uint8(c)
			}
		}
	}
	return out
}

// codeOf returns the code of a length.
func codeOf(v uint32, short []uint8, list []baseline) uint8 {
	if int(v) < len(short) {
		return short[v]
	}
	// Beyond the short ones each code covers one power of two.
	c := len(list) - 1
	for list[c].base > v {
		c--
	}
	return uint8(c)
}

func offsetCodeOf(v uint32) uint8 { return uint8(bits.Len32(v) - 1) }
