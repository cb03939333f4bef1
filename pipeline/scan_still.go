package pipeline

import (
	"context"
	"errors"

	"github.com/cratio/sutra/connectors"
)

// stillListed looks again for a unit that was listed and is not there to be read. One that
// is gone is no gap: the next scan sees that. One that is listed still is in the source,
// whatever the source says of it.
func (r *scan) stillListed(ctx context.Context, src *Source, u connectors.Unit) error {
	f, ok := src.Conn.(connectors.Finder)
	if !ok {
		return nil
	}
	for now, err := range f.Find(ctx, u.Key) {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, connectors.ErrNotFound):
			return nil
		case err != nil:
			r.unread(src.Name, u.Key, "it was there when the source was listed, and whether it is still there is not known: "+err.Error())
			return nil
		case now.Key == u.Key && now.Fingerprint == u.Fingerprint:
			r.unread(src.Name, u.Key, "it is listed, and when it is to be read the source says that there is none")
			return nil
		}
	}
	return nil
}
