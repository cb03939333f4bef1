package lineage

import (
	"sync"
	"unsafe"
)

// cachedBytes bounds what the cache of opened blocks holds.
const cachedBytes = 32 << 20

// blockCache keeps blocks that were opened lately, in two ages: when the young ones
// take half of the space they become the old ones, and the old ones go.
type blockCache struct {
	mu         sync.Mutex
	young, old map[name16]*blockView
	bytes      int
}

// get returns the view of a cached block, nil when it is not there. It is to be copied, not
// to be read from.
func (c *blockCache) get(name *name16) *blockView {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.young[*name]
	if v == nil {
		if v = c.old[*name]; v == nil {
			return nil
		}
		c.keep(name, v)
	}
	return v
}

// put takes over a view that nobody has read from, or will.
func (c *blockCache) put(name *name16, v *blockView) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(name, v)
}

func (c *blockCache) keep(name *name16, v *blockView) {
	if c.young == nil || c.bytes > cachedBytes/2 {
		c.young, c.old, c.bytes = map[name16]*blockView{}, c.young, 0
	}
	c.young[*name] = v
	c.bytes += v.size
}

func (c *blockCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old, c.bytes = nil, nil, 0
}

// viewBytes is about what a view takes besides the block's bytes.
const viewBytes = int(unsafe.Sizeof(blockView{})) + 256
