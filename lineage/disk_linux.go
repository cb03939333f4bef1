package lineage

import (
	"os"

	"golang.org/x/sys/unix"
)

// readCached reads at a place if all of it is in the page cache, and else says that it is
// not: it never waits for the disk.
func readCached(f *os.File, buf []byte, at int64) bool {
	n, err := unix.Preadv2(int(f.Fd()), [][]byte{buf}, at, unix.RWF_NOWAIT)
	return err == nil && n == len(buf)
}

// readAhead has the kernel begin to read. That it cannot is no error: whoever reads waits.
func readAhead(f *os.File, at, n int64) {
	_ = unix.Fadvise(int(f.Fd()), at, n, unix.FADV_WILLNEED)
}
