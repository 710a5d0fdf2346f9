// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/announce"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// wakeVerb is the verb that runs the job again that asked for something.
func wakeVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wake",
		Short: "Run the job again that asked for something",
		Long: `Wake reads {"waker", "run", "attempt", "job", "runner", "commit", "asked",
"start"} from standard input: which job asked, and whether to start it again. It
writes {"schema", "state", "job", "name", "attempt", "began", "address"}: running,
ended, or started.

A job that runs is left alone, and what the forge may have heard is never sent
twice.

Wakers:` + wakersText() + `

A token is read from the environment, and sent to the address named there only.`,
		Example: `  gateledger-remote wake < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runWake(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func wakersText() string {
	var b strings.Builder
	for _, w := range child.Wakers() {
		b.WriteString("\n  " + w.Name + "  " + w.Doc + ";\n    " + strings.Join(w.Variables, ", "))
	}
	return b.String()
}

func runWake(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.WakeQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	a, err := announce.Wake(ctx, q.Waker, announce.WakeQuery{
		Run: q.Run, Attempt: q.Attempt, Job: q.Job, Runner: q.Runner, Commit: q.Commit, Asked: q.Asked, Start: q.Start,
		Query: announce.Query{Getenv: env.Getenv, Base: w.base, Timeout: timeout, Pause: w.pause},
	})
	if err != nil {
		return wakeError(q.Waker, err)
	}
	return writeAnswer(env, child.WakeAnswer{
		Schema: child.WakeSchema, State: a.State, Job: a.ID, Name: a.Name, Attempt: a.Attempt, Began: a.Began, Ended: a.Ended, Failed: a.Failed, Address: a.Address,
	})
}

// wakeError gives an error its exit code. A forge that refuses has said nothing
// about the release.
func wakeError(name string, err error) error {
	setup := ""
	for _, w := range child.Wakers() {
		if w.Name == name {
			setup = w.Setup
		}
	}
	switch {
	case errors.Is(err, announce.ErrSetup):
		return cli.Fail(cli.Usage, setup, "%w", err)
	case errors.Is(err, announce.ErrRefused):
		return cli.Fail(cli.Unknown, setup, "%w", err)
	}
	return cli.Fail(cli.Unknown, "look at the run before you start it by hand: it may have been started", "%w", err)
}
