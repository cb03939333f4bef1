package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cratio/sutra/pipeline"
)

func (a *app) nightlyCmd() *cobra.Command {
	var asOf string
	var simulate bool
	c := &cobra.Command{
		Use: "nightly [--as-of T]", Short: "The scheduled run: scan, people who came back, retention, proof", Args: cobra.NoArgs,
		Long: `The scheduled run: it scans, erases again what certainly is an old copy of what was erased, then erases what is
past its period, without asking, and proves it. "sutra retain -o PLAN" says beforehand what that would be.
It begins after a first "sutra scan".`,
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := instant(asOf)
			if err != nil {
				return err
			}
			a.begun = true
			var sum pipeline.NightlySummary
			err = a.with(c.Context(), true, func(s *pipeline.Site) (any, error) {
				var err error
				sum, err = s.Nightly(c.Context(), at, simulate)
				return sum, err
			})
			switch {
			case err != nil && !errors.Is(err, errGaps):
				return err
			case sum.Refused != "":
				return fmt.Errorf("%w: a part of the night: %s", pipeline.ErrRefused, strings.TrimPrefix(sum.Refused, pipeline.ErrRefused.Error()+": "))
			case sum.Waiting+sum.Stale+sum.Failed+sum.Residue+sum.Unerased > 0:
				return errGaps // somebody must look: the scheduler is told
			}
			return err
		},
	}
	wordFlag(c, &asOf, "as-of", "the time to judge by (default: now)")
	c.Flags().BoolVar(&simulate, "simulate", false, "let the as-of time stand for the clock (test worlds)")
	return c
}
