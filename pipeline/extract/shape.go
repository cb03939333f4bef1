package extract

import (
	"cmp"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// column is a compiled column of a batch: everything that its catalog entry says,
// decided once and not for every value.
type column struct {
	connectors.Field
	texts
	tag uint32 // of its name, see nameTag

	role     lineage.Role // of an identity column
	personal bool
	name     bool
	called   bool  // its names are what others call the person
	free     bool  // searched as text when nothing else is known
	somebody bool  // by its name it tells of a person
	amount   bool  // plain numbers in it are amounts
	rows     bool  // plain numbers in it are those of rows
	opaque   bool  // digits in it are an id or a time, but for a number with its plus; an address is an address
	remark   bool  // what somebody wrote: JSON in it was pasted there, and may be about anybody
	label    int   // index of the column that says whose the identifier is, -1 if none
	dials    []int // indexes of the columns that may hold the country code of the number
	poly     int   // index of the polymorphic reference whose id this is, -1 if none
	cats     []int

	keys, links []linker // aliases followed, without those that lead to no person
	may         []linker // which it may refer to, where nothing says that this is the person's
	linkRole    lineage.Role
	moved       bool // the value is the identifier that she has from now on
	linked      bool // it defines or refers to an id

	alive                      bool // it has to do with the record's life: one of the following
	account, recorded, trigger bool
	overrides, consents        []string
}

// shape is a compiled batch.
type shape struct {
	coll       connectors.Collection
	cols       []column // without the locator
	byName     []int    // columns in the order of their names
	categories []string // of all columns
	polyType   map[int]int
	bridged    bool // a column refers to a table without a personal value
	own        bool // an account's own records, or its staff's
	shell      bool // an erasure leaves shells of its records behind
}

func (x *Extractor) compile(dataset string, coll connectors.Collection, rows arrow.Record) *shape {
	s := &shape{coll: coll, polyType: map[int]int{}, own: coll.Staff || coll.Accounts, shell: coll.Erase == "redact" || coll.Erase == "keep"}
	for i, af := range rows.Schema().Fields() {
		if i == 0 {
			continue
		}
		c := column{Field: connectors.FieldOf(af), poly: -1, label: -1}
		c.take(rows.Column(i).(*array.String))
		c.tag = nameTag(c.Name)
		m := keyMeaning(c.Name)
		c.role = s.roleOf(&c, m)
		c.personal, c.name = c.Personal(), c.Means("name")
		c.called = coll.AddressBook || labelKey(c.Name)
		c.free = c.Look == connectors.LookText && c.Identity == "" && !(m.opaque && len(c.Categories) == 0)
		c.amount = c.free && amountKey(c.Name)
		c.rows = numbersRows(&c.Field)
		c.opaque = !c.free && c.Look == connectors.LookText && c.Identity == ""
		for _, k := range c.Categories {
			c.cats = append(c.cats, s.category(k))
		}
		for _, in := range c.Inner {
			for _, k := range in.Categories {
				c.cats = append(c.cats, s.category(k))
			}
		}
		x.joins(s, &c)
		s.meanings(&c, i-1)
		x.mayLead(&c)
		x.inSeveral(dataset+"."+coll.Name, &c)
		c.alive = c.account || c.recorded || c.trigger || len(c.overrides)+len(c.consents) > 0
		c.linked = len(c.Keys)+len(c.Links) > 0 || c.poly >= 0
		c.somebody = !c.linked && !c.personal && slices.ContainsFunc(keyWords(c.Name), personWord)
		c.remark = c.free && !c.linked && !c.name && !s.own && c.personal && !slices.Contains(c.Categories, "user")
		s.cols = append(s.cols, c)
		s.byName = append(s.byName, i-1)
	}
	s.labels()
	s.dials()
	x.others(s)
	slices.SortStableFunc(s.byName, func(a, b int) int { return cmp.Compare(s.cols[a].Name, s.cols[b].Name) })
	return s
}

// labels finds the columns that label others.
func (s *shape) labels() {
	for i := range s.cols {
		for _, m := range s.cols[i].Meaning {
			if name, ok := strings.CutPrefix(m, connectors.LabelledBy); ok {
				s.cols[i].label = slices.IndexFunc(s.cols, func(c column) bool { return c.Name == name })
			}
		}
	}
}

// roleOf is the role of the identifiers of an identity column.
func (s *shape) roleOf(c *column, m meaning) lineage.Role {
	switch {
	case s.own:
		return lineage.Own
	case c.Role == "mention":
		return lineage.Mention
	case c.Role == "link":
		return lineage.Link
	case c.Role == "party" || c.Identity == KindPhone && m.party:
		return lineage.Party
	}
	return lineage.Subject
}

func (s *shape) category(k string) int {
	i := slices.Index(s.categories, k)
	if i < 0 {
		i = len(s.categories)
		s.categories = append(s.categories, k)
	}
	return i
}

// joins resolves the link kinds of a column.
func (x *Extractor) joins(s *shape, c *column) {
	for _, k := range c.Keys {
		if k, ok := x.linkKind(k); ok {
			c.keys = append(c.keys, x.linkerOf(k))
		}
	}
	c.linkRole = lineage.Link
	if c.Role == "member" {
		c.linkRole = lineage.Member
	}
	for _, k := range c.Links {
		switch k {
		case "merged":
			c.linkRole = lineage.Merged
		case "moved":
			c.moved = true
		default:
			if k, ok := x.linkKind(k); ok {
				c.links = append(c.links, x.linkerOf(k))
				s.bridged = s.bridged || x.Bridges[k]
			}
		}
	}
}

// mayLead takes in the link kinds that a column may refer to.
func (x *Extractor) mayLead(c *column) {
	for _, m := range c.Meaning {
		if k, ok := strings.CutPrefix(m, connectors.MayLead); ok {
			if k, ok = x.linkKind(k); ok {
				c.may = append(c.may, x.linkerOf(k))
			}
		}
	}
}

// inSeveral has a column, and the keys in it, that may mean the rows of several tables lead
// to none.
func (x *Extractor) inSeveral(collection string, c *column) {
	if len(x.Several) == 0 {
		return
	}
	name := collection + "." + c.Name
	if x.Several[name] {
		c.may, c.links = append(c.may, c.links...), nil
	}
	for i := range c.Inner {
		if in := &c.Inner[i]; x.Several[name+"."+in.Path] {
			in.May, in.Links = in.Links, nil
		}
	}
}

// others takes away the references of a person's own row to other people of her kind.
// "Merged into" says who she is, and stays.
func (x *Extractor) others(s *shape) {
	for i := range s.cols {
		c := &s.cols[i]
		if c.linkRole == lineage.Merged {
			continue
		}
		c.links = slices.DeleteFunc(c.links, func(k linker) bool {
			return x.Unique[k.kind] && s.identifies(k.kind)
		})
	}
}

// identifies reports that the id of such a record stands in one of the columns.
func (s *shape) identifies(kind string) bool {
	for i := range s.cols {
		if slices.ContainsFunc(s.cols[i].keys, func(o linker) bool { return o.kind == kind }) {
			return true
		}
	}
	return false
}

// linkKind follows aliases; false for kinds that lead to no person.
func (x *Extractor) linkKind(kind string) (string, bool) {
	if to, ok := x.Alias[kind]; ok {
		kind = to
	}
	return kind, !x.Bare[kind]
}

// meanings takes in what the i-th column has to do with the record's life.
func (s *shape) meanings(c *column, i int) {
	for _, m := range c.Meaning {
		switch m {
		case "account":
			c.account = true
		case "recorded_at":
			c.recorded = true
		case "trigger":
			c.trigger = true
		}
		if k, ok := strings.CutPrefix(m, "polytype:"); ok {
			s.polyType[int(k[0]-'0')] = i
		}
		if k, ok := strings.CutPrefix(m, "polyid:"); ok {
			c.poly = int(k[0] - '0')
		}
		if class, ok := strings.CutPrefix(m, "override:"); ok {
			c.overrides = append(c.overrides, class)
		}
		if what, ok := strings.CutPrefix(m, "consent:"); ok {
			c.consents = append(c.consents, what)
		}
	}
}
