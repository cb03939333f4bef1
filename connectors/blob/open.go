package blob

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// Open returns the store behind a url: "file:" followed by the absolute path of a
// folder ("file:///path" is the same), or "s3://bucket/prefix/". The folder or
// bucket need not exist yet: that it is missing is an error of each call, because a
// source that vanished is not an empty one. A store that is an io.Closer wants to
// be closed.
func Open(ctx context.Context, url string) (Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("opening a store: %w", err)
	}
	scheme, rest, ok := strings.Cut(url, ":")
	if !ok {
		return nil, fmt.Errorf("opening a store: the url has no scheme; want file: or s3://")
	}
	switch scheme {
	case "file":
		return openFolder(rest)
	case "s3":
		bucket, ok := strings.CutPrefix(rest, "//")
		if !ok {
			return nil, fmt.Errorf("opening a store: an S3 url begins with s3://")
		}
		return openS3(bucket, s3Options{})
	default:
		return nil, fmt.Errorf("opening a store: unknown scheme %q; want file: or s3://", scheme)
	}
}

// openFolder takes what follows "file:".
func openFolder(rest string) (Store, error) {
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		rest = after
	}
	if !filepath.IsAbs(rest) {
		return nil, fmt.Errorf("opening a store: the path of a file: url must be absolute")
	}
	return &folder{root: filepath.Clean(rest)}, nil
}

// Region returns where a store stands: the name of a region, or "" for this
// machine.
func Region(ctx context.Context, s Store) (string, error) {
	if l, ok := s.(connectors.Located); ok {
		return l.Region(ctx)
	}
	return "", nil
}

// Replicas returns where a store's own copies of it stand; see [connectors.Replicated].
func Replicas(ctx context.Context, s Store) ([]string, error) {
	if r, ok := s.(connectors.Replicated); ok {
		return r.Replicas(ctx)
	}
	return nil, nil
}

// Vacant reports that nothing at all is in a store; see [connectors.Vacancy].
func Vacant(ctx context.Context, s Store) (bool, error) {
	if v, ok := s.(connectors.Vacancy); ok {
		return v.Vacant(ctx)
	}
	return false, nil
}

// Place names the place of a store, "" when that is not known; see [connectors.Vacancy].
func Place(ctx context.Context, s Store) (string, error) {
	if v, ok := s.(connectors.Vacancy); ok {
		return v.Place(ctx)
	}
	return "", nil
}

// Close gives back what a store holds.
func Close(s Store) error {
	if c, ok := s.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Find yields the object of a name, and the old versions of its key.
func Find(ctx context.Context, s Store, name string) iter.Seq2[Object, error] {
	key, _ := Plain(name)
	return func(yield func(Object, error) bool) {
		for o, err := range s.List(ctx, key) {
			if found, _ := Plain(o.Key); found != key && o.Key != "" {
				return // keys that only begin like it come later
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// Old reports whether a name is that of an old version. A key that holds the mark of
// one itself is taken for current.
func Old(s Store, name string) bool {
	if _, ok := s.(Keeper); !ok {
		return false
	}
	key, id := Plain(name)
	return id != "" && !strings.Contains(key, versionMark)
}

// Forget calls the store's [Keeper], if it is one.
func Forget(ctx context.Context, s Store, key, version string) error {
	if k, ok := s.(Keeper); ok {
		return k.Forget(ctx, key, version)
	}
	return nil
}
