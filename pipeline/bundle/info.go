package bundle

// Info is everything a bundle says besides the data itself. All of it is plain
// text for the person; empty parts are said to be empty. Dates are written as
// the caller gives them (RFC 3339 or 2006-01-02).
type Info struct {
	Request    Request
	Subject    []string // how the answer names the person: the identifiers she gave
	Account    string   // the account her records stand in
	Holder     string   // who answers; default: Cratio Software Private Limited
	Contact    string   // default: support@cratio.com
	Processing []Processing
	Recipients []Recipient
	Retention  []Retention
	Rights     []Right // nil: DefaultRights
	Coverage   []Coverage
	Redactions []Redaction
	Backups    Backups
	Automated  string // automated decisions; default: none
	Transfers  string // transfers outside India; default: none
	Consents   []Consent
	Nominee    string // nominee on record; default: none
}

// Request is the ask that the bundle answers.
type Request struct {
	ID         string `json:"id,omitempty"`
	Type       string `json:"type,omitempty"`
	ReceivedOn string `json:"received_on,omitempty"`
	DueOn      string `json:"due_on,omitempty"`
}

// Processing is one thing that is done with the data.
type Processing struct {
	Category  string `json:"category"` // of data
	Purpose   string `json:"purpose"`
	Operation string `json:"operation,omitempty"`
	Basis     string `json:"basis,omitempty"`
	System    string `json:"system,omitempty"`
	Since     string `json:"since,omitempty"`
}

// Recipient is somebody the data was given to.
type Recipient struct {
	Name     string   `json:"name"`
	Role     string   `json:"role"` // processor | fiduciary
	Purpose  string   `json:"purpose"`
	Location string   `json:"location"`
	Data     []string `json:"data,omitempty"`
	When     string   `json:"when,omitempty"`
}

// Retention says how long a class of data is kept.
type Retention struct {
	Class   string `json:"class"`
	Rule    string `json:"rule,omitempty"`
	Period  string `json:"period"`            // in words: "30 days after the subscription ends"
	Trigger string `json:"trigger,omitempty"` // the date the clock started, when there is one for all
	Kept    []Kept `json:"kept,omitempty"`
}

// Kept counts records that stay beyond the period, or beyond an erasure.
type Kept struct {
	Count     int    `json:"count"`
	Reason    string `json:"reason"` // law | shared | hold
	Citation  string `json:"citation,omitempty"`
	ReleaseOn string `json:"release_on,omitempty"`
}

// Right is one right of the person.
type Right struct {
	Name string `json:"name"`
	What string `json:"what"`
	How  string `json:"how"`
	Law  string `json:"law,omitempty"`
}

// Coverage says what was searched in one source.
type Coverage struct {
	Source   string
	Searched bool
	How      string // "index", "full read"
	WhyNot   string // when it was not searched
	Datasets []DatasetCoverage
	Gaps     []Gap
}

// DatasetCoverage says what was searched in one dataset of a source.
type DatasetCoverage struct {
	Name     string
	Searched bool
	WhyNot   string
	Hits     int
	Doubtful int // records with an identifier of hers that others have too: nothing says whose they are
	Gaps     []Gap
}

// Gap is something that could not be read.
type Gap struct {
	Unit   string `json:"unit,omitempty"`
	Reason string `json:"reason"`
	Places int    `json:"places,omitempty"` // how many places it is true of, where that is not one
}

// places counts the places of gaps.
func places(gaps []Gap) (n int) {
	for _, g := range gaps {
		n += max(1, g.Places)
	}
	return n
}

// unread counts the places of a source that could not be read.
func (c Coverage) unread() int {
	n := places(c.Gaps)
	for _, d := range c.Datasets {
		n += places(d.Gaps)
	}
	return n
}

// Redaction counts what was left out or masked, by reason.
type Redaction struct {
	Reason string `json:"reason"` // a code: "other_person", "staff_contact", "secret"
	Count  int    `json:"count"`
	Note   string `json:"note,omitempty"` // in plain words
}

// Backups says what backups hold.
type Backups struct {
	MaxAge  string `json:"max_age,omitempty"`  // "35 days"
	ClearBy string `json:"clear_by,omitempty"` // date
	Note    string `json:"note"`
}

// Consent is one line of the consent ledger.
type Consent struct {
	Notice  string `json:"notice"`
	At      string `json:"at"`
	Channel string `json:"channel,omitempty"`
	Status  string `json:"status"`
}

const (
	defaultHolder  = "Cratio Software Private Limited"
	defaultContact = "support@cratio.com"
	defaultBackups = "Backups are not searched. They hold what the live systems held on the day they were made, and are overwritten when they expire."
	noAutomated    = "None. No decision about you is made by automated means alone, and no AI or LLM sub-processor is used."
	noTransfers    = "None. Data is stored in India (Mumbai, ap-south-1)."
)

// DefaultRights are the rights under the Digital Personal Data Protection Act
// 2023 and the privacy policy.
func DefaultRights(contact string) []Right {
	write := "Write to " + contact + ". We answer within 30 days."
	return []Right{
		{"access", "a copy of the personal data we hold about you, and a summary of what is done with it", write, "DPDP Act 2023, section 11"},
		{"correction", "correction, completion and updating of data that is wrong or incomplete", write, "DPDP Act 2023, section 12"},
		{"erasure", "deletion of your data, except what a law obliges us to keep", write, "DPDP Act 2023, section 12(3)"},
		{"withdrawal", "withdrawal of consent, as easily as it was given", write, "DPDP Act 2023, section 6(4)"},
		{"nomination", "to nominate a person who exercises your rights in the event of death or incapacity", write, "DPDP Act 2023, section 14"},
		{"grievance", "an answer to a complaint about how we handle your data", write, "DPDP Act 2023, section 13"},
		{"board", "a complaint to the Data Protection Board of India, after we had the occasion to answer yours", "Through the Board's website.", "DPDP Act 2023, section 13(3)"},
	}
}

// defaults fills in what is said when the caller says nothing.
func (i Info) defaults() Info {
	set := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	set(&i.Holder, defaultHolder)
	set(&i.Contact, defaultContact)
	set(&i.Backups.Note, defaultBackups)
	set(&i.Automated, noAutomated)
	set(&i.Transfers, noTransfers)
	set(&i.Nominee, "none")
	if i.Rights == nil {
		i.Rights = DefaultRights(i.Contact)
	}
	return i
}
