package world

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// SnapOptions says what a snapshot keeps beside hashes.
type SnapOptions struct {
	// Watch lists the people whose identifiers and tokens are looked for; nil
	// means everybody, which only a small world should ask for. Records that hold
	// a trace of a watched person are kept whole.
	Watch []string
	// Base, when not nil, is an earlier snapshot: records that are not in it are
	// kept whole, so that the two can be compared by their parts.
	Base *Snap
}

// Snap is a decoded world: for every record a hash of its content, and whole
// those that matter. Two snapshots of one process or of two may be compared.
type Snap struct {
	Records int // rows, lines, elements, objects
	units   map[unitID]*unitSnap
	tokens  []uint64 // with a base: hashes of all tokens in the world, sorted
	find    *finder
	based   bool // taken with a base
	// Of a world in a bucket: the version of every object, and what the bucket
	// holds beside them.
	current map[unitID]string
	old     []leftover
}

type unitID struct{ source, unit string }

// unitSnap is one object or one table.
type unitSnap struct {
	recs []rec
	kept map[uint64]*content // by rec.key
}

// rec is one record: hashes of its locator and of its content.
type rec struct{ key, sum uint64 }

// content is a record kept whole.
type content struct {
	locator string
	tree    any // maps, slices, strings, numbers as text, bool, nil
	hits    []int32
}

// record is what a reader hands on.
type record struct {
	source, unit, locator string
	// parts are hashed, with their lengths; texts are searched.
	parts, texts []string
	tree         func() any
}

// nameLocator is the locator under which the name of an object is searched.
const nameLocator = "#name"

// hash64 hashes strings so that their borders count.
func hash64(parts ...string) uint64 {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return binary.LittleEndian.Uint64(h.Sum(n[:0:0]))
}

// Snapshot decodes the world in dir and on the servers that it was moved to, by
// readers of its own.
func (t *Truth) Snapshot(ctx context.Context, dir string, o SnapOptions) (*Snap, error) {
	var f *finder
	if o.Base != nil && (o.Watch == nil) == (o.Base.find.watch == nil) && slices.Equal(o.Watch, o.Base.find.watch) {
		f = o.Base.find
	} else {
		var err error
		if f, err = newFinder(ctx, t, o.Watch); err != nil {
			return nil, err
		}
	}
	s := &Snap{units: map[unitID]*unitSnap{}, find: f, based: o.Base != nil}
	r := &snapper{snap: s, base: o.Base}
	if err := t.at.readCRM(ctx, dir, r.add); err != nil {
		return nil, fmt.Errorf("snapshot the database: %w", err)
	}
	files := readFolders
	if t.at.buckets != nil {
		files = func(ctx context.Context, _ string, see func(record)) error { return t.at.readBucket(ctx, s, see) }
	}
	if err := files(ctx, dir, r.add); err != nil {
		return nil, fmt.Errorf("snapshot the files: %w", err)
	}
	slices.Sort(s.tokens)
	s.tokens = slices.Compact(s.tokens)
	return s, nil
}

// snapper builds a Snap from records; those of one unit come one after another.
type snapper struct {
	snap, base *Snap
	unit       unitID
	known      []uint64 // sums of the unit in base, sorted
}

func (r *snapper) add(x record) {
	id := unitID{x.source, x.unit}
	u := r.snap.units[id]
	if u == nil {
		u = &unitSnap{}
		r.snap.units[id] = u
	}
	if r.base != nil && r.unit != id {
		r.unit, r.known = id, r.known[:0]
		if b := r.base.units[id]; b != nil {
			for _, y := range b.recs {
				r.known = append(r.known, y.sum)
			}
		}
		slices.Sort(r.known)
	}
	y := rec{hash64(x.locator), hash64(x.parts...)}
	hits := r.snap.find.search(x.texts...)
	if x.locator == nameLocator {
		hits = r.snap.find.search(x.unit)
	} else {
		u.recs = append(u.recs, y)
		r.snap.Records++
	}
	if len(hits) > 0 || r.isNew(y) && x.locator != nameLocator {
		if u.kept == nil {
			u.kept = map[uint64]*content{}
		}
		u.kept[y.key] = &content{x.locator, x.tree(), hits}
	}
	if r.base == nil {
		return
	}
	for _, text := range x.texts {
		for _, tok := range tokensIn(text) {
			r.snap.tokens = append(r.snap.tokens, hash64(tok))
		}
	}
}

// isNew reports whether a record's content is not in the base.
func (r *snapper) isNew(y rec) bool {
	if r.base == nil {
		return false
	}
	_, known := slices.BinarySearch(r.known, y.sum)
	return !known
}

// tokensIn returns the content tokens of a text.
func tokensIn(t string) []string {
	var out []string
	for {
		i := strings.Index(t, "kx")
		if i < 0 || len(t) < i+tokenLen {
			return out
		}
		if w := t[i : i+tokenLen]; strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") == "" {
			out = append(out, w)
		}
		t = t[i+2:]
	}
}

// has reports whether a token stands anywhere.
func (s *Snap) has(token string) bool {
	_, ok := slices.BinarySearch(s.tokens, hash64(token))
	return ok
}

// Traces returns how many records hold a trace of the watched people, object
// names included.
func (s *Snap) Traces() int {
	n := 0
	for _, u := range s.units {
		for _, c := range u.kept {
			if len(c.hits) > 0 {
				n++
			}
		}
	}
	return n
}
