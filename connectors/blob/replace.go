package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
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
func (s *folder) Replace(ctx context.Context, key, version string, write func(w io.Writer) error) (Object, error) {
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
	err = fill(f, fi, write)
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

// fill writes the new content, gives it the old mode and owner, and closes it.
func fill(f *os.File, old fs.FileInfo, write func(w io.Writer) error) error {
	err := write(f)
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
// that was read.
func commit(ctx context.Context, root *os.Root, key, version, tmp string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, _, err := stat(root, key, version); err != nil {
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
