package connectors

import (
	"testing"
	"time"
)

func TestPendingUntilIsIndianTime(t *testing.T) {
	err := &PendingError{Until: time.Date(2027, 1, 5, 20, 40, 54, 0, time.UTC), Reason: "a lock"}
	if got, want := err.Error(), "pending until 2027-01-06T02:10:54+05:30: a lock"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
