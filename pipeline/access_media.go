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

// medium adds the bytes of a recording, unless others can be heard on it.
func (a *access) medium(ctx context.Context, src *Source, f *lineage.Found) error {
	fetcher, ok := src.Conn.(connectors.Fetcher)
	if !ok || src.Connector != "recordings" || f.Record.Collection != "calls" {
		return nil
	}
	shared, err := a.sharedCall(f)
	if err == nil && !shared {
		shared, err = a.heardStill(f)
	}
	if err != nil {
		return err
	}
	if shared {
		a.emit(NoteLine{Type: "note", Text: "a recording on which other people can be heard is listed but not included"})
		return nil
	}
	ref := connectors.Ref{Collection: f.Record.Collection, Unit: f.Unit.Unit.Key, Locator: f.Record.Locator}
	_, err = a.w.File(path.Join(src.Name, a.safe(path.Base(ref.Unit))), func(w io.Writer) error { return fetcher.Fetch(ctx, ref, w) })
	if err != nil && ctx.Err() == nil {
		a.gap(src.Name, ref.Unit, "the recording cannot be read: "+err.Error())
		return nil
	}
	a.sum.Files++
	return err
}

// sharedCall reports a recording, or a file beside one, that is somebody else's, too.
func (a *access) sharedCall(f *lineage.Found) (bool, error) {
	if a.hers == nil { // once: she may have thousands of recordings
		a.hers = make(map[lineage.RID]bool, len(a.person.Copies))
		for i := range a.person.Copies {
			a.hers[a.person.Copies[i].RID] = true
		}
	}
	return a.beside.sharedCall(&lineage.Person{}, a.person, f, a.hers, func(t lineage.Token) bool { return a.person.Tokens[t] != "" })
}

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
