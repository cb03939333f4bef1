package chat

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// Limits of an archive.
const (
	maxEntries = 100_000
	maxText    = 1 << 30 // bytes unpacked
)

// NewZip returns the codec of an archive that holds one exported text and the
// media of its messages. A message that goes takes its media along, unless
// another message that stays names them too.
func NewZip(collection, dataset string, cat connectors.Collection, title string) format.Codec {
	return &zipCodec{codec{collection: collection, fields: connectors.Columns(dataset, cat), title: title}}
}

type zipCodec struct{ codec }

// open reads the directory of the archive and finds its text.
func (c *zipCodec) open(in format.Input) (*zip.Reader, *zip.File, error) {
	ra, size, err := in.At()
	if err != nil {
		return nil, nil, err
	}
	z, err := zip.NewReader(ra, size)
	if err != nil {
		return nil, nil, fmt.Errorf("reading a zip archive: %w", err)
	}
	if len(z.File) > maxEntries {
		return nil, nil, fmt.Errorf("the archive has more than %d entries", maxEntries)
	}
	var text *zip.File
	for _, f := range z.File {
		if bad(f.Name) {
			return nil, nil, errors.New("an entry of the archive has a name that leads out of it")
		}
		if !strings.EqualFold(path.Ext(f.Name), ".txt") || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		switch {
		case strings.EqualFold(path.Base(f.Name), "_chat.txt") || text == nil:
			text = f
		case !strings.EqualFold(path.Base(text.Name), "_chat.txt"):
			if _, ok := Title(text.Name); !ok {
				text = f
			}
		}
	}
	switch {
	case text == nil:
		return nil, nil, &format.SkipError{Reason: "it is a zip archive without an exported chat in it"}
	case text.Flags&1 != 0:
		return nil, nil, errors.New("the chat in the archive is encrypted")
	case text.UncompressedSize64 > maxText:
		return nil, nil, fmt.Errorf("the chat in the archive unpacks to more than %d MiB", maxText>>20)
	}
	return z, text, nil
}

// bad reports a name that does not stay inside a folder.
func bad(name string) bool {
	return name == "" || strings.ContainsAny(name, "\\\x00") || strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':' ||
		name == ".." || strings.HasPrefix(name, "../") || strings.Contains(name, "/../")
}

// text is the input of the chat inside the archive.
func (c *zipCodec) text(in format.Input, f *zip.File) format.Input {
	in.Open = func() (io.ReadCloser, error) {
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("opening the chat in an archive: %w", err)
		}
		return struct {
			io.Reader
			io.Closer
		}{io.LimitReader(r, maxText), r}, nil
	}
	in.At = nil
	return in
}

// Decode implements [format.Codec].
func (c *zipCodec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	z, f, err := c.open(in)
	var skip *format.SkipError
	if errors.As(err, &skip) {
		return yield(connectors.Batch{Gaps: []connectors.Gap{{Reason: skip.Reason}}})
	}
	if err != nil {
		return err
	}
	if err := c.inner(f).Decode(ctx, c.text(in, f), yield); err != nil {
		return err
	}
	return c.decodeBeside(ctx, beside(z, f), yield)
}

// inner is the codec of the text: named by the archive, or by its own name.
func (c *zipCodec) inner(f *zip.File) *codec {
	k := c.codec
	if k.title == "" {
		k.title, _ = Title(f.Name)
	}
	return &k
}

// Rewrite implements [format.Codec].
func (c *zipCodec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (int, error) {
	z, f, err := c.open(in)
	if err != nil {
		return 0, err
	}
	gone, stay := map[string]bool{}, map[string]bool{}
	k := c.inner(f)
	k.deleted, k.kept = func(a string) { gone[a] = true }, func(a string) { stay[a] = true }
	text := c.text(in, f)
	before := edits.Outcome()
	left, err := k.Rewrite(ctx, text, io.Discard, edits) // who goes, and with which media
	if err != nil {
		return 0, err
	}
	fates, err := c.fates(beside(z, f), edits)
	if err != nil {
		return 0, err
	}
	if now := edits.Outcome(); now.Deleted+now.Redacted == before.Deleted+before.Redacted {
		return left, copyWhole(in, w)
	}
	if left == 0 && number(k.title) != "" {
		return 0, nil // all of it was her conversation
	}
	out := zip.NewWriter(w)
	if err := out.SetComment(z.Comment); err != nil {
		return 0, fmt.Errorf("writing an archive: %w", err)
	}
	others := 0
	for _, x := range z.File {
		base := path.Base(x.Name)
		switch {
		case x == f:
			err = k.pack(ctx, text, out, x, edits)
		case gone[base] && !stay[base]:
		default:
			if !fates[x].gone {
				others++
			}
			err = fates[x].put(out, x)
		}
		if err != nil {
			return 0, fmt.Errorf("writing an archive: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return 0, fmt.Errorf("writing an archive: %w", err)
	}
	if left == 0 && others > 0 {
		left = 1
	}
	return left, nil
}

// pack writes the text anew in its entry. The edits were counted already.
func (c *codec) pack(ctx context.Context, in format.Input, out *zip.Writer, old *zip.File, edits *format.Edits) error {
	h := zip.FileHeader{Name: old.Name, Comment: old.Comment, NonUTF8: old.NonUTF8, Method: old.Method, Modified: old.Modified, ExternalAttrs: old.ExternalAttrs, CreatorVersion: old.CreatorVersion}
	w, err := out.CreateHeader(&h)
	if err != nil {
		return err
	}
	_, err = (&codec{collection: c.collection, fields: c.fields, title: c.title}).Rewrite(ctx, in, w, edits.Uncounted())
	return err
}

// copyWhole writes the archive as it is.
func copyWhole(in format.Input, w io.Writer) error {
	r, err := in.Open()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, r.Close())
}
