package format

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// headSize is how much of an object Sniff shows to choose.
const headSize = 4 << 10

// Choose picks the codec of an object by its key, without a compression suffix,
// and its first bytes (at most 4 KiB, decompressed). A [SkipError] says that the
// object is not read.
type Choose func(key string, head []byte) (Codec, error)

// OpenSniffed returns the source over the store behind c.URL whose objects are what they
// look like.
func OpenSniffed(ctx context.Context, c connectors.Config, choose Choose) (connectors.Source, error) {
	s, err := Open(ctx, c, func(blob.Object, string) (Codec, error) { return Sniff(choose), nil }, nil)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Sniff returns a codec that looks at the beginning of the object and leaves the
// work to the codec that choose picks: what a file is called says little of what
// it is. An empty object has no records.
func Sniff(choose Choose) Codec { return sniffer{choose} }

type sniffer struct{ choose Choose }

// pick opens the beginning of the object; a nil codec means that it is empty.
func (s sniffer) pick(in Input) (Codec, error) {
	r, err := in.Open()
	if err != nil {
		return nil, err
	}
	head, err := io.ReadAll(io.LimitReader(r, headSize)) // an object that is cut off is not a short one
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading the first bytes: %w", err), r.Close())
	}
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("reading the first bytes: %w", err)
	}
	if len(bytes.TrimSpace(TextOf(head))) == 0 {
		return nil, nil
	}
	return s.choose(in.Key, head)
}

// Decode implements [Codec]. An object that choose skips is one gap.
func (s sniffer) Decode(ctx context.Context, in Input, yield func(connectors.Batch) error) error {
	c, err := s.pick(in)
	var skip *SkipError
	switch {
	case errors.As(err, &skip):
		return yield(connectors.Batch{Gaps: []connectors.Gap{{Reason: skip.Reason}}})
	case err != nil || c == nil:
		return err
	}
	return c.Decode(ctx, in, yield)
}

// Rewrite implements [Codec].
func (s sniffer) Rewrite(ctx context.Context, in Input, w io.Writer, edits *Edits) (int, error) {
	c, err := s.pick(in)
	if err != nil {
		return 0, err
	}
	if c == nil {
		return 0, fmt.Errorf("an empty object has no record to edit: %w", connectors.ErrChanged)
	}
	return c.Rewrite(ctx, in, w, edits)
}

// Looks is what the first bytes of an object look like.
type Looks string

// What objects look like. Text is anything that may be a table, a form or a chat.
const (
	LooksJSON    Looks = "JSON"
	LooksText    Looks = "text"
	LooksHTML    Looks = "a web page"
	LooksXML     Looks = "XML"
	LooksVCard   Looks = "a contact card"
	LooksZip     Looks = "a zip archive or an Office file"
	LooksParquet Looks = "Parquet"
	LooksPDF     Looks = "a PDF document"
	LooksOLE     Looks = "an old or encrypted Office file"
	LooksMedia   Looks = "a picture, sound or film"
	LooksBinary  Looks = "binary data"
)

var magics = []struct {
	at    int
	bytes string
	looks Looks
}{
	{0, "PK\x03\x04", LooksZip}, {0, "PK\x05\x06", LooksZip}, {0, "PAR1", LooksParquet}, {0, "PARE", LooksParquet}, {0, "%PDF", LooksPDF},
	{0, "\xD0\xCF\x11\xE0", LooksOLE}, {0, "\xFF\xD8\xFF", LooksMedia}, {0, "\x89PNG", LooksMedia}, {0, "GIF8", LooksMedia}, {0, "OggS", LooksMedia},
	{0, "ID3", LooksMedia}, {0, "RIFF", LooksMedia}, {4, "ftyp", LooksMedia}, {0, "#!AMR", LooksMedia},
}

// LooksLike judges the first bytes of an object.
func LooksLike(head []byte) Looks {
	for _, m := range magics {
		if len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes)) {
			return m.looks
		}
	}
	text := TextOf(head)
	if binary(text) {
		return LooksBinary
	}
	t := bytes.TrimLeft(text, " \t\r\n")
	start := strings.ToLower(string(t[:min(len(t), 32)]))
	switch {
	case strings.HasPrefix(start, "{") || strings.HasPrefix(start, "["):
		return jsonOrText(t)
	case strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html"):
		return LooksHTML
	case strings.HasPrefix(start, "<?xml"):
		return LooksXML
	case strings.HasPrefix(start, "begin:vcard"):
		return LooksVCard
	}
	return LooksText
}

// jsonOrText tells a JSON document from a text that begins with a bracket, such
// as a chat with its dates in brackets.
func jsonOrText(t []byte) Looks {
	rest := bytes.TrimLeft(t[1:], " \t\r\n")
	if len(rest) == 0 {
		return LooksJSON
	}
	if t[0] == '{' && strings.IndexByte(`"}`, rest[0]) >= 0 || t[0] == '[' && strings.IndexByte(`{["]-tfn`, rest[0]) >= 0 {
		return LooksJSON
	}
	if t[0] == '[' && rest[0] >= '0' && rest[0] <= '9' {
		digits := bytes.TrimLeft(rest, "0123456789")
		if len(digits) > 0 && strings.IndexByte(",]eE \r\n", digits[0]) >= 0 {
			return LooksJSON
		}
	}
	return LooksText
}

// binary reports bytes that are no text.
func binary(text []byte) bool {
	odd := 0
	for _, c := range text {
		if c == 0 {
			return true
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b {
			odd++
		}
	}
	return odd > len(text)/20
}

// TextOf returns the first bytes of a text as UTF-8: without a byte order mark,
// and decoded when they are UTF-16.
func TextOf(head []byte) []byte {
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		return head[3:]
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		return wide(head[2:], 1) // little endian
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return wide(head[2:], 0)
	}
	return head
}

func wide(b []byte, high int) []byte {
	var units []uint16
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i+high])<<8|uint16(b[i+1-high]))
	}
	var out []byte
	for _, r := range utf16.Decode(units) {
		out = utf8.AppendRune(out, r)
	}
	return out
}

// NotRead is the [SkipError] of an object that the connector has no reader for.
func NotRead(l Looks, reads string) error {
	return &SkipError{Reason: fmt.Sprintf("it looks like %s, which is not read here; read are %s", l, reads)}
}
