package main

import (
	"fmt"
	"strings"
	"testing"
)

// A clinic whose tables hold other people's numbers beside a patient's, persons who refer
// to persons, and records whose person only a part of the schema tells.
const clinicSchema = `
CREATE TABLE doctors (id INTEGER PRIMARY KEY, full_name TEXT, phone TEXT, designation TEXT);
CREATE TABLE carers (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, phone TEXT, email TEXT);
CREATE TABLE patients (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, dob TEXT, phone TEXT, email TEXT, father_id INTEGER REFERENCES carers(id), carer INTEGER REFERENCES carers(id), doctor_id INTEGER REFERENCES doctors(id), case_no TEXT UNIQUE);
CREATE TABLE next_of_kin (id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients(id), kin_name TEXT, kin_phone TEXT);
CREATE TABLE visits (id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients(id), visitor TEXT, mobile TEXT, "Gate IP" BLOB);
CREATE TABLE patient_phones (id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients(id), phone TEXT);
CREATE TABLE bookings (id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients(id), doctor_id INTEGER REFERENCES doctors(id), phone TEXT, reason TEXT);
CREATE TABLE custody (patient_id INTEGER REFERENCES patients(id), carer_id INTEGER REFERENCES carers(id), since TEXT, PRIMARY KEY (patient_id, carer_id));
CREATE TABLE addresses (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES patients(id), street TEXT, telephone TEXT);
CREATE TABLE reports (id INTEGER PRIMARY KEY, case_no TEXT REFERENCES patients(case_no), body TEXT);
CREATE TABLE patients_history (hist INTEGER PRIMARY KEY, id INTEGER, note TEXT);
CREATE TABLE portal_users (login TEXT PRIMARY KEY, email TEXT, password_hash TEXT);
CREATE TABLE import_rows (n INTEGER PRIMARY KEY, raw TEXT);
CREATE TABLE payments (id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients(id), upi_vpa TEXT, paid_on TEXT);
CREATE TABLE invoice_lines (id INTEGER PRIMARY KEY, payment INTEGER REFERENCES payments(id), description TEXT);
`

const clinicPeople = 30

// Numbers of the clinic: a patient's, her second one, her kin's, her visitor's and her
// carer's.
func clinicPhone(series, i int) string { return fmt.Sprintf("98%02d0%05d", 10+series, 41234+i*37) }

func clinicRows() string {
	var b strings.Builder
	for i := 1; i <= 4; i++ {
		fmt.Fprintf(&b, "INSERT INTO doctors VALUES (%d, 'Dr. %s Rao', '%s', 'MD');\n", i, personWord(i), clinicPhone(9, i))
	}
	for i := 1; i <= clinicPeople; i++ {
		first, last := personName(i)
		c := i + 5
		carerFirst, carerLast := personName(c + 40)
		for _, q := range []string{
			fmt.Sprintf("carers VALUES (%d, '%s', '%s', '%s', 'carer%d@example.com')", i, carerFirst, carerLast, clinicPhone(5, i), i),
			fmt.Sprintf("patients VALUES (%d, '%s', '%s', '1980-01-0%d', '%s', '%s', NULL, %d, %d, 'CASE-%d-x')", i, first, last, 1+i%9, clinicPhone(1, i), personMail(i), i, 1+i%4, i),
			fmt.Sprintf("next_of_kin VALUES (%d, %d, 'Kin %d', '%s')", i, i, i, clinicPhone(3, i)),
			fmt.Sprintf("visits VALUES (%d, %d, 'Visitor %d', '%s', x'0A0000FF')", i, i, i, clinicPhone(4, i)),
			fmt.Sprintf("patient_phones VALUES (%d, %d, '%s')", i, i, clinicPhone(2, i)),
			fmt.Sprintf("bookings VALUES (%d, %d, %d, '+91%s', 'booked %d.')", i, i, 1+i%4, clinicPhone(1, i), i),
			fmt.Sprintf("custody VALUES (%d, %d, '2026-01-01')", i, i),
			fmt.Sprintf("addresses VALUES (%d, %d, '%d MG Road', '%s')", i, i, i, clinicPhone(1, i)),
			fmt.Sprintf("reports VALUES (%d, 'CASE-%d-x', 'report of %d.')", i, i, i),
			fmt.Sprintf("patients_history VALUES (%d, %d, 'history of %d.')", 100+i, i, i),
			fmt.Sprintf("portal_users VALUES ('u%d', '%s', 'x')", i, personMail(i)),
			fmt.Sprintf("import_rows VALUES (%d, '%s %s,%s,%s,Pune')", i, first, last, clinicPhone(1, i), personMail(i)),
			fmt.Sprintf("payments VALUES (%d, %d, 'handle%d@okaxis', '2026-03-05')", i, i, i),
			fmt.Sprintf("invoice_lines VALUES (%d, %d, 'consultation')", i, i),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	return b.String()
}

func personWord(i int) string { first, _ := personName(i); return first }

// clinic makes the catalog by discover and scans.
func clinic(t *testing.T) *site {
	t.Helper()
	return proposed(t, clinicSchema+clinicRows())
}

// A number that stands in a row about a patient and is not hers leads nobody to her data,
// nor does a reference from person to person.
func TestDiscoverOtherPeoplesNumbers(t *testing.T) {
	s := clinic(t)
	for what, ident := range map[string]string{"kin": clinicPhone(3, 7), "visitor": clinicPhone(4, 7)} {
		if got := s.run("where", ident); strings.Contains(got, `"role":"subject"`) || !strings.Contains(got, `"role":"mention"`) {
			t.Errorf("the %s is handed: %s", what, got)
		}
	}
	if text := s.file("crm.yaml"); !strings.Contains(text, `{name: "Gate IP", data_categories: [user.device.ip_address]}`) {
		t.Error("an address in another form than text is not told by its name")
	}
	if got := s.run("where", clinicPhone(5, 7)); strings.Contains(got, "patients") || !strings.Contains(got, "crm.carers") {
		t.Errorf("the carer is handed: %s", got)
	}
	if got := s.run("where", clinicPhone(2, 7)); !strings.Contains(got, `"crm.patients"`) {
		t.Errorf("a patient's second number does not lead to her: %s", got)
	}
	if got := s.run("where", personMail(7)); strings.Contains(got, "carers") || !strings.Contains(got, "portal_users") {
		t.Errorf("the patient is handed: %s", got)
	}
}

// What a patient has in the clinic goes: found by a key of another table's, by the name of
// a history, by a line of an import; what the law has kept is a document still, and no
// trace of it comes back as hers.
func TestDiscoverClinicErased(t *testing.T) {
	s := clinic(t)
	before := s.rowsByKey()
	s.run("erase", personMail(7), "-o", "plan")
	if code, out := s.status("apply", "plan"); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	after := s.rowsByKey()
	hers := map[string]bool{"patients 7": true, "next_of_kin 7": true, "visits 7": true, "patient_phones 7": true, "bookings 7": true, "addresses 7": true,
		"reports 7": true, "patients_history 107": true, "portal_users u7": true, "import_rows 7": true, "payments 7": true}
	for key, was := range before {
		now, there := after[key]
		switch {
		case !hers[key]:
			if now != was {
				t.Errorf("%s was %s and is %s", key, was, now)
			}
		case key == "patients 7" || key == "payments 7":
			for _, v := range []string{clinicPhone(1, 7), personMail(7), personWord(7), "okaxis"} {
				if strings.Contains(now, v) {
					t.Errorf("%s still holds %s: %s", key, v, now)
				}
			}
		case there && !strings.HasPrefix(key, "patients_history"), strings.Contains(now, "of 7."):
			t.Errorf("%s is still there: %s", key, now)
		}
	}
	if out := s.run("scan"); strings.Contains(out, "resurrection\"") {
		t.Errorf("something came back: %s", out)
	}
}
