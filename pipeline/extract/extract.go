package extract

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// Hasher makes keyed hashes; *lineage.Graph is one. What it is given is valid during
// the call only.
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
	// Bridges holds the link kinds that are ids of tables without a personal value. They
	// join nothing to a record that has an identifier of somebody.
	Bridges map[string]bool
	// Unique holds the link kinds that are ids of people, one each. A row that is such a
	// person's own leads to no other of that kind: who referred her, or lives with her, is
	// somebody else.
	Unique map[string]bool
	// Persons holds the link kinds that are ids of rows which say how somebody is reached, and
	// of which she may have several, as leads. A list of such ids in a row that is about
	// nobody may be one of several people: it leads to none of them for sure.
	Persons map[string]bool
	// Folding tells of link kinds what the database with the keys overlooks when it
	// compares them.
	Folding map[string]connectors.Comparison
	// Parts tells the same of each column of a composite key, by the key's kind.
	Parts map[string][]connectors.Comparison
	// Medium holds the link kinds that lead to recordings.
	Medium map[string]bool
	// Places tells where the objects stand to whose keys a link kind refers.
	Places map[string]Place
	// Several holds the columns, as DATASET.COLLECTION.FIELD, whose value may be the key of
	// rows in several tables, and nothing says of which.
	Several map[string]bool
	// Account returns the name of the account that a value means: two spellings of an id
	// may be one account. nil takes values as they are.
	Account func(string) string

	desks sync.Pool // of *desk
}

// Batch returns the sightings of a batch of the collection, in the order of its
// records. sums asks for content digests. The sightings keep no reference to the
// batch; those of one batch may share memory, so they are not to be changed.
func (x *Extractor) Batch(dataset string, coll connectors.Collection, u connectors.Unit, b connectors.Batch, sums bool) []lineage.Sighting {
	if b.Rows == nil || b.Rows.NumRows() == 0 {
		return nil
	}
	d := x.desk()
	defer x.desks.Put(d)
	r := d.record(x, dataset, coll, u, b)
	r.locators.text = strings.Clone(r.locators.text)
	list := r.batch(b, sums)
	d.edges, d.words, d.list, d.sightings = nil, nil, nil, nil // they belong to the caller
	return list
}

// Lend calls fn with the sightings that Batch returns. They are valid during the call
// only, and their memory serves for the next batch.
func (x *Extractor) Lend(dataset string, coll connectors.Collection, u connectors.Unit, b connectors.Batch, sums bool, fn func([]lineage.Sighting) error) error {
	if b.Rows == nil || b.Rows.NumRows() == 0 {
		return nil
	}
	d := x.desk()
	defer x.desks.Put(d)
	return fn(d.record(x, dataset, coll, u, b).batch(b, sums))
}

func (x *Extractor) desk() *desk {
	if d, ok := x.desks.Get().(*desk); ok {
		return d
	}
	d := newDesk(x.Hash)
	d.tenant = x.Account
	return d
}

// record returns what turns the records of a batch into sightings. They use the
// memory of the desk, and the batch's for their locators.
func (d *desk) record(x *Extractor, dataset string, coll connectors.Collection, u connectors.Unit, b connectors.Batch) *record {
	d.lastCat = d.lastCat[:0] // they were numbered by another shape
	d.edges, d.words, d.list = d.edges[:0], d.words[:0], d.list[:0]
	d.sightings = slices.Grow(d.sightings[:0], int(b.Rows.NumRows()))
	r := &record{desk: d, x: x, shape: x.compile(dataset, coll, b.Rows), dataset: dataset, unit: u}
	r.locators.take(b.Rows.Column(0).(*array.String))
	d.said = slices.Grow(d.said[:0], len(r.shape.cols))[:len(r.shape.cols)]
	return r
}

// batch makes the sightings of a batch.
func (r *record) batch(b connectors.Batch, sums bool) []lineage.Sighting {
	for row := range int(b.Rows.NumRows()) {
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
