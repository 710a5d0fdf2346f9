// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// The kinds of documents in a registry.
const (
	registrySBOM    = "sbom"
	registryPackage = "package"
)

// registry is the registry of the policy.
func (w *workspace) registry() (*policy.Registry, error) {
	if w.policy.Registry == nil {
		return nil, cli.Fail(cli.Usage, "see docs/chain.md", "the policy names no registry")
	}
	return w.policy.Registry, nil
}

// askRegistry asks the registry of the policy about an SBOM and what it lists.
// That it could not be asked is part of the answer.
func askRegistry(ctx context.Context, env *cli.Env, at where, b *audit.BOM, data []byte, target string) (*audit.Registry, error) {
	w, err := openPolicy(ctx, env, at, trustedPolicy)
	if err != nil {
		return nil, err
	}
	r, err := w.registry()
	if err != nil {
		return nil, err
	}
	w.judges = true // what opens something takes no program from PATH
	remote, err := w.remote()
	if err != nil {
		return nil, err
	}
	asked := registryQuestion(r, b, data, target)
	if len(asked.q.Documents)*len(asked.q.Publishers)+len(asked.q.Packages)*len(asked.q.Reporters) == 0 {
		asked.out.Problem = "the SBOM has nothing that a registry could know"
		return &asked.out, nil
	}
	answer, err := remote.LookUp(ctx, asked.q)
	if err != nil {
		asked.out.Problem = err.Error()
		return &asked.out, nil
	}
	return asked.answered(answer), nil
}

// A registryAsked is a question to a registry, and which component each part of
// it is about.
type registryAsked struct {
	q         child.RegistryQuestion
	documents []*audit.Component // nil: the SBOM
	packages  []*audit.Component
	out       audit.Registry
}

func registryQuestion(r *policy.Registry, b *audit.BOM, data []byte, target string) *registryAsked {
	a := &registryAsked{q: child.RegistryQuestion{
		Spec: r.Spec, Publishers: append([]string{}, r.Publishers...), Reporters: append([]string{}, r.Reporters...),
		Documents: []child.RegistryDocument{}, Packages: []string{},
	}}
	a.out.Source = fmt.Sprintf("registry %s of chain %d", r.Spec.Contract, r.Spec.Chain)
	if subject := registrySubject(b, target); subject != "" {
		a.q.Documents = append(a.q.Documents, child.RegistryDocument{Kind: registrySBOM, Subject: subject, Digests: sumsOf(data)})
		a.documents = append(a.documents, nil)
	} else {
		a.out.Notes = append(a.out.Notes, "the registry was not asked about the SBOM itself: it does not say which artifact's it is, by SHA-256")
	}
	seen := map[string]bool{}
	for i := range b.Components {
		c := &b.Components[i]
		name := c.RegistryName()
		if name == "" {
			continue
		}
		subject := hexSum([]byte(name))
		if key := subject + strings.Join(c.SHA256, ","); len(c.SHA256) > 0 && !seen[key] {
			seen[key] = true
			a.q.Documents = append(a.q.Documents, child.RegistryDocument{Kind: registryPackage, Subject: subject, Digests: c.SHA256})
			a.documents = append(a.documents, c)
		}
		if !seen[subject] {
			seen[subject] = true
			a.q.Packages = append(a.q.Packages, subject)
			a.packages = append(a.packages, c)
		}
	}
	return a
}

// registrySubject is the SHA-256 of the artifact that an SBOM is of; empty where
// nobody says.
func registrySubject(b *audit.BOM, target string) string {
	if at := strings.LastIndex(target, "@"); at >= 0 {
		if d, err := event.ParseDigest(target[at+1:]); err == nil && d.Alg == "sha256" {
			return strings.ToLower(d.Hex)
		}
	}
	if len(b.Subject.SHA256) == 1 {
		return b.Subject.SHA256[0]
	}
	return ""
}

// sumsOf are the digests that an SBOM may have been published by: of its bytes,
// or of its canonical form, as the ledger has a small one.
func sumsOf(data []byte) []string {
	all := []string{hexSum(data)}
	if canonical, err := canon.Transform(data); err == nil {
		if sum := hexSum(canonical); sum != all[0] {
			all = append(all, sum)
		}
	}
	return all
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (a *registryAsked) answered(answer child.RegistryAnswer) *audit.Registry {
	a.out.Source += fmt.Sprintf(", block %d", answer.Block)
	words := map[string]audit.RegistryWord{
		child.RegistryMatch: audit.Confirmed, child.RegistryUnknown: audit.Unlisted,
		child.RegistryRevoked: audit.TakenBack, child.RegistryMismatch: audit.Differs,
	}
	for _, e := range answer.Entries {
		a.out.Entries = append(a.out.Entries, audit.RegistryEntry{
			Component: a.documents[e.Document], Publisher: e.Publisher, Status: words[e.Status], Has: e.Has, Reason: e.Reason,
		})
	}
	for _, t := range answer.Tallies {
		a.out.Statuses = append(a.out.Statuses, audit.RegistryStatus{
			Component: a.packages[t.Package], Reporter: t.Reporter,
			Investigated: t.Investigated, Affected: t.Affected, NotAffected: t.NotAffected, Fixed: t.Fixed,
		})
	}
	return &a.out
}
