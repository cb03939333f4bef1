package extract

import (
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// This is the extraction as it was before it was made fast: record by record,
// value by value, with nothing remembered. TestBatchAgainstPlain holds the fast one to it.

type refColumn struct {
	connectors.Field
	party bool
	text  bool // searched as text when nothing else is known
	poly  int  // index of the polymorphic reference whose id this is, -1 if none
}

type refShape struct {
	coll     connectors.Collection
	cols     []refColumn
	polyType map[int]int // polymorphic reference → column of its type
}

func refBatch(x *Extractor, dataset string, coll connectors.Collection, u connectors.Unit, b connectors.Batch, sums bool) []lineage.Sighting {
	if b.Rows == nil {
		return nil
	}
	s := refCompile(coll, b.Rows.Schema())
	var out []lineage.Sighting
	for row := range int(b.Rows.NumRows()) {
		r := &refRecord{x: x, shape: s, dataset: dataset, unit: u, rows: b.Rows, row: row}
		if b.At != nil {
			r.at = b.At[row]
		}
		out = append(out, r.sightings(sums)...)
	}
	return out
}

func refCompile(coll connectors.Collection, schema *arrow.Schema) *refShape {
	s := &refShape{coll: coll, polyType: map[int]int{}}
	for i, af := range schema.Fields() {
		c := refColumn{Field: connectors.FieldOf(af), poly: -1}
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

type refRecord struct {
	x       *Extractor
	shape   *refShape
	dataset string
	unit    connectors.Unit
	rows    arrow.Record
	row     int
	at      int64

	out      lineage.Sighting
	parts    []lineage.Sighting
	personal bool
	packed   []lineage.Token // in ids of messages
	moved    bool            // the record says that she has another identifier from now on
	to       lineage.Token   // which
	pasted   []refPasted     // JSON in free texts, read last
	held     []refHeld       // named objects in documents, settled before that
	known    []lineage.Edge  // those that the other fields have told
}

func (r *refRecord) value(col int) (string, bool) { return connectors.Value(r.rows, col, r.row) }

func (r *refRecord) sightings(sums bool) []lineage.Sighting {
	loc, _ := r.value(0)
	r.out = lineage.Sighting{Collection: r.shape.coll.Name, Locator: strings.Clone(loc), At: r.at, Account: r.unit.Account, Trigger: lineage.NoDate}
	for i := 1; i < len(r.shape.cols); i++ {
		if v, ok := r.value(i); ok && v != "" {
			r.field(i, v)
		}
	}
	r.settle()
	r.known = slices.Clone(r.out.Edges)
	for _, p := range r.pasted {
		r.json(p.c, p.v)
	}
	r.settle()
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

func (r *refRecord) field(i int, v string) {
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
	case (v[0] == '{' || v[0] == '[') && r.remark(c, links):
		r.pasted = append(r.pasted, refPasted{c, v})
	case c.Look == connectors.LookJSON || v[0] == '{' || v[0] == '[':
		r.json(c, v)
	case c.Look == connectors.LookLabel || links && c.Personal():
		r.labelled(c, v)
	case c.Means("name"):
		r.name(&r.out, c.Name, v)
		r.text(v)
	case c.text && !links:
		r.text(v)
	case c.Look == connectors.LookText && !links && (spelled(v) || worded(v)):
		r.text(v)
	case c.PrimaryKey && c.Look == connectors.LookText && spelled(v):
		r.text(v)
	}
}

func (r *refRecord) life(c *refColumn, v string) {
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

func (r *refRecord) fact(k, v string) {
	if r.out.Facts == nil {
		r.out.Facts = map[string]string{}
	}
	r.out.Facts[k] = strings.Clone(v)
}

func (r *refRecord) name(s *lineage.Sighting, column, v string) {
	n := refName(r.x.Hash, v)
	switch {
	case n == nil:
	case r.shape.coll.AddressBook || labelKey(column):
		s.Labels = append(s.Labels, n)
	default:
		s.Names = append(s.Names, n)
	}
}

func (r *refRecord) category(k string) {
	if !slices.Contains(r.out.Categories, k) {
		r.out.Categories = append(r.out.Categories, k)
	}
}

func (r *refRecord) links(i int, c *refColumn, v string) bool {
	for _, k := range c.Keys {
		r.edge(k, v, lineage.Key)
	}
	if strings.HasPrefix(v, "wamid.") && (len(c.Keys)+len(c.Links) > 0 || c.poly >= 0) {
		r.text(v)
		for _, s := range Find(v) {
			if t := r.x.Hash.Token(s.Kind, s.Value); !slices.Contains(r.packed, t) {
				r.packed = append(r.packed, t)
			}
		}
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
		if t, ok := r.value(r.shape.polyType[c.poly]); ok && r.shape.polyType[c.poly] > 0 {
			r.edge(r.polyKind(c.poly, t), v, lineage.Link)
		}
	}
	return len(c.Keys)+len(c.Links) > 0 || c.poly >= 0
}

func (r *refRecord) polyKind(k int, typ string) string {
	ref := r.shape.coll.Refs[k]
	if to, ok := ref.Map[typ]; ok {
		typ = to
	}
	if kind, ok := r.x.Alias[r.dataset+"."+typ]; ok {
		return kind
	}
	return r.dataset + "." + typ + ".id"
}

func (r *refRecord) edge(kind, v string, role lineage.Role) {
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

func (r *refRecord) add(s *lineage.Sighting, id Identifier, role lineage.Role) {
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

func (r *refRecord) identity(c *refColumn, v string) {
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
	for _, s := range Find(v) { // several numbers in one cell, an address in a number field
		r.add(&r.out, s.Identifier, role)
	}
}

func (r *refRecord) text(v string) {
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

func (r *refRecord) labelled(c *refColumn, v string) {
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
