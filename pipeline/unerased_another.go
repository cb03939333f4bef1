package pipeline

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// A row that was to be erased may have been given to somebody else before: it keeps its key, by
// which its person's records were known, and holds nothing of her any more. No new plan of hers
// takes it up, so it would be told for ever.

// changedSince is why a record was left that was no longer what the plan had seen.
const changedSince = "stale"

// leftRecord is a record that a plan left undone.
type leftRecord struct {
	at   recordPlace
	plan string
}

// calledThen returns what a record called its person when the plan was made: what an earlier run
// of it noted, or what the last scan read. Where that cannot be told, the record is told until
// it is gone.
func (a *application) calledThen(st planStep, collection, locator string) []lineage.Name {
	for _, e := range a.calledBefore[st.No] {
		if e.Collection == collection && e.Locator == locator {
			return e.Names
		}
	}
	unit, err := a.Graph.Unit(st.Source, st.Unit.Unit.Key)
	if err != nil || unit == nil {
		return nil
	}
	found, err := a.Graph.Records(unit, collection, []string{locator})
	if err != nil {
		return nil
	}
	var out []lineage.Name
	for i := range found {
		out = append(out, found[i].Record.Names...)
	}
	return out
}

// another reports a record that is somebody else's by now: it has identifiers and none of hers
// but its own key, and each of its names is clearly different from those that it had.
func (u *unerased) another(f *lineage.Found, m unerasedMark) bool {
	before := u.called[leftRecord{u.site.place(f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection, f.Record.Locator), m.plan}]
	if m.reason != changedSince || len(before) == 0 || len(f.Record.Names) == 0 {
		return false
	}
	for _, was := range before {
		if slices.ContainsFunc(f.Record.Names, was.Agrees) {
			return false
		}
	}
	theirs := false
	for _, e := range f.Record.Edges {
		hers := false
		for w := range u.who[m.plan] {
			hers = hers || w.Token == e.Token
		}
		if hers && e.Role != lineage.Key && e.Role != lineage.Own {
			return false
		}
		theirs = theirs || e.Role == lineage.Subject
	}
	return theirs
}
