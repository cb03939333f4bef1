package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/cratio/sutra/connectors"
)

// compression is how an object's bytes are packed.
type compression uint8

const (
	plain compression = iota
	gzipped
	zstded
)

// maxWindow is the most memory that a zstd frame may ask for. The reference
// decoder's own limit is the same.
const maxWindow = 128 << 20

// stripSuffix takes a compression suffix off a key and says which it was.
func stripSuffix(key string) (string, compression) {
	for suffix, c := range map[string]compression{".gz": gzipped, ".zst": zstded} {
		if n := len(key) - len(suffix); n > 0 && strings.EqualFold(key[n:], suffix) {
			return key[:n], c
		}
	}
	return key, plain
}

// detect looks at the first bytes of an object. The magic decides, so that
// compressed bytes under a plain name are read too; a suffix that the bytes do
// not keep is an error.
func detect(key string, r io.ReaderAt) (compression, error) {
	var head [4]byte
	n, err := r.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return plain, fmt.Errorf("reading the first bytes: %w", err)
	}
	got := plain
	switch {
	case n >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		got = gzipped
	case n == 4 && bytes.Equal(head[:], []byte{0x28, 0xb5, 0x2f, 0xfd}):
		got = zstded
	case n == 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18}):
		got = zstded // begins with a skippable frame
	}
	if _, want := stripSuffix(key); want != plain && want != got {
		return plain, fmt.Errorf("the object is named as %s but its bytes are not", want)
	}
	return got, nil
}

// String names the compression for a person.
func (c compression) String() string {
	switch c {
	case gzipped:
		return "gzip"
	case zstded:
		return "zstd"
	}
	return "plain"
}

// reader unpacks r in bounded memory. gzip may have several members, zstd
// several frames.
func (c compression) reader(r io.Reader) (io.ReadCloser, error) {
	switch c {
	case gzipped:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("reading gzip: %w", err)
		}
		return &packed{z, c, false}, nil
	case zstded:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("reading zstd: %w", err)
		}
		return &packed{z.IOReadCloser(), c, false}, nil
	}
	return io.NopCloser(r), nil
}

// packed says what is wrong with a stream that ends too early, once.
type packed struct {
	io.ReadCloser
	c      compression
	failed bool
}

// Read implements io.Reader.
func (p *packed) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if err != nil && err != io.EOF {
		p.failed = true
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("the %s stream ends in the middle: %w", p.c, err)
		}
	}
	return n, err
}

// Close implements io.Closer. What reading failed with is not said again.
func (p *packed) Close() error {
	if err := p.ReadCloser.Close(); err != nil && !p.failed {
		return err
	}
	return nil
}

// reasonHeader is the gap of a gzip header that speaks of somebody.
const reasonHeader = "an address or a number stands in the header of the gzip stream, where the name of the packed file is kept: pack it anew without it (gzip -n)"

// headerGap tells of an address or a number in the header of a gzip stream, which only
// the first of several members is asked for.
func (c compression) headerGap(r io.Reader) []connectors.Gap {
	if c != gzipped {
		return nil
	}
	h, err := gzip.NewReader(r)
	if err != nil {
		return nil // whoever unpacks it says so
	}
	var texts []string
	for _, text := range []string{h.Name, h.Comment, string(h.Extra)} {
		if connectors.Names(text) {
			texts = append(texts, strings.ToValidUTF8(text, " "))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return []connectors.Gap{{Locator: "gzip header", Reason: reasonHeader, Text: strings.Join(texts, "\n")}}
}

// writer packs again what reader unpacked: the same content gives the same
// bytes. old is the beginning of the old object; the name, comment and extra
// field of a gzip header are kept unless an address or a number stands in them; its
// time is not.
func (c compression) writer(w io.Writer, old io.Reader) (io.WriteCloser, error) {
	switch c {
	case gzipped:
		h, err := gzip.NewReader(old)
		if err != nil {
			return nil, fmt.Errorf("reading the gzip header: %w", err)
		}
		z := gzip.NewWriter(w)
		z.OS = h.OS
		if !connectors.Names(h.Name) {
			z.Name = h.Name
		}
		if !connectors.Names(h.Comment) {
			z.Comment = h.Comment
		}
		if !connectors.Names(string(h.Extra)) {
			z.Extra = h.Extra
		}
		z.ModTime = time.Unix(0, 0) // means none
		return z, nil
	case zstded:
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("writing zstd: %w", err)
		}
		return z, nil
	}
	return nopWriteCloser{w}, nil
}

type nopWriteCloser struct{ io.Writer }

func (nopWriteCloser) Close() error { return nil }
