package recordings

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cratio/sutra/connectors"
)

// TestJoined: a sidecar that has another name than its recording is the recording's where
// the two stand in a folder alone. Where there is a second recording or sidecar, or the
// recording's name says whose it is, nothing is guessed.
func TestJoined(t *testing.T) {
	const hers = `{"caller":"+919812345603"}`
	for name, c := range map[string]struct {
		files map[string]string
		key   string
		stem  string
		gaps  int
	}{
		"metadata":                 {map[string]string{"A1/c1/metadata.json": hers, "A1/c1/audio.wav": "x", "A1/c2/audio.wav": "x"}, "A1/c1/metadata.json", "A1/c1/audio", 0},
		"the folder's name":        {map[string]string{"c7/c7.json": hers, "c7/recording.mp3": "x"}, "c7/c7.json", "c7/recording", 0},
		"two channels":             {map[string]string{"c7/info.json": hers, "c7/voice-left.wav": "x", "c7/voice-right.wav": "x"}, "c7/info.json", "c7/voice", 0},
		"two recordings":           {map[string]string{"c7/meta.json": hers, "c7/a.wav": "x", "c7/b.wav": "x"}, "c7/meta.json", "c7/meta", 0},
		"two sidecars":             {map[string]string{"c7/meta.json": hers, "c7/other.json": "{}", "c7/a.wav": "x"}, "c7/meta.json", "c7/meta", 0},
		"somebody else's name":     {map[string]string{"c7/meta.json": hers, "c7/9812345699_20250611_092515.wav": "x"}, "c7/meta.json", "c7/meta", 0},
		"another word":             {map[string]string{"c7/settings.json": hers, "c7/a.wav": "x"}, "c7/settings.json", "c7/settings", 0},
		"no folder":                {map[string]string{"metadata.json": hers, "audio.wav": "x"}, "metadata.json", "metadata", 0},
		"a recording further down": {map[string]string{"c7/meta.json": hers, "c7/d/a.wav": "x"}, "c7/meta.json", "c7/meta", 0},
		"a name in it":             {map[string]string{"a/x.json": `{"caller":"+919812345603","file":"abc.mp3"}`, "a/abc.mp3": "x", "a/b.mp3": "x"}, "a/x.json", "a/abc", 0},
		"an address in it":         {map[string]string{"a/x.json": `{"url":"https://cdn.example.com/r/abc.mp3?t=1"}`, "a/abc.mp3": "x"}, "a/x.json", "a/abc", 0},
		"a key in it":              {map[string]string{"meta/7.json": `{"recording":"audio/77.wav"}`, "audio/77.wav": "x"}, "meta/7.json", "audio/77", 0},
		"a folder beside":          {map[string]string{"d/meta/77.json": hers, "d/audio/77.wav": "x", "d/audio/78.wav": "x"}, "d/meta/77.json", "d/audio/77", 0},
		"Folders":                  {map[string]string{"Meta/77.json": hers, "Recordings/77.wav": "x"}, "Meta/77.json", "Recordings/77", 0},
		"two folders beside":       {map[string]string{"meta/77.json": hers, "audio/77.wav": "x", "calls/77.wav": "x"}, "meta/77.json", "meta/77", 0},
		"one in its own folder":    {map[string]string{"meta/77.json": hers, "meta/77.wav": "x", "audio/77.wav": "x"}, "meta/77.json", "meta/77", 0},
		"another's sidecar":        {map[string]string{"meta/77.json": hers, "audio/77.json": "{}", "audio/77.wav": "x"}, "meta/77.json", "meta/77", 0},
		"a folder further off":     {map[string]string{"a/meta/77.json": hers, "b/audio/77.wav": "x"}, "a/meta/77.json", "a/meta/77", 0},
		"an account beside":        {map[string]string{"A1/77.json": hers, "A2/77.wav": "x"}, "A1/77.json", "A1/77", 0},
		"not yet beside":           {map[string]string{"meta/77.json": hers, "audio/78.wav": "x"}, "meta/77.json", "meta/77", 1},
		"a name of nothing":        {map[string]string{"a/x.json": `{"file":"abc.mp3"}`, "a/b.mp3": "x"}, "a/x.json", "a/x", 0},
		"another's":                {map[string]string{"a/x.json": `{"file":"abc.mp3"}`, "a/abc.mp3": "x", "a/abc.json": "{}"}, "a/x.json", "a/x", 0},
		"one beside it":            {map[string]string{"a/x.json": `{"before":"abc.mp3"}`, "a/x.mp3": "x", "a/abc.mp3": "x"}, "a/x.json", "a/x", 0},
		"a named one":              {map[string]string{"a/x.json": `{"file":"9812345699_20250611_092515.mp3"}`, "a/9812345699_20250611_092515.mp3": "x"}, "a/x.json", "a/x", 0},
		"a way out":                {map[string]string{"a/x.json": `{"file":"../../etc/abc.mp3"}`}, "a/x.json", "a/x", 0},
		"no key":                   {map[string]string{"a/x.json": `{"file":"b\u0000/a\u0000bc.mp3"}`}, "a/x.json", "a/x", 0},
		"a file as a folder":       {map[string]string{"a/x.json": `{"file":"a/x.json/abc.mp3"}`}, "a/x.json", "a/x", 0},
		"empty folders":            {map[string]string{"a/x.json": `{"file":"//b//abc.mp3"}`}, "a/x.json", "a/x", 0},
		"a word behind the name":   {map[string]string{"a/x.meta.json": hers, "a/x.wav": "x"}, "a/x.meta.json", "a/x", 0},
		"no recording any more":    {map[string]string{"c7/meta.json": hers}, "c7/meta.json", "c7/meta", 0},
		"no recording yet":         {map[string]string{"c7/meta.json": hers}, "c7/meta.json", "c7/meta", 1},
	} {
		s, dir := fixture(t, c.files, connectors.AccountRule{})
		if c.gaps > 0 { // it is of today
			if err := os.Chtimes(filepath.Join(dir, c.key), time.Time{}, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		got, gaps := rows(t, s, units(t, s)[c.key])
		if len(got) != 1 || got[0]["stem"] != c.stem || len(gaps) != c.gaps || c.gaps > 0 && !gaps[0].Again {
			t.Errorf("%s: %v, gaps %v", name, got, gaps)
		}
	}
}

// TestJoinedAccount: folders that say the account are no folders beside each other.
func TestJoinedAccount(t *testing.T) {
	for segment, want := range map[int]string{1: "meta/77", 2: "audio/77"} {
		s, _ := fixture(t, map[string]string{"meta/77.json": `{"caller":"+919812345603"}`, "audio/77.wav": "x"}, connectors.AccountRule{Segment: segment})
		if got, _ := rows(t, s, units(t, s)["meta/77.json"]); len(got) != 1 || got[0]["stem"] != want {
			t.Errorf("segment %d: %v", segment, got)
		}
	}
}
