// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// registryVerb is the verb that speaks with an EvidenceRegistry.
func registryVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "registry",
		Short: "Publish a digest in an EvidenceRegistry contract, or look up what it says",
		Long: `Registry reads {"spec", "publishers", "reporters", "publish"?, "documents",
"packages"} from standard input: a contract of the policy, the accounts that the policy
believes, and a document to publish or documents and packages to look up.

With "publish" the account that GATELEDGER_EVM_… names publishes the digest, unless it
did before, and the answer comes once that is final. Otherwise it reads the newest final
block, pays nothing and needs no key. It believes the node, so name one of your own.`,
		Example: `  gateledger-remote registry < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runRegistry(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func runRegistry(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.RegistryQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	if q.Publish != nil {
		return publishDigest(ctx, env, w, timeout, q)
	}
	ask := evm.LookupQuestion{Spec: q.Spec, Publishers: q.Publishers, Reporters: q.Reporters, Packages: q.Packages}
	for _, d := range q.Documents {
		ask.Documents = append(ask.Documents, evm.Document(d))
	}
	found, err := evm.LookUp(ctx, ask, evmWorld(env, w, timeout))
	if err != nil {
		return registryExit(err)
	}
	answer := child.RegistryAnswer{Schema: child.RegistrySchema, Entries: []child.RegistryEntry{}, Tallies: []child.RegistryTally{}, Block: found.Block}
	for _, e := range found.Entries {
		answer.Entries = append(answer.Entries, child.RegistryEntry(e))
	}
	for _, t := range found.Tallies {
		answer.Tallies = append(answer.Tallies, child.RegistryTally(t))
	}
	return writeAnswer(env, answer)
}

func publishDigest(ctx context.Context, env *cli.Env, w wire, timeout time.Duration, q child.RegistryQuestion) error {
	q.Spec.Kind = "evm"
	world, err := anchorWorld(env, w, timeout, child.AnchorQuestion{Spec: q.Spec})
	if err != nil {
		return err
	}
	p, err := evm.Publish(ctx, q.Spec, q.Publishers, evm.Document(*q.Publish), world)
	var cost *child.AnchorCost
	if p.Cost != nil {
		paid := child.AnchorCost(*p.Cost)
		cost = &paid
		fmt.Fprintf(env.Stderr, "note: the registry cost %d gas, %s wei from %s, in %s\n", paid.Gas, paid.Wei, paid.Account, strings.Join(paid.Transactions, ", "))
	}
	if err != nil {
		return registryExit(err)
	}
	return writeAnswer(env, child.RegistryAnswer{
		Schema: child.RegistrySchema, Entries: []child.RegistryEntry{}, Tallies: []child.RegistryTally{},
		Published: &child.RegistryPlace{Publisher: p.Publisher, Time: p.Time.Format(time.RFC3339), Cost: cost},
	})
}

// registryExit gives what went wrong its exit code.
func registryExit(err error) error {
	switch {
	case errors.Is(err, anchor.ErrSetup):
		return cli.Fail(cli.Usage, "compare the registry in the policy with the node, and the variables with docs/chain.md", "%w", err)
	case errors.Is(err, anchor.ErrRefused):
		return cli.Fail(cli.No, "", "%w", err)
	}
	return cli.Fail(cli.Unknown, "run it again once the node answers: what is published is not paid for twice", "%w", err)
}
