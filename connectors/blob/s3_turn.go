package blob

import (
	"strings"
	"sync"
)

// turns lets one change of a key wait for another. It is safe for concurrent use.
type turns struct {
	mu sync.Mutex
	at map[string]*turn
}

type turn struct {
	sync.Mutex
	users int
}

// turn waits until no other change of the object is going on, and returns what ends this
// one. With versioning suspended a new content is the null version, which may be the id of
// an old one that is deleted at the same time: the new content would go instead. A version
// whose id no other will ever have waits for nobody.
func (s *s3Store) turn(name string) (end func()) {
	key, id := Plain(name)
	if id != "" && id != nullVersion && !strings.Contains(key, versionMark) {
		return func() {}
	}
	t := &s.turns
	t.mu.Lock()
	if t.at == nil {
		t.at = map[string]*turn{}
	}
	x := t.at[key]
	if x == nil {
		x = &turn{}
		t.at[key] = x
	}
	x.users++
	t.mu.Unlock()
	x.Lock()
	return func() {
		x.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if x.users--; x.users == 0 {
			delete(t.at, key)
		}
	}
}
