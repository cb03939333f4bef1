package format_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/csv"
)

// TestCutOff: a compressed object that ends in the middle is no empty one, wherever it ends.
func TestCutOff(t *testing.T) {
	var text strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&text, "a%d,b%d\n", i*i, i)
	}
	pack := func(open func(io.Writer) (io.WriteCloser, error), text string) string {
		var b bytes.Buffer
		w, err := open(&b)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	gz := func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }
	zst := func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }
	root := t.TempDir()
	for name, full := range map[string]string{"long.gz": pack(gz, text.String()), "long.zst": pack(zst, text.String()), "short.gz": pack(gz, "a,b\n1,2\n"), "short.zst": pack(zst, "a,b\n1,2\n")} {
		for n := 4; n < len(full); n += max(1, len(full)/40) {
			if err := os.WriteFile(filepath.Join(root, fmt.Sprintf("%d.%s", n, name)), []byte(full[:n]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, err := format.OpenSniffed(context.Background(), connectors.Config{Name: "x", URL: "file:" + root}, func(string, []byte) (format.Codec, error) {
		return csv.New("leads", "x", connectors.Collection{Name: "leads"}, csv.Options{}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for u, err := range s.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for b, err := range s.Read(context.Background(), u) {
			told = told || err != nil || len(b.Gaps) > 0
			if err == nil && b.Rows != nil {
				b.Rows.Release()
			}
		}
		if !told {
			t.Errorf("%s is cut off, and nothing is said", u.Key)
		}
	}
}
