// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// Who wrote the commits, where nothing is checked out.
//
// A policy that excludes authors needs the commits since the last deployment.
// Where they are neither in the ledger nor here, they are fetched from where
// the policy was read: of the project, and nothing of it is run.
//
// BUG(gate): the whole history of the default branch is fetched, with its
// files. A large project records its commits in the build job instead.

// bring fetches the project's commits where the gate will need them and has
// not got them.
func (g *gate) bring(ctx context.Context) error {
	if !g.excludes() || g.at.Commit == "" || g.has(ctx, g.at.Commit) {
		return nil
	}
	head, events, err := g.read(ctx)
	if err != nil {
		return err
	}
	_, unknown, err := policy.Brings(policy.Input{
		Policy: g.policy, Root: g.believes, Events: events, Head: checkpointOf(head), Now: g.env.Now().UTC(),
	}, event.RequestPredicate{Environment: g.rules.Name, Commit: g.at.Commit, Previous: g.previous(events, g.rules)})
	if err == nil && len(unknown) == 0 {
		return nil
	}
	return g.borrow(ctx)
}

// excludes reports whether anything that this gate may decide depends on who
// wrote the commits.
func (g *gate) excludes() bool {
	change, _ := g.policy.Environment(policy.ChangeEnvironment)
	return len(g.rules.Exclude)+len(change.Exclude) > 0
}

func (g *gate) has(ctx context.Context, commit string) bool {
	if g.place.repo == nil {
		return false
	}
	_, err := g.place.repo.Resolve(ctx, commit)
	return err == nil
}

// borrow fetches the default branch: into the repository that is here, or
// where there is none into a folder that forget removes.
func (g *gate) borrow(ctx context.Context) error {
	from := remote
	if g.place.repo == nil {
		at, err := g.place.gitRemote(ctx, g.url)
		if err != nil || !isGit(g.url) {
			return errors.Join(err, g.unread(git.ErrNoCheckout))
		}
		if g.borrowed, err = os.MkdirTemp("", product.Name+"-*"); err != nil {
			return fmt.Errorf("make a folder for the project's commits: %w", err)
		}
		if _, err := git.OpenBare(ctx, filepath.Join(g.borrowed, ".git"), g.env.Getenv); err != nil {
			return err
		}
		if g.place.repo, err = git.Open(g.borrowed, g.env.Getenv); err != nil {
			return err
		}
		from = at.URL
	}
	// What is wanted are the commits on the way to the file.
	_, err := g.place.repo.RemoteFile(ctx, from, product.PolicyFile)
	if g.has(ctx, g.at.Commit) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("it is not on the default branch of %s", git.Redact(from))
	}
	return g.unread(err)
}

func (g *gate) unread(err error) error {
	return cli.Fail(cli.Unknown, "have a job that has it checked out record it: gateledger record commit --subject git:HEAD; or check out with full history (fetch-depth: 0)",
		"find out who wrote commit %.12s, which the policy asks: %w", g.at.Commit, err)
}

// forget removes what was borrowed.
func (g *gate) forget() {
	if g.borrowed != "" {
		os.RemoveAll(g.borrowed)
	}
}
