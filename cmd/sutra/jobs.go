package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/policy"
)

func (a *app) scanCmd() *cobra.Command {
	return &cobra.Command{
		Use: "scan [SOURCE...]", Short: "Bring the graph up to date with the sources",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), true, func(s *pipeline.Site) (any, error) { return s.Scan(c.Context(), args) })
		},
	}
}

// whereSummary ends `where`.
type whereSummary struct {
	Type   string `json:"type"`
	Copies int    `json:"copies"`
	Gaps   int    `json:"gaps"`
}

func (a *app) whereCmd() *cobra.Command {
	var account string
	c := &cobra.Command{
		Use: "where IDENT...", Short: "Every copy of the person who has these identifiers", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				sum := whereSummary{Type: "summary"}
				for _, ident := range args {
					n, err := s.Where(c.Context(), ident, account)
					if err != nil {
						return nil, a.ambiguous(err)
					}
					sum.Copies += n
				}
				sum.Gaps = s.Gaps()
				return sum, nil
			})
		},
	}
	accountFlag(c, &account)
	return c
}

func accountFlag(c *cobra.Command, to *string) {
	c.Flags().StringVar(to, "account", "", "only inside this account")
}

// ambiguous prints the people behind an ambiguous identifier.
func (a *app) ambiguous(err error) error {
	var amb *pipeline.AmbiguousError
	if errors.As(err, &amb) {
		for _, s := range amb.Subjects {
			a.out.line(s)
		}
	}
	return err
}

func (a *app) explainCmd() *cobra.Command {
	var account string
	c := &cobra.Command{
		Use: "explain IDENT [IDENT2]", Short: "Why these records are one person, or why two are not", Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				sum, err := s.Explain(c.Context(), args, account)
				return sum, a.ambiguous(err)
			})
		},
	}
	accountFlag(c, &account)
	return c
}

func (a *app) accessCmd() *cobra.Command {
	var account, out, recipient string
	c := &cobra.Command{
		Use: "access IDENT -o FILE.zip", Short: "Write the person's copy of her data", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				sum, err := s.Access(c.Context(), args[0], account, out, recipient)
				return sum, a.ambiguous(err)
			})
		},
	}
	accountFlag(c, &account)
	outFlag(c, &out, "the zip to write")
	c.Flags().StringVar(&recipient, "recipient", "", "encrypt the bundle to this age public key (age1...)")
	return c
}

func outFlag(c *cobra.Command, to *string, what string) {
	c.Flags().StringVarP(to, "output", "o", "", what)
	if err := c.MarkFlagRequired("output"); err != nil {
		panic(err) // the flag is defined one line above
	}
}

func (a *app) eraseCmd() *cobra.Command {
	var account, out string
	c := &cobra.Command{
		Use: "erase IDENT -o PLAN", Short: "Plan the erasure of a person", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				sum, err := s.Erase(c.Context(), args[0], account, out)
				return sum, a.ambiguous(err)
			})
		},
	}
	accountFlag(c, &account)
	outFlag(c, &out, "the plan to write")
	return c
}

func (a *app) retainCmd() *cobra.Command {
	var asOf, out string
	c := &cobra.Command{
		Use: "retain [--as-of T] -o PLAN", Short: "Plan what is past its retention period", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := instant(asOf)
			if err != nil {
				return err
			}
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) { return s.Retain(c.Context(), at, out) })
		},
	}
	c.Flags().StringVar(&asOf, "as-of", "", "the time to judge by (default: now)")
	outFlag(c, &out, "the plan to write")
	return c
}

// instant reads a time given on the command line.
func instant(s string) (time.Time, error) {
	if s == "" {
		return time.Now(), nil
	}
	t, _, _, ok := policy.ParseDate(s)
	if !ok {
		return t, usageError{fmt.Errorf("%q is no time; write 2026-11-02 or 2026-11-02T06:00:00+05:30", s)}
	}
	return t, nil
}

func (a *app) applyCmd() *cobra.Command {
	var simulate bool
	c := &cobra.Command{
		Use: "apply PLAN", Short: "Execute a plan", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var sum pipeline.ApplySummary
			err := a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				var err error
				sum, err = s.Apply(c.Context(), args[0], simulate)
				return sum, err
			})
			if err == nil && sum.Stale+sum.Failed+sum.Residue > 0 {
				return errGaps
			}
			return err
		},
	}
	c.Flags().BoolVar(&simulate, "simulate", false, "let the plan's as-of time stand for the clock (test worlds)")
	return c
}

func (a *app) verifyCmd() *cobra.Command {
	return &cobra.Command{
		Use: "verify [CERTIFICATE]", Short: "Read the sources again and prove that what was erased is gone", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			certificate := ""
			if len(args) > 0 {
				certificate = args[0]
			}
			var sum pipeline.VerifySummary
			err := a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				var err error
				sum, err = s.Verify(c.Context(), certificate)
				return sum, err
			})
			if sum.Residue > 0 && (err == nil || errors.Is(err, errGaps)) {
				return fmt.Errorf("%d copies that were erased are there", sum.Residue)
			}
			return err
		},
	}
}

func (a *app) nightlyCmd() *cobra.Command {
	var asOf string
	var simulate bool
	c := &cobra.Command{
		Use: "nightly [--as-of T]", Short: "The scheduled run: scan, people who came back, retention, rewrite of the graph", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := instant(asOf)
			if err != nil {
				return err
			}
			var sum pipeline.NightlySummary
			err = a.with(c.Context(), true, func(s *pipeline.Site) (any, error) {
				var err error
				sum, err = s.Nightly(c.Context(), at, simulate)
				return sum, err
			})
			if err == nil && sum.Back+sum.Stale+sum.Failed+sum.Residue > 0 {
				return errGaps // somebody must look: the scheduler is told
			}
			return err
		},
	}
	c.Flags().StringVar(&asOf, "as-of", "", "the time to judge by (default: now)")
	c.Flags().BoolVar(&simulate, "simulate", false, "let the as-of time stand for the clock (test worlds)")
	return c
}
