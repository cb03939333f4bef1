package blob

import "bytes"

// segment is a run of new bytes, or a range of the old version when data is nil.
type segment struct {
	data   []byte
	off, n int64
}

// cutter cuts what is written into parts. Ranges of the old version that are large
// enough become parts that the store copies; what is too small to be a part of its
// own borrows from the range behind it, which is then fetched, and no more than
// that. Sizes are in bytes.
type cutter struct {
	least    int64 // the store takes no smaller part but as the last
	most     int64 // of new bytes in one part, about; at least least
	copyMost int64 // of a copied part; at least twice least

	emit     func(parts []segment) error // a part of bytes
	emitCopy func(off, size int64) error // a part that is copied
	lead     []segment                   // written and not emitted
	leadSize int64                       // of lead
	tail     segment                     // behind lead: a range that may still grow
	size     int64                       // of everything written
}

// bytes appends new bytes. They are copied.
func (c *cutter) bytes(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if err := c.settle(false); err != nil {
		return err
	}
	if i := len(c.lead) - 1; i >= 0 && c.lead[i].data != nil {
		c.lead[i].data = append(c.lead[i].data, p...)
	} else {
		c.lead = append(c.lead, segment{data: bytes.Clone(p)})
	}
	c.leadSize += int64(len(p))
	c.size += int64(len(p))
	if c.leadSize >= c.most {
		return c.flush()
	}
	return nil
}

// old appends a range of the old version.
func (c *cutter) old(off, n int64) error {
	if n == 0 {
		return nil
	}
	c.size += n
	if c.tail.n > 0 && c.tail.off+c.tail.n == off {
		c.tail.n += n
		return nil
	}
	if err := c.settle(false); err != nil {
		return err
	}
	c.tail = segment{off: off, n: n}
	return nil
}

// end emits what is left.
func (c *cutter) end() error {
	if err := c.settle(true); err != nil {
		return err
	}
	return c.flush()
}

// settle decides about the range in tail, which does not grow any more. last says
// that nothing comes behind it: then it may be small.
func (c *cutter) settle(last bool) error {
	if c.tail.n == 0 {
		return nil
	}
	if c.leadSize > 0 {
		need := max(c.least-c.leadSize, 0)
		if c.tail.n-need < c.least && !(last && c.tail.n > need) {
			return c.merge(c.tail.n)
		}
		if err := c.merge(need); err != nil {
			return err
		}
		if err := c.flush(); err != nil {
			return err
		}
	}
	if c.tail.n < c.least && !last {
		return c.merge(c.tail.n)
	}
	count := (c.tail.n + c.copyMost - 1) / c.copyMost
	for i := range count { // of much the same size
		from, to := c.tail.n*i/count, c.tail.n*(i+1)/count
		if err := c.emitCopy(c.tail.off+from, to-from); err != nil {
			return err
		}
	}
	c.tail = segment{}
	return nil
}

// merge moves n bytes from the tail to the lead: they will be fetched.
func (c *cutter) merge(n int64) error {
	if n > 0 {
		c.lead = append(c.lead, segment{off: c.tail.off, n: n})
		c.leadSize += n
		c.tail.off += n
		c.tail.n -= n
	}
	if c.tail.n == 0 && c.leadSize >= c.most {
		return c.flush()
	}
	return nil
}

// flush emits the lead.
func (c *cutter) flush() error {
	if c.leadSize == 0 {
		return nil
	}
	list := c.lead
	c.lead, c.leadSize = nil, 0
	return c.emit(list)
}
