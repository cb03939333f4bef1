package lineage

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// dropEmptyLogs removes log files of length 0. A process that was killed right
// after it had created one leaves it behind, and Badger then refuses to open
// although nothing is lost: an empty log holds nothing.
func dropEmptyLogs(dir string) error {
	for _, kind := range []string{"*.vlog", "*.mem"} {
		logs, err := filepath.Glob(filepath.Join(dir, kind))
		if err != nil {
			return fmt.Errorf("look for empty logs: %w", err)
		}
		for _, name := range logs {
			st, err := os.Stat(name)
			if err == nil && st.Size() == 0 {
				err = os.Remove(name)
			}
			if err != nil {
				return fmt.Errorf("clear away an empty log: %w", err)
			}
		}
	}
	return nil
}

func openBadger(dir string, keys *keyring) (*badger.DB, error) {
	if err := dropEmptyLogs(dir); err != nil {
		return nil, err
	}
	db, err := badger.Open(badgerOptions(dir, keys))
	if err != nil {
		return nil, fmt.Errorf("open the graph: %w", err)
	}
	return db, nil
}

// openDB opens the database and lists its tables.
func (g *Graph) openDB() (err error) {
	if g.db, err = openBadger(filepath.Join(g.dir, graphName), g.keys); err == nil {
		g.tables, err = openBlockTables(g.db, g.keys)
	}
	return err
}

func badgerOptions(dir string, keys *keyring) badger.Options {
	return badger.DefaultOptions(dir).
		WithLogger(nil).
		WithEncryptionKey(keys.badger).
		WithIndexCacheSize(32 << 20).
		WithBlockCacheSize(32 << 20).
		WithCompression(options.None).
		WithDetectConflicts(false).
		WithNumVersionsToKeep(1).
		WithMemTableSize(16 << 20).
		WithNumMemtables(3).
		WithValueLogFileSize(64 << 20).
		WithMetricsEnabled(false)
}
