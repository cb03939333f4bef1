package lineage

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Word is a person's word on who is one person: that the people who have the two
// identifiers are the same, or that they are not. It wins over everything that the
// records say (merge protection, rule 8), inside one account.
type Word struct {
	ID      string
	Account string
	Same    bool
	A, B    Token
	AKind   string
	BKind   string
	Reason  string
	Actor   string
	At      time.Time
}

// WithWords makes the resolver heed the words. It must be called before the first
// question.
func (r *Resolver) WithWords(words []Word) *Resolver {
	r.words = words
	return r
}

// WithShared names identifiers, by account, that somebody had who is gone from the
// records: they join only with further evidence. It must be called before the
// first question.
func (r *Resolver) WithShared(shared map[Token][]string) *Resolver {
	r.shared = shared
	return r
}

// union joins the CRM contacts that a word says are one person, so that they do
// not veto each other. It runs once, before the first question is answered.
func (r *Resolver) union(ctx context.Context) error {
	if r.united || len(r.words) == 0 {
		return nil
	}
	parent := map[Token]Token{}
	find := func(t Token) Token {
		for {
			p, ok := parent[t]
			if !ok {
				return t
			}
			t = p
		}
	}
	for _, w := range r.words {
		if !w.Same {
			continue
		}
		var roots []Token
		for _, q := range []Query{{w.A, w.AKind}, {w.B, w.BKind}} {
			list, err := r.rootsBehind(ctx, q.Token, q.Kind, w.Account)
			if err != nil {
				return err
			}
			roots = append(roots, list...)
		}
		for _, x := range roots {
			a, b := find(roots[0]), find(x)
			if a != b {
				if slices.Compare(a[:], b[:]) > 0 {
					a, b = b, a
				}
				parent[b] = a // the smallest stands for all, in any order of the words
			}
		}
	}
	r.joined = map[Token]Token{}
	for t := range parent {
		r.joined[t] = find(t)
	}
	r.united = true
	return nil
}

// rootsBehind returns the contacts of the people who have an identifier, as the
// records alone tell who that is.
func (r *Resolver) rootsBehind(ctx context.Context, t Token, kind, account string) ([]Token, error) {
	plain := NewResolver(r.view, r.kinds, r.limits)
	people, err := plain.Candidates(ctx, Query{t, kind}, account)
	if err != nil {
		return nil, err
	}
	found := map[Token]bool{}
	for _, p := range people {
		for i := range p.Copies {
			roots, err := plain.rootsOf(&p.Copies[i])
			if err != nil {
				return nil, err
			}
			for _, x := range roots {
				found[x] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Token) int { return slices.Compare(a[:], b[:]) }), nil
}

// said returns the records to which a word leads from a record of one side.
func (r *Resolver) said(f *Found, account string) (to []*Found, from []Edge, err error) {
	for _, w := range r.words {
		if !w.Same || w.Account != account {
			continue
		}
		for _, side := range [][2]Token{{w.A, w.B}, {w.B, w.A}} {
			if !joinsAs(f, side[0]) {
				continue
			}
			list, err := r.about(side[1], account)
			if err != nil {
				return nil, nil, err
			}
			for _, x := range list {
				if x.RID != f.RID {
					to = append(to, x)
					kind := w.AKind
					if side[0] == w.B {
						kind = w.BKind
					}
					from = append(from, Edge{Token: side[0], Kind: kind})
				}
			}
		}
	}
	return to, from, nil
}

const saidByHand = "said to be the same person by hand"

// saidOf returns the people whom words make one with the owner of an identifier that is
// in no record about her any more: her old row may be gone, and the word still stands.
// If nobody else has the identifier, hers it is.
func (r *Resolver) saidOf(q Query, account string, hers bool) ([]*Person, error) {
	var out []*Person
	asked := map[Token]bool{q.Token: true}
	for todo := []Query{q}; len(todo) > 0; todo = todo[1:] {
		for _, o := range r.otherSides(todo[0].Token, account) {
			if asked[o.Token] {
				continue
			}
			asked[o.Token] = true
			about, err := r.about(o.Token, account)
			if err != nil {
				return nil, err
			}
			if len(about) == 0 {
				todo = append(todo, o)
				continue
			}
			people, err := r.inAccount(o, account, about)
			if err != nil {
				return nil, err
			}
			out = append(out, people...)
		}
	}
	out = dropContained(out)
	for _, p := range out {
		for i := range p.Steps {
			if st := &p.Steps[i]; st.From == 0 {
				st.Kind, st.Token, st.Rule = q.Kind, q.Token, saidByHand
			}
		}
	}
	if !hers || len(out) != 1 {
		return out, nil
	}
	out[0].Tokens[q.Token], out[0].Mentions = q.Kind, nil
	return out, r.mentions(out[0])
}

// alsoSaid gives a person without records the identifiers that words say are hers, and
// that nobody else has: others' records may mention her by them.
func (r *Resolver) alsoSaid(s *Person, q Query) error {
	for todo := []Query{q}; len(todo) > 0; todo = todo[1:] {
		for _, o := range r.otherSides(todo[0].Token, s.Account) {
			if s.Tokens[o.Token] != "" {
				continue
			}
			info, err := r.tokenInfo(o.Token, o.Kind, s.Account)
			if err != nil {
				return err
			}
			if info.mode == free {
				s.Tokens[o.Token] = o.Kind
				todo = append(todo, o)
			}
		}
	}
	return nil
}

// otherSides returns what words say is one person's with an identifier.
func (r *Resolver) otherSides(t Token, account string) (out []Query) {
	for _, w := range r.words {
		switch {
		case !w.Same || w.Account != account:
		case w.A == t:
			out = append(out, Query{w.B, w.BKind})
		case w.B == t:
			out = append(out, Query{w.A, w.AKind})
		}
	}
	return out
}

// about returns the records of an account that are about the owner of an identifier.
func (r *Resolver) about(t Token, account string) (out []*Found, err error) {
	list, err := r.carriers(t)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		a, err := r.accountOf(f)
		if err != nil {
			return nil, err
		}
		if a == account && joinsAs(f, t) {
			out = append(out, f)
		}
	}
	return out, nil
}

// apart splits parts in which both sides of a word "different" stand: every record
// goes to the side that it is nearer to, one as near to both to neither.
func (w *walk) apart(parts []*ridSet) (_ []*ridSet, err error) {
	for _, word := range w.r.words {
		if word.Same || word.Account != w.account {
			continue
		}
		parts, err = splitEach(parts, func(p *ridSet) ([]*ridSet, error) { return w.cutPart(p, word) })
		if err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func (w *walk) cutPart(p *ridSet, word Word) ([]*ridSet, error) {
	sides := map[Token][]*visit{}
	for _, v := range w.order {
		if !p.has(v.f.RID) {
			continue
		}
		a, b := word.sides(v.f)
		if a && !b {
			sides[word.A] = append(sides[word.A], v)
		}
		if b && !a {
			sides[word.B] = append(sides[word.B], v)
		}
	}
	if len(sides) < 2 {
		return []*ridSet{p}, nil
	}
	return w.nearest(sides, p)
}

// sides tells on which sides of the word a record stands. A contact's own row stands on its
// own, also when it says that it was merged into the other.
func (w *Word) sides(f *Found) (a, b bool) {
	a, b = joinsAs(f, w.A), joinsAs(f, w.B)
	if keyA, keyB := hasRole(f, w.A, Key), hasRole(f, w.B, Key); a && b && keyA != keyB {
		return keyA, keyB
	}
	return a, b
}

// contradicted reports whether a word says that carriers of the identifier on its
// two sides are different people.
func (r *Resolver) contradicted(t Token, carriers []*Found, account string) bool {
	for _, w := range r.words {
		if w.Same || w.Account != account {
			continue
		}
		if t == w.A || t == w.B {
			continue
		}
		a := slices.ContainsFunc(carriers, func(f *Found) bool { x, _ := w.sides(f); return x && joinsAs(f, t) })
		b := slices.ContainsFunc(carriers, func(f *Found) bool { _, x := w.sides(f); return x && joinsAs(f, t) })
		if a && b {
			return true
		}
	}
	return false
}
