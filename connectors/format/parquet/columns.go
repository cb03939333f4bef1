package parquet

import (
	"math"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// column is a top-level column of the file that becomes a column of the batch.
type column struct {
	node  *node
	field connectors.Field
	flat  *leaf // the leaf of a scalar column, nil for a nested one
}

// columns chooses the columns of the batches in the order of the file. To search them,
// those that the catalog names, and all others that can hold something to find; to
// hand out or change records, all: what is hers and no identifier is hers, too.
func (c *codec) columns(f *file, search bool) []column {
	var out []column
	seen := map[string]int{}
	root := f.root
	for _, n := range root.children {
		cf, known := c.catalogField(root, n)
		if c.only != nil && !c.only[n.name] {
			continue
		}
		if search && !known && n.leaf != nil && n.how != repeated && !n.leaf.searchable() && !f.numbered(n.leaf) {
			continue
		}
		out = append(out, c.column(n, cf, known, seen))
	}
	if len(out) == 0 && c.only == nil && len(root.children) > 0 {
		// Rows are read from the data, not believed from the footer.
		n := root.children[0]
		out = append(out, c.column(n, connectors.CatalogField{}, false, seen))
	}
	return out
}

func (c *codec) column(n *node, cf connectors.CatalogField, known bool, seen map[string]int) column {
	col := column{node: n, field: connectors.Field{Name: validText(n.name)}}
	if known {
		col.field = connectors.Resolve(c.dataset, c.cat, cf)
	}
	if n.leaf != nil && n.how != repeated {
		col.flat = n.leaf
		if n.leaf.sense == jsonSense && col.field.Look == connectors.LookText {
			col.field.Look = connectors.LookJSON
		}
	} else {
		col.field.Look = connectors.LookJSON
	}
	seen[col.field.Name]++
	if k := seen[col.field.Name]; k > 1 {
		col.field.Name += "#" + strconv.Itoa(k)
	}
	return col
}

// catalogField finds what the catalog says of a column: by the exact name, then
// without regard to case unless another column has the exact name.
func (c *codec) catalogField(root, n *node) (connectors.CatalogField, bool) {
	if f, ok := c.cat.Field(n.name); ok {
		return f, true
	}
	for _, f := range c.cat.Fields {
		if !strings.EqualFold(f.Name, strings.TrimSpace(n.name)) {
			continue
		}
		for _, other := range root.children {
			if other.name == f.Name {
				return connectors.CatalogField{}, false
			}
		}
		return f, true
	}
	return connectors.CatalogField{}, false
}

// headerGaps tells what the names of the columns keep back.
func (c *codec) headerGaps(root *node) []connectors.Gap {
	if c.only != nil {
		return nil
	}
	var names []string
	var fields []connectors.Field
	for _, n := range root.children {
		f := connectors.Field{}
		if cf, ok := c.catalogField(root, n); ok {
			f.Name = cf.Name
		}
		names, fields = append(names, validText(n.name)), append(fields, f)
	}
	return connectors.HeaderGaps("schema", names, fields, c.cat)
}

func validText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Telephone numbers lie between these, with the country code and without.
const leastNumber, mostNumber = 6e9, 1e15

// numbered reports whether telephone numbers may stand in a column of doubles, which is
// what tools make of whole numbers when some are missing. Its bounds tell, and spare the
// columns of amounts and places.
func (f *file) numbered(l *leaf) bool {
	if l.typ != pDouble {
		return false
	}
	for _, g := range f.groups {
		if g.bad != nil {
			continue
		}
		ch := &g.chunks[l.index]
		stats := ch.meta.sub(12)
		if stats.int(3, -1) == ch.values { // nulls alone
			continue
		}
		e := statBounds(l, stats)
		if len(e.min) != 8 || len(e.max) != 8 {
			return true
		}
		lo, hi := math.Float64frombits(le64(e.min)), math.Float64frombits(le64(e.max))
		if !(hi < leastNumber || lo > mostNumber) { // also where a bound is no number
			return true
		}
	}
	return false
}
