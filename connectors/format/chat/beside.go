package chat

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
)

// sidefile is a file of the archive that is a record of its own: a text, or one whose name
// holds a number or an address. Its locator is "file N", counted among these from 1. Whoever
// stands in it is mentioned there, as in a message of somebody else.
type sidefile struct {
	*zip.File
	locator string
	words   bool
	order   utf16.Order // of its text; nil for UTF-8
}

// beside lists the files of an archive that are records.
func beside(z *zip.Reader, chat *zip.File) (list []sidefile) {
	for _, f := range z.File {
		if f == chat || strings.HasPrefix(f.Name, "__MACOSX/") || f.FileInfo().IsDir() {
			continue
		}
		text := format.Textual(f.Name)
		if text || connectors.Names(path.Base(f.Name)) {
			list = append(list, sidefile{File: f, locator: "file " + strconv.Itoa(len(list)+1), words: text})
		}
	}
	return list
}

// read returns the text of the file, or why it is not read.
func (a *sidefile) read() (text, reason string, err error) {
	switch {
	case !a.words:
		return "", "", nil
	case a.Flags&1 != 0:
		return "", "a text beside the chat is encrypted", nil
	case a.UncompressedSize64 > format.MaxText:
		return "", fmt.Sprintf("a text of more than %d MiB beside the chat", format.MaxText>>20), nil
	}
	r, err := a.Open()
	if err != nil {
		return "", "", fmt.Errorf("opening a file in an archive: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(r, format.MaxText))
	if err = errors.Join(err, r.Close()); err == nil {
		if a.order = utf16.OrderOf(b); a.order != nil {
			b, err = io.ReadAll(utf16.NewReader(bytes.NewReader(b), a.order))
		}
	}
	return string(b), "", err
}

// encode writes a text as that of the file is written.
func (a *sidefile) encode(text string) (string, error) {
	if a.order == nil {
		return text, nil
	}
	var b strings.Builder
	w := utf16.NewWriter(&b, a.order)
	_, err := io.WriteString(w, text)
	return b.String(), errors.Join(err, w.Finish(nil))
}

// chat reports a text of the archive that is an exported chat of its own.
func (a *sidefile) chat(text string) bool {
	if !strings.EqualFold(path.Ext(a.Name), ".txt") {
		return false
	}
	if _, titled := Title(a.Name); titled {
		return true
	}
	v, err := look(strings.NewReader(text), "")
	return errors.Is(err, errJoined) || err == nil && len(v.writers) > 0
}

// decodeBeside hands on the files beside the chat.
func (c *codec) decodeBeside(ctx context.Context, list []sidefile, yield func(connectors.Batch) error) error {
	if len(list) == 0 {
		return nil
	}
	b := connectors.NewBuilder(memory.DefaultAllocator, c.collection, c.fields)
	defer b.Release()
	var gaps []connectors.Gap
	flush := func() error {
		out := connectors.Batch{Collection: c.collection}
		if b.Len() > 0 {
			out = b.Flush()
		}
		out.Gaps, gaps = gaps, nil
		return yield(out)
	}
	for _, a := range list {
		text, reason, err := a.read()
		if err != nil {
			return err
		}
		if a.chat(text) {
			reason = "a second chat in the archive: it is searched as words, and no message of it is anybody's"
		}
		if reason != "" {
			gaps = append(gaps, connectors.Gap{Locator: a.locator, Reason: reason})
		}
		b.Row(a.locator)
		for i, f := range c.fields {
			if v := a.value(f.Name, text); v != "" {
				b.Set(i, strings.ToValidUTF8(v, "\uFFFD"))
			}
		}
		if err := ctx.Err(); err != nil || b.Full() {
			if err := errors.Join(err, flush()); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (a sidefile) value(column, text string) string {
	switch column {
	case "attachment":
		return path.Base(a.Name)
	case "text":
		return text
	}
	return ""
}

// fate is what becomes of a file of the archive.
type fate struct {
	gone    bool
	name    string
	text    string
	bytes   bool // it keeps its bytes: no text, or one that is not read
	changed bool // else it is copied
}

// fates asks the edits about the files beside the chat.
func (c *codec) fates(list []sidefile, edits *format.Edits) (map[*zip.File]fate, error) {
	out := map[*zip.File]fate{}
	for _, a := range list {
		e := edits.For(c.collection, a.locator)
		switch {
		case e == nil:
		case e.Action == connectors.Delete:
			edits.Deleted()
			out[a.File] = fate{gone: true}
		case e.Rewrite != nil:
			f, err := c.redactFile(a, e.Rewrite)
			if err != nil {
				return nil, err
			}
			if f.changed {
				edits.Redacted()
				out[a.File] = f
			}
		}
	}
	return out, nil
}

// redactFile cuts a file: its name, and its text. A contact card in which nothing is left by
// which anybody is reached goes.
func (c *codec) redactFile(a sidefile, rewrite func(connectors.Field, string) (string, connectors.Verdict)) (fate, error) {
	text, reason, err := a.read()
	if err != nil {
		return fate{}, err
	}
	dir, base := path.Split(a.Name)
	out := fate{name: base, text: text, bytes: !a.words || reason != ""}
	for _, f := range c.fields {
		old := a.value(f.Name, text)
		if old == "" {
			continue
		}
		set := &out.text
		if f.Name == "attachment" {
			set = &out.name
		}
		var pieces []string
		for _, piece := range cardsOf(f.Name, old) {
			now, verdict := rewrite(f, piece)
			if verdict == connectors.Same {
				now = piece
			}
			if now != piece && f.Name == "text" && strings.HasPrefix(strings.TrimPrefix(piece, "\ufeff"), "BEGIN:VCARD") && !connectors.Names(now) {
				now = ""
			}
			pieces = append(pieces, now)
		}
		*set = strings.Join(pieces, "")
	}
	out.changed = out.name != base || out.text != text
	if out.text, err = a.encode(out.text); err != nil {
		return fate{}, err
	}
	if out.name = dir + strings.ReplaceAll(out.name, "/", "_"); strings.TrimSpace(path.Base(out.name)) == "" {
		out.name = dir + "-"
	}
	return out, nil
}

var cardBegin = regexp.MustCompile(`(?m)^\x{feff}?BEGIN:VCARD`)

// cardsOf cuts a text before each contact card in it.
func cardsOf(column, text string) (pieces []string) {
	if column != "text" {
		return []string{text}
	}
	at := 0
	for _, m := range cardBegin.FindAllStringIndex(text, -1) {
		if m[0] > at {
			pieces = append(pieces, text[at:m[0]])
		}
		at = m[0]
	}
	return append(pieces, text[at:])
}

// put writes a file of the archive as its fate says.
func (f fate) put(out *zip.Writer, old *zip.File) error {
	switch {
	case f.gone:
		return nil
	case strings.HasSuffix(old.Name, "/"): // a folder, which some programs pack as if it had bytes
		_, err := out.CreateHeader(&zip.FileHeader{Name: old.Name, Comment: old.Comment, NonUTF8: old.NonUTF8, Modified: old.Modified, ExternalAttrs: old.ExternalAttrs, CreatorVersion: old.CreatorVersion})
		return err
	case !f.changed:
		return out.Copy(old)
	}
	if f.bytes {
		return f.rename(out, old)
	}
	h := zip.FileHeader{Name: f.name, Comment: old.Comment, NonUTF8: old.NonUTF8, Method: old.Method, Modified: old.Modified, ExternalAttrs: old.ExternalAttrs, CreatorVersion: old.CreatorVersion}
	w, err := out.CreateHeader(&h)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, f.text)
	return err
}

// rename copies a file, packed as it is, under another name. The extra fields stay behind:
// one of them may hold the old name.
func (f fate) rename(out *zip.Writer, old *zip.File) error {
	h := old.FileHeader
	h.Name, h.Extra = f.name, nil
	r, err := old.OpenRaw()
	if err != nil {
		return err
	}
	w, err := out.CreateRaw(&h)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}
