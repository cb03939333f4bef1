package lineage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/minio/highwayhash"
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
	own := g.Hasher()
	secret := tokenKey(t, key)
	plainSized := func(last uint32, parts ...string) []byte {
		h := hmac.New(sha256.New, secret)
		for i, p := range parts {
			var n [4]byte
			binary.BigEndian.PutUint32(n[:], uint32(len(p)))
			if i == len(parts)-1 {
				binary.BigEndian.PutUint32(n[:], last)
			}
			h.Write(n[:])
			h.Write([]byte(p))
		}
		return h.Sum(nil)
	}
	plain := func(parts ...string) []byte { return plainSized(uint32(len(parts[len(parts)-1])), parts...) }
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if got := g.Token(a, b); !strings.Contains(a, ".") && got != Token(plain("token", a, b)[:16]) {
			t.Fatalf("the token of %q, %q", a, b)
		}
		n := rapid.Uint64().Draw(t, "number") // of a row
		for _, x := range []uint64{n, n / 100 * 100, n, n % 10, n % 100} {
			d := fmt.Sprint(x)
			left := min(len(d), 2)
			head, rest := d[:len(d)-left], d[len(d)-left:]
			want := Token(plainSized(uint32(len(head))|uint32(left)<<30, "token", "crm.leads.id", head)[:16])
			last, err := strconv.Atoi(rest)
			if err != nil {
				t.Fatal(err)
			}
			want[7] ^= byte(last)
			if got := g.Token("crm.leads.id", d); got != want {
				t.Fatalf("the token of row %d", x)
			}
		}
		if got := g.Token("crm.leads.id", b+"x"); got != Token(plain("token", "crm.leads.id", b+"x")[:16]) {
			t.Fatalf("the token of row %q", b+"x")
		}
		if got := g.Word(a); got != binary.BigEndian.Uint32(plain("word", a)) {
			t.Fatalf("the word %q", a)
		}
		for _, x := range []string{b, b + "4", b + "5"} {
			if own.Token(a, x) != g.Token(a, x) || own.Word(x) != g.Word(x) || own.Sum([]byte(x)) != g.Sum([]byte(x)) {
				t.Fatalf("a hasher and its graph disagree about %q, %q", a, x)
			}
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

// TestSumIsKeyed pins that the digest of a content depends on the installation's key
// and on every byte, and that it is HighwayHash under a key of its own.
func TestSumIsKeyed(t *testing.T) {
	graphs := make([]*Graph, 2)
	for i := range graphs {
		keys, err := newKeyring([32]byte{byte(i)})
		if err != nil {
			t.Fatal(err)
		}
		graphs[i] = &Graph{keys: keys}
	}
	own, err := deriveKey([32]byte{}, "digest")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		msg := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "message")
		sum := graphs[0].Sum(msg)
		if sum == graphs[1].Sum(msg) {
			t.Fatal("two keys give one digest")
		}
		h, err := highwayhash.New64(own)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Write(msg); err != nil {
			t.Fatal(err)
		}
		if sum != h.Sum64() {
			t.Fatal("the digest is another one than that of the key")
		}
		msg[rapid.IntRange(0, len(msg)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if sum == graphs[0].Sum(msg) {
			t.Fatal("a changed bit does not show")
		}
	})
}

// TestSite holds that a state keeps its id, also when it is opened again and rewritten,
// and that another one with the same key has another.
func TestSite(t *testing.T) {
	dir := t.TempDir()
	site := func(dir string, compact bool) string {
		g, err := Create(dir, [32]byte{1}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := g.Close(); err != nil {
				t.Error(err)
			}
		}()
		if compact {
			if err := g.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return g.Site()
	}
	first := site(dir, true)
	if again := site(dir, false); again != first || len(first) != 32 {
		t.Errorf("the id %q became %q", first, again)
	}
	if other := site(t.TempDir(), false); other == first {
		t.Errorf("two states have the id %q", first)
	}
}
