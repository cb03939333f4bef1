package parquet

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestWholeDictionary holds that what is erased leaves the dictionaries of all row groups,
// where the writer put the whole dictionary into each of them, and that what stands in a
// dictionary alone is told, and goes when the file is written anew.
func TestWholeDictionary(t *testing.T) {
	for _, name := range []string{"categories", "categories_fast", "categories_bare", "enum"} {
		data, err := os.ReadFile("testdata/" + name + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		_, gaps, err := rowsOf(t, peopleCat, data)
		if err != nil || len(gaps) != 1 || gaps[0].Locator != "dictionary" || gaps[0].Text != token(9)+"@example.com" {
			t.Errorf("%s: %v, gaps %+v", name, err, gaps)
		}
		empty := func(f connectors.Field, v string) (string, connectors.Verdict) {
			if f.Identity == "" {
				return v, connectors.Same
			}
			return "", connectors.Empty
		}
		for _, how := range []connectors.Edit{edit(1, connectors.Delete, nil), edit(1, connectors.Redact, empty)} {
			after, _, _ := rewrite(t, peopleCat, data, how)
			checkMetadata(t, after)
			all, err := unpackAll(after)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []bool{true, false, true, true, true, true, 9: false} {
				if got := bytes.Contains(all, []byte(token(i))); got != want {
					t.Errorf("%s: %s is in the bytes: %v", name, token(i), got)
				}
			}
			rows, gaps, err := rowsOf(t, peopleCat, after)
			if err != nil || len(gaps) > 0 {
				t.Fatalf("%s: %v, gaps %+v", name, err, gaps)
			}
			for _, r := range rows {
				if i := int(r["id"][0] - '0'); i != 1 && r["email"] != token(i)+"@example.com" {
					t.Errorf("%s: row %d has another value", name, i)
				}
			}
		}
	}
}

// TestIdleErased: what stands in a dictionary and in no row goes with its person, with every
// row left as it is.
func TestIdleErased(t *testing.T) {
	for _, name := range []string{"categories", "categories_fast", "categories_bare", "enum"} {
		data, err := os.ReadFile("testdata/" + name + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		before, gaps, err := rowsOf(t, peopleCat, data)
		if err != nil || len(gaps) != 1 || !gaps[0].Idle {
			t.Fatalf("%s: %v, gaps %+v", name, err, gaps)
		}
		after, _, out := rewrite(t, peopleCat, data, connectors.Edit{Collection: peopleCat.Name, Locator: gaps[0].Locator, Action: connectors.Redact})
		checkMetadata(t, after)
		rows, gaps, err := rowsOf(t, peopleCat, after)
		if err != nil || len(gaps) > 0 || !reflect.DeepEqual(rows, before) || out != (connectors.Outcome{Redacted: 1}) {
			t.Errorf("%s: %v, gaps %+v, %+v, rows %v", name, err, gaps, out, rows)
		}
		if all, err := unpackAll(after); err != nil || bytes.Contains(all, []byte(token(9))) {
			t.Errorf("%s: %v, and it is in the bytes", name, err)
		}
	}
}

// TestWideBounds: the bounds of a page may be those of the whole dictionary, as Polars writes
// them. An erased smallest or largest value leaves the pages that never had it, too.
func TestWideBounds(t *testing.T) {
	data, err := os.ReadFile("testdata/wide.parquet")
	if err != nil {
		t.Fatal(err)
	}
	before, _, err := rowsOf(t, peopleCat, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []int{0, len(before) - 1} {
		after, _, _ := rewrite(t, peopleCat, data, edit(row, connectors.Delete, nil))
		all, err := unpackAll(after)
		if err != nil || bytes.Contains(all, []byte(token(row))) || bytes.Contains(after, []byte(token(row))) {
			t.Errorf("%v, and what stood in row %d is in the bytes", err, row)
		}
		rows, _, err := rowsOf(t, peopleCat, after)
		if err != nil || len(rows) != len(before)-1 {
			t.Fatalf("%v, %d rows", err, len(rows))
		}
		for i, r := range rows {
			k := i
			if row == 0 {
				k++
			}
			if want := before[k]; r["email"] != want["email"] || r["id"] != want["id"] {
				t.Errorf("row %d is another one", i)
				break
			}
		}
	}
}

// TestIdleParts holds that nobody is beyond the bound of a gap's text.
func TestIdleParts(t *testing.T) {
	var texts []string
	for i := range 30000 {
		texts = append(texts, token(i)+"@example.com")
	}
	gaps := idleParts(slices.Clone(texts))
	var all []string
	places := map[string]bool{}
	for _, g := range gaps {
		if len(g.Text) > connectors.GapText {
			t.Errorf("%s has %d bytes", g.Locator, len(g.Text))
		}
		places[g.Locator] = true
		all = append(all, strings.Split(g.Text, "\n")...)
	}
	if !slices.Equal(all, texts) || len(places) != len(gaps) || !places["dictionary"] {
		t.Errorf("%d gaps with %d texts at %v", len(gaps), len(all), places)
	}
}

// TestWholeMarks holds that one row group is enough where the file says that the column is
// one of categories, by either mark, and that a file that says nothing is not taken for one.
func TestWholeMarks(t *testing.T) {
	for name, want := range map[string]bool{"categories": true, "categories_fast": true, "categories_bare": false, "enum": true, "duckdb": true, "arrow_v1": false} {
		data, err := os.ReadFile("testdata/" + name + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		f, err := openFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		f.groups = f.groups[:1]
		found := false
		for l := range f.wholeDicts() {
			found = found || l.typ == pBytes
		}
		if found != want {
			t.Errorf("%s: %v", name, found)
		}
	}
	data, err := os.ReadFile("testdata/categories.parquet")
	if err != nil {
		t.Fatal(err)
	}
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	_, list := f.footer.list(5)
	for _, raw := range list {
		kv, _, err := parseRecord(raw)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		if string(kv.text(1)) == "pandas" {
			pandasDicts(kv.text(2), names)
		} else {
			arrowDicts(kv.text(2), names)
		}
		if len(names) != 1 || !names["email"] {
			t.Errorf("%s tells of %v", kv.text(1), names)
		}
	}
}

// TestIdleElsewhere: what stands idle in one group and is used by a group with another
// dictionary is a value of the column.
func TestIdleElsewhere(t *testing.T) {
	vals := func(list ...string) values {
		v := values{}
		for _, s := range list {
			v.push([]byte(s))
		}
		return v
	}
	idle := map[string]bool{}
	for pass := range 2 {
		d := idleDict{leaf: &leaf{typ: pBytes, sense: stringSense}, idle: idle, pass: pass}
		d.add(vals("a@example.com", "b@example.com", "c@example.com"), []byte{1, 0, 0})
		d.add(vals("b@example.com", "d@example.com"), []byte{1, 1})
		d.note()
	}
	if len(idle) != 1 || !idle["c@example.com"] {
		t.Errorf("idle: %v", idle)
	}
}

// TestFilledUp: what fills the last group of indices up may be any of them. When the
// dictionary is shorter by then it is none beyond it, for which Polars refuses the file.
func TestFilledUp(t *testing.T) {
	packed := []byte{3, 1<<1 | 1, 0b11_010_001, 0b1_111_110_1, 0b111_110_11} // 1 2 and what fills up
	if top := padTop(packed, 2); top != 7 {
		t.Errorf("the largest is %d", top)
	}
	out, _, ok := reindex(nil, packed, 2, nil, nil, func(i uint32) uint32 { return i })
	if !ok || !bytes.Equal(out, []byte{3, 1<<1 | 1, 0b010_001, 0, 0}) {
		t.Errorf("%v, %08b", ok, out)
	}
}
