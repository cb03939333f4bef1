package main

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cratio/sutra/pipeline/config"
)

// entriesOf returns the entries of an archive by name.
func entriesOf(t *testing.T, file string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(data)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// pack writes an archive.
func pack(t *testing.T, file string, entries map[string]string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	for name, data := range entries {
		e, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(e, data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestChatMedia hands out and erases the pictures of one person in a group's chat:
// hers, not another's, and not the one that both sent. A card of somebody else that she
// sent is masked, and one of hers that another sent goes.
func TestChatMedia(t *testing.T) {
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, dir: filepath.Join(t.TempDir(), "site"), bin: bin}
	if err := config.Init(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "sutra.yaml"), []byte("sources:\n  chats: {connector: whatsapp, url: \"file:chats/\", account: A1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "chats"), 0o755); err != nil {
		t.Fatal(err)
	}
	chat := filepath.Join(s.dir, "chats", "WhatsApp Chat - Friends.zip")
	pack(t, chat, map[string]string{
		"_chat.txt": "[21/04/26, 10:15:00] +91 98765 43001: <attached: 1.jpg>\n[21/04/26, 10:16:00] +91 98765 43002: <attached: 2.jpg>\n" +
			"[21/04/26, 10:17:00] +91 98765 43001: <attached: 3.jpg>\n[21/04/26, 10:18:00] +91 98765 43002: <attached: 3.jpg>\n" +
			"[21/04/26, 10:19:00] +91 98765 43001: <attached: om.vcf>\n[21/04/26, 10:20:00] +91 98765 43002: <attached: she.vcf>\n",
		"1.jpg": "picture of her", "2.jpg": "picture of him", "3.jpg": "picture of both",
		"om.vcf": "BEGIN:VCARD\nTEL:9876543003\nEND:VCARD\n", "she.vcf": "BEGIN:VCARD\nFN:Asha\nTEL:9876543001\nEND:VCARD\n",
	})
	s.run("scan")
	out := s.run("access", "+91 98765 43001", "-o", "copy.zip")
	var media []string
	for name, data := range entriesOf(t, filepath.Join(s.dir, "copy.zip")) {
		if strings.HasPrefix(name, "recordings/") {
			media = append(media, data)
		}
	}
	slices.Sort(media)
	if !slices.Equal(media, []string{"BEGIN:VCARD\nTEL:[PERSON-1]\nEND:VCARD\n", "picture of her"}) || !strings.Contains(out, "not hers alone") {
		t.Errorf("handed out: %q\n%s", media, out)
	}
	s.run("erase", "+91 98765 43001", "-o", "plan.json")
	s.run("apply", "plan.json")
	left := entriesOf(t, chat)
	if _, hers := left["1.jpg"]; hers || left["2.jpg"] == "" || left["3.jpg"] == "" || strings.Contains(left["_chat.txt"], "43001") || strings.Count(left["_chat.txt"], "43002") != 3 ||
		left["om.vcf"] != "" || left["she.vcf"] != "" {
		t.Errorf("left in the archive: %q", left)
	}
}
