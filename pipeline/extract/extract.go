package extract

import (
	"sync"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// Hasher makes keyed hashes; *lineage.Graph is one.
type Hasher interface {
	Token(kind, value string) lineage.Token
	Word(s string) uint32
	Sum(msg []byte) uint64
}

// Dates parses the dates that stand in records. civil is the date that the
// calendar in India shows at t.
type Dates func(s string) (t time.Time, civil lineage.Date, ok bool)

// Extractor turns batches into sightings. Its methods are safe for concurrent
// use; its fields do not change once it is used.
type Extractor struct {
	Hash  Hasher
	Dates Dates
	// Alias translates a link kind to the kind it stands for ("lead" →
	// "crm.leads.id"); nil means none.
	Alias map[string]string
	// Bare holds the link kinds that lead to no person: the ids of accounts, of
	// staff and of tables without personal data (products, campaigns). They make no
	// edges, or everybody in a campaign would be one person.
	Bare map[string]bool
	// Fold holds the link kinds whose values are one in either case, because the
	// database with the keys compares them so.
	Fold map[string]bool

	desks sync.Pool // of *desk
}

// Batch returns the sightings of a batch of the collection, in the order of its
// records. sums asks for content digests. The sightings keep no reference to the
// batch; those of one batch may share memory, so they are not to be changed.
func (x *Extractor) Batch(dataset string, coll connectors.Collection, u connectors.Unit, b connectors.Batch, sums bool) []lineage.Sighting {
	if b.Rows == nil || b.Rows.NumRows() == 0 {
		return nil
	}
	d, ok := x.desks.Get().(*desk)
	if !ok {
		d = newDesk(x.Hash)
	}
	defer x.desks.Put(d)
	d.lastCat = d.lastCat[:0] // they were numbered by another shape
	n := int(b.Rows.NumRows())
	r := &record{desk: d, x: x, shape: x.compile(coll, b.Rows), dataset: dataset, unit: u, locators: locatorsOf(b.Rows), sightings: make([]lineage.Sighting, 0, n)}
	for row := range n {
		var at int64
		if b.At != nil {
			at = b.At[row]
		}
		r.begin(row, at)
		r.fields()
		if sums {
			r.out.Sum = r.sum()
		}
		r.finish()
	}
	return r.sightings
}
