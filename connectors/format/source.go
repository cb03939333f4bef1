package format

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"
	"sync"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// Route chooses the codec of one object. key is the object's key without a
// compression suffix (.gz, .zst). It returns a new codec each time. A nil codec
// without an error means that the object belongs to no collection; a
// [SkipError] says the same with a reason of its own. Both make the object a unit
// that brings one gap, never nothing. Any other error is the unit's.
type Route func(obj blob.Object, key string) (Codec, error)

// SkipError is the reason why an object is not read.
type SkipError struct{ Reason string }

// Error implements error.
func (e *SkipError) Error() string { return e.Reason }

// Guard is asked before an object is changed, and refuses with an error: an
// object that is part of something larger must not be rewritten alone.
type Guard func(ctx context.Context, store blob.Store, key string) error

// Source is a connectors.Source over a store whose objects are read by codecs.
// It is also an Eraser, a Fetcher (the objects that are one record, locator
// "object") and a Checker. It is safe for concurrent use.
type Source struct {
	store blob.Store
	conf  connectors.Config
	route Route
	guard Guard

	sweep sync.Mutex
	swept bool
}

// reasonNoCollection is the gap of an object that the route knows nothing about.
const reasonNoCollection = "no collection of the catalog matches this object"

// unreadable is the fingerprint of an entry that the listing showed but could
// not look at. No object has it.
const unreadable = "unreadable"

// Open returns the source over the store behind c.URL. Without a guard it is
// [TableFormat].
func Open(ctx context.Context, c connectors.Config, route Route, guard Guard) (*Source, error) {
	store, err := blob.Open(ctx, c.URL)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", c.Name, err)
	}
	return New(store, c, route, guard), nil
}

// New returns the source over a given store. Without a guard it is [TableFormat].
func New(store blob.Store, c connectors.Config, route Route, guard Guard) *Source {
	if guard == nil {
		guard = TableFormat
	}
	return &Source{store: store, conf: c, route: route, guard: guard}
}

// Close implements connectors.Source.
func (s *Source) Close() error { return blob.Close(s.store) }

// Region implements connectors.Located.
func (s *Source) Region(ctx context.Context) (string, error) {
	region, err := blob.Region(ctx, s.store)
	if err != nil {
		return "", fmt.Errorf("source %s: %w", s.conf.Name, err)
	}
	return region, nil
}

// Store returns the store below, for connectors that need more than records.
func (s *Source) Store() blob.Store { return s.store }

// Units implements connectors.Source: one unit an object version, in key order;
// versions that are not current have the name that [blob.Plain] explains.
// Litter of operating systems is left out. An entry that cannot be looked at is
// a unit whose Read fails.
func (s *Source) Units(ctx context.Context) iter.Seq2[connectors.Unit, error] {
	return s.listed(s.store.List(ctx, ""))
}

// listed makes units of a listing.
func (s *Source) listed(objects iter.Seq2[blob.Object, error]) iter.Seq2[connectors.Unit, error] {
	return func(yield func(connectors.Unit, error) bool) {
		for obj, err := range objects {
			if err != nil && obj.Key == "" {
				yield(connectors.Unit{}, fmt.Errorf("source %s: %w", s.conf.Name, err))
				return
			}
			if litter(obj) {
				continue
			}
			if err != nil {
				obj.Version = unreadable
			}
			if !yield(s.unit(obj), nil) {
				return
			}
		}
	}
}

// Find implements connectors.Finder.
func (s *Source) Find(ctx context.Context, key string) iter.Seq2[connectors.Unit, error] {
	return s.listed(blob.Find(ctx, s.store, key))
}

// Replicas implements connectors.Replicated.
func (s *Source) Replicas(ctx context.Context) ([]string, error) {
	return blob.Replicas(ctx, s.store)
}

// Vacant implements connectors.Vacancy.
func (s *Source) Vacant(ctx context.Context) (bool, error) { return blob.Vacant(ctx, s.store) }

// Place implements connectors.Vacancy.
func (s *Source) Place(ctx context.Context) (string, error) { return blob.Place(ctx, s.store) }

// Old implements connectors.Historian.
func (s *Source) Old(key string) bool { return blob.Old(s.store, key) }

func (s *Source) unit(o blob.Object) connectors.Unit {
	return connectors.Unit{Key: o.Key, Fingerprint: o.Version, Size: o.Size, Account: s.account(o.Key)}
}

func (s *Source) account(name string) string {
	key, _ := blob.Plain(name)
	return AccountOf(s.conf.Account, key)
}

// AccountOf applies an account rule to a key. Only folders count as segments:
// the last segment, the file's own name, is nobody's account. A key with fewer
// folders has none.
func AccountOf(r connectors.AccountRule, key string) string {
	if r.Constant != "" || r.Segment <= 0 {
		return r.Constant
	}
	parts := strings.Split(key, "/")
	if r.Segment >= len(parts) {
		return ""
	}
	return parts[r.Segment-1]
}

// litter reports what operating systems leave in folders, and the empty objects
// that some S3 tools write in place of a folder.
func litter(o blob.Object) bool {
	key, _ := blob.Plain(o.Key)
	switch path.Base(key) {
	case ".DS_Store", "Thumbs.db", "desktop.ini":
		return true
	}
	return strings.HasSuffix(key, "/") && o.Size == 0
}

// Read implements connectors.Source. It reads the version that u names
// (connectors.ErrChanged when the object has another one, or gets another one
// while it is read); a unit without a fingerprint is read as it stands.
func (s *Source) Read(ctx context.Context, u connectors.Unit) iter.Seq2[connectors.Batch, error] {
	return func(yield func(connectors.Batch, error) bool) {
		stopped := false
		err := s.read(ctx, u, handing(ctx, &stopped, func(b connectors.Batch) bool { return yield(b, nil) }))
		if err != nil && !stopped {
			yield(connectors.Batch{}, fmt.Errorf("reading an object: %w", err))
		}
	}
}

var errStopped = errors.New("the reader wants no more")

// handing gives batches to a reader until it wants no more, which it notes in stopped, or
// the context ends.
func handing(ctx context.Context, stopped *bool, yield func(connectors.Batch) bool) func(connectors.Batch) error {
	return func(b connectors.Batch) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !yield(b) {
			*stopped = true
			return errStopped
		}
		return nil
	}
}

// read decodes one unit from the beginning.
func (s *Source) read(ctx context.Context, u connectors.Unit, yield func(connectors.Batch) error) error {
	obj, err := s.stat(ctx, u)
	if err != nil {
		return err
	}
	codec, err := s.codec(obj)
	var skip *SkipError
	if errors.As(err, &skip) {
		return yield(connectors.Batch{Gaps: []connectors.Gap{{Reason: skip.Reason}}})
	}
	if err != nil {
		return err
	}
	x, err := s.openObject(ctx, obj)
	if err != nil {
		return err
	}
	collection := ""
	err = decode(ctx, codec, x.input(), func(b connectors.Batch) error {
		if b.Rows != nil {
			collection = b.Collection
		}
		for i := range b.Gaps {
			b.Gaps[i].Again = b.Gaps[i].Again || x.r.failed.Load()
		}
		return yield(b)
	})
	if gaps := x.comp.headerGap(x.raw()); err == nil && len(gaps) > 0 {
		err = yield(connectors.Batch{Collection: collection, Gaps: gaps})
	}
	if err := errors.Join(err, x.Close()); err != nil {
		return err
	}
	if err := s.readLabels(ctx, obj, collection, yield); err != nil {
		return err
	}
	now, err := s.store.Stat(ctx, obj.Key)
	if err != nil {
		return fmt.Errorf("looking at the object after reading it: %w", err)
	}
	if now.Version != obj.Version {
		return fmt.Errorf("the object changed while it was read: %w", connectors.ErrChanged)
	}
	return nil
}

// decode runs a codec and releases each batch when the consumer is done with it.
func decode(ctx context.Context, c Codec, in Input, yield func(connectors.Batch) error) error {
	return c.Decode(ctx, in, func(b connectors.Batch) error {
		if b.Rows != nil {
			defer b.Rows.Release()
		}
		return yield(b)
	})
}

// stat returns the object behind a unit, at the unit's version.
func (s *Source) stat(ctx context.Context, u connectors.Unit) (blob.Object, error) {
	obj, err := s.store.Stat(ctx, u.Key)
	if err != nil {
		return blob.Object{}, err
	}
	if u.Fingerprint != "" && u.Fingerprint != obj.Version {
		return blob.Object{}, fmt.Errorf("the object has another version: %w", connectors.ErrChanged)
	}
	return obj, nil
}

// codec routes an object; no codec is a SkipError. An old version is read as the
// current one is.
func (s *Source) codec(obj blob.Object) (Codec, error) {
	obj.Key, _ = blob.Plain(obj.Key)
	key, _ := stripSuffix(obj.Key)
	c, err := s.route(obj, key)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, &SkipError{Reason: reasonNoCollection}
	}
	return c, nil
}
