// Package indiamart is the connector for leads of IndiaMART's lead manager: files
// of the pull API (version 1 and 2), captures of the push API, and tables
// exported from the seller's panel. One lead is one record.
//
// The buyer is the SENDER; RECEIVER_MOBILE is the seller's own number and never
// joins leads. The name "IndiaMART Buyer" stands for an unknown one.
package indiamart

import (
	"context"
	_ "embed"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/csv"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/connectors/format/xlsx"
)

//go:embed catalog.yaml
var catalog []byte

// Kind returns the connector for the list of package all. It brings its own
// catalog.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "indiamart", Catalog: catalog, Open: open}
}

func open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	leads, _ := c.Dataset.Collection("leads")
	fields := func(header []string) []connectors.Field {
		return connectors.Header(c.Dataset.Key, leads, headers, header)
	}
	pick := func(_ string, head []byte) (format.Codec, error) {
		switch looks := format.LooksLike(head); looks {
		case format.LooksJSON:
			return json.NewLayout(c.Dataset.Key, c.Dataset.Collections, layout, false), nil
		case format.LooksText:
			return csv.New("leads", c.Dataset.Key, leads, csv.Options{Fields: fields}), nil
		case format.LooksZip:
			return xlsx.New("leads", c.Dataset.Key, leads, xlsx.Options{Fields: fields}), nil
		default:
			return nil, format.NotRead(looks, "JSON, CSV and XLSX")
		}
	}
	s, err := format.Open(ctx, c, func(blob.Object, string) (format.Codec, error) { return format.Sniff(pick), nil }, nil)
	if err != nil {
		return nil, err
	}
	return s, nil
}
