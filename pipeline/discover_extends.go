package pipeline

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
)

// A row of one table can say more of the row of another that has the same key: the fields that
// a customer added to the contacts, the text of a mail. Nothing but the keys tells that both
// are one person's, and what only such a row says of her would be nobody's.

// kinship is how the values of a column are found among the keys of a table.
type kinship struct {
	all, found      int
	uuids, counters int // values that are UUIDs, and such that a counter gives out
}

// within counts the values of a column among those of a key.
func (f *field) within(key *field) kinship {
	k := kinship{all: len(f.ids)}
	for v := range f.ids {
		if key.ids[v] {
			k.found++
		}
		if detect.UUID(v) {
			k.uuids++
		}
		if counted(v) {
			k.counters++
		}
	}
	return k
}

func (k kinship) nearly() bool { return k.found*10 >= k.all*9 }

// telling reports values that are keys there and hardly anything else.
func (k kinship) telling() bool { return k.counters == 0 && k.all >= 5 && k.nearly() }

func (k kinship) surely() bool { return k.uuids == k.all && k.nearly() || k.telling() }

// extends reports that each row of a table says more of the row of another with its key. The keys
// have to be such that no counter gives out. If the two tables have the same keys, the
// names tell which of them says more: contacts_cstm of contacts, or one whose key is called
// after the other, email_id of emails; of two with UUIDs that with fewer rows.
func (d *discovery) extends(t, to *looked, in kinship) bool {
	drawn := t.sampled < t.total || to.sampled < to.total // not all keys were seen
	if !in.surely() && !(drawn && in.uuids == in.all && in.found > 0) {
		return false
	}
	if t.after(to) || d.keyedAfter(t, to) {
		return true
	}
	return in.uuids == in.all && t.total < to.total && !to.after(t) && !d.keyedAfter(to, t)
}

// after reports a table that is called after another one and something else.
func (t *looked) after(to *looked) bool {
	have, want := detect.Words(t.name), detect.Words(to.name)
	return len(want) > 0 && len(have) > len(want) && slices.EqualFunc(have[:len(want)], want, func(a, b string) bool { return singular(a) == singular(b) })
}

// keyedAfter reports a table whose key is called after another table, and not after itself.
func (d *discovery) keyedAfter(t, to *looked) bool {
	words := detect.Words(t.single().label)
	for len(words) > 1 && slices.Contains(namesakeEnds, words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	stem := strings.Join(words, " ")
	return names(stem, to.name, d.done) >= prefixed && names(stem, t.name, d.done) == differs
}

// furthered reports a table that only says more of another in which the values of a column are
// keys as well: the column refers to that one, unless it is called like the key of the former
// alone.
func (d *discovery) furthered(to *looked, f *field) bool {
	key := to.single()
	return slices.ContainsFunc(d.done, func(o *looked) bool {
		base := o.single()
		if o == to || base == nil || plain(key.label) == plain(f.label) && plain(base.label) != plain(f.label) {
			return false
		}
		name := o.name + "." + base.name()
		further := key.guess == name || slices.ContainsFunc(key.refs, func(r connectors.Reference) bool { return r.Collection+"."+r.Field == name })
		return further && f.within(base).found >= f.within(key).found
	})
}

// among notes the tables whose keys the values of a column are, some of one and some of
// another: WhoId of a task, which is a contact's or a lead's. No reference can say which.
func (d *discovery) among(f *field) {
	if k := f.within(f); f.guessed || k.counters > 0 || k.all < 5 {
		return
	}
	var names []string
	keys := map[string]bool{}
	for _, to := range d.done {
		key := to.single()
		if key == nil || key == f || f.within(key).found*10 < len(f.ids) || d.furthered(to, f) {
			continue
		}
		names = append(names, to.name)
		for v := range key.ids {
			keys[v] = true
		}
	}
	if len(names) > 1 && f.within(&field{ids: keys}).nearly() {
		f.amid, f.guess = names, ""
	}
}
