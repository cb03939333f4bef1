package pipeline

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// attachment adds the file that a message of hers brings. One that is not hers
// alone, or is not there, is listed with the message only.
func (a *access) attachment(ctx context.Context, src *Source, f *lineage.Found, name string) error {
	fetcher, ok := src.Conn.(connectors.Fetcher)
	if !ok || !strings.EqualFold(path.Ext(f.Unit.Unit.Key), ".zip") {
		return nil
	}
	ref := connectors.Ref{Collection: f.Record.Collection, Unit: f.Unit.Unit.Key, Locator: f.Record.Locator + "/" + name}
	_, err := a.w.File(path.Join(src.Name, a.safe(path.Base(ref.Unit)), a.safe(name)), func(w io.Writer) error { return fetcher.Fetch(ctx, ref, w) })
	switch {
	case err == nil:
		a.sum.Files++
	case ctx.Err() != nil:
		return err
	case errors.Is(err, connectors.ErrNotFound):
		a.emit(NoteLine{Type: "note", Text: "an attachment of a chat that is not in its archive, or not hers alone, is listed but not included"})
	default:
		a.gap(src.Name, ref.Unit, "an attachment cannot be read: "+err.Error())
	}
	return nil
}
