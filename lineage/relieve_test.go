package lineage

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMappedTable(t *testing.T) {
	const dir = "/state/graph.new"
	for _, c := range []struct {
		line        string
		start, size uintptr
	}{
		{"7f00aa000000-7f00aa100000 rw-s 00000000 08:01 1234     /state/graph.new/000001.sst", 0x7f00aa000000, 0x100000},
		{"7f00aa000000-7f00aa100000 rw-p 00000000 08:01 1234     /state/graph.new/000001.sst", 0, 0}, // private: what was written would be lost
		{"7f00aa000000-7f00aa100000 rw-s 00000000 08:01 1234     /state/graph/000001.sst", 0, 0},
		{"7f00aa000000-7f00aa100000 rw-s 00000000 08:01 1234     /state/graph.new/000001.vlog", 0, 0},
		{"7f00aa000000-7f00aa100000 rw-s 00000000 08:01 1234     /state/graph.new/000001.sst (deleted)", 0, 0},
		{"c000000000-c000400000 rw-p 00000000 00:00 0", 0, 0},
		{"c000400000-c000000000 rw-s 00000000 08:01 1234 /state/graph.new/000001.sst", 0, 0},
		{"", 0, 0},
	} {
		start, size, ok := mappedTable(c.line, dir)
		if start != c.start || size != c.size || ok != (c.size > 0) {
			t.Errorf("%q: %x %x %v", c.line, start, size, ok)
		}
	}
}

// TestRelieveKeepsWhatWasWritten writes to a mapped file and looks at it afterwards.
func TestRelieveKeepsWhatWasWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with space")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "1.sst"))
	if err != nil {
		t.Fatal(err)
	}
	const size = 1 << 20
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	data, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("sutra"), size/5)
	before := mapped()
	copy(data, want)
	if n := mapped(); before > 0 && n < size {
		t.Errorf("%d bytes of mapped files are told of, at least %d are in memory", n, size)
	}
	if err := relieve(dir); err != nil {
		t.Fatal(err)
	}
	if maps, err := os.ReadFile("/proc/self/smaps"); err == nil {
		_, part, _ := strings.Cut(string(maps), filepath.Join(dir, "1.sst"))
		_, part, _ = strings.Cut(part, "Rss:")
		if rss := strings.Fields(part); len(rss) == 0 || rss[0] != "0" {
			t.Errorf("%v kB of it are still in memory", rss[:min(1, len(rss))])
		}
	}
	if !bytes.Equal(data[:len(want)], want) {
		t.Error("what was written is lost")
	}
	if err := unix.Munmap(data); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
