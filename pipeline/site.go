package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/config"
	"github.com/cratio/sutra/pipeline/extract"
	"github.com/cratio/sutra/pipeline/policy"
)

// Source is a configured source, opened.
type Source struct {
	config.Source
	Conn connectors.Source
	Err  error // why it could not be opened; every job reports it as a gap
	mute error // why it did not say what it knows of its records: a scan does not read it

	catalog string // digest of the catalog
	learned string // digest of the dataset in force, see describe
	meaning string // the same with what else decides how records are read: another one reads units anew
}

// Site is everything a job works with.
type Site struct {
	Config  *config.Config
	Graph   *lineage.Graph
	Policy  policy.Policy
	Sources []*Source
	Now     func() time.Time
	Workers int
	Version string // of the program, for evidence
	// Progress is told how far jobs are; it is NoProgress until somebody sets it.
	Progress Progress

	out  Sink
	mu   sync.Mutex
	gaps int
	met  int              // as gaps, with those that were not repeated
	told map[GapLine]bool // when not nil: gaps that were reported and are not repeated

	replacedBy map[replacement][]string // what corrections replaced; nil: not read yet
	lost       unread                   // when not nil: the gaps so far, for a copy that is being made

	wholeUpTo int64 // see the constant; another in tests

	extractor *extract.Extractor
	accounts  accountBook
	kinds     kinds
	several   map[string][]string // columns that may mean the rows of several tables, and these
}

// Open opens the graph and the sources of a configuration. create makes the graph
// when there is none; without it the error is lineage.ErrNoState.
func Open(ctx context.Context, c *config.Config, all map[string]connectors.Kind, create bool, out Sink) (*Site, error) {
	key, err := c.KeyBytes()
	if err != nil {
		return nil, err
	}
	pol, err := policy.Load(c.Policy)
	if err != nil {
		return nil, err
	}
	if err := room(c.State); err != nil {
		return nil, err
	}
	openGraph := lineage.Open
	if create {
		openGraph = lineage.Create
	}
	g, err := openGraph(c.State, key, lineage.Options{})
	switch {
	case errors.Is(err, lineage.ErrNoState):
		return nil, fmt.Errorf("%w: no graph is in the state folder %s; sutra scan makes it", err, c.State)
	case errors.Is(err, lineage.ErrWrongKey):
		return nil, fmt.Errorf("%w in the state folder %s: it wants the one that it was made with", err, c.State)
	case err != nil:
		return nil, err
	}
	s := newSite(c, out)
	s.Graph, s.Policy = g, pol
	if err := s.openSources(ctx, all); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenSources opens the sources alone, for jobs that ask nothing of the graph: they
// need no state and take no lock.
func OpenSources(ctx context.Context, c *config.Config, all map[string]connectors.Kind, out Sink) (*Site, error) {
	s := newSite(c, out)
	if err := s.openSources(ctx, all); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func newSite(c *config.Config, out Sink) *Site {
	return &Site{Config: c, Now: time.Now, Workers: 2, Progress: NoProgress{}, out: out, wholeUpTo: wholeUpTo}
}

// openSources opens what the configuration names. A source that cannot be opened
// says so in its Err.
func (s *Site) openSources(ctx context.Context, all map[string]connectors.Kind) error {
	for _, sc := range s.Config.Sources {
		src := &Source{Source: sc}
		var err error
		if src.catalog, err = catalogDigest(sc.Dataset); err != nil {
			return err
		}
		src.learned = src.catalog
		if err := s.recall(src); err != nil {
			return err
		}
		sc.Dataset = src.Dataset
		src.Conn, src.Err = all[sc.Connector].Open(ctx, connectors.Config{
			Name: sc.Name, URL: sc.URL, Dataset: sc.Dataset, Account: sc.Account, Workers: s.Workers,
		})
		s.Sources = append(s.Sources, src)
	}
	if err := s.recallSeveral(); err != nil {
		return err
	}
	return s.learn()
}

// learn takes over what the datasets say of identifier kinds and of accounts.
func (s *Site) learn() error {
	s.kinds = newKinds(s.Sources)
	s.extractor = &extract.Extractor{Hash: s.Graph, Dates: parseDate, Alias: s.kinds.alias, Bare: s.kinds.bare, Bridges: s.kinds.bridge, Unique: s.kinds.unique, Persons: s.kinds.persons, Folding: s.kinds.fold, Parts: s.kinds.parts, Medium: s.kinds.medium, Places: places(s.Sources)}
	err := s.openAccounts()
	for _, src := range s.Sources {
		src.meaning = src.learned + s.referMeaning(src) + s.placeMeaning(src)
	}
	s.learnSeveral()
	if how := s.accountMeaning(); how != "" {
		s.extractor.Account = s.accountNamed
		for _, src := range s.Sources {
			src.meaning += how
		}
	}
	return err
}

// extraction is raised when the extraction finds other things than before, so that units
// which were read by an older program are read again.
const extraction = "19"

func catalogDigest(d connectors.Dataset) (string, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("digest the catalog of %s: %w", d.Key, err)
	}
	sum := sha256.Sum256(append(data, extraction...))
	return hex.EncodeToString(sum[:8]), nil
}

// Close releases everything.
func (s *Site) Close() error {
	var errs []error
	for _, src := range s.Sources {
		if src.Conn != nil {
			errs = append(errs, src.Conn.Close())
		}
	}
	if s.Graph != nil {
		errs = append(errs, s.Graph.Close())
	}
	return errors.Join(errs...)
}

// Gaps returns how many gaps were reported so far.
func (s *Site) Gaps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gaps
}

func (s *Site) emit(line any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g, ok := line.(GapLine); ok {
		g.Type = "gap"
		g.Unit = extract.Hide(g.Unit)
		s.met++
		if s.told[g] {
			return
		}
		if s.told != nil {
			s.told[g] = true
		}
		s.gaps++
		if s.lost != nil {
			s.lost.add(g)
		}
		line = g
	}
	s.out(line)
}

func (s *Site) gap(source, unit, reason string) {
	s.emit(GapLine{Source: source, Unit: unit, Reason: reason})
}

// source returns an opened source by name.
func (s *Site) source(name string) (*Source, error) {
	for _, src := range s.Sources {
		if src.Name == name {
			if src.Err != nil {
				return nil, fmt.Errorf("source %s: %w", name, src.Err)
			}
			return src, nil
		}
	}
	return nil, fmt.Errorf("source %s is not in the configuration any more", name)
}

// collection returns the catalog's description of a sighting's records.
func (s *Site) collection(f *lineage.Found) connectors.Collection {
	for _, src := range s.Sources {
		if src.Name == f.Unit.Source {
			if c, ok := src.Dataset.Collection(f.Record.Collection); ok {
				return c
			}
		}
	}
	return connectors.Collection{Name: f.Record.Collection}
}

// statePath returns a path in the state folder.
func (s *Site) statePath(parts ...string) string {
	return filepath.Join(append([]string{s.Config.State}, parts...)...)
}
