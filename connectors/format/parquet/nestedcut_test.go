package parquet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

type guest struct {
	Name  *string           `parquet:"name,dict"`
	Phone string            `parquet:"phone"`
	Note  *string           `parquet:"note"`
	Tags  []string          `parquet:"tags,list"`
	Meta  map[string]string `parquet:"meta"`
}

type meeting struct {
	ID     int64   `parquet:"id"`
	Guests []guest `parquet:"guests,list"`
}

const hers = "9812345670"

// withoutHer takes the guests with her number out of a list and her number out of what is
// left, as the redaction of a JSON value does.
func withoutHer(f connectors.Field, value string) (string, connectors.Verdict) {
	var list []map[string]any
	if f.Name != "guests" || json.Unmarshal([]byte(value), &list) != nil {
		if strings.Contains(value, hers) {
			return strings.ReplaceAll(value, hers, "[erased]"), connectors.Set
		}
		return "", connectors.Same
	}
	var left []map[string]any
	for _, g := range list {
		if g["phone"] != hers {
			left = append(left, g)
		}
	}
	out, err := json.Marshal(left)
	if err != nil {
		panic(err)
	}
	return strings.ReplaceAll(string(out), hers, "[erased]"), connectors.Set
}

// What is hers in a list of people goes as a whole, not her number alone: the element
// keeps its place and says nothing. The others stay as they are.
func TestHerElement(t *testing.T) {
	asha := guest{Name: ptr("Asha"), Phone: hers, Note: ptr("hers"), Tags: []string{"vip", "late"}, Meta: map[string]string{"seat": "A1"}}
	bela := guest{Name: ptr("Bela"), Phone: "9712345671", Note: ptr("sat by " + hers), Tags: []string{"vip"}, Meta: map[string]string{"seat": "A1"}}
	charu := guest{Name: ptr("Charu"), Phone: "9612345672", Tags: []string{"vip", "late"}}
	rows := []meeting{
		{1, []guest{asha, bela, charu}}, {2, []guest{bela, asha}}, {3, []guest{charu, charu}}, {4, []guest{charu, asha, asha, charu}}, {5, nil},
	}
	cat := connectors.Collection{Name: "people", Fields: []connectors.CatalogField{{Name: "guests", DataType: "object"}}}
	var list []connectors.Edit
	for i := range rows {
		list = append(list, edit(i, connectors.Redact, withoutHer))
	}
	data, _, out := rewrite(t, cat, write(t, rows, 2), list...)
	if out.Redacted != 3 {
		t.Errorf("%d rows were redacted, want 3", out.Redacted)
	}
	got, _, err := rowsOf(t, cat, data)
	if err != nil {
		t.Fatal(err)
	}
	empty := `{"phone":"","tags":["",""],"meta":{"":""}}`
	belaLeft := `{"name":"Bela","phone":"9712345671","note":"sat by [erased]","tags":["vip"],"meta":{"seat":"A1"}}`
	charuLeft := `{"name":"Charu","phone":"9612345672","tags":["vip","late"],"meta":{}}`
	want := []string{
		"[" + empty + "," + belaLeft + "," + charuLeft + "]", "[" + belaLeft + "," + empty + "]", "[" + charuLeft + "," + charuLeft + "]",
		"[" + charuLeft + "," + empty + "," + empty + "," + charuLeft + "]", "",
	}
	for i, w := range want {
		if diff := cmp.Diff(w, got[i]["guests"]); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", i+1, diff)
		}
	}
	for _, word := range []string{hers, "hers"} {
		if plain, err := unpackAll(data); err != nil || strings.Contains(string(plain), word) || strings.Contains(string(data), word) {
			t.Errorf("%q still stands in the bytes (%v)", word, err)
		}
	}
}

// An answer that does not fit the value leaves it to the leaves.
func TestFollowDoubtful(t *testing.T) {
	asha := guest{Name: ptr("Asha"), Phone: hers}
	rows := []meeting{{1, []guest{asha, {Name: ptr("Bela"), Phone: "9712345671"}}}}
	cat := connectors.Collection{Name: "people", Fields: []connectors.CatalogField{{Name: "guests", DataType: "object"}}}
	data, _, _ := rewrite(t, cat, write(t, rows, 1), edit(0, connectors.Redact, func(f connectors.Field, value string) (string, connectors.Verdict) {
		if f.Name == "guests" && strings.HasPrefix(value, "[") {
			return `[{"name":"Somebody"},{"name":"Bela"},{"name":"Charu"}]`, connectors.Set
		}
		return withoutHer(f, value)
	}))
	got, _, err := rowsOf(t, cat, data)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"Asha","phone":"[erased]","tags":[],"meta":{}},{"name":"Bela","phone":"9712345671","tags":[],"meta":{}}]`
	if diff := cmp.Diff(want, got[0]["guests"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A value that has to be written as it is is written where the answer for the whole has
// it, although the leaves on their own do not say what they are; and one that a leaf
// cannot hold is refused.
func TestFollowExact(t *testing.T) {
	type doc struct {
		Mail string `parquet:"mail"`
		Age  int32  `parquet:"age"`
	}
	type row struct {
		ID  int64 `parquet:"id"`
		Doc doc   `parquet:"doc"`
	}
	cat := connectors.Collection{Name: "people", Fields: []connectors.CatalogField{{Name: "doc", DataType: "object"}}}
	file := write(t, []row{{1, doc{"bela@example.com", 30}}, {2, doc{"asha@example.com", 40}}}, 2)
	exact := func(old, now string) connectors.Edit {
		e := edit(1, connectors.Redact, func(_ connectors.Field, value string) (string, connectors.Verdict) {
			if !strings.HasPrefix(value, "{") {
				return "", connectors.Same
			}
			return strings.Replace(value, old, now, 1), connectors.Set
		})
		e.Exact = true
		return e
	}
	data, _, out := rewrite(t, cat, file, exact("asha@example.com", "nayi@example.org"))
	got, _, err := rowsOf(t, cat, data)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"mail":"nayi@example.org","age":40}`; got[1]["doc"] != want || out.Redacted != 1 {
		t.Errorf("%d rows were corrected, and the second says %s, want %s", out.Redacted, got[1]["doc"], want)
	}
	var buf bytes.Buffer
	_, err = New("set", cat).Rewrite(context.Background(), input(file), &buf, format.NewEdits([]connectors.Edit{exact("40", "4.5")}))
	if !errors.Is(err, connectors.ErrUnfit) {
		t.Errorf("an age that is no whole number: %v", err)
	}
}
