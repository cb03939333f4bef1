package all

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
)

// TestFaultyObjects: a faulty source of objects follows and looks as the source does, so that
// what is proven on it takes the ways of a real run, and fails where it is to fail.
func TestFaultyObjects(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	if err := os.WriteFile(filepath.Join(dir, "people.csv"), []byte("name,phone\nAsha,9822031415\nBela,9822027182\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Kinds()["files"].Open(ctx, connectors.Config{Name: "files", URL: "file:" + dir + "/",
		Dataset: connectors.Dataset{Key: "files", Collections: []connectors.Collection{{Name: "people", Fields: []connectors.CatalogField{{Name: "phone", Identity: "phone"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	look := func(f connectortest.Faults) (records int, err error) {
		s, ok := connectortest.Faulty(src, f).(connectors.Follower)
		if !ok {
			t.Fatal("a faulty source of objects follows nothing")
		}
		for u, err := range connectortest.Faulty(src, connectortest.Faults{}).Units(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if how, err := s.Follow(ctx, u, nil); (how == nil) != (err != nil) {
				t.Errorf("followed to %v, %v", how, err)
			}
			records, err = lookAt(ctx, s, u, int64(len("name,phone\nAsha,9822031415\n"))+1)
			return records, err
		}
		return 0, errors.New("there is nothing")
	}
	if n, err := look(connectortest.Faults{}); n != 1 || err != nil {
		t.Errorf("no faults: %d records, %v", n, err)
	}
	if n, err := look(connectortest.Faults{ReadAfter: -1}); n != 0 || !errors.Is(err, connectortest.ErrInjected) {
		t.Errorf("a fault: %d records, %v", n, err)
	}
}

// lookAt looks at the second row of a unit.
func lookAt(ctx context.Context, s connectors.Follower, u connectors.Unit, at int64) (n int, err error) {
	for b, err := range s.Look(ctx, u, []connectors.Ref{{Collection: "people", Unit: u.Key, Locator: "row 2", At: at}}) {
		if err != nil {
			return n, err
		}
		if b.Rows != nil {
			n += int(b.Rows.NumRows())
		}
	}
	return n, nil
}
