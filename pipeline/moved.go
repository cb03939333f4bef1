package pipeline

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// An object that a plan was to change and that is not there any more may have been moved,
// and nothing in a recording tells whose it is. A new one of the same size is in doubt: every
// answer says so until it is gone, or something tells whose it is.

// movedBucket holds the objects in doubt.
const movedBucket = "moved"

// movedThere is why such an object is a gap.
const movedThere = "the plan was to change an object that is not there any more, and this one, new since, is of its size: " +
	"if it was moved here, it holds her data; delete it, or move it back, scan, and plan again"

// sizesAtOnce is how many sizes of objects that were not there are kept; beyond, every new
// object of the source is in doubt.
const sizesAtOnce = 1 << 18

// missed notes the size of an object that was not where it had been.
func (of *changedOf) missed(size int64) {
	switch {
	case size <= 0:
	case len(of.sizes) >= sizesAtOnce && !of.sizes[size]:
		of.anySize = true
	default:
		if of.sizes == nil {
			of.sizes = map[int64]bool{}
		}
		of.sizes[size] = true
	}
}

// missedToo takes in what was not found in another source.
func (of *changedOf) missedToo(other *changedOf) {
	of.anySize = of.anySize || other.anySize
	if of == other {
		return
	}
	for size := range other.sizes {
		of.missed(size)
	}
}

// mayBe reports a size that an object which was not there may have had.
func (of *changedOf) mayBe(size int64) bool { return size > 0 && (of.anySize || of.sizes[size]) }

// doubt remembers the objects in doubt that a visit found.
func (s *Site) doubt(list []GapLine) error {
	for _, g := range list {
		doc, err := json.Marshal(g)
		if err != nil {
			return fmt.Errorf("remember an object in doubt: %w", err)
		}
		t := s.Graph.Token(movedBucket, g.Source+"\x00"+g.Unit)
		if err := s.Graph.PutDoc(movedBucket, hex.EncodeToString(t[:]), doc); err != nil {
			return err
		}
	}
	return nil
}

// eachMoved calls fn with the objects in doubt; open is false for one that is in doubt no
// more.
func (s *Site) eachMoved(fn func(id string, g GapLine, open bool) error) error {
	docs, err := s.Graph.Docs(movedBucket)
	if err != nil {
		return err
	}
	for _, id := range lineage.DocIDs(docs) {
		var g GapLine
		if err := json.Unmarshal(docs[id], &g); err != nil {
			return fmt.Errorf("read what is in doubt: %w", err)
		}
		open, err := s.nobodys(g.Source, g.Unit)
		if err != nil {
			return err
		}
		if err := fn(id, g, open); err != nil {
			return err
		}
	}
	return nil
}

// tellMoved tells of the objects in doubt, and forgets those that are so no more.
func (s *Site) tellMoved() error {
	return s.eachMoved(func(id string, g GapLine, open bool) error {
		if !open {
			return s.Graph.DeleteDoc(movedBucket, id)
		}
		s.gap(g.Source, g.Unit, g.Reason)
		return nil
	})
}

// nobodys reports an object that is there and of which nothing tells whose it is: neither
// what is in it, nor a record that names the recording.
func (s *Site) nobodys(source, unit string) (bool, error) {
	st, err := s.Graph.Unit(source, unit)
	if err != nil || st == nil {
		return false, err
	}
	list, err := s.Graph.UnitSightings(st.ID)
	if err != nil {
		return false, err
	}
	for i := range list {
		for _, e := range list[i].Record.Edges {
			if e.Role == lineage.Subject && !s.kinds.medium[e.Kind] || e.Role == lineage.Party {
				return false, nil
			}
			if !s.kinds.medium[e.Kind] {
				continue
			}
			named, err := s.postedAt(e.Token)
			if err != nil {
				return false, err
			}
			if slices.ContainsFunc(named, func(x lineage.Found) bool { return x.RID.Unit() != st.ID && about(&x, e.Token) }) {
				return false, nil
			}
		}
	}
	return true, nil
}
