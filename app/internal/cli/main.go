package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/app/internal/plain"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/train"
)

// Exit statuses.
const (
	done   = 0
	failed = 1
	misuse = 2
)

// Main runs the command with its arguments, the program's name aside, and returns the
// exit status. The engines can be chosen besides that of package cpu.
func Main(args []string, stdout, stderr io.Writer, engines ...engine.Engine[float32]) int {
	a := &app{out: &sink{Writer: stdout}, stderr: stderr, engine: engineFlag{others: engines}}
	return a.guard(func(ctx context.Context) error { return a.execute(ctx, args) })
}

// execute runs the command with its arguments.
func (a *app) execute(ctx context.Context, args []string) error {
	defer a.removeEmpty()
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(plain.Writer{Writer: a.stderr})
	cmd, err := root.ExecuteContextC(ctx)
	var wrong *usageError
	switch {
	case err == nil && a.out.err != nil:
		return fmt.Errorf("writing the output: %w", a.out.err)
	case err != nil && !a.started && !errors.As(err, &wrong):
		return misused(cmd, err)
	case errors.Is(err, train.ErrInUse):
		return fmt.Errorf("%w: wait until it has ended, or choose another folder with --out", err)
	}
	return err
}

// status returns the exit status that says how a command ended.
func status(err error) int {
	var wrong *usageError
	switch {
	case err == nil:
		return done
	case errors.As(err, &wrong):
		return misuse
	}
	return failed
}

// usageError is a mistake in how the command was used.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// usagef makes a usageError.
func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// misused returns a usageError for an error of the flag parser.
func misused(cmd *cobra.Command, err error) error {
	return usagef("%w: see %s --help", err, cmd.CommandPath())
}
