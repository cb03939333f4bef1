package connectors

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
)

// Unit is the smallest thing that is scanned and committed as a whole: one
// object version, or one key range of a table.
type Unit struct {
	// Key names the unit inside its source: the object key relative to the
	// source's url, or "table[lo,hi)". It may be personal (a phone number in a
	// file name), so it is encrypted wherever it is stored.
	Key string
	// Fingerprint changes whenever the content may have changed. Two equal
	// fingerprints mean that the unit need not be read again.
	Fingerprint string
	// Size is the unit's size in bytes when the source knows it, else 0. It is a
	// hint for progress and scheduling.
	Size int64
	// Account is the account (tenant) of every record of the unit when the
	// configuration fixes it (a constant or a path segment), else "".
	Account string
}

// Batch is a run of records of one collection of one unit. It is valid until the
// next batch is asked for; whoever keeps a value longer clones it.
type Batch struct {
	// Collection is the collection's name inside the source's dataset.
	Collection string
	// Rows holds the records. Column 0 is [LocatorColumn]; every column is of
	// type utf8 (null where the record has no value). Nested values are JSON
	// text in a column whose [Field.Look] is LookJSON. It is nil in a batch
	// that brings only gaps.
	Rows arrow.Record
	// At, when not nil, holds for every row the position of its first byte in the
	// (plain) object, counted from 1, so that the record can be read again alone:
	// see [Ref.At]. 0 means unknown.
	At []int64
	// Gaps lists the parts of the unit that could not be read while the rest
	// could: a malformed line, a truncated tail.
	Gaps []Gap
	// Again says that the unit may tell more with the next scan though it is the same: what
	// belongs to it may come later. One batch of a Read says so for all of it.
	Again bool
	// Notes counts what was read but is out of the ordinary, by a text for a person
	// that never carries a personal value: webhooks of a kind that nobody knows.
	Notes map[string]int
	// Mark, when not "", is what a [Differ] is told later, when the unit has been read
	// to its end: it names the state of the source in which it was read. It is the same
	// in all batches of one Read.
	Mark string
	// Fingerprint, when not "", is that of the state in which the unit was read: it had
	// another one when it was listed. It is the same in all batches of one Read.
	Fingerprint string
	// Records is used by [Differ] alone.
	Records int
}

// Gap is something that could not be read, reached or proven. Reason is written
// for a person and never carries a personal value.
type Gap struct {
	Locator string // "line 17", "row group 3"; "" for the whole unit
	Reason  string
	// Text is what stands in the part, at most [GapText] bytes of it. Whoever reads the
	// batch may look for people in it; it is never stored and never shown.
	Text string
	// Again says that the reason lies outside of the part: a permission is missing, a
	// line broke. The unit is read anew with the next scan although it is the same.
	Again bool
	// Idle says that no record has the part, and that any edit of its locator takes it out.
	Idle bool
}

// GapText bounds [Gap.Text].
const GapText = 256 << 10

// Ref says where a record stands.
type Ref struct {
	Collection string
	Unit       string // Unit.Key
	Locator    string
	At         int64 // what [Batch.At] said of the record; 0 when it is not known
}

// Source is a system of record. Implementations are safe for concurrent use by
// several Reads of different units.
type Source interface {
	// Units lists the units that exist now. A yielded error means that the
	// source as a whole (or the rest of its listing) cannot be read; iteration
	// ends after it.
	Units(ctx context.Context) iter.Seq2[Unit, error]
	// Read yields the records of one unit in a stable order. An error means that
	// this unit (or the rest of it) could not be read; iteration ends after it.
	// Reading a unit that is gone yields [ErrNotFound].
	Read(ctx context.Context, u Unit) iter.Seq2[Batch, error]
	// Close releases what the source holds open.
	Close() error
}

// Digester is implemented by sources whose cheap fingerprint changes more often
// than the content does (a database file that was touched). Digest reads the
// unit on the source's side and returns a hash of its content; equal digests
// mean equal records.
type Digester interface {
	Digest(ctx context.Context, u Unit) (string, error)
}

// Differ is implemented by sources that can tell which records of a unit changed since
// it was read. Diff yields the records that are new or may have changed since the state
// that the mark names. Its first batch holds no rows and says how many records the unit
// has now and what the mark of this state is. It does not tell which records are gone:
// that some are follows from the number. Diff yields [ErrWhole], before anything else,
// when it cannot prove that all other records are as they were: the unit has to be read
// whole then.
type Differ interface {
	Diff(ctx context.Context, u Unit, mark string) iter.Seq2[Batch, error]
}

// Known is what the caller of a [Foreseer] holds of a unit.
type Known struct {
	Key         string
	Fingerprint string
	Mark        string // what Diff will be told; "" when a unit that changed is read whole
	Records     int
}

// Foreseer is a Differ that finds what changed while it lists the units, which is cheaper
// than to look for it in each of them.
type Foreseer interface {
	Differ
	// Expect tells the next Units which units the caller holds, all of them. held counts those of some
	// records of a unit that it holds among them; ok is false when that takes long.
	Expect(known iter.Seq[Known], held func(key string, locators []string) (n int, ok bool, err error))
	// Seen returns the mark of the state in which Units met a unit; "" when there is none.
	// Whoever holds the records of that unit with that fingerprint may tell it to a later
	// Diff instead of the mark they came with, and spares it to look as far back.
	Seen(u Unit) string
}

// Picker reads only the given records of a unit. Sources without it are read
// whole and filtered; see [Pick].
type Picker interface {
	Pick(ctx context.Context, u Unit, refs []Ref) iter.Seq2[Batch, error]
}

// Fetcher streams the raw bytes of a record that is a file of its own, such as
// an audio object, without holding it in memory; with the locator "LOCATOR/NAME"
// those of a file that a record brings along, such as the picture of a chat
// message. A record with neither, or a file that records of others bring too,
// gives [ErrNotFound].
type Fetcher interface {
	Fetch(ctx context.Context, r Ref, w io.Writer) error
}

// Action is what an edit does to a record.
type Action uint8

// The actions of an edit.
const (
	Delete Action = iota + 1 // the record goes
	Redact                   // the record stays; Edit.Rewrite decides field by field
)

// Verdict is what [Edit.Rewrite] says of one value.
type Verdict uint8

// The verdicts of a rewrite.
const (
	Same  Verdict = iota // leave the value as it is
	Set                  // replace it by the returned text
	Empty                // make it null; where null is not allowed, the type's empty value
)

// Edit is one change of one record. A record that is not there any more is not
// an error: what had to go is gone.
type Edit struct {
	Collection string
	Locator    string
	Action     Action
	// Rewrite is called for every field of a record to redact, and for every
	// text leaf of a nested field that the format stores as separate leaves.
	// value is what Read would have put in the column. It may be called several
	// times for one record and must give the same answer each time.
	Rewrite func(f Field, value string) (string, Verdict)
	// Exact says that what Rewrite sets has to be written as it is. Without it a
	// store that cannot hold the text (a constraint, a number's column) empties the
	// field, as an erasure wants; with it Erase returns an error that wraps
	// [ErrUnfit] and changes nothing.
	Exact bool
	// Check, when not nil, is called with the record as it stands before the
	// change (the names and values of its columns, nulls left out). An error
	// from it means that the record changed since the edit was planned: the
	// edit is not made and Erase returns ErrChanged.
	Check func(values map[string]string) error
}

// UnitEdits are the edits of one unit, in the order of the plan.
type UnitEdits struct {
	Unit  Unit
	Edits []Edit
}

// Outcome counts what an Erase did.
type Outcome struct {
	Deleted  int  // records deleted
	Redacted int  // records changed and kept
	Shells   int  // records that had to stay as an empty row because others refer to them (also counted in Redacted)
	Missing  int  // records that were gone already
	Gone     bool // the unit itself is gone: nothing of it was left
	// Left tells what the change itself may have left where it does not reach, such as
	// the copies that a trigger of the database makes; "" for nothing. It is a gap.
	Left   string
	Copied bool // the change itself, by a trigger, may have written what it took to other records
}

// Eraser changes records in place. Both calls are idempotent: running an erase
// twice leaves the source as running it once does.
type Eraser interface {
	// Erase applies the edits of one unit atomically and returns the unit as it
	// stands afterwards. It returns [ErrChanged], and changes nothing, when u is
	// stale or when an Edit.Check fails.
	Erase(ctx context.Context, u Unit, edits []Edit) (next Unit, out Outcome, err error)
	// Residue re-reads the source and returns the edits whose record is still
	// there unchanged: deletes whose record exists, redactions that Rewrite would
	// still change. Empty means proven.
	Residue(ctx context.Context, u Unit, edits []Edit) ([]Edit, error)
}

// BatchEraser is an Eraser that can apply the edits of several units in one
// transaction, in an order that its own constraints ask for (children before
// the rows they refer to). Before it returns [ErrChanged] it asks the Check of
// every edit, so that the caller learns of all records that changed at once. next
// names the units without their fingerprints: a caller makes many such changes before
// it lists the units again. A [FixedError] names a collection whose edits stand in the
// way of the others; after an [UnwipedError] the edits are made.
type BatchEraser interface {
	EraseAll(ctx context.Context, work []UnitEdits) (next []Unit, out []Outcome, err error)
}

// BulkEraser is an Eraser of a source in which many whole units go in few requests.
// EraseBulk does what Erase would do with those units of which nothing stays, as far as
// that can be done together, and reports for each whether it is done and proven. The
// others are as they were or cannot be told: Erase does them, or says why not. An error
// leaves that open for all that are not done.
type BulkEraser interface {
	EraseBulk(ctx context.Context, work []UnitEdits) (done []bool, err error)
}

// Finding is one line of a connector's self-examination.
type Finding struct {
	What  string // "reachable", "versioning", "permissions", "catalog", ...
	OK    bool
	Note  string // for a person; no personal value
	Fatal bool   // with it, scan and apply are refused
	Gap   bool   // no scan can read what it is about
}

// Checker examines a source: can it be reached, what can erase do there.
type Checker interface {
	Check(ctx context.Context) ([]Finding, error)
}

// Describer is implemented by sources that know more of their records than the
// catalog says: the keys of tables and the references between them. Describe
// returns the dataset with that added; what the catalog says stands. The source
// reads by the completed dataset from then on.
type Describer interface {
	Describe(ctx context.Context) (Dataset, error)
}

// Mixer is implemented by sources of tables: Mixed tells of references to their tables of which a
// column may mean each which have ids in common, or may have some, so that nothing says of a
// value to which of them it leads.
type Mixer interface {
	Mixed(ctx context.Context, refs []Reference) (collections []string, err error)
}

// Accountant is implemented by sources that can list the ids of accounts as the
// collections of accounts spell them, without reading everything else.
type Accountant interface {
	Accounts(ctx context.Context) iter.Seq2[string, error]
}

// Located is implemented by sources whose data stand in a known place. Region is
// the name of the place ("ap-south-1"), "" for this machine. A caller that has to
// keep data in some regions asks before it reads anything.
type Located interface {
	Region(ctx context.Context) (string, error)
}

// Leftover is a copy of deleted records that a source keeps beside its records for a
// while: old versions of rows, a replication log.
type Leftover struct {
	What  string    // for a person; no personal value
	Until time.Time // zero when no end is known
}

// Retainer is implemented by sources that know what a deletion leaves behind in
// them.
type Retainer interface {
	Leftovers(ctx context.Context) ([]Leftover, error)
}

// StandIn is a column that may not be empty and has no label for unknown: a record that is
// emptied and stays says the same in it as everybody's.
type StandIn struct{ Collection, Field string }

// Standing is implemented by sources that have such columns.
type Standing interface {
	StandIns(ctx context.Context) ([]StandIn, error)
}

// AccountRule says which account the records of an object source belong to.
type AccountRule struct {
	Constant string // a constant account id, or ""
	Segment  int    // the N-th segment of the key from 1, or 0
}

// Config is what a connector is opened with.
type Config struct {
	Name    string  // the source's name in sutra.yaml
	URL     string  // "file:..." made absolute, "s3://...", or a database DSN
	Dataset Dataset // the catalog's dataset of this source
	Account AccountRule
	// Workers bounds the parallelism inside one unit. 0 means 1.
	Workers int
	// Temp is a folder for spooled data, on the same machine, or "" for the
	// system's.
	Temp string
	// Explore opens the source only to look at it (see [Sampler]): Dataset may
	// be without collections.
	Explore bool
}

// Kind is one connector in the list of package all.
type Kind struct {
	Name string // the word after `connector:` in sutra.yaml
	// Catalog is the embedded fideslang Dataset YAML of connectors for known
	// formats, nil for connectors that need one from the user.
	Catalog []byte
	Open    func(ctx context.Context, c Config) (Source, error)
}

// Now is the type of a clock; time is always passed in.
type Now func() time.Time
