// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/product"
)

// rootFile is where a repository may keep the trusted root that its policy
// names. The policy's digest is what makes it believed, not where it lies.
const rootFile = "." + product.Name + "/trusted_root.json"

// roots are the trusted roots that were found, by digest.
type roots struct {
	file  string // that the user gave
	known map[string]*keyless.Root
}

// root returns the trusted root that the policy in force names, or nil where
// it names none. What can't be found is told by whoever needs it: a policy
// may name a root that a certain question never comes to.
func (w *workspace) root(ctx context.Context) *keyless.Root {
	return w.rootOf(ctx, w.policy.Sigstore.TrustedRoot)
}

// rootOf looks for a root: where the user said, in the user's ring, in the
// checkout, in the ledger. Only its digest says that it is the one.
func (w *workspace) rootOf(ctx context.Context, digest string) *keyless.Root {
	if digest == "" {
		return nil
	}
	if r, ok := w.roots.known[digest]; ok {
		return r
	}
	if w.roots.known == nil {
		w.roots.known = map[string]*keyless.Root{}
	}
	w.roots.known[digest] = w.findRoot(ctx, digest)
	return w.roots.known[digest]
}

func (w *workspace) findRoot(ctx context.Context, digest string) *keyless.Root {
	data, err := w.rootBytes(ctx, digest)
	if err != nil {
		fmt.Fprintf(w.env.Stderr, "warning: the trusted root %s that the policy names is not here; give it with --trusted-root FILE\n", digest)
		return nil
	}
	r, err := keyless.ParseRoot(data)
	if err != nil {
		fmt.Fprintf(w.env.Stderr, "warning: trusted root %s: %s\n", digest, clean.Text(err.Error()))
		return nil
	}
	for _, line := range r.Warnings(w.env.Now()) {
		fmt.Fprintln(w.env.Stderr, "warning: trusted root: "+clean.Text(line))
	}
	return r
}

// rootBytes finds a trusted root by its digest.
func (w *workspace) rootBytes(ctx context.Context, digest string) ([]byte, error) {
	for _, look := range []func() ([]byte, error){
		func() ([]byte, error) { return rootIn(w.roots.file) },
		func() ([]byte, error) { data, _, err := w.ring.Root(digest); return data, err },
		func() ([]byte, error) { return rootIn(filepath.Join(w.place.root, filepath.FromSlash(rootFile))) },
		func() ([]byte, error) { return w.documentOf(ctx, digest) },
	} {
		if data, err := look(); err == nil && digestText(data) == digest {
			return data, nil
		}
	}
	return nil, fmt.Errorf("no file with that digest: %w", fs.ErrNotExist)
}

func rootIn(file string) ([]byte, error) {
	if file == "" {
		return nil, fs.ErrNotExist
	}
	const largest = 1 << 20
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() || info.Size() > largest {
		return nil, fmt.Errorf("%s is no regular file of at most %d bytes: %w", file, largest, cmp.Or(err, fs.ErrInvalid))
	}
	return os.ReadFile(file)
}

// documentOf reads a document of the ledger by "sha256:HEX".
func (w *workspace) documentOf(ctx context.Context, digest string) ([]byte, error) {
	var sum [sha256.Size]byte
	if n, err := hex.Decode(sum[:], []byte(strings.TrimPrefix(digest, "sha256:"))); err != nil || n != len(sum) {
		return nil, fmt.Errorf("%.80q is no SHA-256", digest)
	}
	if w.ledger == nil {
		return nil, fs.ErrNotExist
	}
	return w.blob(ctx, sum)
}

func digestText(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// checkRootFile refuses a --trusted-root that is not the one of the policy.
func (w *workspace) checkRootFile() error {
	if w.roots.file == "" {
		return nil
	}
	data, err := rootIn(w.roots.file)
	if err != nil {
		return cli.Fail(cli.Usage, "name the trusted_root.json itself", "read trusted root %s: %w", w.roots.file, err)
	}
	want := w.policy.Sigstore.TrustedRoot
	if want == "" {
		return cli.Fail(cli.Usage, "leave --trusted-root out", "the policy (%s) names no trusted root, so it believes none", w.source)
	}
	if got := digestText(data); got != want {
		return cli.Fail(cli.Usage, "get the root that the policy names, or let the policy be changed", "%s is %s, and the policy names %s", w.roots.file, got, want)
	}
	return nil
}
