// Package leads reads what lead platforms hand over, whichever of its forms it takes: JSON
// documents, or a table as text or as a workbook, of the collection "leads".
package leads

import (
	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/csv"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/connectors/format/xlsx"
)

// Forms are the forms that [Shape.Codec] reads, in words.
const Forms = "JSON, CSV, TSV and XLSX"

// Shape is what a platform's leads look like.
type Shape struct {
	Layout  json.Layout       // finds the records of a JSON document
	Headers map[string]string // other names for the columns of a table, by folded name
}

// Codec returns the codec for an object that looks so, or an error that says what is read
// when it is none of the forms.
func (s Shape) Codec(c connectors.Config, looks format.Looks) (format.Codec, error) {
	leads, _ := c.Dataset.Collection("leads")
	fields := func(header []string) []connectors.Field {
		return connectors.Header(c.Dataset.Key, leads, s.Headers, header)
	}
	switch looks {
	case format.LooksJSON:
		return json.NewLayout(c.Dataset.Key, c.Dataset.Collections, s.Layout, false), nil
	case format.LooksText:
		return csv.New("leads", c.Dataset.Key, leads, csv.Options{Fields: fields}), nil
	case format.LooksZip:
		return xlsx.New("leads", c.Dataset.Key, leads, xlsx.Options{Fields: fields}), nil
	default:
		return nil, format.NotRead(looks, Forms)
	}
}
