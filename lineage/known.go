package lineage

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// dropKnown takes those postings out of the batch that the database has: most records of a
// unit that is written whole once more stand where they stood, with the identifiers that
// they had, and every posting costs as much to store as it took to find. A posting is true
// as long as the visible block has the token in its row, whoever stored it.
func (w *Writer) dropKnown() error {
	same, err := w.sameBlocks()
	if err != nil || len(same) == 0 {
		return err
	}
	w.batch.posts.drop(func(rid RID) bool { return same[rid/blockRows] })
	return nil
}

// sameBlocks finds the blocks of the batch with the postings of the visible block in whose
// place they come. It names them by the first id that they hold, divided by blockRows.
func (w *Writer) sameBlocks() (map[RID]bool, error) {
	same, olds := map[RID]bool{}, map[uint32]*UnitState{}
	err := w.g.db.View(func(tx *badger.Txn) error {
		for i := range w.batch.blocks {
			b := &w.batch.blocks[i]
			id, no := b.name.unit(), b.name.number()
			st, committed := w.heads[id]
			if !committed || st.Generation != b.name.generation() {
				continue // it never becomes visible, or nobody knows yet
			}
			old, known := olds[id]
			if !known {
				var err error
				if old, err = w.g.UnitByID(id); err != nil {
					return err
				}
				olds[id] = old
			}
			if old == nil || no >= old.blocks() { // a patch stands where nothing stood
				continue
			}
			digest, ok, err := w.g.storedDigest(tx, blockKey(id, old.generationOf(no), no))
			if err != nil {
				return err
			}
			if ok && digest == b.digest {
				same[RID(uint64(id)<<32|uint64(no)*blockRows)/blockRows] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what units held: %w", err)
	}
	return same, nil
}

// storedDigest returns the digest of a block of the database. ok is false for one that is
// missing or damaged: it is about to be replaced.
func (g *Graph) storedDigest(tx *badger.Txn, key []byte) (digest uint64, ok bool, err error) {
	item, err := tx.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	err = item.Value(func(sealed []byte) error {
		plain, uerr := g.keys.unseal(nil, sealed)
		if uerr != nil {
			return nil
		}
		if digest, uerr = digestOf(plain); uerr == nil {
			ok = true
		}
		return nil
	})
	return digest, ok, err
}

// drop removes the postings of some ids.
func (p *postings) drop(gone func(RID) bool) {
	for i, list := range p.parts {
		kept := list[:0]
		for _, x := range list {
			if !gone(x.rid) {
				kept = append(kept, x)
			}
		}
		p.parts[i] = kept
		p.count -= len(list) - len(kept)
	}
}
