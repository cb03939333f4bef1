package main

import (
	"fmt"
	"strings"
	"testing"
)

// A CRM with tables that were begun a week ago, tasks that say what they are about by
// related_to and related_id, and the contacts of its agents' telephones.
const youngSchema = `
CREATE TABLE agents (id INTEGER PRIMARY KEY, full_name TEXT, mobile TEXT, designation TEXT);
CREATE TABLE customers (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, mobile TEXT, email TEXT);
CREATE TABLE referrals (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers, remark TEXT, mobile TEXT);
CREATE TABLE second_numbers (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers, mobile TEXT);
CREATE TABLE vouchers_sent (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers, friend_mobile TEXT, sent_to TEXT);
CREATE TABLE tasks (id INTEGER PRIMARY KEY, related_to TEXT, related_id INTEGER, agent_id INTEGER REFERENCES agents, title TEXT);
CREATE TABLE phonebook_sync (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agents, contact_name TEXT, contact_no TEXT);
CREATE TABLE otp_requests (id INTEGER PRIMARY KEY, mobile TEXT, code TEXT);
`

func youngRows() string {
	var b strings.Builder
	b.WriteString("INSERT INTO agents VALUES (1, 'Ravi Menon', '9000012340', 'executive');\n")
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		for _, q := range []string{
			fmt.Sprintf("customers VALUES (%d, '%s', '%s', '%s', '%s')", i, first, last, clinicPhone(1, i), personMail(i)),
			fmt.Sprintf("second_numbers VALUES (%d, %d, '%s')", i, i, clinicPhone(2, i)),
			fmt.Sprintf("tasks VALUES (%d, 'customer', %d, 1, 'quote for the terrace')", 40+i, i),
			fmt.Sprintf("phonebook_sync VALUES (%d, 1, '%s Sofa Mysuru', '%s')", 60+i, first, clinicPhone(1, i)),
			fmt.Sprintf("otp_requests VALUES (%d, '%s', '123456')", 80+i, clinicPhone(1, i)),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	fmt.Fprintf(&b, "INSERT INTO referrals VALUES (1, 7, 'Lalitha', '%s');\n", clinicPhone(3, 7))
	fmt.Fprintf(&b, "INSERT INTO vouchers_sent VALUES (1, 7, '%s', '%s');\n", clinicPhone(4, 7), clinicPhone(1, 7))
	return b.String()
}

// A number that stands in the only row of a table about a customer, and is not hers, leads
// nobody to her data.
func TestDiscoverNumbersInYoungTables(t *testing.T) {
	s := proposed(t, youngSchema+youngRows())
	for what, ident := range map[string]string{"person referred": clinicPhone(3, 7), "friend": clinicPhone(4, 7)} {
		if got := s.run("where", ident); strings.Contains(got, "crm.customers") || !strings.Contains(got, `"role":"mention"`) {
			t.Errorf("the %s is handed: %s", what, got)
		}
	}
	if got := s.run("where", clinicPhone(1, 7)); !strings.Contains(got, `"crm.vouchers_sent"`) || !strings.Contains(got, `"crm.referrals"`) {
		t.Errorf("rows of the customer's are not found: %s", got)
	}
}

// What tasks are related to is what they are about.
func TestDiscoverRelatedTo(t *testing.T) {
	s := proposed(t, youngSchema+youngRows())
	if got := s.run("where", clinicPhone(1, 7)); !strings.Contains(got, `"locator":"pk=47"`) {
		t.Errorf("a task of hers is not found: %s", got)
	}
}

// What the telephone of an agent calls a customer takes nothing from what is known of her.
func TestDiscoverAddressBook(t *testing.T) {
	s := proposed(t, youngSchema+youngRows())
	if got := s.run("where", "customer:7"); !strings.Contains(got, `"crm.phonebook_sync"`) || !strings.Contains(got, `"crm.otp_requests"`) {
		t.Errorf("rows with her number alone are not found: %s", got)
	}
}

// A history without rows may come to hold anything: what triggers write into it later goes
// with her, her name too, and is not kept by law because nothing was found in it.
func TestDiscoverEmptyHistory(t *testing.T) {
	s := proposed(t, youngSchema+youngRows()+"CREATE TABLE history (id INTEGER PRIMARY KEY, at TIMESTAMP, data JSON); CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER);")
	if got := s.file("crm.yaml"); strings.Count(got, "there is no row in it") != 1 {
		t.Errorf("the catalog does not say that the history is empty, or says it of a table of numbers too:\n%s", got)
	}
	first, last := personName(7)
	other, _ := personName(8)
	s.sql(fmt.Sprintf(`INSERT INTO history VALUES (1, NULL, '{"label":"%s %s","phone":"%s"}'), (2, NULL, '{"label":"%s","phone":"%s"}')`, first, last, clinicPhone(1, 7), other, clinicPhone(1, 8)))
	s.run("scan")
	s.run("erase", clinicPhone(1, 7), "-o", "plan")
	if got := s.run("apply", "plan"); strings.Contains(got, `"dataset":"crm.history"`) {
		t.Errorf("her history is kept: %s", got)
	}
	if got := s.file("crm.db"); strings.Contains(got, `"label":"`+first+" "+last) || !strings.Contains(got, `"label":"`+other) {
		t.Error("her name is in the history, or that of another is not")
	}
}
