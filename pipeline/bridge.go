package pipeline

import (
	"slices"

	"github.com/cratio/sutra/connectors"
)

// A bridge is a table without a personal value that leads to a person: a deal with nothing
// but a contact's id, an order, a conversation. What hangs on it is hers. Its id joins
// records only where nothing that hangs on it can be somebody else's: no table that refers
// to it has an identifier of its own, or leads to people in a second way.

// bridge is what a table is to those that refer to it.
type bridge struct {
	kind   string   // of its primary key; "" when it has none
	plain  bool     // no personal value, and erased as a whole
	people bool     // it is about people, or leads to a table that is
	silent bool     // it has no identifier of a person
	any    bool     // it refers to tables by their names
	leads  []string // the tables that it refers to, each as often as it does
	odd    []string // of these, those that a column of another name leads to: a host, a vendor
}

// bridges lets the ids of bridges join records.
func (k kinds) bridges(sources []*Source) {
	all := map[string]*bridge{} // by the name of the table
	for _, src := range sources {
		for _, coll := range src.Dataset.Collections {
			all[src.Name+"."+coll.Name] = newBridge(src, coll)
		}
	}
	ways := func(b *bridge) (n int) {
		for _, to := range b.leads {
			if t := all[to]; t != nil && t.people {
				n++
			}
		}
		return n
	}
	for more := true; more; {
		more = false
		for _, b := range all {
			if !b.people && b.plain && ways(b) > 0 {
				b.people, more = true, true
			}
		}
	}
	alone := func(name string) bool {
		for _, t := range all {
			if slices.Contains(t.leads, name) && (!t.silent || t.any || ways(t) > 1) || t.any && (!t.silent || ways(t) > 0) {
				return false
			}
		}
		return true
	}
	for name, b := range all {
		role := slices.ContainsFunc(b.odd, func(to string) bool { return all[to] != nil && all[to].people })
		if b.plain && !role && b.kind != "" && ways(b) == 1 && !b.any && alone(name) {
			k.bare[b.kind], k.bridge[b.kind] = false, true
		}
	}
}

func newBridge(src *Source, coll connectors.Collection) *bridge {
	b := &bridge{kind: keyKind(src.Name, coll), silent: !identified(coll.Fields), any: len(coll.Refs) > 0}
	own := coll.Staff || coll.Accounts
	b.people = !own && personal(src.Name, coll)
	b.plain = !own && !b.people && tables(src.Connector) && (coll.Erase == "" || coll.Erase == "delete")
	for _, f := range coll.Fields {
		for _, to := range f.References {
			b.leads = append(b.leads, to.Dataset+"."+to.Collection)
			b.plain = b.plain && f.Role == "" // it may lead to somebody else
			if !namedAfter(f.Name, to.Collection) {
				b.odd = append(b.odd, to.Dataset+"."+to.Collection)
			}
		}
	}
	return b
}

// namedAfter reports a column that is called like the table that it refers to, or like the
// people of whom a company keeps a register: "contact_id" says of nobody that she is the host.
func namedAfter(column, table string) bool {
	own := tableWords(table)
	return slices.ContainsFunc(tableWords(column), func(w string) bool { return slices.Contains(own, w) || slices.Contains(contactWords, w) })
}

// keyKind is the link kind of a collection's primary key; "" when it has none.
func keyKind(source string, coll connectors.Collection) string {
	switch pk := coll.PrimaryKey(); len(pk) {
	case 0:
		return ""
	case 1:
		return source + "." + coll.Name + "." + pk[0]
	default:
		return source + "." + coll.Name + "." + connectors.Compound(pk)
	}
}

// tables reports a connector whose collections are tables, with whatever in them: products
// and tenants, too. What the connectors of known formats read is about people.
func tables(connector string) bool { return database(connector) || connector == "files" }

// keyComparison tells how the values of a key are compared: as its database does, and in
// files as numbers where the catalog calls them so. A column with gaps that refers to them
// holds "7.0" when pandas wrote it.
func keyComparison(src *Source, coll connectors.Collection, column string) connectors.Comparison {
	c := comparison(coll, column)
	if f, _ := coll.Field(column); !database(src.Connector) && f.DataType == "integer" {
		c.Folding = connectors.FoldNumber
	}
	return c
}

// undecided reports a table whose rows are nobody's until the catalog says by which of their
// references they are somebody's, and which tell it by nothing else. What refers to such a
// row may be another's, as a delivery is of who takes it.
func undecided(src *Source, coll connectors.Collection) bool {
	return coll.Undecided && len(coll.Refs) == 0 && !identified(coll.Fields) && !slices.ContainsFunc(coll.Fields, func(f connectors.CatalogField) bool {
		return f.DataType == "object" || slices.ContainsFunc(f.References, func(to connectors.Reference) bool {
			other, ok := src.Dataset.Collection(to.Collection)
			return to.Dataset != src.Name || !ok || !other.Staff && !other.Accounts
		})
	})
}

// identified reports fields that hold identifiers of people.
func identified(fields []connectors.CatalogField) bool {
	return slices.ContainsFunc(fields, func(f connectors.CatalogField) bool {
		return f.Identity != "" || len(f.Links) > 0 || identified(f.Fields)
	})
}
