package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/extract"
	"github.com/cratio/sutra/pipeline/policy"
)

// A plan says what is to go by the policy and the catalogs that it was made under. Where they
// say otherwise by the time that it is applied, what they say then counts.

// law is a digest of what the policy says of how long anything is kept.
func (s *Site) law() (string, error) {
	data, err := json.Marshal(struct {
		Rules  map[string]policy.Rule
		Floors []policy.Floor
	}{s.Policy.Rules, s.Policy.Floors})
	if err != nil {
		return "", fmt.Errorf("digest the policy: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}

// lawful refuses a plan that was made under other rules and floors, or before a floor began.
func (a *application) lawful(now time.Time) error {
	law, err := a.law()
	if err != nil {
		return err
	}
	if a.plan.Law != law {
		return fmt.Errorf("%w: the periods or floors of the policy changed since the plan was made; make a new plan", ErrRefused)
	}
	for class := range a.plan.body.Classes {
		if id := a.Policy.Began(class, a.plan.AsOf, now); id != "" {
			return fmt.Errorf("%w: the floor %s is in force since %s, and the plan judges by an earlier day; make a new plan", ErrRefused, id, policy.Format(a.Policy.FloorFrom(id)))
		}
	}
	return nil
}

// otherwise reports an edit that the catalog does not want any more: the records are of
// another class, or it keeps more of them. What it describes no more the source refuses.
func (a *application) otherwise(source string, e planEdit) bool {
	src, err := a.source(source)
	if err != nil {
		return false
	}
	coll, ok := src.Dataset.Collection(e.Collection)
	return ok && (coll.Class != e.Class || a.plan.Kind != correcting && keepsMore(coll, e))
}

func keepsMore(coll connectors.Collection, e planEdit) bool {
	switch {
	case coll.Erase == "keep":
		return (e.Delete || e.Extent != extract.Strip && e.Extent != extract.Partial) && coll.Class != "billing"
	case coll.Erase == "redact":
		return e.Delete && coll.Class != "billing"
	}
	return false
}
