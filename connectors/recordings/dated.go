package recordings

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// dated gives a recording without a date in its name that of the sidecar of its name, where
// that is earlier: the file is younger than the call if it was copied. A sidecar that went
// before its recording would leave it to nobody, and so to no question about its person.
func (s *source) dated(ctx context.Context, o blob.Object, d *object) error {
	key, _ := blob.Plain(o.Key)
	if n := ParseName(key); !n.At.IsZero() {
		return nil
	}
	side, err := s.sidecarOf(ctx, key)
	if err != nil || side == nil {
		d.again = err == nil && time.Since(o.Modified) < aDay // it may come after the recording
		return err
	}
	beside, err := s.load(ctx, *side)
	if errors.Is(err, connectors.ErrNotFound) || errors.Is(err, connectors.ErrChanged) {
		return nil // the next scan reads it anew
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil { // the sidecar's own unit says why
		d.gaps = append(d.gaps, connectors.Gap{Locator: "object", Reason: "its sidecar, which may say that the call is older than the file, cannot be read", Again: true})
		return nil
	}
	for i := range d.records {
		r := &d.records[i]
		at, ok := since(beside)
		if now, err := time.Parse(time.RFC3339, r.cells["recorded_at"].value); ok && err == nil && at.Before(now) {
			r.put("recorded_at", at.Format(time.RFC3339))
		}
	}
	return nil
}

// oldest is the first year of a call: a stamp before it is a mistake.
const oldest = 2000

// since is when the call of a sidecar was.
func since(d *object) (time.Time, bool) {
	if len(d.records) == 0 {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, d.records[0].cells["recorded_at"].value)
	return at, err == nil && at.Year() >= oldest
}

// sidecarOf is the sidecar of the name of a recording, nil when there is none.
func (s *source) sidecarOf(ctx context.Context, key string) (*blob.Object, error) {
	stem := stemOf(key)
	if _, ok := s.store.(blob.Lister); ok {
		for _, begin := range []string{stem, stem + "_"} { // behind 1.mp3 stand 10.mp3 and 11.mp3, and then 1_metadata.json
			o, all, err := s.sidecarAmong(ctx, begin, stem)
			if o != nil || all || err != nil {
				return o, err
			}
		}
		return nil, ctx.Err()
	}
	for _, name := range []string{stem + ".json", key + ".json", stem + ".meta.json", stem + "_metadata.json"} {
		x, err := s.store.Stat(ctx, name)
		if err == nil {
			return &x, nil
		}
		if !errors.Is(err, connectors.ErrNotFound) && !errors.Is(err, syscall.ENAMETOOLONG) {
			return nil, fmt.Errorf("look for the sidecar of a recording: %w", err)
		}
	}
	return nil, nil
}

// sidecarAmong looks for the sidecar of a stem among the names that begin in some way; all
// says that it looked at each of them.
func (s *source) sidecarAmong(ctx context.Context, begin, stem string) (o *blob.Object, all bool, err error) {
	n := 0
	for x, err := range s.store.List(ctx, begin) {
		if err != nil && x.Key == "" {
			return nil, false, fmt.Errorf("look for the sidecar of a recording: %w", err)
		}
		if plain, _ := blob.Plain(x.Key); err == nil && plain == x.Key && kindOf(plain) == sidecarFile && stemOf(plain) == stem {
			return &x, true, nil
		}
		if n++; n == searched {
			return nil, false, nil
		}
	}
	return nil, true, ctx.Err()
}
