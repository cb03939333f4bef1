package audit

import "time"

// Schemas of the stored evidence.
const (
	CertificateSchema = "sutra.certificate/1"
	ReportSchema      = "sutra.report/1"
)

// The kinds of certificate, and the kind of a report.
const (
	KindRetention       = "retention_purge"
	KindErasure         = "erasure_request"
	KindFacebook        = "fb_deletion"
	KindResidual        = "residual_release"
	KindCorrection      = "correction"
	KindPartialFailure  = "PARTIAL_FAILURE"
	levelLive           = "LIVE_ERASED"
	levelCorrected      = "LIVE_CORRECTED"
	levelUnrecoverable  = "UNRECOVERABLE"
	defaultContactEmail = "support@cratio.com"
)

// Certificate is the signed evidence of an erasure. It holds no personal data:
// subjects stand in it as keyed tokens, records as counts. Dates are civil dates
// in India ("2027-03-10"), times are written in IST and again in UTC.
type Certificate struct {
	CertificateID      string       `json:"certificate_id"` // a ULID; Issue makes one when it is empty
	Schema             string       `json:"schema"`
	Kind               string       `json:"kind"`
	Policy             Policy       `json:"policy"`
	FloorsInForce      []Floor      `json:"floors_in_force,omitempty"`
	SubjectTokens      []string     `json:"subject_tokens,omitempty"` // keyed tokens in hex; none for a bulk retention run
	TokenKeyID         string       `json:"token_key_id,omitempty"`
	AccountTokens      []string     `json:"account_tokens,omitempty"` // hex; of an erasure those of its people, none in older certificates
	Request            *Request     `json:"request,omitempty"`
	Scope              []Scope      `json:"scope"`
	Method             []Method     `json:"method"`
	Residuals          []Residual   `json:"residuals"`
	Processors         []Processor  `json:"processors,omitempty"`
	RecipientsNotified []Notified   `json:"recipients_notified,omitempty"`
	Leftovers          []Leftover   `json:"leftovers,omitempty"`
	StandIns           []StandIn    `json:"stand_ins,omitempty"`
	Unread             Unread       `json:"unread,omitempty"` // what could not be read: the certificate does not speak of it
	Backups            Backups      `json:"backups"`
	Verification       Verification `json:"verification"`
	PlanSHA256         string       `json:"plan_sha256"` // hex
	ExecutedBy         string       `json:"executed_by,omitempty"`
	ApprovedBy         []string     `json:"approved_by,omitempty"`
	Simulated          bool         `json:"simulated,omitempty"` // done under the clock of a test world
	StartedAt          time.Time    `json:"started_at"`
	FinishedAt         time.Time    `json:"finished_at"`
	StartedAtUTC       string       `json:"started_at_utc"`  // filled in by Issue
	FinishedAtUTC      string       `json:"finished_at_utc"` // filled in by Issue
	Log                Anchor       `json:"log"`
	Level              string       `json:"level"`     // LIVE_ERASED, UNRECOVERABLE or LIVE_CORRECTED; filled in by Issue
	Statement          string       `json:"statement"` // in plain words; filled in by Issue
	Contact            Contact      `json:"contact"`
	Signature          Signature    `json:"signature"` // KeyID by the caller, Value by Issue
}

// Unread counts the places that could not be read when the erasure was done, by source.
type Unread map[string]int

// Add counts a place of a source.
func (u Unread) Add(source string) Unread {
	if u == nil {
		u = Unread{}
	}
	u[source]++
	return u
}

// Policy names the policy that was in force.
type Policy struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // hex
}

// Floor is a legal minimum of retention that was in force.
type Floor struct {
	ID            string `json:"id"`
	Mode          string `json:"mode"`
	EffectiveFrom string `json:"effective_from,omitempty"`
}

// Request is the ask that an erasure answers.
type Request struct {
	ID          string   `json:"id"`
	Type        string   `json:"type"`
	ReceivedOn  string   `json:"received_on,omitempty"`
	DueOn       string   `json:"due_on,omitempty"`
	DecidedOn   string   `json:"decided_on,omitempty"`
	Decision    string   `json:"decision,omitempty"` // full | partial | refused | no_data
	ReasonCodes []string `json:"reason_codes,omitempty"`
}

// Scope counts the records of one class in one store. Every record that was found
// has one outcome: found = erased + redacted + kept + failed. One that was gone
// already when its turn came counts as erased.
type Scope struct {
	Store            string `json:"store"`
	Class            string `json:"class"`
	Rule             string `json:"rule"`
	TriggerDateRange string `json:"trigger_date_range,omitempty"` // "2026-01-01/2026-03-31"
	Found            int    `json:"found"`
	Erased           int    `json:"erased"`
	Redacted         int    `json:"redacted"`
	Kept             int    `json:"kept"`
	Failed           int    `json:"failed"`
}

// Method says how the records of a class were erased: hard_delete, crypto_shred,
// overwrite, anonymise or field_strip.
type Method struct {
	Class  string   `json:"class"`
	Method string   `json:"method"`
	Note   string   `json:"note,omitempty"`
	Fields []string `json:"fields,omitempty"` // field_strip: their names
}

// Residual is what stays, and why.
type Residual struct {
	Class      string `json:"class"`
	Count      int    `json:"count"`
	Reason     string `json:"reason"` // law | shared | hold
	Citation   string `json:"citation,omitempty"`
	ProofRef   string `json:"proof_ref,omitempty"`
	ReleaseOn  string `json:"release_on,omitempty"` // the first day on which it may go
	Restricted bool   `json:"restricted,omitempty"` // out of the product, for statutory readers only
}

// Leftover is what a store keeps of erased records beside its records, out of the
// reach of whoever reads it: dead rows, a log for replicas.
type Leftover struct {
	Store string `json:"store"`
	What  string `json:"what"`
	Until string `json:"until,omitempty"` // the last date on which it may be there; none where no end is known
}

// StandIn is a column that records which stay could not be emptied of: it may not be empty
// and has no label for unknown, so that it says the same for everybody.
type StandIn struct {
	Store      string `json:"store"`
	Collection string `json:"collection"`
	Field      string `json:"field"`
	Records    int    `json:"records"` // that stay
}

// Processor is a data processor that was told to erase.
type Processor struct {
	Name          string `json:"name"`
	Location      string `json:"location,omitempty"`
	InstructionAt string `json:"instruction_at,omitempty"`
	Evidence      string `json:"evidence,omitempty"`
	ConfirmedAt   string `json:"confirmed_at,omitempty"`
}

// Notified is a recipient that was told of the erasure.
type Notified struct {
	Name string `json:"name"`
	At   string `json:"at"`
}

// Backups says until when a backup may still hold what was erased. Without
// ClearBy a certificate speaks of live systems only.
type Backups struct {
	NewestBackupContaining string `json:"newest_backup_containing,omitempty"`
	ClearBy                string `json:"clear_by,omitempty"` // date from which no backup holds it
	TombstoneID            string `json:"tombstone_id,omitempty"`
}

// Verification is the result of reading the sources again.
type Verification struct {
	RescanAt       time.Time `json:"rescan_at"`
	QueriesHash    string    `json:"queries_hash,omitempty"`
	Units          int       `json:"units"`           // read again
	Records        int       `json:"records"`         // looked at
	LiveHits       int       `json:"live_hits"`       // records still there
	DerivedHits    int       `json:"index_hits"`      // index, cache, search
	ObjectVersions int       `json:"object_versions"` // older versions still there
}

// Contact is whom a person can ask, and the route beyond.
type Contact struct {
	Name      string `json:"name,omitempty"`
	Email     string `json:"email"`
	Grievance string `json:"grievance,omitempty"`
}

// Signature is an Ed25519 signature over the canonical JSON of the evidence in
// which its own value is empty.
type Signature struct {
	KeyID string `json:"key_id,omitempty"`
	Value string `json:"value"` // base64
}

// Report is the signed evidence of an erasure that was not complete. It promises
// nothing; Attempt holds the counts.
type Report struct {
	ReportID  string      `json:"report_id"` // equal to Attempt.CertificateID
	Schema    string      `json:"schema"`
	Kind      string      `json:"kind"` // PARTIAL_FAILURE
	Reasons   []string    `json:"reasons"`
	Attempt   Certificate `json:"attempt"`
	Signature Signature   `json:"signature"`
}
