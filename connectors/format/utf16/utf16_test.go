package utf16

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// FuzzRoundTrip: any bytes, taken for UTF-16, come out as they were, in whatever
// pieces they are read and written.
func FuzzRoundTrip(f *testing.F) {
	for _, s := range []string{"", "a\x00", "\xff\xfea\x00", "\x3d\xd8\x00\xde", "\x3d\xd8a\x00", "\x00\xdeab", "abc", "\x3d\xd8\x3d\xd8\x00\xde\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
			o := OrderOf([]byte(mark))
			r := NewReader(iotest.OneByteReader(bytes.NewReader(in)), o)
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			w := NewWriter(&out, o)
			for i := range text {
				if _, err := w.Write(text[i : i+1]); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Finish(r.Odd()); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), in) {
				t.Fatalf("%x became %x by way of %q", in, out.Bytes(), text)
			}
		}
	})
}

// TestWriterCutLetter: the beginning of a letter that is never ended is U+FFFD.
func TestWriterCutLetter(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, OrderOf([]byte("\xfe\xff")))
	if _, err := w.Write([]byte("a\xe0\xa4")); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish([]byte("z")); err != nil || out.String() != "\x00a\xff\xfdz" {
		t.Fatalf("%x, %v", out.Bytes(), err)
	}
}
