package lineage

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// What is written past the page cache stands in the file like anything else, whatever its
// length, and also where the kernel refuses a direct write: of a buffer that begins in the
// middle of a page.
func TestWriteFresh(t *testing.T) {
	rest := rand.NewChaCha8([32]byte{1})
	for _, n := range []int{0, 1, 4095, 4096, freshIndex, freshIndex + 4096, freshIndex + 4097, 1 << 20, 1<<20 + 77} {
		for _, shift := range []int{0, 1} {
			data := make([]byte, n+shift)[shift:]
			if _, err := rest.Read(data); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "table")
			f, err := writeFresh(path, data)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(f.Sync(), f.Close()); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, shifted by %d: the file has %d, %v", n, shift, len(got), err)
			}
			if _, err := writeFresh(path, data); !errors.Is(err, os.ErrExist) {
				t.Errorf("a file that is there already: %v", err)
			}
		}
	}
}
