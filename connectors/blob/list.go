package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// List implements [Store]. The names of one folder at a time are held in memory,
// to be sorted; keys come in the order of their bytes, whatever the folders.
//
// An error that comes with an Object that has a Key concerns only that entry (a
// link, a device), and the listing goes on. An error without a Key ends the
// listing: the root is missing, or a folder below it cannot be read, so that the
// rest must not be taken for all there is.
func (s *folder) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		fi, err := os.Stat(s.root)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = errors.New("the folder of the source does not exist")
		case err == nil && !fi.IsDir():
			err = errors.New("the source is no folder")
		}
		if err != nil {
			yield(Object{}, fmt.Errorf("listing objects: %w", bare(err)))
			return
		}
		base := prefix[:strings.LastIndexByte(prefix, '/')+1]
		there, err := s.hasFolder(base)
		if err != nil {
			yield(Object{}, err)
			return
		}
		if there {
			w := &walk{ctx: ctx, root: s.root, prefix: prefix, yield: yield}
			w.folder(base)
		}
	}
}

// Vacant implements [connectors.Vacancy]. An empty folder in it tells that a folder is the
// right one, and no mount point without its mount.
func (s *folder) Vacant(ctx context.Context) (bool, error) {
	list, err := entries(s.root)
	if err != nil {
		return false, fmt.Errorf("listing objects: %w", bare(err))
	}
	return len(list) == 0, ctx.Err()
}

// Place implements [connectors.Vacancy]: the folder, and the device that it is on.
func (s *folder) Place(ctx context.Context) (string, error) {
	fi, err := os.Stat(s.root)
	if err != nil {
		return "", fmt.Errorf("looking at the folder of the source: %w", bare(err))
	}
	return fmt.Sprintf("file:%s on %d", s.root, device(fi)), ctx.Err()
}

// hasFolder reports whether base ("" or "a/b/") is a folder below the root, with
// no link on the way, so that a listing may begin there.
func (s *folder) hasFolder(base string) (bool, error) {
	if base == "" {
		return true, nil
	}
	if err := checkKey(base + "x"); err != nil {
		return false, err
	}
	for i := range base {
		if base[i] != '/' {
			continue
		}
		fi, err := os.Lstat(filepath.Join(s.root, filepath.FromSlash(base[:i])))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("listing objects: %w", bare(err))
		}
		if !fi.IsDir() {
			return false, nil
		}
	}
	return true, nil
}

type walk struct {
	ctx    context.Context
	root   string
	prefix string
	yield  func(Object, error) bool
}

type entry struct {
	name string // with "/" behind for a folder
	mode fs.FileMode
}

// folder walks the folder whose keys begin with base ("" or "a/b/"), and
// reports whether to go on.
func (w *walk) folder(base string) bool {
	list, err := entries(filepath.Join(w.root, filepath.FromSlash(base)))
	if base != "" && errors.Is(err, fs.ErrNotExist) {
		return true // it went since its parent was read
	}
	if err != nil {
		w.yield(Object{}, fmt.Errorf("listing objects: reading a folder: %w", bare(err)))
		return false
	}
	for _, e := range list {
		if err := w.ctx.Err(); err != nil {
			w.yield(Object{}, fmt.Errorf("listing objects: %w", err))
			return false
		}
		key := base + e.name
		if !strings.HasPrefix(key, w.prefix) && !(e.mode.IsDir() && strings.HasPrefix(w.prefix, key)) {
			continue
		}
		next := w.object
		if e.mode.IsDir() {
			next = w.folder
		}
		if !next(key) {
			return false
		}
	}
	return true
}

func (w *walk) object(key string) bool {
	fi, err := os.Lstat(filepath.Join(w.root, filepath.FromSlash(key)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true // it went since its folder was read
	case err != nil:
		return w.yield(Object{Key: key}, fmt.Errorf("looking at an object: %w", bare(err)))
	case !fi.Mode().IsRegular():
		return w.yield(Object{Key: key}, fmt.Errorf("looking at an object: %w", errIrregular))
	}
	return w.yield(objectOf(key, fi), nil)
}

// entries reads a folder, in the order of the keys below it: a folder sorts as
// its name with a "/" behind. Temporaries are left out.
func entries(dir string) ([]entry, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var out []entry
	for {
		part, err := d.ReadDir(1024)
		for _, e := range part {
			name := e.Name()
			if strings.HasPrefix(name, tempPrefix) {
				continue
			}
			if e.IsDir() {
				name += "/"
			}
			out = append(out, entry{name, e.Type()})
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return out, nil
}
