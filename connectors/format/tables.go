package format

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/cratio/sutra/connectors/blob"
)

// tableSigns are what tells that a folder holds a table of a table format.
var tableSigns = []struct{ folder, suffix, name string }{
	{"_delta_log/", "", "Delta"}, {"metadata/", ".metadata.json", "Iceberg"}, {".hoodie/", "", "Hudi"},
}

// TableFormat is the [Guard] of sources that have none of their own. It refuses to
// change a file that a table format owns: the table's log would no longer agree
// with it, and its old versions would stay. Table formats own files of columns;
// other files beside a table are not asked about.
func TableFormat(ctx context.Context, store blob.Store, key string) error {
	switch strings.ToLower(path.Ext(key)) {
	case ".parquet", ".orc", ".avro":
	default:
		return nil
	}
	for dir := path.Dir(key); ; dir = path.Dir(dir) {
		base := dir + "/"
		if dir == "." {
			base = ""
		}
		for _, sign := range tableSigns {
			found, err := exists(ctx, store, base+sign.folder, sign.suffix)
			if err != nil {
				return fmt.Errorf("looking for a table format: %w", err)
			}
			if found {
				return fmt.Errorf("the object belongs to a %s table: delete there with the table's own engine, then expire its old snapshots (vacuum)", sign.name)
			}
		}
		if base == "" {
			return nil
		}
	}
}

// exists reports whether an object with the prefix and suffix exists.
func exists(ctx context.Context, store blob.Store, prefix, suffix string) (bool, error) {
	for o, err := range store.List(ctx, prefix) {
		if err != nil && o.Key == "" {
			return false, err
		}
		if strings.HasSuffix(o.Key, suffix) {
			return true, nil
		}
	}
	return false, nil
}
