// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/product"
)

// url is where the policy says that the ledger is, resolved.
func (d *doctor) url() string {
	return ledgerURL(d.place.root, d.place.common, d.policy.Ledger.URL)
}

func (d *doctor) gitOptions(ctx context.Context) (ledger.GitOptions, error) {
	return gitOptionsOf(ctx, d.env, d.place, d.ring, d.url(), d.policy.Ledger.Origin)
}

// The refs of a git: ledger besides its branch.
const (
	pendingRefs    = "refs/" + product.Name + "/pending/"
	quarantineRefs = "refs/" + product.Name + "/quarantine/"
)

// inbox counts what waits at a shared ledger, and fetches none of it.
func (d *doctor) inbox(ctx context.Context) finding {
	const what = "inbox"
	refs, err := d.inboxRefs(ctx)
	if err != nil {
		return finding{what, broken, err.Error(), "check the network, the remote and how git gets in: git ls-remote"}
	}
	pending, quarantined := 0, 0
	for ref := range refs {
		switch {
		case strings.HasPrefix(ref, pendingRefs):
			pending++
		case strings.HasPrefix(ref, quarantineRefs):
			quarantined++
		}
	}
	text := fmt.Sprintf("%d pending, %d in quarantine", pending, quarantined)
	switch {
	case quarantined > 0:
		return finding{what, noted, text + ": somebody left what no signer of the policy signed", "git ls-remote " + quarantineRefs + "*"}
	case pending > 0:
		return finding{what, noted, text, "gateledger integrate, where the log key is"}
	}
	return finding{what, fine, text, ""}
}

// inboxRefs asks the remote what is left there.
func (d *doctor) inboxRefs(ctx context.Context) (map[string]string, error) {
	at, err := d.place.gitRemote(ctx, d.url())
	if err != nil {
		return nil, err
	}
	bare, done, err := passingBare(ctx, d.env)
	if err != nil {
		return nil, err
	}
	defer done()
	return bare.List(ctx, at, pendingRefs+"*", quarantineRefs+"*")
}

// protection tells what keeps the log key from people who may push. It goes by
// what the policy says of the host: whether it was set up so, nobody looks.
func (d *doctor) protection(context.Context) finding {
	const what, none = "log-key protection", "no log-key protection: "
	const next = "put 'hosting: PLAN' under ledger in " + product.PolicyFile + ", see docs/threat-model.md"
	name := d.policy.Ledger.Hosting
	if name == "" && !isGit(d.url()) {
		return finding{what, noted, none + "key and log lie side by side on one machine", ""}
	}
	if name == "" {
		return finding{what, noted, none + "the policy names no hosting plan, so none is assumed", next}
	}
	plan, err := hosting.Find(name)
	if err != nil {
		return finding{what, broken, err.Error(), next}
	}
	if private, known := d.private(); known && plan.Provider == hosting.GitHub {
		if why := plan.Fits(private); why != "" {
			return finding{what, missing, none + why, next}
		}
	}
	switch plan.Key {
	case hosting.NoProtection:
		return finding{what, noted, none + plan.Name + ": could rewrite the log: " + plan.Rewrite, plan.Advice}
	case hosting.KeyFile:
		return finding{what, fine, plan.Name + ": " + plan.Key.String(), ""}
	}
	return finding{what, noted, fmt.Sprintf("%s can give it (%s; %s on the log's branch); whether it was set up so can't be seen from here", plan.Name, plan.Key, plan.Branch), "gateledger init prints the commands"}
}

// private says whether a GitHub job's repository is private, by the event that
// set it off.
func (d *doctor) private() (private, known bool) {
	const largest = 32 << 20
	file := d.env.Getenv("GITHUB_EVENT_PATH")
	if d.place.provider != hosting.GitHub || file == "" {
		return false, false
	}
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > largest {
		return false, false
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return false, false
	}
	var event struct {
		Repository struct {
			Private *bool `json:"private"`
		} `json:"repository"`
	}
	if err := canon.DecodeOpen(data, &event); err != nil || event.Repository.Private == nil {
		return false, false
	}
	return *event.Repository.Private, true
}

// trustedRoot tells whether the root that the policy names is at hand.
func (d *doctor) trustedRoot(context.Context) finding {
	const what = "trusted root"
	digest := d.policy.Sigstore.TrustedRoot
	_, ok, err := d.ring.Root(digest)
	if err != nil {
		return finding{what, broken, err.Error(), "put the root that the policy names at " + rootFile}
	}
	if ok {
		return finding{what, fine, "you have it: " + digest, ""}
	}
	data, err := rootIn(filepath.Join(d.place.root, filepath.FromSlash(rootFile)))
	if err == nil && digestText(data) == digest {
		return finding{what, fine, rootFile + " is it: " + digest, ""}
	}
	return finding{what, noted, "not on this machine, so keyless signatures can be judged only if the ledger has it: " + digest, "put it at " + rootFile}
}

// remoteProgram tells whether there is what speaks with services.
func (d *doctor) remoteProgram(context.Context) finding {
	path, err := child.Find(os.Executable, true)
	if err != nil {
		return finding{child.Name, noted, "not there, so nothing can be signed keyless or timestamped from here; judging needs none", child.Hint}
	}
	return finding{child.Name, fine, shown(d.env, path), ""}
}

// someKeyless says whether the policy has signers without a key.
func (d *doctor) someKeyless() bool {
	for _, s := range d.policy.Signers {
		if s.Keyless != nil {
			return true
		}
	}
	return false
}
