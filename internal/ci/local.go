// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/git"
)

// local reads a checkout. The repository id is its first commit, which every
// clone shares. The actor is the one git is configured for, and must have an
// e-mail address: a rule that keeps the one who acts from approving could
// match nobody without it.
func local(ctx context.Context, repo *git.Repo) (event.Context, error) {
	facts, err := repo.Facts(ctx)
	if err != nil {
		return event.Context{}, fmt.Errorf("read the checkout %s: %w", repo.TopLevel, err)
	}
	if facts.User.Email == "" {
		return event.Context{}, fmt.Errorf("%w: git has no user.email here (git config user.email YOU@EXAMPLE.ORG)", ErrIncomplete)
	}
	name := filepath.Base(repo.TopLevel)
	if !printable(name) {
		name = ""
	}
	return event.Context{
		Provider:     Local,
		Repository:   name,
		RepositoryID: facts.Root,
		Actor:        &event.Identity{Name: facts.User.Name, Email: facts.User.Email},
		Commit:       facts.Head,
		Ref:          facts.Ref,
		Dirty:        facts.Dirty,
	}, nil
}
