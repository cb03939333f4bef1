package lineage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"golang.org/x/sync/errgroup"
)

// freshEntries calls fn with entries of a range: mostly small ones, and some that are
// longer than what Badger keeps in tables itself. There are several tables of them.
func freshEntries(kind byte, fn func(key, value []byte) error) error {
	for i := range uint32(3000) {
		value := bytes.Repeat(u32(i), 500)
		if i%1000 == 7 {
			value = bytes.Repeat(u32(i), 1<<19)
		}
		if err := fn(append([]byte{kind}, u32(i)...), value); err != nil {
			return err
		}
	}
	return nil
}

func testKeys(t *testing.T) *keyring {
	keys, err := newKeyring(testKey)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestFreshDatabase has Badger open what was written, read all and write to it.
func TestFreshDatabase(t *testing.T) {
	dir, keys := filepath.Join(t.TempDir(), "db"), testKeys(t)
	f, err := createFresh(context.Background(), dir, keys)
	if err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	for _, kind := range []byte("ca") {
		group.Go(func() error {
			s := &stream{ctx: context.Background(), db: f, written: func(int64) error { return nil }}
			defer s.drop()
			return errors.Join(freshEntries(kind, s.set), s.flush())
		})
	}
	if err := errors.Join(group.Wait(), f.finish()); err != nil {
		t.Fatal(err)
	}
	if len(f.tables) < 4 {
		t.Fatalf("%d tables", len(f.tables))
	}
	if _, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: dir, ReadOnly: true, EncryptionKey: make([]byte, 32)}); !errors.Is(err, badger.ErrEncryptionKeyMismatch) {
		t.Fatalf("another key opens it (%v)", err)
	}
	for try := range 2 { // the second time with what the first one wrote
		db, err := openBadger(dir, keys)
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(func(tx *badger.Txn) error {
			for _, kind := range []byte("ac") {
				err := freshEntries(kind, func(key, value []byte) error {
					if try == 1 && kind == 'a' && binary.BigEndian.Uint32(key[1:]) == 9 {
						value = []byte("new")
					}
					item, err := tx.Get(key)
					if err != nil {
						return err
					}
					return item.Value(func(v []byte) error {
						if !bytes.Equal(v, value) {
							t.Errorf("%x: another value", key)
						}
						return nil
					})
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			err = db.Update(func(tx *badger.Txn) error { return tx.Set(append([]byte("a"), u32(9)...), []byte("new")) })
		}
		if err = errors.Join(err, db.VerifyChecksum(), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFreshDatabaseHidesWhatItHolds looks for the entries in the files.
func TestFreshDatabaseHidesWhatItHolds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	f, err := createFresh(context.Background(), dir, testKeys(t))
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{ctx: context.Background(), db: f, written: func(int64) error { return nil }}
	if err := errors.Join(s.set([]byte("a key of its own"), []byte("a value of its own")), s.flush(), f.finish()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("of its own")) {
			t.Errorf("%s tells it", file.Name())
		}
	}
}

// TestFreshDatabaseFails makes the writing of a table fail, and interrupts it. The error
// comes back, nothing is left running, and a database that lacks a table has no manifest.
func TestFreshDatabaseFails(t *testing.T) {
	interrupted := errors.New("interrupted")
	for name, c := range map[string]struct {
		before func(dir string, cancel context.CancelCauseFunc) error
		want   error
	}{
		"a file is in the way": {func(dir string, _ context.CancelCauseFunc) error {
			return os.WriteFile(table.NewFilename(1, dir), nil, 0o600)
		}, os.ErrExist},
		"interrupted": {func(_ string, cancel context.CancelCauseFunc) error {
			cancel(interrupted)
			return nil
		}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "db")
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			f, err := createFresh(ctx, dir, testKeys(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.before(dir, cancel); err != nil {
				t.Fatal(err)
			}
			s := &stream{ctx: ctx, db: f, written: func(int64) error { return nil }}
			err = errors.Join(freshEntries('a', s.set), s.flush())
			s.drop()
			if err = errors.Join(err, f.finish()); !errors.Is(err, c.want) {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(dir, badger.ManifestFilename)); name != "interrupted" && err == nil {
				t.Fatal("there is a manifest")
			}
		})
	}
}
