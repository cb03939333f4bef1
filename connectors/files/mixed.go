package files

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// fewKeys is how many ids tables have to have for their counters to be one when no id is in
// two, and maxKeys how many of a table are remembered: of one with more nothing is known.
const (
	fewKeys = 100
	maxKeys = 1 << 20
)

var keySeed = maphash.MakeSeed()

// keys are the ids of a table.
type keys struct {
	name      string
	field     string
	means     []connectors.Reference // its key, and what that refers to
	seen      map[uint64]bool
	more      bool // than are remembered
	unread    bool // some could not be read
	text      bool // some are no numbers
	low, high float64
}

func (k *keys) add(v string) {
	if v = strings.TrimSpace(v); v == "" {
		return
	}
	v = connectors.FoldNumber.Text(v)
	n, err := strconv.ParseFloat(v, 64)
	k.text = k.text || err != nil
	k.low, k.high = min(k.low, n), max(k.high, n)
	if len(k.seen) >= maxKeys {
		k.more = true
		return
	}
	k.seen[maphash.String(keySeed, v)] = true
}

// common reports that two tables have ids in common, or so few that they may come to have some.
func (k *keys) common(o *keys) bool {
	if slices.ContainsFunc(k.means, func(r connectors.Reference) bool { return slices.Contains(o.means, r) }) {
		return false // a row, and one that says more of it
	}
	if k.unread || o.unread {
		return true // as far as anybody knows
	}
	if len(k.seen) == 0 || len(o.seen) == 0 {
		return false
	}
	if !k.text && !o.text {
		if k.high < o.low || o.high < k.low {
			return false
		}
		if min(len(k.seen), len(o.seen)) < fewKeys {
			return true
		}
	}
	for h := range k.seen {
		if o.seen[h] {
			return true
		}
	}
	return k.more || o.more
}

// Mixed implements [connectors.Mixer]. The files of the tables are read: nothing else tells
// what ids they have.
func (s *exports) Mixed(ctx context.Context, refs []connectors.Reference) (tables []string, err error) {
	var all []*keys
	for _, r := range refs {
		coll, ok := s.conf.Dataset.Collection(r.Collection)
		if pk := coll.PrimaryKey(); !ok || r.Dataset != s.conf.Dataset.Key || len(pk) != 1 || pk[0] != r.Field || slices.ContainsFunc(all, func(k *keys) bool { return k.name == r.Collection }) {
			continue
		}
		f, _ := coll.Field(r.Field)
		all = append(all, &keys{name: r.Collection, field: r.Field, means: append([]connectors.Reference{r}, f.References...), seen: map[uint64]bool{}, low: math.Inf(1), high: math.Inf(-1)})
	}
	if len(all) < 2 {
		return nil, nil
	}
	for u, err := range s.Units(ctx) {
		if err == nil && s.holds(u.Key, all) {
			err = s.keysOf(ctx, u, all)
		}
		if err != nil {
			return nil, fmt.Errorf("read the ids of tables: %w", err)
		}
	}
	for i, a := range all {
		for _, b := range all[i+1:] {
			for _, k := range []*keys{a, b} {
				if a.common(b) && !slices.Contains(tables, k.name) {
					tables = append(tables, k.name)
				}
			}
		}
	}
	return tables, ctx.Err()
}

// holds reports a file that is one of the tables.
func (s *exports) holds(key string, all []*keys) bool {
	for _, g := range s.router.list {
		if g.match(key, stripPacking(key)) {
			return slices.ContainsFunc(all, func(k *keys) bool { return k.name == g.cat.Name })
		}
	}
	return false
}

// keysOf takes in the ids in a file.
func (s *exports) keysOf(ctx context.Context, u connectors.Unit, all []*keys) error {
	for b, err := range s.Read(ctx, u) {
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(k *keys) bool { return k.name == b.Collection })
		if i < 0 {
			continue
		}
		all[i].unread = all[i].unread || len(b.Gaps) > 0
		if b.Rows == nil {
			continue
		}
		for col, f := range b.Rows.Schema().Fields() {
			if col == 0 || f.Name != all[i].field {
				continue
			}
			for row := range int(b.Rows.NumRows()) {
				if v, ok := connectors.Value(b.Rows, col, row); ok {
					all[i].add(v)
				}
			}
		}
	}
	return ctx.Err()
}
