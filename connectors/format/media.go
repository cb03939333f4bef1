package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// MediaReader is implemented by codecs of objects that hold media beside their
// records: an archive of a chat with its pictures.
type MediaReader interface {
	// Media writes the bytes of a file that a record brings; locator is the record's,
	// a slash and the file's name. It returns an error that wraps
	// [connectors.ErrNotFound] when the record brings no such file, when it is not in
	// the object, or when records of others bring it too.
	Media(ctx context.Context, in Input, locator string, w io.Writer) error
}

// MaxText is the largest text beside the records of an object, in bytes, that is searched.
const MaxText = 1 << 20

// texts are the endings of files that are text: cards of contacts, notes, lists.
var texts = []string{".vcf", ".txt", ".csv", ".tsv", ".json", ".xml", ".html", ".htm", ".md", ".log", ".ics", ".eml", ".rtf"}

// Textual reports a file beside records that is text by its name. Pictures and documents
// are not looked into.
func Textual(name string) bool { return slices.Contains(texts, strings.ToLower(path.Ext(name))) }

// media hands on what a record of an object with several records brings.
func (s *Source) media(ctx context.Context, r connectors.Ref, w io.Writer) error {
	obj, err := s.stat(ctx, connectors.Unit{Key: r.Unit})
	if err != nil {
		return err
	}
	codec, err := s.codec(obj)
	if err != nil {
		return err
	}
	x, err := s.openObject(ctx, obj)
	if err != nil {
		return err
	}
	return errors.Join(mediaOf(ctx, codec, x.input(), r.Locator, w), x.Close())
}

func mediaOf(ctx context.Context, c Codec, in Input, locator string, w io.Writer) error {
	if s, ok := c.(sniffer); ok {
		var err error
		if c, err = s.pick(in); err != nil {
			return err
		}
	}
	m, ok := c.(MediaReader)
	if !ok {
		return fmt.Errorf("it is no file of its own: %w", connectors.ErrNotFound)
	}
	return m.Media(ctx, in, locator, w)
}
