// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/ledger"
)

func isGit(url string) bool { return strings.HasPrefix(url, "git:") }

// gitOptions say where a git: ledger is and how to get in: as the checkout's
// git does, for a remote it has a name for; else as the user's git does.
func (w *workspace) gitOptions(ctx context.Context) (ledger.GitOptions, error) {
	if !isGit(w.url) {
		return ledger.GitOptions{}, nil
	}
	cache, err := w.ring.Cache(w.policy.Ledger.Origin)
	if err != nil {
		return ledger.GitOptions{}, err
	}
	remote, err := w.place.gitRemote(ctx, w.url)
	return ledger.GitOptions{Remote: remote, Cache: cache, Getenv: w.env.Getenv}, err
}

// gitRemote is the remote that a git: URL names.
func (p place) gitRemote(ctx context.Context, url string) (git.Remote, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(url, "git:"), "?")
	if p.repo == nil {
		if !strings.ContainsAny(name, ":/") {
			return git.Remote{}, cli.Fail(cli.Usage, "run inside the git checkout, or give --ledger git:ADDRESS", "no git checkout here, so there is no remote %q", name)
		}
		return git.Remote{URL: name}, nil
	}
	remote, err := p.repo.Remote(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return remote, cli.Fail(cli.Usage, "git remote add "+name+" ADDRESS, or give --ledger git:ADDRESS", "this checkout has no remote %q", name)
	}
	return remote, err
}
