// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/product"
)

// Main runs the command that root makes in the real world, and returns its
// exit code. The first interrupt cancels the command's context, so that it
// can leave nothing half-written; the second one kills it.
func Main(root func(*Env) *cobra.Command) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return Run(ctx, System(), root)
}

// Run runs the command that root makes in the world of env, and returns its
// exit code. It never returns OK after an error, after a panic, or when
// standard output could not take all that was written to it.
func Run(ctx context.Context, env *Env, root func(*Env) *cobra.Command) (code int) {
	out := &output{w: env.Stdout}
	world := *env
	world.Stdout = out
	name := product.Name
	defer func() {
		if fault := recover(); fault != nil {
			err := Fail(Unknown, "this is a bug: please report it with the output of 'version'", "internal fault: %v", fault)
			code = explain(env.Stderr, name, err)
		}
	}()
	cmd := root(&world)
	name = cmd.Name()
	err := execute(ctx, &world, cmd)
	if err == nil && out.err != nil {
		err = Fail(Unknown, "", "write standard output: %w", out.err)
	}
	if err == nil {
		return OK
	}
	if exit := (*Exit)(nil); ctx.Err() != nil && !(errors.As(err, &exit) && exit.Final) {
		err = Fail(Unknown, "", "interrupted: %w", err)
	}
	return explain(env.Stderr, name, err)
}

// execute runs cmd. Whatever goes wrong before the verb itself is entered is
// the caller's usage.
func execute(ctx context.Context, env *Env, cmd *cobra.Command) error {
	entered := dress(env, cmd)
	cmd.SetArgs(arguments(env))
	at, err := cmd.ExecuteContextC(ctx)
	if err != nil && !*entered {
		return usage(at, err)
	}
	return err
}

// arguments are what follows the program's name. The empty list is not nil,
// for which cobra would take the process's own.
func arguments(env *Env) []string {
	if len(env.Args) < 2 {
		return []string{}
	}
	return env.Args[1:]
}

// usage makes err one about how at was called. A flag that at does not know
// may belong to a command that it does not know, and then that is the news.
func usage(at *cobra.Command, err error) error {
	if exit := (*Exit)(nil); errors.As(err, &exit) {
		return err
	}
	if args := at.Flags().Args(); holdsOnly(at) && len(args) > 0 {
		err = unknownCommand(at, args[0])
	}
	return Fail(Usage, suggest(at, err)+fmt.Sprintf("see '%s --help'", at.CommandPath()), "%w", err)
}

// explain prints what went wrong and what to do next, and returns the exit
// code. An error that says nothing of its code is Unknown, and so is one that
// claims OK.
func explain(w io.Writer, program string, err error) int {
	exit := (*Exit)(nil)
	if !errors.As(err, &exit) {
		exit = &Exit{Code: Unknown}
	}
	if !exit.Quiet {
		fmt.Fprintf(w, "%s: %s\n", program, paragraph(err.Error()))
	}
	if exit.Hint != "" {
		fmt.Fprintf(w, "hint: %s\n", paragraph(exit.Hint))
	}
	if exit.Code == OK {
		return Unknown
	}
	return exit.Code
}

// paragraph cleans text of several lines. Lines after the first are indented,
// so that text from outside can't pass for a line of ours.
func paragraph(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := range lines {
		lines[i] = clean.Text(lines[i])
	}
	return strings.Join(lines, "\n  ")
}

// output remembers the first error of a stream, because nobody checks every
// Fprintf, and half an answer must not exit 0.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// Fd makes IsTerminal see through to the stream below.
func (o *output) Fd() uintptr { return descriptor(o.w) }
