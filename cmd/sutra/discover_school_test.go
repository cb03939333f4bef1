package main

import (
	"fmt"
	"strings"
	"testing"
)

// A school: the telephone is the parent's and the pupil has an id card alone. Other people's
// numbers hang on the pupil, and who a login or a loan is about is told by a word.
const schoolSchema = `
CREATE TABLE parent_mst (par_id INTEGER PRIMARY KEY, father_nm TEXT, mob_no TEXT, emailid TEXT);
CREATE TABLE student_mst (stud_id INTEGER PRIMARY KEY, stud_nm TEXT, par_id INTEGER REFERENCES parent_mst(par_id), aadhaar_no TEXT, mother_nm TEXT);
CREATE TABLE stud_hist (h_id INTEGER PRIMARY KEY, stud_id INTEGER, chg TEXT, changed_at TEXT);
CREATE TABLE guardian_local (lg_id INTEGER PRIMARY KEY, stud_id INTEGER REFERENCES student_mst(stud_id), lg_nm TEXT, lg_mob TEXT);
CREATE TABLE gate_pass (gp_id INTEGER PRIMARY KEY, stud_id INTEGER REFERENCES student_mst(stud_id), visitor_nm TEXT, visitor_mob TEXT);
CREATE TABLE sms_log (id INTEGER PRIMARY KEY, stud_id INTEGER REFERENCES student_mst(stud_id), mob TEXT, txt TEXT);
CREATE TABLE admission (adm_no TEXT PRIMARY KEY, par_id INTEGER REFERENCES parent_mst(par_id), form TEXT);
CREATE TABLE adm_dues (due_id INTEGER PRIMARY KEY, adm_no TEXT REFERENCES admission(adm_no), sms_mob TEXT);
CREATE TABLE act_log (id INTEGER PRIMARY KEY, tbl TEXT, row_id INTEGER, note TEXT);
CREATE TABLE doc_store (id INTEGER PRIMARY KEY, ref_tbl TEXT, ref_key TEXT, fname TEXT);
CREATE TABLE edits (id INTEGER PRIMARY KEY, table_name TEXT, record_id INTEGER, what TEXT);
CREATE TABLE guard_hist (id INTEGER PRIMARY KEY, table_name TEXT, record_id INTEGER, old_data TEXT, new_data TEXT);
CREATE TABLE lib_issue (iss_id INTEGER PRIMARY KEY, mem_type TEXT, mem_id INTEGER, book TEXT);
CREATE TABLE user_login (usr_id INTEGER PRIMARY KEY, login_id TEXT, ref_type TEXT, ref_id INTEGER, last_ip TEXT);
CREATE TABLE photo (pic_id INTEGER PRIMARY KEY, owner_type TEXT, owner_id INTEGER, file TEXT);
CREATE TABLE fee_inv (inv_id INTEGER PRIMARY KEY, par_id INTEGER REFERENCES parent_mst(par_id), amt TEXT, bill_date TEXT);
CREATE TABLE asset (asset_id INTEGER PRIMARY KEY, owner_type TEXT, owner_id INTEGER, label TEXT);
`

func schoolRows() string {
	var b strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&b, "INSERT INTO "+format+";\n", args...) }
	for i := 1; i <= 30; i++ {
		first, last := personName(i)
		add("parent_mst VALUES (%d, '%s %s', '%s', '%s')", 700+i, first, last, clinicPhone(1, i), personMail(i))
		mother, _ := personName(i + 60)
		add("student_mst VALUES (%d, 'Kid%s %s', %d, '%s', '%s Mata')", 300+i, first, last, 700+i, aadhaarOf(i), mother)
		add("stud_hist VALUES (%d, %d, 'moved up.', '2026-01-02')", 900+i, 300+i)
		add("guardian_local VALUES (%d, %d, 'Guard %d', '%s')", i, 300+i, i, clinicPhone(2, i))
		add("gate_pass VALUES (%d, %d, 'Visitor %d', '%s')", i, 300+i, i, clinicPhone(3, i))
		add("sms_log VALUES (%d, %d, '%s', 'Fees are due.')", i, 300+i, clinicPhone(1, i))
		add("admission VALUES ('ADM-%d-x', %d, '{\"email\": \"%s\", \"office_ph\": \"020-2444%04d\"}')", i, 700+i, personMail(i), i*37)
		add("adm_dues VALUES (%d, 'ADM-%d-x', '%s')", i, i, clinicPhone(1, i))
		add("act_log VALUES (%d, 'student_mst', %d, 'moved %d.')", i, 300+i, i)
		add("doc_store VALUES (%d, 'student_mst', '%d', 'p%d.pdf')", i, 300+i, i)
		add("edits VALUES (%d, 'parent_mst', %d, 'wrote %d.')", i, 700+i, i)
		add("guard_hist VALUES (%d, 'student_mst', %d, '{\"sms_mob\": \"%s\", \"fetch_mob\": \"%s\"}', '{\"sms_mob\": \"%s\", \"fetch_mob\": \"%s\"}')", i, 300+i, clinicPhone(4, i), clinicPhone(5, i), clinicPhone(1, i), clinicPhone(5, i))
		add("lib_issue VALUES (%d, 'STUDENT', %d, 'Book %d')", i, 300+i, i)
		add("user_login VALUES (%d, '%s', 'PARENT', %d, '103.21.%d.9'), (%d, 'ADM%d', 'STUDENT', %d, '103.22.%d.9')", i, personMail(i), 700+i, i, 100+i, 2000+i, 300+i, i)
		add("photo VALUES (%d, 'STUD', %d, 'p%d.jpg')", i, 300+i, i)
		add("fee_inv VALUES (%d, %d, '100', '2026-01-05')", i, 700+i)
		add("asset VALUES (%d, 'HOSTEL_WING', %d, 'Bed %d')", i, 40+i, i)
	}
	return b.String()
}

// aadhaarOf makes a number that passes its check.
func aadhaarOf(i int) string {
	base := fmt.Sprintf("%d", 23456700000+i*104729)
	for c := 0; c < 10; c++ {
		if n := fmt.Sprintf("%s%d", base, c); verhoeff(n) {
			return n
		}
	}
	panic("no check digit fits")
}

func verhoeff(n string) bool {
	d := []string{"0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432", "7659821043", "8765932104", "9876543210"}
	p := []string{"0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"}
	c := byte('0')
	for i := range n {
		c = d[c-'0'][p[i%8][n[len(n)-1-i]-'0']-'0']
	}
	return c == '0'
}

// Who is named beside a pupil is handed nothing of him, also where the number to compare
// with is his parent's; what is his by a word and an id is found.
func TestDiscoverSchool(t *testing.T) {
	s := proposed(t, schoolSchema+schoolRows())
	for what, ident := range map[string]string{"guardian": clinicPhone(2, 7), "visitor": clinicPhone(3, 7), "one who fetches him": clinicPhone(5, 7)} {
		if got := s.run("where", ident); strings.Contains(got, `"role":"subject"`) || !strings.Contains(got, `"role":"mention"`) {
			t.Errorf("the %s is handed: %s", what, got)
		}
	}
	got := s.run("where", clinicPhone(1, 7))
	for _, want := range []string{"parent_mst pk=707", "student_mst pk=307", "guardian_local pk=7", "gate_pass pk=7", "sms_log pk=7", "lib_issue pk=7", "act_log pk=7", "doc_store pk=7", "edits pk=7", "user_login pk=7", "user_login pk=107", "photo pk=7"} {
		table, pk, _ := strings.Cut(want, " ")
		found := false
		for _, line := range strings.Split(got, "\n") {
			found = found || strings.Contains(line, `"crm.`+table+`"`) && strings.Contains(line, `"locator":"`+pk+`"`)
		}
		if !found {
			t.Errorf("she has %s, and it is not found", want)
		}
	}
	text := s.file("crm.yaml")
	for _, want := range []string{"map: {STUDENT: student_mst}", "map: {PARENT: parent_mst, STUDENT: student_mst}", "map: {STUD: student_mst}",
		"owner_type says what owner_id is an id of, and 1 of its words"} {
		if !strings.Contains(text, want) {
			t.Errorf("the proposal does not say %q", want)
		}
	}
	if !strings.Contains(text, "{name: sms_mob, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}") {
		t.Error("the number of the one who pays the dues is taken for another's, because of her office")
	}
	if _, bills, _ := strings.Cut(text, "name: fee_inv"); !strings.Contains(bills[:min(len(bills), 300)], "class: billing") {
		t.Error("bills in short are not taken for bills")
	}
	if strings.Contains(text, "HOSTEL_WING") {
		t.Error("the proposal prints a value")
	}

	s.run("erase", clinicPhone(1, 7), "-o", "plan")
	s.run("apply", "plan")
	mother, _ := personName(67)
	if row := s.crmRows()["student_mst 307"]; row == "" || strings.Contains(row, mother) || strings.Contains(row, "Kid") {
		t.Errorf("what is left of him is %q", row)
	}
}
