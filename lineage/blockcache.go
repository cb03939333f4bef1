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

// get returns a view of its own of a cached block, nil when it is not there.
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
	own := *v
	return &own
}

// put takes over a view that nobody has read from.
func (c *blockCache) put(name *name16, v *blockView) {
	own := *v
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(name, &own)
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
