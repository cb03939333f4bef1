package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/lineage"
)

// touched is a unit that a plan changed, as it stands afterwards.
type touched struct {
	Source string          `json:"source"`
	Unit   connectors.Unit `json:"unit"`
	Gone   bool            `json:"gone"`
}

// touchedAtOnce is how many touched units are in memory, and in one document of a proof.
const touchedAtOnce = 2000

// touchedUnits are the units that a plan changed, each once, in the order in which that
// happened. They may be millions of recordings: all but the last few are in a scratch
// file.
type touchedUnits struct {
	site    *Site
	changed changed
	last    []touched
	file    *scratch // nil until last was full
	spans   []span
	n       int
}

// lose notes a unit that was not where the plan had seen it, and the size that it had there.
func (t *touchedUnits) lose(x touched, size int64) error {
	t.changed.lose(x.Source)
	t.changed[x.Source].missed(size)
	return t.add(x)
}

// add notes a unit.
func (t *touchedUnits) add(x touched) error {
	if added, err := t.changed.add(t.site, x.Source, x.Unit.Key); err != nil || !added {
		return err
	}
	t.n++
	if t.last = append(t.last, x); len(t.last) < touchedAtOnce {
		return nil
	}
	if t.file == nil {
		var err error
		if t.file, err = t.site.newScratch(); err != nil {
			return err
		}
	}
	data, err := json.Marshal(t.last)
	if err != nil {
		return fmt.Errorf("note what was touched: %w", err)
	}
	at, err := t.file.put(data)
	t.spans, t.last = append(t.spans, at), t.last[:0]
	return err
}

// each calls fn with all units, so many at a time; once when there are none.
func (t *touchedUnits) each(fn func([]touched) error) error {
	for _, at := range t.spans {
		var list []touched
		data, err := t.file.read(at)
		if err == nil {
			err = json.Unmarshal(data, &list)
		}
		if err != nil {
			return fmt.Errorf("read what was touched: %w", err)
		}
		if err := fn(list); err != nil {
			return err
		}
	}
	if len(t.last) == 0 && t.n > 0 {
		return nil
	}
	return fn(t.last)
}

func (t *touchedUnits) close() error {
	if t.file == nil {
		return nil
	}
	return t.file.close()
}

// changed says which units are to be read again, by source: by key while they are few,
// then by their number in the graph.
type changed map[string]*changedOf

type changedOf struct {
	n       int
	keys    map[string]bool // nil when there were too many to look for one by one
	known   visited
	lost    bool           // a unit was not where it had been: it may stand elsewhere by now
	sizes   map[int64]bool // of those
	anySize bool           // there were too many to keep them all
}

// lose notes that a unit of a source was not where it had been.
func (c changed) lose(source string) {
	if c[source] == nil {
		c[source] = &changedOf{}
	}
	c[source].keys, c[source].lost = nil, true
}

// add reports whether a unit is new here. One of many that the graph does not know is
// always: it is gone, or will show as one that the graph does not know.
func (c changed) add(s *Site, source, key string) (bool, error) {
	of := c[source]
	if of == nil {
		of = &changedOf{keys: map[string]bool{}}
		c[source] = of
	}
	known, err := s.Graph.Unit(source, key)
	if err != nil {
		return false, err
	}
	if of.keys[key] || known != nil && of.known.has(known.ID) {
		return false, nil
	}
	of.n++
	if known != nil {
		of.known.add(known.ID)
	}
	if of.keys != nil {
		of.keys[key] = true
	}
	if of.n > connectors.FindAtMost {
		of.keys = nil
	}
	return true, nil
}

// oldVersions adds old versions of objects that hold one of the identifiers, as the graph
// has them: no plan that was made before they became old ones changed them, and they may
// be gone. Only a bucket keeps any.
func (c changed) oldVersions(s *Site, who iter.Seq[lineage.Token]) error {
	if !slices.ContainsFunc(s.Sources, func(x *Source) bool { return c[x.Name] != nil && strings.HasPrefix(x.URL, "s3://") }) {
		return nil
	}
	for t := range who {
		found, err := s.postedAt(t)
		if err != nil {
			return err
		}
		for _, f := range found {
			if _, version := blob.Plain(f.Unit.Unit.Key); version == "" || c[f.Unit.Source] == nil {
				continue
			}
			if _, err := c.add(s, f.Unit.Source, f.Unit.Unit.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// rescan visits units as they stand now, in parallel; how says what a visit is. Units
// that are not there any more drop out of the graph.
func (s *Site) rescan(ctx context.Context, list changed, how func(*scan) func(context.Context, *Source, connectors.Unit) error) error {
	if len(list) == 0 {
		return nil
	}
	w, err := s.Graph.Begin()
	if err != nil {
		return err
	}
	run := &scan{Site: s, w: w}
	visit := how(run)
	for _, name := range slices.Sorted(maps.Keys(list)) {
		src, err := s.source(name)
		if err != nil {
			s.gap(name, "", "it cannot be read again: "+err.Error())
			continue
		}
		if err := run.revisit(ctx, src, list[name], visit); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(ctx), s.doubt(run.moved))
}

// revisit visits the wanted units of one source, and old versions of their objects:
// what is in one of those is not gone. Where all of a source is listed, units that the
// graph does not know are visited, too: any of them may be an old version, or come from
// a range of keys that was cut anew. So are those that changed, where one was not found: it
// may have been moved, or copied into another.
func (r *scan) revisit(ctx context.Context, src *Source, wanted *changedOf, visit func(context.Context, *Source, connectors.Unit) error) error {
	r.replicas(ctx, src)
	r.Progress.Stage("read again "+src.Name, wanted.n)
	defer r.Progress.End()
	defer func() { r.shut = nil }()
	crew, gctx := r.crew(ctx, src)
	_, finds := src.Conn.(connectors.Finder)
	few := finds && wanted.keys != nil
	var units iter.Seq2[connectors.Unit, error]
	if few {
		units = connectors.Find(gctx, src.Conn, maps.Clone(wanted.keys))
	} else {
		units = src.Conn.Units(gctx)
	}
	var there visited
	whole, empty := true, true
	last, listed := time.Now(), 0
	for u, err := range units {
		if gctx.Err() != nil {
			break
		}
		if err != nil {
			r.gap(src.Name, u.Key, "the listing failed: "+err.Error())
			whole = false
			continue
		}
		empty = false
		known, err := r.Graph.Unit(src.Name, u.Key)
		if err != nil {
			return errors.Join(err, crew.wait())
		}
		if known != nil {
			there.add(known.ID)
		} else if wanted.mayBe(u.Size) {
			r.moved = append(r.moved, GapLine{Source: src.Name, Unit: u.Key, Reason: movedThere})
		}
		if !few && known != nil && !wanted.known.has(known.ID) && (!wanted.lost || known.Unit.Fingerprint == u.Fingerprint) {
			continue
		}
		crew.do(gctx, u.Size, func() error {
			defer r.Progress.Step(1)
			return visit(gctx, src, u)
		})
		if listed++; listed%flushUnits == 0 || time.Since(last) > flushEvery {
			last = time.Now()
			if err := r.w.Flush(gctx); err != nil {
				return errors.Join(err, crew.wait())
			}
		}
	}
	if err := errors.Join(crew.wait(), ctx.Err()); err != nil || !whole {
		return err
	}
	if empty {
		if doubted, err := r.doubted(ctx, src, wanted); err != nil || doubted {
			return err
		}
	}
	return r.missing(ctx, src, wanted, there)
}

// doubted reports, and tells, that a source with nothing in it may not be the one it was.
func (r *scan) doubted(ctx context.Context, src *Source, wanted *changedOf) (bool, error) {
	mine := notMine
	if r.ours {
		mine = wanted.known.has
	}
	reason, err := r.vacant(ctx, src, mine)
	if err == nil && reason != "" {
		r.gap(src.Name, "", reason)
	}
	return reason != "", err
}

// missing takes those wanted units out of the graph that are not there any more.
func (r *scan) missing(ctx context.Context, src *Source, wanted *changedOf, there visited) error {
	removed := 0
	for id := range wanted.known.all() {
		if there.has(id) {
			continue
		}
		st, err := r.Graph.UnitByID(id)
		if err != nil {
			return err
		}
		if st == nil || r.isShut(st.Unit.Key) {
			continue
		}
		if err := r.w.Remove(src.Name, st.Unit.Key); err != nil {
			return err
		}
		if removed++; removed%removedAtOnce == 0 {
			if err := r.w.Flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
