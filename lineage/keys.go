package lineage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/minio/highwayhash"
)

// keyring holds what is derived from the one key of an installation.
type keyring struct {
	badger []byte
	check  []byte
	digest []byte
	aead   cipher.AEAD
	macs   sync.Pool // of *mac
	sign   ed25519.PrivateKey
	name   []byte // see Graph.Name
	series []byte // see Graph.Series
}

func deriveKey(key [32]byte, what string) ([]byte, error) {
	b, err := hkdf.Key(sha256.New, key[:], []byte("sutra"), what, 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", what, err)
	}
	return b, nil
}

func newKeyring(key [32]byte) (*keyring, error) {
	var keys [8][]byte
	for i, what := range []string{"badger", "check", "seal", "token", "sign", "digest", "name", "series"} {
		k, err := deriveKey(key, what)
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
	r := &keyring{badger: keys[0], check: keys[1], digest: keys[5], aead: aead, sign: ed25519.NewKeyFromSeed(keys[4]), name: keys[6], series: keys[7]}
	pads, err := newMacPads(keys[3])
	if err != nil {
		return nil, err
	}
	r.macs.New = func() any { return newMac(pads) }
	return r, nil
}

func (r *keyring) state() *mac { return r.macs.Get().(*mac) }

func (r *keyring) mac(out []byte, parts ...[]byte) []byte {
	s := r.state()
	defer r.macs.Put(s)
	for _, p := range parts {
		part(s, p)
	}
	return append(out, s.sum()...)
}

// Token returns the keyed token of an identifier: a half of the HMAC of its kind and
// value. It is safe for concurrent use.
func (g *Graph) Token(kind, value string) Token {
	s := g.keys.state()
	defer g.keys.macs.Put(s)
	return s.token(kind, value)
}

// Word returns a keyed hash of a word of a name.
func (g *Graph) Word(word string) uint32 {
	s := g.keys.state()
	defer g.keys.macs.Put(s)
	return s.word(word)
}

// Sum returns a keyed digest of a message, by which a change of a record is noticed.
// It tells nobody without the key what the message was, but it is too short to name
// anything by. A message of a multiple of 32 bytes takes the least time.
func (g *Graph) Sum(msg []byte) uint64 { return highwayhash.Sum64(msg, g.keys.digest) }

// Seal encrypts and authenticates data for the state folder.
func (g *Graph) Seal(plain []byte) []byte { return g.keys.seal(plain) }

// Unseal undoes Seal. Data sealed with another key, or damaged, is an error.
func (g *Graph) Unseal(b []byte) ([]byte, error) { return g.keys.unseal(nil, b) }

func (r *keyring) seal(plain []byte) []byte { return r.sealTo(nil, plain) }

// sealTo appends the sealed data to dst, which must not overlap it.
func (r *keyring) sealTo(dst, plain []byte) []byte {
	from, n := len(dst), r.aead.NonceSize()
	dst = slices.Grow(dst, n+len(plain)+r.aead.Overhead())[:from+n]
	if _, err := rand.Read(dst[from:]); err != nil {
		panic(err) // crypto/rand.Read never fails: it ends the program itself
	}
	return r.aead.Seal(dst, dst[from:], plain, nil)
}

// unseal appends what was sealed to dst.
func (r *keyring) unseal(dst, b []byte) ([]byte, error) {
	n := r.aead.NonceSize()
	if len(b) < n {
		return nil, errors.New("sealed data is too short")
	}
	plain, err := r.aead.Open(dst, b[:n], b[n:], nil)
	if err != nil {
		return nil, errors.New("sealed data does not open: damaged, or made with another key")
	}
	return plain, nil
}

// Site names the state that the graph belongs to: a random id of 128 bits in hex, which
// no other state has, whatever its key. It derives from the salt that every state has
// had from the first on, so that one made by an older program has an id without a write.
func (g *Graph) Site() string {
	return hex.EncodeToString(g.keys.mac(nil, []byte("site"), g.salt)[:16])
}

// Sign signs evidence with a key derived from the installation's.
func (g *Graph) Sign(msg []byte) []byte { return ed25519.Sign(g.keys.sign, msg) }

// VerifySignature checks what Sign made.
func (g *Graph) VerifySignature(msg, sig []byte) bool {
	return ed25519.Verify(g.keys.sign.Public().(ed25519.PublicKey), msg, sig)
}
