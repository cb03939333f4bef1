package main

import (
	"fmt"
	"strings"
	"testing"
)

// Lorries that belong to others than those who drive them, one driver each.
const lorrySchema = `
CREATE TABLE drv_mst (drv_id INTEGER PRIMARY KEY, drv_nm TEXT, drv_mob TEXT);
CREATE TABLE veh_mst (veh_no TEXT PRIMARY KEY, owner_nm TEXT, owner_mob TEXT, cap_mt NUMERIC);
CREATE TABLE veh_drv (veh_no TEXT REFERENCES veh_mst, drv_id INTEGER REFERENCES drv_mst, frm TEXT, PRIMARY KEY (veh_no, drv_id, frm));
CREATE TABLE trip (trip_id INTEGER PRIMARY KEY, veh_no TEXT REFERENCES veh_mst, drv_id INTEGER REFERENCES drv_mst);
CREATE TABLE trip_stop (id INTEGER PRIMARY KEY, trip_id INTEGER REFERENCES trip, veh_no TEXT REFERENCES veh_mst, lat NUMERIC);
CREATE TABLE veh_note (id INTEGER PRIMARY KEY, veh_no TEXT REFERENCES veh_mst, note TEXT);
CREATE TABLE staff (id INTEGER PRIMARY KEY, name TEXT, email TEXT, designation TEXT);
CREATE TABLE deals (deal_id INTEGER PRIMARY KEY, title TEXT, owner_nm TEXT, owner_email TEXT);
CREATE TABLE deal_drv (deal_id INTEGER REFERENCES deals, drv_id INTEGER REFERENCES drv_mst, PRIMARY KEY (deal_id, drv_id));
`

func lorryRows() string {
	var b strings.Builder
	for i := 1; i <= 4; i++ {
		fmt.Fprintf(&b, "INSERT INTO staff VALUES (%d, 'Staff %s', 'desk%d@example.net', 'Clerk');\n", i, personWord(i), i)
	}
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		owner, _ := personName(i + 40)
		no := fmt.Sprintf("MH12AB%d", 1000+i)
		for _, q := range []string{
			fmt.Sprintf("drv_mst VALUES (%d, '%s %s', '%s')", i, first, last, clinicPhone(1, i)),
			fmt.Sprintf("veh_mst VALUES ('%s', '%s Seth', '%s', 9.5)", no, owner, clinicPhone(2, i)),
			fmt.Sprintf("veh_drv VALUES ('%s', %d, '2026-01-01')", no, i),
			fmt.Sprintf("trip VALUES (%d, '%s', %d)", 500+i, no, i),
			fmt.Sprintf("trip_stop VALUES (%d, %d, '%s', 18.1)", 900+i, 500+i, no),
			fmt.Sprintf("deals VALUES (%d, 'Loan for %s %s', 'Staff %s', 'desk%d@example.net')", 300+i, first, last, personWord(1+i%4), 1+i%4),
			fmt.Sprintf("deal_drv VALUES (%d, %d)", 300+i, i),
			fmt.Sprintf("veh_note VALUES (%d, '%s', 'new tyres')", 700+i, no),
		} {
			b.WriteString("INSERT INTO " + q + ";\n")
		}
	}
	return b.String()
}

// The lorry is its owner's, whoever drives it: an erased driver takes along what is his, and
// nothing of the owner.
func TestDiscoverThingsOfOwners(t *testing.T) {
	s := proposed(t, lorrySchema+lorryRows())
	before := s.crmRows()
	got := s.run("where", clinicPhone(1, 7))
	for _, theirs := range []string{"drv_mst", "veh_drv", "trip", "trip_stop", "deal_drv", "deals"} {
		if !strings.Contains(got, `"crm.`+theirs+`"`) {
			t.Errorf("he has a row of %s, and it is not found: %s", theirs, got)
		}
	}
	for _, others := range []string{"veh_mst", "veh_note"} {
		if strings.Contains(got, `"crm.`+others+`"`) {
			t.Errorf("%s is its owner's, and the driver is handed it", others)
		}
	}
	if !strings.Contains(s.file("crm.yaml"), "refers to veh_mst.veh_no, not followed: its rows are their owners'") {
		t.Error("the proposal does not say why the lorry is left out")
	}
	s.run("erase", clinicPhone(1, 7), "-o", "plan")
	s.run("apply", "plan")
	for key, row := range before {
		if strings.HasPrefix(key, "veh_mst ") && s.crmRows()[key] != row {
			t.Errorf("%s was %q, and is %q", key, row, s.crmRows()[key])
		}
	}
	if got := s.run("where", clinicPhone(2, 7)); !strings.Contains(got, `"crm.veh_mst"`) {
		t.Errorf("the owner is not found: %s", got)
	}
}
