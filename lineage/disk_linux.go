package lineage

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// The tables of a bulk load are written past the page cache. They are not read soon,
// and would drive out of it what the databases beside sutra need; and the kernel takes
// a hundred times the processor time for pages that it must find first.

// directBlock is what length and place of a direct write, in the file and in memory, must
// be a multiple of: no disk of today asks for more.
const directBlock = 4096

// openDirect makes a file for writeDirect. Where the file system has no direct writes, as
// one in memory, it is a file like any other.
func openDirect(path string) (*os.File, error) {
	const how = os.O_CREATE | os.O_EXCL | os.O_WRONLY
	f, err := os.OpenFile(path, how|syscall.O_DIRECT, 0o600)
	if !errors.Is(err, syscall.EINVAL) {
		return f, err
	}
	// It may have been made before its flags were found wrong.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, how, 0o600)
}

// writeDirect writes what it can of the data but for the last bytes, and returns the
// rest, which is to be written behind it: these, what fills no block, and all where direct
// writes are not taken. A buffer of that size is at a page of its own on Go's heap; were it
// not, the kernel would refuse it.
func writeDirect(f *os.File, data []byte, last int) ([]byte, error) {
	n := max(0, len(data)-last) / directBlock * directBlock
	n, err := f.Write(data[:n])
	if errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	c, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var errno syscall.Errno
	err = c.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_SETFL, 0)
	})
	if err == nil && errno != 0 {
		err = fmt.Errorf("fcntl: %w", errno)
	}
	return data[n:], err
}

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
