package pipeline

import (
	"context"
	"fmt"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// placeBucket holds, by source, where it lay when something was there.
const placeBucket = "place"

// vacant says why a source that shows no unit is not taken for an empty one: nothing at all
// is at its place, units of it are known that held something, and it lay elsewhere when they
// were read. A folder that is not mounted looks like that, and so does a mistyped prefix;
// what was known must neither be forgotten nor count as erased. The answer is "" where
// something is there, if only an empty folder, where nothing more was known, as after an
// erasure of all there was, and where the place is the same: what was in it was taken out.
// Units of which mine is true do not count: the caller removed them.
func (s *Site) vacant(ctx context.Context, src *Source, mine func(unit uint32) bool) (string, error) {
	v, ok := src.Conn.(connectors.Vacancy)
	if !ok {
		return "", nil // a database tells by its tables that it is the right one
	}
	nothing, err := v.Vacant(ctx)
	if err != nil {
		return "whether anything is there is not known: " + err.Error(), ctx.Err()
	}
	if !nothing {
		return "", nil
	}
	known := 0
	err = s.Graph.Units(src.Name, func(st *lineage.UnitState) error {
		if st.Records > 0 && !mine(st.ID) {
			known++
		}
		return nil
	})
	if err != nil || known == 0 {
		return "", err
	}
	before, err := s.Graph.Doc(placeBucket, src.Name)
	if err != nil {
		return "", err
	}
	now, err := v.Place(ctx)
	if err == nil && now == string(before) {
		return "", nil
	}
	return fmt.Sprintf("nothing is there, not even an empty folder, and %d units are known of it that were read from another place or device: it may not be mounted, or be mistyped in %s, so they stay known. "+
		"If it is empty in truth, make a folder in it (in a bucket an empty object whose key ends in /), and scan again", known, s.Config.Path), ctx.Err()
}

// rememberPlace notes where a source lies in which something was found.
func (s *Site) rememberPlace(ctx context.Context, src *Source) error {
	v, ok := src.Conn.(connectors.Vacancy)
	if !ok {
		return nil
	}
	now, err := v.Place(ctx)
	if err != nil {
		return ctx.Err() // it was there a moment ago: the next scan tells
	}
	before, err := s.Graph.Doc(placeBucket, src.Name)
	if err != nil || string(before) == now {
		return err
	}
	return s.Graph.PutDoc(placeBucket, src.Name, []byte(now))
}

// notMine is for vacant: the caller has removed nothing.
func notMine(uint32) bool { return false }

// away fails steps whose source shows nothing at all: their objects would not be found,
// and count as gone. It is asked once of each source, before anything was deleted there;
// where an earlier run of the plan began to, it may have emptied the source itself.
func (a *application) away(ctx context.Context, steps []planStep) (bool, error) {
	src, err := a.source(steps[0].Source)
	if err != nil {
		return false, nil // told when the steps are executed
	}
	reason, asked := a.vacancy[src.Name]
	if !asked && !a.begun[src.Name] {
		if reason, err = a.vacant(ctx, src, notMine); err != nil {
			return false, err
		}
	}
	a.vacancy[src.Name] = reason
	if reason == "" {
		return false, nil
	}
	a.unbegun(steps, fmt.Errorf("%s", reason))
	return true, a.recordStates()
}
