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

// TestListOfRecordings: a list that says of several recordings whose they are is no sidecar
// of any, which is said; one that names its own recording twice is one.
func TestListOfRecordings(t *testing.T) {
	s := newSource(nil, connectors.Config{Name: "r"}, nil)
	for text, want := range map[string]int{
		`[{"file":"a/c1.mp3","from":"9820145678"},{"file":"a/c2.mp3","from":"9820145999"}]`:                                     1,
		`{"RecordingUrl":"https://x.in/r/c1.mp3?a=1","file":"c1.mp3","from":"9820145678"}`:                                      0,
		`{"Recordings":[{"Location":"b/c/77-a_20260101T03:07_UTC.wav"},{"Location":"b/s/77-a_20260101T03:07_UTC_screen.mp4"}]}`: 0,
		`{"calls":[{"phone_number":"9820145678"}],"note":"see c1.mp3 and c2.mp3"}`:                                              0,
	} {
		if o := s.sidecar(blob.Object{Key: "a/calls.json"}, []byte(text)); len(o.gaps) != want {
			t.Errorf("%s: gaps %v", text, o.gaps)
		}
	}
}

// TestSidesOfACall: two numbers in a name, or a sidecar of somebody whom the name does
// not tell, are two people with one recording.
func TestSidesOfACall(t *testing.T) {
	s := newSource(nil, connectors.Config{Name: "r"}, nil)
	role := func(o *object, column string) string {
		for _, f := range o.fields {
			if f.Name == column {
				return f.Role
			}
		}
		return "no such column"
	}
	for name, want := range map[string]string{"Call +919820145678 about 9820145999_260601_101500.m4a": "party", "Rec_9820145678_20260421_100500.mp3": "subject",
		"9820145678(9820145678)_20260421101500.mp3": "subject"} {
		o, err := s.load(t.Context(), blob.Object{Key: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := role(o, "phone"); got != want {
			t.Errorf("%s: role %q, want %q", name, got, want)
		}
	}
	for number, want := range map[string]string{"+91 98201 45678": "", "9820145999": "member"} {
		o := s.sidecar(blob.Object{Key: "Rec_9820145678_20260421_100500.json"}, []byte(`{"calls":[{"phone_number":"`+number+`"}]}`))
		if got := role(o, "stem"); got != want {
			t.Errorf("a sidecar of %s: role %q, want %q", number, got, want)
		}
	}
}
