package lineage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/cratio/sutra/connectors"
)

// unitsOf loads units of so many records each into a new graph, which it returns open.
func unitsOf(t *testing.T, dir string, sizes ...int) *Graph {
	t.Helper()
	g, err := Create(dir, testKey, Options{direct: -1})
	if err != nil {
		t.Fatal(err)
	}
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range sizes {
		u := connectors.Unit{Key: strconv.Itoa(i), Fingerprint: "1"}
		uw, err := w.Unit("s", u)
		if err != nil {
			t.Fatal(err)
		}
		data := make([][2]Token, n)
		for k := range data {
			data[k] = [2]Token{g.Token("phone", strconv.Itoa(k)), g.Token("email", strconv.Itoa(i*n+k))}
		}
		if err := errors.Join(uw.Add(withTokens(benchRows(n, ""), data)), uw.Commit(UnitState{Unit: u, Records: n})); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return g
}

// tableBlocks compares what Badger says of the blocks with what stands in the tables, and
// returns how many there are and how many of them were found there.
func tableBlocks(t *testing.T, g *Graph) (all, found int) {
	t.Helper()
	var buf []byte
	err := g.prefix([]byte("b"), func(k, v []byte) error {
		name := name16(k[1:])
		var value []byte
		if value, buf = g.tables.read(&name, buf, nil); value != nil {
			found++
			if !bytes.Equal(value, v) {
				t.Errorf("%x: another value", k)
			}
		}
		for i := range 13 { // of another unit, or generation, or far behind
			no := name
			no[i] ^= 0x55
			if value, buf = g.tables.read(&no, buf, nil); value != nil {
				t.Fatalf("%x is there", no)
			}
		}
		all++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, found
}

// TestBlockTables looks for blocks of a few bytes, of which many share a part of a table,
// and for large ones.
func TestBlockTables(t *testing.T) {
	dir := t.TempDir()
	sizes := []int{60_000, 500, 128, 1}
	for range 200 {
		sizes = append(sizes, 1+len(sizes)%7)
	}
	g := unitsOf(t, dir, sizes...)
	all, found := tableBlocks(t, g)
	if all < 600 || found != all {
		t.Fatalf("%d of %d blocks", found, all)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	g, err := Open(dir, testKey, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if again, found := tableBlocks(t, g); again != all || found != all {
		t.Fatalf("%d of %d blocks, not %d, when it is opened again", found, again, all)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBlockTablesAreLeft takes away and damages what the tables are read from: Badger is
// asked then.
func TestBlockTablesAreLeft(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"gone":      os.Remove,
		"empty":     func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
		"cut short": func(path string) error { return rewrite(path, func(b []byte) []byte { return b[:len(b)/2] }) },
		"index changed": func(path string) error {
			return rewrite(path, func(b []byte) []byte { b[len(b)-40]++; return b })
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := unitsOf(t, t.TempDir(), 1000)
			tables, err := filepath.Glob(filepath.Join(g.dir, graphName, "*.sst"))
			if err != nil || len(tables) == 0 {
				t.Fatalf("no tables (%v)", err)
			}
			for _, path := range tables {
				if err := harm(path); err != nil {
					t.Fatal(err)
				}
			}
			if all, found := tableBlocks(t, g); all == 0 || found > 0 {
				t.Fatalf("%d of %d blocks", found, all)
			}
			st, err := g.Unit("s", "0")
			if err != nil {
				t.Fatal(err)
			}
			list, err := g.Load([]RID{RID(uint64(st.ID)<<32 | 7)})
			if err != nil || len(list) != 1 || list[0].Record.Locator != "row 8" {
				t.Fatalf("%v %v", list, err)
			}
			if err := g.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// rewrite replaces a file by a changed one, and leaves who has it open with the old one.
func rewrite(path string, change func([]byte) []byte) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return errors.Join(os.Remove(path), os.WriteFile(path, change(data), 0o600))
}

// TestBlockTablesAreBounded lets the indexes take no memory.
func TestBlockTablesAreBounded(t *testing.T) {
	g := unitsOf(t, t.TempDir(), 1000)
	g.tables.bytes.Store(indexBytes + 1)
	if all, found := tableBlocks(t, g); all != 8 || found > 0 {
		t.Errorf("%d of %d blocks", found, all)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBlockTablesOfWhatWasDeleted deletes a block, and has Badger merge that into the last
// level: a deleted block is not found.
func TestBlockTablesOfWhatWasDeleted(t *testing.T) {
	dir := t.TempDir()
	g := unitsOf(t, dir, 500)
	st, err := g.Unit("s", "0")
	if err != nil {
		t.Fatal(err)
	}
	name := blockName(st.ID, st.Generation, 1)
	key := cat([]byte("b"), name[:])
	err = g.update(func(tx *badger.Txn) error { return tx.Delete(key) })
	if err = errors.Join(err, g.db.Flatten(1), g.Close()); err != nil {
		t.Fatal(err)
	}
	if g, err = Open(dir, testKey, Options{}); err != nil {
		t.Fatal(err)
	}
	// Badger keeps what was deleted while it does not know yet that what opening the graph
	// has read is read to the end; it notes that in the background.
	time.Sleep(100 * time.Millisecond)
	if err := g.db.Flatten(1); err != nil { // what was in memory is in a table now
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if g, err = Open(dir, testKey, Options{}); err != nil {
		t.Fatal(err)
	}
	if value, _ := g.tables.read(&name, nil, nil); value != nil {
		t.Error("it is there")
	}
	if all, _ := tableBlocks(t, g); all != 3 {
		t.Errorf("%d blocks", all)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}

// tablePart is a part of a table with one entry, as Badger writes it.
func tablePart(key, value []byte) []byte {
	out := binary.NativeEndian.AppendUint16(binary.NativeEndian.AppendUint16(nil, 0), uint16(len(key)+8))
	out = append(append(append(out, key...), make([]byte, 8)...), 0, 0, 0)
	out = append(out, value...)
	out = binary.BigEndian.AppendUint32(append(out, 0, 0, 0, 0), 1)
	return binary.BigEndian.AppendUint32(append(out, "sum"...), 3)
}

// FuzzEntryIn looks for a key in damaged parts of tables.
func FuzzEntryIn(f *testing.F) {
	key := []byte("b0123456789abcdef")
	whole := tablePart(key, []byte("value"))
	if got := entryIn(bytes.Clone(whole), key); string(got) != "value" {
		f.Fatalf("%q", got)
	}
	deleted := bytes.Clone(whole)
	deleted[4+len(key)+8] = 1
	if got := entryIn(deleted, key); got != nil {
		f.Fatalf("%q of a deleted one", got)
	}
	f.Add(whole)
	f.Add(deleted)
	f.Add(whole[:10])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, part []byte) {
		if v := entryIn(part, key); len(v) > len(part) {
			t.Fatal(len(v))
		}
	})
}
