package files

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
)

// cluster is objects of one folder with the same columns.
type cluster struct {
	name    string
	path    []string
	columns map[string]bool // folded names
	units   []connectors.Unit
	objects int // with those that were not chosen
	stems   []string
	exts    map[string]bool
	opaque  bool
	gaps    []connectors.TableGap
}

// room opens the chosen objects of one folder for a first look, and puts those
// with the same columns together.
func (x *explorer) room(ctx context.Context, groups []*group) []*cluster {
	var out []*cluster
	for _, g := range groups {
		had := map[*cluster]int{}
		units := slices.Clone(g.objects.Items())
		slices.SortFunc(units, func(a, b connectors.Unit) int { return strings.Compare(a.Key, b.Key) })
		for _, u := range units {
			cols, opaque, gap := x.glance(ctx, u)
			c := find(out, cols, g.collection != "")
			if c == nil {
				c = &cluster{columns: map[string]bool{}, exts: map[string]bool{}}
				out = append(out, c)
			}
			for k := range cols {
				c.columns[k] = true
			}
			if opaque {
				c.opaque = true
				c.gaps = append(c.gaps, connectors.TableGap{Unit: u.Key, Gap: connectors.Gap{Reason: "the first line looks like data: without a header the columns have no names"}})
			}
			if gap != nil {
				c.gaps = append(c.gaps, *gap)
			} else {
				c.units = append(c.units, u)
			}
			had[c]++
			c.objects++
			c.exts[path.Ext(stripPacking(u.Key))] = true
			if !slices.Contains(c.stems, g.stem) {
				c.stems = append(c.stems, g.stem)
			}
		}
		var most *cluster
		for _, c := range out {
			if most == nil || had[c] > had[most] {
				most = c
			}
		}
		most.objects += g.seen - len(units)
	}
	x.label(groups[0].shape, out)
	return out
}

// find returns the cluster with much the same columns: at least half of all the
// names are in both. An object without records may be of any.
func find(list []*cluster, cols map[string]bool, known bool) *cluster {
	for _, c := range list {
		both := 0
		for k := range cols {
			if c.columns[k] {
				both++
			}
		}
		all := len(cols) + len(c.columns) - both
		if known || len(cols) == 0 || len(c.columns) == 0 || 2*both >= all {
			return c
		}
	}
	return nil
}

// label gives the clusters of a room names and globs. Where two would have one
// glob, the objects cannot be told apart by name: a gap.
func (x *explorer) label(sh shape, list []*cluster) {
	if sh.collection != "" {
		for _, c := range list {
			c.name = sh.collection
			if cat, ok := x.conf.Dataset.Collection(sh.collection); ok {
				c.path = cat.Path
			}
		}
		return
	}
	taken := map[string]bool{}
	for _, c := range list {
		whole := len(list) == 1 && (sh.folder != "" || len(c.stems) > 1)
		c.name = collectionName(sh.folder, c.stems, whole, x.used)
		c.path = paths(sh.folder, c.stems, whole, c.exts)
		for _, p := range c.path {
			if taken[p] {
				c.gaps = append(c.gaps, connectors.TableGap{Unit: p, Gap: connectors.Gap{Reason: "objects named alike have different columns: put them into folders of their own, or only the first collection will read them"}})
			}
			taken[p] = true
		}
	}
}

// glance returns the columns of an object, from its first records, and whether
// they look like data. A gap says why it cannot be read.
func (x *explorer) glance(ctx context.Context, u connectors.Unit) (cols map[string]bool, opaque bool, gap *connectors.TableGap) {
	cols = map[string]bool{}
	for b, err := range x.open.Read(ctx, u) {
		if err != nil {
			g := unitGap(u, err)
			return cols, false, &g
		}
		if b.Rows == nil {
			continue
		}
		switch strings.ToLower(path.Ext(stripPacking(u.Key))) {
		case ".csv", ".tsv":
			opaque = headless(b.Rows)
		}
		if opaque {
			cols[fmt.Sprintf("\x00%d columns", b.Rows.NumCols()-1)] = true // no name in any header
			break
		}
		for i, f := range b.Rows.Schema().Fields() {
			switch {
			case i == 0:
			case f.Name == json.RestColumn:
				members(b.Rows, i, cols)
			default:
				cols[strings.ToLower(strings.TrimSpace(f.Name))] = true
			}
		}
		break
	}
	return cols, opaque, nil
}

// members adds the names of the members of the first records.
func members(r arrow.Record, col int, cols map[string]bool) {
	for row := range min(int(r.NumRows()), 50) {
		text, ok := connectors.Value(r, col, row)
		if !ok {
			continue
		}
		root, _ := json.Parse([]byte(text)) // what can be read of it will do
		if root == nil || root.Kind != json.Object {
			continue
		}
		for _, m := range root.Children {
			cols[strings.ToLower(m.Key)] = true
		}
	}
}

// headless reports a header that looks like a row of data: one of its cells is an
// address or a long number, or stands again further down in its own column (when
// all do, it is the header itself, from a file put together of several).
func headless(r arrow.Record) bool {
	again, cols := 0, int(r.NumCols())-1
	for i, f := range r.Schema().Fields()[1:] {
		if strings.HasPrefix(f.Name, "column ") {
			continue
		}
		digits := 0
		for _, c := range f.Name {
			if unicode.IsDigit(c) {
				digits++
			}
		}
		at := strings.IndexByte(f.Name, '@')
		if digits >= 7 || at > 0 && strings.Contains(f.Name[at:], ".") {
			return true
		}
		for row := range int(r.NumRows()) {
			if v, ok := connectors.Value(r, i+1, row); ok && v == f.Name {
				again++
				break
			}
		}
	}
	return again > 0 && again < cols
}
