package recordings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// TestTranscripts: a text beside a recording is its record, another one is a gap.
func TestTranscripts(t *testing.T) {
	const call = "A1/Call 9876543210_250611_092515"
	files := map[string]string{
		call + ".MP3": "audio", call + ".mp3.txt": "\xEF\xBB\xBFask 9812345603\r\n", call + "_transcript.srt": "1\n", call + ".vtt": "\xffa",
		"A1/both_left.wav": "audio", "A1/both.txt": "x", "A1/alone.txt": "9812345603", "A1/call-transcript.txt": "x", "A1/call.ogg": "audio",
	}
	s, dir := fixture(t, files, connectors.AccountRule{})
	us := units(t, s)
	for key, want := range map[string]string{
		call + ".mp3.txt": "ask 9812345603\r\n", call + "_transcript.srt": "1\n", call + ".vtt": "", "A1/both.txt": "x", "A1/call-transcript.txt": "x",
	} {
		got, gaps := rows(t, s, us[key])
		if len(got) != 1 || got[0]["text"] != want || (len(gaps) == 1) != (want == "") {
			t.Fatalf("%s: %v, gaps %v", key, got, gaps)
		}
		if stem, ok := strings.CutSuffix(key, ".vtt"); ok && got[0]["stem"] != stem {
			t.Errorf("%s: stem %q", key, got[0]["stem"])
		}
	}
	got, gaps := rows(t, s, us["A1/alone.txt"])
	if len(got) > 0 || len(gaps) != 1 || !gaps[0].Again {
		t.Fatalf("%v, gaps %v", got, gaps)
	}
	cut := func(f connectors.Field, v string) (string, connectors.Verdict) {
		if f.Name != "text" {
			return "", connectors.Same
		}
		return strings.ReplaceAll(v, "9812345603", "[erased]"), connectors.Set
	}
	erase(t, s, call+".mp3.txt", connectors.Edit{Collection: sidecarsName, Locator: "object", Action: connectors.Redact, Rewrite: cut})
	data, err := os.ReadFile(filepath.Join(dir, call+".mp3.txt"))
	if d := cmp.Diff("\xEF\xBB\xBFask [erased]\r\n", string(data)); err != nil || d != "" {
		t.Fatal(err, d)
	}
	if _, out := erase(t, s, call+".vtt", del(sidecarsName, "object")); !out.Gone {
		t.Fatalf("%+v", out)
	}
}

// TestTranscriptOfTheUnknown: whether a recording stands beside a text is not known where its
// name cannot be looked at. A name that is too long for one is none.
func TestTranscriptOfTheUnknown(t *testing.T) {
	long := "A1/" + strings.Repeat("x", 250)
	s, dir := fixture(t, map[string]string{"A1/loop.txt": "x", long + ".txt": "x"}, connectors.AccountRule{})
	if err := os.Symlink("loop.mp3", filepath.Join(dir, "A1/loop.mp3")); err != nil {
		t.Fatal(err)
	}
	us := units(t, s)
	var failed error
	for _, err := range s.Read(t.Context(), us["A1/loop.txt"]) {
		failed = err
	}
	if failed == nil || !strings.Contains(failed.Error(), "look for the recording of a transcript") {
		t.Errorf("got %v", failed)
	}
	if got, gaps := rows(t, s, us[long+".txt"]); len(got) > 0 || len(gaps) != 1 || !gaps[0].Again {
		t.Errorf("%v, gaps %v", got, gaps)
	}
}

// TestWideTranscripts: what a Windows program wrote beside a recording is read and changed in
// UTF-16, and the rest of it keeps its bytes.
func TestWideTranscripts(t *testing.T) {
	wide := func(s string) string {
		b := []byte("\xff\xfe")
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	const call = "A1/Call 9876543210_250611_092515"
	files := map[string]string{call + ".mp3": "audio", call + ".txt": wide("ask 9812345603 \U0001F600\r\n"), call + ".json": wide(`{"note":"ask 9812345603"}`)}
	s, dir := fixture(t, files, connectors.AccountRule{})
	us := units(t, s)
	for _, tt := range []struct{ ext, column, value string }{{".txt", "text", "ask 9812345603 \U0001F600\r\n"}, {".json", "document", `{"note":"ask 9812345603"}`}} {
		got, gaps := rows(t, s, us[call+tt.ext])
		if len(got) != 1 || got[0][tt.column] != tt.value || len(gaps) > 0 {
			t.Fatalf("%s: %v, gaps %v", tt.ext, got, gaps)
		}
		cut := func(f connectors.Field, v string) (string, connectors.Verdict) {
			if f.Name != tt.column {
				return "", connectors.Same
			}
			return strings.ReplaceAll(v, "9812345603", "[erased]"), connectors.Set
		}
		erase(t, s, call+tt.ext, connectors.Edit{Collection: sidecarsName, Locator: "object", Action: connectors.Redact, Rewrite: cut})
		data, err := os.ReadFile(filepath.Join(dir, call+tt.ext))
		if d := cmp.Diff(wide(strings.ReplaceAll(tt.value, "9812345603", "[erased]")), string(data)); err != nil || d != "" {
			t.Fatal(tt.ext, err, d)
		}
	}
}
