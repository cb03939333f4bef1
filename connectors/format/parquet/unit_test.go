package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

func TestHybrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(0, 32).Draw(t, "width")
		top := uint32(uint64(1)<<width - 1)
		var vals []uint32
		for range rapid.IntRange(0, 6).Draw(t, "runs") {
			v := rapid.Uint32Range(0, top).Draw(t, "value")
			for range rapid.IntRange(1, 20).Draw(t, "length") {
				vals = append(vals, v)
				if rapid.Bool().Draw(t, "vary") {
					v = rapid.Uint32Range(0, top).Draw(t, "other")
				}
			}
		}
		got, err := unpackHybrid(nil, packHybrid(nil, vals, width), width, len(vals), errIndices)
		if err != nil || !slices.Equal(got, vals) {
			t.Fatalf("%v, %v, want %v", got, err, vals)
		}
		if width > 0 && width <= 8 {
			levels := make([]byte, len(vals))
			for i, v := range vals {
				levels[i] = byte(v)
			}
			got, err := unpackLevels(encodeLevels(levels, int(top)), int(top), len(levels))
			if err != nil || !bytes.Equal(got, levels) {
				t.Fatalf("%v, %v, want %v", got, err, levels)
			}
		}
	})
}

func TestOldLevels(t *testing.T) {
	// The example of the format's description: 0 to 7 in three bits.
	got, n, err := unpackOldLevels([]byte{0x05, 0x39, 0x77}, 7, 8)
	if err != nil || n != 3 || !bytes.Equal(got, []byte{0, 1, 2, 3, 4, 5, 6, 7}) {
		t.Errorf("%v, %d, %v", got, n, err)
	}
}

func TestValuesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom([]*leaf{
			{typ: pBool, width: 1}, {typ: pInt32, width: 4}, {typ: pInt64, width: 8}, {typ: pBytes}, {typ: pFixed, width: 5}, {typ: pDouble, width: 8},
		}).Draw(t, "leaf")
		encs := map[int64][]int64{pBool: {ePlain, eRLE}, pInt32: {ePlain, eDeltaInt, eSplit}, pInt64: {ePlain, eDeltaInt, eSplit},
			pBytes: {ePlain, eDeltaLen, eDeltaBytes}, pFixed: {ePlain, eDeltaBytes, eSplit}, pDouble: {ePlain, eSplit}}
		v := values{width: l.width}
		for range rapid.IntRange(1, 300).Draw(t, "n") {
			if l.typ == pBool {
				v.push([]byte{byte(rapid.IntRange(0, 1).Draw(t, "b"))})
				continue
			}
			lo, hi := l.width, l.width
			if hi == 0 {
				hi = 9
			}
			v.push(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 7, 255}), lo, hi).Draw(t, "v"))
		}
		enc := rapid.SampledFrom(encs[l.typ]).Draw(t, "enc")
		b, err := encodeValues(l, enc, &v, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeValues(l, enc, b, v.n, -1)
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.n {
			if !bytes.Equal(got.at(i), v.at(i)) {
				t.Fatalf("value %d is %x, want %x", i, got.at(i), v.at(i))
			}
		}
	})
}

// TestTextRoundTrip checks that the text of a value parses into the value.
func TestTextRoundTrip(t *testing.T) {
	leaves := []*leaf{
		{typ: pBool, width: 1}, {typ: pInt32, width: 4}, {typ: pInt64, width: 8}, {typ: pInt32, width: 4, sense: unsignedSense},
		{typ: pInt64, width: 8, sense: unsignedSense}, {typ: pInt32, width: 4, sense: decimalSense, scale: 3},
		{typ: pInt64, width: 8, sense: decimalSense, scale: 2}, {typ: pFixed, width: 9, sense: decimalSense, scale: 4},
		{typ: pInt64, width: 8, sense: timestampSense, unit: 1}, {typ: pFixed, width: 16, sense: uuidSense},
		{typ: pInt32, width: 4, sense: dateSense}, {typ: pDouble, width: 8},
	}
	rapid.Check(t, func(t *rapid.T) {
		l := leaves[rapid.IntRange(0, len(leaves)-1).Draw(t, "leaf")]
		b := rapid.SliceOfN(rapid.Byte(), l.width, l.width).Draw(t, "value")
		switch {
		case l.typ == pBool:
			b[0] &= 1
		case l.sense == dateSense:
			b[3], b[2] = 0, b[2]&7 // years of four digits
		case l.sense == timestampSense:
			b[7] = byte(int8(b[7]) >> 1)
		case l.typ == pDouble:
			b[7] &= 0x3f
		}
		text := string(l.appendText(nil, b))
		got, ok := l.parse(text)
		if !ok || !bytes.Equal(got, b) {
			t.Fatalf("%x reads %q, which parses to %x, %v", b, text, got, ok)
		}
	})
}

func TestText(t *testing.T) {
	dec := &leaf{typ: pBytes, sense: decimalSense, scale: 2}
	for _, c := range []struct {
		l    *leaf
		raw  []byte
		want string
	}{
		{dec, []byte{0xff}, "-0.01"}, {dec, []byte{0x01, 0x00}, "2.56"}, {dec, nil, "0.00"},
		{&leaf{typ: pFloat, width: 4}, []byte{0, 0, 0xc0, 0x7f}, "NaN"},
		{&leaf{typ: pFloat, width: 4}, []byte{0xcd, 0xcc, 0xcc, 0x3d}, "0.1"},
		{&leaf{typ: pFixed, width: 2, sense: float16Sense}, []byte{0, 0x3e}, "1.5"},
		{&leaf{typ: pInt32, width: 4, sense: timeSense, unit: milli}, []byte{0xe8, 3, 0, 0}, "00:00:01"},
		{&leaf{typ: pInt64, width: 8, sense: timestampSense, unit: milli}, bytes.Repeat([]byte{0xff}, 8), "1969-12-31T23:59:59.999Z"},
		{&leaf{typ: pFixed, width: 12, sense: intervalSense}, []byte{1, 0, 0, 0, 2, 0, 0, 0, 0xdc, 5, 0, 0}, "P1M2DT1.5S"},
		{&leaf{typ: pBytes}, []byte("a\xffb"), "a\uFFFDb"},
		{&leaf{typ: pInt32, width: 4, sense: unsignedSense}, []byte{255, 255, 255, 255}, "4294967295"},
	} {
		if got := string(c.l.appendText(nil, c.raw)); got != c.want {
			t.Errorf("%x reads %q, want %q", c.raw, got, c.want)
		}
	}
	if got := string(appendString(nil, []byte("a\"\\\n\x01é<"))); got != `"a\"\\\n\u0001é<"` {
		t.Error(got)
	}
}

// TestListsOfTwoLevels checks lists whose repeated node is the element.
func TestListsOfTwoLevels(t *testing.T) {
	list := func(n pq.Node) pq.Node { return pq.Group{"array": pq.Repeated(n)} }
	schema := pq.NewSchema("s", pq.Group{
		"plain": pq.Optional(pq.List(pq.String())),
		"struct": pq.Repeated(pq.Group{
			"phone": pq.String(), "also": list(pq.Leaf(pq.Int64Type)),
		}),
	})
	var b bytes.Buffer
	w := pq.NewGenericWriter[any](&b, schema)
	for i := range 4 {
		var items []any
		for k := range i {
			items = append(items, map[string]any{"phone": fmt.Sprintf("p%d%d", i, k), "also": map[string]any{"array": []any{int64(k), int64(9)}}})
		}
		if _, err := w.Write([]any{map[string]any{"struct": items, "plain": []any{"x"}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rows, _, err := rowsOf(t, peopleCat, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"also":{"array":[0,9]},"phone":"p20"},{"also":{"array":[1,9]},"phone":"p21"}]`
	if rows[2]["struct"] != want || rows[2]["plain"] != `["x"]` {
		t.Errorf("%v", rows[2])
	}
	if _, ok := rows[0]["struct"]; ok {
		t.Error("an empty list without a null is no null")
	}
	after, left, _ := rewrite(t, peopleCat, b.Bytes(), edit(2, connectors.Redact, func(f connectors.Field, v string) (string, connectors.Verdict) {
		if v == "p21" || v == "9" {
			return "0", connectors.Set
		}
		return v, connectors.Same
	}))
	rows, _, err = rowsOf(t, peopleCat, after)
	want = `[{"also":{"array":[0,0]},"phone":"p20"},{"also":{"array":[1,0]},"phone":"0"}]`
	if err != nil || left != 4 || rows[2]["struct"] != want {
		t.Errorf("%v, %v", rows[2], err)
	}
}

// TestGroupShape checks how annotated and bare groups are told apart.
func TestGroupShape(t *testing.T) {
	elem := func(name string, how int64, fields ...int64) []byte {
		var r record
		r.setInt(3, tI32, how)
		r.set(4, tBinary, append([]byte{byte(len(name))}, name...))
		for i := 0; i < len(fields); i += 2 {
			r.setInt(int16(fields[i]), tI32, fields[i+1])
		}
		return r.encode(nil)
	}
	str := []int64{1, pBytes, 6, 0}
	for _, c := range []struct {
		name  string
		items [][]byte
		shape shape
		elem  string
	}{
		{"three levels", [][]byte{elem("l", optional, 5, 1, 6, 3), elem("bag", repeated, 5, 1), elem("array_element", optional, str...)}, listShape, "array_element"},
		{"two levels", [][]byte{elem("l", optional, 5, 1, 6, 3), elem("element", repeated, str...)}, listShape, "element"},
		{"two levels of structs", [][]byte{elem("l", optional, 5, 1, 6, 3), elem("x", repeated, 5, 2), elem("a", optional, str...), elem("b", optional, str...)}, listShape, "x"},
		{"avro", [][]byte{elem("l", optional, 5, 1, 6, 3), elem("array", repeated, 5, 1), elem("a", optional, str...)}, listShape, "array"},
		{"bare list", [][]byte{elem("l", optional, 5, 1), elem("list", repeated, 5, 1), elem("element", optional, str...)}, listShape, "element"},
		{"struct of a list", [][]byte{elem("l", optional, 5, 1), elem("orders", repeated, 5, 1), elem("phone", optional, str...)}, structShape, ""},
		{"map", [][]byte{elem("l", optional, 5, 1, 6, 1), elem("kv", repeated, 5, 2), elem("key", required, str...), elem("value", optional, str...)}, mapShape, ""},
	} {
		root, _, err := parseSchema(append([][]byte{elem("root", required, 5, 1)}, c.items...))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		n := root.children[0]
		if n.shape != c.shape || c.elem != "" && n.element().name != c.elem {
			t.Errorf("%s: shape %d, want %d", c.name, n.shape, c.shape)
		}
	}
}

func TestDictionaryStaysUnique(t *testing.T) {
	rows := make([]wide2, 40)
	for i := range rows {
		rows[i].Text = fmt.Sprint("v", i%5)
	}
	rows[7].Text = "secret"
	data := write(t, rows, 40, pq.PageBufferSize(32))
	after, _, _ := rewrite(t, peopleCat, data, edit(7, connectors.Redact, func(connectors.Field, string) (string, connectors.Verdict) {
		return "v3", connectors.Set
	}), edit(8, connectors.Redact, func(connectors.Field, string) (string, connectors.Verdict) { return "new", connectors.Set }))
	f, err := openFile(bytes.NewReader(after), int64(len(after)))
	if err != nil {
		t.Fatal(err)
	}
	rp, err := newPager(f, &f.groups[0].chunks[0]).next()
	if err != nil {
		t.Fatal(err)
	}
	d, err := rp.dictionary(f.leaves[0], f.groups[0].chunks[0].codec, nil, &values{})
	if err != nil || d.n != 6 || bits.Len(uint(d.n-1)) != 3 {
		t.Errorf("%d entries, %v", d.n, err)
	}
	if got := flat(t, after); !slices.Equal(got[7], got[3]) || bytes.Contains(after, []byte("secret")) {
		t.Error("the value is not replaced")
	}
}

type wide2 struct {
	Text string `parquet:"text,dict"`
}

// TestUnpackBits packs values of every width and reads them again, with and without bytes
// behind them.
func TestUnpackBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for width := range 33 {
		for _, n := range []int{0, 1, 7, 8, 9, 16, 31, 64, 100} {
			vals := make([]uint32, n)
			for i := range vals {
				vals[i] = uint32(rng.Uint64() & (1<<width - 1))
			}
			b := packBits(nil, vals, width)
			_, k := binary.Uvarint(b)
			if len(b)-k != (n+7)/8*width {
				t.Fatalf("%d values of %d bits: %d bytes", n, width, len(b)-k)
			}
			for _, more := range []int{0, 1, 40} {
				got := unpackBits([]uint32{9}, append(bytes.Clone(b[k:]), make([]byte, more)...), width, n)
				if !slices.Equal(got, append([]uint32{9}, vals...)) {
					t.Fatalf("%d values of %d bits: %v instead of %v", n, width, got, vals)
				}
			}
		}
	}
	for b := range 256 {
		var bits [8]byte
		binary.LittleEndian.PutUint64(bits[:], eightBits(byte(b)))
		for i, v := range bits {
			if v != byte(b)>>i&1 {
				t.Fatalf("bit %d of %08b: %d", i, b, v)
			}
		}
	}
}
