package extract

import (
	"hash/maphash"
	"slices"
	"strings"
	"unsafe"

	"github.com/cratio/sutra/lineage"
)

// desk is what one extraction after another works on: what it learned of values
// that come again and again, and memory to cut results from.
type desk struct {
	hash   Hasher
	names  namer
	idents [1024]ident
	tried  int // how many spellings were looked for in idents, and how many of them stood there
	met    int
	skip   int      // how many are not to be looked for
	number [16]byte // a telephone number on its way to its token
	seed   maphash.Seed

	sightings []lineage.Sighting // of the batch
	edges     []lineage.Edge     // slabs that they are cut from
	words     []uint32
	list      []lineage.Name

	accounts [64]account // the last ones, by their last byte
	tenant   func(id string) string

	// Of the record at hand.
	edge   []lineage.Edge
	index  map[lineage.Token][]int // edges by token, when they are many
	name   []lineage.Name
	label  []lineage.Name
	pasted []pasted
	held   []heldCard
	about  int // edges that do not come from pasted JSON
	digest []byte
	said   []string // the values of its columns; of a null any
	cat    []int
	seen   []bool
	// The categories of the last record, by number and by name.
	lastCat  []int
	lastCats []string
}

// account is an account as a record spells it, and its name.
type account struct{ said, name string }

func newDesk(h Hasher) *desk {
	if g, ok := h.(*lineage.Graph); ok { // a desk is one goroutine's
		h = g.Hasher()
	}
	return &desk{hash: h, seed: maphash.MakeSeed(), names: namer{hash: h, known: map[string]word{}}}
}

// ident is what a spelling of an identifier came to.
type ident struct {
	kind  string // that it was asked for as; "" in a free slot
	raw   [46]byte
	size  uint8
	ok    bool
	weak  bool
	as    string // the kind that it is of
	token lineage.Token
}

// normalised is [Normalise] with the token in place of the value. A person's
// identifiers stand in many records of a unit, mostly spelt alike.
//
// The edge is filled where it stands, here as in what is called: it is too large to be
// handed over in registers, and copying it took a tenth of the time.
func (d *desk) normalised(e *lineage.Edge, kind, raw string) bool {
	if len(raw) > len(d.idents[0].raw) || kind == "" || d.passes() {
		return d.normalise(e, kind, raw)
	}
	slot := &d.idents[maphash.String(d.seed, raw)%uint64(len(d.idents))]
	if slot.kind == kind && int(slot.size) == len(raw) && string(slot.raw[:slot.size]) == raw {
		d.met++
		e.Token, e.Kind, e.Weak = slot.token, slot.as, slot.weak
		return slot.ok
	}
	ok := d.normalise(e, kind, raw)
	slot.kind, slot.size, slot.ok, slot.weak, slot.as, slot.token = kind, uint8(len(raw)), ok, e.Weak, e.Kind, e.Token
	copy(slot.raw[:], raw)
	return ok
}

// Where spellings seldom come again, looking for them costs more than it saves: of
// identTry lookups one in identShare has to meet something, or the next identSkip
// spellings are not looked for.
const (
	identTry   = 1 << 12
	identShare = 16
	identSkip  = 1 << 16
)

// passes reports that a spelling is not to be looked for.
func (d *desk) passes() bool {
	if d.skip > 0 {
		d.skip--
		return true
	}
	if d.tried++; d.tried == identTry {
		if d.met*identShare < d.tried {
			d.skip = identSkip
		}
		d.tried, d.met = 0, 0
	}
	return false
}

// normalise is normalised without what is remembered.
func (d *desk) normalise(e *lineage.Edge, kind, raw string) bool {
	if kind == KindPhone {
		if value, weak, ok, known := plainPhone(raw, d.number[:0]); known {
			if ok {
				e.Token, e.Kind, e.Weak = d.hash.Token(kind, unsafe.String(unsafe.SliceData(value), len(value))), kind, weak
			}
			return ok
		}
	}
	id, ok := Normalise(kind, raw)
	if ok {
		e.Token, e.Kind, e.Weak = d.hash.Token(id.Kind, id.Value), id.Kind, id.Weak
	}
	return ok
}

// account returns the name of an account, the same copy for many records.
func (d *desk) account(id string) string {
	if id == "" {
		return ""
	}
	slot := &d.accounts[id[len(id)-1]%byte(len(d.accounts))]
	if slot.said != id {
		slot.said = strings.Clone(id)
		slot.name = strings.TrimSpace(slot.said)
		if d.tenant != nil {
			slot.name = d.tenant(slot.said)
		}
	}
	return slot.name
}

// slabMost is how many values a slab has at most, unless one copy has more.
const slabMost = 1 << 14

// cut copies values to the end of a slab and returns the copy; a new slab, twice as
// large, is begun when it does not fit.
func cut[T any](slab *[]T, from []T) []T {
	if len(from) == 0 {
		return nil
	}
	if cap(*slab)-len(*slab) < len(from) {
		*slab = make([]T, 0, max(1024, min(2*cap(*slab), slabMost), len(from)))
	}
	n := len(*slab)
	*slab = append(*slab, from...)
	return (*slab)[n:len(*slab):len(*slab)]
}

// categories names the categories of the record at hand. Records of a batch have
// mostly the same, and then share them.
func (d *desk) categories(s *shape) []string {
	if len(d.cat) == 0 {
		return nil
	}
	if !slices.Equal(d.cat, d.lastCat) {
		d.lastCat = append(d.lastCat[:0], d.cat...)
		d.lastCats = make([]string, len(d.cat))
		for i, k := range d.cat {
			d.lastCats[i] = s.categories[k]
		}
	}
	return d.lastCats
}
