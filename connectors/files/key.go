package files

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// keyed returns the codec with a column "key" that holds the object's key.
func keyed(c format.Codec, key string, field connectors.Field) format.Codec {
	k := withKey{Codec: c, key: key, field: field}
	if pr, ok := c.(format.PointReader); ok {
		return pointsWithKey{k, pr}
	}
	return k
}

// withKey fills the column "key" of a codec's batches with the object's key.
type withKey struct {
	format.Codec
	key   string
	field connectors.Field
}

// Decode implements format.Codec.
func (k withKey) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	return k.Codec.Decode(ctx, in, k.filled(yield))
}

// filled puts the key into the batches that go to yield.
func (k withKey) filled(yield func(connectors.Batch) error) func(connectors.Batch) error {
	return func(b connectors.Batch) error {
		if b.Rows == nil {
			return yield(b)
		}
		old := b.Rows
		b.Rows = k.fill(old)
		old.Release()
		return yield(b)
	}
}

// pointsWithKey is withKey over a codec that reads single records.
type pointsWithKey struct {
	withKey
	points format.PointReader
}

// Reaches implements format.PointReader.
func (k pointsWithKey) Reaches(r connectors.Ref) bool { return k.points.Reaches(r) }

// DecodeAt implements format.PointReader.
func (k pointsWithKey) DecodeAt(ctx context.Context, in format.Input, refs []connectors.Ref, yield func(connectors.Batch) error) error {
	return k.points.DecodeAt(ctx, in, refs, k.filled(yield))
}

// Stable passes on what the wrapped codec says of its locators.
func (k withKey) Stable() bool {
	s, ok := k.Codec.(format.Stabler)
	return ok && s.Stable()
}

// fill returns the records with the column appended; where the data has a column
// of that name, only its nulls are filled.
func (k withKey) fill(r arrow.Record) arrow.Record {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	at := -1
	if list := r.Schema().FieldIndices(k.field.Name); len(list) > 0 {
		at = list[0]
	}
	own := false
	for row := range int(r.NumRows()) {
		v, ok := k.key, false
		if at >= 0 {
			if old, has := connectors.Value(r, at, row); has {
				v, ok = old, true
			}
		}
		own = own || ok
		b.Append(v)
	}
	col := b.NewStringArray()
	defer col.Release()
	f := connectors.ArrowField(k.field)
	if !own {
		f.Metadata = arrow.NewMetadata(append(f.Metadata.Keys(), format.FixedMeta), append(f.Metadata.Values(), "true"))
	}
	fields, cols := append([]arrow.Field(nil), r.Schema().Fields()...), append([]arrow.Array(nil), r.Columns()...)
	if at < 0 {
		fields, cols = append(fields, f), append(cols, arrow.Array(col))
	} else {
		fields[at], cols[at] = f, col
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, r.NumRows())
}
