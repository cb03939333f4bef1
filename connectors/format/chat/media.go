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

// maxMedia is the largest file, in bytes unpacked, that is handed out.
const maxMedia = 4 << 30

// Media implements [format.MediaReader]: the file that a message brings, when its
// author wrote it as one of those whose chat it is and nobody else sent the same
// file.
func (c *zipCodec) Media(ctx context.Context, in format.Input, at string, w io.Writer) error {
	z, text, err := c.open(in)
	if err != nil {
		return err
	}
	name, err := c.inner(text).sent(ctx, c.text(in, text), at)
	if err != nil {
		return err
	}
	var found *zip.File
	for _, f := range z.File {
		if path.Base(f.Name) != name || f == text {
			continue
		}
		if found != nil {
			return fmt.Errorf("two files of the archive have the name: %w", connectors.ErrNotFound)
		}
		found = f
	}
	switch {
	case found == nil:
		return fmt.Errorf("the file is not in the archive: %w", connectors.ErrNotFound)
	case found.Flags&1 != 0:
		return errors.New("a file in the archive is encrypted")
	case found.UncompressedSize64 > maxMedia:
		return fmt.Errorf("a file in the archive unpacks to more than %d GiB", maxMedia>>30)
	}
	r, err := found.Open()
	if err != nil {
		return fmt.Errorf("opening a file in an archive: %w", err)
	}
	_, err = io.Copy(w, io.LimitReader(reader{ctx, r}, maxMedia))
	return errors.Join(err, r.Close())
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	io.Reader
}

// Read implements [io.Reader].
func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// sent returns the name of the file of a message, "line N/NAME". The name guards
// against a chat that changed since the message was found there.
func (c *codec) sent(ctx context.Context, in format.Input, at string) (string, error) {
	at, name, _ := strings.Cut(at, "/")
	v, err := c.survey(in)
	if err != nil {
		return "", err
	}
	hers, others := "", 0
	err = c.each(in, v, io.Discard, func(m *message) error {
		if x := v.values(m); x.attachment == name && name != "" && locator(m) == at && x.role == "author" {
			hers = x.author
		}
		return ctx.Err()
	})
	if err == nil && hers != "" {
		err = c.each(in, v, io.Discard, func(m *message) error {
			if x := v.values(m); x.attachment == name && x.author != hers {
				others++
			}
			return ctx.Err()
		})
	}
	switch {
	case err != nil:
		return "", err
	case hers == "":
		return "", fmt.Errorf("the message brings no such file of hers: %w", connectors.ErrNotFound)
	case others > 0:
		return "", fmt.Errorf("somebody else sent the same file: %w", connectors.ErrNotFound)
	}
	return name, nil
}

var _ format.MediaReader = (*zipCodec)(nil)
