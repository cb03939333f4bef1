package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// A column of a file, or of another database, or a key of a nested value, may be the key of a
// row in one of several tables: who a task of an export is about, a contact or a lead. Where these have ids in
// common a contact and a lead with one id would be one person by it, so it leads to nobody.
// The source with the tables is asked; of its own columns a database says so itself, see
// [connectors.Describer]. What once was so stays so as long as the catalog is the same.

// severalBucket holds, by the name of the column, in which tables it may mean a row.
const severalBucket = "several"

// severalDoc is what is known of such a column. A source that is out of reach does not make
// nobody's what was somebody's.
type severalDoc struct {
	Catalog string   `json:"catalog"` // digest
	Tables  []string `json:"tables"`  // none: when the database was asked, it had no id in two of them
}

// meetSeveral finds the columns of all sources that may mean the rows of several tables.
func (s *Site) meetSeveral(ctx context.Context) error {
	return s.eachSeveral(func(src *Source, id string, f connectors.CatalogField) error {
		tables, asked := s.several[id]
		sure := true
		if len(tables) == 0 {
			tables, sure = s.inSeveral(ctx, src, id, f)
			if ctx.Err() != nil || asked && !sure {
				return ctx.Err()
			}
		}
		s.several[id] = tables
		if len(tables) == 0 {
			return s.rememberSeveral(src, id, tables)
		}
		s.emit(NoteLine{Type: "note", Text: src.Name + ": " + severalWords(src, id, tables)})
		if !sure {
			return nil // it is asked again with the next scan
		}
		return s.rememberSeveral(src, id, tables)
	})
}

// severalWords says of a column which rows it may mean.
func severalWords(src *Source, id string, tables []string) string {
	return fmt.Sprintf("%s may be the id of a row of %s: these have ids in common, or had or may have some, and nothing says which is meant; by it its records are nobody's until refs name a column that says the table",
		strings.TrimPrefix(id, src.Dataset.Key+"."), strings.Join(tables, " or of "))
}

// checkSeveral names such columns of the sources that were looked into, but for those of a
// database that says so itself.
func (s *Site) checkSeveral(ctx context.Context, seen []*Source, fn func(source string, f connectors.Finding)) error {
	return s.eachSeveral(func(src *Source, id string, f connectors.CatalogField) error {
		if !slices.Contains(seen, src) {
			return nil
		}
		if tables, sure := s.inSeveral(ctx, src, id, f); len(tables) > 0 && sure {
			fn(src.Name, connectors.Finding{What: "references", Note: severalWords(src, id, tables)})
		}
		return ctx.Err()
	})
}

func (s *Site) rememberSeveral(src *Source, id string, tables []string) error {
	doc, err := json.Marshal(severalDoc{src.catalog, tables})
	if err != nil {
		return fmt.Errorf("remember what a column may mean: %w", err)
	}
	return s.Graph.PutDoc(severalBucket, id, doc)
}

// recallSeveral takes over what earlier scans found.
func (s *Site) recallSeveral() error {
	s.several = map[string][]string{}
	if s.Graph == nil {
		return nil
	}
	docs, err := s.Graph.Docs(severalBucket)
	if err != nil || len(docs) == 0 {
		return err
	}
	return s.eachSeveral(func(src *Source, id string, _ connectors.CatalogField) error {
		var d severalDoc
		if docs[id] == nil {
			return nil
		}
		if err := json.Unmarshal(docs[id], &d); err != nil {
			return fmt.Errorf("read what a column may mean: %w", err)
		}
		if d.Catalog == src.catalog {
			s.several[id] = d.Tables
		}
		return nil
	})
}

// eachSeveral calls fn for every column, and every key of a nested value, that refers to more
// than one, with its name.
func (s *Site) eachSeveral(fn func(src *Source, id string, f connectors.CatalogField) error) error {
	var each func(src *Source, above string, fields []connectors.CatalogField) error
	each = func(src *Source, above string, fields []connectors.CatalogField) error {
		for _, f := range fields {
			id := above + "." + f.Name
			if len(f.References) > 1 && len(f.May) == 0 && f.Role != "mention" {
				if err := fn(src, id, f); err != nil {
					return err
				}
			}
			if err := each(src, id, f.Fields); err != nil {
				return err
			}
		}
		return nil
	}
	for _, src := range s.Sources {
		for _, coll := range src.Dataset.Collections {
			if err := each(src, src.Dataset.Key+"."+coll.Name, coll.Fields); err != nil {
				return err
			}
		}
	}
	return nil
}

// ownColumn reports a column of the database itself, of which that says what it may mean.
func ownColumn(src *Source, id string, refs []connectors.Reference) bool {
	for _, coll := range src.Dataset.Collections {
		for _, f := range coll.Fields {
			if src.Dataset.Key+"."+coll.Name+"."+f.Name == id {
				return database(src.Connector) && refs[0].Dataset == src.Name
			}
		}
	}
	return false
}

// inSeveral returns the tables with ids in common of which a column may mean each; sure, when
// the database said so. Tables of two sources are not compared.
func (s *Site) inSeveral(ctx context.Context, src *Source, id string, f connectors.CatalogField) (in []string, sure bool) {
	by := map[string][]connectors.Reference{}
	var all []string
	for _, r := range f.References {
		if to, err := s.source(r.Dataset); err == nil && (!tables(to.Connector) || r.Field == "key" && !database(to.Connector)) {
			continue // the key of an object is no number
		}
		by[r.Dataset] = append(by[r.Dataset], r)
		all = append(all, r.Dataset+"."+r.Collection)
	}
	if len(by) > 1 {
		return all, true
	}
	for name, refs := range by {
		to, err := s.source(name)
		if len(refs) < 2 || ownColumn(src, id, refs) {
			return nil, true
		}
		if err != nil {
			return all, false
		}
		m, ok := to.Conn.(connectors.Mixer)
		if !ok {
			return nil, true
		}
		mixed, err := m.Mixed(ctx, refs)
		if err != nil {
			return all, false
		}
		for i, t := range mixed {
			mixed[i] = name + "." + t
		}
		return mixed, true
	}
	return nil, true
}

// learnSeveral has such columns lead to nobody. Units that were read otherwise are read again.
func (s *Site) learnSeveral() {
	s.extractor.Several = map[string]bool{}
	_ = s.eachSeveral(func(src *Source, id string, f connectors.CatalogField) error {
		if len(s.several[id]) == 0 {
			return nil
		}
		s.extractor.Several[id] = true
		src.meaning += " several " + id
		for _, r := range f.References {
			kind := r.Dataset + "." + r.Collection + "." + r.Field
			s.kinds.may[cmp.Or(s.kinds.alias[kind], kind)] = true
		}
		return nil
	})
}
