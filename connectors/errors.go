package connectors

import (
	"errors"
	"time"
)

// PendingError says that something could not be erased yet because its store
// keeps it: a retention lock, a legal hold. It is never reported as erased.
type PendingError struct {
	Until  time.Time // zero when no end is known
	Reason string    // for a person; no personal value
}

// Error implements error.
func (e *PendingError) Error() string {
	if e.Until.IsZero() {
		return "pending: " + e.Reason
	}
	return "pending until " + e.Until.In(ist).Format(time.RFC3339) + ": " + e.Reason
}

// ist is the time of all dates that a person reads.
var ist = time.FixedZone("IST", 19800)

// UnwipedError says that a change was made and stays, and that what stood there before can
// still be read beside the records. Making the change again wipes it.
type UnwipedError struct {
	Err error // why, in words for a person; no personal value
}

// Error implements error.
func (e *UnwipedError) Error() string { return e.Err.Error() }

// Unwrap lets errors.Is find the cause.
func (e *UnwipedError) Unwrap() error { return e.Err }

// FixedError says that no record of one collection can be changed, now or later, while
// those of others can: its table has no transactions, say. Nothing was changed.
type FixedError struct {
	Collection string
	Err        error // why, in words for a person; no personal value
}

// Error implements error.
func (e *FixedError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *FixedError) Unwrap() error { return e.Err }

// Errors that callers decide on. Implementations wrap them with %w.
var (
	ErrNotFound = errors.New("not found")                 // the unit or record is gone
	ErrChanged  = errors.New("changed since planned")     // a precondition of an edit does not hold
	ErrBusy     = errors.New("locked by another process") // a database is locked
	// ErrClosed says that the records of a collection are there and may not be read.
	ErrClosed   = errors.New("the collection is closed to the user")
	ErrReadOnly = errors.New("the source is read-only")
	// ErrForbidden says that a rule of the source's own, such as a constraint or a trigger,
	// forbids the change of a record. Nothing was changed; without that record, the others
	// of a batch may pass.
	ErrForbidden = errors.New("a rule of the source forbids the change")
	ErrUnfit     = errors.New("the field cannot hold the new value")
	ErrWhole     = errors.New("what changed cannot be told: the unit has to be read whole")
)
