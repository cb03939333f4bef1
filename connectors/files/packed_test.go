package files

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// TestPackedParquet: of a record in a compressed Parquet object everything is handed over,
// also the columns that are not looked at when it is searched.
func TestPackedParquet(t *testing.T) {
	type row struct {
		Phone string  `parquet:"phone"`
		OK    bool    `parquet:"ok"`
		Paid  float32 `parquet:"paid"`
	}
	var plain, packed bytes.Buffer
	w := parquet.NewGenericWriter[row](&plain)
	_, err := w.Write([]row{{"9876500001", true, 1.5}, {"9876500002", false, 2.5}})
	z := gzip.NewWriter(&packed)
	err = errors.Join(err, w.Close())
	_, zerr := z.Write(plain.Bytes())
	root := t.TempDir()
	err = errors.Join(err, zerr, z.Close(), os.Mkdir(filepath.Join(root, "visits"), 0o755), os.WriteFile(filepath.Join(root, "visits/v.parquet.gz"), packed.Bytes(), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	s := source(t, root)
	for u, err := range s.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for b, err := range connectors.Pick(context.Background(), s, u, []connectors.Ref{{Collection: "visits", Unit: u.Key, Locator: "row 2"}}) {
			if err != nil {
				t.Fatal(err)
			}
			for col := range int(b.Rows.NumCols()) {
				got[b.Rows.ColumnName(col)], _ = connectors.Value(b.Rows, col, int(b.Rows.NumRows())-1)
			}
		}
		if got["phone"] != "9876500002" || got["ok"] != "false" || got["paid"] != "2.5" {
			t.Errorf("picked %v", got)
		}
	}
}
