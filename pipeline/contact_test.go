package pipeline

import "testing"

func TestContactTable(t *testing.T) {
	for name, want := range map[string]bool{
		"contacts": true, "contact": true, "customers": true, "People": true, "tblCustomers": true, "CRM Contact": true, "customer_master": true, "tab_Persons": true,
		"donors": true, "hotel_guests": false, "Guest_Master": true, "STUDENTS": true, "passengers": false, "student_fees": false,
		"leads": false, "customer_notes": false, "device_contacts": false, "contact_groups": false, "customer_contacts": false, "members_log": false, "": false, "tbl": false,
	} {
		if got := contactTable(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
