package pipeline

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cratio/sutra/pipeline/detect"
)

// view is how a proposal describes one field beyond what was found in it.
type view struct {
	category string
	best     detect.Finding
	sutra    []string // keys of meta.sutra
	notes    []string
}

// textNames are columns of free text, whatever the sample held.
var textNames = vocabulary("note notes remark remarks comment comments description body content message text subject title summary feedback query requirement details reason notiz notizen nachricht inhalt bemerkung bemerkungen anmerkung betreff beschreibung tippani sandesh vivaran")

// pointWords make the names of columns of addresses and numbers.
var pointWords = vocabulary("e email emails mail mails mailid emailid phone phones mobile mobiles tel telephone telephones number numbers no nos id ids address addresses contact alternate alt other secondary additional all weitere")

// keptCategories are what a document that the law has kept is no document without.
var keptCategories = []string{"user.name", "user.contact.address", "user.financial", "user.government_id"}

// view decides how a field is described: by what was found in it, and by what its
// table was taken for.
func (w *catalogWriter) view(t *looked, f *field, best detect.Finding, below bool) view {
	v := view{category: best.Category, best: best}
	x := w.plots[t.name]
	if x == nil || len(f.path) > 1 {
		return v
	}
	for _, l := range x.links {
		switch {
		case l.field == f && l.merge:
			v.sutra = append(v.sutra, "link: merged")
		case l.field == f && l.apart && len(f.refs) > 0:
			v.sutra = append(v.sutra, "role: mention")
		}
	}
	if f.nested {
		if v.category = ""; below {
			v.category = "user"
		}
		switch {
		case slices.Contains(x.others, f):
			v.others()
		case x.class == "billing" && x.documents(f):
			v.sutra = append(v.sutra, "erase: keep")
		}
		return v
	}
	personal, done := w.viewInRole(x, f, &v)
	if done {
		return v
	}
	if f.line && w.alone(x, f) {
		v.category, v.best.Identity = "user.content", "phone_number"
		v.notes = append(v.notes, "review: taken for whole records in one text, each of the person whose number or address is in it; if these are words about somebody: no identity")
	}
	switch {
	case personal && x.another(f) && v.category == "user.name":
		v.category, v.best = "system.operations", detect.Finding{}
		if anyWord(f.label, relationRoles) {
			v.category = "user.content" // no name of hers, and hers: it goes with what else is known of her
		}
		v.notes = append(v.notes, "review: another person's name by what the column is called")
	case v.best.Identity != "" && (x.another(f) || f.several && !x.ownList(f) || x.role == people && x.addressed() == f):
		v.sutra = append(v.sutra, "role: mention")
		v.notes = append(v.notes, "review: taken for other people: by it nobody is joined")
	case v.best.Identity != "" && slices.Contains(x.others, f):
		v.others()
	}
	if x.class == "billing" && v.best.Identity == "" && (lastWord(f.label) == "description" || slices.ContainsFunc(keptCategories, func(k string) bool { return strings.HasPrefix(v.category, k) })) {
		v.sutra = append(v.sutra, "erase: keep")
	}
	return v
}

// viewInRole takes in what the table was taken for. personal reports that the field says
// something of a person, done that nothing is to be added.
func (w *catalogWriter) viewInRole(x *plot, f *field, v *view) (personal, done bool) {
	personal = strings.HasPrefix(v.category, "user")
	switch x.role {
	case common, nobodys:
		if personal {
			v.notes = append(v.notes, "review: "+v.category+" by its values, left out because its table is nobody's alone")
			v.category, v.best = "system.operations", detect.Finding{}
		}
		return personal, true
	case owned, people:
		if w.marker(x) == f {
			v.category = "user.unique_id.pseudonymous"
			v.notes = append(v.notes, "its records are a person's: what refers to one is hers too")
			return personal, true
		}
		if name := " " + plain(f.label); v.category == "" && (strings.HasSuffix(name, " ip") || strings.HasSuffix(name, " ip address")) {
			v.category = "user.device.ip_address" // whatever form it is stored in
			v.notes = append(v.notes, "review: by its name")
		}
		if v.category == "" && f.guess == "" && f.text() {
			v.category = "user.content"
			v.notes = append(v.notes, "review: free text by its name")
			personal = true
		}
		if v.category == "" && x.erase == "redact" && x.tells(f) {
			v.category = "user.content"
			v.notes = append(v.notes, "review: a text of its own in nearly each row: it goes when the row is emptied; if it says nothing of a person: system.operations")
		}
	}
	return personal, false
}

// tells reports a column of texts that are hardly the same twice: what a log calls its row by.
func (x *plot) tells(f *field) bool {
	typ := strings.ToUpper(f.typ)
	if f.pk || len(f.refs) > 0 || f.guess != "" || f.dated || typ != "" && !strings.Contains(typ, "TEXT") && !strings.Contains(typ, "CHAR") && !strings.Contains(typ, "CLOB") ||
		slices.ContainsFunc(x.pairs, func(p pair) bool { return p.typ == f || p.id == f }) {
		return false
	}
	rows, distinct, words := x.marks.keys[f], map[mark]bool{}, 0
	for _, m := range rows {
		distinct[m] = true
	}
	for v := range f.ids {
		if strings.ContainsFunc(v, unicode.IsLetter) && !detect.UUID(v) {
			words++
		}
	}
	return len(rows) >= comparedRows && len(distinct)*2 > len(rows) && (f.ids == nil || words*2 > len(f.ids))
}

// ownList reports a list of a person's own addresses or numbers: it stands in her own row,
// and no word of its name says of whom else they are.
func (x *plot) ownList(f *field) bool {
	return x.oneself() && !slices.ContainsFunc(detect.Words(f.label), func(w string) bool { return !pointWords[w] })
}

// documents reports a column of several values, such as an address, of which the law has
// all kept that is personal.
func (x *plot) documents(f *field) bool {
	some := false
	for _, g := range x.fields {
		best, _ := verdicts(g)
		if len(g.path) < 2 || g.path[0] != f.path[0] || best.Category == "" {
			continue
		}
		if best.Identity != "" || !slices.ContainsFunc(keptCategories, func(k string) bool { return strings.HasPrefix(best.Category, k) }) {
			return false
		}
		some = true
	}
	return some
}

// others says that a column holds identifiers of other people than the row's.
func (v *view) others() {
	v.sutra = append(v.sutra, "role: mention")
	v.notes = append(v.notes, "review: the persons that the rows refer to do not have these numbers, or not in all rows: taken for other people's, by which nobody is joined; a further number of the same person: no role")
}

// alone reports a table of which nothing says whose its records are but one column.
func (w *catalogWriter) alone(x *plot, f *field) bool {
	for _, g := range x.fields {
		if g != f && (g.identity() != "" || g.line) {
			return false
		}
	}
	for _, l := range x.links {
		if r := w.plots[l.to.name].role; l.drop == "" && (r == people || r == owned) {
			return false
		}
	}
	return len(x.pairs) == 0
}

// text reports a column of free text by its name and type.
func (f *field) text() bool {
	words := detect.Words(f.label)
	typ := strings.ToUpper(f.typ)
	return !f.pk && len(f.refs) == 0 && !f.dated && len(words) > 0 && textNames[words[len(words)-1]] &&
		(typ == "" || strings.Contains(typ, "TEXT") || strings.Contains(typ, "CHAR") || strings.Contains(typ, "CLOB"))
}

// marker is the column that makes the records of an owned table personal, so that
// links to them lead to the person: the key, unless its name would have it taken
// for a person's own; then a reference.
func (w *catalogWriter) marker(x *plot) *field {
	if x.role != owned {
		return nil
	}
	if pk := x.single(); pk != nil && !strings.HasSuffix(plain(pk.label), "name") {
		return pk
	}
	for _, l := range x.links {
		if r := w.plots[l.to.name].role; l.drop == "" && !l.field.pk && len(l.whole) == 0 && (r == people || r == owned) {
			return l.field
		}
	}
	for _, p := range x.pairs {
		return p.id
	}
	return nil
}

// refs gives the references of a column for the catalog; those by which nobody is
// joined are said in words.
func (x *plot) refs(source string, f *field) (refs, notes []string) {
	for _, l := range x.links {
		if l.field != f {
			continue
		}
		if l.drop != "" {
			note := "review: refers to " + comment(l.to.name+"."+l.key) + ", not followed: " + l.drop
			if x.class == "billing" && l.to == x.looked {
				note += "; where credit notes refer to their invoices by it, add it as a reference, so that each is kept as long as the other"
			}
			return nil, []string{note}
		}
		if len(l.whole) == 1 {
			notes = append(notes, "refers to "+comment(l.to.name)+" by another column than its key, as the database declares")
			continue
		}
		if len(l.whole) > 0 {
			notes = append(notes, "together with "+comment(strings.Join(l.whole[1:], ", "))+" it refers to "+comment(l.to.name)+", as the database declares")
			continue
		}
		if l.note != "" {
			notes = append(notes, "review: looks like a reference to "+comment(l.to.name+"."+l.key)+", "+l.note)
		}
		refs = append(refs, l.reference(source))
	}
	if len(refs) > 0 {
		return refs, notes
	}
	for _, r := range f.refs {
		notes = append(notes, "refers to "+comment(r.Collection+"."+r.Field))
	}
	if f.guess != "" {
		notes = append(notes, "review: looks like a reference to "+comment(f.guess))
	}
	paired := slices.ContainsFunc(x.pairs, func(p pair) bool { return p.id == f })
	if len(f.amid) > 0 && !paired {
		notes = append(notes, "review: its values are keys of "+comment(strings.Join(f.amid, ", "))+": no column says of which, and its rows lead to nobody by it")
	}
	return nil, notes
}
