package crm

import (
	"context"

	"github.com/cratio/sutra/connectors"
)

func (d *mysql) examine(ctx context.Context) ([]connectors.Finding, error) {
	ss, err := d.read(ctx, forNow)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return []connectors.Finding{{What: "reachable", Note: err.Error(), Fatal: true}}, nil
	}
	return []connectors.Finding{{What: "reachable", OK: true, Note: "the server answers"}}, ss.end(ctx)
}

func (d *mysql) tables(context.Context, *session, *schema, map[*table]bool) ([]connectors.Finding, error) {
	return nil, nil
}
