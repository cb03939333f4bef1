package lineage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawSighting draws any sighting that the extraction could make.
func drawSighting(t *rapid.T) Sighting {
	word := rapid.SampledFrom([]string{"", "leads", "phone", "email", "user.contact", "a/b", "é"})
	s := Sighting{Collection: word.Draw(t, "c"), Within: word.Draw(t, "w"), Account: word.Draw(t, "a"),
		Trigger: Date(rapid.OneOf(rapid.Int32(), rapid.Just(int32(NoDate)), rapid.Just(int32(BadDate))).Draw(t, "d")),
		Sum:     rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(t, "sum"),
		At:      rapid.OneOf(rapid.Just(int64(0)), rapid.Int64()).Draw(t, "at"),
		Locator: rapid.OneOf(rapid.String(), rapid.StringMatching(`(row |pk=)[0-9]{0,22}`), rapid.StringMatching(`pk=[0-9a-f]{8}`)).Draw(t, "l")}
	if rapid.Bool().Draw(t, "dated") {
		s.RecordedAt = time.Unix(rapid.OneOf(rapid.Int64Range(0, 1<<33), rapid.Int64Range(-1<<40, 1<<40)).Draw(t, "recorded"), 0).UTC()
	}
	for range rapid.IntRange(0, 4).Draw(t, "edges") {
		tok := Token{rapid.Byte().Draw(t, "tok"), 8: rapid.SampledFrom([]byte{1, 1, 1, 1, 1, 1, 2}).Draw(t, "twin")}
		s.Edges = append(s.Edges, Edge{Token: tok, Kind: word.Draw(t, "k"), Role: Role(rapid.IntRange(1, 8).Draw(t, "r")), Weak: rapid.Bool().Draw(t, "weak")})
	}
	if rapid.Bool().Draw(t, "lists") {
		s.Categories = rapid.SliceOfN(word, 1, 4).Draw(t, "categories")
		for range rapid.IntRange(1, 3).Draw(t, "names") {
			s.Names = append(s.Names, rapid.SliceOfN(rapid.Uint32(), 1, 6).Draw(t, "name"))
		}
		for range rapid.IntRange(0, 2).Draw(t, "labels") {
			s.Labels = append(s.Labels, rapid.SliceOfN(rapid.Uint32(), 1, 6).Draw(t, "label"))
		}
		s.Facts = rapid.MapOfN(rapid.String(), rapid.String(), 1, 4).Draw(t, "facts")
		if rapid.Bool().Draw(t, "no facts") {
			s.Facts = nil
		}
	}
	return s
}

// halved returns the rows as a block of half tokens gives them.
func halved(rows []Sighting) []Sighting {
	out := slices.Clone(rows)
	for i := range out {
		out[i].Edges = slices.Clone(out[i].Edges)
		for k := range out[i].Edges {
			clear(out[i].Edges[k].Token[halfToken:])
		}
	}
	return out
}

func TestBlockRoundTrip(t *testing.T) {
	in := newInterner()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawSighting), 1, 20).Draw(t, "rows")
		if rapid.Bool().Draw(t, "alike") { // each is followed by one that differs in little
			for i := len(rows) - 1; i >= 0; i-- {
				rows = slices.Insert(rows, i+1, rows[i])
				if r := &rows[i+1]; len(r.Edges) > 0 && rapid.Bool().Draw(t, "token") {
					r.Edges = slices.Clone(r.Edges)
					r.Edges[len(r.Edges)-1].Token[0]++
				}
				if r := &rows[i+1]; len(r.Edges) > 0 && rapid.Bool().Draw(t, "role") {
					r.Edges = slices.Clone(r.Edges)
					r.Edges[0].Role = r.Edges[0].Role%8 + 1
				}
				if r := &rows[i+1]; len(r.Names) > 0 && rapid.Bool().Draw(t, "name") {
					r.Names = append(slices.Clone(r.Names), Name{1})
				}
			}
		}
		if rapid.Bool().Draw(t, "full") {
			for len(rows) < blockRows {
				rows = append(rows, rows[:min(len(rows), blockRows-len(rows))]...)
			}
		}
		plain := new(encoder).encode(rows)
		got, half, err := decodeBlock(plain, in)
		if err != nil {
			t.Fatal(err)
		}
		want, first := rows, map[[8]byte]Token{}
		for i := range rows {
			for _, e := range rows[i].Edges {
				k := [8]byte(e.Token[:8])
				if old, ok := first[k]; ok && old != e.Token && half {
					t.Fatal("two tokens share a first half, and the block holds only that")
				}
				first[k] = e.Token
			}
		}
		if half {
			want = halved(rows)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		v, err := viewBlock(plain, in)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "share") {
			v.last = new(lastRow)
		}
		for row := range rows { // some rows alone
			if !rapid.Bool().Draw(t, "row") {
				continue
			}
			s, err := v.read(row)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[row], s); diff != "" {
				t.Fatal("row", row, diff)
			}
		}
	})
}

func TestBlockOfNoRowsAndOfManyEdges(t *testing.T) {
	if rows, _, err := decodeBlock(new(encoder).encode(nil), newInterner()); err != nil || len(rows) != 0 {
		t.Errorf("no rows: %d %v", len(rows), err)
	}
	s := Sighting{Collection: "c", Trigger: NoDate}
	for i := range 70_000 { // references to tokens take 1, 2 and 4 bytes
		var tok Token
		binary.LittleEndian.PutUint32(tok[:], uint32(i+1))
		s.Edges = append(s.Edges, Edge{Token: tok, Kind: "phone", Role: Mention})
	}
	few := s
	few.Edges = s.Edges[:300]
	for _, rows := range [][]Sighting{{few, few}, {s, few, s}} {
		got, _, err := decodeBlock(new(encoder).encode(rows), newInterner())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(rows, got) { // a diff of so much takes too long
			t.Error("the rows are not the same")
		}
	}
}

// sampleBlocks are blocks of every form: numbered and other locators, repeated,
// whole and half tokens, compressed and not.
func sampleBlocks() [][]byte {
	full := Sighting{Collection: "leads", Locator: "pk=1", Categories: []string{"user"}, Names: []Name{{1}}, Labels: []Name{{3, 4}}, Facts: map[string]string{"a": "b"}, At: 17, Sum: 9,
		RecordedAt: time.Unix(1_790_000_000, 0).UTC(), Edges: []Edge{{Token: Token{1}, Kind: "phone", Role: Subject}}}
	other := full
	other.Locator, other.At, other.Account, other.Edges = "x", 1<<40, "A2", []Edge{{Token: Token{1}, Kind: "email", Role: Subject, Weak: true}, {Token: Token{2}, Kind: "email", Role: Link}}
	twin := full
	twin.Edges = []Edge{{Token: Token{1, 8: 1}, Kind: "phone", Role: Subject}}
	var many, rows []Sighting
	for i := range blockRows {
		s := full
		s.Locator = fmt.Sprintf("a/%d/%x", i, i*i*7919)
		many = append(many, s)
		s.Edges = []Edge{{Token: Token{3, restAt: byte(i)}, Kind: "crm.leads.id", Role: Key}}
		rows = append(rows, s)
	}
	return [][]byte{new(encoder).encode([]Sighting{full}), new(encoder).encode([]Sighting{full, other, full}), new(encoder).encode([]Sighting{full, twin}), new(encoder).encode(many), new(encoder).encode(rows)}
}

// TestDamagedBlocks cuts blocks everywhere, changes every byte and claims impossible
// lengths: an error or other rows, never a panic.
func TestDamagedBlocks(t *testing.T) {
	for _, whole := range sampleBlocks() {
		for n := range whole {
			if _, _, err := decodeBlock(whole[:n], newInterner()); !errors.Is(err, errBlock) {
				t.Errorf("cut at %d of %d: %v", n, len(whole), err)
			}
			for _, x := range []byte{1, 0x80, 0xff} {
				bent := slices.Clone(whole)
				bent[n] ^= x
				if _, _, err := decodeBlock(bent, newInterner()); err != nil && !errors.Is(err, errBlock) {
					t.Errorf("byte %d changed: %v", n, err)
				}
			}
		}
	}
	for _, n := range []uint64{blockRows + 1, 1 << 31, 1 << 63, 1<<64 - 1} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			if _, _, err := decodeBlock(append(binary.AppendUvarint([]byte{0}, n), 0, 0), newInterner()); !errors.Is(err, errBlock) {
				t.Errorf("%d rows: %v", n, err)
			}
		})
	}
}

// TestBlockThatClaimsTooMuch: a damaged length is not believed, and takes no memory.
func TestBlockThatClaimsTooMuch(t *testing.T) {
	whole := new(encoder).encode([]Sighting{{Collection: "leads", Locator: strings.Repeat("x", squeezeFrom), Trigger: NoDate}})
	v, err := viewBlock(whole, newInterner())
	if err != nil || whole[0] != flagS2 {
		t.Fatalf("flags %d, %v", whole[0], err)
	}
	head := 1 + 1 + 8 + 1 + len(v.tokens) // and what the sums take
	for n := head; n < head+8; n++ {
		claim := binary.AppendUvarint(slices.Clone(whole[:n]), mostRest+1)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := viewBlock(claim, newInterner())
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, errBlock) || used > 1<<20 {
			t.Errorf("cut at %d: %v, %d bytes of memory", n, err, used)
		}
	}
}

func FuzzDecodeBlock(f *testing.F) {
	for _, b := range sampleBlocks() {
		f.Add(b)
	}
	f.Add([]byte{0, 1, 0, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, _, err := decodeBlock(data, newInterner())
		if err == nil && len(rows) > blockRows {
			t.Errorf("%d rows", len(rows))
		}
		if err != nil && !errors.Is(err, errBlock) {
			t.Errorf("an error of another kind: %v", err)
		}
	})
}

func TestIntColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small, big := rapid.Int64Range(-3, 3), rapid.Int64()
		v := rapid.SliceOfN(rapid.OneOf(small, big, rapid.Int64Range(1<<40, 1<<40+200)), 1, 60).Draw(t, "v")
		if rapid.Bool().Draw(t, "ascending") {
			slices.Sort(v)
		}
		d := &decoder{in: append(appendInts(nil, v), 7)}
		c := d.ints(len(v))
		if d.bad || len(d.in) != 1 {
			t.Fatalf("%d bytes are left of the column", len(d.in)-1)
		}
		for i, want := range v {
			if got, ok := c.value(i); !ok || got != want {
				t.Fatalf("row %d is %d, want %d", i, got, want)
			}
		}
	})
}

// TestBlocksHoldEveryField fails when a field is added to a sighting and the blocks do
// not keep it.
func TestBlocksHoldEveryField(t *testing.T) {
	g := create(t, t.TempDir())
	defer closeGraph(t, g)
	s := fullSighting(g)
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("fullSighting has no %s", v.Type().Field(i).Name)
		}
	}
	got, half, err := decodeBlock(new(encoder).encode([]Sighting{s}), newInterner())
	if err != nil || !half {
		t.Fatal(half, err)
	}
	if diff := cmp.Diff(halved([]Sighting{s}), got); diff != "" {
		t.Error(diff)
	}
}
