package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// grace is how long a command may take to end by itself after the first signal. A command
// that reacts has then saved its work. Together with lastWord it is below a second.
const grace = 700 * time.Millisecond

// lastWord is how long the line about an interruption may take to be written, such as to a
// pipe that nobody reads.
const lastWord = 100 * time.Millisecond

// interruption is the cause of a context that a signal has ended.
type interruption struct{ os.Signal }

func (i interruption) Error() string { return i.String() + " signal received" }

// Unwrap makes it count as the end of a context.
func (i interruption) Unwrap() error { return context.Canceled }

// guard runs a command and returns its exit status. The first signal to end it ends its
// context. If the command has not returned after the time of grace, or at a second signal,
// guard returns without it, for the process to end: files are replaced in one step, so
// what was saved is whole.
func (a *app) guard(command func(context.Context) error) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, ending()...)
	defer signal.Stop(signals)
	ended := make(chan int, 1)
	var said atomic.Bool // the line about how the command ended
	go func() {
		err := command(ctx)
		if err != nil && !said.Swap(true) {
			a.fail(interrupted(ctx, err))
		}
		ended <- status(err)
	}()
	select {
	case code := <-ended:
		return code
	case s := <-signals:
		cancel(interruption{s})
	}
	select {
	case code := <-ended:
		return code
	case <-signals:
	case <-time.After(grace):
	}
	if !said.Swap(true) {
		within(lastWord, func() {
			if isTerminal(a.stderr) {
				fmt.Fprintln(a.stderr) // below a bar
			}
			a.fail(fmt.Errorf("interrupted: %w: %s", context.Cause(ctx), a.kept()))
		})
	}
	return failed
}

// ending returns the signals that end a command. A hangup does not if it was ignored when
// the command started, as by nohup.
func ending() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// interrupted returns the error of a command, which says if it is due to a signal.
func interrupted(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil && !strings.Contains(err.Error(), "interrupted") {
		return fmt.Errorf("interrupted: %w", err)
	}
	return err
}

// kept says what became of the work of a command that did not end by itself.
func (a *app) kept() string {
	if a.resumable.Load() {
		return "what was saved is kept: resume it with --resume"
	}
	return "nothing more is written"
}

// within waits for work, but no longer than the given time.
func within(limit time.Duration, work func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
}

// fail writes the line about an error.
func (a *app) fail(err error) {
	fmt.Fprintf(a.stderr, "taylornet: %s%s\n", oneLine(err), moreMemory(err))
}
