package parquet

import (
	"slices"
	"testing"
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

// TestBlanksDiffer: two values of one length are two blanks, also when one was blanked by an
// earlier erasure, and a value has one blank wherever it stands.
func TestBlanksDiffer(t *testing.T) {
	text := []byte("16;****************16;asha@example.com16;bela@example.com+91 9820145678 9820145678 bela@example.com")
	k := newBlanker(map[string]bool{"bela@example.com": true, "asha@example.com": true, "9820145678": true, "+91 9820145678": true, "none@example.com": true, "16": true})
	if !k.blank(text) {
		t.Error("nothing was blanked")
	}
	const want = "16;****************16;***************216;***************3*************4 *********5 ***************3"
	if string(text) != want {
		t.Errorf("%s\nwant %s", text, want)
	}
	if k.blank(text) {
		t.Errorf("blanked again: %s", text)
	}
}
