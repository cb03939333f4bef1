package pipeline

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
)

// definitions are the labels of the fields of forms, by their id.
type definitions map[string]string

// formWords are what CRMs call the fields that their users make.
var formWords = []string{"field", "fields", "attribute", "attributes", "attr", "property", "properties", "question", "questions", "custom", "def", "defs", "definition", "definitions", "meta", "eav"}

func speaksOf(name string, list []string) bool {
	return slices.ContainsFunc(detect.Words(name), func(w string) bool { return slices.Contains(list, w) })
}

// definitions returns the labels of a table that defines the fields of forms, nil
// when it is none.
func (t *looked) definitions() definitions {
	if !speaksOf(t.name, formWords) {
		return nil
	}
	key := slices.IndexFunc(t.fields, func(f *field) bool { return f.pk })
	if key < 0 {
		key = slices.IndexFunc(t.fields, func(f *field) bool { return strings.EqualFold(f.label, "id") })
	}
	var label *field
	for _, w := range []string{"label", "caption", "title", "question", "display", "name", "key"} {
		if i := slices.IndexFunc(t.fields, func(f *field) bool { return speaksOf(f.label, []string{w}) && !f.pk && len(f.refs) == 0 }); i >= 0 && label == nil {
			label = t.fields[i]
		}
	}
	if key < 0 || label == nil {
		return nil
	}
	names := map[int]string{}
	for _, c := range label.cells {
		names[c.Row] = c.Text
	}
	out := definitions{}
	for _, c := range t.fields[key].cells {
		if n, ok := names[c.Row]; ok {
			out[c.Text] = n
		}
	}
	return out
}

// formTable is a table of one row a value: which column says of which field, and
// the values of each field.
type formTable struct {
	values map[*field][]formField
}

// formField is the values of one field of a form, or of a whole column.
type formField struct {
	name, label string
	values      []string
	rows        int // with a value
	of          int // that could have one
}

// maxFormFields is how many fields of forms are told apart in one table.
const maxFormFields = 300

// attribute returns the column that names the field, nil when the table is not
// one of field values.
func (t *looked) attribute() *field {
	for _, f := range t.fields {
		if f == t.single() || f.nested || len(f.path) > 1 {
			continue
		}
		if slices.ContainsFunc(f.refs, func(r connectors.Reference) bool { return speaksOf(r.Collection, formWords) }) || speaksOf(f.label, formWords) {
			return f
		}
	}
	return nil
}

// valueColumns are the columns that hold the values of fields of forms.
func (t *looked) valueColumns(attr *field) []*field {
	var out []*field
	for _, f := range t.fields {
		words := detect.Words(f.label)
		if f == attr || f.pk || len(f.refs) > 0 || len(f.path) > 1 || len(words) == 0 || words[len(words)-1] == "id" {
			continue
		}
		if speaksOf(f.label, []string{"value", "values", "val", "answer", "answers", "response", "text", "data", "content"}) {
			out = append(out, f)
		}
	}
	return out
}

// formLike reports a table of field values.
func (t *looked) formLike() bool {
	a := t.attribute()
	if a == nil || len(t.valueColumns(a)) == 0 {
		return false
	}
	distinct := map[string]bool{}
	for _, v := range a.values {
		distinct[v] = true
	}
	return len(distinct) > 0 && len(distinct) <= maxFormFields && (len(distinct) < len(a.values) || len(a.values) < 10)
}

// form sorts the values by the field that they answer. A field is named by its
// label in the definitions, else by its id, unless either looks like data; fields of
// several forms with one label are one.
func (t *looked) form(all map[string]definitions) *formTable {
	attr := t.attribute()
	label := attr.labels(all)
	at := map[int]string{}
	asked := map[string]int{}
	for _, c := range attr.cells {
		at[c.Row] = c.Text
		asked[label(c.Text)]++
	}
	out := &formTable{values: map[*field][]formField{}}
	for _, f := range t.valueColumns(attr) {
		by := map[string]*formField{}
		var order []string
		last := map[string]int{}
		for _, c := range f.cells {
			id := label(at[c.Row])
			p := by[id]
			if p == nil {
				p = &formField{name: f.name() + "[" + id + "]", label: id, of: asked[id]}
				by[id] = p
				order = append(order, id)
			}
			p.values = append(p.values, c.Text)
			if last[id] != c.Row+1 {
				p.rows, last[id] = p.rows+1, c.Row+1
			}
		}
		slices.SortFunc(order, func(a, b string) int { return strings.Compare(by[a].name, by[b].name) })
		for _, id := range order {
			out.values[f] = append(out.values[f], *by[id])
		}
	}
	return out
}

// labels returns how the values of the column are shown.
func (f *field) labels(all map[string]definitions) func(id string) string {
	var defs definitions
	for _, r := range f.refs {
		if d := all[r.Collection]; d != nil {
			defs = d
		}
	}
	if defs == nil { // no foreign key: the definitions that know most of the ids
		best := 0
		for _, d := range all {
			n := 0
			for _, v := range f.values {
				if _, ok := d[v]; ok {
					n++
				}
			}
			if n > best && n*2 > len(f.values) {
				best, defs = n, d
			}
		}
	}
	return func(id string) string {
		if l, ok := defs[id]; ok && safeKey(l) {
			return l
		}
		if id == "" {
			return "no field"
		}
		if safeKey(id) || detect.UUID(id) {
			return f.label + " " + id
		}
		return f.label + " *"
	}
}
