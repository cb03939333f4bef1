package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestClosedTable: a table that the reader may not read any more is a gap, and what is
// known of it stays known: her rows are there. One that was dropped is gone.
func TestClosedTable(t *testing.T) {
	do, reader := readerServer(t)
	do("CREATE TABLE leads (id INT PRIMARY KEY, phone TEXT)")
	do("CREATE TABLE calls (id INT PRIMARY KEY, phone TEXT)")
	do("INSERT INTO leads VALUES (1, '9822031415'), (2, '9822031416')")
	do("INSERT INTO calls VALUES (1, '9822031415')")
	do("GRANT SELECT ON leads, calls TO reader")
	const table = "      - name: %s\n        meta: {sutra: {class: account_crm, erase: delete}}\n        fields:\n          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}\n"
	s := newBareSite(t, map[string]string{
		"sutra.yaml": fmt.Sprintf("sources:\n  crm: {connector: postgres, url: %q, catalog: crm.yaml}\n", reader),
		"crm.yaml":   "dataset:\n  - fides_key: crm\n    collections:\n" + fmt.Sprintf(table+table, "leads", "calls"),
	})
	s.run("scan")
	for _, q := range []string{"REVOKE SELECT ON leads FROM reader", "REVOKE USAGE ON SCHEMA public FROM PUBLIC"} {
		do(q)
		if code, out := s.status("scan"); code != 3 || !strings.Contains(out, `"removed":0`) {
			t.Errorf("%s: exit %d: %s", q, code, out)
		}
		if code, out := s.status("where", "9822031415"); code != 3 || !strings.Contains(out, `"copies":2`) {
			t.Errorf("%s: exit %d: %s", q, code, out)
		}
	}
	do("GRANT USAGE ON SCHEMA public TO PUBLIC")
	do("DROP TABLE leads")
	if code, out := s.status("scan"); code != 3 || !strings.Contains(out, `"removed":1`) || !strings.Contains(out, "no such table") {
		t.Errorf("a dropped table: exit %d: %s", code, out)
	}
	if code, out := s.status("where", "9822031415"); code != 3 || !strings.Contains(out, `"copies":1`) {
		t.Errorf("a dropped table: exit %d: %s", code, out)
	}
}
