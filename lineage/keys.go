package lineage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// keyring holds what is derived from the one key of an installation.
type keyring struct {
	badger []byte
	check  []byte
	aead   cipher.AEAD
	macs   sync.Pool // of hash.Hash keyed for tokens
	sign   ed25519.PrivateKey
}

func newKeyring(key [32]byte) (*keyring, error) {
	derive := func(what string) ([]byte, error) {
		b, err := hkdf.Key(sha256.New, key[:], []byte("sutra"), what, 32)
		if err != nil {
			return nil, fmt.Errorf("derive the key for %s: %w", what, err)
		}
		return b, nil
	}
	var keys [5][]byte
	for i, what := range []string{"badger", "check", "seal", "token", "sign"} {
		k, err := derive(what)
		if err != nil {
			return nil, err
		}
		keys[i] = k
	}
	block, err := aes.NewCipher(keys[2])
	if err != nil {
		return nil, fmt.Errorf("prepare the cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("prepare the cipher: %w", err)
	}
	r := &keyring{badger: keys[0], check: keys[1], aead: aead, sign: ed25519.NewKeyFromSeed(keys[4])}
	r.macs.New = func() any { return hmac.New(sha256.New, keys[3]) }
	return r, nil
}

func (r *keyring) mac(out []byte, parts ...[]byte) []byte {
	h := r.macs.Get().(hash.Hash)
	defer r.macs.Put(h)
	h.Reset()
	var n [4]byte
	for _, p := range parts {
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	return h.Sum(out)
}

// Token returns the keyed token of an identifier. It is safe for concurrent use.
func (g *Graph) Token(kind, value string) Token {
	var buf [32]byte
	return Token(g.keys.mac(buf[:0], []byte("token"), []byte(kind), []byte(value))[:16])
}

// Word returns a keyed hash of a word of a name.
func (g *Graph) Word(s string) uint32 {
	var buf [32]byte
	return binary.BigEndian.Uint32(g.keys.mac(buf[:0], []byte("word"), []byte(s)))
}

// Sum returns a keyed digest of a sequence of values.
func (g *Graph) Sum(parts ...[]byte) uint64 {
	var buf [32]byte
	return binary.BigEndian.Uint64(g.keys.mac(buf[:0], append([][]byte{[]byte("sum")}, parts...)...))
}

// Seal encrypts and authenticates data for the state folder.
func (g *Graph) Seal(plain []byte) []byte {
	nonce := make([]byte, g.keys.aead.NonceSize(), g.keys.aead.NonceSize()+len(plain)+g.keys.aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		panic(err) // crypto/rand.Read never fails: it ends the program itself
	}
	return g.keys.aead.Seal(nonce, nonce, plain, nil)
}

// Unseal undoes Seal. Data sealed with another key, or damaged, is an error.
func (g *Graph) Unseal(b []byte) ([]byte, error) {
	n := g.keys.aead.NonceSize()
	if len(b) < n {
		return nil, errors.New("sealed data is too short")
	}
	plain, err := g.keys.aead.Open(nil, b[:n], b[n:], nil)
	if err != nil {
		return nil, errors.New("sealed data does not open: damaged, or made with another key")
	}
	return plain, nil
}

// Sign signs evidence with a key derived from the installation's.
func (g *Graph) Sign(msg []byte) []byte { return ed25519.Sign(g.keys.sign, msg) }

// VerifySignature checks what Sign made.
func (g *Graph) VerifySignature(msg, sig []byte) bool {
	return ed25519.Verify(g.keys.sign.Public().(ed25519.PublicKey), msg, sig)
}
