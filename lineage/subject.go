package lineage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// View is what the walk needs of a graph.
type View interface {
	// Postings returns the sightings that may carry the token, in order. It may
	// name some that no longer do.
	Postings(t Token) ([]RID, error)
	// PostingsOf returns the postings of tokens, which must be sorted, at their places.
	PostingsOf(tokens []Token) ([][]RID, error)
	// Load returns those of the sightings that exist, in the order of their ids.
	Load(rids []RID) ([]Found, error)
}

// Limits are the numbers of the merge protection. The zero value is not useful;
// see [DefaultLimits].
type Limits struct {
	Contacts    int // an identifier tied to more CRM contacts than this is shared
	Names       int // ... or to more clearly different names
	Values      int // values of one identity kind in a subject before a person must look
	Identifiers int // contact identifiers in a subject before a person must look
	Weak        int // a weak identifier in more records than this is shared unread
	Postings    int // a contact identifier with more sightings than this is shared unread
	// Silence is how long a phone number must have been out of use before another
	// name on it means another owner; 0 means never.
	Silence time.Duration
}

// DefaultLimits are the published defaults.
func DefaultLimits() Limits {
	return Limits{Contacts: 3, Names: 3, Values: 5, Identifiers: 50, Weak: 500, Postings: 200_000, Silence: 730 * 24 * time.Hour}
}

// Kinds tells the walk what the catalogs say of identifier kinds.
type Kinds struct {
	Unique func(kind string) bool // two values in one subject veto a merge: the id of a CRM contact
	Paper  func(kind string) bool // a person has one value of it: two veto a merge as well; nil: none is described
	Link   func(kind string) bool // a link kind; everything else is a contact identifier
	Medium func(kind string) bool // the id of a medium that may have several owners
	Device func(kind string) bool // a browser or a handset, which several people may use in turn; nil: none is
	// OneAccount says that no record tells an account: none is looked for.
	OneAccount bool
}

// Resolver answers who is one person. It caches what it read, so one resolver
// serves one question (or one run over a graph that does not change). It is not
// safe for concurrent use.
type Resolver struct {
	view   View
	kinds  Kinds
	limits Limits

	seen     ridMap[*Found]
	loaded   [][]Found       // what is seen, as it was loaded
	lists    map[Token][]RID // read, not yet loaded
	postings map[Token][]*Found
	info     map[infoKey]*tokenInfo
	accounts map[RID]string
	stated   map[Token]*stated
	roots    map[Token]Token

	told map[leadOf]bool // in the answer at hand
	key  []byte          // working space of likeOf

	shared map[Token][]string
	words  []Word
	united bool
	joined map[Token]Token // contacts that a word made one → the one that stands for them
}

type infoKey struct {
	token   Token
	account string
}

// NewResolver returns a resolver over a view.
func NewResolver(v View, k Kinds, l Limits) *Resolver {
	return &Resolver{
		view: v, kinds: k, limits: l,
		lists: map[Token][]RID{}, postings: map[Token][]*Found{}, info: map[infoKey]*tokenInfo{},
		accounts: map[RID]string{}, stated: map[Token]*stated{}, roots: map[Token]Token{},
	}
}

// Step is one step of an explanation: how a sighting came to the subject, or why
// it did not.
type Step struct {
	From  RID    // 0 when the question itself led here
	Kind  string // kind of the identifier
	Token Token
	To    RID
	Rule  string // "same identifier", "shared identifier", ...
}

// ErrAmbiguous says that several people stand behind an identifier.
type ErrAmbiguous struct {
	Subjects []*Person
}

func (e *ErrAmbiguous) Error() string {
	return fmt.Sprintf("%d people stand behind this identifier", len(e.Subjects))
}

// Query is one identifier of a question.
type Query struct {
	Token Token
	Kind  string
}

// Resolve finds the one person who has the identifier, in the given account or,
// when account is "", in whichever account knows it. Nobody is a subject without
// copies. It returns *[ErrAmbiguous] when there are several.
func (r *Resolver) Resolve(ctx context.Context, q Query, account string) (*Person, error) {
	subjects, err := r.Candidates(ctx, q, account)
	if err != nil {
		return nil, err
	}
	switch len(subjects) {
	case 0:
		return &Person{Account: account}, nil
	case 1:
		return subjects[0], nil
	}
	return nil, &ErrAmbiguous{Subjects: subjects}
}

// Candidates returns every person who may be meant by the identifier, ordered by
// account and first copy.
func (r *Resolver) Candidates(ctx context.Context, q Query, account string) ([]*Person, error) {
	if err := r.union(ctx); err != nil {
		return nil, err
	}
	r.told = map[leadOf]bool{}
	seeds, err := r.carriers(q.Token)
	if err != nil {
		return nil, err
	}
	byAccount, err := r.byAccount(seeds)
	if err != nil {
		return nil, err
	}
	for _, w := range r.words { // a word leads on where no record has the identifier any more
		if w.Same && (w.A == q.Token || w.B == q.Token) && byAccount[w.Account] == nil {
			byAccount[w.Account] = []*Found{}
		}
	}
	var out []*Person
	for _, a := range slices.Sorted(maps.Keys(byAccount)) {
		if account != "" && a != account {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := r.inAccount(q, a, byAccount[a])
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	return dropEchoes(out), nil
}

// byAccount divides sightings by the account that they belong to. Those of one account
// mostly stand together.
func (r *Resolver) byAccount(list []*Found) (map[string][]*Found, error) {
	out := map[string][]*Found{}
	from, last := 0, ""
	for i, f := range list {
		a, err := r.accountOf(f)
		if err != nil {
			return nil, err
		}
		if i > 0 && a != last {
			out[last], from = append(out[last], list[from:i]...), i
		}
		last = a
	}
	if len(list) > 0 {
		out[last] = append(out[last], list[from:]...)
	}
	return out, nil
}

// inAccount splits the seeds of one account into people.
func (r *Resolver) inAccount(q Query, account string, seeds []*Found) ([]*Person, error) {
	info, err := r.tokenInfo(q.Token, q.Kind, account)
	if err != nil {
		return nil, err
	}
	about := make([]*Found, 0, len(seeds))
	joins := joining(q.Token)
	for _, f := range seeds {
		if joins(f) {
			about = append(about, f)
		}
	}
	if len(about) == 0 {
		return r.spokenOf(q, account, seeds, info.mode == free)
	}
	together := info.mode == free && len(info.cuts) == 0
	groups := [][]*Found{about}
	if !together {
		groups = nil
		for _, f := range about {
			groups = append(groups, []*Found{f})
		}
	}
	var out []*Person
	var covered ridMap[bool]
	for _, g := range groups {
		if covered.get(g[0].RID) {
			continue
		}
		parts, err := r.component(q, account, together, g)
		if err != nil {
			return nil, err
		}
		for _, s := range parts {
			for i := range s.Copies {
				// What the walk ended at leads on to others when it is asked by itself, and
				// a medium may be somebody else's as well.
				if _, end := slices.BinarySearch(s.ends, s.Copies[i].RID); !end && !r.medium(&s.Copies[i]) {
					covered.set(s.Copies[i].RID, true)
				}
			}
		}
		out = append(out, parts...)
	}
	return dropContained(out), nil
}

// spokenOf returns whom an identifier leads to that joins no record of the account: what
// was said of it by hand, else one person of whom others speak.
func (r *Resolver) spokenOf(q Query, account string, seeds []*Found, free bool) ([]*Person, error) {
	if slices.ContainsFunc(seeds, func(f *Found) bool { return hasRole(f, q.Token, Own) }) {
		return nil, nil
	}
	if people, err := r.saidOf(q, account, free); err != nil || len(people) > 0 {
		return people, err
	}
	s := &Person{Account: account, Tokens: map[Token]string{q.Token: q.Kind}}
	if free {
		if err := cmp.Or(r.alsoSaid(s, q), r.mentions(s)); err != nil {
			return nil, err
		}
	}
	if len(seeds) == 0 && len(s.Mentions) == 0 {
		return nil, nil
	}
	return []*Person{s}, nil
}

func hasRole(f *Found, t Token, role Role) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e Edge) bool { return e.Token == t && e.Role == role })
}

// joinsAs reports whether the sighting is about the one who has the token, as
// opposed to mentioning her or being the account's own.
func joinsAs(f *Found, t Token) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e Edge) bool {
		return e.Token == t && e.Role != Mention && e.Role != Own
	})
}

// IsAmbiguous returns the people behind an ambiguous answer.
func IsAmbiguous(err error) ([]*Person, bool) {
	var a *ErrAmbiguous
	if errors.As(err, &a) {
		return a.Subjects, true
	}
	return nil, false
}

// Place names a sighting for a person: dataset and locator.
func (f *Found) Place() string {
	p := f.Unit.Source + "." + f.Record.Collection + " " + f.Record.Locator
	if f.Record.Within != "" {
		p += " " + strings.TrimPrefix(f.Record.Within, "/")
	}
	return p
}
