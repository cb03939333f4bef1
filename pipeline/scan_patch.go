package pipeline

import (
	"context"
	"errors"
	"iter"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// amended counts what was read to patch a unit.
type amended struct {
	records, sightings int
	notes              []map[string]int
}

// patch reads of a known unit only the records that changed. It returns nil when the
// unit has to be read whole: because its source or the graph says so, because records
// are gone, or because anything is out of the ordinary. Reading it whole tells what.
func (r *scan) patch(ctx context.Context, src *Source, u connectors.Unit, known *lineage.UnitState) (*amended, error) {
	d, ok := src.Conn.(connectors.Differ)
	if !ok || known.Mark == "" || known.Catalog != src.meaning || known.Unit.Account != u.Account {
		return nil, nil
	}
	p, err := r.w.Patch(src.Name, u)
	if err != nil || p == nil {
		return nil, err
	}
	st := lineage.UnitState{Source: src.Name, Unit: u, Catalog: src.meaning, Accounts: known.Accounts, CommittedAt: r.Now()}
	read := &amended{}
	ordinary, err := r.changes(ctx, src, d.Diff(ctx, u, known.Mark), p, &st, read)
	if err != nil || !ordinary {
		p.Abort()
		return nil, err
	}
	done, err := p.Commit(st)
	if err != nil || done == nil {
		return nil, err
	}
	for _, n := range read.notes {
		r.counted(n)
	}
	return read, nil
}

// expect tells a source what the graph holds of it.
func (r *scan) expect(src *Source) error {
	f, ok := src.Conn.(connectors.Foreseer)
	if !ok || r.force {
		return nil
	}
	var err error
	known := func(yield func(connectors.Known) bool) {
		err = r.Graph.Units(src.Name, func(st *lineage.UnitState) error {
			k := connectors.Known{Key: st.Unit.Key, Fingerprint: st.Unit.Fingerprint, Mark: st.Mark, Records: st.Records}
			if len(st.Gaps) > 0 {
				k.Mark = ""
			}
			if st.Catalog == src.meaning && !yield(k) {
				return errStopped
			}
			return nil
		})
	}
	f.Expect(known, func(key string, locators []string) (int, bool, error) {
		st, err := r.Graph.Unit(src.Name, key)
		if err != nil || st == nil {
			return 0, false, err
		}
		return r.Graph.Holds(st, locators)
	})
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// errStopped ends a walk over units that somebody wants no more of.
var errStopped = errors.New("stopped")

// remark notes that a unit was seen to be as it was, so that the next scan needs to look
// back only to this one.
func (r *scan) remark(src *Source, u connectors.Unit, known *lineage.UnitState) error {
	f, ok := src.Conn.(connectors.Foreseer)
	if !ok {
		return nil
	}
	mark := f.Seen(u)
	if mark == "" || mark == known.Mark {
		return nil
	}
	next := *known
	next.Mark = mark
	r.mu.Lock()
	r.still = append(r.still, next)
	full := len(r.still) >= markedAtOnce
	r.mu.Unlock()
	if full {
		return r.touch()
	}
	return nil
}

// markedAtOnce is how many heads of units are written together.
const markedAtOnce = 1000

// touch writes the new marks of units that are as they were.
func (r *scan) touch() error {
	r.mu.Lock()
	list := r.still
	r.still = nil
	r.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	return r.Graph.Touch(list...)
}

// changes puts the changed records of a unit into its patch.
func (r *scan) changes(ctx context.Context, src *Source, batches iter.Seq2[connectors.Batch, error], p *lineage.Patch, st *lineage.UnitState, read *amended) (ordinary bool, err error) {
	var dates dateOrder
	var refs halfRefs
	for b, err := range batches {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil || len(b.Gaps)+len(extract.Unsearched(b)) > 0 {
			return false, nil
		}
		if b.Rows == nil {
			st.Records, st.Mark = b.Records, b.Mark
			continue
		}
		dates.watch(b)
		refs.watch(r.Site, src, b)
		st.Accounts = st.Accounts || src.ofAccounts(b)
		read.notes = append(read.notes, b.Notes)
		read.records += int(b.Rows.NumRows())
		if !p.Changed(b.Collection, locators(b)) {
			return false, nil
		}
		err := r.extract(src, st.Unit, b, func(list []lineage.Sighting) error {
			read.sightings += len(list)
			return p.Add(list)
		})
		if err != nil {
			return false, err
		}
	}
	gaps, notes := dates.result()
	read.notes = append(read.notes, notes)
	return st.Mark != "" && len(gaps)+len(refs.gaps()) == 0, ctx.Err()
}

// locators returns the locators of a batch.
func locators(b connectors.Batch) []string {
	out := make([]string, b.Rows.NumRows())
	for i := range out {
		out[i], _ = connectors.Value(b.Rows, 0, i)
	}
	return out
}
