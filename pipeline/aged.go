package pipeline

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// Retention tells nothing of people, so that no ledger knows its records again. What it took
// out of a table is remembered by keyed digests instead: of the content of a row, and of
// its key. So verify tells a row that came back from another one of its age, which is only
// waiting for the next plan. Of an object nothing tells that.

// agedBucket holds the digests, 8 bytes each.
const agedBucket = "aged"

// agedAtOnce is how many of them one document holds.
const agedAtOnce = 1 << 15

// agedOf are the digests of a row.
func (s *Site) agedOf(source, collection, locator string, sum uint64) []uint64 {
	t := s.Graph.Token("row", source+"\x00"+collection+"\x00"+locator)
	return []uint64{sum, binary.BigEndian.Uint64(t[:])}
}

// age notes the rows that a step of retention took out, and those that were gone by then:
// an earlier run may have taken them, see openJournal. The caller holds the lock.
func (a *application) age(st planStep) {
	if a.plan.Kind != "retain" {
		return
	}
	for _, e := range st.Edits {
		if e.Sum != 0 { // of a database: see lineage.Sighting
			a.aged = append(a.aged, a.agedOf(st.Source, e.Collection, e.Locator, e.Sum)...)
		}
	}
}

// rememberAged writes down what the plan took out.
func (a *application) rememberAged() error {
	n := 0
	for part := range slices.Chunk(a.aged, agedAtOnce) {
		doc := make([]byte, 0, 8*len(part))
		for _, x := range part {
			doc = binary.BigEndian.AppendUint64(doc, x)
		}
		if err := a.Graph.PutDoc(agedBucket, fmt.Sprintf("%s.%06d", a.plan.ID, n), doc); err != nil {
			return err
		}
		n++
	}
	return nil
}

// agedRecords tells rows that plans of retention took out from others.
type agedRecords struct {
	*Site
	plans  map[string]int // that are asked about: how many documents each has
	older  bool           // one of them is of a program that remembered nothing
	sorted []uint64       // nil until the first record is asked about
}

// was reports a record that a plan took out, or that may be one.
func (a *agedRecords) was(f *lineage.Found) (bool, error) {
	if a.older || f.Record.Sum == 0 {
		return true, nil
	}
	if a.sorted == nil {
		if err := a.load(); err != nil {
			return false, err
		}
	}
	return slices.ContainsFunc(a.agedOf(f.Unit.Source, f.Record.Collection, f.Record.Locator, f.Record.Sum), func(x uint64) bool {
		_, found := slices.BinarySearch(a.sorted, x)
		return found
	}), nil
}

func (a *agedRecords) load() error {
	a.sorted = []uint64{}
	for plan, docs := range a.plans {
		for n := range docs {
			doc, err := a.Graph.Doc(agedBucket, fmt.Sprintf("%s.%06d", plan, n))
			if err != nil {
				return err
			}
			if doc == nil || len(doc)%8 != 0 {
				a.older = true // it is lost: nothing is taken for another record
			}
			for ; len(doc) >= 8; doc = doc[8:] {
				a.sorted = append(a.sorted, binary.BigEndian.Uint64(doc))
			}
		}
	}
	slices.Sort(a.sorted)
	return nil
}
