package format

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/cratio/sutra/connectors/blob"
)

// object is one object version, open for reading.
type object struct {
	ctx   context.Context
	src   *Source
	obj   blob.Object
	r     *heedful
	comp  compression
	spool *os.File // the content of a compressed object, once At was called
	size  int64    // of spool
}

// openObject opens the version that obj names.
func (s *Source) openObject(ctx context.Context, obj blob.Object) (*object, error) {
	r, err := s.store.Open(ctx, obj.Key, obj.Version)
	if err != nil {
		return nil, err
	}
	key, _ := blob.Plain(obj.Key)
	comp, err := detect(key, r)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &object{ctx: ctx, src: s, obj: obj, r: &heedful{Reader: r}, comp: comp}, nil
}

// heedful notes whether the store failed to give what was asked for. A codec that tells
// of a part which it cannot read does not know whether the part or the store is broken.
type heedful struct {
	blob.Reader
	failed atomic.Bool
}

// ReadAt implements io.ReaderAt.
func (h *heedful) ReadAt(p []byte, off int64) (int, error) {
	n, err := h.Reader.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		h.failed.Store(true)
	}
	return n, err
}

// Prefetch implements [Prefetcher].
func (h *heedful) Prefetch(off, n int64) error {
	err := Prefetch(h.Reader, off, n)
	if err != nil {
		h.failed.Store(true)
	}
	return err
}

// Close closes the object and drops its spooled copy.
func (x *object) Close() error {
	err := x.r.Close()
	if x.spool != nil {
		err = errors.Join(err, x.spool.Close())
	}
	if err != nil {
		return fmt.Errorf("closing the object: %w", err)
	}
	return nil
}

func (x *object) input() Input {
	whole, _ := blob.Plain(x.obj.Key)
	key, _ := stripSuffix(whole)
	return Input{
		Key: key, Object: whole, Account: AccountOf(x.src.conf.Account, whole),
		Open: x.open, At: x.at,
	}
}

// raw reads the object's stored bytes from the beginning.
func (x *object) raw() io.Reader {
	return &contextReader{x.ctx, io.NewSectionReader(x.r, 0, x.r.Size())}
}

func (x *object) open() (io.ReadCloser, error) {
	if x.spool != nil {
		return io.NopCloser(&contextReader{x.ctx, io.NewSectionReader(x.spool, 0, x.size)}), nil
	}
	if x.comp == plain {
		return io.NopCloser(x.raw()), nil
	}
	return x.comp.reader(bufio.NewReaderSize(x.raw(), 64<<10))
}

func (x *object) at() (io.ReaderAt, int64, error) {
	if x.comp == plain {
		return x.r, x.r.Size(), nil
	}
	if x.spool == nil {
		if err := x.unpack(); err != nil {
			return nil, 0, fmt.Errorf("spooling a compressed object: %w", err)
		}
	}
	return x.spool, x.size, nil
}

// unpack spools the content to a file that has no name any more, so that no
// kill leaves it behind. What blows up far beyond its size is refused: it would
// fill the disk.
func (x *object) unpack() error {
	f, err := os.CreateTemp(x.src.conf.Temp, "sutra-spool-")
	if err != nil {
		return err
	}
	if err := os.Remove(f.Name()); err != nil {
		return errors.Join(err, f.Close())
	}
	in, err := x.open()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	limit := max(1<<30, 1100*x.r.Size())
	n, err := io.Copy(f, io.LimitReader(in, limit+1))
	if err == nil && n > limit {
		err = errors.New("the object unpacks to far more than its size")
	}
	if err := errors.Join(err, in.Close()); err != nil {
		return errors.Join(err, f.Close())
	}
	x.spool, x.size = f, n
	return nil
}

// contextReader ends with the context's error.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
