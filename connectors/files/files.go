package files

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/csv"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/connectors/format/parquet"
	"github.com/cratio/sutra/connectors/format/vcard"
	"github.com/cratio/sutra/connectors/format/xlsx"
)

// Kind is the connector's entry in the list of package all. It needs a catalog
// from the user.
func Kind() connectors.Kind { return connectors.Kind{Name: "files", Open: open} }

func open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	if len(c.Dataset.Collections) == 0 && !c.Explore {
		return nil, fmt.Errorf("source %s: the files connector needs a catalog with at least one collection", c.Name)
	}
	r := router{dataset: c.Dataset.Key}
	for _, cat := range c.Dataset.Collections {
		g, err := compile(cat)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", c.Name, err)
		}
		r.list = append(r.list, g)
	}
	s, err := format.Open(ctx, c, r.route, nil)
	if err != nil {
		return nil, err
	}
	return &exports{Source: s, conf: c, router: r}, nil
}

type router struct {
	dataset string
	list    []globs
}

// route implements format.Route.
func (r router) route(obj blob.Object, key string) (format.Codec, error) {
	for _, g := range r.list {
		if !g.match(key, obj.Key) {
			continue
		}
		c, err := codec(r.dataset, g.cat, strings.ToLower(path.Ext(key)))
		if err != nil {
			return nil, err
		}
		if f, ok := g.cat.Field("key"); ok {
			c = keyed(c, obj.Key, connectors.Resolve(r.dataset, g.cat, f))
		}
		return c, nil
	}
	return nil, nil
}

func codec(dataset string, cat connectors.Collection, ext string) (format.Codec, error) {
	switch ext {
	case ".csv":
		return csv.New(cat.Name, dataset, cat, csv.Options{}), nil
	case ".tsv":
		return csv.New(cat.Name, dataset, cat, csv.Options{Delimiter: '\t'}), nil
	case ".json":
		return json.New(dataset, cat, false), nil
	case ".jsonl", ".ndjson":
		return json.New(dataset, cat, true), nil
	case ".xlsx", ".xlsm":
		return xlsx.New(cat.Name, dataset, cat, xlsx.Options{}), nil
	case ".vcf":
		return vcard.New(cat.Name, dataset, cat), nil
	case ".parquet":
		return parquet.New(dataset, cat), nil
	}
	return nil, &format.SkipError{Reason: "no reader for this kind of file; csv, tsv, json, jsonl, ndjson, parquet, xlsx and vcf are read"}
}
