package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/config"
)

// resident refuses, with ErrRefused, when one of the named sources (all, when
// there is no name) stands outside of the regions that the configuration allows.
// It is asked before anything of a source is read. A source that does not say
// where it stands cannot be opened: what a job does not read for that is a gap.
func (s *Site) resident(ctx context.Context, names []string) error {
	var g errgroup.Group
	for _, src := range s.Sources {
		if src.Err != nil || len(names) > 0 && !slices.Contains(names, src.Name) {
			continue
		}
		g.Go(func() error {
			outside, err := located(ctx, s.Config, src.Conn)
			if err != nil {
				src.Err = fmt.Errorf("where it stands is not known: %w", err)
			}
			if outside != "" {
				return fmt.Errorf("%w: source %s %s", ErrRefused, src.Name, outside)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// replicas tells of places that hold copies of a source and are no sources themselves: an
// erasure would not reach them.
func (r *scan) replicas(ctx context.Context, src *Source) {
	c, ok := src.Conn.(connectors.Replicated)
	if !ok {
		return
	}
	places, err := c.Replicas(ctx)
	if err != nil {
		r.unread(src.Name, "", "whether its store keeps copies elsewhere is not known: "+err.Error())
	}
	for _, p := range places {
		if !slices.ContainsFunc(r.Config.Sources, func(o config.Source) bool { return strings.HasPrefix(p, strings.TrimSuffix(o.URL, "/")+"/") }) {
			r.unread(src.Name, "", "its store copies what is written there to "+p+", and no deletion follows: make that a source of its own")
		}
	}
}

// located says of a source that stands outside of the allowed regions where it
// does; "" means that it may be read.
func located(ctx context.Context, c *config.Config, conn connectors.Source) (string, error) {
	l, ok := conn.(connectors.Located)
	if !ok {
		return "", nil
	}
	region, err := l.Region(ctx)
	if err != nil || region == "" || slices.Contains(c.Residency, region) {
		return "", err
	}
	return fmt.Sprintf("stands in %s, and residency allows only %s: move the data, or the rule in %s", region, strings.Join(c.Residency, ", "), c.Path), nil
}
