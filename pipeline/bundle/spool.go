package bundle

import (
	"archive/zip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/flate"
)

// spoolBlock is how many bytes a spool collects before it enciphers and writes.
const spoolBlock = 64 << 10

// spool takes the content of one entry, compresses it and keeps it in a file,
// enciphered under a key of its own that lives in memory only. It hashes what is
// written to it. Its errors are those of the disk.
type spool struct {
	file   *os.File
	key    [48]byte // AES-256 key and counter block
	stream cipher.Stream
	method uint16
	flate  *flate.Writer
	block  []byte // compressed, not yet enciphered

	sha    hash.Hash
	crc    uint32
	size   int64 // bytes written to it
	stored int64 // bytes as compressed
	err    error
}

// newSpool starts a spool; compress is false for what is compressed already.
func (w *Writer) newSpool(compress bool) (*spool, error) {
	s := &spool{sha: sha256.New(), block: make([]byte, 0, spoolBlock), method: zip.Store}
	if _, err := rand.Read(s.key[:]); err != nil {
		return nil, err
	}
	var err error
	if s.stream, err = s.cipher(); err != nil {
		return nil, err
	}
	if s.file, err = w.temp.spoolFile(); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if compress {
		s.method = zip.Deflate
		if s.flate, err = flate.NewWriter((*spoolSink)(s), flateLevel); err != nil {
			return nil, errors.Join(err, s.discard())
		}
	}
	return s, nil
}

// flateLevel weighs speed against size: see BenchmarkTable.
const flateLevel = 3

func (s *spool) cipher() (cipher.Stream, error) {
	b, err := aes.NewCipher(s.key[:32])
	if err != nil {
		return nil, err
	}
	return cipher.NewCTR(b, s.key[32:]), nil
}

// Write implements io.Writer. After a failure every call fails.
func (s *spool) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.sha.Write(p)
	s.crc = crc32.Update(s.crc, crc32.IEEETable, p)
	s.size += int64(len(p))
	var err error
	if s.flate != nil {
		_, err = s.flate.Write(p)
	} else {
		_, err = (*spoolSink)(s).Write(p)
	}
	if err != nil {
		s.err = err
		return 0, err
	}
	return len(p), nil
}

// spoolSink is the side of a spool that takes compressed bytes.
type spoolSink spool

func (s *spoolSink) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(spoolBlock-len(s.block), len(p))
		s.block = append(s.block, p[:k]...)
		p = p[k:]
		if len(s.block) == spoolBlock {
			if err := s.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (s *spoolSink) flush() error {
	s.stream.XORKeyStream(s.block, s.block)
	s.stored += int64(len(s.block))
	_, err := s.file.Write(s.block)
	s.block = s.block[:0]
	return err
}

// finish ends the compression. The spool can then be copied.
func (s *spool) finish() error {
	if s.err == nil && s.flate != nil {
		s.err = s.flate.Close()
		s.flate = nil
	}
	if s.err == nil {
		s.err = (*spoolSink)(s).flush()
	}
	s.block = nil
	return s.err
}

// copyTo writes the compressed bytes to w.
func (s *spool) copyTo(w io.Writer) error {
	if s.err != nil {
		return s.err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	stream, err := s.cipher()
	if err != nil {
		return err
	}
	n, err := io.Copy(w, cipher.StreamReader{S: stream, R: s.file})
	if err == nil && n != s.stored {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// sum returns the SHA-256 of what was written, in hex.
func (s *spool) sum() string { return hex.EncodeToString(s.sha.Sum(nil)) }

// discard removes the spool, if it is still there.
func (s *spool) discard() error {
	err := s.file.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	if gone := os.Remove(s.file.Name()); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
