package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
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
	return a.beside.sharedCall(&lineage.Person{}, a.person, f, a.ownRecords(), a.asked)
}

// namedForOther reports a recording with the number of somebody else in its name.
func (a *access) namedForOther(f *lineage.Found) (bool, error) {
	return a.beside.namedForOther(f, a.person.Account, a.ownRecords(), a.asked)
}

func (a *access) asked(t lineage.Token) bool { return a.person.Tokens[t] != "" }

func (a *access) ownRecords() map[lineage.RID]bool {
	if a.hers == nil { // once: she may have thousands of recordings
		a.hers = make(map[lineage.RID]bool, len(a.person.Copies))
		for i := range a.person.Copies {
			a.hers[a.person.Copies[i].RID] = true
		}
	}
	return a.hers
}

// attachment adds the file that a message of hers brings. One that is not hers
// alone, or is not there, is listed with the message only.
func (a *access) attachment(ctx context.Context, src *Source, f *lineage.Found, name string) error {
	fetcher, ok := src.Conn.(connectors.Fetcher)
	if !ok || !strings.EqualFold(path.Ext(f.Unit.Unit.Key), ".zip") {
		return nil
	}
	ref := connectors.Ref{Collection: f.Record.Collection, Unit: f.Unit.Unit.Key, Locator: f.Record.Locator + "/" + name}
	read := func(w io.Writer) error { return fetcher.Fetch(ctx, ref, w) }
	if format.Textual(name) {
		read = func(w io.Writer) error { return a.masked(ctx, fetcher, ref, w) }
	}
	_, err := a.w.File(path.Join(src.Name, a.safe(path.Base(ref.Unit)), a.safe(name)), read)
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

// masked writes a text that a message of hers brings, a contact card or a note, as her
// messages are shown: without the numbers and addresses of others.
func (a *access) masked(ctx context.Context, fetcher connectors.Fetcher, ref connectors.Ref, w io.Writer) error {
	var text bounded
	if err := fetcher.Fetch(ctx, ref, &text); err != nil {
		return err
	}
	words, err := narrow(text.String())
	if err != nil {
		return err
	}
	shown, _ := a.masker.Value(connectors.Field{Name: "text"}, strings.ToValidUTF8(words, "\uFFFD"))
	_, err = io.WriteString(w, shown)
	return err
}

// narrow returns a text that may be UTF-16 as UTF-8.
func narrow(text string) (string, error) {
	order := utf16.OrderOf([]byte(text[:min(len(text), 2)]))
	if order == nil {
		return text, nil
	}
	data, err := io.ReadAll(utf16.NewReader(strings.NewReader(text), order))
	return string(data), err
}

// bounded takes in a text that is small enough to be masked.
type bounded struct{ strings.Builder }

// Write implements [io.Writer].
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > format.MaxText {
		return 0, fmt.Errorf("a text of more than %d MiB is not masked: %w", format.MaxText>>20, connectors.ErrNotFound)
	}
	return b.Builder.Write(p)
}
