// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/product"
)

// A place is where a command was started.
type place struct {
	root   string    // the checkout's top folder, or the working folder outside of one
	common string    // git's folder, shared by all worktrees; empty outside of a checkout
	repo   *git.Repo // nil outside of a checkout
	getenv func(string) string

	provider string // github, gitlab or local
	ci       bool   // this is a job of any CI, also of one without an adapter
}

// findPlace looks at the working folder.
func findPlace(_ context.Context, env *cli.Env) (place, error) {
	dir, err := os.Getwd()
	if err != nil {
		return place{}, fmt.Errorf("find the working folder: %w", err)
	}
	here := place{root: dir, getenv: env.Getenv, provider: ci.Detect(env.Getenv), ci: inCI(env.Getenv)}
	repo, err := git.Open(dir, env.Getenv)
	if errors.Is(err, git.ErrNoCheckout) {
		return here, nil
	}
	if err != nil {
		return place{}, err
	}
	here.root, here.common, here.repo = repo.TopLevel, repo.CommonDir, repo
	return here, nil
}

// openRing opens the user's configuration folder, and says where it is.
func openRing(env *cli.Env) (keyring.Ring, string, error) {
	dir, err := keyring.Dir(env.Getenv)
	if err != nil {
		return keyring.Ring{}, "", cli.Fail(cli.Usage, "keys and trust are kept there; set the variable", "%w", err)
	}
	return keyring.Open(dir), dir, nil
}

// policyFile is where the policy stands.
func (p place) policyFile() string { return filepath.Join(p.root, product.PolicyFile) }

// config is a git setting, empty when it is not set or there is no checkout.
func (p place) config(ctx context.Context, key string) string {
	if p.repo == nil {
		return ""
	}
	value, err := p.repo.Config(ctx, key)
	if err != nil {
		return ""
	}
	return value
}

// ledgerURL turns what a policy or flag says into a URL that holds from
// anywhere. "dir:" without a path, or nothing, is the default place: under
// git's folder, where it dirties nothing and every worktree finds the same
// one, else .gateledger. "dir:PATH" starts at root. A path without a scheme
// starts where the person stands: it is an export if it ends in .tar, and
// else a folder.
func ledgerURL(root, gitCommonDir, url string) string {
	if url == "" {
		url = defaultLedger
	}
	path, isDir := strings.CutPrefix(url, "dir:")
	export, isTar := strings.CutPrefix(url, "tar:")
	switch {
	case isDir && path == "" && gitCommonDir != "":
		return "dir:" + filepath.Join(gitCommonDir, product.Name)
	case isDir && path == "":
		return "dir:" + filepath.Join(root, "."+product.Name)
	case isDir && !filepath.IsAbs(path):
		return "dir:" + filepath.Join(root, path)
	case isTar, !isDir && strings.HasSuffix(url, ".tar"):
		return "tar:" + absolute(export)
	case !strings.Contains(url, ":"):
		return "dir:" + absolute(url)
	}
	return url
}

// absolute is path from the root of the file system, where that can be told.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// shown is path as people like to read it: from the working folder if it is
// below, else from their home if it is below that.
func shown(env *cli.Env, path string) string {
	scheme := ""
	if rest, ok := strings.CutPrefix(path, "dir:"); ok {
		scheme, path = "dir:", rest
	}
	here, _ := os.Getwd()
	for _, from := range []struct{ folder, short string }{{here, ""}, {env.Getenv("HOME"), "~/"}} {
		if rel, err := filepath.Rel(from.folder, path); err == nil && from.folder != "" && filepath.IsLocal(rel) {
			return scheme + from.short + filepath.ToSlash(rel)
		}
	}
	return scheme + path
}
