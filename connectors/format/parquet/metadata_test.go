package parquet

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// checkMetadata verifies that everything a file says of its chunks is true:
// counts, sizes, statistics, indexes and bloom filters.
func checkMetadata(t testing.TB, data []byte) {
	t.Helper()
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for gi, g := range f.groups {
		var size, packed int64
		for i := range g.chunks {
			ch := &g.chunks[i]
			if ch.size > 0 {
				c := &chunkCheck{TB: t, f: f, ch: ch, group: gi}
				c.run(g.rows)
			}
			size += ch.meta.int(6, 0)
			packed += ch.size
		}
		if n := g.rec.int(2, 0); n != size && n != packed { // Arrow Go counts packed bytes
			t.Errorf("row group %d says that it has %d bytes, its columns have %d", gi+1, n, size)
		}
		if n := g.rec.int(6, packed); n != packed {
			t.Errorf("row group %d says that it has %d packed bytes, its columns have %d", gi+1, n, packed)
		}
	}
}

type chunkCheck struct {
	testing.TB
	f     *file
	ch    *chunk
	group int
	dict  values
	all   fold
	nulls int64
	kinds map[pageKind]int64
	vals  [][]byte
}

type pageCheck struct {
	at, n, row int64
	nulls      int64
	fold       fold
}

func (c *chunkCheck) run(rows int64) {
	l := c.ch.leaf
	c.kinds = map[pageKind]int64{}
	c.all = fold{leaf: l, cmp: l.order()}
	if c.all.cmp == nil {
		c.all.cmp = bytes.Compare
	}
	var pages []pageCheck
	var row, values, unpacked int64
	pg := newPager(c.f, c.ch)
	for {
		at := pg.pos()
		rp, err := pg.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			c.Fatalf("row group %d, %s: %v", c.group+1, l.name, err)
		}
		unpacked += int64(rp.headLen + rp.size)
		enc := rp.enc
		if rp.kind == dictPage {
			enc = rp.head.sub(7).int(2, -1)
		}
		if rp.kind == dataPageV2 {
			c.kinds[pageKind{dataPage, enc}]++ // some writers say the wrong version
		} else {
			c.kinds[pageKind{rp.kind, enc}]++
		}
		if rp.kind == dictPage {
			if c.dict, err = rp.dictionary(l, c.ch.codec, nil, &c.dict); err != nil {
				c.Fatal(err)
			}
			continue
		}
		p := pageCheck{at: at, n: int64(len(rp.all)), row: row, fold: fold{leaf: l, cmp: c.all.cmp}}
		pd, err := rp.decode(l, c.ch.codec, c.dict.n, nil)
		if err != nil {
			c.Fatal(err)
		}
		for k := range pd.values.n {
			var v []byte
			if pd.isDict {
				v = c.dict.at(int(pd.idx[k]))
			} else {
				v = pd.at(k)
			}
			p.fold.add(v)
			c.all.add(v)
			c.vals = append(c.vals, bytes.Clone(v))
		}
		p.nulls = int64(pd.n - pd.values.n)
		c.nulls += p.nulls
		values += int64(pd.n)
		if pd.rep == nil {
			row += int64(pd.n)
		} else {
			row += int64(bytes.Count(pd.rep, []byte{0}))
		}
		if rp.kind == dataPageV2 && (rp.head.sub(8).int(2, -1) != p.nulls || int64(rp.rows) != row-p.row) {
			c.Errorf("row group %d, %s: a page counts its nulls or rows wrongly", c.group+1, l.name)
		}
		pages = append(pages, p)
	}
	if row != rows || values != c.ch.values || unpacked != c.ch.meta.int(6, 0) {
		c.Errorf("row group %d, %s: %d rows, %d values, %d bytes; it says %d, %d, %d", c.group+1, l.name, row, values, unpacked, rows, c.ch.values, c.ch.meta.int(6, 0))
	}
	c.statistics()
	c.kindsOf()
	c.indexes(pages)
	c.bloom()
}

func (c *chunkCheck) statistics() {
	st := c.ch.meta.sub(12)
	if n := st.int(3, c.nulls); n != c.nulls {
		c.Errorf("row group %d, %s: the statistics count %d nulls of %d", c.group+1, c.ch.leaf.name, n, c.nulls)
	}
	c.bounds("statistics", st.text(6), st.text(5), &c.all)
}

// bounds checks that lo and hi hold, and that a short one is a value.
func (c *chunkCheck) bounds(what string, lo, hi []byte, all *fold) {
	cmp := c.ch.leaf.order()
	if cmp == nil || all.min == nil || lo == nil || hi == nil {
		return
	}
	if cmp(lo, all.min) > 0 || cmp(hi, all.max) < 0 {
		c.Errorf("row group %d, %s: the bounds of the %s do not hold", c.group+1, c.ch.leaf.name, what)
	}
	if len(lo) < shortBound && cmp(lo, all.min) != 0 || len(hi) < shortBound && cmp(hi, all.max) != 0 {
		c.Errorf("row group %d, %s: the bounds of the %s are values that are gone: %x %x, have %x %x", c.group+1, c.ch.leaf.name, what, lo, hi, all.min, all.max)
	}
}

func (c *chunkCheck) kindsOf() {
	_, list := c.ch.meta.list(13)
	if list == nil {
		return
	}
	said := map[pageKind]int64{}
	for _, raw := range list {
		r, _, err := parseRecord(raw)
		if err != nil {
			c.Fatal(err)
		}
		k := pageKind{r.int(1, -1), r.int(2, -1)}
		if k.kind == dataPageV2 {
			k.kind = dataPage
		}
		said[k] += r.int(3, 0)
	}
	for k, n := range c.kinds {
		if said[k] != n && k.kind != dictPage {
			c.Errorf("row group %d, %s: %d pages of kind %v, it says %v", c.group+1, c.ch.leaf.name, n, k, said)
		}
	}
}

func (c *chunkCheck) indexes(pages []pageCheck) {
	if off, n := c.ch.rec.int(4, 0), c.ch.rec.int(5, 0); off > 0 {
		raw, err := c.f.bytesAt(off, n)
		if err != nil {
			c.Fatal(err)
		}
		rec, _, err := parseRecord(raw)
		_, list := rec.list(1)
		if err != nil || len(list) != len(pages) {
			c.Fatalf("row group %d, %s: an offset index of %d pages for %d, %v", c.group+1, c.ch.leaf.name, len(list), len(pages), err)
		}
		for i, raw := range list {
			if r, _, err := parseRecord(raw); err != nil || r.int(1, -1) != pages[i].at || r.int(2, -1) != pages[i].n || r.int(3, -1) != pages[i].row {
				c.Errorf("row group %d, %s: the offset index is wrong about page %d: %v", c.group+1, c.ch.leaf.name, i+1, err)
			}
		}
	}
	if off, n := c.ch.rec.int(6, 0), c.ch.rec.int(7, 0); off > 0 {
		raw, err := c.f.bytesAt(off, n)
		if err != nil {
			c.Fatal(err)
		}
		x := parseColIndex(c.ch.leaf, raw, len(pages))
		if x == nil {
			c.Fatalf("row group %d, %s: the column index cannot be read", c.group+1, c.ch.leaf.name)
		}
		for i, p := range pages {
			if x.nulls != nil && x.nulls[i] != p.nulls || x.null[i] != (p.nulls > 0 && p.fold.min == nil) && p.fold.min != nil {
				c.Errorf("row group %d, %s: the column index counts the nulls of page %d wrongly", c.group+1, c.ch.leaf.name, i+1)
			}
			if !x.null[i] {
				c.bounds("column index", x.min[i], x.max[i], &p.fold)
			}
		}
		if !x.ordered(c.ch.leaf, x.rec.int(4, 0)) {
			c.Errorf("row group %d, %s: the column index says an order that its pages do not have", c.group+1, c.ch.leaf.name)
		}
	}
}

// bloom checks that the filter knows every value, and hardly anything else.
func (c *chunkCheck) bloom() {
	raw, err := c.f.bloom(c.ch)
	if err != nil {
		c.Fatal(err)
	}
	b := emptyBloom(raw)
	if raw == nil || b == nil {
		return
	}
	bits := raw[len(b.head):]
	for _, v := range c.vals {
		if !bloomHas(bits, v) {
			c.Errorf("row group %d, %s: the bloom filter does not know a value", c.group+1, c.ch.leaf.name)
			return
		}
	}
}

// bloomHas asks a filter, in another way than it is filled.
func bloomHas(bits, v []byte) bool {
	h := xxhash.Sum64(v)
	block := int((h >> 32) * uint64(len(bits)/32) >> 32)
	for i, salt := range salts {
		bit := block*256 + i*32 + int(uint32(h)*salt>>27)
		if bits[bit/8]>>(bit%8)&1 == 0 {
			return false
		}
	}
	return true
}
