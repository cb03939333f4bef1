package crm

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
)

// source is one database.
type source struct {
	d       dialect
	dataset connectors.Dataset
	name    string
	account string
	readers int // how many units are read at the same time, as far as it is known
	mem     memory.Allocator
	pace    *pace
	region  string // where the server stands, as far as it is known

	mu     sync.Mutex
	untidy error             // what removing leftovers met
	listed map[string]string // fingerprints of the units of the last listing that were not read yet
	rows   map[string]int64  // how many rows the last listing counted, by unit

	expected map[string]*expected // what the caller holds, by collection; nil when it did not say
	sharing  map[string]string    // why rows of a collection are told from each other by no key, as far as it was asked
	silent   map[string]string    // why the rows of a collection could not be listed
	mixed    map[string][]mixed   // what leads to nobody, by collection, as Describe found it: it sets this with the dataset
	deltas   deltas
}

var (
	_ connectors.Describer   = (*source)(nil)
	_ connectors.Mixer       = (*source)(nil)
	_ connectors.Foreseer    = (*source)(nil)
	_ connectors.Picker      = (*source)(nil)
	_ connectors.Eraser      = (*source)(nil)
	_ connectors.BatchEraser = (*source)(nil)
	_ connectors.Checker     = (*source)(nil)
	_ connectors.Located     = (*source)(nil)
	_ connectors.Retainer    = (*source)(nil)
)

// digesting is a source whose fingerprints say little: see [connectors.Digester].
type digesting struct{ *source }

var _ connectors.Digester = digesting{}

// Digest implements [connectors.Digester].
func (s digesting) Digest(ctx context.Context, u connectors.Unit) (string, error) {
	return s.digest(ctx, u)
}

func newSource(d dialect, c connectors.Config) *source {
	return &source{d: d, dataset: c.Dataset, name: c.Name, account: c.Account.Constant, readers: c.Workers, mem: memory.NewGoAllocator()}
}

// tidier is a dialect that removes what changes left behind once for many of them.
type tidier interface {
	tidy(ctx context.Context) error
}

// tidy removes what the changes so far left behind. An error is kept for Close: it
// says nothing against the job at hand.
func (s *source) tidy(ctx context.Context) {
	t, ok := s.d.(tidier)
	if !ok {
		return
	}
	err := t.tidy(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.untidy = errors.Join(s.untidy, err)
}

// Close closes the connections.
func (s *source) Close() error {
	s.tidy(context.Background())
	s.deltas.forget()
	return errors.Join(s.untidy, s.d.close())
}

// Region implements [connectors.Located]: what the server's name or the url says, ""
// when neither does.
func (s *source) Region(context.Context) (string, error) { return s.region, nil }

// reading runs fn inside one read transaction over the database as it stands.
func (s *source) reading(ctx context.Context, fn func(ss *session, sc *schema) error) error {
	return s.during(ctx, forNow, fn)
}

// during runs fn inside one read transaction.
func (s *source) during(ctx context.Context, why purpose, fn func(ss *session, sc *schema) error) (err error) {
	ss, err := s.d.read(ctx, why)
	if err != nil {
		return fmt.Errorf("opening source %s: %w", s.name, err)
	}
	defer func() { err = errors.Join(err, ss.end(ctx)) }()
	sc, err := s.d.schema(ctx, ss)
	if err != nil {
		return fmt.Errorf("reading the tables of source %s: %w", s.name, err)
	}
	return fn(ss, sc)
}

// closedError is about a table that is there and may not be read.
type closedError struct{ error }

// Is makes it one of the port's errors without repeating it.
func (closedError) Is(target error) bool { return target == connectors.ErrClosed }

// layout finds the collection and its table.
func (s *source) layout(sc *schema, collection string) (*layout, error) {
	c, ok := s.dataset.Collection(collection)
	if why := s.unlisted(sc, collection); why != "" && !ok {
		return nil, closedError{errors.New(why)}
	}
	if !ok {
		return nil, fmt.Errorf("collection %q is not in the catalog of source %s", collection, s.name)
	}
	l := layoutOf(s.d, s.dataset, s.name, sc, c)
	if l.reason != "" {
		err := fmt.Errorf("collection %q cannot be read: %s", collection, l.reason)
		if l.table != nil || sc.closed(collection) != nil {
			err = closedError{err}
		}
		return nil, err
	}
	return l, nil
}

// Units lists the ranges of all collections that hold rows. A collection that
// cannot be read is listed as "name[,)", whose Read says why.
func (s *source) Units(ctx context.Context) iter.Seq2[connectors.Unit, error] {
	return func(yield func(connectors.Unit, error) bool) {
		found, err := s.units(ctx)
		if err != nil {
			yield(connectors.Unit{}, err)
			return
		}
		s.remember(found)
		for _, u := range s.deltas.spread(found.units, s.readers) {
			if !yield(u, nil) {
				return
			}
		}
	}
}

// remember notes which units may be read in the state of this listing.
func (s *source) remember(found *listing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed, s.rows = make(map[string]string, len(found.units)), found.rows
	for _, u := range found.units {
		s.listed[u.Key] = u.Fingerprint
	}
	s.deltas.set(found)
}

// why chooses the state of the database to read a unit in: that of its listing the
// first time, so that all units of a scan fit together; the present one afterwards.
func (s *source) why(u connectors.Unit) purpose {
	why := s.whyDiff(u)
	s.mu.Lock()
	defer s.mu.Unlock()
	if why == forUnit {
		delete(s.listed, u.Key)
	}
	return why
}

// whyDiff is why for a reader that may be followed by one that reads the unit whole.
func (s *source) whyDiff(u connectors.Unit) purpose {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fp, ok := s.listed[u.Key]; !ok || fp != u.Fingerprint {
		return forNow
	}
	return forUnit
}

// counted returns how many rows a listed unit has in the state that a transaction
// shares with the listing; 0 when it does not or they were not counted.
func (s *source) counted(ss *session, u connectors.Unit) int64 {
	if ss.state == "" || s.whyDiff(u) != forUnit {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[u.Key]
}

// listing is what one look at all tables found.
type listing struct {
	units []connectors.Unit
	rows  map[string]int64 // by unit
	seen  map[string]seen  // where marks are to be had, by unit
	told  []*delta         // in the order of the units
}

// units collects the list first, so that no lock is held while it is used.
func (s *source) units(ctx context.Context) (out *listing, err error) {
	out = &listing{rows: map[string]int64{}, seen: map[string]seen{}}
	s.tidy(ctx)
	s.mu.Lock()
	told := s.expected
	s.expected = nil // it holds for one listing
	s.sharing, s.silent = nil, map[string]string{}
	s.mu.Unlock()
	err = s.during(ctx, forListing, func(ss *session, sc *schema) error {
		stamp, err := s.d.stamp(ctx, ss)
		if err != nil {
			return fmt.Errorf("taking the stamp of source %s: %w", s.name, err)
		}
		for _, c := range s.dataset.Collections {
			l := layoutOf(s.d, s.dataset, s.name, sc, c)
			var of *listing
			err := ss.attempt(ctx, func() (err error) {
				of, err = s.unitsOf(ctx, ss, sc, l, stamp, told)
				return err
			})
			if err != nil && !answers(ctx, ss, err) {
				return fmt.Errorf("listing the units of %q: %w", c.Name, err)
			}
			if err != nil { // the others are listed without it
				s.mu.Lock()
				s.silent[c.Name] = err.Error()
				s.mu.Unlock()
				of = &listing{units: []connectors.Unit{s.unit(l, piece{}, stamp)}}
			}
			out.add(of)
			more, err := s.beyond(ctx, ss, sc, l)
			if err != nil {
				return fmt.Errorf("listing what %q has beyond its rows: %w", c.Name, err)
			}
			for _, name := range more {
				other := *l
				other.coll.Name = name
				u := s.unit(&other, piece{}, stamp)
				if !slices.ContainsFunc(out.units, func(x connectors.Unit) bool { return x.Key == u.Key }) {
					out.units = append(out.units, u)
				}
			}
		}
		return nil
	})
	return out, err
}

// unitsOf lists the units of one collection.
func (s *source) unitsOf(ctx context.Context, ss *session, sc *schema, l *layout, stamp string, told map[string]*expected) (*listing, error) {
	out := &listing{rows: map[string]int64{}, seen: map[string]seen{}}
	if l.reason != "" {
		out.units = append(out.units, s.unit(l, piece{}, stamp))
		return out, nil
	}
	parts, err := s.pieces(ctx, ss, l, told)
	if err != nil {
		return nil, err
	}
	notes := s.openNotes(sc, l)
	for _, p := range parts {
		u := s.unit(l, p, stamp)
		u.Fingerprint = cmp.Or(p.fingerprint, u.Fingerprint)
		if out.units = append(out.units, u); p.rows > 0 {
			out.rows[u.Key] = p.rows
		}
		if err := s.foresee(ctx, ss, l, u, p, notes, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// add takes in what was found of one more collection.
func (x *listing) add(of *listing) {
	x.units = append(x.units, of.units...)
	maps.Copy(x.rows, of.rows)
	maps.Copy(x.seen, of.seen)
	x.told = append(x.told, of.told...)
}

// answers reports that an error of a server is about the tables at hand alone: it goes on
// answering.
func answers(ctx context.Context, ss *session, err error) bool {
	var se *serverError
	if ctx.Err() != nil || !errors.As(err, &se) {
		return false
	}
	_, err = ss.one(ctx, "SELECT 1")
	return err == nil
}

func (s *source) unit(l *layout, p piece, stamp string) connectors.Unit {
	key := unitKey(l.coll.Name, p.span)
	sum := sha256.Sum256([]byte(stamp + "\x00" + p.evidence + "\x00" + key + "\x00" + l.meaning()))
	return connectors.Unit{Key: key, Fingerprint: hex.EncodeToString(sum[:16]), Account: s.account}
}

// rangeQuery reads the rows of a span in a stable order.
func (s *source) rangeQuery(ctx context.Context, ss *session, l *layout, sp span) (string, []any, error) {
	where, args, err := s.d.within(ctx, ss, l, sp)
	return "SELECT " + l.selection(s.d) + " FROM " + l.table.from + " WHERE " + where + " ORDER BY " + list(l.table.ident(s.d, "")), args, err
}
