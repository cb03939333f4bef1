package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
)

// versionMark stands between a key and the id of a version in the name of an old
// version.
const versionMark = "?versionId="

// Plain splits the name of an object into its key and, when it names an old
// version, the version's id. A listing shows a version that is not the current
// one as KEY?versionId=ID; a current object whose key holds the mark itself is
// named with its version too, so that every name means one thing.
func Plain(name string) (key, id string) {
	if i := strings.LastIndex(name, versionMark); i >= 0 {
		return name[:i], name[i+len(versionMark):]
	}
	return name, ""
}

// nameOf is the reverse of [Plain].
func nameOf(key, id string, latest bool) string {
	if latest && !strings.Contains(key, versionMark) {
		return key
	}
	return key + versionMark + id
}

// nullVersion is the id of versions that were written while versioning was not on.
const nullVersion = "null"

func orNull(id string) string {
	if id == "" {
		return nullVersion
	}
	return id
}

// fingerprint hashes what tells two versions apart. An equal ETag is not an equal
// version, so the id counts too, where listings show it.
func fingerprint(etag, id string, ids bool) string {
	if !ids {
		id = "?"
	}
	sum := sha256.Sum256([]byte(strings.Trim(etag, `"`) + "\x00" + orNull(id)))
	return hex.EncodeToString(sum[:16])
}

// escape makes a key fit for the header that names the source of a copy.
func escape(key string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(key) {
		c := key[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.~/", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

// recent remembers the last things of that many names. It is safe for concurrent
// use; the zero value remembers remembered of them.
type recent[T any] struct {
	mu   sync.Mutex
	at   map[string]T
	ring []string
	next int
}

// remembered is how many names a recent holds.
const remembered = 4096

func (r *recent[T]) put(name string, x T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at == nil {
		r.at, r.ring = map[string]T{}, make([]string, remembered)
	}
	if _, ok := r.at[name]; !ok {
		delete(r.at, r.ring[r.next])
		r.ring[r.next] = name
		r.next = (r.next + 1) % remembered
	}
	r.at[name] = x
}

// get returns what is remembered of a name.
func (r *recent[T]) get(name string) (x T, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x, ok = r.at[name]
	return x, ok
}

func (r *recent[T]) drop(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.at, name)
}
