package vcard

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// RestColumn is the name of the last column: a JSON object of the values that no
// field of the catalog takes, a list of texts by property name in lower case.
const RestColumn = "sutra.rest"

// separator stands between the values of one column.
const separator = " ::: "

// columns maps properties to the columns of a batch.
type columns struct {
	fields []connectors.Field // the catalog's, then RestColumn
	byName map[string]int
}

func newColumns(dataset string, cat connectors.Collection) *columns {
	c := &columns{fields: connectors.Columns(dataset, cat), byName: map[string]int{}}
	for i, f := range c.fields {
		name := strings.ToLower(f.Name)
		if _, dup := c.byName[name]; !dup {
			c.byName[name] = i
		}
	}
	delete(c.byName, "key") // the object's key, not a public key
	c.fields = append(c.fields, connectors.Field{Name: RestColumn, Look: connectors.LookJSON})
	return c
}

// The fields that take properties of other names.
var (
	relative  = regexp.MustCompile(`^(agent|x-abrelatednames|x-.*spouse|x-.*assistant|x-.*manager)$`)
	messenger = regexp.MustCompile(`^x-(skype|skype-username|aim|icq|msn|yahoo|jabber|google-talk|gtalk|qq|gadugadu|whatsapp|.*-im)$`)
)

// column returns the field that takes a property's value, or -1. A card inside a
// card is a relation of the card around it, and so is a number that is labelled another's.
func (c *columns) column(p *property, labels map[string]string) int {
	name := p.name
	switch {
	case name == "":
		return -1
	case p.nested, p.anothers(labels):
		name = "related"
	}
	i, ok := c.byName[name]
	switch {
	case ok:
		return i
	case relative.MatchString(name):
		i, ok = c.byName["related"]
	case messenger.MatchString(name):
		i, ok = c.byName["impp"]
	}
	if !ok {
		return -1
	}
	return i
}

// labels are what the groups of a card are called; nil for none.
func (c *card) labels() (out map[string]string) {
	for _, p := range c.props {
		if p.name == "x-ablabel" && p.group != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[p.group] = p.value.shown
		}
	}
	return out
}

// anothers reports a number or an address that somebody labelled as another's.
func (p *property) anothers(labels map[string]string) bool {
	if p.name != "tel" && p.name != "email" && p.name != "impp" {
		return false
	}
	if label := labels[p.group]; p.group != "" && connectors.Another(label) {
		return true
	}
	for _, x := range p.params {
		switch {
		case usual[x.value] != "":
		case x.name != "" && x.name != "type" && connectors.Another(x.name), (x.name == "" || x.name == "type" || x.telling()) && connectors.Another(x.value):
			return true
		}
	}
	return false
}

// leaf is one value of a card: that of a property or of one of its parameters.
type leaf struct {
	p     *property
	param int    // -1 for the property's own value
	text  string // what Read shows; "" once it is gone
}

// live reports whether the leaf shows something.
func (l *leaf) live() bool { return l.text != "" && !l.p.change.gone }

// group are the leaves under one name of the rest.
type group struct {
	key    string
	leaves []*leaf
}

// claim is the leaves of one card by column.
type claim struct {
	got  [][]*leaf
	rest []group
	keys map[string]int // of rest
	slab []leaf
}

// reset makes a claim ready for a card with at most n leaves.
func (x *claim) reset(columns, n int) {
	if x.got == nil {
		x.got = make([][]*leaf, columns)
	}
	for i := range x.got {
		x.got[i] = x.got[i][:0]
	}
	if cap(x.slab) < n || cap(x.slab) > maxSlab && n <= maxSlab {
		x.slab = make([]leaf, 0, max(n, 64))
	}
	x.slab, x.rest = x.slab[:0], x.rest[:0]
	clear(x.keys)
}

// leaf keeps a leaf. The slab has room for it, so that no leaf moves.
func (x *claim) leaf(l leaf) *leaf {
	x.slab = append(x.slab, l)
	return &x.slab[len(x.slab)-1]
}

func (x *claim) other(key string, l leaf) {
	i, ok := x.keys[key]
	if !ok {
		if x.keys == nil {
			x.keys = map[string]int{}
		}
		i = len(x.rest)
		x.keys[key] = i
		x.rest = append(x.rest, group{key: key})
	}
	x.rest[i].leaves = append(x.rest[i].leaves, x.leaf(l))
}

// claim decides which value of a card goes to which column.
func (c *columns) claim(out *claim, card *card) {
	n := len(card.props)
	for _, p := range card.props {
		n += len(p.params)
	}
	out.reset(len(c.fields)-1, n)
	labels := card.labels()
	for _, p := range card.props {
		key := p.name
		switch {
		case p.anothers(labels):
			key = "relative"
		case p.colon < 0:
			key = "line"
		case p.nested:
			key = "agent"
		}
		if l := (leaf{p, -1, p.value.shown}); l.text != "" {
			if i := c.column(p, labels); i >= 0 {
				out.got[i] = append(out.got[i], out.leaf(l))
			} else {
				out.other(key, l)
			}
		}
		for i, x := range p.params {
			if x.telling() {
				name := x.name
				if name == "" {
					name = "type"
				}
				out.other(key+";"+name, leaf{p, i, x.value})
			}
		}
	}
}

// outOfPlace is what no language, character set, preference and the like has.
var outOfPlace = regexp.MustCompile(`[0-9]{6}|[@\s]|[^\x00-\x7f]`)

// usual are the types that nearly every card has.
var usual = map[string]string{"CELL": "CELL", "INTERNET": "INTERNET", "HOME": "HOME", "WORK": "WORK", "VOICE": "VOICE", "PREF": "PREF",
	"cell": "cell", "internet": "internet", "home": "home", "work": "work", "voice": "voice", "pref": "pref"}

var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,31}[0-9]{0,3}$`)

// telling reports a parameter that says more than how its property is written. A
// type that is no plain word is somebody's own label.
func (x param) telling() bool {
	switch x.name {
	case "encoding", "charset", "value", "pref", "language", "pid", "altid", "mediatype", "calscale", "index":
		return outOfPlace.MatchString(strings.TrimSpace(x.value))
	case "", "type":
		if usual[x.value] != "" {
			return false
		}
		for _, w := range strings.Split(x.value, ",") {
			if w = strings.TrimSpace(w); w != "" && !plainWord.MatchString(w) {
				return true
			}
		}
		return false
	}
	return strings.TrimSpace(x.value) != ""
}

// joined returns what stands in a column.
func joined(leaves []*leaf) string {
	if len(leaves) == 1 && leaves[0].live() {
		return leaves[0].text
	}
	var list []string
	for _, l := range leaves {
		if l.live() {
			list = append(list, l.text)
		}
	}
	return strings.Join(list, separator)
}

// restText returns the JSON text of the rest; "" when there is none.
func (x *claim) restText() string {
	var b strings.Builder
	for _, g := range x.rest {
		sep := ""
		for _, l := range g.leaves {
			if !l.live() {
				continue
			}
			if sep == "" {
				if b.Len() > 0 {
					b.WriteByte(',')
				}
				quote(&b, g.key)
				sep = ":["
			}
			b.WriteString(sep)
			quote(&b, l.text)
			sep = ","
		}
		if sep != "" {
			b.WriteByte(']')
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "{" + b.String() + "}"
}

// quote writes a JSON string; letters stay letters.
func quote(b *strings.Builder, s string) {
	e := json.NewEncoder(trimmer{b})
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		b.WriteString(`""`) // a string can always be encoded
	}
}

// trimmer drops the line end that an Encoder puts behind each value.
type trimmer struct{ b *strings.Builder }

// Write implements io.Writer.
func (t trimmer) Write(p []byte) (int, error) {
	t.b.WriteString(strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

// emit sets the columns of the row that b has begun.
func (c *columns) emit(b *connectors.Builder, got *claim) {
	for i, leaves := range got.got {
		if v := joined(leaves); v != "" {
			b.Set(i, v)
		}
	}
	if v := got.restText(); v != "" {
		b.Set(len(c.fields)-1, v)
	}
}
