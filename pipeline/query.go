package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
	"github.com/cratio/sutra/pipeline/policy"
)

// ErrUsage marks a question that cannot be understood.
var ErrUsage = errors.New("wrong usage")

// ErrRefused marks what is refused although it could be done: an ambiguous
// subject, a hold, a date that has not come.
var ErrRefused = errors.New("refused")

// AmbiguousError says that an identifier means several people. It wraps
// ErrRefused.
type AmbiguousError struct {
	Subjects []SubjectLine
	Loose    int // records with nothing else in them: they could be anybody's of these
}

func (e *AmbiguousError) Error() string {
	switch {
	case e.Loose > 0 && len(e.Subjects) == 1:
		return fmt.Sprintf("one person, and %d records that could be hers or somebody else's, stand behind this identifier; ask with an identifier that is hers alone", e.Loose)
	case e.Loose > 0:
		return fmt.Sprintf("%d people, and %d records that could be anybody's, stand behind this identifier; ask with --account, or with an identifier that is one person's alone", len(e.Subjects), e.Loose)
	}
	return fmt.Sprintf("several people (%d) stand behind this identifier; ask with --account, or with an identifier that is one person's alone", len(e.Subjects))
}

// Unwrap makes it a refusal.
func (e *AmbiguousError) Unwrap() error { return ErrRefused }

// ParseIdent reads an identifier as a person writes it: a phone number, an e-mail
// address, or kind:value.
func (s *Site) ParseIdent(ident string) (lineage.Query, error) {
	if kind, value, ok := strings.Cut(ident, ":"); ok && !strings.Contains(kind, "@") && !strings.Contains(kind, "+") {
		return s.kindIdent(strings.TrimSpace(kind), value)
	}
	if strings.HasPrefix(ident, "wamid.") {
		return s.query(extract.Wamid(ident))
	}
	if strings.Contains(ident, "@") {
		id, ok := extract.Email(ident)
		if !ok && extract.TestAddress(ident) { // well-formed, and nobody's
			return lineage.Query{Token: s.Graph.Token("placeholder", ""), Kind: extract.KindEmail}, nil
		}
		return s.query(id, ok)
	}
	if extract.Placeholder(ident) { // well-formed, and nobody's
		return lineage.Query{Token: s.Graph.Token("placeholder", ""), Kind: extract.KindPhone}, nil
	}
	return s.query(extract.Phone(ident))
}

func (s *Site) query(id extract.Identifier, ok bool) (lineage.Query, error) {
	if !ok {
		return lineage.Query{}, fmt.Errorf("%w: this is no identifier that can mean one person; write a phone number, an e-mail address, or kind:value", ErrUsage)
	}
	return lineage.Query{Token: s.Graph.Token(id.Kind, id.Value), Kind: id.Kind}, nil
}

func (s *Site) kindIdent(kind, value string) (lineage.Query, error) {
	if low := strings.ToLower(kind); s.kinds.alias[kind] == "" && !s.kinds.link(kind) {
		kind = low // Phone:, EMAIL:
	}
	switch {
	case kind == "phone_number" || kind == "mobile":
		kind = extract.KindPhone
	case kind == "p" || kind == "tel":
		kind = extract.KindPhone
	case s.kinds.alias[kind] != "":
		kind = s.kinds.alias[kind]
	case !s.kinds.ident[kind] && !s.kinds.link(kind):
		return lineage.Query{}, fmt.Errorf("%w: what stands before the colon is no kind of identifier; known are phone, email, wa_id, cookie%s", ErrUsage, s.kinds.tables())
	}
	if s.kinds.link(kind) {
		return s.query(s.extractor.Link(kind, value))
	}
	return s.query(extract.Normalise(kind, value))
}

// tablesNamed is how many tables a message names.
const tablesNamed = 12

// tables names the tables by whose ids one may ask, and the kinds of other ids, for a message.
// What was typed is not repeated: it may be somebody's name.
func (k kinds) tables() string {
	names := slices.DeleteFunc(sortedKeys(k.links), func(kind string) bool { return !namedLinks[kind] })
	for n := range k.alias {
		if !strings.ContainsAny(n, ".") && n == singular(n) && n == strings.ToLower(n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	switch n := len(names); {
	case n == 0:
		return ""
	case n > tablesNamed:
		return fmt.Sprintf(", and of the catalogs %s and %d more", strings.Join(names[:tablesNamed], ", "), n-tablesNamed)
	}
	return ", and of the catalogs " + strings.Join(names, ", ")
}

// Subject resolves an identifier to one person.
func (s *Site) Subject(ctx context.Context, ident, account string) (*lineage.Person, error) {
	r, err := s.resolver()
	if err != nil {
		return nil, err
	}
	return s.resolve(ctx, r, ident, account)
}

func (s *Site) resolve(ctx context.Context, r *lineage.Resolver, ident, account string) (*lineage.Person, error) {
	q, err := s.ParseIdent(ident)
	if err != nil {
		return nil, err
	}
	p, err := r.Resolve(ctx, q, s.knownAccount(account))
	if list, ok := lineage.IsAmbiguous(err); ok {
		a := &AmbiguousError{}
		for _, x := range list {
			if len(list) > 1 && s.loose(x) {
				a.Loose += len(x.Copies)
				continue
			}
			a.Subjects = append(a.Subjects, SubjectLine{Type: "subject", Account: x.Account, Copies: len(x.Copies), Ask: s.handles(x)})
		}
		return nil, a
	}
	if err != nil {
		return nil, err
	}
	return p, s.tellOwn(q, s.knownAccount(account), p)
}

// loose reports an answer that is no person: records without a name and without an
// identifier that is somebody's alone.
func (s *Site) loose(p *lineage.Person) bool {
	for _, kind := range p.Tokens {
		if !s.kinds.link(kind) {
			return false
		}
	}
	return len(s.handles(p)) == 0 && !slices.ContainsFunc(p.Copies, func(f lineage.Found) bool { return len(f.Record.Names)+len(f.Record.Labels) > 0 })
}

// mostHandles is how many identifiers are named by which to ask for one person alone.
const mostHandles = 3

// handles names identifiers that are no personal value and mean one person: her contacts,
// then her leads. In what order the units were read does not matter.
func (s *Site) handles(p *lineage.Person) []string {
	contacts, out := []string{}, []string{} // none is an empty list in JSON, too
	for i := range p.Copies {
		c := &p.Copies[i]
		coll := s.collection(c)
		src, err := s.source(c.Unit.Source)
		if err != nil || !database(src.Connector) || len(coll.PrimaryKey()) != 1 {
			continue
		}
		pk, ok := strings.CutPrefix(c.Record.Locator, "pk=")
		unique := s.kinds.unique[keyKind(src.Name, coll)]
		if !ok || !unique && coll.Name != "leads" {
			continue
		}
		name := singular(coll.Name)
		if s.kinds.alias[name] == "" { // two databases have such a table
			name = src.Name + "." + name
		}
		if unique {
			contacts = append(contacts, name+":"+pk)
		} else {
			out = append(out, name+":"+pk)
		}
	}
	for _, list := range [][]string{contacts, out} {
		slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	}
	out = append(contacts, out...)
	return out[:min(len(out), mostHandles)]
}

// knownGaps reports the gaps that the last scans left in the graph: what could
// not be read then may hold her too.
func (s *Site) knownGaps() error {
	return s.eachKnownGap(func(g GapLine) { s.gap(g.Source, g.Unit, g.Reason) })
}

func (s *Site) eachKnownGap(fn func(GapLine)) error {
	for _, src := range s.Sources {
		if src.Err != nil {
			fn(GapLine{Source: src.Name, Reason: "the source cannot be opened: " + src.Err.Error()})
		}
	}
	if err := s.eachForgotten(fn); err != nil {
		return err
	}
	docs, err := s.Graph.Docs(lostBucket)
	if err != nil {
		return err
	}
	for _, id := range lineage.DocIDs(docs) {
		var lost []GapLine
		if err := json.Unmarshal(docs[id], &lost); err != nil {
			return fmt.Errorf("read what could not be scanned: %w", err)
		}
		for _, g := range lost {
			fn(g)
		}
	}
	err = s.eachMoved(func(_ string, g GapLine, open bool) error {
		if open {
			fn(g)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Graph.Flawed(func(st *lineage.UnitState) error {
		for _, g := range st.Gaps {
			fn(GapLine{Source: st.Source, Unit: st.Unit.Key, Reason: gapText(g)})
		}
		return nil
	})
}

// doubtAccount says that an account that was asked for is not among those that there are:
// nothing found in it may be a slip of the pen. Records may name an account that has no
// row of its own.
func (s *Site) doubtAccount(account string, known accountFacts) {
	if _, ok := known[s.knownAccount(account)]; !ok && account != "" && len(known) > 0 {
		s.emit(NoteLine{Type: "note", Text: "no table of accounts names this account; only records that name it themselves are of it"})
	}
}

// accountFacts are the settings and the end of each account.
type accountFacts map[string]accountFact

type accountFact struct {
	Terminated policy.Date    `json:"terminated"`
	Override   map[string]int `json:"override,omitempty"`
}

// of returns what is known of an account.
func (a accountFacts) of(account string) accountFact {
	if f, ok := a[account]; ok {
		return f
	}
	return accountFact{Terminated: lineage.NoDate}
}

// equal reports whether the clocks of an account run as before.
func (f accountFact) equal(g accountFact) bool {
	return f.Terminated == g.Terminated && maps.Equal(f.Override, g.Override)
}

// accountFacts reads the accounts' own records from the graph. What an old version of
// them says does not count: nobody can see there what is set today.
func (s *Site) accountFacts() (accountFacts, error) {
	out := accountFacts{}
	err := s.Graph.OfAccounts(func(st *lineage.UnitState) error {
		if s.old(st) {
			return nil
		}
		rows, err := s.Graph.UnitSightings(st.ID)
		if err != nil {
			return err
		}
		for i := range rows {
			if rows[i].Record.Account != "" && s.collection(&rows[i]).Accounts {
				out[rows[i].Record.Account] = factOf(&rows[i].Record)
			}
		}
		return nil
	})
	return out, err
}

// old reports whether a unit is an old version of another.
func (s *Site) old(st *lineage.UnitState) bool {
	for _, src := range s.Sources {
		if h, ok := src.Conn.(connectors.Historian); ok && src.Name == st.Source {
			return h.Old(st.Unit.Key)
		}
	}
	return false
}

func factOf(r *lineage.Sighting) accountFact {
	f := accountFact{Terminated: lineage.NoDate, Override: map[string]int{}}
	for k, v := range r.Facts {
		switch class, ok := strings.CutPrefix(k, "override:"); {
		case ok:
			f.Override[class] = policy.ParseOverride(v)
		case k == "trigger":
			if strings.Trim(v, "0-/:. T") != "" { // 0000-00-00 is how MySQL leaves a date out
				_, _, f.Terminated, _ = policy.ParseDate(v) // what is no date does not say that the account goes on
			}
		}
	}
	return f
}
