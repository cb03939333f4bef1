package format_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/format"
)

// TestGapsOfABrokenStore holds that a part that could not be read because the store did
// not give it is told from one that is broken: only it is worth another try.
func TestGapsOfABrokenStore(t *testing.T) {
	s, root := open(t, map[string]string{"a.gaps": "0123456789"}, connectors.AccountRule{})
	broken := &brokenStore{Store: s.Store()}
	s = format.New(broken, connectors.Config{Name: "files", URL: "file:" + root}, func(blob.Object, string) (format.Codec, error) { return gapCodec{}, nil }, nil)
	for _, fails := range []bool{false, true} {
		broken.fails = fails
		n := 0
		for b, err := range s.Read(t.Context(), units(t, s)["a.gaps"]) {
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range b.Gaps {
				if n++; g.Again != fails {
					t.Errorf("the store fails: %v, and the gap says: again %v", fails, g.Again)
				}
			}
		}
		if n != 1 {
			t.Errorf("%d gaps", n)
		}
	}
}

// gapCodec reads nothing and tells of a gap.
type gapCodec struct{ format.Codec }

func (gapCodec) Decode(_ context.Context, in format.Input, yield func(connectors.Batch) error) error {
	r, size, err := in.At()
	if err != nil {
		return err
	}
	g := connectors.Gap{Locator: "row group 1", Reason: "it is broken"}
	if _, err := r.ReadAt(make([]byte, size), 0); err != nil {
		g.Reason = err.Error()
	}
	return yield(connectors.Batch{Gaps: []connectors.Gap{g}})
}

// brokenStore gives no bytes when it fails.
type brokenStore struct {
	blob.Store
	fails bool
}

func (b *brokenStore) Open(ctx context.Context, key, version string) (blob.Reader, error) {
	r, err := b.Store.Open(ctx, key, version)
	return &brokenReader{r, b}, err
}

type brokenReader struct {
	blob.Reader
	s *brokenStore
}

func (b *brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if b.s.fails && off == 0 && int64(len(p)) == b.Size() {
		return 0, errors.New("access denied")
	}
	return b.Reader.ReadAt(p, off)
}
