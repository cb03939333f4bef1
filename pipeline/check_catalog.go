package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
)

// checkRows is how many rows of a table a check draws: enough to see what a column
// holds, not to say what it never holds.
const checkRows = 100

// shapesName is the file, in the state folder, of how the databases looked: names
// and types, nothing personal. It is no part of the graph, so that a check needs
// neither the key nor the lock.
const shapesName = "shapes.json"

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
	path := filepath.Join(s.Config.State, shapesName)
	shapes := map[string]shape{} // by source
	data, err := os.ReadFile(path)
	switch {
	case err == nil:
		err = json.Unmarshal(data, &shapes)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	default:
		fn(connectors.Finding{What: "changed", Note: "how the sources looked when they were first checked cannot be read: " + err.Error()})
		return nil
	}
	if err != nil {
		return fmt.Errorf("read how the sources looked when they were first checked (%s; removed, it is written anew): %w", path, err)
	}
	old := shapes[src.Name]
	if old.Catalog != now.Catalog {
		shapes[src.Name] = now
		if err := noteShapes(path, shapes); err != nil { // who checks need not be who may write there
			fn(connectors.Finding{What: "changed", Note: err.Error() + "; a later check will not tell what changed since this one"})
		}
		return nil
	}
	for _, note := range old.changes(now) {
		fn(connectors.Finding{What: "changed", Note: note + " since the catalog was first checked; review it and the catalog"})
	}
	return nil
}

func noteShapes(path string, shapes map[string]shape) error {
	data, err := json.MarshalIndent(shapes, "", " ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = writeFile(path, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("note how the sources look: %w", err)
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
