package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/bundle"
	"github.com/cratio/sutra/pipeline/extract"
)

// AccessSummary sums up an access bundle.
type AccessSummary struct {
	Type       string `json:"type"`
	Bundle     string `json:"bundle"`
	Records    int    `json:"records"`
	Files      int    `json:"files"`
	Mentions   int    `json:"mentions"`
	Masked     int    `json:"masked"`
	Gaps       int    `json:"gaps"`
	SHA256Sums int    `json:"entries"`
}

// access is the making of one bundle.
type access struct {
	*Site
	w      *bundle.Writer
	person *lineage.Person
	masker *extract.Masker
	facts  accountFacts
	sheets map[string]*sheet // by dataset
	last   struct {          // what token was asked last
		kind, value string
		token       lineage.Token
	}
	hits map[string]int
	sum  AccessSummary
	// subjects are the identifiers that some record of hers has as its subject.
	subjects map[lineage.Token]bool
}

// Access writes everything about a person into a zip at out. ident is what she
// gave; recipient, an age public key, encrypts it.
func (s *Site) Access(ctx context.Context, ident, account, out, recipient string) (AccessSummary, error) {
	sum := AccessSummary{Type: "summary", Bundle: out}
	if err := s.resident(ctx, nil); err != nil {
		return sum, err
	}
	p, err := s.Subject(ctx, ident, account)
	if err != nil {
		return sum, err
	}
	facts, err := s.accountFacts()
	if err != nil {
		return sum, err
	}
	w, err := bundle.Create(out, bundle.Options{At: s.Now(), Recipient: recipient, Tool: "sutra " + s.Version,
		Policy: bundle.Policy{ID: s.Policy.ID, Version: s.Policy.Version, SHA256: s.policyDigest()}, Sign: s.Graph.Sign})
	if err != nil {
		return sum, err
	}
	a := &access{Site: s, w: w, person: p, facts: facts, sheets: map[string]*sheet{}, hits: map[string]int{}, sum: sum}
	a.masker = &extract.Masker{Mine: a.mine, Shown: a.shown}
	if err := a.fill(ctx); err != nil {
		return a.sum, errors.Join(err, w.Abort())
	}
	if err := s.knownGaps(); err != nil {
		return a.sum, errors.Join(err, w.Abort())
	}
	for _, n := range a.masker.Masked {
		a.sum.Masked += n
	}
	m, err := w.Close(a.info(ident))
	if err != nil {
		return a.sum, errors.Join(err, w.Abort())
	}
	a.sum.SHA256Sums = len(m.Entries)
	a.sum.Gaps = s.Gaps()
	return a.sum, s.note(ctx, "access.written", map[string]any{"records": a.sum.Records, "files": a.sum.Files, "mentions": a.sum.Mentions, "gaps": a.sum.Gaps})
}

func (a *access) mine(kind, value string) bool {
	return a.person.Tokens[a.token(kind, value)] != ""
}

// token hashes an identifier; the masker asks several things of the same one in a row.
func (a *access) token(kind, value string) lineage.Token {
	if x := &a.last; x.kind != kind || x.value != value {
		x.kind, x.value, x.token = kind, strings.Clone(value), a.Graph.Token(kind, value)
	}
	return a.last.token
}

// shown reports identifiers that stand in her own records as hers although others
// have them too: a family's number. Never the account's own or its staff's.
func (a *access) shown(kind, value string) bool {
	t := a.token(kind, value)
	_, ok := a.person.Others[t]
	return ok && !a.othersParty(t)
}

// othersParty reports an identifier that is only the other side of a call.
func (a *access) othersParty(t lineage.Token) bool {
	if a.subjects == nil { // once: a person with many records has many cells to ask about
		a.subjects = map[lineage.Token]bool{}
		for i := range a.person.Copies {
			for _, e := range a.person.Copies[i].Record.Edges {
				if e.Role == lineage.Subject {
					a.subjects[e.Token] = true
				}
			}
		}
	}
	return !a.subjects[t]
}

// fill writes the records, unit by unit.
func (a *access) fill(ctx context.Context) error {
	units := map[uint32][]*lineage.Found{}
	roles := map[recordKey]string{}
	for i := range a.person.Copies {
		f := &a.person.Copies[i]
		units[f.RID.Unit()] = append(units[f.RID.Unit()], f)
		roles[keyOf(f)] = "subject"
	}
	for i := range a.person.Mentions {
		f := &a.person.Mentions[i]
		if roles[keyOf(f)] == "" {
			units[f.RID.Unit()] = append(units[f.RID.Unit()], f)
			roles[keyOf(f)] = "mention"
		}
	}
	for _, id := range slices.Sorted(maps.Keys(units)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := a.unit(ctx, units[id], roles); err != nil {
			return err
		}
	}
	for _, t := range a.sheets {
		if err := t.Close(); err != nil {
			return err
		}
	}
	return a.consent()
}

// unit writes her records of one unit.
func (a *access) unit(ctx context.Context, list []*lineage.Found, roles map[recordKey]string) error {
	hers := make([]*lineage.Found, 0, len(list))
	seen := make(map[recordKey]bool, len(list))
	for _, f := range list {
		if c := a.collection(f); c.Staff || c.Accounts || seen[keyOf(f)] {
			continue
		}
		seen[keyOf(f)] = true
		hers = append(hers, f)
	}
	if len(hers) == 0 {
		return nil
	}
	return a.fetch(ctx, hers, func(src *Source, f *lineage.Found, b connectors.Batch, row int) error {
		return a.record(ctx, src, f, b, row, roles[keyOf(f)])
	})
}

// record writes one record of hers, or what stands of her in somebody else's.
func (a *access) record(ctx context.Context, src *Source, f *lineage.Found, b connectors.Batch, row int, role string) error {
	t, err := a.sheet(src, b.Collection)
	if err != nil {
		return err
	}
	coll := a.collection(f)
	meta := bundle.RowMeta{Unit: a.safe(f.Unit.Unit.Key), Locator: a.safe(f.Record.Locator), RecordedAt: f.Record.RecordedAt,
		EraseAfter: a.decide(f, coll.Class, a.facts, a.person.Account, a.Now()).EraseAfter, Class: coll.Class, Source: src.Connector, Role: role}
	if role == "mention" {
		a.sum.Mentions++
		meta.Note = "somebody else's record in which you are named; only what names you is shown"
	}
	brings := ""
	err = t.row(b.Rows, row, meta, func(field connectors.Field, v string) (string, bool) {
		if field.Name == "attachment" && src.Connector == "whatsapp" {
			brings = strings.Clone(v)
		}
		return a.show(field, v, role)
	})
	if err != nil {
		return err
	}
	a.sum.Records++
	a.hits[src.Name+"."+b.Collection]++
	switch {
	case role == "subject" && brings != "":
		return a.attachment(ctx, src, f, brings)
	case role == "subject" && f.Record.Locator == "object":
		return a.medium(ctx, src, f)
	}
	return nil
}

func (a *access) show(field connectors.Field, v, role string) (string, bool) {
	if role != "mention" {
		return a.masker.Value(field, v)
	}
	found := a.masker.Mentions(v)
	if len(found) == 0 {
		return "", false
	}
	data, err := json.Marshal(found)
	return string(data), err == nil
}

// safe masks other people's identifiers in the name of a unit.
func (a *access) safe(key string) string {
	v, _ := a.masker.Value(connectors.Field{Name: "unit"}, key)
	return v
}

// medium adds the bytes of a recording, unless others can be heard on it.
func (a *access) medium(ctx context.Context, src *Source, f *lineage.Found) error {
	fetcher, ok := src.Conn.(connectors.Fetcher)
	if !ok || src.Connector != "recordings" || f.Record.Collection != "calls" {
		return nil
	}
	hers := map[lineage.RID]bool{}
	for _, c := range a.person.Copies {
		hers[c.RID] = true
	}
	pl := &planner{Site: a.Site}
	shared, err := pl.sharedMedium(f, hers)
	if err != nil {
		return err
	}
	if shared {
		a.emit(NoteLine{Type: "note", Text: "a recording on which other people can be heard is listed but not included"})
		return nil
	}
	ref := connectors.Ref{Collection: f.Record.Collection, Unit: f.Unit.Unit.Key, Locator: f.Record.Locator}
	_, err = a.w.File(path.Join(src.Name, a.safe(path.Base(ref.Unit))), func(w io.Writer) error { return fetcher.Fetch(ctx, ref, w) })
	if err != nil && ctx.Err() == nil {
		a.gap(src.Name, ref.Unit, "the recording cannot be read: "+err.Error())
		return nil
	}
	a.sum.Files++
	return err
}

// info says what was searched and how long things are kept.
func (a *access) info(ident string) bundle.Info {
	info := bundle.Info{Subject: []string{ident}, Account: a.person.Account}
	for _, src := range a.Sources {
		c := bundle.Coverage{Source: src.Name, Searched: src.Err == nil, How: "index of the last scan, records fetched from the source"}
		if src.Err != nil {
			c.WhyNot = "the source cannot be opened"
		}
		for _, coll := range src.Dataset.Collections {
			n := src.Name + "." + coll.Name
			c.Datasets = append(c.Datasets, bundle.DatasetCoverage{Name: n, Searched: src.Err == nil, Hits: a.hits[n], WhyNot: c.WhyNot})
		}
		info.Coverage = append(info.Coverage, c)
	}
	for _, class := range a.Policy.Classes() {
		info.Retention = append(info.Retention, bundle.Retention{Class: class, Rule: class, Period: a.Policy.Rules[class].Period.Words()})
	}
	for _, k := range slices.Sorted(maps.Keys(a.masker.Masked)) {
		info.Redactions = append(info.Redactions, bundle.Redaction{Reason: "other_person", Count: a.masker.Masked[k], Note: k})
	}
	info.Recipients = []bundle.Recipient{{Name: "Amazon Web Services", Role: "processor", Purpose: "cloud hosting and data storage", Location: "Mumbai, India (ap-south-1)"}}
	info.Backups = bundle.Backups{Note: "backups are not searched; what is erased leaves them when they expire"}
	return info
}
