package pipeline

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// A large object that apply rewrote is not read again as a whole. What stood in it is
// known, and so is what was taken out: the records that are left only moved. The places
// where something was changed are read back from the store, and have to be what the graph
// makes of them. Anything out of the ordinary there, and the object is read whole.

// wholeUpTo is the size, in bytes, up to which a changed object is read whole all the
// same: that costs little, and takes nobody's word.
const wholeUpTo = 8 << 20

// nearAtMost bounds the places of one object that are read back. With more of them, reading
// the object costs no more.
const nearAtMost = 2000

// followedAtMost bounds the edits of followed objects that one run of a plan holds.
const followedAtMost = 100_000

// spot is where a record stands in its unit.
type spot struct {
	Collection string `json:"collection"`
	Locator    string `json:"locator"`
}

// followed is an object that was rewritten, and what became of its records.
type followed struct {
	before  string // the fingerprint that it had
	next    connectors.Unit
	edits   map[spot]bool // by the place before: whether the record was deleted
	deleted int
	*connectors.Followed
}

// near names the places of an object that are read back to prove an erasure.
type near struct {
	Fingerprint string `json:"fingerprint"` // they are there in this version of it
	Alone       bool   `json:"alone"`       // see connectors.Followed
	Records     []spot `json:"records"`
}

const nearBucket = "near"

func (s *Site) nearID(source, key string) string {
	t := s.Graph.Token("unit", source+"\x00"+key)
	return hex.EncodeToString(t[:])
}

// nearOf returns the places of a version of an object, nil when none are known.
func (s *Site) nearOf(source string, u connectors.Unit) (*near, error) {
	doc, err := s.Graph.Doc(nearBucket, s.nearID(source, u.Key))
	if err != nil || doc == nil {
		return nil, err
	}
	var n near
	if err := json.Unmarshal(doc, &n); err != nil {
		return nil, fmt.Errorf("read what was changed in an object: %w", err)
	}
	if n.Fingerprint != u.Fingerprint {
		return nil, nil
	}
	return &n, nil
}

// follow notes where the records of an object stand that a step rewrote.
func (a *application) follow(ctx context.Context, src *Source, er connectors.Eraser, st planStep, next connectors.Unit, edits []connectors.Edit, out connectors.Outcome) error {
	f, ok := er.(connectors.Follower)
	if !ok || out.Gone || out.Missing+out.Shells > 0 || next.Size <= a.wholeUpTo || len(edits) > nearAtMost/2 {
		return nil
	}
	x := followed{before: st.Unit.Unit.Fingerprint, next: next, edits: map[spot]bool{}, deleted: out.Deleted}
	for _, e := range edits {
		at := spot{e.Collection, e.Locator}
		x.edits[at] = x.edits[at] || e.Action == connectors.Delete
	}
	var err error
	if x.Followed, err = f.Follow(ctx, next, edits); err != nil || x.Followed == nil {
		return ctx.Err() // reading it whole tells what is wrong
	}
	earlier, err := a.nearOf(src.Name, st.Unit.Unit)
	if err != nil {
		return err
	}
	if earlier != nil { // what an earlier plan changed is proven again where it is now
		for _, r := range earlier.Records {
			x.Near = append(x.Near, connectors.Ref{Collection: r.Collection, Unit: next.Key, Locator: x.Moved(r.Collection, r.Locator)})
		}
		x.Alone = x.Alone && earlier.Alone
	}
	a.sm.Lock()
	defer a.sm.Unlock()
	if len(x.Near) <= nearAtMost && a.following+len(x.edits) <= followedAtMost {
		a.following += len(x.edits)
		a.followed[recordPlace{source: src.Name, unit: next.Key}] = x
	}
	return nil
}

// rememberNear stores which places of the objects are to be read back.
func (a *application) rememberNear() error {
	for at, x := range a.followed {
		n := near{Fingerprint: x.next.Fingerprint, Alone: x.Alone}
		for _, r := range x.Near {
			n.Records = append(n.Records, spot{r.Collection, r.Locator})
		}
		doc, err := json.Marshal(n)
		if err == nil {
			err = a.Graph.PutDoc(nearBucket, a.nearID(at.source, at.unit), doc)
		}
		if err != nil {
			return fmt.Errorf("note what was changed in an object: %w", err)
		}
	}
	return nil
}

// refollow writes an object into the graph as it was rewritten, from what the graph knew of
// it and what is read back. It returns false when the object has to be read whole.
func (r *scan) refollow(ctx context.Context, src *Source, u connectors.Unit, x followed) (bool, error) {
	known, err := r.Graph.Unit(src.Name, u.Key)
	if err != nil || !x.Alone || known == nil {
		return false, err
	}
	if known.Unit.Fingerprint != x.before || u.Fingerprint != x.next.Fingerprint || known.Unit.Account != u.Account || known.Catalog != src.meaning ||
		len(known.Gaps) > 0 || known.Digest+known.Mark != "" || r.watchName(src, u) != nil {
		return false, nil
	}
	back, err := r.readBack(ctx, src, u, x.Near)
	if err != nil || back == nil {
		return false, err
	}
	w, err := r.w.Unit(src.Name, u)
	if err != nil {
		return false, err
	}
	m := moving{x: x, back: back, seen: map[spot]int{}, near: map[spot]bool{}, w: w}
	for _, at := range x.Near {
		m.near[spot{at.Collection, at.Locator}] = true
	}
	err = r.Graph.EachOf(known, m.take)
	if err == nil {
		err = m.end()
	}
	if err != nil {
		w.Abort()
		if errors.Is(err, errStopped) {
			err = nil
		}
		return false, err
	}
	return true, w.Commit(lineage.UnitState{Source: src.Name, Unit: u, Catalog: src.meaning, Accounts: known.Accounts, Records: known.Records - x.deleted, CommittedAt: r.Now()})
}

// readBack reads some records of a unit, and returns the sightings by place, of a record
// without any an empty list; nil when anything about them is out of the ordinary.
func (s *Site) readBack(ctx context.Context, src *Source, u connectors.Unit, refs []connectors.Ref) (map[spot][]lineage.Sighting, error) {
	f, ok := src.Conn.(connectors.Follower)
	if !ok {
		return nil, nil
	}
	out := map[spot][]lineage.Sighting{}
	var dates dateOrder
	var halves halfRefs
	for b, err := range f.Look(ctx, u, refs) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil || len(b.Gaps)+len(extract.Unsearched(b)) > 0 {
			return nil, nil
		}
		if b.Rows == nil {
			continue
		}
		dates.watch(b)
		halves.watch(s, src, b)
		for _, l := range locators(b) {
			at := spot{b.Collection, l}
			if _, known := out[at]; !known {
				out[at] = nil
			}
		}
		for _, x := range s.sightings(src, u, b) {
			at := spot{x.Collection, x.Locator}
			out[at] = append(out[at], x)
		}
	}
	if gaps, _ := dates.result(); len(gaps)+len(halves.gaps()) > 0 {
		return nil, nil
	}
	return out, ctx.Err()
}

// moving writes the sightings of a rewritten unit.
type moving struct {
	x    followed
	back map[spot][]lineage.Sighting
	seen map[spot]int  // how many sightings of a place that was read back were met
	near map[spot]bool // the places that had to be read back, if they are there
	w    *lineage.UnitWriter
	list []lineage.Sighting
}

// movedAtOnce is how many sightings are written together.
const movedAtOnce = 4096

// take takes in a sighting as it was. It returns errStopped when what was read back is
// something else.
func (m *moving) take(f *lineage.Found) error {
	s := f.Record
	at := spot{s.Collection, s.Locator}
	deleted, edited := m.x.edits[at]
	if deleted {
		return nil
	}
	at.Locator = m.x.Moved(s.Collection, s.Locator)
	now, read := m.back[at]
	n := m.seen[at]
	switch {
	case m.near[at] && !read:
		return errStopped
	case edited:
		if m.seen[at] = len(now); n > 0 {
			return nil
		}
		return m.add(now...)
	case read:
		m.seen[at]++
		if s.Locator = at.Locator; n >= len(now) || !sameSighting(&s, &now[n]) {
			return errStopped
		}
	}
	s.Locator = at.Locator
	return m.add(s)
}

func (m *moving) add(list ...lineage.Sighting) error {
	if m.list = append(m.list, list...); len(m.list) < movedAtOnce {
		return nil
	}
	return m.flush()
}

func (m *moving) flush() error {
	err := m.w.Add(m.list)
	m.list = m.list[:0]
	return err
}

// end makes sure that all that was read back was expected.
func (m *moving) end() error {
	for at, list := range m.back {
		if m.seen[at] != len(list) {
			return errStopped
		}
	}
	return m.flush()
}

// sameSighting compares all that the graph keeps of two sightings.
func sameSighting(a, b *lineage.Sighting) bool {
	names := func(x, y []lineage.Name) bool {
		return slices.EqualFunc(x, y, func(p, q lineage.Name) bool { return slices.Equal(p, q) })
	}
	return a.Collection == b.Collection && a.Locator == b.Locator && a.At == b.At && a.Within == b.Within && a.Account == b.Account &&
		a.RecordedAt.Equal(b.RecordedAt) && a.Trigger == b.Trigger && a.Sum == b.Sum && slices.Equal(a.Categories, b.Categories) &&
		slices.Equal(a.Edges, b.Edges) && names(a.Names, b.Names) && names(a.Labels, b.Labels) && maps.Equal(a.Facts, b.Facts)
}

// spared looks for the identifiers of erased people only in those places of a large object
// that were changed. It returns false when the object has to be read whole: it was not
// followed, it is another version by now, or one of them is there.
func (r *scan) spared(ctx context.Context, src *Source, u connectors.Unit, known *lineage.UnitState, gone map[lineage.Token]bool) (bool, error) {
	if u.Size <= r.wholeUpTo {
		return false, nil
	}
	n, err := r.nearOf(src.Name, u)
	if err != nil || n == nil {
		return false, err
	}
	refs, err := r.places(known, n)
	if err != nil || len(refs) == 0 {
		return false, err
	}
	back, err := r.readBack(ctx, src, u, refs)
	if err != nil || len(back) == 0 {
		return false, err
	}
	for _, list := range back {
		if carries(list, gone) {
			return false, nil
		}
	}
	return true, nil
}

// places returns where to read: with the positions that the graph knows, where a locator
// alone is not enough. A place that the graph does not know is beyond the end of the unit.
func (s *Site) places(known *lineage.UnitState, n *near) (refs []connectors.Ref, err error) {
	by := map[string][]string{}
	for _, at := range n.Records {
		if n.Alone {
			refs = append(refs, connectors.Ref{Collection: at.Collection, Unit: known.Unit.Key, Locator: at.Locator})
			continue
		}
		by[at.Collection] = append(by[at.Collection], at.Locator)
	}
	for _, collection := range slices.Sorted(maps.Keys(by)) {
		found, err := s.Graph.Records(known, collection, by[collection])
		if err != nil {
			return nil, err
		}
		for i := range found {
			x := &found[i].Record
			refs = append(refs, connectors.Ref{Collection: collection, Unit: known.Unit.Key, Locator: x.Locator, At: x.At})
		}
	}
	return slices.Compact(refs), nil
}

// carries reports whether one of some sightings holds an identifier of erased people.
func carries(list []lineage.Sighting, gone map[lineage.Token]bool) bool {
	return slices.ContainsFunc(list, func(x lineage.Sighting) bool {
		return slices.ContainsFunc(x.Edges, func(e lineage.Edge) bool { return e.Role != lineage.Own && gone[e.Token] })
	})
}
