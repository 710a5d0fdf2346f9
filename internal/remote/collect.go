// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/forge"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/vote"
)

// collectVerb is the verb that reads votes where people left them.
func collectVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	var session bool
	cmd := &cobra.Command{
		Use:   "collect",
		Short: "Read the votes that people left at a forge",
		Long: `Collect reads {"source", "commit", "keys"} from standard input: which source of
votes, the commit to be deployed, and the SSH keys of those who may vote, in wire
form. It reads all of the source and writes {"sightings", "strangers", "read",
"remarks"}; if it can't see all of it, it writes nothing and fails.

With "request", "accounts", "facts", "run" and "attempt" it also writes a
"snapshot": what people said about that request without a signature.

It judges no vote. Those that are signed with none of the keys are counted and
left out.

With --session it reads many such questions, each {"n", "question"} on a line of
its own, and writes {"schema", "n", "answer"} or {"schema", "n", "failure"} for
each, until its input ends. What a forge answered is kept in memory by its ETag,
so that a repeated question costs only conditional requests.

Sources:` + sourcesText() + `

A token is read from the environment, and sent to the address named there only.`,
		Example: `  gateledger-remote collect < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if session {
				return runSession(cmd.Context(), env, w, timeout)
			}
			return runCollect(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	cmd.Flags().BoolVar(&session, "session", false, "answer questions line by line until standard input ends")
	return cmd
}

func sourcesText() string {
	var b strings.Builder
	for _, s := range vote.Sources() {
		b.WriteString("\n  " + s.Name + "  " + s.Doc + ";\n    " + strings.Join(s.Variables, ", "))
	}
	return b.String()
}

// commitPattern is a full object id, of SHA-1 or SHA-256.
var commitPattern = pattern.New(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func runCollect(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.CollectQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	answer, err := collected(ctx, env, w, timeout, q, nil)
	if err != nil {
		return err
	}
	return writeAnswer(env, answer)
}

// collected answers one question, from what the cache holds where the forge
// says that this still stands.
func collected(ctx context.Context, env *cli.Env, w wire, timeout time.Duration, q child.CollectQuestion, cache *ask.Cache) (child.CollectAnswer, error) {
	var none child.CollectAnswer
	if !commitPattern.MatchString(q.Commit) {
		return none, cli.Fail(cli.Usage, "", "commit %.80q is not a full object id in lower-case hex", q.Commit)
	}
	chain, err := chainOf(q.Chain)
	if err != nil {
		return none, err
	}
	found, err := forge.Read(ctx, q.Source, forge.Query{
		Chain: chain, Commit: q.Commit, Request: q.Request, Environment: q.Environment, Accounts: q.Accounts, Facts: q.Facts, Run: q.Run, Attempt: attempt(q.Attempt),
		Getenv: env.Getenv, Base: w.base, Timeout: timeout, Pause: w.pause, Cache: cache,
	})
	if err != nil {
		return none, collectError(q.Source, err)
	}
	answer := child.CollectAnswer{Schema: child.CollectSchema, Read: found.Read, Remarks: found.Remarks, Snapshot: found.Snapshot}
	answer.Sightings, answer.Strangers = byThese(q.Keys, found.Sightings)
	return answer, nil
}

// byThese are the sightings that one of the keys signed, each block once, and
// how many are left out: strangers' votes, and such as only say that they are by
// one of the keys. Votes that nobody signed are for others to judge.
func byThese(keys [][]byte, all []vote.Sighting) (kept []vote.Sighting, strangers int) {
	known, seen := map[string]bool{}, map[string]bool{}
	for _, k := range keys {
		known[string(k)] = true
	}
	for _, s := range all {
		switch {
		case s.Block == "":
			kept = append(kept, s)
		case seen[s.Block]:
		case byOne(known, s.Block):
			seen[s.Block] = true
			kept = append(kept, s)
		default:
			seen[s.Block] = true
			strangers++
		}
	}
	return kept, strangers
}

// byOne reports whether one of the keys signed the block.
func byOne(keys map[string]bool, block string) bool {
	found, _ := vote.FindArmoured(block)
	return len(found) == 1 && keys[string(found[0].Signature.Key.Marshal())] && found[0].Ballot().Verify() == nil
}

// collectError gives an error its exit code. A forge that refuses has not said
// no to the release: it could not be asked.
func collectError(source string, err error) error {
	hint := ""
	if s, ok := vote.SourceNamed(source); ok {
		hint = s.Setup
	}
	switch {
	case errors.Is(err, forge.ErrSetup):
		return cli.Fail(cli.Usage, hint, "%w", err)
	case errors.Is(err, forge.ErrHidden):
		if strings.HasPrefix(source, "github-") {
			return cli.Fail(cli.Unknown, hint, "%w", err)
		}
		return cli.Fail(cli.Unknown, "give a token with read_api in GATELEDGER_GITLAB_TOKEN; or set GATELEDGER_MERGE_REQUEST=NUMBER, by which you say that votes are in no other one", "%w", err)
	case errors.Is(err, forge.ErrRefused):
		return cli.Fail(cli.Unknown, hint, "%w", err)
	}
	return cli.Fail(cli.Unknown, "run it again once the forge answers", "%w", err)
}

// chainOf reads where on a chain to look.
func chainOf(c *child.CollectChain) (*forge.Chain, error) {
	if c == nil {
		return nil, nil
	}
	since, err := time.Parse(time.RFC3339, c.Since)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "", "since: %w", err)
	}
	return &forge.Chain{Spec: c.Spec, Since: since, Artifacts: c.Artifacts, Signers: c.Signers, Host: c.Host, RepositoryID: c.RepositoryID}, nil
}

// attempt reads the number of a run's attempt; 0: nobody said.
func attempt(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
