package extract

import (
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// record is one row on its way to sightings.
type record struct {
	*desk
	x        *Extractor
	shape    *shape
	dataset  string
	unit     connectors.Unit
	locators texts

	row          int
	out          *lineage.Sighting // the last one of the desk; its edges and names are the desk's until finish
	parts        []lineage.Sighting
	civil        lineage.Date // of out.RecordedAt
	personal     bool
	itself       bool           // a column that nobody described says whom it is about
	packed       lineage.Token  // the number in a payment address or a message id
	doubtful     bool           // there are several
	unidentified bool           // a part is about somebody of whom nothing but a name is known
	moved        bool           // the record says that she has another identifier from now on
	to           lineage.Token  // which
	may          []lineage.Edge // to whom it may lead: they make no sighting of a record that is none without them
	several      []lineage.Edge // to whom a list of them leads, see lists
}

// begin starts a row.
func (r *record) begin(row int, at int64) {
	r.row, r.parts, r.civil, r.personal, r.itself, r.packed, r.doubtful, r.moved, r.to = row, nil, lineage.NoDate, false, false, lineage.Token{}, false, false, lineage.Token{}
	r.unidentified = false
	r.sightings = append(r.sightings, lineage.Sighting{})
	r.out = &r.sightings[len(r.sightings)-1]
	r.out.Collection, r.out.Locator, r.out.At, r.out.Account, r.out.Trigger = r.shape.coll.Name, r.locators.value(row), at, r.account(r.unit.Account), lineage.NoDate
	r.edge, r.name, r.cat = r.edge[:0], r.name[:0], r.cat[:0]
	r.label = r.label[:0]
	clear(r.index)
	r.pasted, r.may, r.several = r.pasted[:0], r.may[:0], r.several[:0]
	r.held = r.held[:0]
	if cap(r.seen) < len(r.shape.categories) {
		r.seen = make([]bool, len(r.shape.categories))
	}
	r.seen = r.seen[:len(r.shape.categories)]
	clear(r.seen)
}

// fields takes in all values of the row.
func (r *record) fields() {
	for i := range r.shape.cols {
		c := &r.shape.cols[i]
		if c.null(r.row) {
			continue
		}
		v := c.value(r.row)
		if r.said[i] = v; v != "" {
			r.field(c, v)
		}
	}
	r.remarks()
	if r.shape.bridged {
		r.unbridge()
	}
	if r.out.Trigger == lineage.NoDate && r.shape.coll.Trigger == "" && !r.out.RecordedAt.IsZero() {
		r.out.Trigger = r.civil
	}
	if !r.moved || r.to == (lineage.Token{}) {
		return
	}
	for _, e := range r.edge {
		if e.Role == lineage.Subject && e.Kind == KindPhone && e.Token != r.to {
			r.fact(lineage.LeftFact(e.Token), "left")
		}
	}
}

// field takes in one value.
func (r *record) field(c *column, v string) {
	if c.alive {
		r.life(c, v)
	}
	r.itself = r.itself || c.somebody
	if c.Look == connectors.LookSkip {
		return
	}
	if c.personal {
		r.personal = true
		for _, k := range c.cats {
			if !r.seen[k] {
				r.seen[k] = true
				r.cat = append(r.cat, k)
			}
		}
	}
	if c.linked {
		r.links(c, v)
	}
	for i := range c.may {
		c.may[i].each(v, func(id Identifier) { r.may = append(r.may, *r.edgeOf(id, lineage.Mention)) })
	}
	if c.Identity != "" {
		r.identity(c, v)
		return
	}
	opens, behind := opensJSON(v), behindWords(v) >= 0
	switch {
	case c.remark && (opens || behind):
		r.pasted = append(r.pasted, pasted{c, v})
	case c.Look == connectors.LookJSON || opens && (v[0] != '"' || look(&c.Field, v) != nil) || behind && look(&c.Field, v) != nil:
		r.json(c, v)
	case c.rows && allDigits(v):
	case c.Look == connectors.LookLabel || c.linked && c.personal:
		r.labelled(c, v)
	case c.name:
		r.named(&r.name, &r.label, c, v)
		r.text(v)
	case c.amount && isAmount(v):
	case c.opaque && !c.linked && (spelled(v) || worded(v)):
		r.text(v)
	case c.free && !c.linked:
		r.itself = r.itself || r.shape.bridged && !c.personal && isIdentifier(v)
		r.text(v)
	case c.PrimaryKey && c.Look == connectors.LookText && spelled(v):
		r.text(v)
	}
}

// named takes in a name: hers, or what somebody's address book calls her.
func (r *record) named(names, labels *[]lineage.Name, c *column, v string) {
	n := r.names.signature(v)
	if n == nil {
		return
	}
	if c.called {
		names = labels
	}
	*names = append(*names, cut(&r.words, n))
}

func (r *record) fact(k, v string) {
	if r.out.Facts == nil {
		r.out.Facts = map[string]string{}
	}
	r.out.Facts[k] = strings.Clone(v)
}

// links takes in the ids that the value defines or refers to.
func (r *record) links(c *column, v string) {
	for i := range c.keys {
		r.link(&c.keys[i], v, lineage.Key)
	}
	if strings.HasPrefix(v, "wamid.") {
		r.packs(v)
	}
	if c.moved {
		r.moved = true
		if c.Identity != "" {
			var e lineage.Edge
			if r.normalised(&e, c.Identity, v) {
				r.to = e.Token
			}
		}
	}
	for i := range c.links {
		l := &c.links[i]
		if r.x.Persons[l.kind] && c.linkRole == lineage.Link && severalListed(v) {
			r.refer(l, v, &r.several, lineage.Link)
			continue
		}
		r.refer(l, v, &r.edge, c.linkRole)
	}
	at, typed := r.shape.polyType[c.poly]
	if !typed {
		return
	}
	typ := &r.shape.cols[at]
	if typ.null(r.row) {
		return
	}
	if k, ok := r.x.PolyKind(r.dataset, r.shape.coll.Refs[c.poly], typ.value(r.row)); ok {
		l := r.x.linkerOf(k)
		r.refer(&l, v, &r.edge, lineage.Link)
	}
}

// refer takes in what a value refers to.
func (r *record) refer(l *linker, v string, to *[]lineage.Edge, role lineage.Role) {
	l.each(v, func(id Identifier) { r.add(to, r.edgeOf(id, role)) })
}

// PolyKind names the link kind that a reference means which tells the collection by a
// word, whatever its case; false when it leads to no person.
func (x *Extractor) PolyKind(dataset string, ref connectors.PolyRef, word string) (string, bool) {
	if to, ok := ref.Map[word]; ok {
		word = to
	}
	for _, w := range []string{word, strings.ToLower(word)} {
		if kind, ok := x.Alias[dataset+"."+w]; ok {
			return x.linkKind(kind)
		}
	}
	return x.linkKind(dataset + "." + word + ".id")
}

func (r *record) link(l *linker, v string, role lineage.Role) {
	if id, ok := l.of(v); ok {
		e := r.blank(role)
		e.Token, e.Kind, e.Weak = r.hash.Token(id.Kind, id.Value), id.Kind, id.Weak
		r.settle()
	}
}

// identity takes in a column that the catalog calls an identifier.
func (r *record) identity(c *column, v string) {
	role := c.role
	if c.label >= 0 && role == lineage.Subject {
		if l := &r.shape.cols[c.label]; !l.null(r.row) && connectors.Another(l.value(r.row)) {
			role = lineage.Mention
		}
	}
	if len(c.dials) > 0 {
		whole := r.abroad(c, v)
		if whole != v && r.flagged(c, v) {
			r.either(whole, v, role)
			return
		}
		v = whole
	}
	ok := r.normalised(r.blank(role), c.Identity, v)
	if ok {
		r.settle()
	} else {
		r.drop()
	}
	if c.Identity == kindUPI {
		r.packs(v)
	}
	if ok || c.Identity == kindUPI {
		return
	}
	for _, id := range several(c.Identity, v) {
		r.add(&r.edge, r.edgeOf(id, role))
	}
}

// text takes in what a free text mentions. In an account's own record every
// number is the account's own.
func (r *record) text(v string) {
	role := lineage.Mention
	if r.shape.own {
		role = lineage.Own
		e := lineage.Edge{Role: role}
		if r.normalised(&e, KindPhone, v) {
			r.add(&r.edge, &e)
			return
		}
	}
	for _, s := range Find(v) {
		r.add(&r.edge, r.edgeOf(s.Identifier, role))
	}
}

// labelled takes in a value whose column nobody described: its name tells what it
// is, as the key of a JSON member does.
func (r *record) labelled(c *column, v string) {
	others := c.Role == "mention"
	for _, h := range leafHits(c.Name, v, others) {
		if h.name {
			r.named(&r.name, &r.label, c, h.Value)
			continue
		}
		if r.shape.own {
			h.role = lineage.Own
		}
		r.add(&r.edge, r.edgeOf(h.Identifier, h.role))
		r.personal = r.personal || h.role != lineage.Mention
	}
}

// finish decides which sightings the record makes. A record without a personal
// value and without an identifier is none; neither is the empty shell that a
// redaction leaves, which has nothing but its references.
func (r *record) finish() {
	r.sides()
	if len(r.several) > 0 {
		r.lists()
	}
	if r.packed != (lineage.Token{}) {
		r.unpack()
	}
	about, mention, linked := false, false, false
	for i := range r.edge {
		switch r.edge[i].Role {
		case lineage.Mention:
			mention = true
		case lineage.Link, lineage.Member:
			linked = true
		case lineage.Subject, lineage.Party, lineage.Own:
			about = true
		}
	}
	if len(r.parts) == 1 && !about && !linked && !r.unidentified {
		p := r.parts[0]
		r.edge = append(r.edge, p.Edges...)
		r.name = append(r.name, p.Names...)
		r.label = append(r.label, p.Labels...)
		r.parts, about = nil, true
	}
	r.out.Categories = r.categories(r.shape)
	keep := about || mention || r.personal || linked && !r.shape.shell || r.shape.coll.Accounts
	if keep && (about || linked || mention || len(r.parts) == 0) {
		for i := range r.may {
			r.add(&r.edge, &r.may[i])
		}
		r.out.Edges, r.out.Names = cut(&r.edges, r.edge), cut(&r.list, r.name)
		r.out.Labels = cut(&r.list, r.label)
		r.finishParts(len(r.sightings))
	} else {
		r.finishParts(len(r.sightings) - 1)
	}
}

// finishParts puts the sightings of the parts behind the first n. What they have from the
// whole record is taken from its own sighting, whose place they may take.
func (r *record) finishParts(n int) {
	r.sightings = r.sightings[:n]
	if len(r.parts) == 0 {
		return
	}
	whole := *r.out
	for _, p := range r.parts {
		p.Edges = r.members(p.Edges)
		p.Collection, p.Locator, p.At, p.Account = whole.Collection, whole.Locator, whole.At, whole.Account
		p.Categories, p.RecordedAt, p.Trigger, p.Sum = whole.Categories, whole.RecordedAt, whole.Trigger, whole.Sum
		r.sightings = append(r.sightings, p)
	}
}

// sum digests the record's values, of which fields has taken note, by column name, so that
// the order of columns does not matter.
func (r *record) sum() uint64 {
	msg, n := r.digest[:0], 0
	for _, i := range r.shape.byName {
		if c := &r.shape.cols[i]; !c.null(r.row) {
			msg = appendValue(msg, c.tag, r.said[i])
			n++
		}
	}
	var sum uint64
	sum, r.digest = digest(r.hash, msg, n)
	return sum
}
