package connectors

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// LocatorColumn is the name of column 0 of every batch.
const LocatorColumn = "sutra.locator"

// Beside begins the names of what a receiver wrote around a lead, in its column of the rest.
const Beside = "request."

// LabelledBy begins the meaning of an identity column that another column labels, of which the
// rest is the name: in an address book a number may be labelled the wife's.
const LabelledBy = "label:"

// MayLead begins the meaning of a column that may lead to the person of a record or to
// somebody else, of which the rest is the link kind.
const MayLead = "may:"

// Generated is the meaning of a column that the database computes of others.
const Generated = "generated"

// Look says how the values of a column are searched for identifiers.
type Look string

// The ways to look into a value.
const (
	LookText  Look = ""      // free text: identifiers found in it are mentions
	LookJSON  Look = "json"  // JSON text: looked into, its keys tell what a leaf is
	LookLabel Look = "label" // the column's name tells what the value is, as a JSON key does
	LookSkip  Look = "skip"  // the sender's own secret: neither searched nor handed on
)

// Field is the meaning of one column, as it travels in Arrow field metadata.
type Field struct {
	Name       string
	Categories []string // fideslang keys
	Identity   string   // identity kind, or ""
	Role       string   // "subject", "mention", "link", or "" for the collection's default
	Keys       []string // link kinds that this value defines: it is the record's own id ("crm.leads.id")
	Links      []string // link kinds that this value refers to ("crm.contacts.id", "indiamart_query")
	Look       Look
	Erase      string // "keep" keeps the field when its record is kept by law
	PrimaryKey bool
	// Meaning marks the columns with a part in the record's life: a
	// comma-separated set of "account", "recorded_at", "trigger", "polytype:K",
	// "polyid:K" (the K-th PolyRef of the collection), "override:CLASS",
	// "consent:WHAT", "name", "label:COLUMN", "may:KIND", "generated".
	Meaning []string
	Inner   []Inner // what the catalog says of the keys of a nested value
}

// Inner is the catalog's description of one key of a nested value.
type Inner struct {
	Path       string   // keys from the column down, joined by dots; arrays stand in no path
	Categories []string `json:",omitempty"`
	Identity   string   `json:",omitempty"`
	Role       string   `json:",omitempty"`
	Links      []string `json:",omitempty"`
	Erase      string   `json:",omitempty"` // "keep", as of a column
	May        []string `json:"-"`          // link kinds of which nothing says whether they lead to the person
}

// Personal is [Field.Personal] for a nested key.
func (in Inner) Personal() bool {
	return Field{Categories: in.Categories, Identity: in.Identity}.Personal()
}

// inners lists what a description says of nested keys.
func inners(above string, fields []CatalogField) (out []Inner) {
	for _, f := range fields {
		in := Inner{Path: above + f.Name, Categories: f.Categories, Identity: f.Identity, Role: f.Role, Links: slices.Clone(f.Links), Erase: f.Erase}
		for _, r := range f.References {
			if Leads(fields, f, r) {
				in.Links = append(in.Links, r.kind())
			}
		}
		if in.Identity != "" || in.Role != "" || in.Erase != "" || len(in.Categories)+len(in.Links) > 0 {
			out = append(out, in)
		}
		out = append(out, inners(in.Path+".", f.Fields)...)
	}
	return out
}

// Personal reports whether the field holds personal data by its categories: any
// key of the user tree of fideslang, or an identity, of its own or of a nested key.
func (f Field) Personal() bool {
	if f.Identity != "" {
		return true
	}
	for _, c := range f.Categories {
		if c == "user" || strings.HasPrefix(c, "user.") {
			return true
		}
	}
	return slices.ContainsFunc(f.Inner, Inner.Personal)
}

// Means reports whether the field has the given meaning.
func (f Field) Means(m string) bool {
	for _, x := range f.Meaning {
		if x == m {
			return true
		}
	}
	return false
}

const metaPrefix = "sutra."

// ArrowField encodes the meaning of a column in the metadata of a nullable utf8
// field.
func ArrowField(f Field) arrow.Field {
	var k, v []string
	put := func(key, val string) {
		if val != "" {
			k, v = append(k, metaPrefix+key), append(v, val)
		}
	}
	put("categories", strings.Join(f.Categories, ","))
	put("identity", f.Identity)
	put("role", f.Role)
	put("keys", strings.Join(f.Keys, ","))
	put("links", strings.Join(f.Links, ","))
	put("look", string(f.Look))
	put("erase", f.Erase)
	if f.PrimaryKey {
		put("pk", "true")
	}
	put("meaning", strings.Join(f.Meaning, ","))
	if len(f.Inner) > 0 {
		b, err := json.Marshal(f.Inner)
		if err != nil {
			panic(err) // it is made of strings
		}
		put("inner", string(b))
	}
	return arrow.Field{Name: f.Name, Type: arrow.BinaryTypes.String, Nullable: true, Metadata: arrow.NewMetadata(k, v)}
}

// FieldOf decodes what [ArrowField] encoded.
func FieldOf(a arrow.Field) Field {
	get := func(key string) string {
		if i := a.Metadata.FindKey(metaPrefix + key); i >= 0 {
			return a.Metadata.Values()[i]
		}
		return ""
	}
	list := func(key string) []string {
		if s := get(key); s != "" {
			return strings.Split(s, ",")
		}
		return nil
	}
	var inner []Inner
	if s := get("inner"); s != "" {
		if err := json.Unmarshal([]byte(s), &inner); err != nil {
			panic(err) // ArrowField wrote it
		}
	}
	return Field{
		Name: a.Name, Categories: list("categories"), Identity: get("identity"), Role: get("role"),
		Keys: list("keys"), Links: list("links"), Look: Look(get("look")), Erase: get("erase"),
		PrimaryKey: get("pk") == "true", Meaning: list("meaning"), Inner: inner,
	}
}

// Resolve turns the catalog's description of a top-level field into the meaning
// that travels with the column. dataset is the fides_key; c is the collection
// the field stands in.
//
// A primary key, or another column that foreign keys lead to, defines the link kind
// "DATASET.COLLECTION.FIELD"; a reference
// refers to the kind of its target, unless it leads to somebody else (see [Leads]). A part of a composite key defines nothing; the
// field that stands for the whole key does (see [CatalogField.Of]).
func Resolve(dataset string, c Collection, f CatalogField) Field {
	out := Field{
		Name: f.Name, Categories: f.Categories, Identity: f.Identity, Role: f.Role,
		Erase: f.Erase, PrimaryKey: f.PrimaryKey, Inner: inners("", f.Fields),
	}
	if out.Role == "" {
		out.Role = c.Role
	}
	if f.PrimaryKey && len(c.PrimaryKey()) == 1 || c.Joined(f) || f.Referred {
		out.Keys = append(out.Keys, dataset+"."+c.Name+"."+f.Name)
	}
	if f.Name == "key" && !f.PrimaryKey {
		out.Keys = append(out.Keys, dataset+"."+c.Name+".key")
	}
	out.Links = append(out.Links, f.Links...)
	for _, r := range f.References {
		if Leads(c.Fields, f, r) {
			out.Links = append(out.Links, r.kind())
		}
	}
	if f.DataType == "object" || strings.HasPrefix(f.DataType, "object") || len(f.Fields) > 0 || strings.HasSuffix(f.DataType, "[]") {
		out.Look = LookJSON
	}
	mean := func(m string, yes bool) {
		if yes {
			out.Meaning = append(out.Meaning, m)
		}
	}
	mean("account", c.Account == f.Name)
	mean("recorded_at", c.RecordedAt == f.Name)
	mean("trigger", c.Trigger == f.Name)
	mean("override:"+f.Override, f.Override != "")
	mean("consent:"+f.Consent, f.Consent != "")
	for _, k := range f.Categories {
		mean("name", k == "user.name" || strings.HasPrefix(k, "user.name."))
	}
	for _, r := range f.May {
		mean(MayLead+r.kind(), true)
	}
	for i, p := range c.Refs {
		n := string(rune('0' + i))
		mean("polytype:"+n, p.Type == f.Name)
		mean("polyid:"+n, p.ID == f.Name)
	}
	return out
}

// Columns returns the meanings of all fields of a collection, in catalog order.
func Columns(dataset string, c Collection) []Field {
	out := make([]Field, 0, len(c.Fields))
	for _, f := range c.Fields {
		out = append(out, Resolve(dataset, c, f))
	}
	return out
}
