package main

import (
	"fmt"
	"strings"
	"testing"
)

// A message from one customer to another is no sign that they are one; a call between the
// company's line and a customer is the customer's, whoever called.
func TestDiscoverMessagesBetweenTwo(t *testing.T) {
	var b strings.Builder
	b.WriteString(`
CREATE TABLE patients (id INTEGER PRIMARY KEY, full_name TEXT, mobile TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY, from_phone TEXT, to_phone TEXT, text TEXT);
CREATE TABLE call_log (id INTEGER PRIMARY KEY, from_number TEXT, to_number TEXT, notes TEXT);
`)
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		fmt.Fprintf(&b, "INSERT INTO patients VALUES (%d, '%s %s', '%s');\n", 100+i, first, last, personPhone(i))
		fmt.Fprintf(&b, "INSERT INTO messages VALUES (%d, '%s', '%s', 'I told you that %d. is too much for me now');\n", 500+i, personPhone(60+i), personPhone(i), i)
		from, to := personPhone(i), "9820599001"
		if i%2 == 0 {
			from, to = to, from
		}
		fmt.Fprintf(&b, "INSERT INTO call_log VALUES (%d, '%s', '%s', 'spoke for %d. minutes about the new flat');\n", 600+i, from, to, i)
	}
	s := proposed(t, b.String())
	got := s.run("where", personPhone(65))
	if !strings.Contains(got, `"crm.messages"`) || strings.Contains(got, `"crm.patients"`) || strings.Contains(got, `"crm.call_log"`) {
		t.Errorf("who wrote to a patient is handed her data: %s", got)
	}
	for _, i := range []int{5, 6} {
		got := s.run("where", personPhone(i))
		if !strings.Contains(got, `"crm.call_log"`) || strings.Count(got, `"role":"subject"`) != 2 || strings.Count(got, `"role":"mention"`) != 1 {
			t.Errorf("the patient %d: %s", i, got)
		}
	}
}
