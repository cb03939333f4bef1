package lineage

import (
	"encoding/binary"

	"github.com/dgraph-io/badger/v4"
)

// What changes from one night to the next is a few identifiers all over the graph. In
// buckets, each of them would be an entry of the database of its own, and it is the
// entries that a flush takes time for. A flush of few postings therefore writes wide
// buckets, each for many buckets that follow one another. Who looks into a bucket looks
// into the wide one, too, for what belongs there; a rebuild puts it where it belongs.

const (
	// wideBits is how many bits fewer make a wide bucket.
	wideBits = 5
	// wideMark is set in the number of a wide bucket; see maxBits.
	wideMark = 1 << 31
	// wideAtMost is up to how many postings a bucket, on the average, a flush is few: more of
	// them would make the chunks long that a search goes through.
	wideAtMost = 2
	// widePageBytes is up to how many bytes of a wide bucket are kept for its next part.
	widePageBytes = 1 << 20
)

func wideBucket(bucket uint32) uint32 { return wideMark | bucket>>wideBits }

// wide reports whether so many postings are written to wide buckets, and notes in the
// database what there will be.
func (g *Graph) wide(postings int64, set func(key, value []byte) error) (bool, error) {
	kind := narrowUpdates
	if postings <= wideAtMost<<g.bits {
		kind = wideUpdates
	}
	g.updated.Or(kind)
	return kind == wideUpdates, set([]byte("m"+updatedKey), u64(uint64(g.updated.Load())))
}

// widePages are the chunks of a wide bucket, so that the buckets in it can be read one
// after the other.
type widePages struct {
	bucket uint32 // 0: none
	whole  bool   // false: there were too many to keep
	list   []widePage
}

type widePage struct {
	segment uint64
	chunk   []byte
}

// eachWide is each for what stands in the wide bucket.
func (b *buckets) eachWide(bucket uint32, fn func(e *entries) (more bool, err error)) error {
	inside := func(e *entries) (bool, error) {
		switch of := bucketOf(&e.name, b.bits); {
		case of < bucket:
			return true, nil
		case of > bucket:
			return false, nil
		}
		return fn(e)
	}
	of := wideBucket(bucket)
	if b.wide.bucket != of {
		if err := b.keepWide(of); err != nil {
			return err
		}
	}
	if !b.wide.whole {
		return b.search(bucketPrefix(of), inside)
	}
	var skip uint64 // segment that fn has enough of
	for _, p := range b.wide.list {
		if p.segment == skip {
			continue
		}
		more, err := eachIn(p.chunk, inside)
		if err != nil {
			return err
		}
		if !more {
			skip = p.segment
		}
	}
	return nil
}

// keepWide reads the chunks of a wide bucket.
func (b *buckets) keepWide(bucket uint32) error {
	b.wide = widePages{whole: true, list: b.wide.list[:0]}
	size := 0
	err := b.chunks(bucketPrefix(bucket), func(item *badger.Item) (bool, error) {
		if size += int(item.ValueSize()); size > b.keep {
			b.wide.whole, b.wide.list = false, nil
		}
		if !b.wide.whole {
			return false, nil
		}
		chunk, err := item.ValueCopy(nil)
		b.wide.list = append(b.wide.list, widePage{binary.BigEndian.Uint64(item.Key()[1+4:]), chunk})
		return true, err
	})
	b.wide.bucket = bucket
	return err
}
