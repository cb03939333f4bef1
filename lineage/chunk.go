package lineage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/dgraph-io/badger/v4"
)

// Postings lie in buckets: tokens that begin with the same bits. A bucket has one
// segment from the last rebuild and one from every flush since that touched it, each
// in chunks. How many bits make a bucket is decided when the graph is rebuilt. A flush of
// few postings writes wide buckets, see wide.go.

const (
	// chunkBytes is the length at which a chunk ends.
	chunkBytes = 8 << 10
	// bucketBytes is about how much a rebuild puts into a bucket.
	bucketBytes = 3 << 10
	minBits     = 12
	maxBits     = 26
)

// bucketBits returns how many bits make buckets of bucketBytes.
func bucketBits(total int64) uint {
	return uint(min(maxBits, max(minBits, bits.Len64(uint64(total)/bucketBytes))))
}

func bucketOf(token *name16, bits uint) uint32 {
	return uint32(binary.BigEndian.Uint64(token[:]) >> (64 - bits))
}

func bucketPrefix(bucket uint32) []byte { return cat([]byte("p"), u32(bucket)) }

// segmentKey is the length of a chunk's key without the number of the chunk.
const segmentKey = 1 + 4 + 8

func chunkKey(bucket uint32, segment uint64, no uint32) []byte {
	return cat(bucketPrefix(bucket), u64(segment), u32(no))
}

// chunker writes postings, which come in the order of their tokens, as chunks of one
// segment.
type chunker struct {
	bits    uint
	wide    bool
	segment uint64
	set     func(key, value []byte) error // keeps neither
	page    page
	bucket  uint32
	no      uint32
	value   []byte
}

func (c *chunker) add(token *name16, rids []RID) error {
	b := bucketOf(token, c.bits)
	if c.wide {
		b = wideBucket(b)
	}
	if b != c.bucket {
		if err := c.flush(); err != nil {
			return err
		}
		c.bucket, c.no = b, 0
	}
	for len(rids) > 0 {
		n := min(len(rids), chunkRIDs)
		c.value = appendRIDs(c.value[:0], rids[:n])
		c.page.add(token, c.value)
		rids = rids[n:]
		if len(c.page.data) >= chunkBytes {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *chunker) flush() error {
	if len(c.page.data) == 0 {
		return nil
	}
	key := chunkKey(c.bucket, c.segment, c.no)
	c.no++
	err := c.set(key, c.page.data)
	c.page.reset()
	return err
}

// buckets reads buckets in one transaction.
type buckets struct {
	tx      *badger.Txn
	bits    uint
	updated updates          // which segments there may be besides the rebuild's
	it      *badger.Iterator // made when it is needed
	wide    widePages        // of the wide bucket that was read last
	keep    int              // up to how many bytes of it are kept
}

// updates tells what was added to a graph since its last rebuild.
type updates = uint32

const (
	narrowUpdates updates = 1 << iota // segments of buckets
	wideUpdates                       // segments of wide buckets
)

func (g *Graph) newBuckets(tx *badger.Txn) *buckets {
	return &buckets{tx: tx, bits: g.bits, updated: g.updated.Load(), keep: widePageBytes}
}

func (b *buckets) close() {
	if b.it != nil {
		b.it.Close()
	}
}

// each calls fn for every entry of the bucket, segment by segment; within a segment
// tokens ascend. fn returns false when it wants no more of the segment.
func (b *buckets) each(bucket uint32, fn func(e *entries) (more bool, err error)) error {
	var err error
	if b.updated&narrowUpdates != 0 {
		err = b.search(bucketPrefix(bucket), fn)
	} else {
		err = b.fetch(bucket, fn)
	}
	if err == nil && b.updated&wideUpdates != 0 {
		err = b.eachWide(bucket, fn)
	}
	if err != nil {
		return fmt.Errorf("read postings: %w", err)
	}
	return nil
}

// collect appends the ids of tokens of a bucket, which are sorted, to the lists at their
// places.
func (b *buckets) collect(bucket uint32, tokens []Token, out [][]RID) error {
	at, last := 0, name16{}
	return b.each(bucket, func(e *entries) (_ bool, err error) {
		if compareNames(&e.name, &last) < 0 { // the next segment
			at = 0
		}
		last = e.name
		for ; at < len(tokens); at++ {
			name := name16(tokens[at])
			switch compareNames(&name, &e.name) {
			case 0:
				out[at], err = readRIDs(out[at], e.value)
				return true, err
			case 1:
				return true, nil
			}
		}
		return false, nil
	})
}

// fetch reads the chunks of the one segment there is: they are numbered.
func (b *buckets) fetch(bucket uint32, fn func(e *entries) (more bool, err error)) error {
	for no := uint32(0); ; no++ {
		item, err := b.tx.Get(chunkKey(bucket, 0, no))
		if errors.Is(err, badger.ErrKeyNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if more, err := eachEntry(item, fn); err != nil || !more {
			return err
		}
	}
}

// search reads the chunks of all segments of a bucket.
func (b *buckets) search(prefix []byte, fn func(e *entries) (more bool, err error)) error {
	return b.chunks(prefix, func(item *badger.Item) (more bool, err error) { return eachEntry(item, fn) })
}

// chunks calls fn for the chunks of all segments of a bucket. fn returns false when it
// wants no more of the segment.
func (b *buckets) chunks(prefix []byte, fn func(item *badger.Item) (more bool, err error)) error {
	if b.it == nil {
		o := badger.DefaultIteratorOptions
		o.PrefetchValues = false
		o.Prefix = []byte("p")
		b.it = b.tx.NewIterator(o)
	}
	var skip [segmentKey]byte // bucket and segment that fn has enough of
	for b.it.Seek(prefix); b.it.ValidForPrefix(prefix); b.it.Next() {
		item := b.it.Item()
		if len(item.Key()) != segmentKey+4 {
			return errBlock
		}
		if [segmentKey]byte(item.Key()) == skip {
			continue
		}
		more, err := fn(item)
		if err != nil {
			return err
		}
		if !more {
			skip = [segmentKey]byte(item.Key())
		}
	}
	return nil
}

func eachEntry(item *badger.Item, fn func(e *entries) (more bool, err error)) (more bool, err error) {
	err = item.Value(func(v []byte) (err error) {
		more, err = eachIn(v, fn)
		return err
	})
	return more, err
}

// eachIn calls fn for the entries of a chunk.
func eachIn(chunk []byte, fn func(e *entries) (more bool, err error)) (more bool, err error) {
	e := entries{data: chunk}
	for {
		if ok, err := e.next(); err != nil || !ok {
			return true, err
		}
		if more, err := fn(&e); err != nil || !more {
			return more, err
		}
	}
}
