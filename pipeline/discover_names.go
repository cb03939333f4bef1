package pipeline

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/pipeline/detect"
)

// What CRMs call their tables and columns. A name alone decides only what is
// harmless when it is wrong: what is kept, emptied instead of deleted, or not
// joined.
var (
	companyNames = vocabulary("organization organisation company firm branch department team group business vendor supplier household site store location building firma kunde filiale abteilung")
	staffNames   = vocabulary("user staff employee agent salesperson salesman salesrep rep executive operator admin doctor nurse teacher tutor driver trainer instructor advisor adviser counsellor counselor recruiter telecaller surveyor technician therapist benutzer mitarbeiter betreuer berater sachbearbeiter karmachari")
	billingNames = vocabulary("invoice inv invc bill billing payment pymt pmt receipt rcpt refund challan fee voucher ledger settlement payout instalment installment emi rechnung zahlung quittung beleg gutschrift mahnung chalan bhugtan rasid raseed")
	ticketNames  = vocabulary("ticket complaint helpdesk grievance shikayat beschwerde")
	logNames     = vocabulary("log logs audit trail history version versions hist backup snapshot webhook deleted trash recycle archive queue outbox letter journal revision protokoll verlauf itihas")
	talkNames    = vocabulary("call phone sms chat message mail email visit activity communication") // a log of these is about the one who was talked to
	staffColumns = vocabulary("password passwd hash role manager login permission designation department active superuser kennwort passwort vorgesetzter")
	staffRefs    = vocabulary("owner assigned assignee author agent creator created caller manager actor by user editor updated modified approver organizer salesperson rep executive imported changed lead doctor nurse teacher tutor driver trainer instructor advisor adviser counsellor counselor recruiter telecaller surveyor technician therapist benutzer mitarbeiter betreuer berater sachbearbeiter karmachari")
	otherRoles   = vocabulary("referrer referred referral introducer neighbour neighbor coapplicant coborrower spouse husband wife son daughter brother sister relative kin guardian nominee guarantor father mother emergency emerg manager agent owner assigned assignee author actor creator editor approver parent boss friend colleague invitee previous next related duplicate receiver seller advertiser staff salesperson executive advisor adviser counsellor counselor surveyor informant witness ehepartner empfohlen angehoeriger vormund pati patni pita mata")
	refersTo     = vocabulary("name nm phone mobile mob cell email mail whatsapp") // ref_phone is that of who referred her, ref_no a number of something
	listColumns  = vocabulary("recipients cc bcc attendees participants members followers watchers subscribers")
	mergedNames  = []string{"merged into", "merged to", "merged in", "merged with", "merge into", "merge with", "duplicate of", "duplicated by", "dup of", "replaced by", "superseded by", "zusammengefuehrt mit", "zusammengefuehrt in", "zusammengeführt mit", "zusammengeführt in", "dublette von", "duplikat von", "merge target", "master record", "canonical"}
	closedNames  = []string{"closed at", "closed on", "closed date", "resolved at", "resolved on", "closing date", "completed at", "date closed"}
	billedNames  = []string{"document date", "invoice date", "inv date", "invoice dt", "inv dt", "bill date", "bill dt", "issued at", "issued on", "issue date", "payment date", "payment dt", "pymt dt", "receipt date", "rcpt date", "rcpt dt", "paid at", "paid on", "paid date", "paid dt", "date", "created at", "posting date", "creation", "datum", "rechnungsdatum"}
	endedNames   = []string{"terminated at", "terminated on", "termination date", "ended at", "ended on", "end date", "cancelled at", "cancelled on", "canceled at", "churned at", "closed at", "deactivated at", "expired at", "subscription ended at", "subscription ended on", "contract ended at", "contract ended on", "churned on", "deactivated on"}
)

func vocabulary(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// lastWord is the word that says what a table holds: "invoice" of crm_invoices.
func lastWord(name string) string {
	words := detect.Words(name)
	if len(words) == 0 {
		return ""
	}
	return singular(words[len(words)-1])
}

// anyWord reports whether a name has a word, or its singular, of a vocabulary.
func anyWord(name string, list map[string]bool) bool {
	return slices.ContainsFunc(detect.Words(name), func(w string) bool { return list[w] || list[singular(w)] })
}

// another reports a column that is called after somebody else than the person of the row:
// nominee_name, but not of nominees.
func (t *looked) another(f *field) bool {
	table, label := detect.Words(t.name), detect.Words(f.label)
	if i := slices.Index(label, "ref"); i >= 0 && i+1 < len(label) && refersTo[label[len(label)-1]] {
		return true
	}
	return slices.ContainsFunc(label, func(w string) bool {
		return (otherRoles[w] || otherRoles[singular(w)]) && !slices.ContainsFunc(table, func(x string) bool { return singular(x) == singular(w) })
	})
}

// plain spells a name as words.
func plain(name string) string { return strings.Join(detect.Words(name), " ") }

// called returns the first top-level field that is called by one of the names, in
// the order of the names.
func (t *looked) called(names []string) *field {
	for _, n := range names {
		for _, f := range t.fields {
			if len(f.path) == 1 && !f.made && plain(f.label) == n {
				return f
			}
		}
	}
	return nil
}

// merged reports a column that names the record of the same table into which this one was
// merged: merged_into, merged_into_client_id of clients.
func merged(f *field, t *looked) bool {
	words := detect.Words(f.label)
	for len(words) > 1 && (slices.Contains(keyEnds, words[len(words)-1]) || singular(words[len(words)-1]) == lastWord(t.name)) {
		words = words[:len(words)-1]
	}
	return slices.Contains(mergedNames, strings.Join(words, " "))
}

// match says how well a text (a column's name, a type's value) means a table.
type match uint8

const (
	differs  match = iota
	ending         // "contact" of device_contacts: another thing as a rule
	prefixed       // "Lead" of crm_lead, where crm is how many tables begin
	exact          // "Lead", "App\\Models\\Lead" of leads
)

// prefixes are what vendors put before the names of their tables.
var prefixes = vocabulary("crm tbl tab app core main public sales fcrm vtiger sugar zoho m t")

// suffixes are what is put behind the names of tables of people and things: student_mst.
var suffixes = vocabulary("mst mstr master tbl table")

// names compares a text with the name of a table; all are the tables there are.
func names(text, table string, all []*looked) match {
	if plain(text) == plain(table) && plain(text) != "" { // res.partner of res_partner
		return exact
	}
	if i := strings.LastIndexAny(text, `\.:/`); i >= 0 {
		text = text[i+1:]
	}
	want, have := namedWords(text), namedWords(table)
	if last := len(have) - 1; last > 0 && suffixes[have[last]] && len(want) > 0 && !suffixes[want[len(want)-1]] {
		return min(names(text, strings.Join(have[:last], " "), nil), prefixed)
	}
	if len(want) == 0 || len(want) > len(have) {
		return differs
	}
	tail := have[len(have)-len(want):]
	for i := range want {
		if singular(want[i]) != singular(tail[i]) {
			return differs
		}
	}
	switch head := have[:len(have)-len(want)]; {
	case len(head) == 0:
		return exact
	case len(head) > 1:
		return ending
	case prefixes[head[0]]:
		return prefixed
	default:
		n := 0
		for _, t := range all {
			if w := detect.Words(t.name); len(w) > 1 && w[0] == head[0] {
				n++
			}
		}
		if n*2 > len(all) {
			return prefixed
		}
	}
	return ending
}

// otherwise are words by which columns call a table that has another name: in Dolibarr fk_soc is
// of llx_societe, fk_contact of llx_socpeople.
var otherwise = map[string]string{"soc": "societe", "socpeople": "contact"}

// namedWords are the words of a name, each as tables and columns call it alike.
func namedWords(name string) []string {
	words := slices.Clone(detect.Words(name))
	for i, w := range words {
		if other, ok := otherwise[w]; ok {
			words[i] = other
		}
	}
	return words
}

// shadows reports a table that is called after another one and holds what its rows were:
// patients_history.
func shadows(name, of string) bool {
	have, want := detect.Words(name), detect.Words(of)
	if n := len(want) - 1; n >= 0 && len(have) == len(want) && slices.Equal(have[:n], want[:n]) && have[n] == "historical"+want[n] { // of django-simple-history
		return true
	}
	if len(have) <= len(want) || len(want) == 0 {
		return false
	}
	for i, w := range want {
		if singular(have[i]) != singular(w) {
			return false
		}
	}
	return !slices.ContainsFunc(have[len(want):], func(w string) bool { return !logNames[w] && !logNames[singular(w)] })
}

// counted reports ids that a counter gives out: the same in every table.
func counted(id string) bool { return len(id) < 12 && strings.Trim(id, "0123456789") == "" }
