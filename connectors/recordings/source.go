package recordings

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

//go:embed catalog.yaml
var catalog []byte

// Kind returns the connector for the list of package all. It brings its own
// catalog.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "recordings", Catalog: catalog, Open: open}
}

func open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	store, err := blob.Open(ctx, c.URL)
	if err != nil {
		return nil, fmt.Errorf("open recordings: %w", err)
	}
	return newSource(store, c, memory.DefaultAllocator), nil
}

// source is a folder of recordings. It holds nothing between calls.
type source struct {
	store   blob.Store
	account connectors.AccountRule
	mem     memory.Allocator
	calls   []connectors.Field
	parties []connectors.Field // of a call whose name tells several numbers
	single  []connectors.Field // of a sidecar of one call
	sided   []connectors.Field // of a sidecar whose name tells several numbers
	several []connectors.Field // of a sidecar of a conference, or of somebody whom the name does not tell

	sweep    sync.Mutex
	sweeping bool // a sweep was made

	beside  sync.Mutex
	folders map[string][]string // of recordings, beside folders of sidecars
}

var (
	_ connectors.Source     = (*source)(nil)
	_ connectors.Located    = (*source)(nil)
	_ connectors.Finder     = (*source)(nil)
	_ connectors.Eraser     = (*source)(nil)
	_ connectors.BulkEraser = (*source)(nil)
	_ connectors.Fetcher    = (*source)(nil)
	_ connectors.Checker    = (*source)(nil)
)

func newSource(store blob.Store, c connectors.Config, mem memory.Allocator) *source {
	name := c.Dataset.Key
	if name == "" {
		name = c.Name
	}
	return &source{
		store: store, account: c.Account, mem: mem,
		calls: callFields(name), parties: partyFields(name), single: sidecarFields(name, false), sided: sidedFields(name), several: sidecarFields(name, true),
	}
}

// kind is what an object is by its name.
type kind uint8

const (
	other kind = iota
	audio
	sidecarFile
	transcriptFile
	litter
)

var audioTypes = map[string]bool{
	".m4a": true, ".mp3": true, ".wav": true, ".amr": true, ".ogg": true, ".oga": true, ".opus": true,
	".aac": true, ".3gp": true, ".flac": true, ".webm": true, ".mp4": true, ".gsm": true,
}

var transcriptTypes = map[string]bool{".txt": true, ".vtt": true, ".srt": true}

func kindOf(name string) kind {
	key, _ := blob.Plain(name)
	ext := strings.ToLower(path.Ext(key))
	switch {
	case audioTypes[ext]:
		return audio
	case ext == ".json":
		return sidecarFile
	case transcriptTypes[ext]:
		return transcriptFile
	}
	switch path.Base(key) {
	case ".DS_Store", "Thumbs.db", "desktop.ini":
		return litter
	}
	return other
}

// folderLike reports a name that some S3 tools give to an empty object in place of a
// folder.
func folderLike(name string) bool {
	key, _ := blob.Plain(name)
	return strings.HasSuffix(key, "/")
}

// Units lists the objects. An entry that is there and cannot be looked at is a
// unit too, which then fails to read.
func (s *source) Units(ctx context.Context) iter.Seq2[connectors.Unit, error] {
	return s.listed(s.store.List(ctx, ""))
}

// Find implements connectors.Finder.
func (s *source) Find(ctx context.Context, key string) iter.Seq2[connectors.Unit, error] {
	return s.listed(blob.Find(ctx, s.store, key))
}

// listed makes units of a listing.
func (s *source) listed(objects iter.Seq2[blob.Object, error]) iter.Seq2[connectors.Unit, error] {
	return func(yield func(connectors.Unit, error) bool) {
		for o, err := range objects {
			if err != nil && o.Key == "" {
				yield(connectors.Unit{}, fmt.Errorf("list recordings: %w", err))
				return
			}
			if kindOf(o.Key) == litter || err == nil && o.Size == 0 && folderLike(o.Key) {
				continue
			}
			if err != nil {
				o.Version = "unreadable"
			}
			if !yield(s.unit(o), nil) {
				return
			}
		}
	}
}

func (s *source) unit(o blob.Object) connectors.Unit {
	u := connectors.Unit{Key: o.Key, Fingerprint: o.Version, Size: o.Size, Account: s.account.Constant}
	if n := s.account.Segment; n > 0 && u.Account == "" {
		key, _ := blob.Plain(o.Key)
		if parts := strings.Split(key, "/"); n < len(parts) { // the last is the file's name
			u.Account = parts[n-1]
		}
	}
	return u
}

// stat returns the object of a unit; ErrChanged when it has another version.
func (s *source) stat(ctx context.Context, u connectors.Unit) (blob.Object, error) {
	o, err := s.store.Stat(ctx, u.Key)
	if err != nil {
		return o, fmt.Errorf("look at a recording: %w", err)
	}
	if u.Fingerprint != "" && o.Version != u.Fingerprint {
		return o, fmt.Errorf("look at a recording: %w", connectors.ErrChanged)
	}
	return o, nil
}

// known returns the object of a unit, to be read: without a look at it when the
// listing has just shown it and its name tells all that the record says: when it was
// made, and whose it is.
func (s *source) known(ctx context.Context, u connectors.Unit) (blob.Object, error) {
	l, ok := s.store.(blob.Lister)
	if ok && ctx.Err() == nil && kindOf(u.Key) == audio {
		key, _ := blob.Plain(u.Key)
		n := ParseName(key)
		if o, ok := l.Listed(u.Key, u.Fingerprint); ok && !n.At.IsZero() && n.says() {
			return o, nil
		}
	}
	return s.stat(ctx, u)
}

// Read yields the records of one object in one batch.
func (s *source) Read(ctx context.Context, u connectors.Unit) iter.Seq2[connectors.Batch, error] {
	return func(yield func(connectors.Batch, error) bool) {
		o, err := s.known(ctx, u)
		if err != nil {
			yield(connectors.Batch{}, err)
			return
		}
		d, err := s.load(ctx, o)
		if err == nil {
			err = s.labelled(ctx, o, d)
		}
		switch kind := kindOf(o.Key); {
		case err == nil && kind == sidecarFile:
			err = s.joined(ctx, o, d)
		case err == nil && kind == audio:
			err = s.dated(ctx, o, d)
		}
		if err == nil && kindOf(o.Key) == transcriptFile {
			d, err = s.placed(ctx, o, d)
		}
		if err != nil {
			yield(connectors.Batch{}, err)
			return
		}
		b := connectors.NewBuilder(s.mem, d.collection, d.fields)
		defer b.Release()
		for i := range d.records {
			emit(b, d.fields, &d.records[i])
			if b.Full() && !hand(b.Flush(), yield) {
				return
			}
		}
		last := connectors.Batch{Collection: d.collection}
		if b.Len() > 0 {
			last = b.Flush()
		}
		last.Gaps, last.Again = d.gaps, d.again
		if last.Rows != nil || len(last.Gaps) > 0 {
			hand(last, yield)
		}
	}
}

// hand yields a batch and releases it.
func hand(b connectors.Batch, yield func(connectors.Batch, error) bool) bool {
	if b.Rows != nil {
		defer b.Rows.Release()
	}
	return yield(b, nil)
}

func emit(b *connectors.Builder, fields []connectors.Field, r *record) {
	b.Row(r.locator)
	for i, f := range fields {
		if c, ok := r.cells[f.Name]; ok {
			b.Set(i, c.value)
		}
	}
}

// Fetch streams the bytes of an object.
func (s *source) Fetch(ctx context.Context, ref connectors.Ref, w io.Writer) (err error) {
	r, err := s.store.Open(ctx, ref.Unit, "")
	if err != nil {
		return fmt.Errorf("fetch a recording: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if _, err = io.Copy(w, contextReader{ctx, io.NewSectionReader(r, 0, r.Size())}); err != nil {
		return fmt.Errorf("fetch a recording: %w", err)
	}
	return nil
}

// contextReader ends when its context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Check reports whether the folder can be reached, and what the store says.
func (s *source) Check(ctx context.Context) ([]connectors.Finding, error) {
	f := connectors.Finding{What: "reachable", OK: true, Note: "the folder is empty"}
	for o, err := range s.store.List(ctx, "") {
		if err != nil && o.Key == "" {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			f = connectors.Finding{What: "reachable", Note: err.Error(), Fatal: true}
			break
		}
		f.Note = "there are objects"
		break
	}
	out := []connectors.Finding{f}
	more, err := blob.Examine(ctx, s.store)
	if err != nil {
		return nil, fmt.Errorf("check recordings: %w", err)
	}
	return append(out, more...), nil
}

// Region implements connectors.Located.
func (s *source) Region(ctx context.Context) (string, error) {
	region, err := blob.Region(ctx, s.store)
	if err != nil {
		return "", fmt.Errorf("recordings: %w", err)
	}
	return region, nil
}

// Replicas implements connectors.Replicated.
func (s *source) Replicas(ctx context.Context) ([]string, error) {
	return blob.Replicas(ctx, s.store)
}

// Vacant implements connectors.Vacancy.
func (s *source) Vacant(ctx context.Context) (bool, error) { return blob.Vacant(ctx, s.store) }

// Place implements connectors.Vacancy.
func (s *source) Place(ctx context.Context) (string, error) { return blob.Place(ctx, s.store) }

// Old implements connectors.Historian.
func (s *source) Old(key string) bool { return blob.Old(s.store, key) }

// Close gives back what the store holds.
func (s *source) Close() error { return blob.Close(s.store) }
