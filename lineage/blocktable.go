package lineage

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
	"google.golang.org/protobuf/proto"
)

// A person's records stand in about as many blocks, and most of the time of a walk would
// go into Badger's search for each: it looks through levels, filters and caches, prepares
// the cipher anew and copies the value several times. Blocks never change under their
// names, which a generation is part of, so they are read right from the tables of the
// last level, in which nearly all of them lie. What is not found there (it was written
// since the database was opened, or merged into another table) is asked of Badger.

// indexBytes is from how many bytes of indexes in memory on no further one is read: those
// tables are left to Badger.
const indexBytes = 32 << 20

// blockKeyLen is the length of a block's key without its version.
const blockKeyLen = 1 + len(name16{})

// blockTables are the tables of the last level that hold blocks.
type blockTables struct {
	list  []*blockTable // in order
	bytes atomic.Int64  // of indexes in memory
}

// blockTable is a table that is opened when it is asked for.
type blockTable struct {
	path        string
	cipher      cipher.Block
	first, last []byte // keys without versions
	once        sync.Once
	file        *os.File
	index       []blockAt // empty when the table is of no use
}

// blockAt is where a part of a table begins, and the first block in it.
type blockAt struct {
	first  name16
	offset uint32
	size   uint32
}

// openBlockTables lists the tables of a database that was just opened.
func openBlockTables(db *badger.DB, keys *keyring) (*blockTables, error) {
	o := badgerOptions(db.Opts().Dir, keys)
	manifest, err := readManifest(o.Dir)
	if err != nil {
		return nil, err
	}
	registry, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: o.Dir, ReadOnly: true, EncryptionKey: o.EncryptionKey})
	if err != nil {
		return nil, fmt.Errorf("read the data keys of the graph: %w", err)
	}
	t, ciphers := &blockTables{}, map[uint64]cipher.Block{}
	for _, info := range db.Tables() {
		first, last := y.ParseKey(info.Left), y.ParseKey(info.Right)
		m, listed := manifest.Tables[info.ID]
		if !listed || info.Level != freshLevel || m.Compression != options.None || m.KeyID == 0 || first[0] > 'b' || last[0] < 'b' {
			continue
		}
		if ciphers[m.KeyID] == nil {
			key, err := registry.DataKey(m.KeyID)
			if err == nil {
				ciphers[m.KeyID], err = aes.NewCipher(key.Data)
			}
			if err != nil {
				return nil, fmt.Errorf("read the data keys of the graph: %w", err)
			}
		}
		t.list = append(t.list, &blockTable{path: table.NewFilename(info.ID, o.Dir), cipher: ciphers[m.KeyID], first: first, last: last})
	}
	slices.SortFunc(t.list, func(a, b *blockTable) int { return bytes.Compare(a.first, b.first) })
	return t, nil
}

// close lets go of the tables.
func (t *blockTables) close() error {
	if t == nil {
		return nil
	}
	var errs []error
	for _, b := range t.list {
		b.once.Do(func() {}) // it is not opened any more
		if b.file != nil {
			errs = append(errs, b.file.Close())
			b.file = nil
		}
	}
	return errors.Join(errs...)
}

// find returns the part of a table in which a block stands, if it stands in any; nil when
// Badger must be asked.
func (t *blockTables) find(key *[blockKeyLen]byte) (*blockTable, blockAt) {
	i, _ := slices.BinarySearchFunc(t.list, key[:], func(b *blockTable, key []byte) int { return bytes.Compare(b.last, key) })
	if i == len(t.list) || bytes.Compare(t.list[i].first, key[:]) > 0 {
		return nil, blockAt{}
	}
	b := t.list[i]
	b.once.Do(func() { b.open(&t.bytes) })
	name := name16(key[1:])
	i, exact := slices.BinarySearchFunc(b.index, &name, func(at blockAt, name *name16) int { return compareNames(&at.first, name) })
	if !exact {
		i--
	}
	if i < 0 {
		return nil, blockAt{}
	}
	return b, b.index[i]
}

func keyInTable(name *name16) (key [blockKeyLen]byte) {
	key[0] = 'b'
	copy(key[1:], name[:])
	return key
}

// read returns a block as it is stored, in the buffer, which it returns too. It is nil
// when Badger must be asked. Before it waits for the disk it calls ahead, if there is one.
func (t *blockTables) read(name *name16, buf []byte, ahead func()) (value, _ []byte) {
	key := keyInTable(name)
	b, at := t.find(&key)
	if b == nil {
		return nil, buf
	}
	buf = slices.Grow(buf[:0], int(at.size))[:at.size]
	if ahead == nil || !readCached(b.file, buf, int64(at.offset)) {
		if ahead != nil {
			ahead()
		}
		if _, err := b.file.ReadAt(buf, int64(at.offset)); err != nil { // Badger will say what is wrong
			return nil, buf
		}
	}
	return entryIn(decryptPart(b.cipher, buf), key[:]), buf
}

// ahead has the kernel read a block that will be asked for, while others are.
func (t *blockTables) ahead(name *name16) {
	key := keyInTable(name)
	if b, at := t.find(&key); b != nil {
		readAhead(b.file, int64(at.offset), int64(at.size))
	}
}

// decryptPart decrypts a part of a table, in place.
func decryptPart(c cipher.Block, b []byte) []byte {
	if len(b) < aes.BlockSize {
		return nil
	}
	plain, iv := b[:len(b)-aes.BlockSize], b[len(b)-aes.BlockSize:]
	cipher.NewCTR(c, iv).XORKeyStream(plain, plain)
	return plain
}

// open reads the index. A table that cannot be read is left to Badger: its index is empty.
func (b *blockTable) open(used *atomic.Int64) {
	if used.Load() > indexBytes {
		return
	}
	f, err := os.Open(b.path)
	if err != nil { // Badger has merged it into others, most likely
		return
	}
	b.file = f
	if index, err := readBlockIndex(f, b.cipher); err == nil {
		used.Add(int64(len(index)) * int64(unsafe.Sizeof(blockAt{})))
		b.index = index
	}
}

// readTableIndex reads the index of a table as it was written. The file ends with the
// index, its length, its checksum and the length of that.
func readTableIndex(f *os.File) ([]byte, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	end := st.Size()
	last := func(n int64) ([]byte, error) { // the n bytes before the end
		if n < 0 || n > end {
			return nil, errBlock
		}
		end -= n
		out := make([]byte, n)
		_, err := f.ReadAt(out, end)
		return out, err
	}
	counted := func() ([]byte, error) {
		n, err := last(4)
		if err != nil {
			return nil, err
		}
		return last(int64(binary.BigEndian.Uint32(n)))
	}
	sum, err := counted()
	if err != nil {
		return nil, err
	}
	data, err := counted()
	if err != nil {
		return nil, err
	}
	var checksum pb.Checksum
	return data, cmp.Or(proto.Unmarshal(sum, &checksum), y.VerifyChecksum(data, &checksum))
}

// readBlockIndex reads which blocks the parts of a table begin with.
func readBlockIndex(f *os.File, c cipher.Block) ([]blockAt, error) {
	data, err := readTableIndex(f)
	if err != nil {
		return nil, err
	}
	index := fb.GetRootAsTableIndex(decryptPart(c, data), 0)
	out := make([]blockAt, 0, index.OffsetsLength())
	var part fb.BlockOffset
	for i := range index.OffsetsLength() {
		if !index.Offsets(&part, i) {
			return nil, errBlock
		}
		at := blockAt{offset: part.Offset(), size: part.Len()}
		switch key := y.ParseKey(part.KeyBytes()); {
		case len(key) > 0 && key[0] > 'b':
			return out, nil
		case len(key) == blockKeyLen && key[0] == 'b':
			at.first = name16(key[1:])
		}
		out = append(out, at)
	}
	return out, nil
}

// entryIn returns the value of a key in a part of a table, nil when it is not there as a
// plain value. A part holds entries, where each of them begins, their number, a checksum
// and the length of that; an entry what its key shares with the first one's, how much
// more there is of it, that, and the value with two bytes of flags and a time before it.
func entryIn(part, key []byte) []byte {
	cut := func(n int) (tail []byte) {
		if n >= 0 && n <= len(part) {
			part, tail = part[:len(part)-n], part[len(part)-n:]
		} else {
			part = nil
		}
		return tail
	}
	number := func() int {
		if b := cut(4); b != nil {
			return int(binary.BigEndian.Uint32(b))
		}
		return 0
	}
	cut(number())
	starts := cut(4 * number())
	var base []byte
	for i := 0; i < len(starts); i += 4 {
		from, to := int(binary.NativeEndian.Uint32(starts[i:])), len(part)
		if i+4 < len(starts) {
			to = int(binary.NativeEndian.Uint32(starts[i+4:]))
		}
		if to > len(part) || from+4 > to {
			return nil
		}
		e := part[from:to]
		shared, more := int(binary.NativeEndian.Uint16(e)), int(binary.NativeEndian.Uint16(e[2:]))
		if e = e[4:]; more > len(e) || shared > len(base) {
			return nil
		}
		own, value := e[:more], e[more:]
		if base == nil {
			base = own
		}
		if shared+more != len(key)+8 || !bytes.HasPrefix(key, base[:min(shared, len(key))]) || shared < len(key) && !bytes.HasPrefix(own, key[shared:]) {
			continue
		}
		const markers = 0xc0 // of transactions
		if len(value) < 3 || value[0]&^markers != 0 || value[2] != 0 {
			return nil
		}
		return value[3:]
	}
	return nil
}
