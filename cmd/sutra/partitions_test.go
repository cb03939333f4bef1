package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const partitionCatalog = `dataset:
  - fides_key: crm
    collections:
      - name: pupils
        meta: {sutra: {class: account_crm, contacts: true, erase: delete, order: 90}}
        fields: [{name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
      - name: homes
        meta: {sutra: {class: account_crm, erase: redact}}
        fields: [{name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}, {name: city, data_categories: [user.contact.address]}]
`

// TestRowsThatNoPartitionTakes: a row whose emptied value belongs into no partition is not
// changed and told; one that moves to another partition is emptied there, and what stands in
// other tables goes.
func TestRowsThatNoPartitionTakes(t *testing.T) {
	for kind, columns := range map[string][2]string{"postgres": {"LIST (city)", "CREATE TABLE homes_1 PARTITION OF homes FOR VALUES IN ('Pune'%s);CREATE TABLE homes_2 PARTITION OF homes FOR VALUES IN ('Goa')"}, "mysql": {"LIST COLUMNS (city) (PARTITION a VALUES IN ('Pune'%s), PARTITION b VALUES IN ('Goa'))", ""}} {
		for _, c := range []struct {
			name, more string
			code       int
			left       []string
		}{
			{"none", "", exitGaps, []string{"2|9822031416", "1|9822031415|Pune", "2|9822031416|Pune", "3|9822031415|Goa"}},
			{"another", ", ''", exitDone, []string{"2|9822031416", "1|<nil>|", "2|9822031416|Pune", "3|<nil>|"}},
		} {
			t.Run(kind+" "+c.name, func(t *testing.T) {
				tables := []string{"CREATE TABLE pupils (id INTEGER PRIMARY KEY, mobile VARCHAR(20))", "CREATE TABLE homes (id INTEGER, mobile VARCHAR(20), city VARCHAR(20) NOT NULL) PARTITION BY " + columns[0]}
				for i := range tables {
					tables[i] = strings.Replace(tables[i], "%s", c.more, 1)
				}
				if columns[1] != "" {
					tables = append(tables, strings.Split(fmt.Sprintf(columns[1], c.more), ";")...)
				}
				s, db := siteOver(t, kind, partitionCatalog, append(tables, "INSERT INTO pupils VALUES (1, '9822031415'), (2, '9822031416')", "INSERT INTO homes VALUES (1, '9822031415', 'Pune'), (2, '9822031416', 'Pune'), (3, '9822031415', 'Goa')")...)
				s.run("scan")
				s.run("erase", "9822031415", "-o", "gone")
				if code, out := s.status("apply", "gone"); code != c.code {
					t.Errorf("apply ends %d: %s", code, out)
				}
				if d := cmp.Diff(c.left, append(query(t, db, "SELECT id, mobile FROM pupils ORDER BY 1"), query(t, db, "SELECT id, mobile, city FROM homes ORDER BY 1")...)); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

// TestTableWithABrokenTrigger: what one table does when its rows are changed does not keep
// those of others from being changed.
func TestTableWithABrokenTrigger(t *testing.T) {
	s, db := siteOver(t, "sqlite", partitionCatalog, "CREATE TABLE pupils (id INTEGER PRIMARY KEY, mobile TEXT)", "CREATE TABLE homes (id INTEGER PRIMARY KEY, mobile TEXT, city TEXT)",
		"INSERT INTO pupils VALUES (1, '9822031415'), (2, '9822031416')", "INSERT INTO homes VALUES (1, '9822031415', 'Pune'), (2, '9822031416', 'Pune')",
		"CREATE TRIGGER broken AFTER UPDATE ON homes BEGIN INSERT INTO history VALUES (old.id); END")
	s.run("scan")
	s.run("erase", "9822031415", "-o", "gone")
	if code, out := s.status("apply", "gone"); code != exitGaps || !strings.Contains(out, "history") {
		t.Errorf("apply ends %d: %s", code, out)
	}
	if d := cmp.Diff([]string{"2|9822031416", "1|9822031415|Pune", "2|9822031416|Pune"}, append(query(t, db, "SELECT id, mobile FROM pupils"), query(t, db, "SELECT id, mobile, city FROM homes ORDER BY 1")...)); d != "" {
		t.Error(d)
	}
}
