package lineage

import (
	"errors"
	"time"

	"github.com/cratio/sutra/connectors"
)

// Token stands for an identifier: 128 bits of an HMAC-SHA256 over its
// kind and normalised value. Without the key it says nothing.
type Token [16]byte

// RID names a sighting: the unit's number in the high 32 bits, its position
// within the unit in the low 32.
type RID uint64

// Unit returns the number of the unit the sighting stands in.
func (r RID) Unit() uint32 { return uint32(r >> 32) }

// Role says how an identifier stands in a record.
type Role uint8

// The roles. Key and Link both join records: the record that defines an id
// carries Key, the records that refer to it carry Link.
const (
	Subject Role = iota + 1 // the record is about the person
	Mention                 // the person appears in somebody else's record
	Link                    // the record refers to another record
	Key                     // the record is the one that links refer to
	Member                  // the record names one of several owners of a shared medium; joins towards the medium only
	Merged                  // the record was merged into the one named: beats the unique-kind veto
	Own                     // the identifier belongs to the account itself or to its staff: it never joins
	Party                   // one side of a call: the person when the other sides are the account's own
)

// Edge ties a sighting to an identifier.
type Edge struct {
	Token Token
	Kind  string // identity kind ("phone") or link kind ("crm.leads.id")
	Role  Role
	Weak  bool // by its kind it never joins alone: a landline, a company-domain role mailbox
}

// Date is a civil date as days since 1970-01-01, with two special values.
type Date int32

// The special dates.
const (
	NoDate  Date = -1 << 31   // the record has none
	BadDate Date = -1<<31 + 1 // there is a value, but it is no possible date
)

// Sighting is one record, or one person's part of one, with everything the graph
// knows of it: no raw identifier and no personal value.
type Sighting struct {
	Collection string
	Locator    string
	At         int64  // position of the record's first byte in its object, from 1; 0 when not known
	Within     string // JSON pointer ("body/RESPONSE/0") of the part; "" for the whole record
	Account    string // "" when not known from the record itself
	Categories []string
	RecordedAt time.Time // zero when unknown; second precision
	Trigger    Date      // start of the retention clock
	Edges      []Edge
	// Names holds one signature for each personal name in the record: keyed
	// hashes of its words, enough to tell agreeing names from clearly different
	// ones. Names never join.
	Names []Name
	// Labels are signatures of what others call the person: a contact's name on
	// somebody's telephone. They support an identity and never contest it.
	Labels []Name
	// Sum is a keyed digest of the record's content; 0 when not computed.
	Sum uint64
	// Facts are what a person said of consent ("consent:dnd" → "1"), and settings of
	// an account's own record ("override:call_recording" →
	// "180", "trigger" → "2026-05-14T09:00:00+05:30"); nil elsewhere.
	Facts map[string]string
}

// Name is the signature of one name: sorted hashes of its words, each with the
// hash of its initial in the high byte.
type Name []uint32

// UnitState is what the graph keeps of a unit.
type UnitState struct {
	ID          uint32
	Source      string
	Unit        connectors.Unit
	Digest      string // see connectors.Digester; "" when not used
	Catalog     string // digest of the catalog that the unit was read by
	Mark        string // what the source said when the unit was read, see connectors.Differ; "" when it said nothing
	Generation  uint64
	Records     int
	Sightings   int
	Gaps        []connectors.Gap
	Accounts    bool // it holds records that are about accounts
	Again       bool // a part of it may be read another time: it is not skipped although it is the same
	CommittedAt time.Time

	patched
	places places // of what was written whole
}

// Found is a sighting with the place where it stands.
type Found struct {
	RID    RID
	Unit   *UnitState // shared, read-only
	Record Sighting
}

// Suppression is one line of the ledger of erased people.
type Suppression struct {
	Token   Token
	Kind    string
	Account string
	At      time.Time
	Ref     string // certificate id
}

// Errors that callers decide on.
var (
	ErrNoState  = errors.New("nothing was scanned here yet")
	ErrWrongKey = errors.New("the key does not open this graph")
	ErrLocked   = errors.New("the graph is in use by another run")
	ErrVersion  = errors.New("the graph was written by another version of the program")
)
