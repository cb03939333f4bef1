package format

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// labelsLocator is the locator of what a store keeps beside the content of an object:
// metadata, tags, the name for a download. Where some of it looks personal it is a record
// of its own that mentions people. To redact it is to write the object again.
const labelsLocator = "metadata"

var labelsField = connectors.Field{Name: "labels", Categories: []string{"user"}, Look: connectors.LookText}

// readLabels hands over the labels of an object as a record of the collection that its
// other records are of.
func (s *Source) readLabels(ctx context.Context, obj blob.Object, collection string, yield func(connectors.Batch) error) error {
	l, ok := s.store.(blob.Labeler)
	if !ok {
		return nil
	}
	list, err := l.Labels(ctx, obj.Key, obj.Version)
	if err == nil && len(list) == 0 {
		return nil
	}
	gap := func(g connectors.Gap) error {
		g.Locator = labelsLocator
		return yield(connectors.Batch{Collection: collection, Gaps: []connectors.Gap{g}})
	}
	if err != nil {
		return gap(connectors.Gap{Reason: "it cannot be read: " + err.Error(), Again: true})
	}
	if collection == "" {
		return gap(connectors.Gap{Reason: "it may tell of a person, and the object has no records"})
	}
	b := connectors.NewBuilder(memory.DefaultAllocator, collection, []connectors.Field{labelsField})
	defer b.Release()
	b.Row(labelsLocator)
	b.Set(0, labelText(list))
	batch := b.Flush()
	defer batch.Rows.Release()
	return yield(batch)
}

// labelText is all labels as one text.
func labelText(list []blob.Label) string {
	var text strings.Builder
	for _, l := range list {
		text.WriteString(strings.ToValidUTF8(l.Name+": "+l.Value+"\n", "\uFFFD"))
	}
	return text.String()
}

// apart splits the edits into those of records and those of labels.
func apart(edits []connectors.Edit) (records, labels []connectors.Edit) {
	for _, e := range edits {
		if e.Locator == labelsLocator {
			labels = append(labels, e)
		} else {
			records = append(records, e)
		}
	}
	return records, labels
}

// scrubs reports whether the edits want anything of an object's labels gone.
func (s *Source) scrubs(ctx context.Context, obj blob.Object, edits []connectors.Edit) (bool, error) {
	l, ok := s.store.(blob.Labeler)
	if !ok || len(edits) == 0 {
		return false, nil
	}
	list, err := l.Labels(ctx, obj.Key, obj.Version)
	if err != nil || len(list) == 0 {
		return false, err
	}
	return slices.ContainsFunc(edits, func(e connectors.Edit) bool {
		if e.Action == connectors.Delete {
			return true
		}
		_, verdict := e.Rewrite(labelsField, labelText(list))
		return verdict != connectors.Same
	}), nil
}
