package recordings

import (
	stdjson "encoding/json"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

func FuzzSidecar(f *testing.F) {
	for _, s := range []string{one, three, `{"calls":[1,"x",null,{}]}`, `{"calls":{}}`, `[]`, `"x"`, ``, `{"calls":[{"phone_number":{"a":1}}],"call_log_name":[2]}`, `{"calls":[{}`,
		`{"calls":[],"calls":[{"phone_number":"1"}],"timestamp":5,"timestamp_unix_ms":"x"}`} {
		f.Add([]byte(s), uint8(1))
	}
	s := newSource(nil, connectors.Config{Name: "r"}, nil)
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		d := s.sidecar(blob.Object{Key: "a/Call 9876543210_250611_092515.json"}, data)
		if len(d.records) == 0 {
			t.Fatal("no record")
		}
		blank := func(_ connectors.Field, v string) (string, connectors.Verdict) {
			if which%2 == 0 {
				return "", connectors.Empty
			}
			return strings.ReplaceAll(v, "9", "8"), connectors.Set
		}
		r := d.records[int(which)%len(d.records)]
		var edits []connectors.Edit
		for _, x := range d.records {
			e := connectors.Edit{Collection: sidecarsName, Locator: x.locator, Action: connectors.Redact, Rewrite: blank}
			if x.locator == r.locator {
				e = connectors.Edit{Collection: sidecarsName, Locator: x.locator, Action: connectors.Delete}
			}
			edits = append(edits, e)
		}
		w, err := d.plan(edits)
		if err != nil {
			return // a rewrite made no JSON of JSON
		}
		if w.out.Missing > 0 || w.all != (len(d.records) == 1) {
			t.Fatalf("%+v of %d", w, len(d.records))
		}
		if w.text != nil && stdjson.Valid(d.side.data) && !stdjson.Valid(w.text[len(d.side.mark):]) {
			t.Fatalf("%q became %q", data, w.text)
		}
		if w.text == nil {
			return
		}
		if again := s.sidecar(blob.Object{Key: "a/b.json"}, w.text); len(d.gaps) == 0 && len(again.records) != max(1, len(d.records)-1) {
			t.Fatalf("%d records of %d are left in %q", len(again.records), len(d.records), w.text)
		}
	})
}

func BenchmarkParseName(b *testing.B) {
	for b.Loop() {
		ParseName(samsung)
	}
}
