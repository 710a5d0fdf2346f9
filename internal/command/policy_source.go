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
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// remote is where the protected policy lives.
const remote = "origin"

// checkoutPolicy is for verbs that decide nothing: the file named, else the
// one of the working tree. Where this user trusts a policy for the same log,
// that one says where the log is and who signs it; nothing is remembered of a
// log that only a working tree names.
func checkoutPolicy(_ context.Context, p place, ring keyring.Ring, f where) (found, error) {
	if f.policy != "" {
		data, err := readPolicyFile(f.policy)
		return found{data: data, source: f.policy, pinned: true}, err
	}
	file := filepath.Join(p.root, product.PolicyFile)
	data, err := readPolicyFile(file)
	if err != nil {
		return found{}, err
	}
	out := found{data: data, source: file, claimed: true}
	parsed, err := policy.Parse(data)
	if err != nil {
		return out, nil // whoever reads it on says why
	}
	pinned, ok, err := ring.Pinned(parsed.Ledger.Origin)
	if err != nil || !ok {
		return out, err
	}
	out.claimed, out.log, out.pinned = false, pinned, bytes.Equal(pinned, data)
	return out, nil
}

// protectedPolicy is for the gate: the file named; else the remote's default
// branch; without a remote, the commit that is checked out. Never the working
// tree, which the code under test can write.
func protectedPolicy(ctx context.Context, p place, _ keyring.Ring, f where) (found, error) {
	if f.policy != "" {
		data, err := readPolicyFile(f.policy)
		return found{data: data, source: f.policy, pinned: true}, err
	}
	if p.repo == nil && isGit(f.ledger) {
		return ledgersPolicy(ctx, p, f.ledger)
	}
	if p.repo == nil {
		return found{}, cli.Fail(cli.Usage, "give your own copy with --policy FILE, or run inside the git checkout",
			"no git checkout here, so there is no protected policy to go by")
	}
	_, err := p.repo.RemoteURL(ctx, remote)
	if err == nil {
		return remotePolicy(ctx, p)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return found{}, fmt.Errorf("look for the remote %s: %w", remote, err)
	}
	if p.ci {
		return found{}, cli.Fail(cli.Usage, "check out with the remote kept, or give your own copy with --policy FILE",
			"no remote %s here: in CI the policy is read from its default branch, never from the checkout", remote)
	}
	data, err := p.repo.Show(ctx, "HEAD", product.PolicyFile)
	if err != nil {
		return found{}, cli.Fail(cli.Usage, "commit it: git add "+product.PolicyFile+" && git commit", "read %s from HEAD: %w", product.PolicyFile, err)
	}
	return found{data: data, source: "local HEAD", protected: true}, nil
}

// ledgersPolicy is the policy of the repository that a ledger lives in, for a
// job that has no checkout because it must run nothing of the project.
func ledgersPolicy(ctx context.Context, p place, url string) (found, error) {
	remote, err := p.gitRemote(ctx, url)
	if err != nil {
		return found{}, err
	}
	file, err := git.DefaultFile(ctx, p.getenv, remote, product.PolicyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return found{}, cli.Fail(cli.Usage, "commit "+product.PolicyFile+" to the default branch and push it", "%w", err)
	}
	if err != nil {
		return found{}, cli.Fail(cli.Unknown, "the policy is read from the default branch of the ledger's repository: check address and network, or give your own copy with --policy FILE", "%w", err)
	}
	return found{data: file.Data, source: fmt.Sprintf("the default branch of %s at %.12s", git.Redact(remote.URL), file.Commit), protected: true}, nil
}

func remotePolicy(ctx context.Context, p place) (found, error) {
	file, err := p.repo.RemoteFile(ctx, remote, product.PolicyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return found{}, cli.Fail(cli.Usage, "commit "+product.PolicyFile+" to the default branch and push it", "read policy from %s: %w", remote, err)
	}
	if err != nil {
		return found{}, cli.Fail(cli.Unknown, "the policy is read from the remote's default branch: check the network, or give your own copy with --policy FILE",
			"read policy from %s: %w", remote, err)
	}
	return found{data: file.Data, source: fmt.Sprintf("%s of %s at %.12s", file.Ref, remote, file.Commit), protected: true}, nil
}

// trustedPolicy is for verifying and voting: the verifier's own copy, given
// as a file or by its digest; else the one this user pinned for the ledger.
// What lies in the checkout or in an export is only a hint of which pin is
// meant, and without a pin is used to show what it claims, as untrusted.
func trustedPolicy(ctx context.Context, p place, ring keyring.Ring, f where) (found, error) {
	if strings.HasPrefix(f.policy, "sha256:") {
		return policyByDigest(ctx, p, ring, f)
	}
	if f.policy != "" {
		data, err := readPolicyFile(f.policy)
		return found{data: data, source: f.policy, pinned: true}, err
	}
	claimed, err := claimedPolicy(ctx, p, f)
	if err != nil {
		return onlyPin(ring, err)
	}
	claimed.claimed = true
	parsed, err := policy.Parse(claimed.data)
	if err != nil {
		return claimed, nil
	}
	data, ok, err := ring.Pinned(parsed.Ledger.Origin)
	if err != nil || !ok {
		return claimed, err
	}
	return found{data: data, source: "pinned for " + parsed.Ledger.Origin, pinned: true}, nil
}

// claimedPolicy is the one the ledger's export brings, else the checkout's.
func claimedPolicy(ctx context.Context, p place, f where) (found, error) {
	if file, ok := exportFile(p, f.ledger); ok {
		data, err := ledger.ExportedFile(file, product.PolicyFile)
		return found{data: data, source: file}, err
	}
	return checkoutPolicy(ctx, p, keyring.Ring{}, where{})
}

// exportFile is the path of the export that a ledger URL names, if it does.
func exportFile(p place, url string) (string, bool) {
	resolved := ledgerURL(p.root, p.common, url)
	file, ok := strings.CutPrefix(resolved, "tar:")
	return file, ok
}

// policyByDigest takes the policy from wherever it lies: its digest is what
// the verifier trusts.
func policyByDigest(ctx context.Context, p place, ring keyring.Ring, f where) (found, error) {
	var candidates []found
	if c, err := claimedPolicy(ctx, p, f); err == nil {
		candidates = append(candidates, c)
	}
	pins, err := ring.Pins()
	if err != nil {
		return found{}, err
	}
	for origin, data := range pins {
		candidates = append(candidates, found{data: data, source: "pinned for " + origin})
	}
	for _, c := range candidates {
		sum := sha256.Sum256(c.data)
		if "sha256:"+hex.EncodeToString(sum[:]) == f.policy {
			c.pinned = true
			return c, nil
		}
	}
	return found{}, cli.Fail(cli.Usage, "give the policy itself with --policy FILE", "no policy with the digest %s in the export, the checkout or among the pins", f.policy)
}

// onlyPin is the policy of the only ledger this user trusts, for a verifier
// that stands in no checkout.
func onlyPin(ring keyring.Ring, cause error) (found, error) {
	pins, err := ring.Pins()
	if err != nil {
		return found{}, err
	}
	if len(pins) != 1 {
		return found{}, cause
	}
	for origin, data := range pins {
		return found{data: data, source: "pinned for " + origin, pinned: true}, nil
	}
	return found{}, cause
}

// readPolicyFile reads a policy, and nothing that could not be one.
func readPolicyFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, cli.Fail(cli.Usage, "run 'gateledger init' to make one", "no policy at %s", file)
	}
	if err != nil {
		return nil, cli.Fail(cli.Usage, "put a policy there, or name another with --policy FILE", "read policy: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > policy.MaxSize {
		return nil, cli.Fail(cli.Usage, "name the policy itself with --policy FILE; one takes a few kilobytes",
			"policy %s is no regular file of at most %d bytes", file, policy.MaxSize)
	}
	return os.ReadFile(file)
}
