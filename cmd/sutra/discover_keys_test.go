//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keysSchema has keys of several columns that are compared without regard to case,
// and rows that are a person's by such a key alone.
const keysSchema = `
CREATE TABLE customers (branch TEXT COLLATE NOCASE, no INTEGER, full_name TEXT, phone TEXT, email TEXT, PRIMARY KEY (branch, no));
CREATE TABLE orders (id TEXT COLLATE NOCASE, day TEXT, branch TEXT, cust_no INTEGER, remark TEXT, PRIMARY KEY (id, day), FOREIGN KEY (branch, cust_no) REFERENCES customers(branch, no));
CREATE TABLE order_lines (order_id TEXT, order_day TEXT, line INTEGER, remark TEXT, PRIMARY KEY (order_id, order_day, line), FOREIGN KEY (order_id, order_day) REFERENCES orders(id, day));
CREATE TABLE leads (ref TEXT COLLATE NOCASE PRIMARY KEY, full_name TEXT, phone TEXT, email TEXT);
CREATE TABLE lead_notes (id INTEGER PRIMARY KEY, lead_ref TEXT REFERENCES leads(ref), remark TEXT);
CREATE TABLE handovers (id INTEGER PRIMARY KEY, lead_before TEXT REFERENCES leads(ref), lead_after TEXT REFERENCES leads(ref), remark TEXT);
`

// TestDiscoverCompoundKeys makes the catalog by discover and erases a customer and a
// lead: what is theirs by a key of several columns, or by a key spelled in another
// case, goes with them, and what stands between two people is nobody's.
func TestDiscoverCompoundKeys(t *testing.T) {
	s := newBareSite(t)
	var rows strings.Builder
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		who := fmt.Sprintf("'%s %s', '%s', '%s'", first, last, personPhone(i), personMail(i))
		fmt.Fprintf(&rows, "INSERT INTO customers VALUES ('North', %d, %s);\n", i, who)
		fmt.Fprintf(&rows, "INSERT INTO orders VALUES ('ord%d', '2026-02-03', 'NORTH', %d, 'order of %d.');\n", i, i, i)
		fmt.Fprintf(&rows, "INSERT INTO order_lines VALUES ('ORD%d', '2026-02-03', 1, 'line of %d.');\n", i, i)
		lead := i + 30
		first, last = personName(lead)
		fmt.Fprintf(&rows, "INSERT INTO leads VALUES ('Ld-%d', '%s %s', '%s', '%s');\n", i, first, last, personPhone(lead), personMail(lead))
		fmt.Fprintf(&rows, "INSERT INTO lead_notes VALUES (%d, 'LD-%d', 'note of %d.');\n", i, i, lead)
		fmt.Fprintf(&rows, "INSERT INTO handovers VALUES (%d, 'Ld-%d', 'Ld-%d', 'between');\n", i, i, 1+i%30)
	}
	s.sql("BEGIN;" + keysSchema + rows.String() + "COMMIT;")
	const source = "sources:\n  crm: {connector: sqlite, url: \"file:crm.db\"%s}\n"
	for _, catalog := range []string{"", ", catalog: crm.yaml"} {
		if err := os.WriteFile(filepath.Join(s.dir, "sutra.yaml"), []byte(fmt.Sprintf(source, catalog)), 0o600); err != nil {
			t.Fatal(err)
		}
		if catalog == "" {
			s.run("discover", "crm", "-o", "crm.yaml")
		}
	}
	s.run("scan")
	before := strings.Join(s.values(), "\n")
	for _, who := range []int{7, 37} {
		s.run("erase", personMail(who), "-o", fmt.Sprintf("plan%d", who))
		s.run("apply", fmt.Sprintf("plan%d", who))
	}
	after := strings.Join(s.values(), "\n")
	for i := 1; i <= 60; i++ {
		for _, word := range []string{"order of %d.", "line of %d.", "note of %d."} {
			word = fmt.Sprintf(word, i)
			gone := i == 7 || i == 37
			if was, is := strings.Contains(before, word), strings.Contains(after, word); was && is == gone {
				t.Errorf("%q is there: %v", word, is)
			}
		}
	}
	if n := strings.Count(after, "between"); n != 30 {
		t.Errorf("%d handovers are left, not 30", n)
	}
}
