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
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/leads"
)

//go:embed catalog.yaml
var catalog []byte

// Kind returns the connector for the list of package all. It brings its own
// catalog.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "indiamart", Catalog: catalog, Open: open}
}

func open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	return format.OpenSniffed(ctx, c, func(_ string, head []byte) (format.Codec, error) {
		return leads.Shape{Layout: layout, Headers: headers}.Codec(c, format.LooksLike(head))
	})
}
