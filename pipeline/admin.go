package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/config"
	"github.com/cratio/sutra/pipeline/policy"
)

// sourcesNamed refuses the name of a source that there is none of.
func (s *Site) sourcesNamed(names []string) error {
	for _, n := range names {
		if !slices.ContainsFunc(s.Sources, func(x *Source) bool { return x.Name == n }) {
			return fmt.Errorf("%w: there is no source %q in the configuration", ErrUsage, n)
		}
	}
	return nil
}

// Check examines the named sources, or all, and passes what it finds to fn. A
// source that cannot be reached is a gap; one that stands outside of the allowed
// regions is not looked into, and makes the error ErrRefused.
func (s *Site) Check(ctx context.Context, names []string, fn func(source string, f connectors.Finding)) error {
	if err := s.sourcesNamed(names); err != nil {
		return err
	}
	rules, err := policy.Load(s.Config.Policy)
	if err != nil {
		return err
	}
	var refused error
	var seen []*Source
	for _, src := range s.Sources {
		if len(names) > 0 && !slices.Contains(names, src.Name) {
			continue
		}
		if src.Err != nil {
			s.gap(src.Name, "", "the source cannot be opened: "+src.Err.Error())
			continue
		}
		outside, err := located(ctx, s.Config, src.Conn)
		if err != nil {
			s.gap(src.Name, "", "where it stands is not known: "+err.Error())
			continue
		}
		if outside != "" {
			fn(src.Name, connectors.Finding{What: "residency", Note: outside, Fatal: true})
			refused = errors.Join(refused, fmt.Errorf("%w: source %s %s", ErrRefused, src.Name, outside))
			continue
		}
		c, ok := src.Conn.(connectors.Checker)
		if !ok {
			fn(src.Name, connectors.Finding{What: "reachable", OK: true, Note: "opened"})
			seen = append(seen, src)
			continue
		}
		list, err := c.Check(ctx)
		if err != nil {
			s.gap(src.Name, "", "the check failed: "+err.Error())
			continue
		}
		for _, f := range list {
			fn(src.Name, f)
			if f.Fatal || f.Gap {
				s.gap(src.Name, "", f.What+": "+f.Note)
			}
		}
		if slices.ContainsFunc(list, func(f connectors.Finding) bool { return f.Fatal }) {
			continue
		}
		for _, f := range unruled(rules, src) {
			fn(src.Name, f)
		}
		if err := s.checkCatalog(ctx, src, func(f connectors.Finding) { fn(src.Name, f) }); err != nil {
			return err
		}
		seen = append(seen, src)
	}
	refused = errors.Join(refused, s.checkSeveral(ctx, seen, fn))
	s.checkOwners(ctx, seen, fn)
	return errors.Join(refused, ctx.Err())
}

// unruled names the collections of which retention takes nothing, or that it judges by
// another date than the policy means, and the settings of accounts that set nothing,
// because the policy does not know their class.
func unruled(rules policy.Policy, src *Source) (out []connectors.Finding) {
	say := func(format string, args ...any) {
		out = append(out, connectors.Finding{What: "retention", Note: fmt.Sprintf(format, args...)})
	}
	for _, c := range src.Dataset.Collections {
		rule, ok := rules.Rules[c.Class]
		switch {
		case c.Accounts: // an account itself is not erased for its age
		case ok && rule.OwnDate() && c.Trigger == "" && c.RecordedAt == "":
			say("%s.%s is of class %q, which is kept from %s on, and neither trigger nor recorded_at says when that was: nothing of it is erased for its age", src.Name, c.Name, c.Class, rule.Trigger)
		case ok && rule.OwnDate() && c.Trigger == "" && rule.Trigger != policy.TriggerRecording && rule.Trigger != policy.TriggerRecorded:
			say("%s.%s is of class %q, which is kept from %s on, and no trigger says when that was: its period begins with %s, which may be too early", src.Name, c.Name, c.Class, rule.Trigger, c.RecordedAt)
		case ok:
		case c.Class == "":
			say("%s.%s has no class: nothing of it is erased for its age", src.Name, c.Name)
		default:
			say("%s.%s is of class %q, which has no rule in the policy: nothing of it is erased for its age", src.Name, c.Name, c.Class)
		}
		for _, f := range c.Fields {
			if _, ok := rules.Rules[f.Override]; !ok && f.Override != "" {
				say("%s.%s.%s overrides class %q, which has no rule in the policy", src.Name, c.Name, f.Name, f.Override)
			}
		}
	}
	return out
}

// SourceLine is what the graph holds of one source.
type SourceLine struct {
	Type      string `json:"type"` // "source"
	Source    string `json:"source"`
	Units     int    `json:"units"`
	Records   int    `json:"records"`
	Sightings int    `json:"sightings"`
	Gaps      int    `json:"gaps"`
	Scanned   string `json:"scanned"`
}

// StatusSummary ends `status`.
type StatusSummary struct {
	Type         string `json:"type"`
	Units        int    `json:"units"`
	Records      int    `json:"records"`
	Sightings    int    `json:"sightings"`
	Bytes        int64  `json:"bytes"`
	Holds        int    `json:"holds"`
	Erased       int    `json:"suppressed_identifiers"`
	Certificates int    `json:"certificates"`
	Reports      int    `json:"reports"`  // of partial failure, which promise nothing
	Unerased     int    `json:"unerased"` // copies whose erasure has not been carried out yet
	Gaps         int    `json:"gaps"`
}

// Status sums up what the graph holds.
func (s *Site) Status(ctx context.Context) ([]SourceLine, StatusSummary, error) {
	sum := StatusSummary{Type: "summary"}
	by := map[string]*SourceLine{}
	last := map[string]time.Time{}
	err := s.Graph.Units("", func(st *lineage.UnitState) error {
		l := by[st.Source]
		if l == nil {
			l = &SourceLine{Type: "source", Source: st.Source}
			by[st.Source] = l
		}
		l.Units++
		l.Records += st.Records
		l.Sightings += st.Sightings
		l.Gaps += len(st.Gaps)
		if st.CommittedAt.After(last[st.Source]) {
			last[st.Source] = st.CommittedAt
		}
		return nil
	})
	if err != nil {
		return nil, sum, err
	}
	var out []SourceLine
	for _, l := range by {
		l.Scanned = Stamp(last[l.Source])
		out = append(out, *l)
		sum.Units += l.Units
		sum.Records += l.Records
		sum.Sightings += l.Sightings
	}
	slices.SortFunc(out, func(a, b SourceLine) int { return strings.Compare(a.Source, b.Source) })
	if err := errors.Join(s.knownGaps(), s.doubtLog(), s.tellInterrupted()); err != nil {
		return out, sum, err
	}
	sum.Gaps = s.Gaps()
	return out, sum, s.statusRest(ctx, &sum)
}

func (s *Site) statusRest(ctx context.Context, sum *StatusSummary) error {
	holds, err := s.Holds()
	if err != nil {
		return err
	}
	ledger, err := s.suppressions()
	if err != nil {
		return err
	}
	certs, err := audit.List(s.statePath("certificates"))
	if err != nil {
		return err
	}
	left, err := s.stillUnerased(ctx)
	if err != nil {
		return err
	}
	sum.Holds, sum.Erased, sum.Unerased = len(holds), len(ledger), len(left)
	for _, c := range certs {
		if c.Partial {
			sum.Reports++
		} else {
			sum.Certificates++
		}
	}
	sum.Bytes, err = s.Graph.DiskBytes()
	return err
}

// AuditLog opens the tamper-evident log.
func (s *Site) AuditLog() (*audit.Log, error) {
	return audit.Open(s.statePath("audit"), s.Graph.Sign, s.Graph.VerifySignature)
}

// OpenLog opens the tamper-evident log for reading, also while a run is on, and
// returns the entries that certificates and reports refer to.
func OpenLog(c *config.Config) (*audit.Log, []audit.Anchor, error) {
	key, err := c.KeyBytes()
	if err != nil {
		return nil, nil, err
	}
	verify, err := lineage.Evidence(c.State, key)
	if err != nil {
		return nil, nil, err
	}
	log, err := audit.Open(filepath.Join(c.State, "audit"), nil, verify)
	if err != nil {
		return nil, nil, err
	}
	anchors, err := anchorsIn(c.State)
	return log, anchors, err
}

// anchorsIn returns the entries of the log that the certificates and reports of a state
// folder refer to.
func anchorsIn(state string) ([]audit.Anchor, error) {
	items, err := audit.List(filepath.Join(state, "certificates"))
	if err != nil {
		return nil, err
	}
	var anchors []audit.Anchor
	for _, it := range items {
		if it.Anchor.Root != "" {
			anchors = append(anchors, it.Anchor)
		}
	}
	return anchors, nil
}

// doubtLog reads the whole log and tells as a gap that somebody changed it: what was done
// is then not proven any more. An append looks at the last entry only.
func (s *Site) doubtLog() error {
	log, err := s.AuditLog()
	if err == nil {
		var anchors []audit.Anchor
		if anchors, err = anchorsIn(s.Config.State); err != nil {
			return err
		}
		var rep audit.LogReport
		if rep, err = log.Verify(anchors...); err == nil && rep.OK {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("%s: %w", rep.Note, audit.ErrTampered)
		}
	}
	if !errors.Is(err, audit.ErrTampered) {
		return err
	}
	s.gap("state", "audit", "the log was changed by somebody: "+err.Error()+"; `sutra audit verify` says where")
	return nil
}

// note appends an event to the tamper-evident log, with who ran the program: counts and ids,
// never a value.
func (s *Site) note(ctx context.Context, event string, fields map[string]any) error {
	log, err := s.AuditLog()
	if err != nil {
		return err
	}
	_, err = log.Append(ctx, s.Now(), actor(), event, fields)
	return err
}
