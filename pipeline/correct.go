package pipeline

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// CorrectOptions say what is to be corrected.
type CorrectOptions struct {
	Ident, Account string
	Set            []string // CATEGORY=VALUE
	From           []string // CATEGORY=OLD: which of several values is to be replaced
}

// planSet is one value to set. It stands in the sealed part of a plan only.
type planSet struct {
	Category string   `json:"category"`
	Kind     string   `json:"kind,omitempty"` // identity kind; "" for plain text
	Value    string   `json:"value"`
	From     []string `json:"from"` // tokens of the values that it replaces, in hex
}

// planField is one field of a record that gets a new value.
type planField struct {
	Name string `json:"name"`
	Set  int    `json:"set"` // index of the subject's planSet
}

// RecipientLine is somebody who has to be told of a correction: where her data
// came from, or where they were handed on to.
type RecipientLine struct {
	Type      string `json:"type"` // "recipient"
	Source    string `json:"source"`
	Dataset   string `json:"dataset"`
	Connector string `json:"connector"`
	Relation  string `json:"relation"` // origin: the next import brings the old value again; export: somebody may have a copy; service: a processor's own store
	Records   int    `json:"records"`
}

// ChoiceLine is one of several values of a category between which a correction
// has to be told to choose. It shows no more of the value than its end.
type ChoiceLine struct {
	Type     string   `json:"type"` // "choice"
	Category string   `json:"category"`
	Hint     string   `json:"hint"`
	Fields   []string `json:"fields"` // DATASET.FIELD
	Records  int      `json:"records"`
}

// ChoiceError says that a person has several values of a category and none was
// singled out. It wraps ErrRefused.
type ChoiceError struct {
	Category string
	Choices  []ChoiceLine
}

func (e *ChoiceError) Error() string {
	return fmt.Sprintf("she has %d different values of %s; say which one is wrong with --from %s=OLD (once for each)", len(e.Choices), e.Category, e.Category)
}

// Unwrap makes it a refusal.
func (e *ChoiceError) Unwrap() error { return ErrRefused }

// Correct plans new values for fields of a person's own records and writes the
// plan to path. Nothing of anybody else is touched: see [extract.Corrector].
func (s *Site) Correct(ctx context.Context, o CorrectOptions, path string) (sum PlanSummary, err error) {
	if err := mayReplace(path); err != nil {
		return PlanSummary{}, err
	}
	sets, err := s.parseSets(o)
	if err != nil {
		return PlanSummary{}, err
	}
	p, err := s.Subject(ctx, o.Ident, o.Account)
	if err != nil {
		return PlanSummary{}, err
	}
	if err := mayAct(p); err != nil {
		return PlanSummary{}, err
	}
	pl, err := s.newPlanner(ctx, correcting, s.Now())
	if err != nil {
		return PlanSummary{}, err
	}
	defer func() { err = errors.Join(err, pl.close()) }()
	pl.plan.Account = p.Account
	c := &correction{planner: pl, person: p, sets: sets, recipients: map[string]*RecipientLine{}}
	if err := c.plan(ctx, o.Ident); err != nil {
		return PlanSummary{}, err
	}
	for _, l := range c.told() {
		s.emit(l)
	}
	if err := s.knownGaps(); err != nil {
		return PlanSummary{}, err
	}
	return pl.finish(path)
}

// correction is the making of one plan.
type correction struct {
	*planner
	person     *lineage.Person
	sets       []planSet
	seen       []sighted
	recipients map[string]*RecipientLine
	planned    int // records to be edited
}

// sighted is one of her records with what it holds of the categories to set. No
// value is kept, only its token.
type sighted struct {
	f      *lineage.Found
	src    *Source
	coll   connectors.Collection
	extent extract.Extent
	anchor bool // an identifier of hers stands in it as the record's own
	values []heldValue
}

// heldValue is one value of one field.
type heldValue struct {
	field string
	set   int
	token string
	name  lineage.Name
	is    bool   // it is the new value already
	fixed bool   // the field's place in the source cannot be written
	hint  string // its end, to tell it from others
}

func (c *correction) plan(ctx context.Context, ident string) error {
	if len(c.person.Copies) == 0 {
		c.emit(NoteLine{Type: "note", Text: "nobody with this identifier is known: there is nothing to correct"})
		return nil
	}
	if err := c.free(ctx); err != nil {
		return err
	}
	if err := c.read(ctx); err != nil {
		return err
	}
	for i := range c.sets {
		if err := c.choose(i, ident); err != nil {
			return err
		}
	}
	c.subject(c.person)
	c.planner.plan.body.Subjects[0].Set = c.sets
	if err := c.edits(ctx); err != nil {
		return err
	}
	c.elsewhere()
	return nil
}

// free refuses new identifiers that are somebody else's.
func (c *correction) free(ctx context.Context) error {
	hers := map[lineage.RID]bool{}
	for i := range c.person.Copies {
		hers[c.person.Copies[i].RID] = true
	}
	for _, set := range c.sets {
		id, ok := extract.Normalise(set.Kind, set.Value)
		if set.Kind == "" || !ok {
			continue
		}
		t := c.Graph.Token(id.Kind, id.Value)
		r, err := c.resolver()
		if err != nil {
			return err
		}
		others, err := r.Candidates(ctx, lineage.Query{Token: t, Kind: id.Kind}, c.person.Account)
		if err != nil {
			return err
		}
		for _, o := range others {
			if slices.ContainsFunc(o.Copies, func(f lineage.Found) bool { return !hers[f.RID] }) {
				return fmt.Errorf("%w: the new value of %s belongs to another person of this account; if the two are one person, say so with `sutra link same` first", ErrRefused, set.Category)
			}
		}
		if err := c.unclaimed(t, set); err != nil {
			return err
		}
		if id.Weak {
			c.emit(NoteLine{Type: "note", Text: "the new value of " + set.Category + " joins nobody by itself (a landline, a role mailbox): records that have nothing else may not be found as hers afterwards"})
		}
	}
	return nil
}

// unclaimed refuses an identifier of the account or its staff, and one of
// somebody who was erased.
func (c *correction) unclaimed(t lineage.Token, set planSet) error {
	found, err := c.postedAt(t)
	if err != nil {
		return err
	}
	for i := range found {
		own := slices.ContainsFunc(found[i].Record.Edges, func(e lineage.Edge) bool { return e.Token == t && e.Role == lineage.Own })
		if own && (found[i].Record.Account == "" || found[i].Record.Account == c.person.Account) {
			return fmt.Errorf("%w: the new value of %s is the account's own or its staff's", ErrRefused, set.Category)
		}
	}
	ledger, err := c.Graph.Suppressions()
	if err != nil {
		return err
	}
	for _, l := range ledger {
		if l.Token == t && l.Account == c.person.Account {
			return fmt.Errorf("%w: the new value of %s belonged to somebody who was erased; setting it would bring her back", ErrRefused, set.Category)
		}
	}
	return nil
}

// choose decides which of her values a setting replaces.
func (c *correction) choose(i int, ident string) error {
	set := &c.sets[i]
	choices, there := c.choices(i, c.agrees)
	if len(choices) == 0 && there {
		c.emit(NoteLine{Type: "note", Text: "every field of " + set.Category + " that can be set holds the new value already"})
		return nil
	}
	if len(choices) == 0 { // only where nothing may be written: that is told, record by record
		choices, _ = c.choices(i, c.agreesByName)
	}
	if len(choices) == 0 {
		return fmt.Errorf("%w: no field of hers holds a value of %s; a correction replaces values, so complete the record in the CRM", ErrRefused, set.Category)
	}
	if len(set.From) > 0 {
		for _, t := range set.From {
			if choices[t] == nil {
				return fmt.Errorf("%w: no field of hers holds the value that --from gives for %s", ErrRefused, set.Category)
			}
		}
		return nil
	}
	if t := c.identToken(ident, set.Kind); choices[t] != nil {
		set.From = []string{t}
		return nil
	}
	if len(choices) > 1 && !isName(set.Category) {
		e := &ChoiceError{Category: set.Category}
		for _, t := range sortedKeys(choices) {
			slices.Sort(choices[t].Fields)
			e.Choices = append(e.Choices, *choices[t])
		}
		slices.SortFunc(e.Choices, func(a, b ChoiceLine) int {
			return cmp.Or(b.Records-a.Records, strings.Compare(a.Fields[0], b.Fields[0]), strings.Compare(a.Hint, b.Hint))
		})
		return e
	}
	set.From = sortedKeys(choices)
	return nil
}

func isName(category string) bool {
	return category == "user.name" || strings.HasPrefix(category, "user.name.")
}

// identToken is the identifier by which she was asked for, when it is of the kind
// that is to be set: then it is the wrong one.
func (c *correction) identToken(ident, kind string) string {
	q, err := c.ParseIdent(ident)
	if err != nil || kind == "" || q.Kind != kind {
		return ""
	}
	return hex.EncodeToString(q.Token[:])
}

// choices lists her values of a category that are not the new one; there is set
// when the new one is there already.
func (c *correction) choices(i int, counts func(*sighted, heldValue) bool) (out map[string]*ChoiceLine, there bool) {
	out = map[string]*ChoiceLine{}
	for k := range c.seen {
		x := &c.seen[k]
		counted := map[string]bool{}
		for _, v := range x.values {
			if v.set != i || !counts(x, v) {
				continue
			}
			if v.is {
				there = true
				continue
			}
			l := out[v.token]
			if l == nil {
				l = &ChoiceLine{Type: "choice", Category: c.sets[i].Category, Hint: v.hint}
				out[v.token] = l
			}
			if name := x.src.Name + "." + x.coll.Name + "." + v.field; !slices.Contains(l.Fields, name) {
				l.Fields = append(l.Fields, name)
			}
			if !counted[v.token] {
				counted[v.token] = true
				l.Records++
			}
		}
	}
	return out, there
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
