package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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
	beside *planner // reads the sightings that stand beside one
	clock  decider
	ends   *chains
	sheets map[string]*sheet // by dataset
	sheet  *sheet            // the one of the last record
	tokens map[identifier]lineage.Token
	named  kept // the unit that was named last
	sum    AccessSummary
	// mentions are records of the present unit that are about others.
	mentions map[*lineage.Found]bool
	aside    bool                 // the record that is being written does not give her as its person
	hers     map[lineage.RID]bool // her copies; made when it is asked for
	// subjects are the identifiers that some record of hers has as its subject.
	subjects map[lineage.Token]bool
	// household are identifiers that others have too and that a described column gives her.
	household map[lineage.Token]bool
	left      map[string]int // records left out because nothing says whose they are, by dataset
}

// identifier is what tokens are kept by.
type identifier struct{ kind, value string }

// keptTokens bounds how many tokens are kept.
const keptTokens = 1 << 12

// kept is a text that is shown as it is: masking it again would change nothing.
type kept struct{ text string }

// Access writes everything about a person into a zip at out. ident is what she
// gave; recipient, an age public key, encrypts it.
func (s *Site) Access(ctx context.Context, ident, account, out, recipient string) (AccessSummary, error) {
	sum := AccessSummary{Type: "summary", Bundle: out}
	s.lost = unread{}
	if err := hasFolder(out); err != nil {
		return sum, err
	}
	if err := errors.Join(s.resident(ctx, nil), s.refuseForgotten(linkBucket)); err != nil {
		return sum, err
	}
	p, err := s.Subject(ctx, ident, account)
	if err == nil {
		err = mayAct(p)
	}
	if err != nil {
		return sum, err
	}
	facts, err := s.accountFacts()
	if err != nil {
		return sum, err
	}
	s.doubtAccount(account, facts)
	if err := s.tellUnknown(ident, account, p); err != nil {
		return sum, err
	}
	w, err := bundle.Create(out, bundle.Options{At: s.Now(), Recipient: recipient, Tool: "sutra " + s.Version,
		Policy: bundle.Policy{ID: s.Policy.ID, Version: s.Policy.Version, SHA256: s.policyDigest()}, Sign: s.Graph.Sign})
	if errors.Is(err, bundle.ErrRecipient) || errors.Is(err, bundle.ErrExists) {
		err = fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if err != nil {
		return sum, err
	}
	a := &access{Site: s, w: w, person: p, clock: s.decider(facts, p.Account, s.Now()), ends: s.chains(facts, s.Now()), sheets: map[string]*sheet{}, tokens: map[identifier]lineage.Token{}, sum: sum}
	a.beside = &planner{Site: s}
	a.masker = &extract.Masker{Mine: a.mine, Shown: a.shown}
	err = a.findHousehold(ctx)
	if err == nil {
		err = a.fill(ctx)
	}
	if err != nil {
		return a.sum, errors.Join(err, w.Abort())
	}
	if err := cmp.Or(a.leaveOut(), s.knownGaps()); err != nil {
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

// token hashes an identifier; the same ones stand in most of her records.
func (a *access) token(kind, value string) lineage.Token {
	t, ok := a.tokens[identifier{kind, value}]
	if !ok {
		if len(a.tokens) >= keptTokens {
			clear(a.tokens)
		}
		t = a.Graph.Token(kind, value)
		a.tokens[identifier{kind, strings.Clone(value)}] = t
	}
	return t
}

// shown reports identifiers that stand in her own records as hers although others
// have them too: a family's number. Never the account's own or its staff's.
func (a *access) shown(kind, value string) bool {
	t := a.token(kind, value)
	_, ok := a.person.Others[t]
	return ok && a.household[t] && !a.othersParty(t)
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
	for _, p := range inPlaces(a.person.Copies, a.person.Mentions) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := a.unit(ctx, p.copies, p.mentions); err != nil {
			return err
		}
	}
	for _, t := range a.sheets {
		if err := t.Close(); err != nil {
			return err
		}
	}
	return errors.Join(a.consent(), a.places())
}

// standApart reports whether sightings of one unit surely are of different records:
// each begins at another place.
func standApart(list []lineage.Found) bool {
	for i := range list {
		if list[i].Record.At == 0 || i > 0 && list[i].Record.At <= list[i-1].Record.At {
			return false
		}
	}
	return true
}

// unit writes her records of one unit, and what others' records there say of her. A
// record of which only a part is hers is about her.
func (a *access) unit(ctx context.Context, copies, mentions []lineage.Found) error {
	list := make([]*lineage.Found, 0, len(copies)+len(mentions))
	seen := map[recordKey]bool{}
	add := func(f *lineage.Found) bool {
		if !seen[keyOf(f)] {
			seen[keyOf(f)] = true
			list = append(list, f)
			return true
		}
		return false
	}
	apart := len(mentions) == 0 && standApart(copies)
	for i := range copies {
		if apart {
			list = append(list, &copies[i])
		} else {
			add(&copies[i])
		}
	}
	a.mentions = map[*lineage.Found]bool{}
	for i := range mentions {
		if f := &mentions[i]; !recordless(f) && add(f) {
			a.mentions[f] = true
		}
	}
	hidden := map[string]bool{} // whether the records of a collection are nobody's to be given
	list = slices.DeleteFunc(list, func(f *lineage.Found) bool {
		h, ok := hidden[f.Record.Collection]
		if !ok {
			c := a.collection(f)
			h = c.Staff || c.Accounts
			hidden[f.Record.Collection] = h
		}
		return h
	})
	if len(list) == 0 {
		return nil
	}
	return a.fetch(ctx, list, func(src *Source, f *lineage.Found, b connectors.Batch, row int) error {
		return a.record(ctx, src, f, b, row)
	})
}

// record writes one record of hers, or what stands of her in somebody else's.
func (a *access) record(ctx context.Context, src *Source, f *lineage.Found, b connectors.Batch, row int) error {
	t, err := a.sheetOf(src, b.Collection)
	if err != nil {
		return err
	}
	ends, err := a.ends.end(f, a.person.Account, a.clock.of(f, t.class))
	if err != nil {
		return err
	}
	meta := bundle.RowMeta{Unit: a.unitName(f.Unit.Unit.Key), Locator: a.safe(f.Record.Locator), RecordedAt: f.Record.RecordedAt,
		EraseAfter: ends.EraseAfter, Class: t.class, Source: src.Connector, Role: "subject"}
	show, err := a.showing(f)
	if err != nil {
		return err
	}
	t.of(b.Rows.Schema())
	states, err := a.states(t, f)
	if err != nil {
		return err
	}
	switch show {
	case showNamed:
		a.sum.Mentions++
		a.aside = f.Record.Within == "" && !givesAs(&f.Record, a.person.Tokens)
		meta.Role, meta.Note = "mention", "somebody else's record in which you are named; only what names you is shown"
	case showPlace:
		meta.Note = "what was said in a recording on which other people can be heard; it is not included"
	case showParts:
		meta.Note = "somebody else's record, of which a part is yours; only your part is shown"
	}
	brings := ""
	err = t.row(b.Rows, row, meta, func(c *sheetColumn, v string) (string, bool) {
		if c.field.Name == "attachment" && src.Connector == "whatsapp" {
			brings = strings.Clone(v)
		}
		if hers, ok := states[c.field.Name]; ok && show != showNamed {
			return a.state(c, v, hers)
		}
		return a.show(c, v, show)
	})
	if err != nil {
		return err
	}
	a.sum.Records++
	t.hits++
	switch {
	case show == showNamed || show == showParts:
		return nil
	case brings != "":
		return a.attachment(ctx, src, f, brings)
	case f.Record.Locator == "object":
		return a.medium(ctx, src, f)
	}
	return nil
}

// or returns what mask makes of a text, which is not asked again for the text that it
// left as it is the last time.
func (k *kept) or(text string, mask func() (string, bool)) (string, bool) {
	if text == k.text && text != "" {
		return k.text, true
	}
	shown, ok := mask()
	if ok && shown == text {
		k.text = strings.Clone(text)
	}
	return shown, ok
}

// unitName is safe for the name of a unit, which many records in a row have.
func (a *access) unitName(key string) string {
	v, _ := a.named.or(key, func() (string, bool) { return a.safe(key), true })
	return v
}

// safe masks other people's identifiers in the name of a unit. In asha@example.com.csv
// the address may be hers although the name, as a whole, looks like another.
func (a *access) safe(key string) string {
	var all []extract.Span
	for stem, more := cutExtension(key); more; stem, more = cutExtension(stem) {
		list := extract.Find(stem)
		if len(list) == 0 {
			break
		}
		if all == nil {
			all = extract.Find(key)
		}
		same := slices.EqualFunc(list, all, func(x, y extract.Span) bool { return x.Start == y.Start })
		if same && !slices.ContainsFunc(list, func(x extract.Span) bool { return !a.mine(x.Kind, x.Value) }) {
			return key
		}
	}
	v, _ := a.masker.Value(connectors.Field{Name: "unit"}, key)
	return v
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
			d := bundle.DatasetCoverage{Name: n, Searched: src.Err == nil, WhyNot: c.WhyNot}
			if t := a.sheets[n]; t != nil {
				d.Hits = t.hits
			}
			d.Doubtful = a.left[n]
			c.Datasets = append(c.Datasets, d)
		}
		c.Gaps = a.lost.of(src.Name)
		info.Coverage = append(info.Coverage, c)
	}
	info.Coverage = append(info.Coverage, a.lost.elsewhere(a.Sources)...)
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
