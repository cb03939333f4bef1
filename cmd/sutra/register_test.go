package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A married couple with one telephone and one mailbox at home are two donors, as they are
// two contacts where the register is called so.
func TestRegistersOfPeople(t *testing.T) {
	for _, table := range []string{"contacts", "donors", "students"} {
		s := newBareSite(t)
		s.sql("CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, full_name TEXT, phone TEXT, email TEXT);" +
			"CREATE TABLE gifts (id INTEGER PRIMARY KEY, by_whom INTEGER REFERENCES " + table + "(id), remark TEXT);" +
			"INSERT INTO " + table + " VALUES (1, 'Asha Verma', '9820012345', 'home@verma.example.org'), (2, 'Rohit Verma', '9820012345', 'home@verma.example.org');" +
			"INSERT INTO gifts VALUES (1, 1, 'of hers'), (2, 2, 'of his');")
		for name, text := range map[string]string{"sutra.yaml": "sources:\n  crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}\n",
			"crm.yaml": strings.ReplaceAll(registerCatalog, "TABLE", table)} {
			if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s.run("scan")
		if code, out := s.status("where", "9820012345"); code != 4 || strings.Contains(out, `"type":"copy"`) {
			t.Errorf("%s: exit %d: %s", table, code, out)
		}
		if got := s.run("where", table+":1"); strings.Contains(got, "pk=2") || !strings.Contains(got, "crm.gifts") {
			t.Errorf("%s: of one of them is known: %s", table, got)
		}
	}
}

const registerCatalog = `
dataset:
  - fides_key: crm
    name: CRM
    collections:
      - name: TABLE
        meta: {sutra: {class: account_crm, erase: delete}}
        fields:
          - {name: full_name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: gifts
        meta: {sutra: {class: account_crm, erase: delete}}
        fields:
          - {name: remark, data_categories: [user.content]}
`

// So they are where the register has a name that nobody knows, but its rows and what refers
// to them tell that it is one; and where a catalog says so.
func TestRegisterOfAnotherName(t *testing.T) {
	var b strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&b, "INSERT INTO "+format+";\n", args...) }
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		phone, mail := clinicPhone(1, i), personMail(i)
		if i == 8 { // the wife of number 7
			phone, mail = clinicPhone(1, 7), personMail(7)
		}
		add("shishyas VALUES (%d, '%s', '%s', '%s', '%s', NULL)", i, first, last, phone, mail)
		add("gifts VALUES (%d, %d, 'of %d.')", i, i, i)
		add("visits VALUES (%d, %d, 'came %d.')", i, i, i)
	}
	for i := 0; i < 16; i++ { // four of them bring four guests each: they are no staff for that
		first, last := personName(50 + i)
		add("invitations VALUES (%d, %d, '%s %s', '%s')", i, 11+i%4, first, last, clinicPhone(2, i))
	}
	first, last := personName(9)
	add("shishyas VALUES (99, '%s', '%s', '%s', 'nine@example.org', 9)", first, last, clinicPhone(1, 9))
	s := proposed(t, `CREATE TABLE shishyas (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, phone TEXT, email TEXT, merged_into_shishya INTEGER REFERENCES shishyas(id));
		CREATE TABLE invitations (id INTEGER PRIMARY KEY, invited_by INTEGER REFERENCES shishyas(id), guest_name TEXT, guest_phone TEXT);
		CREATE TABLE gifts (id INTEGER PRIMARY KEY, shishya_id INTEGER REFERENCES shishyas(id), remark TEXT);
		CREATE TABLE visits (id INTEGER PRIMARY KEY, shishya_id INTEGER REFERENCES shishyas(id), remark TEXT);`+b.String())
	if code, out := s.status("where", clinicPhone(1, 7)); code != 4 || strings.Contains(out, `"type":"copy"`) {
		t.Errorf("of a couple: exit %d: %s", code, out)
	}
	if got := s.run("where", "shishya:7"); strings.Contains(got, "pk=8") || strings.Count(got, `"type":"copy"`) != 3 {
		t.Errorf("of one of them is known: %s", got)
	}
	if got := s.run("where", "nine@example.org"); strings.Count(got, `"type":"copy"`) != 4 {
		t.Errorf("of who was merged is known: %s", got)
	}
}
