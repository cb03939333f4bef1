package recordings

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// lister is a store that tells what it has just listed, as a bucket does.
type lister struct{ blob.Store }

func (lister) Listed(string, string) (blob.Object, bool) { return blob.Object{}, false }

// TestDatedOfAListing: in a bucket the sidecar of a recording is found among the names that
// begin as the recording's does, however many others begin so.
func TestDatedOfAListing(t *testing.T) {
	const said = `{"timestamp":"2026-01-05T10:00:00+05:30"}`
	for _, side := range []string{"a/1.json", "a/1.mp3.json", "a/1_metadata.json"} {
		files := map[string]string{"a/1.mp3": "x", side: said}
		for i := range searched + 10 {
			files[fmt.Sprintf("a/1%04d.mp3", i)] = "x"
		}
		s, _ := fixture(t, files, connectors.AccountRule{})
		us := units(t, s)
		s.store = lister{s.store}
		for key, want := range map[string]string{"a/1.mp3": "2026-01-05", "a/10000.mp3": "2026-04-21"} {
			got, gaps := rows(t, s, us[key])
			if len(got) != 1 || len(gaps) > 0 || !strings.HasPrefix(got[0]["recorded_at"], want) {
				t.Errorf("%s beside %s: %v, gaps %v, want %s", key, side, got, gaps, want)
			}
		}
	}
}

// unlabelled is a store that does not hand out what it says of an object.
type unlabelled struct{ blob.Store }

func (unlabelled) Labels(context.Context, string, string) ([]blob.Label, error) {
	return nil, errors.New("the line broke")
}

// TestLabelsLater: a recording whose metadata cannot be read is read again with the next scan.
func TestLabelsLater(t *testing.T) {
	s, _ := fixture(t, map[string]string{"a/opaque.mp3": "x"}, connectors.AccountRule{})
	u := units(t, s)["a/opaque.mp3"]
	s.store = unlabelled{s.store}
	got, gaps := rows(t, s, u)
	if len(got) != 1 || len(gaps) != 1 || !gaps[0].Again {
		t.Errorf("%v, gaps %v: want the recording, and that it is to be read again", got, gaps)
	}
}

// TestEmptiedDocument: what a conference says besides its entries is emptied, and the entries
// of the others stay.
func TestEmptiedDocument(t *testing.T) {
	s, dir := fixture(t, map[string]string{meeting: three}, connectors.AccountRule{})
	erase(t, s, meeting, connectors.Edit{Collection: sidecarsName, Locator: "/calls/0", Action: connectors.Redact, Rewrite: func(f connectors.Field, v string) (string, connectors.Verdict) {
		if f.Name == "document" {
			return "", connectors.Empty
		}
		return v, connectors.Same
	}})
	data, err := os.ReadFile(filepath.Join(dir, meeting))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(data); strings.Contains(text, "sim_slot\": 1") || !strings.Contains(text, "+919123456780") || !strings.Contains(text, "+919876543210") {
		t.Error(text)
	}
}
