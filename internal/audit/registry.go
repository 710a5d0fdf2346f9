// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
)

// The kinds of findings that a registry of digests and advisories brings.
const (
	Checksum = "checksum" // its bytes are not those that a publisher stands by
	Advised  = "advised"  // somebody whom the policy believes warns of it
)

// A Registry is what those whom a policy believes say in a registry.
type Registry struct {
	Source   string // which one, and as of when
	Problem  string // why it could not be asked; empty: it was
	Entries  []RegistryEntry
	Statuses []RegistryStatus
	Notes    []string // what was not asked, and why
}

// A RegistryEntry is what a publisher says of the SBOM, or of a component's
// bytes. Its zero Status is a mismatch.
type RegistryEntry struct {
	Component *Component // nil: the SBOM itself
	Publisher string
	Status    RegistryWord
	Has       string // SHA-256 of the publisher's, hex
	Reason    string // why it was revoked
}

// A RegistryWord is how an entry stands to what is at hand.
type RegistryWord int

// The words, gravest first.
const (
	Differs   RegistryWord = iota // the publisher has another digest
	TakenBack                     // the publisher no longer stands by it
	Unlisted                      // the publisher says nothing
	Confirmed
)

// A RegistryStatus is how many advisories of a component a reporter has in
// which status. All zero: the reporter says nothing.
type RegistryStatus struct {
	Component *Component
	Reporter  string

	Investigated, Affected, NotAffected, Fixed uint64
}

// RegistryName is what a package is called in a registry: its package URL with
// the version, without qualifiers and subpath. Empty: it has no version.
func (c *Component) RegistryName() string {
	name, _, _ := strings.Cut(c.PURL, "#")
	name, _, _ = strings.Cut(name, "?")
	if at := strings.LastIndex(name, "@"); at <= strings.LastIndex(name, "/") {
		return ""
	}
	return name
}

// registered adds what a registry says. What it does not know is noted.
func (a *auditor) registered() {
	r := a.in.Registry
	if r == nil {
		return
	}
	a.report.Notes = append(a.report.Notes, r.Notes...)
	if r.Problem != "" {
		a.report.Unknown = append(a.report.Unknown, "the registry could not be asked: "+r.Problem)
		return
	}
	confirmed, unlisted := 0, 0
	for _, e := range r.Entries {
		switch e.Status {
		case Confirmed:
			confirmed++
		case Unlisted:
			unlisted++
			if e.Component == nil {
				a.report.Notes = append(a.report.Notes, "the registry does not know this SBOM: publisher "+e.Publisher+" has none of this subject")
			}
		case TakenBack:
			a.warn(e.Component, Advised, "registry-revoked", fmt.Sprintf("publisher %s took it back: %s", e.Publisher, cmp.Or(e.Reason, "no reason")))
		default:
			a.warn(e.Component, Checksum, "registry-checksum", fmt.Sprintf("publisher %s has another checksum: sha256:%s", e.Publisher, e.Has))
		}
	}
	silent := 0
	for _, s := range r.Statuses {
		switch {
		case s.Affected > 0:
			a.warn(s.Component, Advised, "registry-affected", fmt.Sprintf("reporter %s says that it is affected by advisories: %d", s.Reporter, s.Affected))
		case s.Investigated > 0:
			a.report.Notes = append(a.report.Notes, fmt.Sprintf("registry: reporter %s investigates advisories of %s: %d", s.Reporter, s.Component.Label(), s.Investigated))
		case s.NotAffected+s.Fixed == 0:
			silent++
		}
	}
	a.report.Notes = append(a.report.Notes, fmt.Sprintf("%s: checksums confirmed: %d, unknown: %d; statuses of packages asked: %d, unknown: %d",
		r.Source, confirmed, unlisted, len(r.Statuses), silent))
}

// warn adds a finding of a registry; without a component it is about the SBOM.
func (a *auditor) warn(c *Component, kind, id, why string) {
	label, ref := "the SBOM", ""
	if c != nil {
		label, ref = c.Label(), c.Ref
	} else {
		c = &a.in.BOM.Subject
	}
	f := Finding{
		Kind: kind, ID: id, IDs: []string{id}, Component: label, Ref: clean.Users(ref), Package: c.Name, Version: c.Version, Scope: c.Scope,
		Path: a.path(ref), Summary: why, Why: []string{why}, Sources: []string{a.in.Registry.Source}, component: c,
	}
	a.report.Findings = append(a.report.Findings, f)
}

// sha256s are the SHA-256 digests among a component's hashes.
func sha256s(hashes []canon.Raw) []string {
	var all []string
	for _, h := range hashes {
		var hash struct {
			Alg     string `json:"alg"`
			Content string `json:"content"`
		}
		if strings.Contains(string(h), `"SHA-256"`) && canon.Decode(h, &hash) == nil && hash.Alg == "SHA-256" {
			all = append(all, strings.ToLower(hash.Content))
		}
	}
	return all
}
