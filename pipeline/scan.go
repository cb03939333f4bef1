package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// flushEvery is how often a running scan makes what it has visible, so that a
// killed scan resumes instead of starting anew.
const flushEvery = 30 * time.Second

// flushUnits is after how many units it does so at the latest: what is not visible yet
// is in memory.
const flushUnits = 20_000

// scan is one run over some sources.
type scan struct {
	*Site
	w     *lineage.Writer
	mu    sync.Mutex
	large sync.Mutex // held while a large batch is extracted
	sum   ScanSummary
	seen  visited // units that the graph knew before
	force bool    // read units whose fingerprint is known, too
	ours  bool    // units that are to be read again and are gone were removed by the caller
	notes map[string]int
	moved []GapLine           // new objects that may be what a plan did not find
	lost  []GapLine           // units, and listings, that could not be read at all
	still []lineage.UnitState // units that are as they were, with new marks
	shut  []string            // of the source at hand: what the keys of units begin with that may not be read now
}

// lostBucket holds, by source, what the last scan could not read at all.
const lostBucket = "unread"

// unread reports what could not be read at all and remembers it, so that later
// answers tell of it too.
func (r *scan) unread(source, unit, reason string) {
	r.gap(source, unit, reason)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = append(r.lost, GapLine{Source: source, Unit: unit, Reason: reason})
}

// remember stores what of a source could not be read in this run.
func (r *scan) remember(source string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := r.lost
	r.lost = nil
	if len(lost) == 0 {
		return r.Graph.DeleteDoc(lostBucket, source)
	}
	doc, err := json.Marshal(lost)
	if err != nil {
		return fmt.Errorf("remember what could not be read: %w", err)
	}
	return r.Graph.PutDoc(lostBucket, source, doc)
}

// Scan brings the graph up to date with the named sources, or with all.
func (s *Site) Scan(ctx context.Context, names []string) (ScanSummary, error) {
	started := time.Now()
	if err := s.sourcesNamed(names); err != nil {
		return ScanSummary{}, err
	}
	if err := s.resident(ctx, names); err != nil {
		return ScanSummary{}, err
	}
	chosen := slices.DeleteFunc(slices.Clone(s.Sources), func(x *Source) bool { return len(names) > 0 && !slices.Contains(names, x.Name) })
	if err := s.describe(ctx, chosen); err != nil {
		return ScanSummary{}, err
	}
	before := s.Gaps()
	if err := errors.Join(s.remind(), s.TellForgotten(), s.doubtLog()); err != nil {
		return ScanSummary{}, err
	}
	w, err := s.Graph.Begin()
	if err != nil {
		return ScanSummary{}, err
	}
	if err := s.note(ctx, "scan.started", map[string]any{"sources": len(s.Sources), "named": len(names)}); err != nil {
		return ScanSummary{}, err
	}
	run := &scan{Site: s, w: w, sum: ScanSummary{Type: "summary"}}
	for _, src := range chosen {
		if err := run.source(ctx, src); err != nil {
			return run.sum, err
		}
		if err := run.remember(src.Name); err != nil {
			return run.sum, err
		}
		run.tell(src.Name)
	}
	if err := errors.Join(w.Close(ctx), s.accounts.err); err != nil {
		return run.sum, err
	}
	if err := s.scanned(chosen); err != nil {
		return run.sum, err
	}
	if _, err := s.tellUnerased(ctx); err != nil {
		return run.sum, err
	}
	back, err := s.resurrections(ctx)
	if err != nil {
		return run.sum, err
	}
	for _, b := range back {
		s.emit(b)
	}
	run.sum.Back = len(back)
	run.sum.Gaps = s.Gaps() - before
	run.sum.Seconds = time.Since(started).Seconds()
	x := run.sum
	return x, s.note(ctx, "scan.finished", map[string]any{"units": x.Units, "scanned": x.Scanned, "skipped": x.Skipped, "removed": x.Removed,
		"records": x.Records, "sightings": x.Sightings, "gaps": x.Gaps, "resurrections": x.Back})
}

// source scans one source: its units in parallel, then what vanished.
func (r *scan) source(ctx context.Context, src *Source) error {
	if src.Err != nil {
		r.unread(src.Name, "", "the source cannot be opened: "+src.Err.Error())
		return nil
	}
	if src.mute != nil {
		r.unread(src.Name, "", "the source is not read, as it does not say what its keys are: "+src.mute.Error())
		return nil
	}
	r.replicas(ctx, src)
	r.Progress.Stage("scan "+src.Name, 0)
	defer r.Progress.End()
	if err := r.expect(src); err != nil {
		return err
	}
	whole, listed := true, 0
	crew, gctx := r.crew(ctx, src)
	last := time.Now()
	for u, err := range src.Conn.Units(gctx) {
		if gctx.Err() != nil {
			break
		}
		if err != nil {
			r.unread(src.Name, u.Key, "the listing failed: "+err.Error())
			whole = false
			continue
		}
		crew.do(gctx, u.Size, func() error {
			defer r.Progress.Step(1)
			return r.unit(gctx, src, u)
		})
		if listed++; listed%flushUnits == 0 || time.Since(last) > flushEvery {
			last = time.Now()
			if err := errors.Join(room(r.Config.State), r.w.Flush(gctx)); err != nil {
				return errors.Join(err, crew.wait())
			}
		}
	}
	if err := crew.wait(); err != nil {
		return err
	}
	if err := errors.Join(ctx.Err(), r.touch()); err != nil {
		return err
	}
	defer func() { r.shut = nil }()
	if !whole {
		return nil
	}
	if listed == 0 {
		if reason, err := r.vacant(ctx, src, notMine); err != nil || reason != "" {
			if err == nil {
				r.unread(src.Name, "", reason)
			}
			return err
		}
	} else if err := r.rememberPlace(ctx, src); err != nil {
		return err
	}
	return r.vanished(ctx, src)
}

// tell prints what was counted in the units of a source that were read.
func (r *scan) tell(source string) {
	for _, text := range slices.Sorted(maps.Keys(r.notes)) {
		r.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%s: %d × %s", source, r.notes[text], text)})
	}
	r.notes = nil
}

func (r *scan) counted(notes map[string]int) {
	if len(notes) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.notes == nil {
		r.notes = map[string]int{}
	}
	for text, n := range notes {
		r.notes[text] += n
	}
}

// unit scans one unit unless it is known. An error ends the whole scan: it is
// the graph's, never the source's.
func (r *scan) unit(ctx context.Context, src *Source, u connectors.Unit) error {
	known, err := r.Graph.Unit(src.Name, u.Key)
	if err != nil {
		return err
	}
	if known != nil {
		r.mu.Lock()
		r.seen.add(known.ID)
		r.mu.Unlock()
	}
	if known != nil && !r.force {
		same, err := r.unchanged(ctx, src, u, known)
		if err != nil {
			return err
		}
		if same {
			for _, g := range known.Gaps {
				r.gap(src.Name, u.Key, gapText(g))
			}
			r.count(func(s *ScanSummary) { s.Units++; s.Skipped++ })
			return nil
		}
		part, err := r.patch(ctx, src, u, known)
		if err != nil {
			return err
		}
		if part != nil {
			r.scanned(part.records, part.sightings)
			return nil
		}
	}
	st, err := r.read(ctx, src, u)
	if err != nil || st == nil {
		r.count(func(s *ScanSummary) { s.Units++ })
		return err
	}
	r.scanned(st.Records, st.Sightings)
	return nil
}

// scanned counts a unit that was read, or what was read of it.
func (r *scan) scanned(records, sightings int) {
	r.count(func(s *ScanSummary) {
		s.Units++
		s.Scanned++
		s.Records += records
		s.Sightings += sightings
	})
}

func (r *scan) count(fn func(*ScanSummary)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn(&r.sum)
}

func gapText(g connectors.Gap) string {
	if g.Locator == "" {
		return g.Reason
	}
	return g.Locator + ": " + g.Reason
}

// unchanged compares fingerprints, and digests where a fingerprint says little.
func (r *scan) unchanged(ctx context.Context, src *Source, u connectors.Unit, known *lineage.UnitState) (bool, error) {
	if known.Catalog != src.meaning || known.Again {
		return false, nil
	}
	if known.Unit.Fingerprint == u.Fingerprint && known.Unit.Account == u.Account {
		return true, r.remark(src, u, known)
	}
	d, ok := src.Conn.(connectors.Digester)
	if !ok || known.Digest == "" || known.Unit.Account != u.Account {
		return false, nil
	}
	digest, err := d.Digest(ctx, u)
	if err != nil || digest != known.Digest {
		return false, nil // reading it will tell what is wrong
	}
	next := *known
	next.Unit = u
	return true, r.Graph.Touch(next)
}
