package extract

import "testing"

// Who did something with a record is not whom it is about; who asked for it may be.
func TestKeyOfAnother(t *testing.T) {
	for key, want := range map[string]bool{
		"forwarded_by": true, "assignedBy": true, "Created By": true, "verified_by_phone": true, "processed_by": true,
		"ref_phone": true, "refName": true, "ref no": false, "ref_id": false, "co_applicant_mobile": true, "neighbour": true, "co_phone": false,
		"requested_by": false, "booked_by": false, "by": false, "phone": false, "stand_by": false,
	} {
		if got := keyMeaning(key).others; got != want {
			t.Errorf("%s is another's: %v, want %v", key, got, want)
		}
	}
}
