package blob

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// identity returns the change time in nanoseconds and the inode.
func identity(fi fs.FileInfo) (int64, uint64) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return st.Ctim.Nano(), st.Ino
	}
	return 0, 0
}

// device returns the number of the device that a file is on.
func device(fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return st.Dev
	}
	return 0
}

// owner returns the user and group of a file.
func owner(fi fs.FileInfo) (uid, gid int, ok bool) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid), int(st.Gid), true
	}
	return 0, 0, false
}

// beingWritten reports whether a program has the file open for writing, under any of its
// names or mapped into memory. The kernel tells: it gives nobody a read lease on such a
// file. Where it gives no leases at all (the file of another user, some network file
// systems) nothing is known, and the answer is no.
func beingWritten(f *os.File) bool {
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	busy := false
	err = c.Control(func(fd uintptr) {
		_, failed := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK)
		busy = errors.Is(failed, unix.EAGAIN)
		if failed == nil {
			// Whoever opens the file meanwhile waits for this.
			_, failed = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
			busy = failed != nil
		}
	})
	return err == nil && busy
}
