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

// checkAddress refuses an address that could hold a secret, and does not show
// it: an address stands in policies, errors and logs. Credentials are git's
// business.
func checkAddress(url string) error {
	address, query, _ := strings.Cut(strings.TrimPrefix(url, "git:"), "?")
	scheme, rest, ok := strings.Cut(address, "://")
	authority, _, _ := strings.Cut(rest, "/")
	user, _, hasUser := cutLast(authority, "@")
	web := scheme == "http" || scheme == "https"
	switch {
	case ok && hasUser && (web || strings.Contains(user, ":")):
		return cli.Fail(cli.Usage, "give the address without it; let git know the credentials: a credential helper, an extraheader or ~/.netrc", "the ledger's address holds a user or password")
	case query != "" && (!strings.HasPrefix(query, "branch=") || strings.Contains(query, "&")):
		return cli.Fail(cli.Usage, "git:REMOTE?branch=NAME is all there is", "the ledger's address has more after the ? than a branch")
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// gitRemote is the remote that a git: URL names.
func (p place) gitRemote(ctx context.Context, url string) (git.Remote, error) {
	if err := checkAddress(url); err != nil {
		return git.Remote{}, err
	}
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
