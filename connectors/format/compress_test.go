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
