package world

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Finding is one thing that a comparison found, without any personal value but
// the place where it stands.
type Finding struct {
	Person  string // whose trace it is, "" where that says nothing
	Source  string
	Unit    string
	Locator string
	What    string // "phone", "email", "cookie", "token", or what was damaged
}

// Report is the judgement on a run.
type Report struct {
	Missed    []Finding // traces of erased people, or records past their period, that are still there
	Damaged   []Finding // records of others that changed or vanished
	KeptByLaw []Finding // records of erased people that stay by law
	// AllowedHits are traces that may stay: tokens in records kept by law,
	// recordings that have another owner.
	AllowedHits []Finding
}

// OK reports whether nothing was missed and nothing damaged.
func (r Report) OK() bool { return len(r.Missed) == 0 && len(r.Damaged) == 0 }

// comparison is the state of one CompareAfter.
type comparison struct {
	before, after *Snap
	erased        map[string]bool
	due           []uint64            // places past their period, sorted
	hers          map[uint64][]Copy   // places of erased people
	owners        map[unitID][]string // of recordings that are shared
	touched       map[unitID]bool     // objects that hold what had to go
	out           Report
}

// placeKey names a record of a unit; key is its rec.key.
func placeKey(id unitID, key uint64) uint64 { return mix(hash64(id.source, id.unit) + mix(key)) }

// truthLocator is the locator of a copy in a snapshot, where a sidecar is one
// record, and so is a line with a whole post.
func truthLocator(c Copy) string {
	if c.Dataset == "recordings.sidecars" {
		return "object"
	}
	if line, _, ok := strings.Cut(c.Locator, "/"); ok && strings.HasPrefix(line, "line ") {
		return line
	}
	return c.Locator
}

// CompareAfter judges what a run did: erased are the people it had to erase, who
// must be among those watched in both snapshots; with retention, what was past
// its period at Truth.Now had to go too. after must have been taken with before
// as its Base.
func (t *Truth) CompareAfter(ctx context.Context, before, after *Snap, erased []string, retention bool) (Report, error) {
	if !after.based {
		return Report{}, errors.New("compare two snapshots: the later one was taken without the earlier as its base")
	}
	for _, id := range erased {
		for _, s := range []*Snap{before, after} {
			if s.find.watch != nil && !slices.Contains(s.find.watch, id) {
				return Report{}, fmt.Errorf("compare two snapshots: person %s was not watched", id)
			}
		}
	}
	c := &comparison{before: before, after: after, erased: set(erased), hers: map[uint64][]Copy{}, owners: map[unitID][]string{}, touched: map[unitID]bool{}}
	for x, err := range t.AllCopies(ctx) {
		if err != nil {
			return Report{}, err
		}
		id := unitID{x.Source, x.Unit}
		key := placeKey(id, hash64(truthLocator(x)))
		if x.Expect == ExpectShared {
			c.owners[id] = append(c.owners[id], x.Person)
		}
		if retention && x.Due {
			c.due = append(c.due, key)
			c.stillDue(x)
		}
		if c.erased[x.Person] {
			c.hers[key] = append(c.hers[key], x)
		}
		if c.erased[x.Person] || retention && x.Due {
			c.touched[id] = true
		}
	}
	slices.Sort(c.due)
	c.residue()
	c.versions()
	for id, u := range before.units {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		if id.source == "crm" {
			c.table(id, u)
		} else {
			c.object(id, u)
		}
	}
	for id, u := range after.units {
		if before.units[id] == nil && len(u.recs) > 0 {
			c.damaged(id, "", "a new object or table")
		}
	}
	for _, l := range [][]Finding{c.out.Missed, c.out.Damaged, c.out.KeptByLaw, c.out.AllowedHits} {
		slices.SortFunc(l, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Locator, b.Locator), cmp.Compare(a.Person, b.Person), cmp.Compare(a.What, b.What))
		})
	}
	return c.out, nil
}

func (c *comparison) damaged(id unitID, locator, what string) {
	c.out.Damaged = append(c.out.Damaged, Finding{"", id.source, id.unit, locator, what})
}

// stillDue notes a copy past its period that is still there. Mentions go with
// the record that they stand in, staff with their account.
func (c *comparison) stillDue(x Copy) {
	if x.Role == "mention" || x.Optional {
		return
	}
	left := x.Token != "" && c.after.has(x.Token)
	if x.Class == classRecording {
		u := c.after.units[unitID{x.Source, x.Unit}]
		left = left || u != nil
	}
	if left {
		c.out.Missed = append(c.out.Missed, Finding{x.Person, x.Source, x.Unit, x.Locator, "past its period"})
	}
}

// residue notes every trace of an erased person that is left.
func (c *comparison) residue() {
	for id, u := range c.after.units {
		for _, k := range u.kept {
			for _, h := range k.hits {
				t := &c.after.find.traces[h]
				if !t.within(c.erased) {
					continue
				}
				f := Finding{t.owners[0], id.source, id.unit, k.locator, t.kind}
				if t.kind == kindToken && c.allowed(t.copy, id) {
					c.out.AllowedHits = append(c.out.AllowedHits, f)
				} else {
					c.out.Missed = append(c.out.Missed, f)
				}
			}
		}
	}
}

// allowed reports whether her words may stay where they were planted: in a row
// kept by law, in a recording with another owner.
func (c *comparison) allowed(x Copy, at unitID) bool {
	if x.Source != at.source || x.Unit != at.unit {
		return false
	}
	switch x.Expect {
	case ExpectKept:
		return true
	case ExpectShared:
		for _, o := range c.owners[at] {
			if !c.erased[o] {
				return true
			}
		}
	}
	return false
}

// table compares a table row by row.
func (c *comparison) table(id unitID, b *unitSnap) {
	a := c.after.units[id]
	if a == nil {
		a = &unitSnap{}
	}
	now := slices.Clone(a.recs)
	slices.SortFunc(now, byKey)
	seen := 0
	for _, y := range b.recs {
		i, there := slices.BinarySearchFunc(now, y, byKey)
		if there {
			seen++
		}
		if there && now[i].sum == y.sum {
			c.law(id, y, a)
			continue
		}
		c.changed(id, b, y, there, a)
	}
	if seen != len(a.recs) {
		c.damaged(id, "", "new rows")
	}
}

func byKey(a, b rec) int { return cmp.Compare(a.key, b.key) }

// changed judges a row that is not as it was.
func (c *comparison) changed(id unitID, b *unitSnap, y rec, there bool, a *unitSnap) {
	old, key := b.kept[y.key], placeKey(id, y.key)
	if c.isDue(id, y) || id.unit == "users" && old != nil && len(c.hers[key]) > 0 {
		return
	}
	if old == nil || len(c.hers[key]) == 0 {
		c.damaged(id, "", "a row of somebody else "+verb(there))
		return
	}
	c.law(id, y, a)
	if !there && mustStay(c.hers[key]) {
		c.damaged(id, old.locator, "a row was deleted instead of redacted")
		return
	}
	var pool []*content
	if k := a.kept[y.key]; k != nil && there {
		pool = append(pool, k)
	}
	c.parts(id, old, pool)
}

// mustStay reports whether a row with these copies in it is to be redacted, not
// deleted.
func mustStay(copies []Copy) bool {
	stay := false
	for _, x := range copies {
		if x.Expect == ExpectGone {
			return false
		}
		stay = stay || x.Expect == ExpectRedact
	}
	return stay
}

func verb(there bool) string {
	if there {
		return "changed"
	}
	return "is gone"
}

// isDue reports whether a row may be changed by retention. The rows of the
// accounts themselves and of their staff go with a terminated account.
func (c *comparison) isDue(id unitID, y rec) bool {
	staff := id.source == "crm" && (id.unit == "accounts" || id.unit == "users")
	if len(c.due) == 0 || staff {
		return len(c.due) > 0
	}
	_, is := slices.BinarySearch(c.due, placeKey(id, y.key))
	return is
}

// law checks that a row kept by law still says what the law needs.
func (c *comparison) law(id unitID, y rec, a *unitSnap) {
	if id.unit != "invoices" {
		return
	}
	old := c.before.units[id].kept[y.key]
	if old == nil {
		return
	}
	for _, x := range c.hers[placeKey(id, y.key)] {
		if x.Expect != ExpectKept || x.Due {
			continue
		}
		now := old
		if k := a.kept[y.key]; k != nil {
			now = k
		} else if !holds(a, y.key) {
			c.damaged(id, old.locator, "a row to keep by law is gone")
			continue
		}
		was, is := old.tree.(map[string]any), now.tree.(map[string]any)
		for _, f := range []string{"account_id", "number", "billed_to_name", "address", "total", "document_date"} {
			if was[f] != is[f] {
				c.damaged(id, old.locator, "a row to keep by law lost "+f)
			}
		}
		c.out.KeptByLaw = append(c.out.KeptByLaw, Finding{x.Person, id.source, id.unit, old.locator, classBilling})
	}
}

func holds(u *unitSnap, key uint64) bool {
	for _, y := range u.recs {
		if y.key == key {
			return true
		}
	}
	return false
}
