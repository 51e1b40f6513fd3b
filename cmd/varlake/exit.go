package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/varlake/varlake/annotate"
	"github.com/varlake/varlake/athena"
	"github.com/varlake/varlake/export"
	"github.com/varlake/varlake/internal/bucket"
	"github.com/varlake/varlake/internal/notify"
	"github.com/varlake/varlake/internal/source"
	"github.com/varlake/varlake/restore"
)

// Exit codes. 75 is EX_TEMPFAIL of sysexits.h: a scheduler may try again.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 75
)

// exitCodes is what the help of every command ends with.
const exitCodes = "Exit codes: 0 done, also where it was done already; 1 failed; 2 wrong usage; 75 interrupted, run the same command to go on."

var (
	// errUsage is wrapped by errors about arguments that only the command line knows of.
	errUsage       = errors.New("wrong usage")
	errInterrupted = errors.New("interrupted; run the same command again to go on")
)

// usageErrors are what arguments alone are to blame for, so that no second try can help. What they name but is not there is a failure: it may be there tomorrow.
var usageErrors = []error{
	errUsage, export.ErrUsage, annotate.ErrUnknownColumn, source.ErrDuplicate,
	athena.ErrNoTable, athena.ErrName, athena.ErrLocation, restore.ErrUsage, bucket.ErrName, notify.ErrTopic,
}

func exitCode(ctx context.Context, err error) int {
	if errors.Is(context.Cause(ctx), errInterrupted) {
		return exitInterrupted
	}
	for _, usage := range usageErrors {
		if errors.Is(err, usage) {
			return exitUsage
		}
	}
	return exitFailed
}

// interrupter ends the work of a command as a signal does. The cause, which wraps errInterrupted, is what the command says in the end.
type interrupter func(cause error)

// interruptible returns a context that ends with errInterrupted at the first SIGINT or SIGTERM, or when interrupt is called. The second signal ends the process at once, with the same exit
// code: the same command goes on from there, too. (Left to the signal itself, the code would be that of wrong usage in a container, where the process is number 1 and no signal kills it.)
func interruptible(parent context.Context) (ctx context.Context, interrupt interrupter, stop context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	stopped := make(chan struct{})
	go func() {
		select {
		case <-signals: // after an interrupt it ends nothing: a Spot notice is followed by SIGTERM, which must not cut short what the notice began
			cancel(errInterrupted)
		case <-stopped:
			return
		}
		select {
		case <-signals:
			os.Exit(exitInterrupted)
		case <-stopped:
		}
	}()
	return ctx, interrupter(cancel), func() {
		signal.Stop(signals)
		close(stopped)
		cancel(nil)
	}
}

// grace is how long requests under way may go on after a signal: parts that are whole get their names meanwhile. With the time that it takes to abort uploads it leaves some of the 20 seconds
// after which schedulers lose patience.
const grace = 8 * time.Second

// graceful returns a context that ends, with the same cause, some time after ctx.
func graceful(ctx context.Context) context.Context {
	late, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		time.AfterFunc(grace, func() { cancel(context.Cause(ctx)) })
	})
	return late
}

// wrongArguments makes an error of the parser say what there is, or where the help is.
func wrongArguments(parser *kong.Kong, err error) error {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
		return fmt.Errorf("%w: %w; see varlake %s --help", errUsage, err, parse.Context.Selected().Name)
	}
	return fmt.Errorf("%w: %w; %s", errUsage, err, commands(parser))
}

func noCommand(parser *kong.Kong) error {
	return fmt.Errorf("%w: no command; %s", errUsage, commands(parser))
}

func commands(parser *kong.Kong) string {
	var names []string
	for _, c := range parser.Model.Children {
		names = append(names, c.Name)
	}
	return "the commands are " + strings.Join(names, ", ") + "; see varlake --help"
}
