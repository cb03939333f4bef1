package crm

import (
	"context"

	"github.com/cratio/sutra/connectors"
)

func (d *postgres) examine(ctx context.Context) ([]connectors.Finding, error) {
	ss, err := d.read(ctx, forNow)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return []connectors.Finding{{What: "reachable", Note: err.Error(), Fatal: true}}, nil
	}
	return []connectors.Finding{{What: "reachable", OK: true, Note: "the server answers"}}, ss.end(ctx)
}

func (d *postgres) tables(context.Context, *session, *schema, map[*table]bool) ([]connectors.Finding, error) {
	return nil, nil
}

// region finds where the server stands by its name, or by what the url says.
func (d *postgres) region() string {
	if d.opts.region != "" {
		return d.opts.region
	}
	return cloudRegion(d.config.Host)
}
