package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cratio/sutra/connectors/all"
	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/config"
)

// version is the program's, as evidence names it.
const version = "0.1.0"

// app is what all commands share.
type app struct {
	stdout      *sink
	stderr      *os.File
	config      string
	json, quiet bool
	workers     int
	begun       bool // the job is for a state folder in which there was a run before
	out         *printer
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "sutra", Short: "Find, copy and erase every copy of a person's data", Version: version,
		Long: "Find, copy and erase every copy of a person's data.\n\n" +
			"Exit status: 0 done; 1 failed; 2 the command or a file is wrong; 3 done, but something could not be read or\n" +
			"changed; 4 refused; 10 nothing was scanned yet; 11 another sutra is running; 12 wrong key; 130 interrupted.",
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRun: func(*cobra.Command, []string) { a.out = newPrinter(a.stdout, a.stderr, a.json, a.quiet) },
	}
	f := root.PersistentFlags()
	f.StringVar(&a.config, "config", "sutra.yaml", "the configuration file")
	f.BoolVar(&a.json, "json", false, "NDJSON on standard output, one object a line")
	f.BoolVar(&a.quiet, "quiet", false, "no progress and no remarks")
	a.workers = runtime.NumCPU()
	f.Var(positive{&a.workers}, "workers", "units worked on at the same time; of small objects in a bucket, eight times as many")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(a.initCmd(), a.demoCmd(), a.checkCmd(), a.discoverCmd(), a.scanCmd(), a.whereCmd(), a.explainCmd(), a.accessCmd(), a.eraseCmd(), a.retainCmd(), a.correctCmd(),
		a.applyCmd(), a.verifyCmd(), a.holdCmd(), a.linkCmd(), a.nightlyCmd(), a.statusCmd(), a.auditCmd())
	wrapArgs(root)
	return root
}

// flagError makes a mistake in a flag a usage error. A number that begins with a hyphen is
// taken for flags; it is not repeated either.
func flagError(c *cobra.Command, err error) error {
	if err := notYet(c, c.Flags().Args()); err != nil {
		return err
	}
	var unknown interface {
		GetSpecifiedName() string
		GetSpecifiedShortnames() string
	}
	if errors.As(err, &unknown) && strings.ContainsAny(unknown.GetSpecifiedName()+unknown.GetSpecifiedShortnames(), "0123456789@") {
		err = errors.New("what begins with a hyphen is taken for a flag, and there is no such flag; write -- before it")
	}
	return usageError{fmt.Errorf("%w; see %s --help", err, c.CommandPath())}
}

// later are the commands that the design names and that are not there yet.
var later = []string{"request", "lineage", "map", "serve", "policy", "impact", "bundle"}

// notYet is the mistake of whoever calls one of them.
func notYet(c *cobra.Command, args []string) error {
	if c.HasParent() || len(args) == 0 || !slices.Contains(later, args[0]) {
		return nil
	}
	return usageError{fmt.Errorf("the command %s is not in this version; see %s --help", args[0], c.CommandPath())}
}

// wrapArgs makes wrong arguments and unknown commands usage errors. What was typed is
// not repeated: it may be a person's number.
func wrapArgs(c *cobra.Command) {
	if c.HasSubCommands() && !c.Runnable() {
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, args []string) error {
			if err := notYet(c, args); err != nil {
				return err
			}
			if len(args) > 0 {
				return usageError{fmt.Errorf("%s has no such command; see %s --help", c.CommandPath(), c.CommandPath())}
			}
			return c.Help()
		}
	}
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			if err == nil {
				err = c.ValidateRequiredFlags()
			}
			if err != nil {
				return usageError{fmt.Errorf("%w; see %s --help", err, c.CommandPath())}
			}
			return nil
		}
	}
	for _, s := range c.Commands() {
		wrapArgs(s)
	}
}

// load reads the configuration and prints its warnings.
func (a *app) load() (*config.Config, error) {
	c, warnings, err := config.Load(a.config, os.LookupEnv, all.Kinds())
	for _, w := range warnings {
		a.out.remark("warning: " + w.String())
	}
	return c, err
}

// open opens the site of the configuration.
func (a *app) open(ctx context.Context, create bool) (*pipeline.Site, error) {
	c, err := a.load()
	if err != nil {
		return nil, err
	}
	if a.begun {
		if err := pipeline.Begun(c); err != nil {
			return nil, err
		}
	}
	s, err := pipeline.Open(ctx, c, all.Kinds(), create, a.out.line)
	if err != nil {
		return nil, err
	}
	s.Workers, s.Version, s.Now = a.workers, version, time.Now
	if !a.quiet {
		s.Progress = newProgress(a.stderr)
		if b, ok := s.Progress.(*bars); ok {
			a.out.stderr = b
		}
	}
	return s, nil
}

// with runs a job on the opened site. A job that met gaps ends with errGaps.
func (a *app) with(ctx context.Context, create bool, job func(s *pipeline.Site) (summary any, err error)) error {
	s, err := a.open(ctx, create)
	if err != nil {
		return err
	}
	return a.on(s, job)
}

// onSources runs a job that needs no graph: it works while another run is on.
func (a *app) onSources(ctx context.Context, job func(s *pipeline.Site) (summary any, err error)) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	s, err := pipeline.OpenSources(ctx, c, all.Kinds(), a.out.line)
	if err != nil {
		return err
	}
	return a.on(s, job)
}

func (a *app) on(s *pipeline.Site, job func(s *pipeline.Site) (summary any, err error)) error {
	sum, err := job(s)
	gaps := s.Gaps()
	closed := s.Close()
	if err == nil {
		a.out.summary(sum) // what was done is done, also where a source cannot be closed
	}
	if err = errors.Join(err, closed); err != nil {
		return err
	}
	if gaps > 0 {
		return errGaps
	}
	return nil
}
