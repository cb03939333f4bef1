package pipeline

import (
	"cmp"
	"context"
	"errors"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// reading is a unit that is being read into the graph.
type reading struct {
	*scan
	src   *Source
	unit  connectors.Unit
	w     *lineage.UnitWriter
	state lineage.UnitState
	name  *nameWatch
	dates dateOrder
	refs  halfRefs
}

// read extracts one unit into the graph. A unit that cannot be read is a gap and
// yields no state; what the graph knew of it stands.
func (r *scan) read(ctx context.Context, src *Source, u connectors.Unit) (*lineage.UnitState, error) {
	x := &reading{scan: r, src: src, unit: u, state: lineage.UnitState{Source: src.Name, Unit: u, Catalog: src.meaning, CommittedAt: r.Now()}}
	if d, ok := src.Conn.(connectors.Digester); ok {
		digest, err := d.Digest(ctx, u)
		if err != nil && ctx.Err() == nil {
			return nil, r.unreadable(src, u, err)
		}
		x.state.Digest = digest
	}
	var err error
	if x.w, err = r.w.Unit(src.Name, u); err != nil {
		return nil, err
	}
	x.name = r.watchName(src, u)
	if _, ok := src.Conn.(connectors.Differ); ok {
		x.w.Find()
	}
	there, err := x.batches(ctx)
	if err == nil && there {
		err = x.end()
	}
	if err != nil || !there {
		x.w.Abort()
		return nil, err
	}
	return &x.state, x.w.Commit(x.state)
}

// batches reads all there is. It returns false when the unit is not there, or a gap.
func (x *reading) batches(ctx context.Context) (there bool, err error) {
	for b, err := range x.src.Conn.Read(ctx, x.unit) {
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case errors.Is(err, connectors.ErrNotFound):
			return false, x.stillListed(ctx, x.src, x.unit)
		case err != nil:
			return false, x.unreadable(x.src, x.unit, err)
		}
		if err := x.batch(b); err != nil {
			return false, err
		}
	}
	return ctx.Err() == nil, ctx.Err()
}

// batch takes in one batch.
func (x *reading) batch(b connectors.Batch) error {
	st := &x.state
	for _, g := range b.Gaps {
		g.Text = "" // it is looked into, and not kept
		st.Again = st.Again || g.Again
		st.Gaps = append(st.Gaps, g)
	}
	st.Again = st.Again || b.Again
	st.Gaps = append(st.Gaps, extract.Unsearched(b)...)
	x.counted(b.Notes)
	st.Mark = b.Mark
	st.Unit.Fingerprint = cmp.Or(b.Fingerprint, st.Unit.Fingerprint)
	x.dates.watch(b)
	x.refs.watch(x.Site, x.src, b)
	if b.Rows != nil {
		st.Records += int(b.Rows.NumRows())
		st.Accounts = st.Accounts || x.src.ofAccounts(b)
	}
	return errors.Join(x.extract(x.src, x.unit, b, x.add), x.add(x.unreadSightings(x.unit, b)))
}

func (x *reading) add(list []lineage.Sighting) error {
	x.state.Sightings += len(list)
	x.name.see(list)
	return x.w.Add(list)
}

// end takes in what is known when all was read, and tells the gaps.
func (x *reading) end() error {
	named := x.name.sighting(x.accountNamed(x.unit.Account))
	x.name = nil
	if err := x.add(named); err != nil {
		return err
	}
	gaps, notes := x.dates.result()
	x.state.Gaps = append(append(x.state.Gaps, gaps...), x.refs.gaps()...)
	x.counted(notes)
	for _, g := range x.state.Gaps {
		x.gap(x.src.Name, x.unit.Key, gapText(g))
	}
	return nil
}

// largeBatch is the size, in bytes, from which batches are extracted one at a time:
// looking into a long value takes several times its size.
const largeBatch = 2 * connectors.BatchBytes

// extract extracts a batch of this scan. The sightings are valid during the call of add.
func (r *scan) extract(src *Source, u connectors.Unit, b connectors.Batch, add func([]lineage.Sighting) error) error {
	if b.Rows != nil {
		size := 0
		for _, c := range b.Rows.Columns() {
			size += len(c.(*array.String).ValueBytes())
		}
		if size >= largeBatch {
			r.large.Lock()
			defer r.large.Unlock()
		}
	}
	coll, sums := src.extracted(b)
	return r.extractor.Lend(src.Dataset.Key, coll, u, b, sums, add)
}

// sightings extracts a batch.
func (s *Site) sightings(src *Source, u connectors.Unit, b connectors.Batch) []lineage.Sighting {
	coll, sums := src.extracted(b)
	return s.extractor.Batch(src.Dataset.Key, coll, u, b, sums)
}

// ofAccounts reports a batch of records about accounts.
func (src *Source) ofAccounts(b connectors.Batch) bool {
	coll, _ := src.Dataset.Collection(b.Collection)
	return coll.Accounts && b.Rows.NumRows() > 0
}

// extracted says what collection a batch is of, and whether its records need digests.
func (src *Source) extracted(b connectors.Batch) (connectors.Collection, bool) {
	coll, ok := src.Dataset.Collection(b.Collection)
	if !ok {
		coll = connectors.Collection{Name: b.Collection}
	}
	_, sums := src.Conn.(connectors.BatchEraser)
	return coll, sums
}
