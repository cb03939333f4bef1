package pipeline

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// showing says how much of a record she is shown.
type showing uint8

const (
	showWhole  showing = iota // the record is hers
	showAround                // a part is hers, and what is around the parts is nobody's
	showParts                 // a part is hers, the record somebody else's
	showNamed                 // it mentions her
	showPlace                 // it is a recording that is somebody else's, too, or stands beside one
)

// showing tells how much of a record goes into her copy. A record of which a part alone is
// hers may be about somebody else, whose data are not hers to have.
func (a *access) showing(f *lineage.Found) (showing, error) {
	switch {
	case a.mentions[f]:
		return showNamed, nil
	case f.Record.Within == "":
		shared, err := a.saidByOthers(f)
		if err == nil && !shared && a.beside.recording(f) {
			shared, err = a.namedForOther(f)
		}
		if err != nil || shared {
			return showPlace, err
		}
		return showWhole, nil
	}
	all, err := a.beside.sameRecord(f)
	if err != nil {
		return showParts, err
	}
	show := showAround
	for i := range all {
		if x := &all[i]; x.Record.Within == "" {
			if show, err = a.whoseIsIt(x); err != nil {
				return showParts, err
			}
		}
	}
	return show, nil
}

// saidByOthers reports what stands beside a recording, names nobody, and may be what somebody
// else said: the recording is not hers alone.
func (a *access) saidByOthers(f *lineage.Found) (bool, error) {
	if !a.beside.audible(f) || a.beside.recording(f) {
		return false, nil
	}
	shared, err := a.sharedCall(f)
	if err != nil || shared {
		return shared, err
	}
	calls, err := a.calls(a.beside, f, a.person.Account)
	for i := range calls {
		if err == nil && !shared {
			shared, err = a.heardStill(&calls[i])
		}
	}
	return shared, err
}

// whoseIsIt tells of a record of which she has a part whether it is somebody else's as a whole.
func (a *access) whoseIsIt(whole *lineage.Found) (showing, error) {
	about, err := a.beside.somebodys(whole, a.person.Account)
	if about || err != nil {
		return showParts, err
	}
	leads := func(e lineage.Edge) bool {
		return e.Role == lineage.Link || e.Role == lineage.Merged || e.Role == lineage.Member
	}
	if slices.ContainsFunc(whole.Record.Edges, leads) {
		return showParts, nil
	}
	return showAround, nil
}

// show returns what of a value she is shown, and false for nothing.
func (a *access) show(c *sheetColumn, v string, how showing) (string, bool) {
	switch {
	case how == showPlace && (c.field.Look == connectors.LookJSON || c.field.Name == "text"):
		return "", false
	case how == showPlace && c.field.Identity != "": // it may be another's
		return a.masker.Value(connectors.Field{Name: c.field.Name}, v)
	case how == showPlace && c.field.Personal():
		return "", false
	case how == showParts:
		return a.masker.Parts(c.field, v)
	case how == showAround && c.field.Personal() && c.field.Look != connectors.LookJSON: // who is meant beside the parts, nothing tells
		return a.masker.Parts(c.field, v)
	case how != showNamed && c.field.Identity == "":
		return a.masker.Value(c.field, v)
	case how != showNamed: // her own number is the same in most of her records
		return c.same.or(v, func() (string, bool) { return a.masker.Value(c.field, v) })
	}
	if a.aside && extract.Abroad(c.field, v) {
		return "", false
	}
	found := a.masker.Mentions(v)
	if len(found) == 0 {
		return "", false
	}
	data, err := json.Marshal(found)
	return string(data), err == nil
}

// states are the columns of a record all of which is somebody's part in it, such as a row's
// state before a change: true where it is hers.
func (a *access) states(t *sheet, f *lineage.Found) (map[string]bool, error) {
	documents := 0
	for i := range t.columns {
		if t.columns[i].field.Look == connectors.LookJSON {
			documents++
		}
	}
	if documents < 2 {
		return nil, nil
	}
	all, err := a.beside.sameRecord(f)
	var out map[string]bool
	for i := range all {
		x := &all[i]
		if x.Record.Within == "" || strings.Contains(x.Record.Within, "/") {
			continue
		}
		if out == nil {
			out = map[string]bool{}
		}
		_, hers := slices.BinarySearchFunc(a.person.Copies, x.RID, func(c lineage.Found, id lineage.RID) int { return cmp.Compare(c.RID, id) })
		out[x.Record.Within] = hers
	}
	return out, err
}

// state shows a column of that kind, where it is hers.
func (a *access) state(c *sheetColumn, v string, hers bool) (string, bool) {
	if !hers {
		return "", false
	}
	return a.masker.Value(c.field, v)
}
