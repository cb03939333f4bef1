package format

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/cratio/sutra/connectors"
)

// PointReader is a codec that can read single records of an object without
// reading what stands around them.
type PointReader interface {
	Codec
	// Reaches reports whether DecodeAt finds the record without reading the whole
	// object: by its position ([connectors.Ref.At]), or by its locator where the
	// format has an index of its own.
	Reaches(r connectors.Ref) bool
	// DecodeAt hands the given records to yield, as Decode would and perhaps with
	// others that stand beside them, and with columns that Decode leaves out because
	// nothing can be found in them; none of them twice. It reads through in.At
	// only, and gets refs in the order of their positions. It returns an error
	// that wraps [ErrAstray] when a position is not the beginning of a record.
	DecodeAt(ctx context.Context, in Input, refs []connectors.Ref, yield func(connectors.Batch) error) error
}

// ErrAstray means that a record does not begin where it was said to.
var ErrAstray = errors.New("a record does not begin at its position")

// nearby is how far apart two records may stand, in bytes, and still be read by
// one request: asking once more costs a store more than handing over the gap.
const nearby = 64 << 10

// Pick implements connectors.Picker. It reads only around the records when their
// codec can, the object is not compressed or unpacked for its codec anyway, and the
// unit's version is known (else positions mean nothing). Otherwise, and when a position turns out to be wrong,
// it reads the whole unit; then a record may come twice.
func (s *Source) Pick(ctx context.Context, u connectors.Unit, refs []connectors.Ref) iter.Seq2[connectors.Batch, error] {
	return func(yield func(connectors.Batch, error) bool) {
		stopped := false
		pass := handing(ctx, &stopped, func(b connectors.Batch) bool { return yield(b, nil) })
		done, err := s.pick(ctx, u, refs, pass)
		var skip *SkipError // reading the unit tells the reason
		if !stopped && (errors.Is(err, ErrAstray) || errors.As(err, &skip) || err == nil && !done) {
			err = s.read(ctx, u, pass)
		}
		if err != nil && !stopped {
			yield(connectors.Batch{}, fmt.Errorf("reading records of an object: %w", err))
		}
	}
}

// pick reads the records alone; false when that is not possible.
func (s *Source) pick(ctx context.Context, u connectors.Unit, refs []connectors.Ref, yield func(connectors.Batch) error) (bool, error) {
	if u.Fingerprint == "" {
		return false, nil
	}
	obj, err := s.stat(ctx, u)
	if err != nil {
		return false, err
	}
	codec, err := s.codec(obj)
	if err != nil {
		return false, err
	}
	x, err := s.openObject(ctx, obj)
	if err != nil {
		return false, err
	}
	pr, err := pointReader(codec, x, refs)
	if err == nil && pr != nil {
		err = decodeAt(ctx, pr, x.input(), refs, yield)
	}
	if err := errors.Join(err, x.Close()); err != nil || pr == nil {
		return false, err
	}
	return true, s.unmoved(ctx, u)
}

// pointReader returns the codec as one that reaches all the records, nil when it
// is none: reading the whole unit then tells why. In a compressed object it reaches those
// that it finds without their position.
func pointReader(c Codec, x *object, refs []connectors.Ref) (PointReader, error) {
	pr, err := points(c, x)
	if err != nil || pr == nil || len(refs) == 0 {
		return nil, err
	}
	for _, r := range refs {
		if x.comp != plain {
			r.At = 0
		}
		if !pr.Reaches(r) {
			return nil, nil
		}
	}
	return pr, nil
}

// alone returns the codec as one that reads single records of the object without reading
// all of it, nil when it is none.
func alone(c Codec, x *object) (PointReader, error) {
	if x.comp != plain {
		return nil, nil
	}
	return points(c, x)
}

// points returns the codec as one that reads single records, nil when it is none.
func points(c Codec, x *object) (PointReader, error) {
	if s, ok := c.(sniffer); ok {
		var err error
		if c, err = s.pick(x.input()); err != nil {
			return nil, err
		}
	}
	pr, ok := c.(PointReader)
	if !ok {
		return nil, nil
	}
	return pr, nil
}

// decodeAt asks for the records in the order in which they stand.
func decodeAt(ctx context.Context, pr PointReader, in Input, refs []connectors.Ref, yield func(connectors.Batch) error) error {
	refs = slices.Clone(refs)
	slices.SortStableFunc(refs, func(a, b connectors.Ref) int { return cmp.Compare(a.At, b.At) })
	return pr.DecodeAt(ctx, in, refs, func(b connectors.Batch) error {
		if b.Rows != nil {
			defer b.Rows.Release()
		}
		return yield(b)
	})
}

// unmoved reports, as connectors.ErrChanged, that the object got another version
// while it was read.
func (s *Source) unmoved(ctx context.Context, u connectors.Unit) error {
	if _, err := s.stat(ctx, u); err != nil {
		return fmt.Errorf("looking at the object after reading it: %w", err)
	}
	return nil
}

// Window reads an object from the positions of its records on, piece by piece and
// no further than asked. It is for [PointReader] codecs.
type Window struct {
	r     io.ReaderAt
	size  int64
	start int64  // offset of buf[0]
	buf   []byte // what was read and may be asked for again
	limit int
}

// NewWindow returns a window on the input that holds at most limit bytes.
func NewWindow(in Input, limit int) (*Window, error) {
	r, size, err := in.At()
	if err != nil {
		return nil, fmt.Errorf("reading single records: %w", err)
	}
	return &Window{r: r, size: size, limit: limit}, nil
}

// MoveTo moves the window to offset off. Bytes before it are dropped; those that
// were read already and stand behind it stay.
func (w *Window) MoveTo(off int64) error {
	if off < 0 || off > w.size {
		return fmt.Errorf("%w: it lies outside of the object", ErrAstray)
	}
	have := w.start + int64(len(w.buf))
	switch {
	case off >= w.start && off <= have:
		w.buf = w.buf[off-w.start:]
		w.start = off
	case off > have && off-have < nearby && have > 0: // one read brings both
		if err := w.fill(int(off-w.start) + nearby); err != nil {
			return err
		}
		w.buf = w.buf[off-w.start:]
		w.start = off
	default:
		w.start, w.buf = off, nil
	}
	return nil
}

// Bytes returns what is in the window; End tells whether the object ends there.
func (w *Window) Bytes() []byte { return w.buf }

// End reports whether the window reaches the end of the object.
func (w *Window) End() bool { return w.start+int64(len(w.buf)) == w.size }

// More makes the window longer: to 64 KiB, then twice as long each time. It
// returns false at the end of the object and at the window's limit.
func (w *Window) More() (bool, error) {
	if w.End() || len(w.buf) >= w.limit {
		return false, nil
	}
	return true, w.fill(min(max(nearby, 2*len(w.buf)), w.limit))
}

// fill makes the window n bytes long, or as long as the object lasts.
func (w *Window) fill(n int) error {
	n = int(min(int64(n), w.size-w.start))
	have := len(w.buf)
	if n <= have {
		return nil
	}
	buf := make([]byte, n)
	copy(buf, w.buf)
	got, err := w.r.ReadAt(buf[have:], w.start+int64(have))
	if got < n-have {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("reading single records: %w", err)
	}
	w.buf = buf
	return nil
}

var _ connectors.Picker = (*Source)(nil)
