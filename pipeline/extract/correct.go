package extract

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// Setting is a new value for the fields of one category.
type Setting struct {
	Category string // a fideslang key
	Kind     string // the identity kind of the category's values; "" for plain text
	Value    string // the new value as the operator wrote it
	// Old recognises the values to replace: normalised ones of the kind, folded
	// ones ([Fold]) where there is no kind. nil recognises none.
	Old func(kind, value string) bool
}

// is reports whether a value is the new one already.
func (s Setting) is(kind, value, raw string) bool {
	if s.Kind == "" {
		return raw == s.Value
	}
	id, ok := Normalise(s.Kind, s.Value)
	return ok && id.Kind == kind && id.Value == value
}

// Corrector sets values in the fields of a person's records. It touches only
// fields of the settings' categories that hold one of their old values, and of a
// record that others share only her own part.
type Corrector struct {
	Extent   Extent // Partial: others share the record
	Settings []Setting
	Mine     func(kind, value string) bool // her own identifiers
	Codes    map[string]string             // the country codes beside the numbers of the record, see [Codes]
	Near     func(kind, value string) bool // hers, and those that stand in her records although others have them too

	look func(setting int, kind, value, raw string) // when set, values are shown and nothing is changed
}

// hers reports whether an identifier is hers: one of those she had, or a new one.
func (c *Corrector) hers(kind, value string) bool {
	return c.Mine(kind, value) || slices.ContainsFunc(c.Settings, func(s Setting) bool { return s.Kind != "" && s.is(kind, value, "") })
}

// Fold spells a text so that values which differ in case and spaces only agree.
func Fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// Rewrite is what connectors.Edit asks for.
func (c *Corrector) Rewrite(f connectors.Field, value string) (string, connectors.Verdict) {
	if value == "" || !Settable(f) {
		return "", connectors.Same
	}
	if d := lookInto(f.Inner, value, above(&f), 0, true); d != nil {
		if f.Look == connectors.LookSkip {
			return "", connectors.Same
		}
		out, changed := c.document(d, c.Extent != Partial)
		if !changed {
			return "", connectors.Same
		}
		if strings.HasPrefix(value, "\ufeff") {
			out = "\ufeff" + out
		}
		return out, connectors.Set
	}
	now := value
	for i, s := range c.Settings {
		switch {
		case slices.Contains(FieldCategories(f), s.Category):
			if s.Kind == "" && (c.Extent == Partial || keyMeaning(f.Name).others) {
				continue
			}
			kind := s.Kind
			if f.Identity != "" && kind != "" {
				kind = f.Identity
			}
			now = c.put(i, kind, now, c.Codes[f.Name])
		case s.Kind != "" && f.Identity == "" && len(f.Categories) > 0 && opaqueLeaf(f):
			now = c.leafOf(i, now)
		}
	}
	if now == value {
		return "", connectors.Same
	}
	return now, connectors.Set
}

// Values shows the values that the field holds of each setting's category, as
// far as they could be set: normalised, or folded where the setting has no kind.
func (c *Corrector) Values(f connectors.Field, value string, fn func(setting int, kind, value, raw string)) {
	x := *c
	x.look = fn
	x.Rewrite(f, value)
}

// Done reports whether the field holds the setting's new value and none of its
// old ones.
func (c *Corrector) Done(f connectors.Field, value string, setting int) bool {
	there, old := false, false
	c.Values(f, value, func(i int, kind, v, raw string) {
		if i == setting {
			is := c.Settings[i].is(kind, v, raw)
			there, old = there || is, old || !is && c.Settings[i].old(kind, v)
		}
	})
	return there && !old
}

// Left reports whether an old value of the setting stands anywhere in the text.
func (c *Corrector) Left(setting int, text string) bool {
	s := c.Settings[setting]
	if s.Kind == "" {
		return false
	}
	if id, ok := Normalise(s.Kind, text); ok && s.old(id.Kind, id.Value) {
		return true
	}
	return slices.ContainsFunc(Find(text), func(x Span) bool { return s.old(x.Kind, x.Value) })
}

func (s Setting) old(kind, value string) bool { return s.Old != nil && s.Old(kind, value) }

// Settable reports whether a field may carry a new value at all: not one that
// holds the record in its place, and none that is about somebody else.
func Settable(f connectors.Field) bool {
	return !f.PrimaryKey && len(f.Keys)+len(f.Links) == 0 && f.Role != "mention" && f.Role != "link" && !structural(f)
}

// FieldCategories returns the categories of a column: the catalog's, with names
// told apart by what the column is called, else what an identity or the name of a
// column that nobody described says.
func FieldCategories(f connectors.Field) []string {
	if len(f.Categories) == 0 {
		switch {
		case f.Identity == KindEmail:
			return []string{emailCategory}
		case f.Identity == KindPhone || f.Identity == KindWaID:
			return []string{phoneCategory}
		case f.Look == connectors.LookLabel:
			return []string{keyCategory(f.Name)}
		}
		return nil
	}
	out := slices.Clone(f.Categories)
	for i, k := range out {
		if k == nameCategory {
			out[i] = nameCategory + namePart(f.Name)
		}
	}
	return out
}

const (
	nameCategory  = "user.name"
	emailCategory = "user.contact.email"
	phoneCategory = "user.contact.phone_number"
)

// namePart tells the columns of parts of a name from those of whole names.
func namePart(key string) string {
	words := keyWords(key)
	has := func(list ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	switch {
	case has("first", "given", "firstname", "fname", "forename"):
		return ".first"
	case has("last", "family", "lastname", "lname", "surname"):
		return ".last"
	case has("middle", "middlename", "salutation", "prefix", "suffix", "title", "honorific", "initial", "initials"):
		return ".other"
	}
	return ""
}

// keyCategory is the category that the key of a JSON member speaks of, "" if none.
func keyCategory(key string) string {
	m := keyMeaning(key)
	switch {
	case m.others || m.link != "":
		return ""
	case m.name:
		return nameCategory + namePart(key)
	case m.identity == KindEmail:
		return emailCategory
	case m.identity == KindPhone || m.identity == KindWaID:
		return phoneCategory
	}
	words := keyWords(key)
	if len(words) == 0 {
		return ""
	}
	switch strings.Join(words[max(0, len(words)-2):], " ") {
	case "postal code", "pin code", "zip code", "post code":
		return "user.contact.address.postal_code"
	}
	switch words[len(words)-1] {
	case "city", "town":
		return "user.contact.address.city"
	case "state", "province":
		return "user.contact.address.state"
	case "pincode", "zip", "zipcode", "postcode", "pin":
		return "user.contact.address.postal_code"
	case "country":
		return "user.contact.address.country"
	case "street":
		return "user.contact.address.street"
	case "address", "addr":
		return "user.contact.address"
	case "dob", "birthday", "birthdate":
		return "user.demographic.date_of_birth"
	case "gender":
		return "user.demographic.gender"
	}
	return ""
}

// opaqueLeaf reports a value that came out of a nested column on its own, as
// formats with separate leaves ask about it.
func opaqueLeaf(f connectors.Field) bool {
	return slices.ContainsFunc(f.Categories, func(k string) bool { return k == "user" || k == "user.contact" })
}

// leafOf sets a leaf whose key is not known: only when it is nothing but an
// identifier that is hers alone.
func (c *Corrector) leafOf(i int, value string) string {
	id, ok := Normalise(c.Settings[i].Kind, value)
	if !ok || !c.hers(id.Kind, id.Value) {
		return value
	}
	return c.put(i, c.Settings[i].Kind, value, "")
}

// put gives the new spelling of a value, or the value itself when it is not to be
// replaced. A cell may hold several numbers. code is that of the country beside it.
func (c *Corrector) put(i int, kind, value, code string) string {
	s := c.Settings[i]
	if s.Kind == "" {
		if c.replace(i, "", Fold(value), value) {
			return s.Value
		}
		return value
	}
	if strings.Contains(value, "wamid.") {
		return value // the number in a message's id is the message's
	}
	if id, ok := normalisedBy(code, kind, value); ok {
		if c.replace(i, id.Kind, id.Value, value) && c.allowed(id) {
			return respell(kind, value, code, s)
		}
		return value
	}
	var changes []change
	for _, x := range Find(value) {
		raw := value[x.Start:x.End]
		if x.Packed > 0 {
			continue // a run of base64 cannot carry a new value; it is told as left
		}
		if want, ok := Normalise(s.Kind, s.Value); !ok || x.Kind != want.Kind || !c.replace(i, x.Kind, x.Value, raw) || !c.allowed(x.Identifier) {
			continue
		}
		changes = append(changes, change{x.Start, x.End, respell(x.Kind, raw, "", s)})
	}
	return rewrite(value, changes)
}

// allowed keeps an identifier that others have too out of the reach of a record
// that others share.
func (c *Corrector) allowed(id Identifier) bool {
	return c.Extent != Partial || c.Mine(id.Kind, id.Value)
}

// replace shows a value, or says whether it is one to replace.
func (c *Corrector) replace(i int, kind, value, raw string) bool {
	s := c.Settings[i]
	if c.look != nil {
		if c.Extent != Partial || kind == "" || c.hers(kind, value) {
			c.look(i, kind, value, raw)
		}
		return false
	}
	return s.old(kind, value) && !s.is(kind, value, raw)
}

// document sets values in her part of a JSON text. top says that what belongs to
// no element of its own is hers.
func (c *Corrector) document(d *document, top bool) (string, bool) {
	r := Redactor{Mine: c.hers}
	hers := map[*json.Node]bool{}
	for _, p := range d.parts[1:] {
		if p.node == nil {
			continue
		}
		hers[p.node] = r.owns(p)
		if p.node.Parent == nil {
			continue
		}
		for _, o := range p.node.Parent.Children { // beside a person's element stand others', named or not
			if _, known := hers[o]; !known {
				hers[o] = false
			}
		}
	}
	if !r.owns(d.parts[0]) {
		top = top && !c.strange(d.parts[0])
	} else {
		top = true
	}
	var p json.Patch
	json.Walk(d.root, func(n *json.Node) bool {
		own := top
		for up := n; up != nil; up = up.Parent {
			if yes, part := hers[up]; part {
				own = yes
				break
			}
		}
		if inner := d.nested[n]; inner != nil {
			if out, changed := c.document(inner, own); changed {
				p.SetString(n, out)
			}
			return true
		}
		if n.Kind != json.String && n.Kind != json.Number {
			return true
		}
		old := n.Text(d.data)
		if now := c.member(d, n, old, own); now != old {
			setLeaf(&p, n, now)
		}
		return true
	})
	if p.Empty() {
		return "", false
	}
	return string(p.Apply(d.data)), true
}

// setLeaf writes a number as a number while it is one.
func setLeaf(p *json.Patch, n *json.Node, text string) {
	if now, err := json.Parse([]byte(text)); n.Kind == json.Number && err == nil && now.Kind == json.Number {
		p.SetRaw(n, []byte(text))
		return
	}
	p.SetString(n, text)
}

// strange reports a part that is about somebody of whom she knows nothing.
func (c *Corrector) strange(p *part) bool {
	return slices.ContainsFunc(p.hits, func(h hit) bool {
		return !h.name && h.role != lineage.Mention && h.role != lineage.Link && !c.Near(h.Kind, h.Value) && !c.hers(h.Kind, h.Value)
	})
}

// member gives the new spelling of one leaf.
func (c *Corrector) member(d *document, n *json.Node, value string, own bool) string {
	in := d.leaves[n]
	if in.others || value == "" {
		return value
	}
	category := keyCategory(in.key)
	if in.thing && strings.HasPrefix(category, nameCategory) {
		return value
	}
	for i, s := range c.Settings {
		if s.Kind == "" {
			if own && category == s.Category {
				value = c.put(i, "", value, "")
			}
			continue
		}
		for _, h := range d.at[n] {
			if h.name || !h.whole || h.role != lineage.Subject && h.role != lineage.Party || category != "" && category != s.Category {
				continue
			}
			if own || c.hers(h.Kind, h.Value) {
				value = c.put(i, kindOf(s, in.key), value, d.codeBeside(n))
				break
			}
		}
	}
	return value
}

// kindOf is how a leaf spells the identifiers of a setting's kind.
func kindOf(s Setting, key string) string {
	if m := keyMeaning(key); m.identity == KindWaID && s.Kind == KindPhone {
		return KindWaID
	}
	return s.Kind
}
