package main

import (
	"fmt"
	"strings"
	"testing"
)

// A consent names a patient and her guardian, and a third of the patients have the guardian's
// telephone: these are two people. So are buyer and seller of a deal, of whom some have one
// telephone.
func TestDiscoverGuardiansOfOneTelephone(t *testing.T) {
	var b strings.Builder
	b.WriteString(`
CREATE TABLE guardians (id INTEGER PRIMARY KEY, full_name TEXT, mobile TEXT);
CREATE TABLE patients (id INTEGER PRIMARY KEY, full_name TEXT, mobile TEXT);
CREATE TABLE consents (id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients (id), guardian_id INTEGER REFERENCES guardians (id), wording TEXT);
CREATE TABLE payers (id INTEGER PRIMARY KEY, full_name TEXT, mobile TEXT);
CREATE TABLE deals (id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients (id), payer_id INTEGER REFERENCES payers (id), wording TEXT);
CREATE TABLE lab_orders (id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients (id), description TEXT);
`)
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		other, _ := personName(i + 30)
		phone := personPhone(i)
		if i%3 == 0 {
			phone = personPhone(30 + i)
		}
		fmt.Fprintf(&b, "INSERT INTO guardians VALUES (%d, '%s %s', '%s');\n", i, other, last, personPhone(30+i))
		fmt.Fprintf(&b, "INSERT INTO patients VALUES (%d, '%s %s', '%s');\n", 100+i, first, last, phone)
		fmt.Fprintf(&b, "INSERT INTO consents VALUES (%d, %d, %d, 'agreed');\n", 500+i, 100+i, i)
		if i%3 == 0 {
			fmt.Fprintf(&b, "INSERT INTO payers VALUES (%d, '%s %s', '%s');\n", 200+i, first, last, phone)
		} else {
			fmt.Fprintf(&b, "INSERT INTO payers VALUES (%d, '%s %s', '%s');\n", 200+i, other, last, personPhone(60+i))
		}
		fmt.Fprintf(&b, "INSERT INTO deals VALUES (%d, %d, %d, 'paid');\n", 600+i, 100+i, 200+i)
		fmt.Fprintf(&b, "INSERT INTO lab_orders VALUES (%d, %d, 'the blood of %d. was drawn twice in that week');\n", 700+i, 100+i, i)
	}
	s := proposed(t, b.String())
	for who, table := range map[string]string{personPhone(35): "guardians", personPhone(65): "payers"} {
		got := s.run("where", who)
		if !strings.Contains(got, `"crm.`+table+`"`) || strings.Contains(got, `"crm.patients"`) || strings.Contains(got, `"crm.lab_orders"`) {
			t.Errorf("who is one of %s is handed the patient's: %s", table, got)
		}
	}
	if got := s.run("where", personPhone(5)); !strings.Contains(got, `"crm.lab_orders"`) || strings.Contains(got, `"crm.guardians"`) || !strings.Contains(got, `"crm.consents"`) {
		t.Errorf("the patient: %s", got)
	}
}
