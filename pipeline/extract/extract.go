package extract

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// Hasher makes keyed hashes; *lineage.Graph is one.
type Hasher interface {
	Token(kind, value string) lineage.Token
	Word(s string) uint32
	Sum(parts ...[]byte) uint64
}

// Dates parses the dates that stand in records.
type Dates func(s string) (t time.Time, civil lineage.Date, ok bool)

// Extractor turns batches into sightings.
type Extractor struct {
	Hash  Hasher
	Dates Dates
	// Alias translates a link kind to the kind it stands for ("lead" →
	// "crm.leads.id"); nil means none.
	Alias map[string]string
	// Bare holds the link kinds that lead to no person: the ids of accounts, of
	// staff and of tables without personal data (products, campaigns). They make no
	// edges, or everybody in a campaign would be one person.
	Bare map[string]bool
}

// column is a compiled column of a batch.
type column struct {
	connectors.Field
	party bool
	text  bool // searched as text when nothing else is known
	poly  int  // index of the polymorphic reference whose id this is, -1 if none
}

// shape is a compiled batch schema.
type shape struct {
	coll     connectors.Collection
	cols     []column
	polyType map[int]int // polymorphic reference → column of its type
}

// Batch returns the sightings of a batch of the collection, in the order of its
// records. sums asks for content digests.
func (x *Extractor) Batch(dataset string, coll connectors.Collection, u connectors.Unit, b connectors.Batch, sums bool) []lineage.Sighting {
	if b.Rows == nil {
		return nil
	}
	s := compile(coll, b.Rows.Schema())
	var out []lineage.Sighting
	for row := range int(b.Rows.NumRows()) {
		r := &record{x: x, shape: s, dataset: dataset, unit: u, rows: b.Rows, row: row}
		if b.At != nil {
			r.at = b.At[row]
		}
		out = append(out, r.sightings(sums)...)
	}
	return out
}

func compile(coll connectors.Collection, schema *arrow.Schema) *shape {
	s := &shape{coll: coll, polyType: map[int]int{}}
	for i, af := range schema.Fields() {
		c := column{Field: connectors.FieldOf(af), poly: -1}
		if i > 0 {
			m := keyMeaning(c.Name)
			c.party = c.Identity == KindPhone && m.party
			c.text = c.Look == connectors.LookText && c.Identity == "" && !(m.opaque && len(c.Categories) == 0)
			for _, mean := range c.Meaning {
				if k, ok := strings.CutPrefix(mean, "polytype:"); ok {
					s.polyType[int(k[0]-'0')] = i
				}
				if k, ok := strings.CutPrefix(mean, "polyid:"); ok {
					c.poly = int(k[0] - '0')
				}
			}
		}
		s.cols = append(s.cols, c)
	}
	return s
}

// record is one row on its way to sightings.
type record struct {
	x       *Extractor
	shape   *shape
	dataset string
	unit    connectors.Unit
	rows    arrow.Record
	row     int
	at      int64

	out      lineage.Sighting
	parts    []lineage.Sighting
	personal bool
	moved    bool          // the record says that she has another identifier from now on
	to       lineage.Token // which
	hints    []hit         // text that may name an account's own numbers
}

func (r *record) value(col int) (string, bool) { return connectors.Value(r.rows, col, r.row) }

func (r *record) sightings(sums bool) []lineage.Sighting {
	loc, _ := r.value(0)
	r.out = lineage.Sighting{Collection: r.shape.coll.Name, Locator: strings.Clone(loc), At: r.at, Account: r.unit.Account, Trigger: lineage.NoDate}
	for i := 1; i < len(r.shape.cols); i++ {
		if v, ok := r.value(i); ok && v != "" {
			r.field(i, v)
		}
	}
	if r.out.Trigger == lineage.NoDate && r.shape.coll.Trigger == "" && !r.out.RecordedAt.IsZero() {
		_, r.out.Trigger, _ = r.x.Dates(r.out.RecordedAt.Format(time.RFC3339))
	}
	for _, e := range r.out.Edges {
		if r.moved && e.Role == lineage.Subject && e.Kind == KindPhone && e.Token != r.to && r.to != (lineage.Token{}) {
			r.fact(lineage.LeftFact(e.Token), "left")
		}
	}
	if sums {
		r.out.Sum = r.sum()
	}
	return r.finish()
}

// field takes in one value.
func (r *record) field(i int, v string) {
	c := &r.shape.cols[i]
	r.life(c, v)
	if c.Look == connectors.LookSkip {
		return
	}
	if c.Personal() {
		r.personal = true
		for _, k := range c.Categories {
			r.category(k)
		}
	}
	links := r.links(i, c, v)
	switch {
	case c.Identity != "":
		r.identity(c, v)
	case c.Look == connectors.LookJSON || v[0] == '{' || v[0] == '[':
		r.json(c, v)
	case c.Look == connectors.LookLabel || links && c.Personal():
		r.labelled(c, v)
	case c.Means("name"):
		r.name(&r.out, c.Name, v)
		r.text(v)
	case c.text && !links:
		r.text(v)
	}
}

// life takes in account and dates.
func (r *record) life(c *column, v string) {
	for _, m := range c.Meaning {
		switch {
		case m == "account" && r.out.Account == "":
			r.out.Account = strings.Clone(strings.TrimSpace(v))
		case m == "recorded_at":
			if t, _, ok := r.x.Dates(v); ok {
				r.out.RecordedAt = t.Truncate(time.Second)
			}
		case m == "trigger":
			_, r.out.Trigger, _ = r.x.Dates(v)
			if r.shape.coll.Accounts {
				r.fact("trigger", v)
			}
		}
		if class, ok := strings.CutPrefix(m, "override:"); ok {
			r.fact("override:"+class, v)
		}
		if what, ok := strings.CutPrefix(m, "consent:"); ok {
			if say := consentFact(what, v); say != "" {
				r.fact("consent:"+what, say)
			}
		}
	}
}

func (r *record) fact(k, v string) {
	if r.out.Facts == nil {
		r.out.Facts = map[string]string{}
	}
	r.out.Facts[k] = strings.Clone(v)
}

// name takes in a name: hers, or what somebody's address book calls her.
func (r *record) name(s *lineage.Sighting, column, v string) {
	n := NameSignature(r.x.Hash, v)
	switch {
	case n == nil:
	case r.shape.coll.AddressBook || labelKey(column):
		s.Labels = append(s.Labels, n)
	default:
		s.Names = append(s.Names, n)
	}
}

func (r *record) category(k string) {
	if !slices.Contains(r.out.Categories, k) {
		r.out.Categories = append(r.out.Categories, k)
	}
}

// links takes in the ids that the value defines or refers to and reports whether
// there were any.
func (r *record) links(i int, c *column, v string) bool {
	for _, k := range c.Keys {
		r.edge(k, v, lineage.Key)
	}
	role := lineage.Link
	if c.Role == "member" {
		role = lineage.Member
	}
	if slices.Contains(c.Links, "merged") {
		role = lineage.Merged
	}
	r.moved = r.moved || slices.Contains(c.Links, "moved")
	if r.moved && c.Identity != "" && slices.Contains(c.Links, "moved") {
		if id, ok := Normalise(c.Identity, v); ok {
			r.to = r.x.Hash.Token(id.Kind, id.Value)
		}
	}
	for _, k := range c.Links {
		if k != "merged" && k != "moved" {
			r.edge(k, v, role)
		}
	}
	if c.poly >= 0 {
		if t, ok := r.value(r.shape.polyType[c.poly]); ok {
			r.edge(r.polyKind(c.poly, t), v, lineage.Link)
		}
	}
	return len(c.Keys)+len(c.Links) > 0 || c.poly >= 0
}

// polyKind names the link kind that a polymorphic type refers to.
func (r *record) polyKind(k int, typ string) string {
	ref := r.shape.coll.Refs[k]
	if to, ok := ref.Map[typ]; ok {
		typ = to
	}
	if kind, ok := r.x.Alias[r.dataset+"."+typ]; ok {
		return kind
	}
	return r.dataset + "." + typ + ".id"
}

func (r *record) edge(kind, v string, role lineage.Role) {
	if to, ok := r.x.Alias[kind]; ok {
		kind = to
	}
	if r.x.Bare[kind] {
		return
	}
	if id, ok := Link(kind, v); ok {
		r.add(&r.out, id, role)
	}
}

func (r *record) add(s *lineage.Sighting, id Identifier, role lineage.Role) {
	e := lineage.Edge{Token: r.x.Hash.Token(id.Kind, id.Value), Kind: id.Kind, Role: role, Weak: id.Weak}
	for i, old := range s.Edges {
		if old.Token != e.Token {
			continue
		}
		if old.Role == role || old.Role != lineage.Mention && role == lineage.Mention {
			return
		}
		if old.Role == lineage.Mention {
			s.Edges[i] = e
			return
		}
	}
	s.Edges = append(s.Edges, e)
}

// identity takes in a column that the catalog calls an identifier.
func (r *record) identity(c *column, v string) {
	role := lineage.Subject
	switch {
	case r.shape.coll.Staff || r.shape.coll.Accounts:
		role = lineage.Own
	case c.Role == "mention":
		role = lineage.Mention
	case c.Role == "link":
		role = lineage.Link
	case c.party:
		role = lineage.Party
	}
	if id, ok := Normalise(c.Identity, v); ok {
		r.add(&r.out, id, role)
		return
	}
	for part := range strings.SplitSeq(v, ":::") { // as address books write several numbers in one cell
		if id, ok := Normalise(c.Identity, part); ok {
			r.add(&r.out, id, role)
		}
	}
	for _, s := range Find(v) { // several numbers in one cell, an address in a number field
		r.add(&r.out, s.Identifier, role)
	}
}

// text takes in what a free text mentions. In an account's own record every
// number is the account's own.
func (r *record) text(v string) {
	role := lineage.Mention
	if r.shape.coll.Accounts || r.shape.coll.Staff {
		role = lineage.Own
		if id, ok := Phone(v); ok {
			r.add(&r.out, id, role)
			return
		}
	}
	for _, s := range Find(v) {
		r.add(&r.out, s.Identifier, role)
	}
}

// labelled takes in a value whose column nobody described: its name tells what it
// is, as the key of a JSON member does.
func (r *record) labelled(c *column, v string) {
	others := c.Role == "mention"
	for _, h := range leafHits(c.Name, v, others) {
		if h.name {
			r.name(&r.out, c.Name, h.Value)
			continue
		}
		if r.shape.coll.Staff || r.shape.coll.Accounts {
			h.role = lineage.Own
		}
		r.add(&r.out, h.Identifier, h.role)
		r.personal = r.personal || h.role != lineage.Mention
	}
}

// json looks into a value.
func (r *record) json(c *column, v string) {
	d := look(v, 0)
	if d == nil {
		r.text(v)
		return
	}
	if c.Role == "mention" { // a column that holds other people
		for _, p := range d.parts {
			for _, h := range p.hits {
				if !h.name {
					r.add(&r.out, h.Identifier, lineage.Mention)
				}
			}
		}
		return
	}
	for k, p := range d.parts {
		to := &r.out
		if k > 0 {
			r.parts = append(r.parts, lineage.Sighting{Within: c.Name + p.pointer})
			to = &r.parts[len(r.parts)-1]
		}
		for _, h := range p.hits {
			switch {
			case h.name && thingKey(c.Name):
			case h.name:
				r.name(to, c.Name, h.Value)
			case r.shape.coll.Accounts || r.shape.coll.Staff:
				r.add(to, h.Identifier, lineage.Own)
			default:
				r.add(to, h.Identifier, h.role)
			}
			if h.role != lineage.Mention {
				r.personal = true
			}
		}
	}
}

// finish decides which sightings the record makes. A record without a personal
// value and without an identifier is none; neither is the empty shell that a
// redaction leaves, which has nothing but its references.
func (r *record) finish() []lineage.Sighting {
	about, mention, linked := false, false, false
	for _, e := range r.out.Edges {
		switch e.Role {
		case lineage.Mention:
			mention = true
		case lineage.Link, lineage.Member:
			linked = true
		case lineage.Subject, lineage.Party, lineage.Own:
			about = true
		}
	}
	if len(r.parts) == 1 && !about && !linked {
		p := r.parts[0]
		for _, e := range p.Edges {
			r.out.Edges = append(r.out.Edges, e)
		}
		r.out.Names = append(r.out.Names, p.Names...)
		r.out.Labels = append(r.out.Labels, p.Labels...)
		r.parts, about = nil, true
	}
	shell := r.shape.coll.Erase == "redact" || r.shape.coll.Erase == "keep"
	keep := about || mention || r.personal || linked && !shell || r.shape.coll.Accounts
	var out []lineage.Sighting
	if keep && (about || linked || mention || len(r.parts) == 0) {
		out = append(out, r.out)
	}
	for _, p := range r.parts {
		p.Collection, p.Locator, p.At, p.Account = r.out.Collection, r.out.Locator, r.out.At, r.out.Account
		p.Categories, p.RecordedAt, p.Trigger, p.Sum = r.out.Categories, r.out.RecordedAt, r.out.Trigger, r.out.Sum
		out = append(out, p)
	}
	return out
}

// sum digests the record's values by column name, so that the order of columns
// does not matter.
func (r *record) sum() uint64 {
	values := map[string]string{}
	for i := 1; i < len(r.shape.cols); i++ {
		if v, ok := r.value(i); ok {
			values[r.shape.cols[i].Name] = v
		}
	}
	return Sum(r.x.Hash, values)
}

// Sum digests a record given as the names and values of its columns, nulls left
// out. It equals the Sum of the sighting made of the same record.
func Sum(h Hasher, values map[string]string) uint64 {
	names := make([]string, 0, len(values))
	for k := range values {
		names = append(names, k)
	}
	slices.SortFunc(names, cmp.Compare)
	parts := make([][]byte, 0, 2*len(names))
	for _, k := range names {
		parts = append(parts, []byte(k), []byte(values[k]))
	}
	if s := h.Sum(parts...); s != 0 {
		return s
	}
	return 1
}
