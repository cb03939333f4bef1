package lineage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Some files are to be the same bytes whenever the same is to be said, so that there is
// no chance in how they are sealed. Such a file has a name that is a keyed hash of all that
// is in it, and is sealed with a key that is made of the name: its items are numbered, and
// the number is the nonce. A nonce comes twice under one key only for the same content.

// Name returns a keyed hash, in hex, of the parts that each gives to its callback, in
// order. What parts are is part of it: "ab" and "c" are not "a" and "bc".
func (g *Graph) Name(each func(part func([]byte)) error) (string, error) {
	h := hmac.New(sha256.New, g.keys.name)
	if err := each(func(b []byte) { writePart(h, b) }); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

func writePart(h hash.Hash, b []byte) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
	h.Write(b)
}

// Series seals the items of one file.
type Series struct{ aead cipher.AEAD }

// Series returns that of a name, see [Graph.Name]. To seal anything with one whose name
// does not depend on all of the content gives the content away.
func (g *Graph) Series(name string) (*Series, error) {
	h := hmac.New(sha256.New, g.keys.series)
	if _, err := io.WriteString(h, name); err != nil {
		return nil, fmt.Errorf("derive the key of a file: %w", err)
	}
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("derive the key of a file: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("derive the key of a file: %w", err)
	}
	return &Series{aead}, nil
}

// nonce is that of the n-th item.
func (s *Series) nonce(n uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, s.aead.NonceSize()-8, s.aead.NonceSize()), n)
}

// Seal encrypts and authenticates the n-th item.
func (s *Series) Seal(n uint64, plain []byte) []byte {
	return s.aead.Seal(nil, s.nonce(n), plain, nil)
}

// Unseal undoes Seal. An item of another series or another place is an error.
func (s *Series) Unseal(n uint64, sealed []byte) ([]byte, error) {
	plain, err := s.aead.Open(nil, s.nonce(n), sealed, nil)
	if err != nil {
		return nil, errors.New("the item does not open: it was changed or moved, or sealed with another key")
	}
	return plain, nil
}
