package main

import (
	"fmt"
	"strings"
	"testing"
)

// As some CRMs have it: all tables begin with one word, the staff stand in the register of people
// as everybody does, and numbers are in a table of their own; a file has no name, but a kind.
const registerSchema = `
CREATE TABLE cv_contact (id INTEGER PRIMARY KEY, display_name TEXT, first_name TEXT, last_name TEXT, birth_date TEXT);
CREATE TABLE cv_phone (id INTEGER PRIMARY KEY, contact_id INTEGER REFERENCES cv_contact(id), phone TEXT);
CREATE TABLE cv_activity (id INTEGER PRIMARY KEY, phone_number TEXT, location TEXT);
CREATE TABLE cv_activity_contact (id INTEGER PRIMARY KEY, activity_id INTEGER REFERENCES cv_activity(id), contact_id INTEGER REFERENCES cv_contact(id), record_type_id INTEGER);
CREATE TABLE cv_membership (id INTEGER PRIMARY KEY, contact_id INTEGER REFERENCES cv_contact(id), remarks TEXT);
CREATE TABLE cv_membership_log (id INTEGER PRIMARY KEY, membership_id INTEGER REFERENCES cv_membership(id), modified_id INTEGER REFERENCES cv_contact(id), comment TEXT);
CREATE TABLE cv_file (id INTEGER PRIMARY KEY, mime_type TEXT, uri TEXT);
CREATE TABLE cv_entity_file (id INTEGER PRIMARY KEY, entity_table TEXT, entity_id INTEGER, file_id INTEGER REFERENCES cv_file(id));
`

func registerRows() string {
	var b strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&b, "INSERT INTO "+format+";\n", args...) }
	for i := 1; i <= 2; i++ { // the staff
		add("cv_contact VALUES (%d, 'Desk %[2]s', 'Desk', '%[2]s', NULL)", i, []string{"Nandini", "Suresh"}[i-1])
	}
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		add("cv_contact VALUES (%d, '%[2]s %[3]s', '%[2]s', '%[3]s', '19%[4]d-04-1%[5]d')", 100+i, first, last, 60+i, i%9)
		add("cv_phone VALUES (%d, %d, '%s')", 200+i, 100+i, personPhone(i))
		add("cv_activity VALUES (%d, '%s', NULL)", 300+i, personPhone(i))
		add("cv_activity_contact VALUES (%d, %d, %d, 2)", 400+i, 300+i, 1+i%2)
		add("cv_activity_contact VALUES (%d, %d, %d, 3)", 450+i, 300+i, 100+i)
		add("cv_membership VALUES (%d, %d, 'member %d.')", 500+i, 100+i, i)
		add("cv_file VALUES (%d, 'application/pdf', 'card_of_%d.pdf')", 700+i, i)
		add("cv_entity_file VALUES (%d, 'cv_contact', %d, %d)", 800+i, 100+i, 700+i)
		add("cv_membership_log VALUES (%d, %d, %d, 'log %d.')", 600+i, 500+i, 1+i%2, i)
	}
	return b.String()
}

// Two rows of such a register are two people, whoever wrote what is said of them.
func TestDiscoverRegisterOfAll(t *testing.T) {
	s := proposed(t, registerSchema+registerRows())
	for _, i := range []int{5, 8} {
		s.run("erase", personPhone(i), "-o", "plan")
		s.run("apply", "plan")
	}
	after := strings.Join(s.values(), "\n")
	onlyGone(t, after, 20, []string{"member %d.", "log %d.", "card_of_%d.pdf"}, 5, 8)
	for i := 1; i <= 20; i++ {
		if first, last := personName(i); strings.Contains(after, first+" "+last) == (i == 5 || i == 8) {
			t.Errorf("%s %s of %d: there or gone against expectation", first, last, i)
		}
	}
	catalog := s.file("crm.yaml")
	for _, want := range []string{"contacts: true", "not followed: by its name it leads to who wrote the row"} {
		if !strings.Contains(catalog, want) {
			t.Errorf("the proposal does not say %q:\n%s", want, catalog)
		}
	}
}
