package lineage

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sort"
)

// Runs of postings are not sorted. Each of their pages holds postings of one part, see
// postings, as they came. To merge runs is to read a part from all of them and to sort
// it in memory: a posting is sorted once, and compared with those around it only.

const (
	// pagePostings is how many postings a page holds at most.
	pagePostings = 4096
	// tokenRest is how much of a token stands in a page: the first byte is known.
	tokenRest = 15
	// heavyPart is how many postings a part has in the runs from which on it is not sorted
	// in memory as it is: one identifier that stands in every record is enough to make a
	// part as long as that.
	heavyPart = 1 << 20
	// halves is into how many ranges of tokens a database's postings go that are written
	// at the same time, halfParts how many parts each of them has.
	halves    = 2
	halfParts = 1 << partBits / halves
	// maxMerged is how many ids of one token are put in order at a time.
	maxMerged = 1 << 20
)

// partName is where a part begins.
func partName(part int) (n name16) {
	binary.BigEndian.PutUint64(n[:], uint64(part)<<(64-partBits))
	return n
}

// write writes all parts as a run.
func (p *postings) write(w *runWriter) error {
	var plain []byte
	for part := range p.parts {
		first := partName(part)
		for list := range slices.Chunk(p.parts[part], pagePostings) {
			plain = appendPostings(plain[:0], list)
			if err := w.put(&first, plain); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts returns which pages of a run of postings belong to a part.
func (r *run) parts(part int) (from, to int) {
	find := func(name name16) int {
		return sort.Search(len(r.index), func(i int) bool { return compareNames(&r.index[i].First, &name) >= 0 })
	}
	if part++; part == 1<<partBits {
		return find(partName(part - 1)), len(r.index)
	}
	return find(partName(part - 1)), find(partName(part))
}

// joinParts writes several runs of postings as one: page by page, as they are.
func joinParts(runs []*run, w *runWriter) (err error) {
	var sealed []byte
	for part := range 1 << partBits {
		first := partName(part)
		for _, r := range runs {
			from, to := r.parts(part)
			for page := from; page < to; page++ {
				if sealed, err = r.sealed(page, sealed); err != nil {
					return err
				}
				if err := w.putSealed(&first, sealed); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// mergePostings emits the tokens that begin with a bit, in order, with their ids from all
// runs.
func mergePostings(runs []*run, half int, emit func(*name16, []RID) error) error {
	r := newPartReader(runs)
	for part := half * halfParts; part < (half+1)*halfParts; part++ {
		if err := r.groups(part, emit); err != nil {
			return err
		}
	}
	return nil
}

// partReader reads postings from several runs, part by part. It keeps its working space.
type partReader struct {
	runs          []*run
	heavy         int // see heavyPart
	sealed, plain []byte
	read          pageful
	spare, mixed  []posting
	rids          []RID
}

func newPartReader(runs []*run) *partReader { return &partReader{runs: runs, heavy: heavyPart} }

// groups calls fn for every token of a part with its ids, in order. Ids are in ascending
// order, each once, but a token with very many of them comes several times in a row.
func (p *partReader) groups(part int, fn func(token *name16, rids []RID) error) (err error) {
	p.read.reset()
	many := 0 // postings that are only counted, since there are too many of them
	err = p.pages(part, func() error {
		if n := p.read.count(); many > 0 || n > p.heavy {
			many += n
			p.read.reset()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if many > 0 {
		return p.heavyGroups(part, uint64(many/p.heavy)+1, fn)
	}
	p.read.list, p.spare = sortPart(p.read.list, p.spare)
	return p.inTurn(fn)
}

// pages gathers the postings of a part, and calls fn after every page.
func (p *partReader) pages(part int, fn func() error) (err error) {
	first := partName(part)
	for _, r := range p.runs {
		for page, to := r.parts(part); page < to; page++ {
			if p.sealed, err = r.sealed(page, p.sealed); err != nil {
				return err
			}
			if p.plain, err = r.keys.unseal(p.plain[:0], p.sealed); err != nil {
				return fmt.Errorf("read a run of the bulk load: %w", err)
			}
			if err := readPostings(&p.read, &first, p.plain); err != nil {
				return fmt.Errorf("read a run of the bulk load: %w", err)
			}
			if err := fn(); err != nil {
				return err
			}
		}
	}
	return nil
}

// heavyGroups is groups for a part that is too long to be sorted as it is. It is gone
// through several times, each time for a share of its tokens, and ids are held as they
// are in the database, in few bytes.
func (p *partReader) heavyGroups(part int, shares uint64, fn func(token *name16, rids []RID) error) error {
	for share := range shares {
		held := map[name16][]byte{} // ids of each page, their length before them
		var value []byte
		p.read.reset()
		err := p.pages(part, func() (err error) {
			list := p.read.plain()
			list = slices.DeleteFunc(list, func(x posting) bool { return x.hi<<partBits>>32*shares>>32 != share })
			list, p.spare = sortPart(list, p.spare)
			p.rids, err = groupPostings(list, p.rids, func(token *name16, rids []RID) error {
				value = appendRIDs(value[:0], rids)
				held[*token] = append(binary.AppendUvarint(held[*token], uint64(len(value))), value...)
				return nil
			})
			p.read.list = list
			p.read.reset()
			return err
		})
		if err != nil {
			return err
		}
		names := slices.SortedFunc(maps.Keys(held), func(a, b name16) int { return compareNames(&a, &b) })
		for i := range names {
			if err := p.release(&names[i], held[names[i]], fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// release calls fn for the ids of a token that were held.
func (p *partReader) release(token *name16, held []byte, fn func(token *name16, rids []RID) error) (err error) {
	d := decoder{in: held}
	p.rids = p.rids[:0]
	for len(d.in) > 0 {
		if p.rids, err = readRIDs(p.rids, d.take(d.count(1))); err != nil || d.bad {
			return errBlock
		}
		if len(p.rids) < maxMerged && len(d.in) > 0 {
			continue
		}
		p.rids = sortRIDs(p.rids)
		if err := fn(token, p.rids); err != nil {
			return err
		}
		p.rids = p.rids[:0]
	}
	return nil
}
