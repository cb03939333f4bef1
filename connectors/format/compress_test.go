package format

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

// TestCutStream holds what is said of a packed object that ends too early: once, and plainly.
func TestCutStream(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(bytes.Repeat([]byte("a line of text\n"), 1000)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := gzipped.reader(bytes.NewReader(b.Bytes()[:b.Len()-9]))
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(r)
	if err == nil || err.Error() != "the gzip stream ends in the middle: unexpected EOF" {
		t.Errorf("reading: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// TestGzipHeader: a name of the packed file that speaks of somebody is told, and does not
// go along into the object that is written anew; another one does.
func TestGzipHeader(t *testing.T) {
	for name, speaks := range map[string]bool{"919876543210.csv": true, "chat with asha@example.com.csv": true, "leads_20260102.csv": false} {
		var old, out bytes.Buffer
		z := gzip.NewWriter(&old)
		z.Name, z.Comment, z.Extra = name, name, []byte(name)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		gaps := gzipped.headerGap(bytes.NewReader(old.Bytes()))
		if got := len(gaps) == 1 && gaps[0].Text == name+"\n"+name+"\n"+name; got != speaks || len(gaps) > 1 {
			t.Errorf("%s: gaps %+v", name, gaps)
		}
		w, err := gzipped.writer(&out, bytes.NewReader(old.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(out.Bytes(), []byte(name)); speaks && n != 0 || !speaks && n != 3 {
			t.Errorf("%s: stands %d times in the new object", name, n)
		}
	}
}
