package chat

import (
	"archive/zip"
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// TestBeside: texts beside the chat are searched and cut, and so are names of files.
func TestBeside(t *testing.T) {
	const hers, his = "BEGIN:VCARD\r\nFN:Asha\r\nTEL:9876540001\r\nEND:VCARD\r\n", "BEGIN:VCARD\r\nFN:Ravi\r\nTEL:9876540002\r\nX-SISTER:9876540001\r\nEND:VCARD\r\n"
	data := archive(t, "_chat.txt", zipTalk, "1.jpg", "one", "2.jpg", "two", "cards.vcf", hers+his, "call.txt", "ask 9876540001", "for 9876540001.pdf", "P",
		"IMG-20260421-WA0001.jpg", "x", "WhatsApp Chat with Om.txt", "words", "big 9876540001.csv", strings.Repeat("x", format.MaxText+1), "gone.md", "g")
	c := func() format.Codec { return NewZip("chats", "whatsapp", cat, "Friends") }
	rows, gaps, err := read(t, c(), data)
	if err != nil || len(rows) != 9 {
		t.Fatal(len(rows), err)
	}
	want := []string{"file 1 | text=" + hers + his + " | attachment=cards.vcf", "file 2 | text=ask 9876540001 | attachment=call.txt",
		"file 3 | attachment=for 9876540001.pdf", "file 4 | text=words | attachment=WhatsApp Chat with Om.txt", "file 5 | attachment=big 9876540001.csv", "file 6 | text=g | attachment=gone.md"}
	if d := cmp.Diff(want, rows[3:]); d != "" {
		t.Error(d)
	}
	if len(gaps) != 2 || !strings.HasPrefix(gaps[0], "file 4: a second chat") || gaps[1] != "file 5: a text of more than 1 MiB beside the chat" {
		t.Error(gaps)
	}
	cut := func(_ connectors.Field, v string) (string, connectors.Verdict) {
		return strings.ReplaceAll(v, "9876540001", "[x]"), connectors.Set
	}
	var edits []connectors.Edit
	for _, at := range []string{"file 1", "file 2", "file 3", "file 5"} {
		edits = append(edits, connectors.Edit{Collection: "chats", Locator: at, Action: connectors.Redact, Rewrite: cut})
	}
	out, left, o := rewrite(t, c(), data, append(edits, connectors.Edit{Collection: "chats", Locator: "file 6", Action: connectors.Delete})...)
	if left != 3 || o.Redacted != 4 || o.Deleted != 1 || o.Missing != 0 {
		t.Errorf("%d left, %+v", left, o)
	}
	if got := names(t, out); got != "_chat.txt 1.jpg 2.jpg cards.vcf call.txt for [x].pdf IMG-20260421-WA0001.jpg WhatsApp Chat with Om.txt big [x].csv" {
		t.Error(got)
	}
	z, err := zip.NewReader(strings.NewReader(out), int64(len(out)))
	if err != nil {
		t.Fatal(err)
	}
	if last := z.File[len(z.File)-1]; last.UncompressedSize64 != format.MaxText+1 {
		t.Errorf("what is too large to be read lost its bytes: %d", last.UncompressedSize64)
	}
	rows, _, err = read(t, c(), out)
	if want := "file 1 | text=" + strings.ReplaceAll(his, "9876540001", "[x]") + " | attachment=cards.vcf"; err != nil || rows[3] != want || rows[4] != "file 2 | text=ask [x] | attachment=call.txt" {
		t.Error(rows[3:], err)
	}
}

// TestFolderWithBytes: an archive in which a folder is packed as a file of no length, as some
// programs do, is rewritten.
func TestFolderWithBytes(t *testing.T) {
	data, err := base64.StdEncoding.DecodeString(
		"UEsDBBQAAAAIAOBRlVwAAAAAAgAAAAAAAAACAAAAbS8DAFBLAwQUAAAAAADgUZVc2HvDijoAAAA6AAAACQAAAF9jaGF0LnR4dFsyMS8wNC8yNiwgMTA6MTU6" +
			"MDBdIEFzaGE6IGEKWzIxLzA0LzI2LCAxMDoxNjowMF0gUmF2aTogYgpQSwECFAMUAAAACADgUZVcAAAAAAIAAAAAAAAAAgAAAAAAAAAAAAAAgAEAAAAAbS9Q" +
			"SwECFAMUAAAAAADgUZVc2HvDijoAAAA6AAAACQAAAAAAAAAAAAAAgAEiAAAAX2NoYXQudHh0UEsFBgAAAAACAAIAZwAAAIMAAAAAAA==",
	)
	if err != nil {
		t.Fatal(err)
	}
	out, left, o := rewrite(t, NewZip("chats", "whatsapp", cat, "Friends"), string(data), edit("1", connectors.Delete, nil))
	if left != 1 || o.Deleted != 1 || names(t, out) != "m/ _chat.txt" {
		t.Errorf("%d left, %+v, entries %s", left, o, names(t, out))
	}
}

// TestRenamedFile: a picture that is called after her gets another name and keeps its bytes as
// they are packed; the field in which some programs write the name once more stays behind.
func TestRenamedFile(t *testing.T) {
	const old = "for 9876540001.jpg"
	var b strings.Builder
	z := zip.NewWriter(&b)
	unicodePath := append([]byte{0x75, 0x70, byte(5 + len(old)), 0, 1, 0, 0, 0, 0}, old...)
	for _, h := range []zip.FileHeader{{Name: "_chat.txt", Method: zip.Deflate}, {Name: old, Method: zip.Deflate, Extra: unicodePath}} {
		w, err := z.CreateHeader(&h)
		if err == nil {
			text := zipTalk
			if h.Name == old {
				text = strings.Repeat("picture ", 99)
			}
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	cut := func(_ connectors.Field, v string) (string, connectors.Verdict) {
		return strings.ReplaceAll(v, "9876540001", "[x]"), connectors.Set
	}
	out, _, _ := rewrite(t, NewZip("chats", "whatsapp", cat, "Friends"), b.String(), connectors.Edit{Collection: "chats", Locator: "file 1", Action: connectors.Redact, Rewrite: cut})
	if strings.Contains(out, "9876540001") {
		t.Error("her number is left in the archive")
	}
	r, err := zip.NewReader(strings.NewReader(out), int64(len(out)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Open("for [x].jpg")
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(f); err != nil || string(data) != strings.Repeat("picture ", 99) || r.File[1].Method != zip.Deflate {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// TestWideTexts: a text in UTF-16 beside the chat is searched, and cut in UTF-16; a card behind
// a mark is a card. A second chat is known by its lines.
func TestWideTexts(t *testing.T) {
	wide := func(s string) string {
		b := []byte("\xff\xfe")
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	data := archive(t, "2026/_chat.txt", zipTalk, "_chat.txt", zipTalk, "note.txt", wide("ask 9876540001"), "a.vcf", "\ufeffBEGIN:VCARD\nTEL:9876540001\nEND:VCARD\n", "list.txt", "21/04/26, 10:15 - groceries\n")
	c := func() format.Codec { return NewZip("chats", "whatsapp", cat, "Friends") }
	rows, gaps, err := read(t, c(), data)
	if err != nil || len(rows) < 5 || rows[4] != "file 2 | text=\ufeffask 9876540001 | attachment=note.txt" {
		t.Fatal(rows, err)
	}
	if len(gaps) != 1 || !strings.HasPrefix(gaps[0], "file 1: a second chat") {
		t.Error(gaps)
	}
	cut := func(_ connectors.Field, v string) (string, connectors.Verdict) {
		return strings.ReplaceAll(v, "9876540001", "[x]"), connectors.Set
	}
	out, _, _ := rewrite(t, c(), data, connectors.Edit{Collection: "chats", Locator: "file 2", Action: connectors.Redact, Rewrite: cut}, connectors.Edit{Collection: "chats", Locator: "file 3", Action: connectors.Redact, Rewrite: cut})
	z, err := zip.NewReader(strings.NewReader(out), int64(len(out)))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"note.txt": wide("ask [x]"), "a.vcf": ""} {
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
