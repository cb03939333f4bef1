package lineage

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// Where the records of a unit stand follows from their locators when these are words with
// numbers that ascend ("pk=17", "pk=18"...), as those of a table with one key do. Such
// places are kept with the unit, so that a patch finds the records that changed without
// reading all blocks.

// places says where the records of a unit that was written whole stand. The zero value
// says nothing.
type places struct {
	collection, words string
	runs              []placeRun
}

// placeRun is n records whose numbers follow one another from first, at the positions
// from at.
type placeRun struct {
	first int64
	at, n uint32
}

// maxPlaceRuns bounds what is kept of a unit: its head holds it.
const maxPlaceRuns = 1024

// finder collects the places of a unit while it is written.
type finder struct {
	places
	next uint32 // position
	lost bool   // some record has another kind of locator, or several sightings
}

// add takes the sightings of the next positions.
func (f *finder) add(rows []Sighting) {
	for i := range rows {
		if f.lost {
			return
		}
		words, n, ok := splitNumber(rows[i].Locator)
		if f.next == 0 {
			f.collection, f.words = strings.Clone(rows[i].Collection), strings.Clone(words)
		}
		k := len(f.runs) - 1
		switch {
		case !ok || rows[i].Collection != f.collection || words != f.words:
			f.lost = true
		case k >= 0 && n == f.runs[k].first+int64(f.runs[k].n):
			f.runs[k].n++
		case k >= 0 && n < f.runs[k].first+int64(f.runs[k].n) || len(f.runs) == maxPlaceRuns:
			f.lost = true
		default:
			f.runs = append(f.runs, placeRun{n, f.next, 1})
		}
		f.next++
	}
}

// found returns what was collected.
func (f *finder) found() places {
	if f == nil || f.lost {
		return places{}
	}
	return f.places
}

// at returns the position of a record by the number in its locator.
func (p *places) at(number int64) (uint32, bool) {
	i, exact := slices.BinarySearchFunc(p.runs, number, func(r placeRun, n int64) int { return cmp.Compare(r.first, n) })
	if exact {
		return p.runs[i].at, true
	}
	if i == 0 {
		return 0, false
	}
	r := p.runs[i-1]
	return r.at + uint32(number-r.first), number-r.first < int64(r.n)
}

// find notes which records of a set stand here, and appends their positions, unless those
// are holes already.
func (p *places) find(set recordSet, old *patched, positions []uint32) []uint32 {
	m := set[recordGroup{p.collection, p.words, true}]
	for n := range m {
		if at, ok := p.at(n); ok && !old.hole(at) {
			m[n] = true
			positions = append(positions, at)
		}
	}
	return positions
}

// append encodes places. Numbers go as their distance from the end of the run before.
func (p *places) append(out []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(p.runs)))
	if len(p.runs) == 0 {
		return out
	}
	out = appendStr(appendStr(out, p.collection), p.words)
	end := int64(0)
	for _, r := range p.runs {
		out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(r.first-end)), uint64(r.n))
		end = r.first + int64(r.n)
	}
	return out
}

// places decodes what append wrote.
func (d *decoder) places() (p places) {
	n := d.count(2)
	if n == 0 {
		return p
	}
	p.collection, p.words = d.str(), d.str()
	end, at := int64(0), uint32(0)
	for range n {
		r := placeRun{first: end + int64(d.uint()), at: at, n: uint32(d.uint())}
		p.runs = append(p.runs, r)
		end, at = r.first+int64(r.n), at+r.n
	}
	return p
}
