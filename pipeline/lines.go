package pipeline

import (
	"time"

	"github.com/cratio/sutra/pipeline/policy"
)

// Sink takes the lines of a job's output. Calls never overlap.
type Sink func(line any)

// CopyLine is one copy of a person's data, as `where` prints it.
type CopyLine struct {
	Type       string   `json:"type"` // "copy"
	Account    string   `json:"account"`
	Source     string   `json:"source"`
	Dataset    string   `json:"dataset"`
	Unit       string   `json:"unit"`
	Locator    string   `json:"locator"`
	Role       string   `json:"role"`
	Categories []string `json:"categories"`
	Class      string   `json:"class"`
	RecordedAt string   `json:"recorded_at"`
	EraseAfter string   `json:"erase_after"`
	Via        []string `json:"via"`
	// Facts are what the record says of consent and restrictions: "marketing_messages":
	// "stop", "dnd": "1".
	Facts map[string]string `json:"facts,omitempty"`
}

// GapLine is something that could not be read, reached or proven.
type GapLine struct {
	Type   string `json:"type"` // "gap"
	Source string `json:"source"`
	Unit   string `json:"unit"`
	Reason string `json:"reason"`
}

// KeptLine is a record that stays, and why.
type KeptLine struct {
	Type    string `json:"type"` // "kept"
	Account string `json:"account"`
	Source  string `json:"source"`
	Dataset string `json:"dataset"`
	Unit    string `json:"unit"`
	Locator string `json:"locator"`
	Reason  string `json:"reason"` // law, shared or hold; of a correction also text and format
	Rule    string `json:"rule"`
	Until   string `json:"until"` // of a hold that stands the day of its review, on which it does not end
	Class   string `json:"class"`
	Advice  string `json:"advice,omitempty"` // what to do instead of a correction

	Released bool `json:"released,omitempty"` // the hold was released of late, and lapses then
	Without  bool `json:"without,omitempty"`  // in plans alone: no identifier of those who go is in it
}

// said is the line as it is printed.
func (k KeptLine) said() KeptLine {
	k.Without = false
	return k
}

// BackLine is a copy of an erased person that came back.
type BackLine struct {
	Type    string `json:"type"` // "resurrection"
	Account string `json:"account"`
	Source  string `json:"source"`
	Dataset string `json:"dataset"`
	Unit    string `json:"unit"`
	Locator string `json:"locator"`
}

// UnerasedLine is a record that a plan of erasure was to change and could not.
type UnerasedLine struct {
	Type    string `json:"type"` // "unerased"
	Account string `json:"account"`
	Source  string `json:"source"`
	Dataset string `json:"dataset"`
	Unit    string `json:"unit"`
	Locator string `json:"locator"`
	Reason  string `json:"reason"` // failed: the source refused; overdue: the same, of retention; stale: it was not what the plan saw; residue: it is about somebody else, and hers could not be cut out of it; stuck: it is hers and holds an identifier after all, its key or what a trigger wrote; late: it leads to her by a reference alone, and was moved or written after the plan was made; name: the object is named after her; unread: it stands in a part that cannot be read; homeless: it is of no account, and others have the identifier in another one; unseen: it was changed and could not be read again since
}

// SubjectLine is one of several people behind an identifier.
type SubjectLine struct {
	Type    string   `json:"type"` // "subject"
	Account string   `json:"account"`
	Copies  int      `json:"copies"`
	Ask     []string `json:"ask"` // identifiers of the form kind:value that mean this one alone
}

// StepLine is one step of an explanation.
type StepLine struct {
	Type string `json:"type"` // "step"
	From string `json:"from"`
	Via  string `json:"via"`
	To   string `json:"to"`
	Rule string `json:"rule"`
	Join bool   `json:"join"`
}

// NoteLine is a remark for a person.
type NoteLine struct {
	Type string `json:"type"` // "note"
	Text string `json:"text"`
}

// ScanSummary sums up a scan.
type ScanSummary struct {
	Type      string  `json:"type"`
	Units     int     `json:"units"`
	Scanned   int     `json:"scanned"`
	Skipped   int     `json:"skipped"`
	Removed   int     `json:"removed"`
	Records   int     `json:"records"`
	Sightings int     `json:"sightings"`
	Gaps      int     `json:"gaps"`
	Back      int     `json:"resurrections"`
	Seconds   float64 `json:"seconds"`
}

// PlanSummary sums up a plan that was made.
type PlanSummary struct {
	Type    string `json:"type"`
	Plan    string `json:"plan"`
	SHA256  string `json:"sha256"`
	Steps   int    `json:"steps"`
	Records int    `json:"records"`
	Keep    int    `json:"keep"`
	Undated int    `json:"undated"`
	// Advisory counts the records that advisory floors would have kept longer.
	Advisory int    `json:"advisory"`
	Approval string `json:"approval,omitempty"` // why apply asks for an approval
	Gaps     int    `json:"gaps"`
}

// ApplySummary sums up what was done.
type ApplySummary struct {
	Type        string `json:"type"`
	Plan        string `json:"plan"`
	Erased      int    `json:"erased"`
	Redacted    int    `json:"redacted"`
	Kept        int    `json:"kept"`
	Stale       int    `json:"stale"`
	Failed      int    `json:"failed"`
	Residue     int    `json:"residue"`
	Already     int    `json:"already,omitempty"` // edits that had nothing left to do
	Gaps        int    `json:"gaps"`
	Certificate string `json:"certificate"`
	Note        string `json:"note,omitempty"`
}

// VerifySummary sums up a proof.
type VerifySummary struct {
	Type         string `json:"type"`
	Certificates int    `json:"certificates"`
	Units        int    `json:"units"`
	Residue      int    `json:"residue"`  // copies that were erased and are there again
	Unerased     int    `json:"unerased"` // copies whose erasure has not been carried out yet
	Gaps         int    `json:"gaps"`
}

// Stamp renders an instant as the contract wants it: RFC 3339 in Indian time, ""
// for the zero time and for years that RFC 3339 cannot write.
func Stamp(t time.Time) string {
	t = t.In(policy.IST)
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return t.Format(time.RFC3339)
}
