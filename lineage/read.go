package lineage

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// Unit returns what the graph knows of a unit, nil when it does not know it.
func (g *Graph) Unit(source, key string) (*UnitState, error) {
	v, err := g.get(g.headKey(source, key))
	if err != nil || v == nil {
		return nil, err
	}
	return g.head(v)
}

func (g *Graph) head(v []byte) (*UnitState, error) {
	data, err := g.Unseal(v)
	if err != nil {
		return nil, fmt.Errorf("read a unit's head: %w", err)
	}
	st := &UnitState{}
	if err := json.Unmarshal(data, st); err != nil {
		return nil, fmt.Errorf("read a unit's head: %w", err)
	}
	return st, nil
}

// UnitByID returns a unit by its number, nil when it is not there.
func (g *Graph) UnitByID(id uint32) (*UnitState, error) {
	g.mu.RLock()
	st, ok := g.heads[id]
	g.mu.RUnlock()
	if ok {
		return st, nil
	}
	k, err := g.get(cat([]byte("i"), u32(id)))
	if err != nil || k == nil {
		return nil, err
	}
	v, err := g.get(k)
	if err != nil || v == nil {
		return nil, err
	}
	if st, err = g.head(v); err != nil {
		return nil, err
	}
	g.mu.Lock()
	if len(g.heads) > 1<<16 {
		clear(g.heads)
	}
	g.heads[id] = st
	g.mu.Unlock()
	return st, nil
}

// Units calls fn for the units of a source, or of all when source is "".
func (g *Graph) Units(source string, fn func(*UnitState) error) error {
	return g.prefix([]byte("u"), func(_, v []byte) error {
		st, err := g.head(v)
		if err != nil {
			return err
		}
		if source != "" && st.Source != source {
			return nil
		}
		return fn(st)
	})
}

// Postings returns the sightings that may carry the token, in order. Some may no
// longer exist or no longer carry it.
func (g *Graph) Postings(t Token) ([]RID, error) {
	var out []RID
	err := g.prefix(cat([]byte("p"), t[:]), func(_, v []byte) error {
		last := RID(0)
		for len(v) > 0 {
			n, k := binary.Uvarint(v)
			if k <= 0 {
				return errBlock
			}
			last += RID(n)
			out = append(out, last)
			v = v[k:]
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read postings: %w", err)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Load returns those of the sightings that exist, in the order of their ids,
// which must be sorted.
func (g *Graph) Load(rids []RID) ([]Found, error) {
	out := make([]Found, 0, len(rids))
	err := g.db.View(func(tx *badger.Txn) error {
		for i := 0; i < len(rids); {
			j := i
			for j < len(rids) && rids[j].Unit() == rids[i].Unit() && uint32(rids[j])/blockRows == uint32(rids[i])/blockRows {
				j++
			}
			found, err := g.loadBlock(tx, rids[i:j])
			if err != nil {
				return err
			}
			out = append(out, found...)
			i = j
		}
		return nil
	})
	return out, err
}

func (g *Graph) loadBlock(tx *badger.Txn, rids []RID) ([]Found, error) {
	st, err := g.UnitByID(rids[0].Unit())
	if err != nil || st == nil {
		return nil, err
	}
	item, err := tx.Get(blockKey(st.ID, st.Generation, uint32(rids[0])/blockRows))
	if err == badger.ErrKeyNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a block: %w", err)
	}
	v, err := item.ValueCopy(nil)
	if err != nil {
		return nil, fmt.Errorf("read a block: %w", err)
	}
	rows, err := g.unpack(v)
	if err != nil {
		return nil, err
	}
	var out []Found
	for _, id := range rids {
		if at := uint32(id) % blockRows; int(at) < len(rows) {
			out = append(out, Found{RID: id, Unit: st, Record: rows[at]})
		}
	}
	return out, nil
}

// UnitSightings returns all sightings of a unit.
func (g *Graph) UnitSightings(id uint32) ([]Found, error) {
	st, err := g.UnitByID(id)
	if err != nil || st == nil {
		return nil, err
	}
	var out []Found
	err = g.each(st, func(f *Found) error {
		out = append(out, *f)
		return nil
	})
	return out, err
}

func (g *Graph) each(st *UnitState, fn func(*Found) error) error {
	for no := uint32(0); int(no)*blockRows < st.Sightings; no++ {
		v, err := g.get(blockKey(st.ID, st.Generation, no))
		if err != nil {
			return err
		}
		if v == nil {
			return fmt.Errorf("unit %d: %w: a block is missing", st.ID, errBlock)
		}
		rows, err := g.unpack(v)
		if err != nil {
			return err
		}
		for i := range rows {
			f := &Found{RID: RID(uint64(st.ID)<<32 | uint64(no*blockRows+uint32(i))), Unit: st, Record: rows[i]}
			if err := fn(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// Walk calls fn for every sighting, unit by unit.
func (g *Graph) Walk(ctx context.Context, fn func(*Found) error) error {
	return g.Units("", func(st *UnitState) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return g.each(st, fn)
	})
}
