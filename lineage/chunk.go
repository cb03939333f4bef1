package lineage

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/dgraph-io/badger/v4"
)

// Postings lie in buckets: tokens that begin with the same bits. A bucket has one
// segment from the last rebuild and one from every flush since that touched it, each
// in chunks. How many bits make a bucket is decided when the graph is rebuilt.

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

// chunker writes postings, which come in the order of their tokens, as chunks of one
// segment.
type chunker struct {
	bits    uint
	segment uint64
	set     func(key, value []byte) error // owns both
	page    page
	bucket  uint32
	no      uint32
	value   []byte
}

func (c *chunker) add(token *name16, rids []RID) error {
	if b := bucketOf(token, c.bits); b != c.bucket {
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
	key := cat(bucketPrefix(c.bucket), u64(c.segment), u32(c.no))
	c.no++
	err := c.set(key, append([]byte(nil), c.page.data...))
	c.page.reset()
	return err
}

// buckets reads buckets, in ascending order, in one transaction.
type buckets struct {
	it *badger.Iterator
}

func newBuckets(tx *badger.Txn) *buckets {
	o := badger.DefaultIteratorOptions
	o.PrefetchValues = false
	o.Prefix = []byte("p")
	return &buckets{it: tx.NewIterator(o)}
}

func (b *buckets) close() { b.it.Close() }

// each calls fn for every entry of the bucket, segment by segment; within a segment
// tokens ascend. fn returns false when it wants no more of the segment.
func (b *buckets) each(bucket uint32, fn func(e *entries) (more bool, err error)) error {
	prefix := bucketPrefix(bucket)
	var skip [13]byte // bucket and segment that fn has enough of
	for b.it.Seek(prefix); b.it.ValidForPrefix(prefix); b.it.Next() {
		item := b.it.Item()
		if len(item.Key()) != 17 {
			return errBlock
		}
		if [13]byte(item.Key()) == skip {
			continue
		}
		err := item.Value(func(v []byte) error {
			e := entries{data: v}
			for {
				ok, err := e.next()
				if err != nil || !ok {
					return err
				}
				more, err := fn(&e)
				if err != nil {
					return err
				}
				if !more {
					skip = [13]byte(item.Key())
					return nil
				}
			}
		})
		if err != nil {
			return fmt.Errorf("read postings: %w", err)
		}
	}
	return nil
}
