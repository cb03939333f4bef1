package blob

import (
	"os"

	"golang.org/x/sys/unix"
)

// flushSoon asks the system to begin writing a range of a file to its disk, and does
// not wait for it. What comes of it is seen when the file is synced.
func flushSoon(f *os.File, off, n int64) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = c.Control(func(fd uintptr) {
		failed = unix.SyncFileRange(int(fd), off, n, unix.SYNC_FILE_RANGE_WRITE)
	})
	if err != nil {
		return err
	}
	return failed
}
