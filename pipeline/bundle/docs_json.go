package bundle

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// document is one of the small files of a bundle.
type document struct {
	name string
	data []byte
}

// render encodes v indented, without HTML escapes, and with a newline at its end.
func render(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// list makes an empty list of nil, so that "none" is written as [] and not null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func when(t time.Time) string { return string(appendTime(nil, t)) }

// jsonDocuments are the machine-readable documents.
func jsonDocuments(i Info, o Options, tables []*Table) ([]document, error) {
	var out []document
	for _, d := range []struct {
		name string
		v    any
	}{
		{"02_processing.json", processingDoc(i, tables)},
		{"03_recipients.json", map[string]any{"recipients": list(i.Recipients), "transfers_outside_india": i.Transfers}},
		{"04_retention.json", retentionDoc(i, o, tables)},
		{"05_rights.json", map[string]any{"rights": i.Rights, "contact": i.Contact, "holder": i.Holder}},
		{"coverage.json", coverageDoc(i, tables)},
		{"redactions.json", redactionsDoc(i)},
		{"dictionary.json", dictionaryDoc(tables)},
	} {
		b, err := render(d.v)
		if err != nil {
			return nil, err
		}
		out = append(out, document{d.name, b})
	}
	return out, nil
}

func processingDoc(i Info, tables []*Table) any {
	sources := map[string]int{}
	for _, t := range tables {
		for k, n := range t.stats.sources {
			sources[k] += n
		}
	}
	return map[string]any{
		"processing": list(i.Processing), "automated_decisions": i.Automated,
		"records_by_source": sources, "consents": list(i.Consents), "nominee": i.Nominee,
	}
}

// retentionClass is the retention of one class with what the data says of it.
type retentionClass struct {
	Retention
	Records       int    `json:"records"`
	EraseEarliest string `json:"erase_after_earliest,omitempty"`
	EraseLatest   string `json:"erase_after_latest,omitempty"`
}

func retentionDoc(i Info, o Options, tables []*Table) any {
	spans := map[string]*span{}
	for _, t := range tables {
		for c, s := range t.stats.classes {
			if spans[c] == nil {
				spans[c] = &span{}
			}
			spans[c].merge(*s)
		}
	}
	out := []retentionClass{}
	for _, r := range i.Retention {
		rc := retentionClass{Retention: r}
		if s := spans[r.Class]; s != nil {
			rc.Records, rc.EraseEarliest, rc.EraseLatest = s.Records, when(s.Earliest), when(s.Latest)
			delete(spans, r.Class)
		}
		out = append(out, rc)
	}
	for _, c := range slices.Sorted(maps.Keys(spans)) { // classes nobody described
		s := spans[c]
		out = append(out, retentionClass{Retention{Class: c, Period: "not stated"}, s.Records, when(s.Earliest), when(s.Latest)})
	}
	return map[string]any{"policy": o.Policy, "classes": out, "backups": i.Backups}
}

type coverageSource struct {
	Source   string            `json:"source"`
	Searched bool              `json:"searched"`
	How      string            `json:"how,omitempty"`
	WhyNot   string            `json:"why_not,omitempty"`
	Datasets []coverageDataset `json:"datasets"`
	Gaps     []Gap             `json:"gaps"`
}

type coverageDataset struct {
	Name     string `json:"name"`
	Searched bool   `json:"searched"`
	Result   string `json:"result"` // found | searched and found empty | not searched | nothing found that is hers alone | nothing found, but not all of it could be read
	Hits     int    `json:"hits"`
	InBundle int    `json:"records_in_bundle"`
	Doubtful int    `json:"doubtful,omitempty"` // they hold an identifier that others have too, and are not in the copy
	WhyNot   string `json:"why_not,omitempty"`
	Gaps     []Gap  `json:"gaps"`
}

// coverageDoc says of every source and dataset what was searched. A dataset that
// has records in the bundle and is missing from the coverage is added.
func coverageDoc(i Info, tables []*Table) any {
	rows := map[string]int{}
	for _, t := range tables {
		rows[t.stats.name] = t.stats.Records
	}
	out := []coverageSource{}
	gaps, seen := 0, map[string]bool{}
	for _, c := range i.Coverage {
		s := coverageSource{c.Source, c.Searched, c.How, c.WhyNot, []coverageDataset{}, list(c.Gaps)}
		gaps += c.unread()
		for _, d := range c.Datasets {
			seen[d.Name] = true
			s.Datasets = append(s.Datasets, coverageDataset{d.Name, d.Searched, result(d, len(c.Gaps) > 0), d.Hits, rows[d.Name], d.Doubtful, d.WhyNot, list(d.Gaps)})
		}
		out = append(out, s)
	}
	for _, t := range tables {
		if n := t.stats.name; !seen[n] {
			d := DatasetCoverage{Name: n, Searched: true, Hits: t.stats.Records}
			source, _, _ := strings.Cut(n, ".")
			out = addDataset(out, source, coverageDataset{n, true, result(d, false), d.Hits, d.Hits, 0, "", []Gap{}})
		}
	}
	return map[string]any{"sources": out, "gaps": gaps, "backups": i.Backups}
}

func addDataset(out []coverageSource, source string, d coverageDataset) []coverageSource {
	for k := range out {
		if out[k].Source == source {
			out[k].Datasets = append(out[k].Datasets, d)
			return out
		}
	}
	return append(out, coverageSource{source, true, "", "", []coverageDataset{d}, []Gap{}})
}

// result says in words what came of the search of a dataset. torn reports a source of
// which not all could be read.
func result(d DatasetCoverage, torn bool) string {
	switch {
	case !d.Searched:
		return "not searched"
	case d.Hits > 0:
		return "found"
	case d.Doubtful > 0:
		return "nothing found that is hers alone"
	case len(d.Gaps) > 0 || torn:
		return "nothing found, but not all of it could be read"
	}
	return "searched and found empty"
}

func redactionsDoc(i Info) any {
	total := 0
	for _, r := range i.Redactions {
		total += r.Count
	}
	return map[string]any{"redactions": list(i.Redactions), "total": total}
}

func dictionaryDoc(tables []*Table) any {
	type dataset struct {
		Dataset string      `json:"dataset"`
		Files   []string    `json:"files"`
		Fields  []FieldInfo `json:"fields"`
		Record  string      `json:"record_member"`
	}
	out := []dataset{}
	for _, t := range tables {
		out = append(out, dataset{t.stats.name, []string{t.file(".json"), t.file(".csv")}, list(t.fields), t.metaName})
	}
	return map[string]any{"datasets": out, "record_member": recordMember}
}

// recordMember explains what every record carries besides its fields.
var recordMember = map[string]string{
	"unit": "the object or table range in which the record stands", "locator": "where it stands in it",
	"recorded_at": "when it was recorded", "erase_after": "after this date the retention policy has it erased",
	"class": "its retention class", "source": "where it came from",
	"role": "subject: it is about you; mention: you appear in another's record", "note": "a remark on the copy",
}
