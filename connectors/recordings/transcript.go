package recordings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// searched is how many names are looked at for the recording of a transcript.
const searched = 1000

// transcript makes the record of a text beside a recording. It names nobody but by its
// name, as the recording does.
func (s *source) transcript(o blob.Object, data []byte) *object {
	d := &object{collection: sidecarsName, fields: s.single, side: newSidecar(data)}
	if !utf8.Valid(d.side.data) || bytes.IndexByte(d.side.data, 0) >= 0 {
		d.gaps = append(d.gaps, connectors.Gap{Locator: "object", Reason: "the transcript is neither UTF-8 nor UTF-16 with its mark: its text is not searched"})
		d.side.data = nil
	}
	d.wholly(s, o, ParseName(o.Key), "text")
	return d
}

// placed returns d when its transcript stands beside a recording, else a gap: the recording
// may come later.
func (s *source) placed(ctx context.Context, o blob.Object, d *object) (*object, error) {
	key, _ := blob.Plain(o.Key)
	found, err := s.recorded(ctx, stemOf(key))
	if err != nil {
		return nil, fmt.Errorf("look for the recording of a transcript: %w", err)
	}
	if !found {
		return s.neither(true), nil
	}
	return d, nil
}

// recorded reports whether a recording has the stem.
func (s *source) recorded(ctx context.Context, stem string) (bool, error) {
	if _, ok := s.store.(blob.Lister); ok {
		return s.near(ctx, stem)
	}
	return s.named(ctx, stem)
}

// named looks for a recording by the names that it may have: a folder would be read as a
// whole to list some of it.
func (s *source) named(ctx context.Context, stem string) (bool, error) {
	for _, side := range []string{"", "-left", "-right", "_left", "_right", ".left", ".right", "-in", "-out"} {
		for ext := range audioTypes {
			for _, name := range []string{stem + side + ext, stem + side + strings.ToUpper(ext)} {
				switch _, err := s.store.Stat(ctx, name); {
				case err == nil && stemOf(name) == stem:
					return true, nil
				case err != nil && !errors.Is(err, connectors.ErrNotFound) && !errors.Is(err, syscall.ENAMETOOLONG): // nothing has such a name
					return false, err
				}
			}
		}
	}
	return false, ctx.Err()
}

// near looks for a recording among the names that begin as the transcript's does.
func (s *source) near(ctx context.Context, stem string) (bool, error) {
	for _, end := range []string{".", "-", "_"} { // the extension, and what tells a channel
		n := 0
		for x, err := range s.store.List(ctx, stem+end) {
			if err != nil && x.Key == "" {
				return false, err
			}
			if name, _ := blob.Plain(x.Key); kindOf(name) == audio && stemOf(name) == stem {
				return true, nil
			}
			if n++; n == searched {
				break
			}
		}
	}
	return false, nil
}
