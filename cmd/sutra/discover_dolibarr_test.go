package main

import (
	"fmt"
	"strings"
	"testing"
)

// In Dolibarr fk_soc is of llx_societe and fk_contact of llx_socpeople, and element_type says of
// which table fk_element is a key.
func TestDiscoverDolibarr(t *testing.T) {
	var b strings.Builder
	b.WriteString(`
CREATE TABLE llx_societe (rowid INTEGER PRIMARY KEY, nom TEXT);
CREATE TABLE llx_socpeople (rowid INTEGER PRIMARY KEY, fk_soc INTEGER, lastname TEXT, firstname TEXT, phone_mobile TEXT);
CREATE TABLE llx_actioncomm (id INTEGER PRIMARY KEY, fk_soc INTEGER, fk_contact INTEGER, note TEXT);
CREATE TABLE llx_element_note (rowid INTEGER PRIMARY KEY, element_type TEXT, fk_element INTEGER, comment TEXT);
`)
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		if i <= 10 {
			fmt.Fprintf(&b, "INSERT INTO llx_societe VALUES (%d, 'Firm %d');\n", i, i)
		}
		fmt.Fprintf(&b, "INSERT INTO llx_socpeople VALUES (%d, %d, '%s', '%s', '%s');\n", 50+i, 1+i%10, last, first, personPhone(i))
		fmt.Fprintf(&b, "INSERT INTO llx_actioncomm VALUES (%d, %d, %d, 'she said on the line that %d. is too much');\n", 800+i, 1+i%10, 50+i, i)
		fmt.Fprintf(&b, "INSERT INTO llx_element_note VALUES (%d, 'socpeople', %d, 'she was here and saw number %d, which she likes');\n", 900+i, 50+i, i)
	}
	s := proposed(t, b.String())
	s.run("erase", personPhone(5), "-o", "plan")
	s.run("apply", "plan")
	after := strings.Join(s.values(), "\n")
	onlyGone(t, after, 30, []string{"on the line that %d. is", "saw number %d, which"}, 5)
	if catalog := s.file("crm.yaml"); !strings.Contains(catalog, "field: llx_societe.rowid") {
		t.Errorf("fk_soc leads nowhere:\n%s", catalog)
	}
}
