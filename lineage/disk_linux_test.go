package lineage

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What is not in the page cache is not waited for; what was read is there, byte for byte.
func TestReadCached(t *testing.T) {
	data := make([]byte, 1<<20)
	if _, err := rand.NewChaCha8([32]byte{2}).Read(data); err != nil {
		t.Fatal(err)
	}
	r, err := os.Create(filepath.Join(t.TempDir(), "table"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := r.Sync(); err != nil {
		t.Fatal(err)
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(r.Fd()), &fs); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fadvise(int(r.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
	const at, n = 300_001, 20_000
	buf := make([]byte, n)
	if readCached(r, buf, at) && fs.Type != unix.TMPFS_MAGIC {
		t.Error("it was read without the disk, which alone has it")
	}
	readAhead(r, at, n)
	if _, err := r.ReadAt(buf, at); err != nil {
		t.Fatal(err)
	}
	clear(buf)
	if !readCached(r, buf, at) || !bytes.Equal(buf, data[at:at+n]) {
		t.Error("what was read is not in the page cache, or is something else")
	}
	if readCached(r, buf, int64(len(data)-10)) {
		t.Error("more was read than there is")
	}
}
