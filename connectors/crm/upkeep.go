package crm

import (
	"maps"
	"slices"
	"sync"
)

// upkeep notes the tables after whose changes the server has something to renew, and those
// for which it could not. It may be used by several goroutines.
type upkeep struct {
	mu    sync.Mutex
	dirty map[string]bool
	stuck map[string]bool
}

// due notes a table that was changed.
func (u *upkeep) due(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	note(&u.dirty, name)
}

// take returns the tables that were changed since it was asked before, sorted.
func (u *upkeep) take() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := slices.Sorted(maps.Keys(u.dirty))
	u.dirty = nil
	return out
}

// leave notes tables that stay as they are.
func (u *upkeep) leave(names ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, name := range names {
		note(&u.stuck, name)
	}
}

// left reports whether a table stayed as it was.
func (u *upkeep) left(name string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.stuck[name]
}

func note(set *map[string]bool, name string) {
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[name] = true
}
