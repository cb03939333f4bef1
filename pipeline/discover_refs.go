package pipeline

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
)

// references prints the foreign keys, and the columns that seem to be one: named
// after a collection, with values of which at least half are keys there. Ids that
// are counted from 1 are keys everywhere, so the name has to agree.
func (d *discovery) references() {
	for _, t := range d.done {
		for _, f := range t.fields {
			for _, r := range f.refs {
				d.out(ReferenceLine{"reference", d.src.Name, d.dataset(t), f.name(), r.Collection + "." + r.Field, true})
			}
			if len(f.refs) == 0 && !f.pk && len(f.ids) > 0 && len(f.path) == 1 {
				if f.guess = d.guess(t, f); f.guess != "" {
					d.out(ReferenceLine{"reference", d.src.Name, d.dataset(t), f.name(), f.guess, false})
				}
			}
		}
	}
}

// guess returns the key that the values of a column seem to name.
func (d *discovery) guess(t *looked, f *field) string {
	words := detect.Words(f.label)
	if len(words) > 1 && words[len(words)-1] == "id" {
		words = words[:len(words)-1]
	}
	for _, to := range d.done {
		keys := slices.DeleteFunc(slices.Clone(to.fields), func(k *field) bool { return !k.pk })
		if to == t || len(keys) != 1 || len(keys[0].ids) == 0 {
			continue
		}
		n, uuids := 0, 0
		for v := range f.ids {
			if keys[0].ids[v] {
				n++
			}
			if detect.UUID(v) {
				uuids++
			}
		}
		named := singular(strings.ToLower(to.name)) == strings.Join(words, "_")
		if named && n*2 >= len(f.ids) || n*2 >= len(f.ids) && uuids == len(f.ids) || named && uuids == len(f.ids) && to.sampled < to.total {
			return to.name + "." + keys[0].name()
		}
	}
	return ""
}

// sampler returns how a source is sampled.
func sampler(src connectors.Source) connectors.Sampler {
	if s, ok := src.(connectors.Sampler); ok {
		return s
	}
	return unitSampler{src}
}

// unitSampler samples a source that knows only how to be read: the records of
// units chosen at random.
type unitSampler struct{ connectors.Source }

// maxSampledUnits is how many units of such a source are read.
const maxSampledUnits = 64

// Sample implements connectors.Sampler.
func (s unitSampler) Sample(ctx context.Context, n int, seed uint64) iter.Seq2[connectors.Table, error] {
	return func(yield func(connectors.Table, error) bool) {
		units := connectors.NewReservoir[connectors.Unit](maxSampledUnits, seed, "units")
		for u, err := range s.Units(ctx) {
			if err != nil {
				yield(connectors.Table{}, err)
				return
			}
			units.Add(func() connectors.Unit { return u })
		}
		chosen := units.Items()
		slices.SortFunc(chosen, func(a, b connectors.Unit) int { return strings.Compare(a.Key, b.Key) })
		tables := map[string]*connectors.Drawing{}
		var order []string
		var gaps []connectors.TableGap
		for _, u := range chosen {
			for b, err := range s.Read(ctx, u) {
				if err != nil {
					gaps = append(gaps, connectors.TableGap{Unit: u.Key, Gap: connectors.Gap{Reason: err.Error()}})
					break
				}
				for _, g := range b.Gaps {
					gaps = append(gaps, connectors.TableGap{Unit: u.Key, Gap: g})
				}
				if b.Rows == nil {
					continue
				}
				if tables[b.Collection] == nil {
					tables[b.Collection] = connectors.NewDrawing(b.Collection, n, seed)
					order = append(order, b.Collection)
				}
				tables[b.Collection].Batch(b.Rows)
			}
		}
		if len(gaps) > 0 && !yield(connectors.Table{Gaps: gaps}, nil) {
			return
		}
		for _, name := range order {
			t := tables[name].Table()
			t.Objects, t.Read = units.Seen(), len(chosen)
			if !yield(t, nil) {
				return
			}
		}
	}
}
