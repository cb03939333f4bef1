package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// leastRoom is what the disk of the state folder must have free, in bytes, for a
// job to begin or to go on. The graph writes through mapped memory, where a full
// disk ends the process in the middle instead of giving an error.
const leastRoom = 64 << 20

// room returns an error when the disk of a folder, which need not be there yet, is
// about to be full. What was done so far stands, and the same command goes on later.
func room(dir string) error {
	var st unix.Statfs_t
	err := unix.Statfs(dir, &st)
	for ; errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir); err = unix.Statfs(dir, &st) {
		dir = filepath.Dir(dir)
	}
	if err != nil {
		return fmt.Errorf("look for room on the disk of the state folder: %w", err)
	}
	if free := st.Bavail * uint64(st.Bsize); free < leastRoom {
		return fmt.Errorf("the disk of the state folder is almost full: %d MiB are free, %d are needed; make room and run the command again", free>>20, leastRoom>>20)
	}
	return nil
}
