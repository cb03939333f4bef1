package pipeline

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/policy"
)

// A row that is past its period may have to stay: others refer to it, or the catalog says
// so. It is emptied, and its date goes on saying that it is past its period. What was
// emptied is written down, so that it is neither planned again every night nor taken for a
// copy that came back.

const emptiedBucket = "emptied"

// emptiedDoc is what a row was when it had been emptied.
type emptiedDoc struct {
	Sum      uint64 `json:"sum"`      // of its content: what is written into it later is no emptied row
	Referrer int    `json:"referrer"` // how many records referred to it: with fewer, it may be free to go
	At       int64  `json:"at"`       // when that was seen, in Unix seconds
}

// tryAgain is after which time an emptied row is planned anew: what holds it may be in a
// table that the graph does not know, and be gone.
const tryAgain = 30 * 24 * time.Hour

func (s *Site) emptiedID(source, collection, locator string) string {
	t := s.Graph.Token("row", source+"\x00"+collection+"\x00"+locator)
	return hex.EncodeToString(t[:])
}

// emptiedAs returns what is written down of a row of which an erasure or retention left
// nothing; nil when it is none, or something was written into it since.
func (s *Site) emptiedAs(f *lineage.Found) (*emptiedDoc, error) {
	doc, err := s.Graph.Doc(emptiedBucket, s.emptiedID(f.Unit.Source, f.Record.Collection, f.Record.Locator))
	if err != nil || doc == nil {
		return nil, err
	}
	d := &emptiedDoc{}
	if err := json.Unmarshal(doc, d); err != nil {
		return nil, fmt.Errorf("read which rows were emptied: %w", err)
	}
	if d.Sum != f.Record.Sum {
		return nil, nil
	}
	return d, nil
}

// emptied returns what is written down of a row of which retention left nothing; nil when
// there is work in it.
func (s *Site) emptied(f *lineage.Found) (*emptiedDoc, error) {
	d, err := s.emptiedAs(f)
	if err != nil || d == nil {
		return nil, err
	}
	n, err := s.referrers(f)
	if n < d.Referrer {
		return nil, err
	}
	return d, err
}

// referrers counts the records that refer to one. It is read anew: of a record that
// retention goes by, the tokens may be cut short, and nothing is found by half a token.
func (s *Site) referrers(f *lineage.Found) (int, error) {
	own, err := s.Graph.Load([]lineage.RID{f.RID})
	if err != nil || len(own) == 0 {
		return 0, err
	}
	others := map[lineage.RID]bool{}
	for _, key := range own[0].Record.Edges {
		if key.Role != lineage.Key {
			continue
		}
		list, err := s.postedAt(key.Token)
		if err != nil {
			return 0, err
		}
		for _, x := range list {
			if x.RID != f.RID && slices.ContainsFunc(x.Record.Edges, func(e lineage.Edge) bool { return e.Token == key.Token && e.Role == lineage.Link }) {
				others[x.RID] = true
			}
		}
	}
	return len(others), nil
}

// settleEmptied looks at the rows of databases that a plan was to delete or to empty and
// that are there, as the graph knows them now: those of which nothing is left are written
// down, and what should be gone and is not is told.
func (a *application) settleEmptied(ctx context.Context) error {
	if a.plan.Kind != "retain" && a.plan.Kind != "erase" {
		return nil
	}
	return a.plan.steps(func(st planStep) error {
		// Of a step that was not carried out in full, what is left was told, and a row may
		// only look empty: a column that is called otherwise by now is not looked into.
		if state, _ := a.journal.Last(st.No); state != audit.Done && state != audit.Proven {
			return ctx.Err()
		}
		src, err := a.source(st.Source)
		if err != nil {
			a.gap(st.Source, st.Unit.Unit.Key, "whether what was to be erased is gone could not be seen: "+err.Error())
			return ctx.Err()
		}
		if !database(src.Connector) {
			return ctx.Err()
		}
		er, ok := src.Conn.(connectors.Eraser)
		if !ok {
			return nil
		}
		left, err := a.remaining(st)
		if err != nil || len(left) == 0 {
			return err
		}
		return a.settleRows(ctx, src, er, st, left)
	})
}

// remaining finds the records of a step that are in the graph, by place.
func (a *application) remaining(st planStep) (map[spot]*lineage.Found, error) {
	out := map[spot]*lineage.Found{}
	take := func(list []lineage.Found) {
		for i := range list {
			if f := &list[i]; f.Record.Within == "" {
				out[spot{f.Record.Collection, f.Record.Locator}] = f
			}
		}
	}
	known, err := a.Graph.Unit(st.Source, st.Unit.Unit.Key)
	if err != nil {
		return nil, err
	}
	by := map[string][]string{} // locators, by collection
	places := leftDue{}
	for _, e := range st.Edits {
		by[e.Collection] = append(by[e.Collection], e.Locator)
		places[a.place(st.Source, st.Unit.Unit.Key, e.Collection, e.Locator)] = 0
	}
	ids := []uint32{}
	if known == nil { // the ranges of the table were cut anew, if there is something in it
		if ids, err = a.unitsOf(places); err != nil {
			return nil, err
		}
	} else {
		ids = append(ids, known.ID)
	}
	for _, id := range ids {
		u, err := a.Graph.UnitByID(id)
		if err != nil {
			return nil, err
		}
		if u == nil {
			continue // its range was cut anew
		}
		for collection, locators := range by {
			list, err := a.Graph.Records(u, collection, locators)
			if err != nil {
				return nil, err
			}
			take(list)
		}
	}
	return out, nil
}

// settleRows asks the source what is left of the rows of a step that are there.
func (a *application) settleRows(ctx context.Context, src *Source, er connectors.Eraser, st planStep, left map[spot]*lineage.Found) error {
	part := st
	part.Edits = slices.DeleteFunc(slices.Clone(st.Edits), func(e planEdit) bool { return left[spot{e.Collection, e.Locator}] == nil })
	rest, err := er.Residue(ctx, st.Unit.Unit, a.edits(src, part, nil))
	found := map[spot]bool{}
	if err == nil {
		err = foundRows(ctx, src, st, left, found)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		a.gap(src.Name, st.Unit.Unit.Key, "whether what was to be erased is gone could not be seen: "+err.Error())
		return nil
	}
	there := map[spot]bool{}
	for _, e := range rest {
		there[spot{e.Collection, e.Locator}] = true
	}
	for at, f := range left {
		if a.plan.Kind == "erase" && a.identified(f) {
			delete(there, at) // which is looked for by her identifiers, see prove
			found[at] = true
		}
	}
	if err := a.tellThere(src, part, there, found, left); err != nil || a.plan.Kind != "retain" {
		return err
	}
	for at, f := range left {
		if found[at] && !there[at] {
			if err := a.noteEmptied(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// identified reports a record with an identifier of the people whose data go.
func (a *application) identified(f *lineage.Found) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
		return e.Role != lineage.Own && slices.ContainsFunc(a.plan.body.Subjects, func(x planSubject) bool { return a.tokens[x.Account][e.Token] != "" && !a.kinds.link(e.Kind) })
	})
}

// foundRows notes the rows that the source finds by their keys.
func foundRows(ctx context.Context, src *Source, st planStep, left map[spot]*lineage.Found, found map[spot]bool) error {
	var refs []connectors.Ref
	for at := range left {
		refs = append(refs, connectors.Ref{Collection: at.Collection, Unit: st.Unit.Unit.Key, Locator: at.Locator})
	}
	for b, err := range connectors.Pick(ctx, src.Conn, connectors.Unit{Key: st.Unit.Unit.Key}, refs) {
		if err != nil {
			return err
		}
		if b.Rows == nil {
			continue
		}
		for _, l := range locators(b) {
			found[spot{b.Collection, l}] = true
		}
	}
	return nil
}

// tellThere counts the rows that should be gone, and those that should have nothing left in
// them and were given it back, or never lost it, although the database said that they were
// changed. They are left undone: the plan tries again when it is run again.
func (a *application) tellThere(src *Source, st planStep, there, found map[spot]bool, left map[spot]*lineage.Found) error {
	gone, full := st, st
	gone.Edits, full.Edits = nil, nil
	for _, e := range st.Edits {
		at := spot{e.Collection, e.Locator}
		switch {
		case e.Delete && (there[at] || !found[at]):
			gone.Edits = append(gone.Edits, e)
		case !e.Delete && there[at] && (a.plan.Kind == "erase" || left[at].Record.Sum == e.Sum):
			full.Edits = append(full.Edits, e) // of a row whose key is what has to go, retention emptied the rest
		}
	}
	if n := len(gone.Edits); n > 0 {
		a.sum.Residue += n
		a.gap(src.Name, st.Unit.Unit.Key, fmt.Sprintf("records that were to be erased are there (%d): the database does not delete them, or does not find them by their keys", n))
	}
	n := len(full.Edits)
	if n == 0 {
		return nil
	}
	a.sum.Residue += n
	a.gap(src.Name, st.Unit.Unit.Key, fmt.Sprintf("records that were to be emptied hold what was to go (%d): the database took the change, and a trigger or somebody undid it", n))
	a.leave(full, "failed")
	a.mark(st, audit.Failed, 0)
	return a.recordStates()
}

// noteEmptied writes down a row of which nothing is left.
func (a *application) noteEmptied(f *lineage.Found) error {
	n, err := a.referrers(f)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(emptiedDoc{Sum: f.Record.Sum, Referrer: n, At: a.plan.AsOf.Unix()})
	if err == nil {
		err = a.Graph.PutDoc(emptiedBucket, a.emptiedID(f.Unit.Source, f.Record.Collection, f.Record.Locator), doc)
	}
	if err != nil {
		return fmt.Errorf("note which rows were emptied: %w", err)
	}
	return nil
}

// unlessEmptied is the decision about a record that is past its period: one that was
// emptied has no work in it.
func (r *retention) unlessEmptied(f *lineage.Found, d policy.Decision) (policy.Decision, error) {
	if d.State != policy.Due {
		return d, nil
	}
	doc, err := r.emptied(f)
	if doc != nil && (!r.planning || r.plan.AsOf.Sub(time.Unix(doc.At, 0)) < tryAgain) {
		d.State, d.Reason = policy.Active, "nothing is left in it, and it cannot go yet"
	}
	return d, err
}
