package recordings

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// TestDated: a recording without a date in its name is as old as the sidecar of its name says,
// or as that file is, where it is the older one. No sidecar makes a recording younger.
func TestDated(t *testing.T) {
	const said = `{"phone_number":"+919812345603","timestamp":"2026-01-05T10:00:00+05:30"}`
	for name, c := range map[string]struct {
		audio, sidecar, content string
		want                    string
	}{
		"what it says":          {"a/abc.mp3", "a/abc.json", said, "2026-01-05"},
		"the recording's name":  {"a/abc.mp3", "a/abc.mp3.json", said, "2026-01-05"},
		"a channel":             {"a/abc-left.wav", "a/abc.json", said, "2026-01-05"},
		"a word behind":         {"a/abc.mp3", "a/abc.meta.json", said, "2026-01-05"},
		"a conference":          {"a/abc.mp3", "a/abc.json", `{"timestamp_unix_ms":1767587400000,"calls":[{"phone_number":"+919812345603"},{"phone_number":"+919812345604"}]}`, "2026-01-05"},
		"an older file":         {"a/abc.mp3", "a/abc.json", `{"phone_number":"+919812345603"}`, "2026-03-01"},
		"a date in the name":    {"a/abc_20260201_101500.mp3", "a/abc_20260201_101500.json", said, "2026-02-01"},
		"a later one":           {"a/abc.mp3", "a/abc.json", `{"timestamp":"2026-11-05T10:00:00+05:30"}`, "2026-04-01"},
		"a mistake":             {"a/abc.mp3", "a/abc.json", `{"timestamp":"1970-01-01T00:00:00Z"}`, "2026-04-01"},
		"another's":             {"a/abc.mp3", "a/abd.json", said, "2026-04-01"},
		"in another folder":     {"a/abc.mp3", "b/abc.json", said, "2026-04-01"},
		"cut off in the middle": {"a/abc.mp3", "a/abc.json", said[:len(said)-9], "2026-03-01"},
	} {
		s, dir := fixture(t, map[string]string{c.audio: "x", c.sidecar: c.content}, connectors.AccountRule{})
		for file, day := range map[string]string{c.audio: "2026-04-01", c.sidecar: "2026-03-01"} {
			at, err := time.ParseInLocation(time.DateOnly, day, ist)
			if err == nil {
				err = os.Chtimes(filepath.Join(dir, file), at, at)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		got, gaps := rows(t, s, units(t, s)[c.audio])
		if len(got) != 1 || !strings.HasPrefix(got[0]["recorded_at"], c.want) || len(gaps) > 0 {
			t.Errorf("%s: %v, gaps %v, want %s", name, got, gaps, c.want)
		}
	}
}

// unreadable is a store whose objects can be listed alone.
type unreadable struct{ blob.Store }

func (unreadable) Open(context.Context, string, string) (blob.Reader, error) {
	return nil, errors.New("the line broke")
}

// TestDatedLater: a recording whose sidecar cannot be read is read again with the next scan.
func TestDatedLater(t *testing.T) {
	s, _ := fixture(t, map[string]string{"a/abc.mp3": "x", "a/abc.json": `{"timestamp":"2026-01-05T10:00:00+05:30"}`}, connectors.AccountRule{})
	u := units(t, s)["a/abc.mp3"]
	s.store = unreadable{s.store}
	got, gaps := rows(t, s, u)
	if len(got) != 1 || len(gaps) != 1 || !gaps[0].Again {
		t.Errorf("%v, gaps %v: want the recording, and that it is to be read again", got, gaps)
	}
}

// TestDatedByWhatComes: a recording of today without a date in its name is read again with the
// next scan, as its sidecar may come after it; not one that has its sidecar or a date, nor an
// old one.
func TestDatedByWhatComes(t *testing.T) {
	s, dir := fixture(t, map[string]string{"a/new.mp3": "x", "a/told.mp3": "x", "a/told.json": `{"timestamp":"2026-01-05T10:00:00+05:30"}`, "a/old.mp3": "x", "a/abc_20260201_101500.mp3": "x"}, connectors.AccountRule{})
	all := units(t, s)
	for key := range all {
		at := time.Now()
		if key == "a/old.mp3" {
			at = at.Add(-2 * aDay)
		}
		if err := os.Chtimes(filepath.Join(dir, key), at, at); err != nil {
			t.Fatal(err)
		}
	}
	for key, u := range units(t, s) {
		again := false
		for b, err := range s.Read(t.Context(), u) {
			if err != nil {
				t.Fatal(err)
			}
			again = again || b.Again
		}
		if again != (key == "a/new.mp3") {
			t.Errorf("%s is to be read again: %v", key, again)
		}
	}
}
