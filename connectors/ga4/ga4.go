// Package ga4 is the connector for Google Analytics 4 events as BigQuery exports
// them: Parquet with lists in two or three levels, and JSON lines in which large
// integers are strings. One event is one record.
//
// The user export (users_*, pseudonymous_users_*) has no events; its rows are
// read with the same columns as far as they have them.
package ga4

import (
	"context"
	_ "embed"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/connectors/format/parquet"
)

//go:embed catalog.yaml
var catalog []byte

// Kind returns the connector for the list of package all. It brings its own
// catalog.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "ga4", Catalog: catalog, Open: open}
}

func open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	events, _ := c.Dataset.Collection("events")
	pick := func(_ string, head []byte) (format.Codec, error) {
		switch looks := format.LooksLike(head); looks {
		case format.LooksParquet:
			return parquet.New(c.Dataset.Key, events), nil
		case format.LooksJSON:
			return json.New(c.Dataset.Key, events, false), nil
		default:
			return nil, format.NotRead(looks, "Parquet and JSON lines")
		}
	}
	return format.OpenSniffed(ctx, c, pick)
}
