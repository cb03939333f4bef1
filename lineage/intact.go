package lineage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// ErrDamaged is the error of a graph whose files are not as they were written.
var ErrDamaged = errors.New("the graph is damaged: put the state folder's graph back from a backup, or move it away and scan anew, which says what is lost with it")

// intact looks at the files of a database before Badger does, which takes tables without
// a manifest for rubbish and removes them, and panics at one whose end is missing. It
// returns false when there is no database.
func intact(dir string) (some bool, err error) {
	manifest, err := readManifest(dir)
	if errors.Is(err, os.ErrNotExist) {
		tables, gerr := filepath.Glob(filepath.Join(dir, "*.sst"))
		if gerr != nil || len(tables) == 0 {
			return false, gerr
		}
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	for id := range manifest.Tables { // others are left of a process that was killed
		f, err := os.Open(table.NewFilename(id, dir))
		if err == nil {
			_, err = readTableIndex(f)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			return false, fmt.Errorf("%w: %s: %w", ErrDamaged, table.NewFilename(id, dir), err)
		}
	}
	return true, nil
}

// readManifest reads which tables a database has.
func readManifest(dir string) (badger.Manifest, error) {
	file, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if err != nil {
		return badger.Manifest{}, fmt.Errorf("read the manifest of the graph: %w", err)
	}
	manifest, _, err := badger.ReplayManifestFile(file, 0, badger.DefaultOptions(dir).WithLogger(nil))
	if err = errors.Join(err, file.Close()); err != nil {
		return manifest, fmt.Errorf("read the manifest of the graph: %w", err)
	}
	return manifest, nil
}
