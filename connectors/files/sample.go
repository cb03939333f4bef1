package files

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/format"
)

// exports is the connector's source: the engine's, which can also be sampled.
type exports struct {
	*format.Source
	conf   connectors.Config
	router router
}

var (
	_ connectors.Sampler = (*exports)(nil)
	_ connectors.Mixer   = (*exports)(nil)
)

// The most objects of one shape that are opened, the most shapes that are told
// apart, and the most gaps of one table that are told one by one.
const (
	maxObjects = 16
	maxShapes  = 4096
	maxGaps    = 100
)

// Sample implements [connectors.Sampler]. Objects that the catalog's globs match
// are their collection's. Others are put together by folder, name, extension and
// columns, and a collection is proposed for each group. Of every shape of name up
// to 16 objects are chosen at random and read whole; the records are drawn from
// all of theirs.
func (s *exports) Sample(ctx context.Context, n int, seed uint64) iter.Seq2[connectors.Table, error] {
	return func(yield func(connectors.Table, error) bool) {
		x := &explorer{exports: s, n: n, seed: seed, used: map[string]bool{}}
		for _, c := range s.conf.Dataset.Collections {
			x.used[c.Name] = true
		}
		var err error
		if x.open, err = format.Open(ctx, s.conf, x.route, nil); err != nil {
			yield(connectors.Table{}, err)
			return
		}
		groups, err := x.list(ctx)
		if err != nil {
			yield(connectors.Table{}, err)
			return
		}
		if len(x.gaps) > 0 && !yield(connectors.Table{Gaps: x.gaps}, nil) {
			return
		}
		for _, room := range rooms(groups) {
			for _, t := range x.room(ctx, room) {
				if err := ctx.Err(); err != nil {
					yield(connectors.Table{}, fmt.Errorf("sampling source %s: %w", s.conf.Name, err))
					return
				}
				if !yield(x.table(ctx, t), nil) {
					return
				}
			}
		}
	}
}

// explorer is one run of Sample.
type explorer struct {
	*exports
	open *format.Source // reads objects that no collection describes, too
	n    int
	seed uint64
	used map[string]bool // names of collections
	gaps []connectors.TableGap
}

// route implements format.Route: without a collection the format alone counts.
func (x *explorer) route(obj blob.Object, key string) (format.Codec, error) {
	c, err := x.router.route(obj, key)
	if c != nil || err != nil {
		return c, err
	}
	return codec(x.conf.Dataset.Key, connectors.Collection{Name: "sample"}, strings.ToLower(path.Ext(key)))
}

// group is the objects of one shape.
type group struct {
	shape
	objects *connectors.Reservoir[connectors.Unit]
	seen    int
	exts    map[string]bool // as they are spelt
}

// list goes over all objects and chooses those to open.
func (x *explorer) list(ctx context.Context) ([]*group, error) {
	found := map[shape]*group{}
	skipped := map[string]int{}
	var order []shape
	over := 0
	for u, err := range x.open.Units(ctx) {
		if err != nil {
			return nil, err
		}
		if _, old := blob.Plain(u.Key); old != "" {
			continue // of its object the current version is looked at
		}
		key := stripPacking(u.Key)
		sh := x.shape(key, u.Key)
		if _, err := codec("", connectors.Collection{}, strings.ToLower(path.Ext(key))); err != nil {
			skipped[sh.folder+"*"+sh.ext]++
			continue
		}
		g := found[sh]
		if g == nil {
			if len(found) == maxShapes {
				over++
				continue
			}
			g = &group{shape: sh, exts: map[string]bool{}}
			g.objects = connectors.NewReservoir[connectors.Unit](maxObjects, x.seed, sh.collection+sh.folder+sh.stem+sh.ext)
			found[sh] = g
			order = append(order, sh)
		}
		g.exts[path.Ext(key)] = true
		g.seen++
		g.objects.Add(func() connectors.Unit { return u })
	}
	x.skipped(skipped, over)
	return x.merge(found, order), nil
}

// shape is the collection that a key belongs to, or its shape.
func (x *explorer) shape(key, whole string) shape {
	for _, g := range x.router.list {
		if g.match(key, whole) {
			return shape{collection: g.cat.Name}
		}
	}
	return shapeOf(key)
}

func (x *explorer) skipped(by map[string]int, over int) {
	for _, glob := range slices.Sorted(maps.Keys(by)) {
		_, err := codec("", connectors.Collection{}, ".")
		x.gaps = append(x.gaps, connectors.TableGap{Unit: glob, Gap: connectors.Gap{Reason: fmt.Sprintf("%d objects: %s", by[glob], err)}})
	}
	if over > 0 {
		x.gaps = append(x.gaps, connectors.TableGap{Gap: connectors.Gap{Reason: fmt.Sprintf("%d objects whose names have too many shapes were not looked at", over)}})
	}
}

// merge joins the groups whose shapes differ in what turned out to be data.
func (x *explorer) merge(found map[shape]*group, order []shape) []*group {
	to := generalise(order)
	joined := map[shape]*group{}
	var out []*group
	for _, sh := range order {
		from, target := found[sh], to[sh]
		g := joined[target]
		if g == nil {
			g = &group{shape: target, exts: map[string]bool{}}
			g.objects = connectors.NewReservoir[connectors.Unit](maxObjects, x.seed, target.folder+target.stem+target.ext)
			joined[target] = g
			out = append(out, g)
		}
		g.seen += from.seen
		maps.Copy(g.exts, from.exts)
		for _, u := range from.objects.Items() {
			g.objects.Add(func() connectors.Unit { return u })
		}
	}
	return out
}

// rooms sorts the groups into rooms.
func rooms(groups []*group) [][]*group {
	at := map[shape]int{}
	var out [][]*group
	for _, g := range groups {
		i, ok := at[g.room()]
		if !ok {
			i = len(out)
			at[g.room()] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], g)
	}
	return out
}

// table reads the chosen objects of a cluster and draws records from them.
func (x *explorer) table(ctx context.Context, c *cluster) connectors.Table {
	d := connectors.NewDrawing(c.name, x.n, x.seed)
	gaps := c.gaps
	for _, u := range c.units {
		for b, err := range x.open.Read(ctx, u) {
			if err != nil {
				gaps = append(gaps, unitGap(u, err))
				break
			}
			for _, g := range b.Gaps {
				gaps = append(gaps, connectors.TableGap{Unit: u.Key, Gap: g})
			}
			if b.Rows != nil {
				d.Batch(b.Rows)
			}
		}
	}
	t := d.Table()
	t.Path, t.Objects, t.Read, t.Opaque = c.path, c.objects, len(c.units), c.opaque
	if n := len(gaps) - maxGaps; n > 0 {
		gaps = append(gaps[:maxGaps:maxGaps], connectors.TableGap{Gap: connectors.Gap{Reason: fmt.Sprintf("%d more gaps", n)}})
	}
	t.Gaps = gaps
	if c.opaque {
		for i := range t.Columns {
			t.Columns[i].Name = fmt.Sprintf("column %d", i+1)
		}
	}
	return t
}

func unitGap(u connectors.Unit, err error) connectors.TableGap {
	reason := err.Error()
	if errors.Is(err, connectors.ErrNotFound) {
		reason = "the object is gone"
	}
	return connectors.TableGap{Unit: u.Key, Gap: connectors.Gap{Reason: reason}}
}
