package connectors

import (
	"context"
	"iter"
)

// Follower is an Eraser of large units that knows where the records of a unit stand
// after an Erase, so that the unit need not be read whole to be known again.
type Follower interface {
	Eraser
	// Follow tells what became of the records of a unit by edits that were all made: u is
	// the unit as Erase returned it. It returns nil, and no error, when only reading the
	// unit whole tells.
	Follow(ctx context.Context, u Unit, edits []Edit) (*Followed, error)
	// Look yields the given records of a unit as [Picker] does, each once and perhaps with
	// others that stand beside them, and what else Read finds besides records. A record
	// that is not there does not come. An error means that Look cannot tell, and that Read
	// may.
	Look(ctx context.Context, u Unit, refs []Ref) iter.Seq2[Batch, error]
}

// Followed is what became of the records of a unit.
type Followed struct {
	// Moved returns the locator of a record that was not deleted, from the one it had.
	Moved func(collection, locator string) string
	// Near holds the places where the unit was changed, as it is now: the records that
	// were redacted, and those on both sides of one that was deleted. At the ends of the
	// unit some of them do not exist.
	Near []Ref
	// Alone says that Look finds records by their locators; else it needs [Ref.At], too.
	Alone bool
}
