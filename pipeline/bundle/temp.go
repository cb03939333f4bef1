package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// tempDir is the folder beside the output in which a bundle is made. It is locked
// as long as its process lives, so that one left by a crash can be told from one
// in use.
type tempDir struct {
	path string
	lock *os.File
}

func tempPrefix(path string) string { return "." + filepath.Base(path) + ".partial-" }

// newTempDir removes what crashed runs left of this path, and makes a folder.
func newTempDir(path string) (*tempDir, error) {
	if err := sweep(path); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), tempPrefix(path)) // 0700
	if err != nil {
		return nil, err
	}
	lock, err := os.Open(dir)
	if err == nil {
		err = flock(lock)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &tempDir{dir, lock}, nil
}

// sweep removes the unlocked folders of earlier runs.
func sweep(path string) error {
	dir := filepath.Dir(path)
	found, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, d := range found {
		if !d.IsDir() || !strings.HasPrefix(d.Name(), tempPrefix(path)) {
			continue
		}
		if err := sweepOne(filepath.Join(dir, d.Name())); err != nil {
			return fmt.Errorf("remove what a crash left of an earlier bundle: %w", err)
		}
	}
	return nil
}

func sweepOne(dir string) (err error) {
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := flock(f); errors.Is(err, unix.EWOULDBLOCK) {
		return nil // in use
	} else if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

func flock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// create makes a new file, for the owner only.
func (t *tempDir) create(name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(t.path, name), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
}

// spoolFile makes a new file of any name.
func (t *tempDir) spoolFile() (*os.File, error) { return os.CreateTemp(t.path, "spool-*") }

// remove deletes the folder with all that is in it.
func (t *tempDir) remove() error {
	return errors.Join(os.RemoveAll(t.path), t.lock.Close())
}

// publish gives the finished file its name, never over another, and makes that
// durable.
func (t *tempDir) publish(name, path string) error {
	from := filepath.Join(t.path, name)
	err := os.Link(from, path)
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if err != nil { // a file system without links
		if _, err := os.Lstat(path); err == nil {
			return ErrExists
		}
		if err := os.Rename(from, path); err != nil {
			return err
		}
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
