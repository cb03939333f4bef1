package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/cratio/sutra/pipeline"
)

func (a *app) linkCmd() *cobra.Command {
	c := &cobra.Command{Use: "link", Short: "A person's word on who is one person"}
	var account, reason string
	say := func(use, short string, same bool) *cobra.Command {
		cmd := &cobra.Command{
			Use: use + " A B --reason TEXT", Short: short, Args: cobra.ExactArgs(2),
			RunE: func(c *cobra.Command, args []string) error {
				return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
					l, err := s.AddLink(c.Context(), same, args[0], args[1], account, reason)
					if err != nil {
						return nil, a.ambiguous(err)
					}
					a.out.line(l)
					return countSummary{"summary", 1}, nil
				})
			},
		}
		withIdent(cmd)
		accountFlag(cmd, &account)
		cmd.Flags().StringVar(&reason, "reason", "", "why, for the log")
		return cmd
	}
	list := &cobra.Command{
		Use: "list", Short: "The words in force", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				links, err := s.Links()
				for _, l := range links {
					a.out.line(l)
				}
				return countSummary{"summary", len(links)}, errors.Join(err, s.TellForgotten())
			})
		},
	}
	release := &cobra.Command{
		Use: "release ID --reason TEXT", Short: "Take a word back", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				return countSummary{"summary", 1}, s.ReleaseLink(c.Context(), args[0], reason)
			})
		},
	}
	release.Flags().StringVar(&reason, "reason", "", "why, for the log")
	c.AddCommand(say("same", "The people who have these two identifiers are one", true),
		say("different", "The people who have these two identifiers are not one", false), list, release)
	return c
}
