package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/cratio/sutra/connectors"
)

// active holds the paths of the temporaries that this process is writing, so
// that a Sweep does not take them for leftovers.
var active sync.Map

// Replace implements [Store]. The new content goes to a temporary in the same
// folder, is synced, and takes the object's name by a rename. Mode and, where
// allowed, owner are kept; extended attributes and times are not. Other hard
// links to the object keep the old content: they are objects of their own.
// Between the last look at the version and the rename lies an instant that no
// folder can close.
func (s *folder) Replace(ctx context.Context, key, version string, write func(w Writer) error) (Object, error) {
	root, old, fi, err := s.at(ctx, key, version)
	if err != nil {
		return Object{}, err
	}
	defer root.Close()
	tmp := path.Join(path.Dir(key), tempPrefix+strings.ToLower(rand.Text()))
	abs := filepath.Join(s.root, filepath.FromSlash(tmp))
	active.Store(abs, true)
	defer active.Delete(abs)
	f, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Object{}, wrapWrite("replacing an object", err)
	}
	err = withOld(root, key, old.Version, f, func(w *fileWriter) error { return fill(f, fi, func() error { return write(w) }) })
	if err == nil {
		err = commit(ctx, root, key, old.Version, tmp)
	}
	if err != nil {
		if gone := root.Remove(tmp); gone != nil {
			err = errors.Join(err, wrapWrite("removing a temporary file", gone))
		}
		return Object{}, fmt.Errorf("replacing an object: %w", err)
	}
	if err := syncDir(root, path.Dir(key)); err != nil {
		return Object{}, fmt.Errorf("replacing an object: %w", err)
	}
	next, _, err := stat(root, key, "")
	return next, err
}

// fileWriter writes a temporary; old is the file that it will replace. The disk works
// while the content is still being made, so that the sync at the end waits for little.
type fileWriter struct {
	*os.File
	old     *os.File
	n       int64 // bytes so far
	flushed int64 // bytes of them that the disk was asked to take
}

// flushBytes is how much is handed to the disk at a time.
const flushBytes = 8 << 20

// Write implements io.Writer.
func (w *fileWriter) Write(b []byte) (int, error) {
	n, err := w.File.Write(b)
	w.wrote(int64(n))
	return n, err
}

// ReadFrom implements io.ReaderFrom.
func (w *fileWriter) ReadFrom(r io.Reader) (int64, error) {
	n, err := w.File.ReadFrom(r)
	w.wrote(n)
	return n, err
}

// wrote counts bytes. That the disk is not asked is no failure: the sync tells whether
// it has them.
func (w *fileWriter) wrote(n int64) {
	if w.n += n; w.n-w.flushed < flushBytes {
		return
	}
	if flushSoon(w.File, w.flushed, w.n-w.flushed) != nil {
		w.flushed = math.MaxInt64 // not here
		return
	}
	w.flushed = w.n
}

// CopyOld implements [Writer]. Where the system can, the bytes never leave it.
func (w *fileWriter) CopyOld(off, n int64) error {
	if _, err := w.old.Seek(off, io.SeekStart); err != nil {
		return wrap("copying a part of an object", err)
	}
	done := int64(0)
	var err error
	for done < n && err == nil {
		var k int64
		k, err = io.CopyN(w.File, w.old, min(n-done, flushBytes))
		done += k
		w.wrote(k)
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("copying a part of an object: it ends after %d of %d bytes", done, n)
	}
	if err != nil {
		return wrap("copying a part of an object", err)
	}
	return nil
}

// withOld opens the version that is being replaced while fn runs.
func withOld(root *os.Root, key, version string, f *os.File, fn func(w *fileWriter) error) error {
	old, err := root.OpenFile(key, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return errors.Join(wrap("opening the old content", err), closing("writing", f.Close()))
	}
	fi, err := old.Stat()
	if err == nil && versionOf(fi) != version {
		err = connectors.ErrChanged
	}
	if err == nil && beingWritten(old) {
		err = errWriting // it would be refused at the end, too
	}
	if err != nil {
		return errors.Join(wrap("opening the old content", err), closing("writing", f.Close()), closing("reading", old.Close()))
	}
	return errors.Join(fn(&fileWriter{File: f, old: old}), closing("reading", old.Close()))
}

// fill writes the new content, gives it the old mode and owner, and closes it.
func fill(f *os.File, old fs.FileInfo, write func() error) error {
	err := write()
	if err == nil {
		err = keepMode(f, old)
	}
	if err == nil {
		err = closing("syncing", f.Sync())
	}
	return errors.Join(err, closing("writing", f.Close()))
}

func keepMode(f *os.File, old fs.FileInfo) error {
	if uid, gid, ok := owner(old); ok && (uid != os.Geteuid() || gid != os.Getegid()) {
		// Only a privileged process may give a file away; others keep the object
		// readable through its mode.
		if err := f.Chown(uid, gid); err != nil && !errors.Is(err, fs.ErrPermission) {
			return wrap("keeping the owner", err)
		}
	}
	if err := f.Chmod(old.Mode().Perm()); err != nil {
		return wrap("keeping the mode", err)
	}
	return nil
}

// commit gives the temporary the object's name, if the object is still the one
// that was read and nobody is writing it.
func commit(ctx context.Context, root *os.Root, key, version, tmp string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := unwritten(root, key, version); err != nil {
		return err
	}
	if err := root.Rename(tmp, key); err != nil {
		return wrapWrite("renaming", err)
	}
	return nil
}

// Sweep implements [Store].
func (s *folder) Sweep(ctx context.Context) error {
	root, err := s.openRoot()
	if err != nil {
		return err
	}
	defer root.Close()
	err = filepath.WalkDir(s.root, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went since its parent was read
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !d.Type().IsRegular() || !strings.HasPrefix(d.Name(), tempPrefix) {
			return nil
		}
		if _, busy := active.Load(p); busy {
			return nil
		}
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	if err != nil {
		return wrapWrite("sweeping temporary files", bare(err))
	}
	return nil
}
