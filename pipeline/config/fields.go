package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/config/yamltree"
)

// dataTypes are those of fideslang; each may end in "[]".
var dataTypes = []string{"string", "integer", "float", "boolean", "object_id", "object"}

var linkRule = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// fields reads the fields of a collection, or of a nested field. cats are the
// categories of the levels above; they go to the fields that have none.
func (f *catalogFile) fields(at place, n *yamltree.Node, where string, cats []string) []connectors.CatalogField {
	var out []connectors.CatalogField
	seen := map[string]int{}
	for _, x := range f.r.List(n, "the fields of "+where) {
		if x = f.r.Map(x, "a field of "+where); x == nil {
			continue
		}
		name := f.r.Text(x.Get("name"), "the name of a field of "+where)
		if name == "" {
			f.r.Errorf(x.Pos, "", "a field of %s has no name", where)
			continue
		}
		if line, dup := seen[name]; dup {
			f.r.Errorf(x.Get("name").Pos, "", "field %q of %s is described twice; the first is on line %d", name, where, line)
			continue
		}
		seen[name] = x.Line
		at := place{ds: at.ds, col: at.col, path: append(slices.Clone(at.path), len(out))}
		out = append(out, f.field(at, x, name, where+"."+name, cats))
	}
	return out
}

func (f *catalogFile) field(at place, n *yamltree.Node, name, where string, cats []string) connectors.CatalogField {
	out := connectors.CatalogField{Name: name, Categories: f.categories(n.Get("data_categories"), where)}
	refs := len(f.refs)
	f.fieldFides(&out, at, f.fidesMeta(n, where), where)
	f.fieldMeta(&out, f.sutra(n, where), where)
	if own := out.Categories; len(own) > 0 {
		cats = own
	} else if !out.PrimaryKey && len(f.refs) == refs && len(out.Links) == 0 {
		out.Categories = slices.Clone(cats) // ids are not what the level above speaks of
	}
	out.Fields = f.fields(at, n.Get("fields"), where, cats)
	return out
}

func (f *catalogFile) fieldFides(out *connectors.CatalogField, at place, m *yamltree.Node, where string) {
	if m == nil {
		return
	}
	if id := m.Get("identity"); id != nil {
		out.Identity = f.identity(id, where)
	}
	out.PrimaryKey = f.r.Bool(m.Get("primary_key"), "primary_key of "+where)
	if t := m.Get("data_type"); t != nil {
		out.DataType = f.r.Word(t, "data_type of "+where)
		base := strings.TrimSuffix(out.DataType, "[]")
		if out.DataType != "" && !slices.Contains(dataTypes, base) {
			f.r.Warnf(t.Pos, yamltree.Suggest(base, dataTypes), "data_type %q of %s is not one of fideslang's", out.DataType, where)
		}
	}
	for _, r := range f.r.List(m.Get("references"), "references of "+where) {
		f.reference(at, r, where)
	}
}

func (f *catalogFile) reference(at place, n *yamltree.Node, where string) {
	if n = f.r.Map(n, "a reference of "+where); n == nil {
		return
	}
	s := refSite{place: at, pos: n.Pos}
	s.target.Dataset = f.r.Text(n.Get("dataset"), "the dataset of a reference of "+where)
	path := f.r.Text(n.Get("field"), "the field of a reference of "+where)
	s.dir = f.r.OneOf(n.Get("direction"), "the direction of a reference of "+where, "from", "to")
	if s.target.Dataset == "" || path == "" {
		f.r.Errorf(n.Pos, "write {dataset: KEY, field: COLLECTION.FIELD, direction: from}", "a reference of %s must name a dataset and a field", where)
		return
	}
	var ok bool
	if s.target.Collection, s.target.Field, ok = strings.Cut(path, "."); !ok || s.target.Field == "" || s.target.Collection == "" {
		f.r.Errorf(n.Get("field").Pos, "write COLLECTION.FIELD", "the reference %q of %s names no field", path, where)
		return
	}
	f.refs = append(f.refs, s)
}

// fieldMeta reads meta.sutra of a field.
func (f *catalogFile) fieldMeta(out *connectors.CatalogField, m *yamltree.Node, where string) {
	if m == nil {
		return
	}
	f.r.Known(m, "meta.sutra of "+where, "role", "link", "override", "erase", "consent")
	out.Role = f.role(m, where)
	out.Erase = f.r.OneOf(m.Get("erase"), "erase of "+where, "delete", "redact", "keep")
	out.Consent = f.r.Word(m.Get("consent"), "consent of "+where)
	out.Override = f.class(m.Get("override"), "override of "+where)
	for _, l := range f.r.Words(m.Get("link"), "link of "+where) {
		if !linkRule.MatchString(l) {
			f.r.Errorf(m.Get("link").Pos, "use letters, digits, _, - and .", "link %q of %s is not a name", l, where)
			continue
		}
		if near := yamltree.Nearest(l, linkKinds); near != "" && near != l && !slices.Contains(linkKinds, l) {
			f.r.Warnf(m.Get("link").Pos, yamltree.Suggest(l, linkKinds), "link %q of %s is none of the built-in kinds", l, where)
		}
		if !slices.Contains(out.Links, l) {
			out.Links = append(out.Links, l)
		}
	}
}

// linkKinds are the link kinds that the built-in connectors carry.
var linkKinds = []string{"indiamart_query", "justdial_lead", "facebook_lead", "google_lead", "wa_message", "wa_media", "call", "recording", "merged", "moved"}

func (f *catalogFile) role(m *yamltree.Node, where string) string {
	return f.r.OneOf(m.Get("role"), "role of "+where, "subject", "mention", "link", "member")
}

// classes are the retention classes of the built-in policy.
var classes = []string{"account_crm", "call_recording", "support_ticket", "billing", "cookie_analytics"}

// class reads the name of a retention class. Any name may have a rule in the
// policy, so only a near miss is worth a warning.
func (f *catalogFile) class(n *yamltree.Node, what string) string {
	c := f.r.Word(n, what)
	if c == "" || slices.Contains(classes, c) {
		return c
	}
	if !linkRule.MatchString(c) {
		f.r.Errorf(n.Pos, "use letters, digits, _, - and .", "%s: %q is not a name", what, c)
		return ""
	}
	if near := yamltree.Nearest(c, classes); near != "" {
		f.r.Warnf(n.Pos, yamltree.Suggest(c, classes), "%s: the built-in policy has no class %q", what, c)
	}
	return c
}

// collectionMeta reads meta.sutra of a collection.
func (f *catalogFile) collectionMeta(c *connectors.Collection, at place, m *yamltree.Node, where string) {
	if m == nil {
		return
	}
	in := "meta.sutra of " + where
	f.r.Known(m, in, "class", "account", "recorded_at", "trigger", "erase", "order", "path", "refs", "accounts", "staff", "contacts", "address_book", "role")
	c.Class = f.class(m.Get("class"), "class of "+where)
	c.Erase = f.r.OneOf(m.Get("erase"), "erase of "+where, "delete", "redact", "keep")
	c.Role = f.role(m, where)
	c.Accounts = f.r.Bool(m.Get("accounts"), "accounts of "+where)
	c.Staff = f.r.Bool(m.Get("staff"), "staff of "+where)
	c.Contacts = f.r.Bool(m.Get("contacts"), "contacts of "+where)
	c.AddressBook = f.r.Bool(m.Get("address_book"), "address_book of "+where)
	c.Order, _ = f.r.Int(m.Get("order"), "order of "+where, -1_000_000, 1_000_000)
	c.Account = f.use(at, m.Get("account"), "account", where)
	c.RecordedAt = f.use(at, m.Get("recorded_at"), "recorded_at", where)
	c.Trigger = f.use(at, m.Get("trigger"), "trigger", where)
	for _, p := range f.r.Words(m.Get("path"), "path of "+where) {
		if strings.HasPrefix(p, "/") || strings.Contains(p, "://") || strings.HasPrefix(p, "file:") {
			f.r.Errorf(m.Get("path").Pos, "it is a glob under the source's url, such as NAME/**", "path %q of %s is not relative", p, where)
			continue
		}
		c.Path = append(c.Path, p)
	}
	f.polyRefs(c, at, m.Get("refs"), where)
}

// use reads a key that names a field of the collection.
func (f *catalogFile) use(at place, n *yamltree.Node, word, where string) string {
	name := f.r.Word(n, word+" of "+where)
	if name != "" {
		f.uses = append(f.uses, useSite{place: at, pos: n.Pos, word: word, name: name})
	}
	return name
}

func (f *catalogFile) polyRefs(c *connectors.Collection, at place, n *yamltree.Node, where string) {
	items := f.r.List(n, "refs of "+where)
	if len(items) > 10 {
		f.r.Errorf(n.Pos, "", "refs of %s: at most 10 are possible", where)
		items = items[:10]
	}
	for _, x := range items {
		if x = f.r.Map(x, "every item of refs of "+where); x == nil {
			continue
		}
		f.r.Known(x, "refs of "+where, "type", "id", "map")
		p := connectors.PolyRef{Type: f.use(at, x.Get("type"), "refs", where), ID: f.use(at, x.Get("id"), "refs", where)}
		if p.Type == "" || p.ID == "" {
			f.r.Errorf(x.Pos, "write {type: FIELD, id: FIELD}", "refs of %s must name a type and an id", where)
			continue
		}
		if m := f.r.Map(x.Get("map"), "map in refs of "+where); m != nil {
			p.Map = map[string]string{}
			for _, e := range m.Entries {
				target := f.r.Text(e.Value, "map in refs of "+where)
				p.Map[e.Key] = target
				f.maps = append(f.maps, mapSite{place: at, pos: e.Pos, name: target})
			}
		}
		c.Refs = append(c.Refs, p)
	}
}
