package parquet

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// A writer that is given values with their dictionary (categories of pandas and Polars,
// dictionary arrays of Arrow) puts the whole dictionary into every row group, also what no
// row there has, or no row at all since rows were filtered out. So what is hers may stand
// in groups without a row of hers. Such columns are known by the metadata of the file, or
// by the dictionaries themselves: DuckDB says nothing of its ENUM.

// idleLocator names what stands in dictionaries and in no row.
const idleLocator = "dictionary"

// idleReason is the reason of the gap for values that no row has.
const idleReason = "an address or a number stands in a column's dictionary and in none of its rows, so that it has no age, and goes with an erasure of its person alone: " +
	"write the file anew from its rows (DuckDB: COPY (FROM 'OLD') TO 'NEW'; pandas: df[column].cat.remove_unused_categories() before to_parquet) and scan again"

// wholeDicts returns the leaves whose dictionaries may hold more than their group uses.
func (f *file) wholeDicts() map[*leaf]bool {
	names := map[string]bool{}
	_, list := f.footer.list(5)
	for _, raw := range list {
		kv, _, err := parseRecord(raw)
		if err != nil {
			continue
		}
		switch string(kv.text(1)) {
		case "ARROW:schema":
			arrowDicts(kv.text(2), names)
		case "pandas":
			pandasDicts(kv.text(2), names)
		}
	}
	out := map[*leaf]bool{}
	for _, n := range f.root.children {
		for _, l := range n.leaves {
			if names[n.name] || f.alike(l) {
				out[l] = true
			}
		}
	}
	return out
}

// compared is how many pairs of dictionaries of a column are compared.
const compared = 2

// alike reports a column of texts or numbers that has the same dictionary in two row groups, one after the
// other. A file of DuckDB with one group has nothing to compare it with.
func (f *file) alike(l *leaf) bool {
	if l.typ != pBytes && l.typ != pInt64 {
		return false
	}
	if len(f.groups) == 1 {
		_, n := f.groups[0].dictAt(l)
		return n > 0 && bytes.HasPrefix(f.footer.text(6), []byte("DuckDB"))
	}
	pairs := 0
	for i := 1; i < len(f.groups) && pairs < compared; i++ {
		a, n := f.groups[i-1].dictAt(l)
		b, m := f.groups[i].dictAt(l)
		if n == 0 || n != m {
			continue
		}
		pairs++
		x, err := f.bytesAt(a, n)
		if err != nil {
			continue // whoever reads the column says so
		}
		y, err := f.bytesAt(b, n)
		if err == nil && bytes.Equal(x, y) {
			return true
		}
	}
	return false
}

// dictAt is where the dictionary of a column stands, and how long it is with what stands
// before it. Without one it has no length.
func (g *group) dictAt(l *leaf) (off, n int64) {
	if g.bad != nil {
		return 0, 0
	}
	m := g.chunks[l.index].meta
	if off = m.int(11, 0); off <= 0 {
		return 0, 0
	}
	return off, max(m.int(9, 0)-off, 0)
}

// arrowDicts notes the columns of an Arrow schema with a dictionary in them.
func arrowDicts(text []byte, names map[string]bool) {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return
	}
	_ = safely(func() error { // what is no schema names no column
		r, err := ipc.NewReader(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		defer r.Release()
		for _, fld := range r.Schema().Fields() {
			if hasDict(fld.Type) {
				names[fld.Name] = true
			}
		}
		return nil
	})
}

func hasDict(t arrow.DataType) bool {
	if t.ID() == arrow.DICTIONARY {
		return true
	}
	n, ok := t.(arrow.NestedType)
	return ok && slices.ContainsFunc(n.Fields(), func(f arrow.Field) bool { return hasDict(f.Type) })
}

// pandasDicts notes the columns that pandas calls categorical.
func pandasDicts(text []byte, names map[string]bool) {
	var meta struct {
		Columns []struct {
			Name  *string `json:"name"`
			Field *string `json:"field_name"`
			Type  string  `json:"pandas_type"`
		} `json:"columns"`
	}
	if json.Unmarshal(text, &meta) != nil {
		return
	}
	for _, c := range meta.Columns {
		if c.Type != "categorical" {
			continue
		}
		for _, name := range []*string{c.Name, c.Field} {
			if name != nil {
				names[*name] = true
			}
		}
	}
}

// usedEntries tells which entries of the dictionary of a chunk its rows use. The
// dictionary has no entry when the chunk has none, and when none of them is wanted: then no
// more is read.
func (f *file) usedEntries(ch *chunk, wanted func(val []byte) bool) (dict values, used []byte, err error) {
	if ch.size == 0 {
		return values{}, nil, nil
	}
	s := newStream(f, ch, false)
	err = safely(func() error {
		for s.load() {
			if used == nil && s.hasDic {
				if !s.dict.any(wanted) {
					return s.err
				}
				used = make([]byte, s.dict.n)
			}
			if s.page.isDict {
				for _, i := range s.page.idx[:s.page.present(s.leaf)] {
					used[i] = 1
				}
			}
			s.li = s.page.n
		}
		return s.err
	})
	if used == nil {
		return values{}, nil, err
	}
	return s.dict, used, err
}

// any reports whether a value is wanted.
func (v *values) any(wanted func(val []byte) bool) bool {
	for i := range v.n {
		if wanted(v.at(i)) {
			return true
		}
	}
	return false
}

// idle reports whether a chunk that loses no row has to be cut all the same, since its
// dictionary holds what none of its rows has.
func (rw *rewriter) idle(ch *chunk) (bool, error) {
	if !rw.whole[ch.leaf] {
		return false, nil
	}
	_, used, err := rw.f.usedEntries(ch, func([]byte) bool { return true })
	return bytes.IndexByte(used, 0) >= 0, err
}

// forget makes the edits of what stands in dictionaries and in no row: whatever is written
// anew leaves it behind. What of it is hers goes from the metadata, too.
func (rw *rewriter) forget(edits *format.Edits) {
	for _, loc := range edits.Locators(rw.codec.cat.Name) {
		if !strings.HasPrefix(loc, idleLocator) {
			continue
		}
		e := edits.For(rw.codec.cat.Name, loc)
		edits.Redacted()
		rw.any = true
		for l := range rw.whole {
			for text := range rw.f.idleTexts(l) {
				if e.Rewrite == nil {
					continue
				}
				if _, v := e.Rewrite(connectors.Field{Name: l.name, Look: connectors.LookText}, text); v != connectors.Same {
					rw.erased[text] = true
				}
			}
		}
	}
}

// tidy makes every entry of the dictionary one that may go, whether a row lost it or not.
func (c *cutter) tidy() error {
	if !c.whole || c.dictAt == nil {
		return nil
	}
	if err := c.loadDict(); err != nil {
		return err
	}
	for i := range c.dict.lost {
		c.dict.lose(uint32(i))
	}
	return nil
}

// idleGaps tells of addresses and numbers that stand in a dictionary, and in no row of the
// column. Where a column cannot be read its rows say so.
func (f *file) idleGaps() []connectors.Gap {
	whole := f.wholeDicts()
	var texts []string
	for _, l := range f.leaves {
		if !whole[l] {
			continue
		}
		for text := range f.idleTexts(l) {
			texts = append(texts, strings.ToValidUTF8(text, " "))
		}
	}
	return idleParts(texts)
}

// idleParts makes the gaps of texts: what is beyond the bound of one is in the next.
func idleParts(texts []string) (gaps []connectors.Gap) {
	slices.Sort(texts)
	for len(texts) > 0 {
		size, n := len(texts[0]), 1
		for n < len(texts) && size+1+len(texts[n]) <= connectors.GapText {
			size += 1 + len(texts[n])
			n++
		}
		g := connectors.Gap{Locator: idleLocator, Reason: idleReason, Text: strings.Join(texts[:n], "\n"), Idle: true}
		if g.Text = g.Text[:min(len(g.Text), connectors.GapText)]; len(gaps) > 0 {
			g.Locator = fmt.Sprintf("%s, part %d", idleLocator, len(gaps)+1)
		}
		gaps, texts = append(gaps, g), texts[n:]
	}
	return gaps
}

// idleTexts are the addresses and numbers in the dictionaries of a column that no row has:
// those that stand idle somewhere, without those that are used elsewhere. Groups with the
// same dictionary, one after the other, are looked at as one.
func (f *file) idleTexts(l *leaf) map[string]bool {
	idle := map[string]bool{}
	for pass := range 2 {
		d := idleDict{leaf: l, idle: idle, pass: pass}
		for _, g := range f.groups {
			if g.bad != nil {
				continue
			}
			if vals, used, err := f.usedEntries(&g.chunks[l.index], d.wanted); err == nil && used != nil {
				d.add(vals, used)
			}
		}
		d.note()
		if len(idle) == 0 || d.runs == 1 {
			break
		}
	}
	return idle
}

// idleDict is the dictionary of groups that have the same.
type idleDict struct {
	leaf *leaf
	idle map[string]bool
	pass int // 0 looks for what is idle, 1 takes out what is used
	runs int
	vals values
	used []byte
	text []byte
}

func (d *idleDict) wanted(val []byte) bool {
	d.text = d.leaf.appendText(d.text[:0], val)
	if d.pass == 1 {
		return d.idle[string(d.text)]
	}
	return address.Match(d.text) || number.Match(d.text)
}

// add takes in the dictionary of the next group.
func (d *idleDict) add(vals values, used []byte) {
	if d.runs > 0 && d.vals.n == vals.n && slices.Equal(d.vals.hi, vals.hi) && bytes.Equal(d.vals.data, vals.data) {
		for i, u := range used {
			d.used[i] |= u
		}
		return
	}
	d.note()
	d.runs++
	d.vals, d.used = vals, used
}

// note ends a run.
func (d *idleDict) note() {
	for i := range d.vals.n {
		switch {
		case d.used[i] != byte(d.pass) || !d.wanted(d.vals.at(i)):
		case d.pass == 1:
			delete(d.idle, string(d.text))
		default:
			d.idle[string(d.text)] = true
		}
	}
	d.vals = values{}
}
