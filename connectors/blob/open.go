package blob

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// Open returns the store behind a url: "file:" followed by the absolute path of a
// folder ("file:///path" is the same). The folder need not exist yet: that it is
// missing is an error of each call, because a source that vanished is not an
// empty one.
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
		return nil, fmt.Errorf("opening a store: this build has no S3 store yet; use a file: url")
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
