// Package blob is the object stores behind s3:// and file: urls, in the few
// words that the connectors need: list, open, replace, delete, always against a
// version that the caller saw. A plain folder is a store too; see [Open].
package blob

import (
	"context"
	"io"
	"iter"
	"time"
)

// Object is one object as a listing shows it.
type Object struct {
	Key      string // relative to the store's url, "/"-separated
	Size     int64  // bytes
	Modified time.Time
	// Version changes whenever the object's bytes may have changed. It is opaque
	// and never personal.
	Version string
}

// Reader is an open object version. It can be read from anywhere, by several
// goroutines.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Writer takes the new content of an object from beginning to end: bytes that are
// written, and ranges of the version that is being replaced, which a store may
// move without reading them.
type Writer interface {
	io.Writer
	// CopyOld appends n bytes of the old version from offset off. A range outside
	// of it is an error.
	CopyOld(off, n int64) error
}

// Store is a folder of objects. Keys are relative to the store's url.
//
// Open, Replace and Delete take the version the caller saw; "" means whatever is
// there. They return an error that wraps connectors.ErrNotFound when the object is
// gone and connectors.ErrChanged when it has another version.
type Store interface {
	// List yields the objects whose key begins with prefix, in key order. A store
	// that keeps old versions lists them too; see [Plain].
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]
	// Stat returns one object.
	Stat(ctx context.Context, key string) (Object, error)
	Open(ctx context.Context, key, version string) (Reader, error)
	// Replace writes a new content for an existing object. It becomes visible
	// whole or not at all, with the old object's mode and owner kept, and leaves
	// nothing of the old content behind. write may be called again, from the
	// beginning, when the store asks for it. An old version ([Plain]) cannot be
	// rewritten: it goes as a whole, and the Object that is returned has no Version.
	Replace(ctx context.Context, key, version string, write func(w Writer) error) (Object, error)
	// Delete removes the object with every version and mark of it, and folders that
	// it leaves empty.
	Delete(ctx context.Context, key, version string) error
	// Sweep removes what an interrupted Replace left behind. It is called before
	// a run that changes objects.
	Sweep(ctx context.Context) error
}

// Lister is implemented by stores in which looking at an object takes time. Listed
// returns what a listing has just said of one, when it had that version then; its
// time is that of the object, not of the file that it was made of. It serves
// those to whom the name tells all, so that they do not ask for each of millions.
type Lister interface {
	Listed(key, version string) (Object, bool)
}

// Bulk is implemented by stores in which many objects can be deleted in few requests.
type Bulk interface {
	// DeleteAll deletes those of the objects that have the given versions and no old
	// versions, markers or unfinished uploads beside them, and reports for each whether
	// it is proven gone. Of the others nothing is said: [Store].Delete deletes them,
	// or tells why not. An error leaves it open for those that are not proven gone.
	DeleteAll(ctx context.Context, list []Object) (gone []bool, err error)
}

// Keeper is implemented by stores that keep old versions of objects.
type Keeper interface {
	// Forget removes old versions of an object: all of them when version is "", else
	// that version, which something else has replaced or hidden meanwhile, and those
	// before it. The current version stays. It finishes what an interrupted Replace or
	// Delete began; an object of which nothing is left is no error.
	Forget(ctx context.Context, key, version string) error
}
