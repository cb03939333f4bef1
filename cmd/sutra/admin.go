package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/config"
)

func (a *app) initCmd() *cobra.Command {
	return &cobra.Command{
		Use: "init DIR", Short: "Write a commented sutra.yaml, catalog, policy and key", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			err := config.Init(args[0])
			if there := (*config.ExistsError)(nil); errors.As(err, &there) || errors.Is(err, syscall.ENOTDIR) {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			a.out.remark("written: sutra.yaml, catalog, policy and sutra.key in " + args[0])
			if a.json {
				a.out.summary(initSummary{"summary", args[0]})
			}
			return nil
		},
	}
}

// initSummary ends `init`.
type initSummary struct {
	Type string `json:"type"`
	Dir  string `json:"dir"`
}

// findingLine is one line of `check`.
type findingLine struct {
	Type   string `json:"type"`
	Source string `json:"source"`
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Note   string `json:"note"`
}

func (a *app) checkCmd() *cobra.Command {
	return &cobra.Command{
		Use: "check [SOURCE...]", Short: "Reach each source and say what works",
		RunE: func(c *cobra.Command, args []string) error {
			return a.onSources(c.Context(), func(s *pipeline.Site) (any, error) {
				n := 0
				err := s.Check(c.Context(), args, func(source string, f connectors.Finding) {
					n++
					if a.json {
						a.out.line(findingLine{"finding", source, f.What, f.OK, f.Note})
						return
					}
					mark := "ok "
					if !f.OK {
						mark = "!! "
					}
					a.out.line(pipeline.NoteLine{Text: fmt.Sprintf("%s %-12s %-12s %s", mark, source, f.What, f.Note)})
				})
				return struct {
					Type     string `json:"type"`
					Findings int    `json:"findings"`
					Gaps     int    `json:"gaps"`
				}{"summary", n, s.Gaps()}, err
			})
		},
	}
}

func (a *app) holdCmd() *cobra.Command {
	c := &cobra.Command{Use: "hold", Short: "Legal holds"}
	var account, reason, review string
	add := &cobra.Command{
		Use: "add [IDENT] --reason TEXT --review DATE", Short: "Place a hold on a person or an account", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if review == "" {
				return usageError{fmt.Errorf("a hold needs --review DATE")}
			}
			at, err := instant(review)
			if err != nil {
				return err
			}
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				ident := ""
				if len(args) > 0 {
					if ident = strings.TrimSpace(args[0]); ident == "" { // of a variable that is not set
						return nil, usageError{errors.New("the identifier is empty; leave it out to hold the whole account")}
					}
				}
				h, err := s.AddHold(c.Context(), ident, account, reason, at)
				if err != nil {
					return nil, a.ambiguous(err)
				}
				a.out.line(holdLine(h))
				return countSummary{"summary", 1}, nil
			})
		},
	}
	withIdent(add)
	wordFlag(add, &account, "account", "only inside this account; without an identifier, all of it")
	add.Flags().StringVar(&reason, "reason", "", "why")
	add.Flags().StringVar(&review, "review", "", "when the hold must be looked at again")
	list := &cobra.Command{
		Use: "list", Short: "The holds in force", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				holds, err := s.Holds()
				for _, h := range holds {
					a.out.line(holdLine(h))
				}
				return countSummary{"summary", len(holds)}, errors.Join(err, s.TellForgotten())
			})
		},
	}
	release := &cobra.Command{
		Use: "release ID", Short: "End a hold", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				return countSummary{"summary", 1}, s.ReleaseHold(c.Context(), args[0])
			})
		},
	}
	c.AddCommand(add, list, release)
	return c
}

type countSummary struct {
	Type  string `json:"type"`
	Count int    `json:"count"`
}

type holdOut struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Account string `json:"account"`
	Scope   string `json:"scope"`
	Placed  string `json:"placed"`
	By      string `json:"placed_by"`
	Review  string `json:"review"`
	Reason  string `json:"reason"`
}

func holdLine(h pipeline.Hold) holdOut {
	scope := "person"
	if len(h.Tokens) == 0 {
		scope = "account"
	}
	return holdOut{"hold", h.ID, h.Account, scope, pipeline.Stamp(h.PlacedAt), h.PlacedBy, pipeline.Stamp(h.Review), h.Reason}
}

func (a *app) statusCmd() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "What the graph holds, open gaps and holds", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				list, sum, err := s.Status(c.Context())
				for _, l := range list {
					a.out.line(l)
				}
				return sum, err
			})
		},
	}
}

func (a *app) auditCmd() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "The tamper-evident log"}
	show := &cobra.Command{
		Use: "show", Short: "Print the log", Args: cobra.NoArgs,
		RunE: a.withLog(func(log *audit.Log, _ []audit.Anchor) (any, error) {
			list, err := log.Entries(1, 0)
			for _, e := range list {
				a.out.line(auditOut{"entry", e.Seq, e.At, e.Actor, e.Event, e.Fields})
			}
			return countSummary{"summary", len(list)}, err
		}),
	}
	check := &cobra.Command{
		Use: "verify", Short: "Prove that nobody changed the log", Args: cobra.NoArgs,
		RunE: a.withLog(func(log *audit.Log, anchors []audit.Anchor) (any, error) {
			rep, err := log.Verify(anchors...)
			if err == nil && !rep.OK {
				err = fmt.Errorf("the log was changed: %s", rep.Note)
			}
			return logSummary{"summary", rep, len(anchors)}, err
		}),
	}
	c.AddCommand(show, check)
	return c
}

// logSummary ends `audit verify`.
type logSummary struct {
	Type string `json:"type"`
	audit.LogReport
	Certificates int `json:"certificates"` // whose entries were found in the log
}

// withLog runs a job on the log and on what the certificates say of it. It needs no
// lock.
func (a *app) withLog(job func(*audit.Log, []audit.Anchor) (any, error)) func(*cobra.Command, []string) error {
	return func(*cobra.Command, []string) error {
		c, err := a.load()
		if err != nil {
			return err
		}
		log, anchors, err := pipeline.OpenLog(c)
		if err != nil {
			return err
		}
		sum, err := job(log, anchors)
		if err != nil {
			return err
		}
		a.out.summary(sum)
		return nil
	}
}

type auditOut struct {
	Type   string         `json:"type"`
	Seq    int64          `json:"seq"`
	At     string         `json:"at"`
	Actor  string         `json:"actor"`
	Event  string         `json:"event"`
	Fields map[string]any `json:"fields"`
}
