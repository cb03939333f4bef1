package blob

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// Checker is implemented by stores that can say what may be done in them.
type Checker interface {
	Check(ctx context.Context) ([]connectors.Finding, error)
}

// Examine says what may be done in a store, and whether anything is there.
func Examine(ctx context.Context, s Store) (out []connectors.Finding, err error) {
	if c, ok := s.(Checker); ok {
		if out, err = c.Check(ctx); err != nil {
			return nil, err
		}
	}
	nothing, err := Vacant(ctx, s)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && nothing { // an error was told as one of reaching it
		out = append(out, connectors.Finding{What: "place", Note: "nothing is there, not even an empty folder: is it mounted, and not mistyped?"})
	}
	return out, nil
}

// Check implements [Checker]: it makes and removes a file in the root.
func (s *folder) Check(ctx context.Context) ([]connectors.Finding, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("checking a folder: %w", err)
	}
	root, err := s.openRoot()
	if err != nil {
		return []connectors.Finding{{What: "reachable", Note: err.Error(), Fatal: true}}, nil
	}
	defer root.Close()
	name := tempPrefix + strings.ToLower(rand.Text())
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = root.Remove(name)
	}
	versions := connectors.Finding{What: "versioning", OK: true,
		Note: "a folder keeps no old versions; backups, snapshots and other hard links are out of reach"}
	if err != nil {
		return []connectors.Finding{{What: "permissions", Note: fmt.Sprintf("the folder cannot be written: %v", bare(err))}, versions}, nil
	}
	return []connectors.Finding{{What: "permissions", OK: true, Note: "the folder can be written"}, versions}, nil
}
