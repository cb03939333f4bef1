package pipeline

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/pipeline/detect"
	"github.com/cratio/sutra/pipeline/extract"
)

// looked is a sampled table with its nested values taken apart.
type looked struct {
	name           string
	path           []string
	sampled, total int
	objects, read  int
	opaque         bool
	compound       []connectors.CompoundReference
	fields         []*field // columns, each followed by what is nested in it
	marks          marks
	referred       []*field // what rows hold that others refer to, beside the sample
}

// field is a column, or a leaf below one.
type field struct {
	path    []string // as the data spell it
	label   string   // the last part, by which a person knows it
	made    bool     // part of the path is made up: it looked like data, or is a label
	typ     string
	comment string
	pk      bool
	nested  bool // it has leaves below it
	refs    []connectors.Reference
	guess   string   // collection.field that the values seem to name
	amid    []string // tables whose keys the values are, some of each
	cells   []connectors.Cell
	values  []string
	ids     map[string]bool // values that may be keys
	dated   bool            // the values are dates
	guessed bool            // guess is as good as declared
	audio   bool            // the values are keys of audio objects
	several bool            // a cell names several people
	line    bool            // a cell is a whole record in one text: of one person, with her identifiers
	shared  spread
	named   map[string]map[string]bool // of a type column: the keys beside each value
	over    map[*field]int             // the most values of another column beside one of this
	found   []judged
}

// judged is what was found in a field, or in one form field of it.
type judged struct {
	name, label string
	list        []detect.Finding
}

func (f *field) name() string { return strings.Join(f.path, ".") }

// rows counts the rows that have a value.
func (f *field) rows() int {
	n, last := 0, -1
	for _, c := range f.cells {
		if c.Row != last {
			n, last = n+1, c.Row
		}
	}
	return n
}

// keptIDs is how many values of a column that may be a key are kept until all
// tables are known.
const keptIDs = 1000

// keep drops the values, but for those of columns that may be keys.
func (f *field) keep() {
	if f.pk || len(f.refs) > 0 || len(f.path) == 1 && f.identity() == "" && !f.nested {
		f.ids = map[string]bool{}
		for _, v := range f.values {
			if len(v) > 64 || strings.Count(v, " ") > 3 {
				f.ids = nil // sentences are no keys
				break
			}
			if len(f.ids) < keptIDs {
				f.ids[v] = true
			}
		}
	}
	f.audio = len(f.values) > 0 && !slices.ContainsFunc(f.values[:min(len(f.values), 20)], func(v string) bool { return !audioKey(v) })
	f.dated = len(f.values) > 0 && !slices.ContainsFunc(f.values[:min(len(f.values), 20)], func(v string) bool { return !detect.Date(v) })
	f.values, f.cells = nil, nil
}

// audioKey reports the key or the address of an audio object.
func audioKey(v string) bool {
	return slices.Contains([]string{".mp3", ".wav", ".m4a", ".ogg", ".oga", ".opus", ".amr", ".aac", ".3gp", ".flac", ".gsm"}, strings.ToLower(path.Ext(v)))
}

// look takes a sample apart, and beside it the rows to which others refer.
func look(t connectors.Table) *looked {
	x := lookAt(t)
	if t.Referred != nil {
		more := t
		more.Columns = slices.Clone(t.Columns)
		for i := range more.Columns {
			more.Columns[i].Cells = t.Referred[i]
		}
		x.referred = lookAt(more).fields
	}
	return x
}

func lookAt(t connectors.Table) *looked {
	x := &looked{name: t.Name, path: t.Path, sampled: t.Rows, total: t.Total, objects: t.Objects, read: t.Read, opaque: t.Opaque, compound: t.Compound}
	rest := &tree{} // the members that no column took
	for _, c := range t.Columns {
		if c.Name == json.RestColumn {
			rest.takeAll(c.Cells)
		}
	}
	for i, c := range t.Columns {
		if c.Name == json.RestColumn {
			continue
		}
		root := &tree{}
		root.takeAll(c.Cells)
		if m := rest.cut(c.Name); m != nil { // a column of tables, and a member of JSON in the same collection
			root.merge(m)
		}
		f := &field{path: []string{c.Name}, label: c.Name, typ: c.Type, comment: c.Comment, pk: c.PrimaryKey, refs: c.References, made: t.Opaque}
		if !safeKey(c.Name) {
			f.path, f.label, f.made = []string{fmt.Sprintf("column %d", i+1)}, "", true
		}
		f.set(root.cells)
		f.nested = len(root.order) > 0 || c.Look == connectors.LookJSON
		x.fields = append(x.fields, f)
		root.settle()
		x.below(root, f.path, f.made)
	}
	rest.settle()
	x.leaves(rest, nil, false)
	return x
}

func (f *field) set(cells []connectors.Cell) {
	f.cells = cells
	f.values = make([]string, len(cells))
	for i, c := range cells {
		f.values[i] = c.Text
	}
}

// leaves adds a node and what is below it.
func (x *looked) leaves(n *tree, path []string, made bool) {
	if len(path) > 0 && (len(n.cells) > 0 || len(n.order) > 0) {
		f := &field{path: path, label: path[len(path)-1], made: made, nested: len(n.order) > 0}
		f.set(n.cells)
		if len(path) == 1 || len(n.cells) > 0 {
			x.fields = append(x.fields, f)
		}
	} else if len(n.cells) > 0 {
		f := &field{path: []string{"(value)"}, made: true}
		f.set(n.cells)
		x.fields = append(x.fields, f)
	}
	x.below(n, path, made)
}

func (x *looked) below(n *tree, path []string, made bool) {
	for _, k := range n.order {
		child := n.children[k]
		x.leaves(child, append(slices.Clone(path), k), made || child.made || k == "*")
	}
}

// tree is the structure of nested values: one node for each key, whatever the
// record.
type tree struct {
	children map[string]*tree
	order    []string
	cells    []connectors.Cell
	rows     int // records that have it
	last     int // the last of them, counted from 1
	made     bool
}

// The deepest JSON in strings in JSON, and the most keys of one object that are
// told apart.
const (
	maxInner = 4
	maxKeys  = 500
)

// take adds a value: looked into when it is JSON.
func (n *tree) take(c connectors.Cell, depth int) {
	n.touch(c.Row)
	if t := strings.TrimLeft(c.Text, " \t\r\n\ufeff"); depth < maxInner && t != "" && (t[0] == '{' || t[0] == '[') {
		data := []byte(t)
		root, err := json.Parse(data)
		if root != nil && (err == nil || len(root.Children) > 0) {
			n.node(root, data, c.Row, depth+1)
			return
		}
	}
	if strings.TrimSpace(c.Text) != "" {
		n.cells = append(n.cells, c)
	}
}

func (n *tree) takeAll(cells []connectors.Cell) {
	for _, c := range cells {
		n.take(c, 0)
	}
}

// cut takes out a child; nil when there is none.
func (n *tree) cut(key string) *tree {
	c := n.children[key]
	if c != nil {
		delete(n.children, key)
		n.order = slices.DeleteFunc(n.order, func(k string) bool { return k == key })
	}
	return c
}

func (n *tree) touch(row int) {
	if n.last != row+1 {
		n.rows, n.last = n.rows+1, row+1
	}
}

func (n *tree) child(key string) *tree {
	if n.children == nil {
		n.children = map[string]*tree{}
	}
	if !safeKey(key) || len(n.order) >= maxKeys && n.children[key] == nil {
		key = "*"
	}
	c := n.children[key]
	if c == nil {
		c = &tree{}
		n.children[key] = c
		n.order = append(n.order, key)
	}
	return c
}

// node adds a parsed value. Arrays are transparent; an object that names a field
// and gives its value ({"name": "email", "values": [...]}) counts as that field.
func (n *tree) node(v *json.Node, data []byte, row, depth int) {
	switch v.Kind {
	case json.Object:
		label := labelMember(v)
		for _, m := range v.Children {
			switch {
			case m == label:
			case label != nil && valueKey(m.Key):
				c := n.child(label.Text(data))
				c.made = true
				c.touch(row)
				c.node(m, data, row, depth)
			case valueKey(m.Key) && n.made:
				n.node(m, data, row, depth)
			default:
				c := n.child(m.Key)
				c.touch(row)
				if len(extract.Find(m.Key)) > 0 { // filed under somebody's number or address
					c.cells = append(c.cells, connectors.Cell{Row: row, Text: strings.Clone(m.Key)})
				}
				c.node(m, data, row, depth)
			}
		}
	case json.Array:
		for _, e := range v.Children {
			n.node(e, data, row, depth)
		}
	case json.Null:
	default:
		n.take(connectors.Cell{Row: row, Text: strings.ToValidUTF8(v.Text(data), "\uFFFD")}, depth)
	}
}

func valueKey(k string) bool {
	return slices.Contains([]string{"value", "values", "string_value", "int_value", "double_value", "float_value", "answer", "answers"}, strings.ToLower(k))
}

// labelMember returns the member that names the field whose value stands beside
// it, or nil.
func labelMember(v *json.Node) *json.Node {
	if !slices.ContainsFunc(v.Children, func(m *json.Node) bool { return valueKey(m.Key) }) {
		return nil
	}
	for _, m := range v.Children {
		if m.Kind == json.String && slices.Contains([]string{"name", "key", "column_id", "field", "label", "question", "code"}, strings.ToLower(m.Key)) {
			return m
		}
	}
	return nil
}

// settle joins keys that are data: those of a map from people to something, and
// those that hardly ever come back.
func (n *tree) settle() {
	for _, c := range n.children {
		c.settle()
	}
	mapLike := n.mapLike()
	var order []string
	var rest *tree
	for _, k := range n.order {
		c := n.children[k]
		odd := strings.ContainsFunc(k, func(r rune) bool { return r == ' ' || r > unicode.MaxASCII })
		switch rare := c.rows*10 < n.rows; {
		case k == "*", mapLike, c.made && c.rows < 2 && n.rows > 1, len(n.order) > 200 && rare, odd && c.rows == 1 && n.rows >= 10:
			if rest == nil {
				rest = &tree{made: true}
			}
			rest.merge(c)
		default:
			order = append(order, k)
		}
	}
	if rest != nil {
		order = append(order, "*")
		n.children["*"] = rest
	}
	n.order = order
}

// mapLike reports three or more objects under different keys with the same
// members.
func (n *tree) mapLike() bool {
	if len(n.order) < 3 {
		return false
	}
	var first string
	for i, k := range n.order {
		c := n.children[k]
		keys := slices.Clone(c.order)
		slices.Sort(keys)
		all := strings.Join(keys, "\x00")
		if i == 0 {
			first = all
		}
		if all == "" || all != first {
			return false
		}
	}
	return true
}

func (n *tree) merge(o *tree) {
	n.cells = append(n.cells, o.cells...)
	slices.SortStableFunc(n.cells, func(a, b connectors.Cell) int { return a.Row - b.Row })
	n.rows = max(n.rows, o.rows)
	for _, k := range o.order {
		n.child(k).merge(o.children[k])
	}
}

// safeKey reports a name that may be printed: it holds no identifier and no long
// number.
func safeKey(key string) bool {
	if key == "" || len(key) > 100 || !utf8.ValidString(key) {
		return false
	}
	digits := 0
	for _, r := range key {
		if unicode.IsControl(r) {
			return false
		}
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits < 6 && !strings.Contains(key, "@") && len(extract.Find(key)) == 0
}
