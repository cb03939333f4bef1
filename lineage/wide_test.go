package lineage

import (
	"fmt"
	"slices"
	"testing"

	"github.com/dgraph-io/badger/v4"
)

// TestWideBuckets updates a graph by flushes of many postings and of few: it is as one
// that was loaded at once, before it is written afresh and after.
func TestWideBuckets(t *testing.T) {
	fresh := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, fresh)
	loadUnits(t, fresh, 0, 40, 2)
	dir := t.TempDir()
	g := openWith(t, dir, Options{direct: 1 << 30})
	defer func() { closeGraph(t, g) }()
	for _, x := range [][3]int{{0, 40, 1}, {3, 4, 3}, {3, 4, 2}, {0, 3, 2}, {36, 40, 2}, {4, 36, 2}, {7, 8, 1}, {7, 8, 2}} {
		loadUnits(t, g, x[0], x[1], x[2])
	}
	if got := g.updated.Load(); got != narrowUpdates|wideUpdates {
		t.Errorf("the flushes made segments of kinds %b: they were to be of both", got)
	}
	sameContents(t, "updated", fresh, g)
	samePages(t, g)
	closeGraph(t, g)
	g = openWith(t, dir, Options{direct: 1 << 30})
	if got := g.updated.Load(); got != narrowUpdates|wideUpdates {
		t.Errorf("opened again, the graph has segments of kinds %b", got)
	}
	sameContents(t, "opened again", fresh, g)
	if err := g.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := g.updated.Load(); got != 0 {
		t.Errorf("written afresh, the graph has segments of kinds %b", got)
	}
	sameContents(t, "written afresh", fresh, g)
}

// TestOnlyWideBuckets reads a graph whose updates were all of few postings: what stands
// in the buckets is found beside them.
func TestOnlyWideBuckets(t *testing.T) {
	fresh := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, fresh)
	loadUnits(t, fresh, 0, 40, 1)
	loadUnits(t, fresh, 5, 8, 2)
	g := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, g)
	loadUnits(t, g, 0, 40, 1)
	g.opt = Options{direct: 1 << 30}
	loadUnits(t, g, 5, 8, 2)
	if got := g.updated.Load(); got != wideUpdates {
		t.Errorf("few postings made segments of kinds %b", got)
	}
	sameContents(t, "a few updated", fresh, g)
	samePages(t, g)
}

// samePages reads all buckets with the chunks of wide ones kept, and without.
func samePages(t *testing.T, g *Graph) {
	t.Helper()
	read := func(keep int) (out []string) {
		err := g.view(func(tx *badger.Txn) error {
			b := g.newBuckets(tx)
			defer b.close()
			b.keep = keep
			for bucket := range uint32(1) << g.bits {
				list, err := b.all(bucket)
				if err != nil {
					return err
				}
				for i := range list {
					if name := list[i].name(); bucketOf(&name, g.bits) != bucket {
						t.Fatalf("bucket %d holds a token of bucket %d", bucket, bucketOf(&name, g.bits))
					}
				}
				out = append(out, fmt.Sprint(list))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	kept, streamed := read(widePageBytes), read(0)
	if !slices.Equal(kept, streamed) {
		t.Error("buckets are read otherwise when the chunks of wide ones are not kept")
	}
}
