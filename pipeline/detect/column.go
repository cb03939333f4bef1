package detect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Rule is the version of the rules. It stands in every finding: findings of
// different versions are not compared.
const Rule = "detect/1"

// Confidence is how sure a verdict is.
type Confidence uint8

// The steps of confidence.
const (
	None Confidence = iota
	Low
	Medium
	High
)

// String names the step.
func (c Confidence) String() string {
	return [...]string{"none", "low", "medium", "high"}[min(c, High)]
}

// Column is what is known of a column: its names and its values.
type Column struct {
	Name    string   // of the column, or the label under which a form shows it
	Table   string   // the collection
	Type    string   // as declared, "" if it is not
	Comment string   // the schema's remark
	Key     bool     // a primary key or a reference by the schema
	Values  []string // the sampled values, blanks left out
}

// Finding is one kind of data that a column seems to hold.
type Finding struct {
	Kind       string // phone, email, pan, name, content, ...
	Category   string // fideslang key
	Identity   string // identity word of a catalog, "" if none
	Confidence Confidence
	Hits       int     // values that passed
	Share      float64 // of all values
	Text       bool    // found inside text: the column is no identifier
	Signals    []string
}

// Personal reports whether the finding speaks of a person.
func (f Finding) Personal() bool { return strings.HasPrefix(f.Category, "user") }

// column is a Column taken apart.
type column struct {
	Column
	name, comment []string
	distinct      map[string]int // value → how often
	dates         bool
	sequence      bool
}

// Detect returns what a column holds, the surest first.
func Detect(c Column) []Finding {
	x := column{Column: c, name: spelt(Words(c.Name)), comment: Words(c.Comment), distinct: map[string]int{}}
	for _, v := range c.Values {
		x.distinct[v]++
	}
	if x.flags() {
		return nil
	}
	x.dates, x.sequence = x.mostly(Date), x.runs()
	var out []Finding
	matched := map[string]float64{}
	for i := range detectors {
		if f, ok := x.anchored(&detectors[i], matched); ok {
			out = append(out, f)
		}
	}
	out = disjoint(out)
	out = append(out, x.inText(matched)...)
	out = append(out, x.byName(out)...)
	slices.SortStableFunc(out, func(a, b Finding) int {
		if a.Confidence != b.Confidence {
			return int(b.Confidence) - int(a.Confidence)
		}
		return b.Hits - a.Hits
	})
	return out
}

// flags reports a column of booleans, by type or by values.
func (x *column) flags() bool {
	if strings.HasPrefix(strings.ToUpper(x.Type), "BOOL") {
		return true
	}
	yesNo := words("0 1 true false yes no y n t")
	for v := range x.distinct {
		if !yesNo[strings.ToLower(strings.TrimSpace(v))] {
			return false
		}
	}
	return len(x.distinct) > 0
}

// mostly reports whether nine of ten values pass.
func (x *column) mostly(ok func(string) bool) bool {
	n := 0
	for v, times := range x.distinct {
		if ok(v) {
			n += times
		}
	}
	return n > 0 && n*10 >= len(x.Values)*9
}

// runs reports numbers that were given out one after the other: they lie closer
// together than telephone numbers of different people do.
func (x *column) runs() bool {
	if len(x.distinct) < 5 {
		return false
	}
	var lo, hi string
	for v := range x.distinct {
		v = strings.TrimSpace(v)
		if !allDigits(v) || len(v) > 18 || lo != "" && len(v) != len(lo) {
			return false
		}
		if lo == "" || v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	a, errA := strconv.ParseInt(lo, 10, 64)
	b, errB := strconv.ParseInt(hi, 10, 64)
	return errA == nil && errB == nil && b-a < 1000*int64(len(x.distinct))
}

// said returns the phrase by which the column's name, or its remark, speaks of a
// kind. A bare "name" speaks of people only in a table of people.
func (x *column) said(d *detector) string {
	s := says(x.name, d.words)
	if s == "name" && d.kind == "name" && len(x.name) == 1 && !ofPeople(Words(x.Table)) {
		return ""
	}
	if s == "" && d.kind == "name" {
		s = personName(x.name)
	}
	if s == "" {
		for _, w := range d.words {
			if !strings.HasPrefix(w, "=") && phrase(x.comment, w) {
				return w
			}
		}
	}
	return s
}

// anchored tries one detector on whole values.
func (x *column) anchored(d *detector, matched map[string]float64) (Finding, bool) {
	said := x.said(d)
	if len(x.Values) == 0 || said == "" && d.alone == None || x.dates && d.kind != "birth_date" {
		return Finding{}, false
	}
	hits, persons, worth, seen, others := 0, 0, 0.0, 0, 0
	for v, times := range x.distinct {
		w := d.match(v, said != "")
		if w == 0 {
			if matched[v] >= 3 {
				others += times // certainly something else
			}
			continue
		}
		matched[v] = max(matched[v], w)
		hits += times
		worth += w
		seen++
		if d.person == nil || d.person(v) {
			persons += times
		}
	}
	if hits == 0 || persons == 0 {
		return Finding{}, false
	}
	share := float64(hits) / float64(len(x.Values))
	v := x.verdict(d, float64(hits)/float64(len(x.Values)-others), worth, worth/float64(seen), said != "")
	f := Finding{
		Kind: d.kind, Category: d.category, Identity: d.identity, Confidence: v, Hits: persons,
		Share: float64(persons) / float64(len(x.Values)), Signals: x.signals(d, said, share, persons < hits),
	}
	return f, v > None
}

// verdict turns share (of the values that are not certainly something else) and
// evidence into a confidence. Evidence that passes often
// by chance (mean below 2) needs four values of five, or context.
func (x *column) verdict(d *detector, share, worth, mean float64, said bool) Confidence {
	v := None
	switch {
	case share >= 0.8 && worth >= 6:
		v = High
	case share >= 0.8 && worth >= 3 || share >= 0.5 && worth >= 6:
		v = Medium
	case mean >= 3 && share >= 0.2 && worth >= 20: // by what people sign in: here an address, there a number
		v = Medium
	case share >= 0.1 && worth >= 1 || worth >= 3:
		v = Low
	case said && share >= 0.5:
		v = Low
	}
	if said {
		if share >= 0.5 && v > None && v < High {
			v++ // context adds one step
		}
		if d.kind == "name" && x.few() {
			v = min(v, Low)
		}
		return min(v, d.top)
	}
	if mean < 2 {
		switch {
		case share < 0.8, x.sequence, x.Key && strings.Contains(strings.ToUpper(x.Type), "INT"):
			return None
		case opaqueName(x.name) || mean < 1:
			v = min(v, Medium)
		}
		if opaqueName(x.name) {
			v = min(v, Low)
		}
	}
	return min(v, d.alone)
}

// few reports a column of a few words that repeat, such as the states of a lead.
func (x *column) few() bool { return len(x.Values) >= 10 && len(x.distinct)*5 < len(x.Values) }

func (x *column) signals(d *detector, said string, share float64, firms bool) []string {
	out := []string{fmt.Sprintf("value:%s %d%%", d.kind, percent(share)), "validator:" + d.validator}
	if d.kind == "phone" {
		mob, land := 0, 0
		for v, times := range x.distinct {
			switch {
			case Mobile(v):
				mob += times
			case Landline(v):
				land += times
			}
		}
		out = append(out, fmt.Sprintf("mobile %d%%, landline %d%%", percent(float64(mob)/float64(len(x.Values))), percent(float64(land)/float64(len(x.Values)))))
	}
	if d.kind == "upi" {
		for v := range x.distinct {
			if _, _, phone := VPA(v); phone != "" {
				out = append(out, "mobile numbers in front of the handle")
				break
			}
		}
	}
	if firms {
		out = append(out, "others are firms'")
	}
	if said != "" {
		return append(out, "context:"+said)
	}
	return append(out, "no context")
}

func percent(share float64) int {
	p := int(share * 100)
	if p == 0 && share > 0 {
		return 1
	}
	return p
}

// disjoint drops findings that the same values gave a better one of: what is left
// may together be true, such as a column of numbers and addresses.
func disjoint(list []Finding) []Finding {
	best := -1
	for i, f := range list {
		if best < 0 || f.Confidence > list[best].Confidence || f.Confidence == list[best].Confidence && contextual(f) && !contextual(list[best]) {
			best = i
		}
	}
	var out []Finding
	for i, f := range list {
		if i == best || f.Share <= 1-list[best].Share+0.05 && f.Share >= 0.02 {
			out = append(out, f)
		}
	}
	return out
}

func contextual(f Finding) bool {
	return slices.ContainsFunc(f.Signals, func(s string) bool { return strings.HasPrefix(s, "context:") })
}
