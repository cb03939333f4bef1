package lineage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

// TestMacAgainstPlain compares the hashes that go through one reused state with
// hashes made anew, so that no message shows in the next.
func TestMacAgainstPlain(t *testing.T) {
	var key [32]byte
	copy(key[:], "a key of the tests")
	keys, err := newKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	g := &Graph{keys: keys}
	secret := tokenKey(t, key)
	plain := func(parts ...string) []byte {
		h := hmac.New(sha256.New, secret)
		for _, p := range parts {
			var n [4]byte
			binary.BigEndian.PutUint32(n[:], uint32(len(p)))
			h.Write(n[:])
			h.Write([]byte(p))
		}
		return h.Sum(nil)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if got := g.Token(a, b); got != Token(plain("token", a, b)[:16]) {
			t.Fatalf("the token of %q, %q", a, b)
		}
		if got := g.Word(a); got != binary.BigEndian.Uint32(plain("word", a)) {
			t.Fatalf("the word %q", a)
		}
		if got := g.Sum([]byte(a), []byte(b)); got != binary.BigEndian.Uint64(plain("sum", a, b)) {
			t.Fatalf("the sum of %q, %q", a, b)
		}
		if got := keys.mac([]byte("x"), []byte(a)); string(got) != "x"+string(plain(a)) {
			t.Fatalf("the hash of %q", a)
		}
	})
}

func tokenKey(t *testing.T, key [32]byte) []byte {
	k, err := deriveKey(key, "token")
	if err != nil {
		t.Fatal(err)
	}
	return k
}
