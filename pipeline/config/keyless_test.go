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
