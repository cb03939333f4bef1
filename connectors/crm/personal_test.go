package crm

import "testing"

func TestLooksPersonal(t *testing.T) {
	for name, want := range map[string]bool{
		"phone": true, "altMobile": true, "Mobile No.": true, "email_id": true, "wa_id": true, "PAN": true, "aadhaar_number": true, "fullName": true, "Contact Name": true,
		"id": false, "contact_id": false, "file_name": false, "status": false, "company": false, "telemetry": false, "panel": false, "created_at": false, "": false,
	} {
		if got := looksPersonal(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
