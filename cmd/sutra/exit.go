package main

import (
	"context"
	"errors"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline"
	"github.com/cratio/sutra/pipeline/config"
)

// The exit statuses, as the scheduler and scripts know them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitGaps        = 3
	exitRefused     = 4
	exitNoState     = 10
	exitLocked      = 11
	exitWrongKey    = 12
	exitInterrupted = 130
)

// errGaps ends a command that was done, with gaps or in part.
var errGaps = errors.New("done with gaps")

// usageError marks mistakes on the command line.
type usageError struct{ error }

// Unwrap gives the mistake itself.
func (u usageError) Unwrap() error { return u.error }

// exit turns an error into an exit status.
func (a *app) exit(ctx context.Context, err error) int {
	var usage usageError
	var cfg config.Errors
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.Is(err, errGaps):
		return exitGaps
	case errors.Is(err, lineage.ErrNoState):
		return exitNoState
	case errors.Is(err, lineage.ErrLocked):
		return exitLocked
	case errors.Is(err, lineage.ErrWrongKey):
		return exitWrongKey
	case errors.Is(err, pipeline.ErrRefused):
		return exitRefused
	case errors.As(err, &usage), errors.Is(err, pipeline.ErrUsage), errors.Is(err, config.ErrUnreadable), errors.Is(err, config.ErrKey), errors.As(err, &cfg):
		return exitUsage
	}
	return exitFailed
}
