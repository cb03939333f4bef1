package pipeline

import "github.com/cratio/sutra/pipeline/detect"

// To some trades a tenant is who rents a flat, and an account is somebody's at a bank. Where
// each row is one person's, these are not the accounts of a CRM, however they are called.

// individualWords stand in the names of columns that only persons have.
var individualWords = vocabulary("dob birth birthdate gender sex aadhaar aadhar marital occupation age")

// individuals reports that a column of a name that accounts have leads to persons, or to
// what each of them has.
func (p Proposal) individuals(all map[string]*plot, name string, to map[string]*looked) bool {
	t := to[name]
	if t == nil {
		return false
	}
	if t.individual() || all[t.name].held(all) {
		return true
	}
	compared := false
	for _, o := range p.tables {
		for _, l := range all[o.name].links {
			if f := pick(o.fields, []string{name}); f == nil || l.field != f || l.to != t {
				continue
			}
			c := all[o.name].crowd(all, l)
			if c.people >= staffEach*c.rows {
				return false
			}
			compared = compared || c.rows >= comparedRows
		}
	}
	return compared
}

// held reports a table most of whose rows refer to a person each, who is not staff.
func (x *plot) held(all map[string]*plot) bool {
	for _, l := range x.links {
		if !l.plainly(x.looked) || !all[l.to.name].oneself() || staffNames[lastWord(l.to.name)] || anyWord(l.field.label, staffRefs) {
			continue
		}
		whose := map[mark]bool{}
		for _, k := range x.marks.keys[l.field] {
			whose[k] = true
		}
		if len(whose) >= comparedRows && len(whose)*2 >= len(x.marks.keys[l.field]) {
			return true
		}
	}
	return false
}

// individual reports a table whose columns only persons have.
func (t *looked) individual() bool {
	if !t.identifies() || t.called([]string{"company name", "firm name", "business name", "trade name", "company"}) != nil {
		return false
	}
	if t.called([]string{"first name", "last name", "firstname", "lastname"}) != nil {
		return true
	}
	for _, f := range t.fields {
		for _, w := range detect.Words(f.label) {
			if individualWords[w] && len(f.path) == 1 && f.identity() != "phone_number" {
				return true
			}
		}
	}
	return false
}
