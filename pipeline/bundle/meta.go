package bundle

import "time"

// RowMeta says where a record stands and how long it is kept.
type RowMeta struct {
	Unit       string
	Locator    string
	RecordedAt time.Time // zero: not known
	EraseAfter time.Time // zero: no date follows from the policy
	Class      string    // retention class
	Source     string    // where the data came from: "Facebook Lead Ads"
	Role       string    // subject | mention
	Note       string
}

// metaNames are the columns of RowMeta, in the order of the CSV.
var metaNames = [...]string{"unit", "locator", "recorded_at", "erase_after", "class", "source", "role", "note"}

// metaText is what the RowMeta of a record is written as. Most of it is the same for
// many records in a row, and is then not made anew.
type metaText struct {
	name     []byte // of the object, as JSON, with its colon
	of       RowMeta
	begun    bool // what follows is of a record
	recorded stamp
	erase    stamp
	// As members of the object, each with a comma before it, and as cells with commas
	// between them.
	jsonUnit, jsonRest []byte
	csvUnit, csvRest   []byte
}

// set takes the place of a record, valid until the next one. Its texts, but for the
// locator, are kept.
func (t *metaText) set(m *RowMeta) {
	t.recorded.set(m.RecordedAt)
	t.erase.set(m.EraseAfter)
	t.of.Locator = m.Locator
	if !t.begun || m.Unit != t.of.Unit {
		t.of.Unit = m.Unit
		t.jsonUnit, t.csvUnit = appendMember(t.jsonUnit[:0], "unit", m.Unit), appendCSV(t.csvUnit[:0], m.Unit)
	}
	if !t.begun || m.Class != t.of.Class || m.Source != t.of.Source || m.Role != t.of.Role || m.Note != t.of.Note {
		t.of.Class, t.of.Source, t.of.Role, t.of.Note = m.Class, m.Source, m.Role, m.Note
		t.rest()
	}
	t.begun = true
}

// rest writes what stands behind the dates.
func (t *metaText) rest() {
	t.jsonRest, t.csvRest = t.jsonRest[:0], t.csvRest[:0]
	for _, x := range []struct{ name, v string }{{"class", t.of.Class}, {"source", t.of.Source}, {"role", t.of.Role}, {"note", t.of.Note}} {
		t.jsonRest = appendMember(t.jsonRest, x.name, x.v)
		t.csvRest = appendCSV(append(t.csvRest, ','), x.v)
	}
}

// appendMember appends a member of an object with a comma before it, unless it is empty.
func appendMember(b []byte, name, v string) []byte {
	if v == "" {
		return b
	}
	b = append(append(append(b, ',', '"'), name...), '"', ':')
	return appendJSONText(b, v)
}

// appendJSON appends the object and its name.
func (t *metaText) appendJSON(b []byte) []byte {
	b = append(b, t.name...)
	open := len(b)
	b = append(b, t.jsonUnit...)
	b = appendMember(b, "locator", t.of.Locator)
	if len(t.recorded.text) > 0 {
		b = append(append(append(b, `,"recorded_at":"`...), t.recorded.text...), '"')
	}
	if len(t.erase.text) > 0 {
		b = append(append(append(b, `,"erase_after":"`...), t.erase.text...), '"')
	}
	b = append(b, t.jsonRest...)
	if len(b) == open {
		return append(b, '{', '}')
	}
	b[open] = '{' // in place of the first comma
	return append(b, '}')
}

// appendCSV appends the cells.
func (t *metaText) appendCSV(b []byte) []byte {
	b = append(append(b, t.csvUnit...), ',')
	b = append(appendCSV(b, t.of.Locator), ',')
	b = append(append(b, t.recorded.text...), ',')
	b = append(b, t.erase.text...)
	return append(b, t.csvRest...)
}

// stamp is a time as it is written, kept because the next record often has the same, or
// one of the same day.
type stamp struct {
	at   time.Time
	day  int64 // since 1970, -1 before
	text []byte
}

// daySeconds is how long a day is.
const daySeconds = 24 * 60 * 60

func (s *stamp) set(at time.Time) {
	if at == s.at {
		return
	}
	s.at = at
	sec, day := at.Unix()+istOffset, int64(-1)
	if sec >= 0 {
		day = sec / daySeconds
	}
	if day < 0 || day != s.day || len(s.text) != len(time.RFC3339) {
		s.day, s.text = day, appendTime(s.text[:0], at)
		return
	}
	sec %= daySeconds
	clock := s.text[len("2006-01-02T"):]
	for i, n := range [...]int64{sec / 3600, sec / 60 % 60, sec % 60} {
		clock[3*i], clock[3*i+1] = byte('0'+n/10), byte('0'+n%10)
	}
}
