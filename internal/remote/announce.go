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

// announceVerb is the verb that tells a forge what a gate decided.
func announceVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "announce",
		Short: "Tell a forge what a gate decided",
		Long: `Announce reads {"announcer", "notice"} from standard input: in which way to tell
which forge, and what. It writes {"schema", "place", "address", "remarks"} once
the forge has taken it.

What the forge may have heard is never sent twice. A comment is changed only if
it begins with our marker and is by the account of the token.

Announcers:` + announcersText() + `

A token is read from the environment, and sent to the address named there only.`,
		Example: `  gateledger-remote announce < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runAnnounce(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func announcersText() string {
	var b strings.Builder
	for _, a := range child.Announcers() {
		b.WriteString("\n  " + a.Name + "  " + a.Doc + ";\n    " + strings.Join(a.Variables, ", "))
	}
	return b.String()
}

func runAnnounce(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.AnnounceQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	placed, err := announce.Send(ctx, q.Announcer, announce.Query{
		Notice: q.Notice, Getenv: env.Getenv, Base: w.base, Timeout: timeout, Pause: w.pause,
	})
	if err != nil {
		return announceError(q.Announcer, err)
	}
	answer := child.AnnounceAnswer{Schema: child.AnnounceSchema, Place: placed.Place, Address: placed.Address, Remarks: placed.Remarks}
	if answer.Remarks == nil {
		answer.Remarks = []string{}
	}
	return writeAnswer(env, answer)
}

// announceError gives an error its exit code. A forge that refuses has not said
// no to the release: it was not told.
func announceError(name string, err error) error {
	setup := ""
	for _, a := range child.Announcers() {
		if a.Name == name {
			setup = a.Setup
		}
	}
	switch {
	case errors.Is(err, announce.ErrSetup):
		return cli.Fail(cli.Usage, setup, "%w", err)
	case errors.Is(err, announce.ErrRefused):
		return cli.Fail(cli.Unknown, setup, "%w", err)
	}
	return cli.Fail(cli.Unknown, "run it again once the forge answers", "%w", err)
}
