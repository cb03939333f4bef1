package config

import (
	"strings"
	"testing"
)

// TestReferenceToKeyless: whether a described field of a table is its key may be known to the
// database alone, where the catalog names none.
func TestReferenceToKeyless(t *testing.T) {
	for _, c := range []struct{ connector, key, field, want string }{
		{"sqlite", "", "id", "unless the database has the field it leads to as the key of its table"},
		{"sqlite", ", fides_meta: {primary_key: true}", "id", ""},
		{"sqlite", ", fides_meta: {primary_key: true}", "name", "joins nothing: the field it leads to identifies no record"},
		{"files", "", "id", "joins nothing: the field it leads to identifies no record"},
	} {
		_, warns, errs := load(t, map[string]string{"sutra.yaml": "sources:\n  crm: {connector: " + c.connector + ", url: \"file:x\", catalog: crm.yaml}\n",
			"crm.yaml": "dataset:\n- fides_key: crm\n  collections:\n  - {name: people, fields: [{name: id" + c.key + "}, {name: name}]}\n  - {name: notes, fields: [{name: p, fides_meta: {references: [{dataset: crm, field: people." + c.field + "}]}}]}\n"})
		if got := strings.Join(warns, "\n"); len(errs) > 0 || !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%v: %v %v", c, warns, errs)
		}
	}
}

// TestReferenceToPart: a reference to a part of a key of several columns joins where the
// database's own foreign key leads to the whole of it, and to mark it as a key is no advice.
func TestReferenceToPart(t *testing.T) {
	table := "{name: people, fields: [{name: acct, fides_meta: {primary_key: true}}, {name: no, fides_meta: {primary_key: true}}, {name: town}]}"
	for _, c := range []struct{ connector, field, want string }{
		{"sqlite", "no", "joins nothing unless a foreign key of the database leads to the whole key, of which it has a part"},
		{"files", "no", "joins nothing: the field it leads to is a part of a key, which identifies no record by itself"},
		{"sqlite", "town", "joins nothing: the field it leads to identifies no record; mark the field referred to as primary_key"},
	} {
		_, warns, errs := load(t, map[string]string{"sutra.yaml": "sources:\n  crm: {connector: " + c.connector + ", url: \"file:x\", catalog: crm.yaml}\n",
			"crm.yaml": "dataset:\n- fides_key: crm\n  collections:\n  - " + table + "\n  - {name: notes, fields: [{name: p, fides_meta: {references: [{dataset: crm, field: people." + c.field + "}]}}]}\n"})
		if got := strings.Join(warns, "\n"); len(errs) > 0 || !strings.HasSuffix(got, c.want) {
			t.Errorf("%v: %v %v", c, warns, errs)
		}
	}
}
