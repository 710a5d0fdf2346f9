// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// Where a policy comes from that nothing is checked out of.
//
// A job that must not run anything of the project checks nothing out. It
// stands in an empty folder and is told where the ledger is (--ledger
// git:ADDRESS), or in a repository without a commit whose remote origin is the
// project. The policy is then that of the default branch there, of which one
// commit and one file are fetched.

// defaultBranch is the policy of the default branch, if there is no checkout
// here that it could be read from. Else ok is false.
func defaultBranch(ctx context.Context, p place, f where) (out found, ok bool, err error) {
	var from git.Remote
	switch empty, err := p.empty(ctx); {
	case err != nil:
		return found{}, false, err
	case p.repo == nil && isGit(f.ledger):
		out, err := ledgersPolicy(ctx, p, f.ledger)
		return out, true, err
	case !empty:
		return found{}, false, nil
	}
	if from, err = p.repo.Remote(ctx, remote); err != nil {
		return found{}, false, nil // it has none: whoever needs it says so
	}
	file, err := git.DefaultFile(ctx, p.getenv, from, product.PolicyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return found{}, true, cli.Fail(cli.Usage, "commit "+product.PolicyFile+" to the default branch and push it", "read policy from %s: %w", remote, err)
	}
	if err != nil {
		return found{}, true, cli.Fail(cli.Unknown, "the policy is read from the remote's default branch: check the network, or give your own copy with --policy FILE",
			"read policy from %s: %w", remote, err)
	}
	return found{data: file.Data, source: fmt.Sprintf("the default branch of %s at %.12s", remote, file.Commit), protected: true}, true, nil
}

// empty reports whether this is a repository that has no commit.
func (p place) empty(ctx context.Context) (bool, error) {
	if p.repo == nil {
		return false, nil
	}
	_, err := p.repo.Head(ctx)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, git.ErrNoCommit) {
		return true, nil
	}
	return false, err
}

// gatePolicy is protectedPolicy, also where nothing is checked out.
func gatePolicy(ctx context.Context, p place, ring keyring.Ring, f where) (found, error) {
	if f.policy == "" && !p.hasPolicy() {
		if out, ok, err := defaultBranch(ctx, p, f); ok || err != nil {
			return out, err
		}
	}
	return protectedPolicy(ctx, p, ring, f)
}

// recordPolicy is checkoutPolicy, also where nothing is checked out.
func recordPolicy(ctx context.Context, p place, ring keyring.Ring, f where) (found, error) {
	if f.policy == "" && !p.hasPolicy() {
		if out, ok, err := defaultBranch(ctx, p, f); ok || err != nil {
			return out, err
		}
	}
	return checkoutPolicy(ctx, p, ring, f)
}

// verifyPolicy is trustedPolicy, also where nothing is checked out. What the
// default branch holds is what is claimed, as a checkout's policy is: it says
// which pin is meant, and is believed only by its digest.
func verifyPolicy(ctx context.Context, p place, ring keyring.Ring, f where) (found, error) {
	byDigest := strings.HasPrefix(f.policy, "sha256:")
	_, export := exportFile(p, f.ledger)
	if f.policy != "" && !byDigest || p.hasPolicy() || export {
		return trustedPolicy(ctx, p, ring, f)
	}
	claimed, ok, err := defaultBranch(ctx, p, f)
	if !ok && err == nil {
		return trustedPolicy(ctx, p, ring, f)
	}
	if err != nil {
		// A pin, or a policy that is pinned by its digest, does without it.
		if pinned, trustErr := trustedPolicy(ctx, p, ring, f); trustErr == nil {
			return pinned, nil
		}
		return found{}, err
	}
	if byDigest {
		sum := sha256.Sum256(claimed.data)
		if "sha256:"+hex.EncodeToString(sum[:]) == f.policy {
			return found{data: claimed.data, source: claimed.source, pinned: true}, nil
		}
		return trustedPolicy(ctx, p, ring, f)
	}
	out := found{data: claimed.data, source: claimed.source, claimed: true}
	parsed, err := policy.Parse(claimed.data)
	if err != nil {
		return out, nil // whoever reads it on says why
	}
	data, ok, err := ring.Pinned(parsed.Ledger.Origin)
	if err != nil || !ok {
		return out, err
	}
	return found{data: bytes.Clone(data), source: "pinned for " + parsed.Ledger.Origin, pinned: true}, nil
}

// hasPolicy reports whether there is a policy in the working tree.
func (p place) hasPolicy() bool {
	_, err := os.Lstat(p.policyFile())
	return err == nil
}
