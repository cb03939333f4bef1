package blob

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/cratio/sutra/connectors"
)

// tempPrefix begins the names of files that a Replace is writing. Nothing but
// Sweep sees them.
const tempPrefix = ".sutra-tmp-"

// folder is a store in a folder of the machine. Every call opens the folder
// anew, so it follows a mount that comes and goes, and resolves keys inside it
// only (os.Root): no key and no link leads out.
type folder struct{ root string }

// errWriting is the answer for an object that somebody is writing: what she writes next
// would go to the old content, which has no name any more, and be lost.
var errWriting = errors.New("another program has it open for writing, and what it writes next would be lost; close it there and apply the plan again")

// errIrregular is what Stat and Open say of links, sockets and the like.
var errIrregular = errors.New("not a regular file (a link, a device or a folder)")

// file is an open object.
type file struct {
	*os.File
	size int64
}

func (f *file) Size() int64 { return f.size }

// Stat implements [Store].
func (s *folder) Stat(ctx context.Context, key string) (Object, error) {
	root, o, _, err := s.at(ctx, key, "")
	if err != nil {
		return Object{}, err
	}
	return o, closing("looking at an object", root.Close())
}

// Open implements [Store].
func (s *folder) Open(ctx context.Context, key, version string) (Reader, error) {
	root, o, _, err := s.at(ctx, key, version)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(key, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, wrap("opening an object", err)
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = errIrregular
	}
	if err == nil && versionOf(fi) != o.Version {
		err = connectors.ErrChanged
	}
	if err != nil {
		return nil, errors.Join(wrap("opening an object", err), closing("opening an object", f.Close()))
	}
	return &file{File: f, size: fi.Size()}, nil
}

// Delete implements [Store].
func (s *folder) Delete(ctx context.Context, key, version string) error {
	root, o, _, err := s.at(ctx, key, version)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := unwritten(root, key, o.Version); err != nil {
		return fmt.Errorf("deleting an object: %w", err)
	}
	if err := root.Remove(key); err != nil {
		return wrapWrite("deleting an object", err)
	}
	dir := path.Dir(key)
	for ; dir != "."; dir = path.Dir(dir) {
		empty, err := isEmpty(root, dir)
		if err != nil {
			return wrap("looking into the folder of a deleted object", err)
		}
		if !empty {
			break
		}
		err = root.Remove(dir)
		if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST) {
			break // somebody wrote into it just now
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return wrapWrite("removing an emptied folder", err)
		}
	}
	return syncDir(root, dir)
}

func isEmpty(root *os.Root, dir string) (bool, error) {
	d, err := root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	names, err := d.Readdirnames(1)
	if len(names) > 0 {
		return false, nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return true, nil
}

// at opens the root and looks the object up, at the version if one is given. The
// caller closes the root.
func (s *folder) at(ctx context.Context, key, version string) (*os.Root, Object, fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, Object{}, nil, fmt.Errorf("looking at an object: %w", err)
	}
	if err := checkKey(key); err != nil {
		return nil, Object{}, nil, err
	}
	root, err := s.openRoot()
	if err != nil {
		return nil, Object{}, nil, err
	}
	o, fi, err := stat(root, key, version)
	if err != nil {
		return nil, Object{}, nil, errors.Join(err, closing("looking at an object", root.Close()))
	}
	return root, o, fi, nil
}

func (s *folder) openRoot() (*os.Root, error) {
	root, err := os.OpenRoot(s.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the folder of the source does not exist")
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder of the source: %w", bare(err))
	}
	return root, nil
}

func stat(root *os.Root, key, version string) (Object, fs.FileInfo, error) {
	fi, err := root.Lstat(key)
	if err != nil {
		return Object{}, nil, wrap("looking at an object", err)
	}
	if !fi.Mode().IsRegular() {
		return Object{}, nil, wrap("looking at an object", errIrregular)
	}
	o := objectOf(key, fi)
	if version != "" && o.Version != version {
		return Object{}, nil, wrap("looking at an object", connectors.ErrChanged)
	}
	return o, fi, nil
}

// unwritten refuses an object that another program has open for writing, or that is not
// the given version any more. Whoever may not read it learns the second only.
func unwritten(root *os.Root, key, version string) error {
	f, err := root.OpenFile(key, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		if beingWritten(f) {
			err = errWriting
		}
		err = errors.Join(err, closing("opening an object", f.Close()))
	}
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return wrap("opening an object", err)
	}
	// Who wrote and closed it before it was looked at has left another version.
	_, _, err = stat(root, key, version)
	return err
}

func objectOf(key string, fi fs.FileInfo) Object {
	return Object{Key: key, Size: fi.Size(), Modified: fi.ModTime(), Version: versionOf(fi)}
}

// versionOf hashes size, modification time, change time and inode. A change of
// mode or owner gives a new version too: that costs a read, never a miss.
func versionOf(fi fs.FileInfo) string {
	ctime, inode := identity(fi)
	var b [32]byte
	binary.LittleEndian.PutUint64(b[0:], uint64(fi.Size()))
	binary.LittleEndian.PutUint64(b[8:], uint64(fi.ModTime().UnixNano()))
	binary.LittleEndian.PutUint64(b[16:], uint64(ctime))
	binary.LittleEndian.PutUint64(b[24:], inode)
	sum := sha256.Sum256(b[:])
	return hex.EncodeToString(sum[:16])
}

// checkKey refuses keys that are no path below the root.
func checkKey(key string) error {
	bad := key == "" || strings.ContainsRune(key, 0)
	for _, seg := range strings.Split(key, "/") {
		bad = bad || seg == "" || seg == "." || seg == ".."
	}
	if bad {
		return errors.New("looking at an object: the key is no path inside the source")
	}
	if strings.HasPrefix(path.Base(key), tempPrefix) {
		return fmt.Errorf("looking at an object: %w", connectors.ErrNotFound)
	}
	return nil
}

// bare takes the file name, which may be personal, out of an error.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}

func wrap(doing string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%s: %w", doing, connectors.ErrNotFound)
	}
	return fmt.Errorf("%s: %w", doing, bare(err))
}

func wrapWrite(doing string, err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%s: %w (%w)", doing, connectors.ErrReadOnly, bare(err))
	}
	return wrap(doing, err)
}

func closing(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: closing: %w", doing, bare(err))
}

// syncDir makes the entries of a folder durable.
func syncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return wrap("syncing a folder", err)
	}
	return errors.Join(closing("syncing a folder", d.Sync()), closing("syncing a folder", d.Close()))
}
