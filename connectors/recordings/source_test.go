package recordings

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

const (
	samsung = "A1/Recordings/Call/Call recording +919876543210_250611_092515.m4a"
	audioOf = "A2/bcr/20230414_215701.088+0530_in_sim1_+919876543210_Asha.oga"
	sideOf  = "A2/bcr/20230414_215701.088+0530_in_sim1_+919876543210_Asha.json"
	meeting = "A2/bcr/20230414_220000.000+0530_conference.json"
)

const one = `{"timestamp_unix_ms": 1681489621088, "timestamp": "2023-04-14T21:57:01.088+05:30", "direction": "in", "call_log_name": "Asha V",
 "calls": [{"phone_number": "+919876543210", "phone_number_formatted": "+91 98765 43210", "contact_name": "Asha Verma", "caller_name": null}],
 "output": {"format": {"type": "OGG/Opus"}}}`

const three = "\xEF\xBB\xBF" + `{"timestamp": "2023-04-14T22:00:00+05:30", "call_log_name": "Ravi", "calls": [
  {"phone_number": "+919876543210", "contact_name": "Asha"},
  {"phone_number": "+919123456780", "contact_name": "Ravi", "note": {"city": "Pune"}},
  {"phone_number": 919000011111}
], "sim_slot": 1}`

// fixture makes a folder and a source over it whose Arrow memory is checked.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for k, v := range files {
		p := filepath.Join(dir, filepath.FromSlash(k))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(v), 0o644); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 4, 21, 10, 0, 0, 0, time.UTC)
		if err := os.Chtimes(p, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func fixture(t *testing.T, files map[string]string, rule connectors.AccountRule) (*source, string) {
	t.Helper()
	dir := folder(t, files)
	store, err := blob.Open(context.Background(), "file:"+dir)
	if err != nil {
		t.Fatal(err)
	}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return newSource(store, connectors.Config{Name: "recordings", Dataset: connectors.Dataset{Key: "rec"}, Account: rule}, mem), dir
}

func world() map[string]string {
	return map[string]string{
		samsung: "audio", audioOf: "audio", sideOf: one, meeting: three,
		"A1/1736380200123.mp3": "x", "A1/notes.txt": "x", "A1/.DS_Store": "x", "A1/other.json": `[{"mobile":"9876543210"}]`, "A1/cut.json": `{"calls":[{"phone_number":"+9198`,
		"A1/plain.MP3": "x",
	}
}

func units(t *testing.T, s *source) map[string]connectors.Unit {
	t.Helper()
	out := map[string]connectors.Unit{}
	for u, err := range s.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		out[u.Key] = u
	}
	return out
}

// rows returns the records of a unit, a map of columns each, and its gaps.
func rows(t *testing.T, s *source, u connectors.Unit) (out []map[string]string, gaps []connectors.Gap) {
	t.Helper()
	for b, err := range s.Read(context.Background(), u) {
		if err != nil {
			t.Fatal(err)
		}
		gaps = append(gaps, b.Gaps...)
		if b.Rows == nil {
			continue
		}
		for r := range int(b.Rows.NumRows()) {
			m := map[string]string{}
			for i, f := range b.Rows.Schema().Fields() {
				if v, ok := connectors.Value(b.Rows, i, r); ok {
					m[f.Name] = v
				}
			}
			out = append(out, m)
		}
	}
	return out, gaps
}

func TestRead(t *testing.T) {
	s, _ := fixture(t, world(), connectors.AccountRule{Segment: 1})
	us := units(t, s)
	if len(us) != len(world())-1 {
		t.Fatalf("%d units", len(us))
	}
	stem := strings.TrimSuffix(sideOf, ".json")
	conf := strings.TrimSuffix(meeting, ".json")
	for key, want := range map[string][]map[string]string{
		samsung: {{"sutra.locator": "object", "key": samsung, "stem": strings.TrimSuffix(samsung, ".m4a"), "phone": "+919876543210", "recorded_at": "2025-06-11T09:25:15+05:30"}},
		audioOf: {{"sutra.locator": "object", "key": audioOf, "stem": stem, "phone": "+919876543210", "contact_name": "Asha", "recorded_at": "2023-04-14T21:57:01+05:30"}},
		sideOf: {{"sutra.locator": "/calls/0", "key": sideOf, "stem": stem, "phone": "+919876543210", "phone_formatted": "+91 98765 43210", "contact_name": "Asha Verma",
			"call_log_name": "Asha V", "recorded_at": "2023-04-14T21:57:01+05:30",
			"document": `{"direction": "in", "output": {"format": {"type": "OGG/Opus"}}}`}},
		meeting: {
			{"sutra.locator": "/calls/0", "key": meeting, "stem": conf, "phone": "+919876543210", "contact_name": "Asha", "recorded_at": "2023-04-14T22:00:00+05:30", "document": `{"sim_slot": 1}`},
			{"sutra.locator": "/calls/1", "key": meeting, "stem": conf, "phone": "+919123456780", "contact_name": "Ravi", "call_log_name": "Ravi", "recorded_at": "2023-04-14T22:00:00+05:30", "entry": `{"note": {"city": "Pune"}}`},
			{"sutra.locator": "/calls/2", "key": meeting, "stem": conf, "phone": "919000011111", "recorded_at": "2023-04-14T22:00:00+05:30"},
		},
		"A1/plain.MP3":  {{"sutra.locator": "object", "key": "A1/plain.MP3", "stem": "A1/plain", "label": "plain", "recorded_at": "2026-04-21T15:30:00+05:30"}},
		"A1/other.json": {{"sutra.locator": "object", "key": "A1/other.json", "stem": "A1/other", "recorded_at": "2026-04-21T15:30:00+05:30", "document": `[{"mobile":"9876543210"}]`}},
		"A1/cut.json":   {{"sutra.locator": "object", "key": "A1/cut.json", "stem": "A1/cut", "recorded_at": "2026-04-21T15:30:00+05:30", "document": world()["A1/cut.json"]}},
		"A1/notes.txt":  nil,
	} {
		got, gaps := rows(t, s, us[key])
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", key, d)
		}
		if bad := key == "A1/cut.json" || key == "A1/notes.txt"; bad != (len(gaps) == 1) {
			t.Errorf("%s: gaps %v", key, gaps)
		}
		if us[key].Account != key[:2] {
			t.Errorf("%s: account %q", key, us[key].Account)
		}
	}
}

func TestStemRole(t *testing.T) {
	s, _ := fixture(t, world(), connectors.AccountRule{})
	us := units(t, s)
	for key, role := range map[string]string{meeting: "member", sideOf: "", samsung: ""} {
		for b, err := range s.Read(context.Background(), us[key]) {
			if err != nil {
				t.Fatal(err)
			}
			f := connectors.FieldOf(b.Rows.Schema().Field(2))
			if f.Name != "stem" || f.Role != role || f.Links[0] != "rec.recording" {
				t.Errorf("%s: %+v", key, f)
			}
		}
	}
}

func erase(t *testing.T, s *source, key string, edits ...connectors.Edit) (connectors.Unit, connectors.Outcome) {
	t.Helper()
	next, out, err := s.Erase(context.Background(), units(t, s)[key], edits)
	if err != nil {
		t.Fatal(err)
	}
	left, err := s.Residue(context.Background(), next, edits)
	if err != nil || len(left) > 0 {
		t.Fatalf("residue %d, %v", len(left), err)
	}
	return next, out
}

func del(coll, loc string) connectors.Edit {
	return connectors.Edit{Collection: coll, Locator: loc, Action: connectors.Delete}
}

func TestEraseCall(t *testing.T) {
	s, dir := fixture(t, world(), connectors.AccountRule{})
	u := units(t, s)[samsung]
	if left, err := s.Residue(context.Background(), u, []connectors.Edit{del(callsName, "object")}); err != nil || len(left) != 1 {
		t.Fatalf("before: residue %d, %v", len(left), err)
	}
	_, out := erase(t, s, samsung, del(callsName, "object"))
	if out != (connectors.Outcome{Deleted: 1, Gone: true}) {
		t.Fatalf("%+v", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "A1/Recordings")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the folder stays: %v", err)
	}
	if _, out, err := s.Erase(context.Background(), u, []connectors.Edit{del(callsName, "object")}); err != nil || out != (connectors.Outcome{Missing: 1, Gone: true}) {
		t.Fatalf("again: %+v %v", out, err)
	}
	for _, err := range s.Read(context.Background(), u) {
		if !errors.Is(err, connectors.ErrNotFound) {
			t.Fatalf("reading what is gone: %v", err)
		}
	}
}

func TestEraseSidecar(t *testing.T) {
	s, dir := fixture(t, world(), connectors.AccountRule{})
	read := func(key string) string {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(key)))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	stale := units(t, s)[meeting]
	_, out := erase(t, s, meeting, del(sidecarsName, "/calls/1"), del(sidecarsName, "/calls/9"))
	want := strings.Replace(three, "{\"phone_number\": \"+919123456780\", \"contact_name\": \"Ravi\", \"note\": {\"city\": \"Pune\"}},\n  ", "", 1)
	want = strings.Replace(want, `"call_log_name": "Ravi"`, `"call_log_name": null`, 1)
	if got := read(meeting); got != want || out != (connectors.Outcome{Deleted: 1, Missing: 1}) {
		t.Fatalf("%+v\n%s", out, got)
	}
	if _, _, err := s.Erase(context.Background(), stale, []connectors.Edit{del(sidecarsName, "/calls/0")}); !errors.Is(err, connectors.ErrChanged) {
		t.Fatalf("a stale unit: %v", err)
	}
	if read(meeting) != want {
		t.Fatal("a stale unit was changed")
	}
	if _, out = erase(t, s, meeting, del(sidecarsName, "/calls/0"), del(sidecarsName, "/calls/1")); !out.Gone || out.Deleted != 2 {
		t.Fatalf("%+v", out)
	}
	if _, out = erase(t, s, sideOf, del(sidecarsName, "/calls/0")); !out.Gone {
		t.Fatalf("%+v", out)
	}
	if _, out = erase(t, s, "A1/cut.json", del(sidecarsName, "object")); !out.Gone {
		t.Fatalf("%+v", out)
	}
}

func TestRedactSidecar(t *testing.T) {
	s, dir := fixture(t, world(), connectors.AccountRule{})
	cut := func(f connectors.Field, v string) (string, connectors.Verdict) {
		if f.Personal() {
			return "", connectors.Empty
		}
		if f.Look == connectors.LookJSON && strings.Contains(v, "Pune") {
			return strings.ReplaceAll(v, "Pune", "[x]"), connectors.Set
		}
		return v, connectors.Same
	}
	_, out := erase(t, s, sideOf, connectors.Edit{Collection: sidecarsName, Locator: "/calls/0", Action: connectors.Redact, Rewrite: cut})
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(sideOf)))
	want := strings.NewReplacer(`"+919876543210"`, "null", `"+91 98765 43210"`, "null", `"Asha Verma"`, "null", `"Asha V"`, "null").Replace(one)
	if err != nil || string(b) != want || out.Redacted != 1 {
		t.Fatalf("%v %+v\n%s", err, out, b)
	}
	fn := func(f connectors.Field, v string) (string, connectors.Verdict) {
		if f.Look == connectors.LookJSON {
			return cut(f, v)
		}
		return v, connectors.Same
	}
	erase(t, s, meeting, connectors.Edit{Collection: sidecarsName, Locator: "/calls/1", Action: connectors.Redact, Rewrite: fn})
	b, err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(meeting)))
	if err != nil || string(b) != strings.Replace(three, "Pune", "[x]", 1) {
		t.Fatalf("%v\n%s", err, b)
	}
	u := units(t, s)[samsung]
	if _, _, err := s.Erase(context.Background(), u, []connectors.Edit{{Collection: callsName, Locator: "object", Action: connectors.Redact, Rewrite: cut}}); !errors.Is(err, errAudio) {
		t.Fatalf("redacting a name: %v", err)
	}
}

func TestEraseChecksFirst(t *testing.T) {
	s, dir := fixture(t, world(), connectors.AccountRule{})
	bad := del(sidecarsName, "/calls/1")
	bad.Check = func(v map[string]string) error {
		if v["phone"] != "+919123456780" || v["contact_name"] != "Ravi" {
			t.Errorf("values %v", v)
		}
		return errors.New("other")
	}
	_, _, err := s.Erase(context.Background(), units(t, s)[meeting], []connectors.Edit{del(sidecarsName, "/calls/0"), bad})
	if !errors.Is(err, connectors.ErrChanged) {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(meeting))); err != nil || string(b) != three {
		t.Fatalf("changed in spite of the check: %v", err)
	}
}

func TestFetchAndCheck(t *testing.T) {
	s, dir := fixture(t, world(), connectors.AccountRule{})
	var b bytes.Buffer
	if err := s.Fetch(context.Background(), connectors.Ref{Collection: callsName, Unit: samsung, Locator: "object"}, &b); err != nil || b.String() != "audio" {
		t.Fatalf("%q %v", b.String(), err)
	}
	if err := s.Fetch(context.Background(), connectors.Ref{Unit: "none.mp3"}, &b); !errors.Is(err, connectors.ErrNotFound) {
		t.Fatal(err)
	}
	if f, err := s.Check(context.Background()); err != nil || len(f) == 0 || f[0].What != "reachable" || !f[0].OK {
		t.Fatalf("%v %v", f, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Check(context.Background()); err != nil || !f[0].Fatal || f[0].OK {
		t.Fatalf("%v %v", f, err)
	}
	for _, err := range s.Units(context.Background()) {
		if err == nil {
			t.Fatal("a missing folder lists")
		}
	}
}

// TestCatalog holds the embedded catalog to the columns.
func TestCatalog(t *testing.T) {
	var c struct {
		Dataset []struct {
			Collections []struct {
				Name   string
				Fields []struct{ Name string }
			}
		}
	}
	if err := yaml.Unmarshal(Kind().Catalog, &c); err != nil {
		t.Fatal(err)
	}
	want := map[string][]connectors.Field{callsName: callFields("r"), sidecarsName: sidecarFields("r", false)}
	for _, coll := range c.Dataset[0].Collections {
		names := map[string]bool{}
		for _, f := range coll.Fields {
			names[f.Name] = true
		}
		for _, f := range want[coll.Name] {
			if !names[f.Name] {
				t.Errorf("%s.%s is not in the catalog", coll.Name, f.Name)
			}
		}
		if len(names) != len(want[coll.Name]) {
			t.Errorf("%s: %d fields in the catalog, %d columns", coll.Name, len(names), len(want[coll.Name]))
		}
	}
}
