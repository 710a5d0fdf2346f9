// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/announce"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// postVerb is the verb that leaves a person's signed vote at a forge.
func postVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "post",
		Short: "Leave a signed vote where its request is shown",
		Long: `Post reads {"forge", "api", "repository", "repository_id", "token", "commit",
"environment", "request", "text"} from standard input: which request, and the
comment that holds one signed vote on it. It writes {"schema", "place",
"address", "before"} once the forge has taken it. Without a text it only says
where the request is shown.

That is the merged pull or merge request of the commit, else the environment's
issue, else the newest request that has the commit. A vote that is there already
is not left again, and what the forge may have heard is not sent twice.

The token is sent to the address named with it only.`,
		Example: `  gateledger-remote post < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPost(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func runPost(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.PostQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	placed, before, err := announce.PostVote(ctx, announce.VoteQuery{
		Forge: q.Forge, API: q.API, Repository: q.Repository, RepositoryID: q.RepositoryID, Token: q.Token,
		Commit: q.Commit, Environment: q.Environment, Request: q.Request, Text: q.Text,
		Base: w.base, Timeout: timeout, Pause: w.pause,
	})
	if err != nil {
		return postError(q.Forge, err)
	}
	return writeAnswer(env, child.PostAnswer{Schema: child.PostSchema, Place: placed.Place, Address: placed.Address, Before: before})
}

// postError gives an error its exit code. A forge that refuses has not said no
// to the vote: it was not left.
func postError(forge string, err error) error {
	hint := map[string]string{
		"github": "the token must be let write to pull requests and issues there (classic: scope repo, or public_repo)",
		"gitlab": "the token must have the scope api, and its owner be let comment there",
	}[forge]
	switch {
	case errors.Is(err, announce.ErrSetup):
		return cli.Fail(cli.Usage, "", "%w", err)
	case errors.Is(err, announce.ErrNowhere):
		return cli.Fail(cli.Unknown, "gate --report shows it", "%w", err)
	case errors.Is(err, announce.ErrRefused):
		return cli.Fail(cli.Unknown, hint, "%w", err)
	}
	return cli.Fail(cli.Unknown, "run it again once the forge answers: what is there is not left again", "%w", err)
}
