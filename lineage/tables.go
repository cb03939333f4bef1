package lineage

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
	"github.com/dgraph-io/ristretto/v2/z"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
)

// A fresh database is written as the files that Badger would have written: the key
// registry, tables of the last level, and the manifest that lists them. Badger's own
// stream writer writes each table through a mapping and waits for the disk twice for
// each, once for the table and once for the manifest.

const (
	// freshTable is about how many bytes a table has.
	freshTable = 4 << 20
	// writeBytes is how much is written at a time: Linux takes several times as long for a
	// whole table.
	writeBytes = 256 << 10
	// freshLevel is the last level.
	freshLevel = 6
	// freshVersion is the version of all keys.
	freshVersion = 1
	// atTheDisk is how many tables may wait for the disk.
	atTheDisk = 16
)

// freshDB is a database that is being written.
type freshDB struct {
	dir    string
	opt    table.Options
	build  *errgroup.Group // tables that are encrypted and written
	sync   *errgroup.Group // tables that wait for the disk
	failed context.Context // of build and sync

	mu     sync.Mutex
	tables []*pb.ManifestChange
	spare  [][]byte // working space of write
}

// createFresh makes an empty folder for a database. The caller calls finish or drop.
func createFresh(ctx context.Context, dir string, keys *keyring) (*freshDB, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	o := badgerOptions(dir, keys)
	registry, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: dir, EncryptionKey: o.EncryptionKey, EncryptionKeyRotationDuration: o.EncryptionKeyRotationDuration})
	if err != nil {
		return nil, fmt.Errorf("make a key registry: %w", err)
	}
	key, err := registry.LatestDataKey()
	if err = errors.Join(err, registry.Close()); err != nil {
		return nil, fmt.Errorf("make a data key: %w", err)
	}
	f := &freshDB{dir: dir, opt: table.Options{
		TableSize: freshTable, BlockSize: o.BlockSize, BloomFalsePositive: o.BloomFalsePositive, Compression: o.Compression,
		DataKey: key, AllocPool: z.NewAllocatorPool(4),
	}}
	f.build, ctx = errgroup.WithContext(ctx)
	f.build.SetLimit(2)
	f.sync, f.failed = errgroup.WithContext(ctx)
	f.sync.SetLimit(atTheDisk)
	return f, nil
}

// put finishes a table in the background.
func (f *freshDB) put(b *table.Builder) {
	f.build.Go(func() error {
		defer b.Close()
		return f.write(b)
	})
}

// write writes a table, and has it put on the disk in the background.
func (f *freshDB) write(b *table.Builder) error {
	data := b.Done()
	f.mu.Lock()
	id := uint64(len(f.tables) + 1)
	f.tables = append(f.tables, &pb.ManifestChange{
		Id: id, Op: pb.ManifestChange_CREATE, Level: freshLevel, KeyId: f.opt.DataKey.KeyId,
		EncryptionAlgo: pb.EncryptionAlgo_aes, Compression: uint32(f.opt.Compression),
	})
	var buf []byte
	if n := len(f.spare); n > 0 {
		buf, f.spare = f.spare[n-1], f.spare[:n-1]
	}
	f.mu.Unlock()
	if cap(buf) < data.Size {
		buf = make([]byte, data.Size)
	}
	buf = buf[:data.Size]
	data.Copy(buf)
	file, err := os.OpenFile(table.NewFilename(id, f.dir), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make a table: %w", err)
	}
	for piece := range slices.Chunk(buf, writeBytes) {
		if _, err = file.Write(piece); err != nil {
			break
		}
	}
	f.mu.Lock()
	f.spare = append(f.spare, buf)
	f.mu.Unlock()
	if err != nil {
		return errors.Join(fmt.Errorf("write a table: %w", err), file.Close())
	}
	f.sync.Go(func() error {
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return fmt.Errorf("write a table: %w", err)
		}
		return nil
	})
	return nil
}

// wait waits for all tables.
func (f *freshDB) wait() error {
	err := errors.Join(f.build.Wait(), f.sync.Wait())
	f.opt.AllocPool.Release()
	return err
}

// finish waits until the database is on disk.
func (f *freshDB) finish() error {
	if err := f.wait(); err != nil {
		return err
	}
	list, err := proto.Marshal(&pb.ManifestChangeSet{Changes: f.tables})
	if err != nil {
		return fmt.Errorf("write a manifest: %w", err)
	}
	const magic, version = "Bdgr", 8
	out := binary.BigEndian.AppendUint32([]byte(magic), version)
	out = binary.BigEndian.AppendUint32(out, uint32(len(list)))
	out = append(binary.BigEndian.AppendUint32(out, crc32.Checksum(list, y.CastagnoliCrcTable)), list...)
	file, err := os.OpenFile(filepath.Join(f.dir, badger.ManifestFilename), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("write a manifest: %w", err)
	}
	if _, err = file.Write(out); err == nil {
		_, err = file.Seek(0, 0)
	}
	if err == nil {
		err = f.check(file)
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write a manifest: %w", err)
	}
	return syncDir(f.dir)
}

// check has Badger read the manifest: the present database goes when it is taken for good.
func (f *freshDB) check(file *os.File) error {
	m, _, err := badger.ReplayManifestFile(file, 0, badger.DefaultOptions(f.dir).WithLogger(nil))
	if err == nil && len(m.Tables) != len(f.tables) {
		err = fmt.Errorf("it names %d tables, not %d", len(m.Tables), len(f.tables))
	}
	return err
}

// stream writes ascending keys to a fresh database. No other one may have keys between them.
type stream struct {
	ctx     context.Context
	db      *freshDB
	b       *table.Builder
	key     []byte // with its version
	written func(n int64) error
	n       int64 // bytes of the present table
}

// set writes an entry, and keeps neither key nor value.
func (s *stream) set(key, value []byte) error {
	if s.b != nil && s.b.ReachedCapacity() {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if s.b == nil {
		s.b = table.NewTableBuilder(s.db.opt)
	}
	s.key = binary.BigEndian.AppendUint64(append(s.key[:0], key...), ^uint64(freshVersion)) // as y.KeyWithTs does
	s.b.Add(s.key, y.ValueStruct{Value: value}, 0)
	s.n += int64(len(key) + len(value))
	return nil
}

// flush ends the present table.
func (s *stream) flush() error {
	if s.b == nil {
		return nil
	}
	if err := cmp.Or(s.ctx.Err(), s.db.failed.Err()); err != nil {
		s.drop()
		return err
	}
	b, n := s.b, s.n
	s.b, s.n = nil, 0
	s.db.put(b)
	return s.written(n)
}

// drop gives up the present table.
func (s *stream) drop() {
	if s.b != nil {
		s.b.Done() // ends what encrypts
		s.b.Close()
		s.b, s.n = nil, 0
	}
}
