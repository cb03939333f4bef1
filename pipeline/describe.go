package pipeline

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cratio/sutra/connectors"
)

// describedBucket holds, by source, the dataset as the source itself completed it
// at the last scan: jobs that read only the graph know the same links.
const describedBucket = "described"

// described is a completed dataset and the catalog that it completes.
type described struct {
	Catalog string             `json:"catalog"` // digest
	Dataset connectors.Dataset `json:"dataset"`
}

// recall completes a source's dataset with what the last scan learned, unless the
// catalog is another one now.
func (s *Site) recall(src *Source) error {
	if s.Graph == nil {
		return nil
	}
	docs, err := s.Graph.Docs(describedBucket)
	if err != nil {
		return err
	}
	doc, ok := docs[src.Name]
	if !ok {
		return nil
	}
	var d described
	if err := json.Unmarshal(doc, &d); err != nil {
		return fmt.Errorf("read what was learned of source %s: %w", src.Name, err)
	}
	if d.Catalog != src.catalog {
		return nil
	}
	return src.complete(d.Dataset)
}

// complete takes over a completed dataset. Units that were read by another one are
// read again.
func (src *Source) complete(d connectors.Dataset) (err error) {
	src.Dataset = d
	src.learned, err = catalogDigest(d)
	return err
}

// describe asks the sources that know more than their catalog, and remembers.
func (s *Site) describe(ctx context.Context, sources []*Source) error {
	for _, src := range sources {
		d, ok := src.Conn.(connectors.Describer)
		if !ok {
			continue
		}
		set, err := d.Describe(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if src.mute = err; err != nil {
			continue // without its keys a record leads to nobody, so it is not read: see scan.source
		}
		was := src.learned
		if err := src.complete(set); err != nil {
			return err
		}
		if was == src.learned {
			continue
		}
		doc, err := json.Marshal(described{src.catalog, set})
		if err != nil {
			return fmt.Errorf("remember what source %s says of itself: %w", src.Name, err)
		}
		if err := s.Graph.PutDoc(describedBucket, src.Name, doc); err != nil {
			return err
		}
	}
	if err := s.meetSeveral(ctx); err != nil {
		return err
	}
	if err := s.learn(); err != nil {
		return err
	}
	grew, err := s.meetAccounts(ctx, sources)
	if err != nil || !grew {
		return err
	}
	return s.learn()
}
