package format

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// sampled is how many objects Check looks at.
const sampled = 10_000

// Fetch implements connectors.Fetcher: the stored bytes of an object that is one
// record (locator "object"). An object that holds several records may hold
// several people, so it is never handed out whole; its records are read, and only
// the media that one of them brings are handed out ([MediaReader]).
func (s *Source) Fetch(ctx context.Context, r connectors.Ref, w io.Writer) error {
	if r.Locator != "object" {
		if err := s.media(ctx, r, w); err != nil {
			return fmt.Errorf("fetching what a record brings: %w", err)
		}
		return nil
	}
	rd, err := s.store.Open(ctx, r.Unit, "")
	if err != nil {
		return fmt.Errorf("fetching a record: %w", err)
	}
	_, err = io.Copy(w, &contextReader{ctx, io.NewSectionReader(rd, 0, rd.Size())})
	if err := errors.Join(err, rd.Close()); err != nil {
		return fmt.Errorf("fetching a record: %w", err)
	}
	return nil
}

// Check implements connectors.Checker: it lists the first objects, routes them,
// and asks the store what can be changed there.
func (s *Source) Check(ctx context.Context) ([]connectors.Finding, error) {
	var objects, strange, broken int
	for obj, err := range s.store.List(ctx, "") {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("source %s: checking: %w", s.conf.Name, err)
		}
		if err != nil && obj.Key == "" {
			return []connectors.Finding{{What: "reachable", Note: err.Error(), Fatal: true}}, nil
		}
		if litter(obj) {
			continue
		}
		if objects++; objects > sampled {
			objects--
			break
		}
		var skip *SkipError
		if err != nil {
			broken++
		} else if _, err := s.codec(obj); errors.As(err, &skip) {
			strange++
		} else if err != nil {
			broken++
		}
	}
	out := []connectors.Finding{
		{What: "reachable", OK: true, Note: fmt.Sprintf("%d objects looked at", objects)},
		{What: "catalog", OK: strange == 0, Note: fmt.Sprintf("%d objects that no collection reads", strange)},
		{What: "objects", OK: broken == 0, Note: fmt.Sprintf("%d objects that cannot be read", broken)},
	}
	more, err := blob.Examine(ctx, s.store)
	if err != nil {
		return nil, fmt.Errorf("source %s: checking: %w", s.conf.Name, err)
	}
	return append(out, more...), nil
}

var (
	_ connectors.Source  = (*Source)(nil)
	_ connectors.Located = (*Source)(nil)
	_ connectors.Finder  = (*Source)(nil)
	_ connectors.Eraser  = (*Source)(nil)
	_ connectors.Fetcher = (*Source)(nil)
	_ connectors.Checker = (*Source)(nil)
)
