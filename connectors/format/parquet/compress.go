package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	pqcompress "github.com/parquet-go/parquet-go/compress"
	pqbrotli "github.com/parquet-go/parquet-go/compress/brotli"
	pqgzip "github.com/parquet-go/parquet-go/compress/gzip"
	pqlz4 "github.com/parquet-go/parquet-go/compress/lz4"
	pqsnappy "github.com/parquet-go/parquet-go/compress/snappy"
	"github.com/pierrec/lz4/v4"
)

// Compression codecs of the format.
const (
	cNone   = 0
	cSnappy = 1
	cGzip   = 2
	cBrotli = 4
	cLZ4    = 5 // with Hadoop's frames around the blocks
	cZstd   = 6
	cLZ4Raw = 7
)

var errCompressed = errors.New("a compressed page is damaged")

var errBomb = fmt.Errorf("a page that unpacks to more than %d times its length", maxRatio)

// A page larger than pageFree bytes must not be more than maxRatio times larger
// than its compressed form: such a page is a bomb.
const (
	pageFree = 64 << 20
	maxRatio = 1 << 12
)

var encoders = map[int64]pqcompress.Codec{
	cSnappy: &pqsnappy.Codec{},
	cGzip:   &pqgzip.Codec{Level: pqgzip.DefaultCompression},
	cBrotli: &pqbrotli.Codec{Quality: 5},
	cLZ4Raw: &pqlz4.Codec{Level: pqlz4.Fastest},
}

var unzstd = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true))
})

func noCodec(codec int64) error {
	if codec == 3 {
		return errors.New("pages compressed with LZO cannot be read")
	}
	return fmt.Errorf("pages with the compression codec %d cannot be read", codec)
}

// decompress returns the size bytes that src holds. buf is reused when it is
// large enough; without compression the result is src itself.
func decompress(codec int64, buf, src []byte, size int) ([]byte, error) {
	if codec == cNone {
		if size != len(src) {
			return nil, errCompressed
		}
		return src, nil
	}
	if size < 0 {
		return nil, errCompressed
	}
	if size > pageFree && size/maxRatio > len(src) {
		return nil, errBomb
	}
	if size == 0 && len(src) == 0 {
		return buf[:0], nil
	}
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	return inflate(codec, buf[:size], src)
}

// inflate fills dst, whose length is the size the page must have.
func inflate(codec int64, dst, src []byte) (out []byte, err error) {
	n := 0
	switch codec {
	case cSnappy:
		if n, err = snappy.DecodedLen(src); err == nil && n == len(dst) {
			out, err = snappy.Decode(dst, src)
			n = len(out)
		}
	case cGzip:
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(src)); err == nil {
			n, err = readExactly(z, dst)
		}
	case cBrotli:
		n, err = readExactly(brotli.NewReader(bytes.NewReader(src)), dst)
	case cZstd:
		var d *zstd.Decoder
		if d, err = unzstd(); err == nil {
			out, err = d.DecodeAll(src, dst[:0:len(dst)])
			n = len(out)
		}
	case cLZ4Raw:
		n, err = lz4.UncompressBlock(src, dst)
	case cLZ4:
		n, err = unframeLZ4(dst, src)
	default:
		return nil, noCodec(codec)
	}
	if err != nil || n != len(dst) {
		return nil, errCompressed
	}
	return dst, nil
}

func readExactly(r io.Reader, dst []byte) (int, error) {
	n, err := io.ReadFull(r, dst)
	if err != nil {
		return n, err
	}
	var one [1]byte
	if _, err := io.ReadFull(r, one[:]); !errors.Is(err, io.EOF) {
		return n, errCompressed // more than there should be, or a wrong checksum
	}
	return n, nil
}

// unframeLZ4 decodes Hadoop's frames: the sizes of a block before and after
// compression, big endian, and the block. Some writers left the frames out.
func unframeLZ4(dst, src []byte) (int, error) {
	at, b := 0, src
	for len(b) >= 8 {
		raw, packed := int(binary.BigEndian.Uint32(b)), int(binary.BigEndian.Uint32(b[4:]))
		if packed > len(b)-8 || raw > len(dst)-at {
			break
		}
		n, err := lz4.UncompressBlock(b[8:8+packed], dst[at:at+raw])
		if err != nil || n != raw {
			break
		}
		at, b = at+raw, b[8+packed:]
	}
	if len(b) == 0 && at == len(dst) {
		return at, nil
	}
	return lz4.UncompressBlock(src, dst)
}

// compress is the inverse of decompress; was is the page that src takes the place of.
// The result may be in buf; without compression it
// is src itself.
func compress(codec int64, buf, src []byte, was former) ([]byte, error) {
	if codec == cNone {
		return src, nil
	}
	if codec == cZstd {
		return packZstd(buf, src, was)
	}
	real := codec
	if codec == cLZ4 {
		real = cLZ4Raw
	}
	e, ok := encoders[real]
	if !ok {
		return nil, noCodec(codec)
	}
	out, err := e.Encode(nil, src)
	if err != nil {
		return nil, fmt.Errorf("compressing a page: %w", err)
	}
	if codec == cLZ4 {
		head := binary.BigEndian.AppendUint32(nil, uint32(len(src)))
		head = binary.BigEndian.AppendUint32(head, uint32(len(out)))
		out = append(head, out...)
	}
	return out, nil
}
