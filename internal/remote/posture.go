// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/forge"
)

// postureVerb is the verb that reads the settings around a gate.
func postureVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "posture",
		Short: "Read a forge's settings that keep people from going past a gate",
		Long: `Posture reads {"forge", "environments", "policy", "ledger_branch", "token"} from
standard input: github or gitlab, the environments that are deployed to, the
SHA-256 of the policy, the ledger's branch if it is in this repository, and a
token that may read settings. It writes {"schema", "postures"}: for each
environment its facts, each of them yes, no or unknown.

What the token may not see is unknown, fact by fact. It judges nothing.

Without a token in the question, GATELEDGER_POSTURE_TOKEN is taken, else the
token of the job. It is sent to the address named in the environment only.`,
		Example: `  gateledger-remote posture < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPosture(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func runPosture(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.PostureQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	all, err := forge.ReadPosture(ctx, forge.PostureQuery{
		Forge: q.Forge, Environments: q.Environments, Policy: q.Policy, LedgerBranch: q.LedgerBranch, Token: q.Token,
		Getenv: env.Getenv, Base: w.base, Timeout: timeout, Pause: w.pause,
	})
	if err != nil {
		return postureError(q.Forge, err)
	}
	return writeAnswer(env, child.PostureAnswer{Schema: child.PostureSchema, Postures: all})
}

// postureSetup says what to do where a forge's settings can't be read.
var postureSetup = map[string]string{
	"github": "outside of a job set GITHUB_REPOSITORY=OWNER/NAME; put a token that may read the repository's administration into GATELEDGER_POSTURE_TOKEN",
	"gitlab": "outside of a job set CI_API_V4_URL and CI_PROJECT_ID; put a maintainer's token with read_api into GATELEDGER_POSTURE_TOKEN",
}

// postureError gives an error its exit code. A forge that refuses has not said
// that something is weak: it could not be asked.
func postureError(name string, err error) error {
	switch {
	case errors.Is(err, forge.ErrSetup):
		return cli.Fail(cli.Usage, postureSetup[name], "%w", err)
	case errors.Is(err, forge.ErrRefused):
		return cli.Fail(cli.Unknown, postureSetup[name], "%w", err)
	}
	return cli.Fail(cli.Unknown, "run it again once the forge answers", "%w", err)
}
