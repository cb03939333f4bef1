package connectors

import (
	"slices"
	"strings"
)

// Dataset is a fideslang Dataset in plain data: what a source holds and what its
// fields mean. It is read from YAML by package pipeline/config.
type Dataset struct {
	Key         string // fides_key; references name it
	Name        string
	Collections []Collection
}

// Collection describes the records of one table or one kind of object.
type Collection struct {
	Name       string
	Class      string   // retention class: account_crm, call_recording, ...
	Account    string   // name of the field that holds the account id
	RecordedAt string   // name of the field that holds when the record was made
	Trigger    string   // name of the field that starts the retention clock
	Erase      string   // "delete", "redact", "keep"; "" means delete
	Order      int      // smaller is erased first
	Path       []string // globs under the source's url; empty means NAME/** and NAME.*
	Refs       []PolyRef
	Accounts   bool // the records are the accounts themselves
	Staff      bool // the records are the operator's or the accounts' staff
	// Contacts says that the records are the register of people, one record a person: two
	// of them are two people.
	Contacts bool `json:",omitempty"`
	// AddressBook says that the names in the records are what others call the
	// person ("Plumber 2"): they may agree with her name, and differing from it they
	// do not make her somebody else.
	AddressBook bool
	// Undecided says that the records refer to people in several ways of which nobody has
	// said which leads to the person: by them they are nobody's.
	Undecided bool   `json:",omitempty"`
	Role      string // default role of the collection's identifiers: "subject", "mention", "link"
	Fields    []CatalogField
}

// PolyRef is a polymorphic reference: Type holds the name of a collection, ID the
// key of a record in it. Map translates values of Type to collection names.
type PolyRef struct {
	Type, ID string
	Map      map[string]string
}

// Reference points at a field of another collection.
type Reference struct {
	Dataset    string
	Collection string
	Field      string
}

// CatalogField describes one column, or one key of a nested value.
type CatalogField struct {
	Name       string
	Categories []string
	Identity   string // canonical identity kind: phone, email, wa_id, ...; "" if none
	PrimaryKey bool
	DataType   string // fides data_type: string, integer, object, ...
	References []Reference
	// May are references of which nothing says whether they lead to the person of a record.
	May      []Reference `json:",omitempty"`
	Role     string      // "subject", "mention", "link" or ""
	Links    []string    // link kinds: indiamart_query, ..., merged
	Override string      // retention class whose period this field overrides
	Consent  string      // what the field permits or restricts: "marketing", "analytics", "dnd"
	Erase    string      // "delete", "redact", "keep" or ""
	Fields   []CatalogField
	// Folding is what the database overlooks when it compares the values of a key, or of
	// a column with an account's id: "L-7" and "l-7" may name one record.
	Folding Folding
	// Spaces is what it overlooks of the spaces around them.
	Spaces Spaces `json:",omitempty"`
	// Referred is set on a unique column to which foreign keys of the database lead
	// though it is not the primary key: it defines a link kind as that does.
	Referred bool
	// Of, when not nil, makes this a field that is stored nowhere: the values of
	// those fields together, as a composite key or a reference to one. It is null
	// when one of them is.
	Of []string
}

// kind is the link kind that the reference leads to.
func (r Reference) kind() string { return r.Dataset + "." + r.Collection + "." + r.Field }

// Compound is the name of the field that stands for several fields together.
func Compound(fields []string) string { return "(" + strings.Join(fields, "+") + ")" }

// Collection returns the collection with the given name.
func (d Dataset) Collection(name string) (Collection, bool) {
	for _, c := range d.Collections {
		if c.Name == name {
			return c, true
		}
	}
	return Collection{}, false
}

// Field returns the top-level field with the given name.
func (c Collection) Field(name string) (CatalogField, bool) {
	for _, f := range c.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return CatalogField{}, false
}

// PrimaryKey returns the names of the primary key's fields, in catalog order.
func (c Collection) PrimaryKey() []string {
	var pk []string
	for _, f := range c.Fields {
		if f.PrimaryKey {
			pk = append(pk, f.Name)
		}
	}
	return pk
}

// Joined reports whether f is the field that stands for the collection's composite
// primary key.
func (c Collection) Joined(f CatalogField) bool {
	return len(f.Of) > 1 && slices.Equal(f.Of, c.PrimaryKey())
}
