package pipeline

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
	"github.com/cratio/sutra/pipeline/extract"
)

// link is a column that refers to the key of a table.
type link struct {
	field *field
	to    *looked
	key   string
	sure  bool     // declared, or guessed with the values for it
	note  string   // what a person has to look at; ""
	drop  string   // why records are not joined by it; ""
	apart bool     // it leads to another person: a scan has to be told
	merge bool     // it means "merged into"
	whole []string // all columns of a foreign key of several, whose first is field
}

// spread counts how the rows of a table share the values of a column.
type spread struct {
	groups int // values that stand in three rows or more
	mixed  int // of these, such that stand in the rows of three different people
}

// hub reports a column that many different people share: a firm, a campaign.
func (s spread) hub() bool { return s.mixed >= 2 && s.mixed*2 >= s.groups }

// measure finds out, while the values are there, how the rows of a table share
// what its columns refer to, and which columns list several people in one cell.
func (t *looked) measure() {
	person := t.rowPeople()
	for _, f := range t.fields {
		if len(f.path) > 1 || f.nested {
			continue
		}
		f.several, f.line = f.lists(), f.lines()
		t.gather(f)
		if len(f.cells) < 3 || f.pk && len(f.refs) == 0 {
			continue
		}
		f.shared = f.spreadOver(person)
		for _, g := range t.fields {
			if g == f || len(g.path) > 1 || len(t.fields) > 8 || !g.keyLike() || !f.keyLike() {
				continue
			}
			by := map[int]string{}
			for _, c := range g.cells {
				by[c.Row] = c.Text
			}
			if f.over == nil {
				f.over = map[*field]int{}
			}
			f.over[g] = f.most(by)
		}
	}
}

// gather notes the keys that stand beside each value of a type column.
func (t *looked) gather(typ *field) {
	id := t.partner(typ)
	if id == nil {
		return
	}
	by := map[int]string{}
	for _, c := range id.cells {
		by[c.Row] = c.Text
	}
	named := map[string]map[string]bool{}
	for _, c := range typ.cells {
		if named[c.Text] == nil {
			named[c.Text] = map[string]bool{}
		}
		if v := by[c.Row]; v != "" && len(named[c.Text]) < keptIDs {
			named[c.Text][v] = true
		}
	}
	if len(named) <= maxTypes {
		typ.named = named
	}
}

// maxTypes is how many values a type column may have.
const maxTypes = 40

// keyLike reports a column that can refer to something.
func (f *field) keyLike() bool {
	words := detect.Words(f.label)
	return f.pk || len(f.refs) > 0 || len(words) > 0 && (words[len(words)-1] == "id" || words[len(words)-1] == "name" || words[len(words)-1] == "key")
}

// rowPeople tells the rows by the first identifier that stands in them.
func (t *looked) rowPeople() map[int]string {
	out := map[int]string{}
	for _, f := range t.fields {
		kind := f.identity()
		if kind == "" || len(f.path) > 1 || t.another(f) {
			continue
		}
		for _, c := range f.cells {
			if id, ok := extract.Normalise(identityKind(kind), c.Text); ok && out[c.Row] == "" {
				out[c.Row] = id.Value
			}
		}
	}
	return out
}

func identityKind(word string) string {
	if word == "phone_number" {
		return extract.KindPhone
	}
	return word
}

// identity is the identity word that the field's verdict gives it.
func (f *field) identity() string {
	best, _ := verdicts(f)
	return best.Identity
}

func (f *field) spreadOver(person map[int]string) spread {
	rows, people := map[string]int{}, map[string]map[string]bool{}
	for _, c := range f.cells {
		rows[c.Text]++
		if p := person[c.Row]; p != "" {
			if people[c.Text] == nil {
				people[c.Text] = map[string]bool{}
			}
			people[c.Text][p] = true
		}
	}
	var s spread
	for v, n := range rows {
		if n >= 3 {
			s.groups++
			if len(people[v]) >= 3 {
				s.mixed++
			}
		}
	}
	return s
}

// most is the largest number of different others that stand beside one value.
func (f *field) most(by map[int]string) int {
	beside := map[string]map[string]bool{}
	most := 0
	for _, c := range f.cells {
		if o := by[c.Row]; o != "" {
			if beside[c.Text] == nil {
				beside[c.Text] = map[string]bool{}
			}
			beside[c.Text][o] = true
			most = max(most, len(beside[c.Text]))
		}
	}
	return most
}

// lists reports a column whose cells name several people: addresses of a mail.
func (f *field) lists() bool {
	if anyWord(f.label, listColumns) {
		return true
	}
	n := 0
	for _, c := range f.cells {
		mails := map[string]bool{}
		for _, s := range extract.Find(c.Text) {
			if s.Kind == extract.KindEmail {
				mails[s.Value] = true
			}
		}
		if len(mails) > 1 && f.identity() == extract.KindEmail {
			n++
		}
	}
	return n*20 > len(f.cells)
}

// links resolves the references of a table to the proposed tables.
func (p Proposal) links(t *looked) []*link {
	var out []*link
	for _, c := range t.compound {
		if l := p.compound(t, c); l != nil {
			l.judge(t)
			out = append(out, l)
		}
	}
	for _, f := range t.fields {
		if len(f.path) > 1 || f.made {
			continue
		}
		var l *link
		switch {
		case len(f.refs) > 0:
			if l = p.linkTo(f, f.refs[0].Collection+"."+f.refs[0].Field, ""); l == nil {
				l = p.compound(t, connectors.CompoundReference{Columns: f.path, Collection: f.refs[0].Collection, Fields: []string{f.refs[0].Field}})
			}
			if l != nil {
				l.sure = true
			}
		case f.guess != "":
			l = p.linkTo(f, f.guess, "not declared: guessed by name and values")
			if l != nil {
				l.sure = f.guessed
			}
		}
		if l == nil {
			continue
		}
		l.judge(t)
		out = append(out, l)
	}
	ways := map[*looked]int{}
	for _, l := range out {
		if l.drop == "" && l.to != t {
			ways[l.to]++
		}
	}
	for _, l := range out { // several ways to the same table: which leads to the person?
		if l.drop == "" && ways[l.to] > 1 {
			l.drop = "several columns refer to " + l.to.name + ": which of them leads to the person of this row?"
		}
	}
	return out
}

func (p Proposal) linkTo(f *field, target, note string) *link {
	for _, t := range p.tables { // the name of a table in another schema has a dot in it
		if key, ok := strings.CutPrefix(target, t.name+"."); ok && t.keyed(key) {
			return &link{field: f, to: t, key: key, note: note}
		}
	}
	return nil
}

// compound resolves a declared foreign key of several columns. The catalog need not
// repeat it: a scan takes it from the database.
func (p Proposal) compound(t *looked, c connectors.CompoundReference) *link {
	from := slices.IndexFunc(t.fields, func(f *field) bool { return len(f.path) == 1 && f.path[0] == c.Columns[0] })
	to := slices.IndexFunc(p.tables, func(o *looked) bool { return o.name == c.Collection })
	if from < 0 || to < 0 {
		return nil
	}
	return &link{field: t.fields[from], to: p.tables[to], key: strings.Join(c.Fields, "+"), sure: true, whole: c.Columns}
}

// keyed reports whether the column is the whole primary key of the table.
func (t *looked) keyed(name string) bool {
	var pk []string
	for _, f := range t.fields {
		if f.pk {
			pk = append(pk, f.path[0])
		}
	}
	return len(pk) == 1 && pk[0] == name
}

// judge decides whether records are joined by the link.
func (l *link) judge(t *looked) {
	switch {
	case merged(l.field, t) && l.to == t:
		l.merge = true
	case l.to == t:
		l.drop = "a reference of the table to itself does not say that both are one person"
	case anyWord(l.field.label, relationRoles) && t.identifies():
		l.leave("by its name it leads to a relative")
	case l.sure && parental(l.field): // a part of what it refers to, as a rule; see apart
	case slices.Contains(writers, plain(l.field.label)):
		l.drop = "by its name it leads to who wrote the row"
	case anyWord(l.field.label, otherRoles) && names(strings.TrimSuffix(plain(l.field.label), " id"), l.to.name, nil) == differs:
		l.drop = "by its name it leads to somebody else"
	case !l.sure:
		l.drop = l.note
	}
}

// writers are columns that lead to who wrote a row, who may stand in the table of those whom
// it is about.
var writers = []string{"created id", "modified id", "updated id", "changed id"}

// single is the only column of the primary key, nil if there are several or none.
func (t *looked) single() *field {
	var pk *field
	for _, f := range t.fields {
		if f.pk && pk != nil {
			return nil
		}
		if f.pk {
			pk = f
		}
	}
	return pk
}

// reference spells a link for the catalog.
func (l *link) reference(source string) string {
	return "{dataset: " + scalar(source) + ", field: " + scalar(l.to.name+"."+l.key) + ", direction: from}"
}
