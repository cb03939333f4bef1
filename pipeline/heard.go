package pipeline

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// A recording with several owners stays when one of them is erased. What named her is gone
// then, and to the records that are left it looks like the recording of one person, on which
// the erased one is heard all the same. So it is remembered which recordings stayed, and by
// which plans: nobody is handed one but whom all those plans erased.

const heardBucket = "heard"

// heardID names a recording in that memory.
func (s *Site) heardID(source, unit string) string {
	t := s.Graph.Token(heardBucket, source+"\x00"+unit)
	return hex.EncodeToString(t[:])
}

// heardIn returns the plans that left a recording to its other owners.
func (s *Site) heardIn(source, unit string) (plans []string, err error) {
	doc, err := s.Graph.Doc(heardBucket, s.heardID(source, unit))
	if err != nil || doc == nil {
		return nil, err
	}
	if err := json.Unmarshal(doc, &plans); err != nil {
		return nil, fmt.Errorf("read which recordings stayed: %w", err)
	}
	return plans, nil
}

// keepHeard remembers the recordings that the plan of an erasure leaves to other owners.
func (a *application) keepHeard(ctx context.Context) error {
	_, err := a.plan.items(func(it planItem) error {
		for _, k := range it.Kept {
			src, err := a.source(k.Source)
			if err != nil || src.Connector != "recordings" || k.Reason != "shared" {
				continue // a source that is not there any more hands out nothing
			}
			plans, err := a.heardIn(k.Source, k.Unit)
			if err != nil {
				return err
			}
			if slices.Contains(plans, a.plan.ID) {
				continue
			}
			doc, err := json.Marshal(append(plans, a.plan.ID))
			if err != nil {
				return fmt.Errorf("note which recordings stayed: %w", err)
			}
			if err := a.Graph.PutDoc(heardBucket, a.heardID(k.Source, k.Unit), doc); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	return err
}

// leftToOthers reports the name of a recording that this plan left to its other owners. It is
// not on the ledger for her: the recording is there, and does not come back.
func (a *application) leftToOthers(t lineage.Token, kind string) (bool, error) {
	if !a.kinds.medium[kind] || a.plan.Keep == 0 {
		return false, nil
	}
	found, err := a.postedAt(t)
	if err != nil {
		return false, err
	}
	for i := range found {
		plans, err := a.heardIn(found[i].Unit.Source, found[i].Unit.Unit.Key)
		if err != nil || slices.Contains(plans, a.plan.ID) {
			return err == nil, err
		}
	}
	return false, nil
}

// heardStill reports a recording on which somebody can be heard who was erased.
func (a *access) heardStill(f *lineage.Found) (bool, error) {
	plans, err := a.heardIn(f.Unit.Source, f.Unit.Unit.Key)
	if err != nil {
		return false, err
	}
	for _, plan := range plans {
		if hers, err := a.erasedBy(plan); err != nil || !hers {
			return true, err
		}
	}
	return false, nil
}

// erasedBy reports that a plan erased the person herself, who came back since.
func (a *access) erasedBy(plan string) (bool, error) {
	for t, kind := range a.person.Tokens {
		if a.kinds.link(kind) {
			continue
		}
		l, ok, err := a.Graph.Suppressed(t, a.person.Account)
		if err != nil || ok && l.Ref == plan {
			return err == nil, err
		}
	}
	return false, nil
}
