package lineage

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/dgraph-io/badger/v4"
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
	onDisk := evict(t, r)
	const at, n = 300_001, 20_000
	buf := make([]byte, n)
	if readCached(r, buf, at) && onDisk {
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

// evict drops a file from the page cache; false where it has no other place.
func evict(t *testing.T, f *os.File) bool {
	t.Helper()
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &fs); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
	return fs.Type != unix.TMPFS_MAGIC
}

// resident reports whether a part of a file is in the page cache, without asking for it: a
// read that would not wait has the kernel fetch what it did not find.
func resident(t *testing.T, f *os.File, at, n int) bool {
	t.Helper()
	page := os.Getpagesize()
	from := at / page * page
	m, err := unix.Mmap(int(f.Fd()), int64(from), at+n-from, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Munmap(m); err != nil {
			t.Error(err)
		}
	}()
	pages := make([]byte, (len(m)+page-1)/page)
	if _, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), uintptr(unsafe.Pointer(&pages[0]))); errno != 0 {
		t.Fatal(errno)
	}
	return !slices.ContainsFunc(pages, func(p byte) bool { return p&1 == 0 })
}

// TestBlocksAhead reads the first of a list of blocks from the disk: the last one comes into
// the page cache with it, although nobody has asked for it yet.
func TestBlocksAhead(t *testing.T) {
	g := unitsOf(t, t.TempDir(), 60_000)
	defer closeGraph(t, g)
	st, err := g.Unit("s", "0")
	if err != nil {
		t.Fatal(err)
	}
	var list []wanted
	for no := range uint32(aheadBlocks) {
		list = append(list, wanted{st, no * 5, nil})
	}
	of := func(no uint32) (*blockTable, blockAt) {
		name := blockName(st.ID, st.generationOf(no), no)
		key := keyInTable(&name)
		return g.tables.find(&key)
	}
	onDisk := false
	for _, b := range list { // the tables are opened, and read from the disk again
		x, _ := of(b.no)
		if x == nil {
			t.Fatalf("block %d is in no table", b.no)
		}
		onDisk = evict(t, x.file)
	}
	last, at := of(list[len(list)-1].no)
	there := func() bool { return resident(t, last.file, int(at.offset), int(at.size)) }
	if there() && onDisk {
		t.Fatal("the last block is in the page cache before anything was read")
	}
	r := &rowReader{g: g, rest: list[1:]}
	if err := g.view(func(tx *badger.Txn) error {
		_, err := r.block(tx, st, list[0].no, []RID{RID(uint64(st.ID) << 32)})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range 1000 { // ten seconds, if the disk is that slow
		if there() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the last block was not read ahead")
}
