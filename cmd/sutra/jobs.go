package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
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
				n, err := s.Where(c.Context(), args, account)
				return whereSummary{"summary", n, s.Gaps()}, a.ambiguous(err)
			})
		},
	}
	withIdent(c)
	accountFlag(c, &account)
	return c
}

// identHelp says what an identifier is.
const identHelp = "An identifier (IDENT) is a phone number, an e-mail address, or kind:value, such as\ncookie:1000000001.1700000001 or, by the id of a row of the CRM, contact:1007."

// withIdent adds to the help of a command what an identifier is.
func withIdent(c *cobra.Command) {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	c.Long = text + "\n\n" + identHelp
}

func accountFlag(c *cobra.Command, to *string) {
	wordFlag(c, to, "account", "only inside this account")
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
	withIdent(c)
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
	withIdent(c)
	accountFlag(c, &account)
	outFlag(c, &out, "the zip to write")
	wordFlag(c, &recipient, "recipient", "encrypt the bundle to this age public key (age1...)")
	return c
}

func (a *app) eraseCmd() *cobra.Command {
	var account, out, from string
	c := &cobra.Command{
		Use: "erase IDENT... -o PLAN", Short: "Plan the erasure of a person, or of several in one plan",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && from == "" {
				return fmt.Errorf("erase needs an identifier, or --from FILE")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			asks, err := asksFrom(from, account)
			if err != nil {
				return err
			}
			for _, ident := range args {
				asks = append(asks, pipeline.Ask{Ident: ident, Account: account})
			}
			return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) {
				sum, err := s.EraseAll(c.Context(), asks, out)
				return sum, a.ambiguous(err)
			})
		},
	}
	withIdent(c)
	accountFlag(c, &account)
	outFlag(c, &out, "the plan to write")
	wordFlag(c, &from, "from", "a file with an identifier a line, or identifier, tab, account")
	return c
}

// asksFrom reads identifiers from a file, none when its name is "". A line that is
// empty or starts with # says nothing.
func asksFrom(file, account string) ([]pipeline.Ask, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, usageError{fmt.Errorf("read the identifiers: %w", err)}
	}
	var out []pipeline.Ask
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // editors of Windows begin a file with a mark
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		ident, own, _ := strings.Cut(line, "\t")
		if ident = strings.TrimSpace(ident); ident == "" || strings.Contains(own, "\t") {
			return nil, usageError{fmt.Errorf("%s:%d: a line is an identifier, or an identifier, a tab and an account", file, i+1)}
		}
		out = append(out, pipeline.Ask{Ident: ident, Account: cmp.Or(strings.TrimSpace(own), account), At: fmt.Sprintf("%s:%d", file, i+1)})
	}
	if len(out) == 0 {
		return nil, usageError{fmt.Errorf("%s holds no identifier", file)}
	}
	return out, nil
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
	wordFlag(c, &asOf, "as-of", "the time to judge by (default: now)")
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
	var approve string
	c := &cobra.Command{
		Use: "apply PLAN", Short: "Execute a plan, or approve it", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("approve") {
				if approve == "" {
					return usageError{fmt.Errorf("--approve needs the role of whoever approves, such as dpo")}
				}
				return a.with(c.Context(), false, func(s *pipeline.Site) (any, error) { return s.Approve(c.Context(), args[0], approve) })
			}
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
	c.Flags().StringVar(&approve, "approve", "", "only note that somebody in this role approves the plan as it stands; nothing is executed")
	return c
}

func (a *app) verifyCmd() *cobra.Command {
	return &cobra.Command{
		Use: "verify [CERTIFICATE]", Short: "Read the sources again and prove that what was erased is gone", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			certificate := ""
			if len(args) > 0 {
				certificate = args[0]
				if certificate == "" {
					return usageError{errors.New("give a certificate, or nothing to prove all of them")}
				}
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
			if err == nil && sum.Unerased > 0 {
				return errGaps
			}
			return err
		},
	}
}
