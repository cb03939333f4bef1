package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
)

// checkRows is how many rows of a table a check draws: enough to see what a column
// holds, not to say what it never holds.
const checkRows = 100

const shapeBucket = "shape"

// shape is how the tables of a source looked when their catalog was first checked.
type shape struct {
	Catalog string              `json:"catalog"` // digest
	Tables  map[string][]string `json:"tables"`  // columns, "name type"
}

// checkCatalog compares a database with its catalog by what stands in it: columns
// that hold personal data and that nobody described, columns that hold something
// else than described, and tables that are not what they were when this catalog
// was first checked. No value is shown.
func (s *Site) checkCatalog(ctx context.Context, src *Source, fn func(connectors.Finding)) error {
	if !database(src.Connector) {
		return nil
	}
	undescribed := map[string][]string{}
	gaps := 0
	d := &discovery{ctx: ctx, src: src.Source, o: DiscoverOptions{Rows: checkRows, Seed: 1}, defs: map[string]definitions{}, out: func(line any) {
		switch l := line.(type) {
		case GapLine:
			gaps++
			fn(connectors.Finding{What: "sample", Note: strings.TrimSpace(l.Unit + " " + l.Reason)})
		case FindingLine:
			if l.Catalog == "none" && strings.HasPrefix(l.Category, "user") && (l.Confidence == detect.High.String() || l.Confidence == detect.Medium.String()) {
				undescribed[l.Dataset] = append(undescribed[l.Dataset], fmt.Sprintf("%s (%s, %s)", l.Field, l.Category, l.Confidence))
			}
			if l.Catalog == "differs" {
				fn(connectors.Finding{What: "catalog", Note: fmt.Sprintf("%s.%s looks like %s (%s), and the catalog describes it as something else", l.Dataset, l.Field, l.Category, l.Confidence)})
			}
		}
	}}
	if err := d.run(src.Conn); err != nil {
		return err
	}
	for _, dataset := range sortedKeys(undescribed) {
		fn(connectors.Finding{What: "catalog", Note: fmt.Sprintf("%s has personal data in fields that no catalog describes: %s; `sutra discover %s` proposes them",
			dataset, strings.Join(undescribed[dataset], ", "), src.Name)})
	}
	if gaps > 0 {
		return nil // what could not be seen has not changed for sure
	}
	return s.compareShape(src, d.done, fn)
}

// compareShape tells what changed since this catalog was first checked.
func (s *Site) compareShape(src *Source, tables []*looked, fn func(connectors.Finding)) error {
	now := shape{Catalog: src.catalog, Tables: map[string][]string{}}
	for _, t := range tables {
		for _, f := range t.fields {
			if len(f.path) == 1 && !f.made {
				now.Tables[t.name] = append(now.Tables[t.name], strings.TrimSpace(f.path[0]+" "+f.typ))
			}
		}
		slices.Sort(now.Tables[t.name])
	}
	docs, err := s.Graph.Docs(shapeBucket)
	if err != nil {
		return err
	}
	var old shape
	if doc, ok := docs[src.Name]; ok {
		if err := json.Unmarshal(doc, &old); err != nil {
			return fmt.Errorf("read how source %s looked: %w", src.Name, err)
		}
	}
	if old.Catalog != now.Catalog {
		doc, err := json.Marshal(now)
		if err != nil {
			return fmt.Errorf("note how source %s looks: %w", src.Name, err)
		}
		return s.Graph.PutDoc(shapeBucket, src.Name, doc)
	}
	for _, note := range old.changes(now) {
		fn(connectors.Finding{What: "changed", Note: note + " since the catalog was first checked; review it and the catalog"})
	}
	return nil
}

// changes lists what is new, gone or of another type.
func (a shape) changes(b shape) []string {
	var out []string
	for _, t := range sortedKeys(b.Tables) {
		was, known := a.Tables[t]
		if !known {
			out = append(out, fmt.Sprintf("table %q is new", t))
			continue
		}
		var more, less []string
		for _, c := range b.Tables[t] {
			if !slices.Contains(was, c) {
				more = append(more, c)
			}
		}
		for _, c := range was {
			if !slices.Contains(b.Tables[t], c) {
				less = append(less, c)
			}
		}
		if len(more)+len(less) > 0 {
			out = append(out, fmt.Sprintf("table %q changed (new: %s; gone: %s)", t, listed(more), listed(less)))
		}
	}
	for _, t := range sortedKeys(a.Tables) {
		if _, there := b.Tables[t]; !there {
			out = append(out, fmt.Sprintf("table %q is gone", t))
		}
	}
	return out
}

func listed(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}
