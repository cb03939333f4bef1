package pipeline

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/config"
	"github.com/cratio/sutra/pipeline/extract"
)

// parseSets reads what --set and --from say and checks it as far as that needs no
// data.
func (s *Site) parseSets(o CorrectOptions) ([]planSet, error) {
	var out []planSet
	for _, text := range o.Set {
		category, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("%w: --set wants CATEGORY=VALUE, for example user.contact.email=asha@example.com", ErrUsage)
		}
		set, err := newSet(strings.TrimSpace(category), strings.TrimSpace(value))
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(x planSet) bool { return x.Category == set.Category }) {
			return nil, fmt.Errorf("%w: %s is set twice", ErrUsage, set.Category)
		}
		out = append(out, set)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: nothing to set; give --set CATEGORY=VALUE", ErrUsage)
	}
	for _, text := range o.From {
		category, old, ok := strings.Cut(text, "=")
		i := slices.IndexFunc(out, func(x planSet) bool { return x.Category == strings.TrimSpace(category) })
		if !ok || i < 0 {
			return nil, fmt.Errorf("%w: --from wants CATEGORY=OLD with a category that is set", ErrUsage)
		}
		t, ok := s.valueToken(out[i], strings.TrimSpace(old))
		if !ok {
			return nil, fmt.Errorf("%w: the value that --from gives for %s is none of that kind", ErrUsage, out[i].Category)
		}
		out[i].From = append(out[i].From, t)
	}
	return out, nil
}

// settableTrees are the categories whose values a person can have corrected as a
// whole: facts about her, not what systems made of her or what she wrote.
var settableTrees = []string{"user.contact", "user.name", "user.demographic", "user.job_title", "user.professional_information", "user.workplace", "user.government_id", "user.location"}

// newSet checks one category and its new value.
func newSet(category, value string) (planSet, error) {
	set := planSet{Category: category, Value: value}
	switch {
	case !config.KnownCategory(category):
		return set, fmt.Errorf("%w: %q is no data category; examples: user.contact.email, user.contact.phone_number, user.name, user.contact.address.city", ErrUsage, category)
	case category == "user.contact" || !slices.ContainsFunc(settableTrees, func(t string) bool { return category == t || strings.HasPrefix(category, t+".") }):
		return set, fmt.Errorf("%w: %s cannot be set: it is no single fact about a person", ErrUsage, category)
	case value == "":
		return set, fmt.Errorf("%w: %s has no new value; what should go is erased, not corrected", ErrUsage, category)
	case len(value) > 1000 || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.ToValidUTF8(value, "") != value:
		return set, fmt.Errorf("%w: the new value of %s is too long or holds control characters", ErrUsage, category)
	}
	switch category {
	case "user.contact.email":
		set.Kind = extract.KindEmail
	case "user.contact.phone_number":
		set.Kind = extract.KindPhone
	}
	if set.Kind != "" {
		if _, ok := extract.Normalise(set.Kind, value); !ok {
			return set, fmt.Errorf("%w: the new value of %s is no %s that can be somebody's", ErrUsage, category, set.Kind)
		}
	}
	return set, nil
}

// valueToken is what stands for a value of a setting.
func (s *Site) valueToken(set planSet, raw string) (string, bool) {
	if set.Kind == "" {
		return s.foldedToken(set, extract.Fold(raw)), raw != ""
	}
	id, ok := extract.Normalise(set.Kind, raw)
	t := s.Graph.Token(id.Kind, id.Value)
	return hex.EncodeToString(t[:]), ok
}

func (s *Site) foldedToken(set planSet, folded string) string {
	t := s.Graph.Token("value:"+set.Category, folded)
	return hex.EncodeToString(t[:])
}

// settings are the plan's sets as the rewriting of records wants them. only, when
// not nil, says which of them replace anything.
func (s *Site) settings(sets []planSet, only func(i int) bool) []extract.Setting {
	out := make([]extract.Setting, len(sets))
	for i, set := range sets {
		out[i] = extract.Setting{Category: set.Category, Kind: set.Kind, Value: set.Value}
		if only != nil && !only(i) {
			continue
		}
		out[i].Old = func(kind, value string) bool {
			if kind == "" {
				return slices.Contains(set.From, s.foldedToken(set, value))
			}
			t := s.Graph.Token(kind, value)
			return slices.Contains(set.From, hex.EncodeToString(t[:]))
		}
	}
	return out
}

// corrector makes a corrector that knows her identifiers.
func (c *correction) corrector(extent extract.Extent) *extract.Corrector {
	return &extract.Corrector{
		Extent: extent, Settings: c.settings(c.sets, nil),
		Mine: func(kind, value string) bool { return c.person.Tokens[c.Graph.Token(kind, value)] != "" },
		Near: func(kind, value string) bool {
			t := c.Graph.Token(kind, value)
			return c.person.Tokens[t] != "" || c.person.Others[t] != ""
		},
	}
}

// records visits her records as they stand in the sources, unit by unit. What is
// not there any more is a gap.
func (c *correction) records(ctx context.Context, fn func(src *Source, f *lineage.Found, rows arrow.Record, row int) error) error {
	units := map[uint32]map[recordKey]*lineage.Found{}
	for i := range c.person.Copies {
		f := &c.person.Copies[i]
		if x := c.collection(f); x.Staff || x.Accounts {
			continue
		}
		if units[f.RID.Unit()] == nil {
			units[f.RID.Unit()] = map[recordKey]*lineage.Found{}
		}
		if units[f.RID.Unit()][keyOf(f)] == nil {
			units[f.RID.Unit()][keyOf(f)] = f
		}
	}
	for _, id := range slices.Sorted(maps.Keys(units)) {
		list := slices.Collect(maps.Values(units[id]))
		err := c.fetch(ctx, list, func(src *Source, f *lineage.Found, b connectors.Batch, row int) error { return fn(src, f, b.Rows, row) })
		if err != nil {
			return err
		}
	}
	return nil
}

// read notes what her records hold of the categories to set.
func (c *correction) read(ctx context.Context) error {
	hers := map[lineage.RID]bool{}
	for i := range c.person.Copies {
		hers[c.person.Copies[i].RID] = true
	}
	return c.records(ctx, func(src *Source, f *lineage.Found, rows arrow.Record, row int) error {
		who, err := c.siblings(c.person, c.person, f, hers)
		if err != nil {
			return err
		}
		x := sighted{f: f, src: src, coll: c.collection(f), extent: extract.Whole}
		if who.party || who.parts || !who.whole {
			x.extent = extract.Partial
		}
		x.anchor = c.anchored(f)
		codes := extract.Codes(rows, row)
		fields(rows, row, func(i int, field connectors.Field, value string) {
			cor := c.corrector(x.extent)
			cor.Codes = codes
			cor.Values(field, value, func(set int, kind, norm, raw string) {
				if kind != "" && c.otherSide(f, c.Graph.Token(kind, norm)) {
					return
				}
				x.values = append(x.values, c.valueOf(set, field, kind, norm, raw, fixedField(src, rows.Schema().Field(i), x.coll)))
			})
		})
		if len(x.values) > 0 {
			c.seen = append(c.seen, x)
		}
		c.recipient(src, x.coll)
		return nil
	})
}

// otherSide reports an identifier of the other side of a call: the agent's number is no
// value of hers.
func (c *correction) otherSide(f *lineage.Found, t lineage.Token) bool {
	hers := c.person.Tokens[t] != "" || c.person.Others[t] != ""
	return !hers && slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Token == t && e.Role == lineage.Party })
}

// fields calls fn for every value of a record.
func fields(rows arrow.Record, row int, fn func(i int, f connectors.Field, value string)) {
	for i := 1; i < int(rows.NumCols()); i++ {
		if v, ok := connectors.Value(rows, i, row); ok && v != "" {
			fn(i, connectors.FieldOf(rows.Schema().Field(i)), v)
		}
	}
}

func (c *correction) valueOf(set int, f connectors.Field, kind, norm, raw string, fixed bool) heldValue {
	s := c.sets[set]
	v := heldValue{field: f.Name, set: set, fixed: fixed, hint: hint(s.Kind, norm)}
	if kind == "" {
		v.token, v.is = c.foldedToken(s, norm), raw == s.Value
		v.name = extract.NameSignature(c.Graph, raw)
		return v
	}
	t := c.Graph.Token(kind, norm)
	v.token = hex.EncodeToString(t[:])
	now, ok := c.valueToken(s, s.Value)
	v.is = ok && now == v.token
	return v
}

// hint tells one value from others without showing it.
func hint(kind, value string) string {
	r := []rune(value)
	switch {
	case kind == extract.KindPhone && len(r) > 2:
		return "…" + string(r[len(r)-2:])
	case kind == extract.KindEmail:
		local, domain, _ := strings.Cut(value, "@")
		return ends(local) + "@" + ends(domain)
	}
	return ends(value)
}

// ends shows the first and the last letter.
func ends(s string) string {
	r := []rune(s)
	if len(r) < 3 {
		return "…"
	}
	return string(r[:1]) + "…" + string(r[len(r)-1:])
}

// anchored reports whether an identifier that is hers stands in the record as its
// own: then what else the record says is said of her.
func (c *correction) anchored(f *lineage.Found) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
		return e.Role == lineage.Subject && !c.kinds.link(e.Kind) && c.person.Tokens[e.Token] != ""
	})
}

// contacted reports whether the record names anybody by an identifier.
func (c *correction) contacted(f *lineage.Found) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
		return (e.Role == lineage.Subject || e.Role == lineage.Party) && !c.kinds.link(e.Kind)
	})
}

// agrees decides whether a value without an identifier beside it is said of her:
// identifiers always are; a name where a record is only linked to hers must agree
// with a name in a record that is hers by its own identifiers.
func (c *correction) agrees(x *sighted, v heldValue) bool {
	return v.settable(x) && c.agreesByName(x, v)
}

// settable reports whether a value stands where a correction may write.
func (v heldValue) settable(x *sighted) bool {
	return !v.fixed && x.coll.Erase != "keep" && x.coll.Class != "billing"
}

func (c *correction) agreesByName(x *sighted, v heldValue) bool {
	set := c.sets[v.set]
	if set.Kind != "" || x.anchor || v.is {
		return true
	}
	if !isName(set.Category) {
		return !c.contacted(x.f)
	}
	known := false
	for i := range c.seen {
		y := &c.seen[i]
		for _, w := range y.values {
			if y.anchor && w.set == v.set && !w.is {
				known = true
				if w.token == v.token || len(v.name) > 0 && v.name.Agrees(w.name) {
					return true
				}
			}
		}
	}
	return !known && !c.contacted(x.f)
}

// fixedField reports a column whose value the source takes from where the record
// stands, or computes of others, not from its content: no rewrite reaches it.
func fixedField(src *Source, f arrow.Field, coll connectors.Collection) bool {
	if f.Metadata.FindKey(format.FixedMeta) >= 0 || connectors.FieldOf(f).Means(connectors.Generated) {
		return true
	}
	switch src.Connector {
	case "recordings": // a call's number and name stand in the object's key
		return coll.Name == "calls" || f.Name == "key" || f.Name == "stem" || strings.HasPrefix(f.Name, "name_phone")
	case "whatsapp": // whose chat it is says the file's name
		return coll.Name == "chats" && f.Name == "partner"
	}
	return false
}

// recipient counts a record whose source has to be told.
func (c *correction) recipient(src *Source, coll connectors.Collection) {
	if database(src.Connector) {
		return
	}
	dataset := src.Name + "." + coll.Name
	l := c.recipients[dataset]
	if l == nil {
		l = &RecipientLine{Type: "recipient", Source: src.Name, Dataset: dataset, Connector: src.Connector, Relation: "service"}
		switch src.Connector {
		case "indiamart", "justdial", "facebook", "google":
			l.Relation = "origin"
		case "files":
			l.Relation = "export"
		}
		c.recipients[dataset] = l
	}
	l.Records++
}

// told lists those who have to be told, when anything is corrected.
func (c *correction) told() []RecipientLine {
	if c.planned == 0 {
		return nil
	}
	var out []RecipientLine
	for _, k := range sortedKeys(c.recipients) {
		out = append(out, *c.recipients[k])
	}
	return out
}
