package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/pipeline/audit"
)

// standingTables has columns that cannot be emptied: may not be null, and have no label for
// unknown. mood has one, and pace may be null.
func standingTables(kind string) []string {
	sex, mood := "ENUM('male', 'female')", "ENUM('good', 'unknown')"
	var out []string
	if kind == "postgres" {
		out = append(out, "CREATE TYPE sexes AS "+sex, "CREATE TYPE moods AS "+mood)
		sex, mood = "sexes", "moods"
	}
	return append(out,
		fmt.Sprintf("CREATE TABLE patients (id INTEGER PRIMARY KEY, full_name VARCHAR(60), phone VARCHAR(20), gender %s NOT NULL, mood %s NOT NULL, pace %[1]s)", sex, mood),
		fmt.Sprintf("CREATE TABLE bookings (id INTEGER PRIMARY KEY, full_name VARCHAR(60), phone VARCHAR(20), gender %s NOT NULL)", sex),
		"CREATE TABLE payments (id INTEGER PRIMARY KEY, booking_id INTEGER, remark VARCHAR(20), FOREIGN KEY (booking_id) REFERENCES bookings(id))",
		"INSERT INTO patients VALUES (1, 'Asha Rao', '9822031415', 'female', 'good', 'female'), (2, 'Bela Das', '9822031416', 'female', 'good', 'male')",
		"INSERT INTO bookings VALUES (1, 'Asha Rao', '9822031415', 'female'), (2, 'Bela Das', '9822031416', 'female'), (3, 'Asha Rao', '9822031415', 'female')",
		"INSERT INTO payments VALUES (1, 1, 'late'), (2, 2, 'early')")
}

const standingCatalog = `dataset:
  - fides_key: crm
    collections:
      - name: patients
        meta: {sutra: {class: account_crm, erase: redact}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: full_name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: gender, data_categories: [user.demographic.gender]}
          - {name: mood, data_categories: [user.demographic]}
          - {name: pace, data_categories: [user.demographic]}
      - name: bookings
        meta: {sutra: {class: account_crm, erase: delete}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: full_name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: gender, data_categories: [user.demographic.gender]}
      - name: payments
        meta: {sutra: {class: account_crm, erase: keep}}
        fields: [{name: remark, data_categories: [system.operations]}]
`

// TestStandInsAreTold: the plan, the answer of apply and the certificate name the columns in
// which a row that stays says the same for everybody, and in how many rows, and no value.
func TestStandInsAreTold(t *testing.T) {
	for _, kind := range []string{"postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			s, db := siteOver(t, kind, standingCatalog, standingTables(kind)...)
			s.run("scan")
			told := func(out, table string, rows int) {
				t.Helper()
				want := fmt.Sprintf(`{"type":"note","text":"crm.%s: gender may not be empty and has no label for unknown: in the records that stay (%d) it says the same for everybody, also where that is what she had said"}`, table, rows)
				if !strings.Contains(out, want) {
					t.Errorf("want %s in\n%s", want, out)
				}
			}
			out := s.run("erase", "9822031415", "-o", "plan")
			told(out, "patients", 1)
			out += s.run("apply", "plan")
			told(out, "patients", 1)
			told(out, "bookings", 1)
			paths, err := filepath.Glob(filepath.Join(s.dir, "state", "certificates", "*.json"))
			if err != nil || len(paths) != 1 {
				t.Fatalf("%d certificates, %v", len(paths), err)
			}
			c, err := audit.Read(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			want := []audit.StandIn{{Store: "crm", Collection: "bookings", Field: "gender", Records: 1}, {Store: "crm", Collection: "patients", Field: "gender", Records: 1}}
			if d := cmp.Diff(want, c.StandIns); d != "" {
				t.Error(d)
			}
			if !strings.Contains(c.Statement, "Columns that cannot be emptied say the same for everybody in 2 records that stay; the stand-ins list them.") {
				t.Errorf("the statement: %s", c.Statement)
			}
			data, err := os.ReadFile(paths[0])
			if text := out + string(data); err != nil || strings.Contains(text, "female") || strings.Contains(text, "Asha") {
				t.Errorf("a value is told (%v): %s", err, text)
			}
			if got := query(t, db, "SELECT gender, mood, pace FROM patients ORDER BY id"); fmt.Sprint(got) != "[male|unknown|<nil> female|good|male]" {
				t.Errorf("the rows: %v", got)
			}
			s.run("verify")
		})
	}
}
