package detect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/cratio/sutra/pipeline/extract"
)

// tokens are the identifiers that can be told inside text by their shape and a
// check.
var tokens = []struct {
	kind  string
	shape *regexp.Regexp
	match func(v string, said bool) float64
}{
	{"pan", regexp.MustCompile(`\b[A-Z]{5}[0-9]{4}[A-Z]\b`), func(v string, said bool) float64 { return onlyPerson(matchPAN, personPAN, v) }},
	{"gstin", regexp.MustCompile(`\b[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]\b`), func(v string, said bool) float64 { return onlyPerson(matchGSTIN, personGSTIN, v) }},
	{"aadhaar", regexp.MustCompile(`\b[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}\b`), matchAadhaar},
	{"upi", regexp.MustCompile(`[A-Za-z0-9._-]{2,64}@[A-Za-z][A-Za-z0-9]{1,31}`), knownVPA},
}

func onlyPerson(match func(string, bool) float64, person func(string) bool, v string) float64 {
	if person(v) {
		return match(v, false)
	}
	return 0
}

func knownVPA(v string, said bool) float64 {
	if w := matchVPA(v, false); w >= 3 {
		return w
	}
	return 0
}

// searchable reports a value that may hold something beside an identifier.
func searchable(v string) bool {
	return strings.ContainsAny(strings.TrimSpace(v), " \t\n,;|<>?=&%") || strings.Contains(v, "://") || strings.HasPrefix(v, "tel:") || strings.HasPrefix(v, "mailto:")
}

// found is what the search inside text came to, by kind.
type found struct {
	hits  int
	worth float64
}

// inText searches the values that are no identifier as a whole, and says whether
// the column is text that people write.
func (x *column) inText(matched map[string]float64) []Finding {
	if x.dates {
		return nil
	}
	by := map[string]*found{}
	wordy, links := 0, 0
	for v, times := range x.distinct {
		if prose(v) && matched[v] < 0.4 {
			wordy += times
		}
		if strings.Contains(v, "://") {
			links += times
		}
		if matched[v] >= 0.4 || !searchable(v) {
			continue
		}
		for kind, worth := range search(v) {
			if by[kind] == nil {
				by[kind] = &found{}
			}
			by[kind].hits += times
			by[kind].worth += worth
		}
	}
	var out []Finding
	for i := range detectors {
		d := &detectors[i]
		h := by[d.kind]
		if h == nil {
			continue
		}
		f := Finding{
			Kind: d.kind, Category: d.category, Hits: h.hits, Share: float64(h.hits) / float64(len(x.Values)), Text: true, Confidence: Low,
			Signals: []string{fmt.Sprintf("inside text: %s in %d%%", d.kind, percent(float64(h.hits)/float64(len(x.Values)))), "validator:" + d.validator},
		}
		switch {
		case h.worth >= 6:
			f.Confidence = High
		case h.worth >= 3:
			f.Confidence = Medium
		}
		if links*2 > len(x.Values) {
			f.Signals = append(f.Signals, "links, decoded")
		}
		out = append(out, f)
	}
	return append(out, x.content(wordy, out)...)
}

// prose reports four words of letters or more.
func prose(v string) bool {
	n := 0
	for _, w := range strings.Fields(v) {
		if strings.ContainsFunc(w, unicode.IsLetter) {
			n++
		}
	}
	return n >= 4
}

// search returns what stands in a text, by kind: links are decoded, credentials
// in them are no addresses.
func search(v string) map[string]float64 {
	out := map[string]float64{}
	for _, s := range extract.Find(v) {
		worth := 1.0
		switch {
		case s.Kind == extract.KindEmail:
			worth = 4
		case strings.HasPrefix(v[s.Start:s.End], "+"), s.Kind == extract.KindCookie, s.Kind == extract.KindWaID:
			worth = 3
		}
		out[s.Kind] = max(out[s.Kind], worth)
	}
	for _, t := range tokens {
		for _, m := range t.shape.FindAllString(v, 20) {
			if w := t.match(m, false); w > 0 {
				out[t.kind] = max(out[t.kind], w)
			}
		}
	}
	return out
}

// content says that a column is text of people: it reads like text and identifiers
// stand in it, or its name speaks of text.
func (x *column) content(wordy int, inside []Finding) []Finding {
	if len(x.Values) == 0 || wordy*10 < len(x.Values)*3 {
		return nil
	}
	f := Finding{
		Kind: "content", Category: "user.content", Confidence: Low, Hits: wordy, Share: float64(wordy) / float64(len(x.Values)), Text: true,
		Signals: []string{fmt.Sprintf("reads like text: %d%%", percent(float64(wordy)/float64(len(x.Values))))},
	}
	if slices.ContainsFunc(inside, func(f Finding) bool { return f.Confidence >= Medium }) {
		f.Confidence, f.Signals = Medium, append(f.Signals, "identifiers in it")
	}
	if s := says(x.name, contentWords); s != "" {
		f.Confidence, f.Signals = Medium, append(f.Signals, "context:"+s)
	}
	if s := says(x.name, addressNames); s != "" && f.Confidence == Low {
		return nil
	}
	return []Finding{f}
}

// byName adds what the name alone says: medium when there is no value to judge,
// low when no value passed a strict check: masked
// values, say.
func (x *column) byName(have []Finding) []Finding {
	if x.dates || neutralName(x.name) || x.Key && len(x.name) > 0 && x.name[len(x.name)-1] == "id" {
		return nil
	}
	if slices.ContainsFunc(have, func(f Finding) bool { return f.Confidence >= Medium }) {
		return nil
	}
	typ := strings.ToUpper(x.Type)
	if strings.Contains(typ, "DATE") || strings.Contains(typ, "TIME") {
		return nil
	}
	for i := range detectors {
		d := &detectors[i]
		said := x.said(d)
		if said == "" || !d.byName || slices.ContainsFunc(have, func(f Finding) bool { return f.Kind == d.kind }) {
			continue
		}
		if len(x.Values) == 0 {
			return []Finding{{Kind: d.kind, Category: d.category, Identity: d.identity, Confidence: Medium, Signals: []string{"context:" + said, "no value seen"}}}
		}
		if d.alone < High {
			continue // the values speak against it
		}
		return []Finding{{Kind: d.kind, Category: d.category, Confidence: Low, Signals: []string{"context:" + said, "no value passed"}}}
	}
	return nil
}
