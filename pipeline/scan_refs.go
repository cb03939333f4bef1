package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/extract"
)

// halfRefs counts references that tell the collection by a word and name half a key of
// it: what has a key of several columns is referred to by all of them, and a record that
// names one is of nobody knows whom.
type halfRefs struct {
	schema *arrow.Schema
	at     [][2]int       // columns with the word and with the id, by reference
	lost   map[string]int // by what there is to tell
}

// watch takes in a batch.
func (h *halfRefs) watch(s *Site, src *Source, b connectors.Batch) {
	coll, ok := src.Dataset.Collection(b.Collection)
	if b.Rows == nil || !ok || len(coll.Refs) == 0 || len(s.kinds.parts) == 0 {
		return
	}
	if sc := b.Rows.Schema(); h.schema != sc {
		h.schema, h.at = sc, h.at[:0]
		for _, p := range coll.Refs {
			h.at = append(h.at, [2]int{columnOf(sc, p.Type), columnOf(sc, p.ID)})
		}
	}
	for i, p := range coll.Refs {
		for row := 0; row < int(b.Rows.NumRows()) && h.at[i][0] > 0 && h.at[i][1] > 0; row++ {
			word, named := connectors.Value(b.Rows, h.at[i][0], row)
			id, said := connectors.Value(b.Rows, h.at[i][1], row)
			if !named || !said || id == "" {
				continue
			}
			kind, leads := s.extractor.PolyKind(src.Name, p, word)
			if n := len(s.kinds.parts[kind]); leads && n > 1 && len(extract.KeyParts(id)) != n {
				_, to, _ := strings.Cut(kind, ".")
				count(&h.lost, fmt.Sprintf("refer by %q and %q to %q, and name no whole key of it: a reference to a key of %d columns has their values with commas between them; until then they are of nobody known", p.Type, p.ID, to, n))
			}
		}
	}
}

// columnOf finds a column of a batch, -1 when there is none.
func columnOf(sc *arrow.Schema, name string) int {
	if at := sc.FieldIndices(name); len(at) > 0 {
		return at[0]
	}
	return -1
}

// gaps is what there is to tell of the unit.
func (h *halfRefs) gaps() (out []connectors.Gap) {
	for _, what := range slices.Sorted(maps.Keys(h.lost)) {
		out = append(out, connectors.Gap{Reason: fmt.Sprintf("%d records %s", h.lost[what], what)})
	}
	return out
}
