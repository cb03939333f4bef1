package parquet

import (
	"encoding/base64"
	"slices"
	"testing"

	pq "github.com/parquet-go/parquet-go"
)

// TestSpellingsInMetadata holds how else an erased value may stand in a footer.
func TestSpellingsInMetadata(t *testing.T) {
	for v, want := range map[string][]string{
		"+91 98201-45678":      {"919820145678", "9820145678"},
		"09820145678":          {"09820145678", "9820145678"},
		"Asha@Example.com":     {"asha@example.com"},
		"Asha Verma":           nil,
		"2026-10-01":           nil,
		"12345678901234567890": nil,
	} {
		if got := spellings(v); !slices.Equal(got, want) {
			t.Errorf("spellings(%q) = %q, want %q", v, got, want)
		}
	}
	foot := record{}
	kv := record{}
	kv.set(1, tBinary, appendBinary([]byte("who")))
	kv.set(2, tBinary, appendBinary([]byte("export of 9820145678 for 9820145679")))
	foot.setList(5, tStruct, [][]byte{kv.encode(nil)})
	scrubMetadata(&foot, map[string]bool{"+919820145678": true})
	_, list := foot.list(5)
	after, _, err := parseRecord(list[0])
	if want := "export of ********** for 9820145679"; err != nil || string(after.text(2)) != want {
		t.Errorf("%q, %v, want %q", after.text(2), err, want)
	}
}

// TestSomebodyInMetadata tells of a person in the metadata of the footer, which are no
// record, and of no other number there.
func TestSomebodyInMetadata(t *testing.T) {
	type row struct {
		ID    int64  `parquet:"id"`
		Email string `parquet:"email"`
	}
	for text, want := range map[string]bool{
		"exported for +919820145678":                                            true,
		`{"asked_by":"9820145678"}`:                                             true,
		base64.StdEncoding.EncodeToString([]byte("mail asha@example.com")):      true,
		`{"created":1700000000000,"bbox":[72.8777123456,18.9],"version":"1.2"}`: false,
		"build 98201456789012345":                                               false,
	} {
		data := write(t, []row{{1, "b2@example.org"}}, 1, pq.KeyValueMetadata("about", text))
		rows, gaps, err := rowsOf(t, peopleCat, data)
		if err != nil || len(rows) != 1 || (len(gaps) == 1) != want {
			t.Errorf("%q: %d rows, %v, %v", text, len(rows), gaps, err)
		}
		if want && len(gaps) == 1 && gaps[0].Text == "" {
			t.Errorf("%q: whose it is cannot be told", text)
		}
	}
}
