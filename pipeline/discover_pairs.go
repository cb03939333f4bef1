package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/pipeline/detect"
)

// pair is a polymorphic reference.
type pair struct {
	typ, id *field
	to      map[string]*looked // by the values of typ
	unknown int                // values of typ that mean no table for sure
}

// The ends of the names of the two columns of a pair.
var (
	typeEnds = []string{"type", "doctype", "class", "model", "entity", "object", "table", "tbl", "kind", "module"}
	keyEnds  = []string{"id", "docname", "name", "key", "no", "uuid"}
)

// So logs of changes call them, whatever table the row is of.
var (
	tableNames = []string{"table", "table name", "tablename", "tbl", "tbl name", "entity name", "model", "model name"}
	rowNames   = []string{"row id", "row key", "row pk", "rec id", "record id", "record key", "record pk", "pk", "object id", "res id"}
)

// pairs finds the columns that together name a record of any table; notes tell of words
// that name no table for sure. The words themselves are values, and not told.
func (p Proposal) pairs(t *looked) (out []pair, notes []string) {
	for _, typ := range t.fields {
		id := t.partner(typ)
		if id == nil || len(typ.named) == 0 {
			continue
		}
		x := pair{typ: typ, id: id, to: map[string]*looked{}}
		types := p.typed(typ)
		for v, ids := range typ.named {
			if to := types[markOf(v)]; to != nil {
				x.to[v] = to
			} else if to := p.meant(v, ids); to != nil {
				x.to[v] = to
			} else if len(ids) > 0 {
				x.unknown++
			}
		}
		if len(x.to) > 0 {
			out = append(out, x)
		}
		if x.unknown > 0 && (len(x.to) > 0 || x.spoken()) {
			one, other := comment(typ.path[0]), comment(id.path[0])
			notes = append(notes, fmt.Sprintf("%s says what %s is an id of, and %d of its words name no table for sure: rows with these lead to nobody; complete refs, and map in it, where they are tables", one, other, x.unknown))
		}
	}
	return out, notes
}

// spoken reports two columns that are a pair by their names alone: owner_type, owner_id; not
// the model of a car beside its model_no.
func (x pair) spoken() bool {
	typ, id := detect.Words(x.typ.label), detect.Words(x.id.label)
	end := id[len(id)-1]
	return len(typ) > 1 && slices.Contains(typeEnds, typ[len(typ)-1]) && (end == "id" || end == "uuid")
}

// inFull are words that companies shorten in the names of tables.
var inFull = map[string]string{
	"acct": "account", "appl": "application", "cust": "customer", "dept": "department", "drv": "driver", "emp": "employee", "mem": "member",
	"org": "organisation", "stud": "student", "tchr": "teacher", "usr": "user", "veh": "vehicle",
}

// full spells a name with its short words in full.
func full(name string) string {
	words := detect.Words(name)
	for i, w := range words {
		if long, ok := inFull[w]; ok {
			words[i] = long
		}
	}
	return strings.Join(words, " ")
}

// meant finds the table that a value of the type column means; ids are the keys
// that stand beside it. A name that only ends like the table's needs keys that no
// counter gives out.
func (p Proposal) meant(typ string, ids map[string]bool) *looked {
	var best *looked
	how := differs
	for _, o := range p.tables {
		m := names(typ, o.name, p.tables)
		if m == differs && names(full(typ), full(o.name), p.tables) >= prefixed {
			m = prefixed
		}
		if m <= how || o.single() == nil {
			continue
		}
		found, counters := 0, 0
		for v := range ids {
			if o.single().ids[v] {
				found++
			}
			if counted(v) {
				counters++
			}
		}
		if m == exact || m == prefixed && (found > 0 || o.sampled < o.total) || counters == 0 && found*2 >= len(ids) {
			best, how = o, m
		}
	}
	return best
}

// partner finds the column that holds the key where typ holds the table.
func (t *looked) partner(typ *field) *field {
	words := detect.Words(typ.label)
	if len(words) == 0 {
		return nil
	}
	stem := words
	if last := words[len(words)-1]; slices.Contains(typeEnds, last) || last == "to" { // related_to, related_id
		stem = words[:len(words)-1]
	}
	var out *field
	if len(typ.path) > 1 || typ.pk {
		return nil
	}
	if len(typ.refs) > 0 {
		if contentType(typ) {
			return t.called(objectKeys)
		}
		return nil
	}
	for _, f := range t.fields {
		w := detect.Words(f.label)
		if f == typ || len(f.path) > 1 || len(f.refs) > 0 || f.pk || len(w) < 1 {
			continue
		}
		if w[0] == "fk" && len(stem) > 0 && len(stem) < len(words) && slices.Equal(w[1:], stem) { // element_type, fk_element
			out = f
		}
		if !slices.Contains(keyEnds, w[len(w)-1]) {
			continue
		}
		of := w[:len(w)-1]
		if len(stem) > 0 && slices.Equal(of, stem) || slices.Equal(of, words) || w[0] == "docname" && words[0] == "doctype" {
			out = f
		}
	}
	if out == nil && slices.Contains(tableNames, plain(typ.label)) {
		if f := t.called(rowNames); f != nil && !f.pk && len(f.refs) == 0 {
			out = f
		}
	}
	return out
}

// objectKeys are what Django's tables call the key beside the number of a content type.
var objectKeys = []string{"object id", "object pk", "object uuid"}

// contentType reports a column with numbers of content types: Django's tables name a model by
// its row in a table of all models.
func contentType(f *field) bool {
	return strings.HasSuffix(plain(f.label), "content type id") || strings.HasSuffix(plain(f.label), "content type")
}

// typed tells which tables the numbers of content types mean: the table of a model is called
// after its app and the model.
func (p Proposal) typed(typ *field) map[mark]*looked {
	out := map[mark]*looked{}
	if len(typ.refs) == 0 || !contentType(typ) {
		return out
	}
	at := slices.IndexFunc(p.tables, func(t *looked) bool { return t.name == typ.refs[0].Collection })
	if at < 0 {
		return out
	}
	types := p.tables[at]
	key, app, model := types.single(), types.called([]string{"app label"}), types.called([]string{"model"})
	if key == nil || app == nil || model == nil {
		return out
	}
	for _, t := range p.tables {
		for i, r := range t.name {
			if r != '_' || t.single() == nil {
				continue
			}
			for row, m := range types.marks.keys[model] {
				if m == markOf(t.name[i+1:]) && types.marks.keys[app][row] == markOf(t.name[:i]) {
					out[types.marks.keys[key][row]] = t
				}
			}
		}
	}
	return out
}

func (p pair) yaml() string {
	var to []string
	for _, v := range sortedKeys(p.to) {
		if safeKey(v) {
			to = append(to, scalar(v)+": "+scalar(p.to[v].name))
		}
	}
	return "{type: " + scalar(p.typ.path[0]) + ", id: " + scalar(p.id.path[0]) + ", map: {" + strings.Join(to, ", ") + "}}"
}
