// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/keyless"
)

// EnvironmentDigest names the part of the policy that decides about an
// environment: hex SHA-256 of its canonical JSON. It changes with its rules,
// and with any person, key, role, signer or outsider that they could count; it
// does not change with comments, order, account names that are only shown, or
// other environments. A request made under another digest is superseded.
//
// For ChangeEnvironment it changes with every byte of the file: what was
// approved is the step from this very text to another.
func (p *Policy) EnvironmentDigest(env string) (string, error) {
	e, ok := p.Environment(env)
	if !ok {
		return "", p.Ready(env)
	}
	digest, err := canon.Digest(p.resolve(e))
	if err != nil {
		return "", fmt.Errorf("digest of environment %s: %w", env, err)
	}
	return digest, nil
}

// resolved is everything a decision about one environment can depend on.
type resolved struct {
	Version    int                          `json:"version"`
	Name       string                       `json:"name"`
	Tier       Tier                         `json:"tier"`
	Auto       bool                         `json:"auto"`
	Require    map[string]int               `json:"require"`
	Exclude    []string                     `json:"exclude"`
	Veto       []string                     `json:"veto"`
	MaxAge     int64                        `json:"max_age"` // seconds
	Evidence   []resolvedEvidence           `json:"evidence"`
	Gate       []string                     `json:"gate"`
	Signers    map[string]resolvedSigner    `json:"signers"`
	Principals map[string]resolvedPrincipal `json:"principals"`
	Outsiders  []string                     `json:"outsiders"`

	Freeze      []string         `json:"freeze,omitempty"`
	Posture     *resolvedPosture `json:"posture,omitempty"`
	Dated       bool             `json:"dated,omitzero"`
	TrustedRoot string           `json:"trusted_root,omitempty"` // where a certificate or a time can count
	File        string           `json:"file,omitempty"`         // for a change of the policy: the policy it changes
	Collect     []string         `json:"collect,omitempty"`      // without any the digest is what it was before there was any

	// Of seats that take others than signed votes. Without any the digest is
	// what it was before there were any.
	Sources map[string][]string     `json:"sources,omitempty"` // by role
	Roles   map[string]resolvedRole `json:"roles,omitempty"`   // whose holders a forge tells
	Agents  string                  `json:"agents,omitempty"`

	BreakGlass *resolvedGlass `json:"break_glass,omitempty"`

	Risk *resolvedRisk `json:"risk,omitempty"`

	Anchoring *resolvedAnchoring `json:"anchoring,omitempty"` // of tier anchored

	DeploymentGate *resolvedContract `json:"deployment_gate,omitempty"` // that has votes

	When string `json:"when,omitempty"` // without one the digest is what it was before there was any
}

type resolvedRole struct {
	Teams      []string `json:"teams"`
	Permission string   `json:"permission"`
	Codeowners bool     `json:"codeowners"`
}

// A resolvedSigner is as it was before there were certificates, so that the
// digest of a policy without them is too.
type resolvedSigner struct {
	Key     string
	Keyless *resolvedRule `json:",omitempty"`
	Tier    Tier
}

type resolvedRule struct {
	Issuer       string       `json:"issuer"`
	Subject      resolvedText `json:"subject"`
	RepositoryID string       `json:"repository_id"`
	Workflow     resolvedText `json:"workflow"`
	BuildSigner  resolvedText `json:"build_signer"`
	Ref          resolvedText `json:"ref"`
	Triggers     []string     `json:"triggers"`
	Runner       string       `json:"runner"`
	Environment  string       `json:"environment"`
}

type resolvedText struct {
	Is      string `json:"is,omitempty"`
	Pattern string `json:"pattern,omitempty"`
}

type resolvedEvidence struct {
	Event       string   `json:"event"`
	Result      string   `json:"result"`
	Environment string   `json:"environment"`
	By          []string `json:"by"`
	MaxAge      int64    `json:"max_age"`

	Deny *resolvedDeny `json:"deny,omitempty"` // without one the digest is what it was before there was any
}

type resolvedDeny struct {
	KEV      bool    `json:"kev"`
	Severity string  `json:"severity"`
	EPSS     float64 `json:"epss"`
}

func (y Deny) resolved() *resolvedDeny {
	if y == (Deny{}) {
		return nil
	}
	return &resolvedDeny{y.KEV, y.Severity, y.EPSS}
}

type resolvedPrincipal struct {
	Keys    []resolvedKey `json:"keys"`
	Keyless *resolvedRule `json:"keyless,omitempty"`
	Emails  []string      `json:"emails"`
	GitHub  int64         `json:"github"` // the first one at github.com
	GitLab  int64         `json:"gitlab"` // the first one at gitlab.com
	Roles   []string      `json:"roles"`

	Accounts []string `json:"accounts,omitempty"` // all others, as host:id
	Signers  []string `json:"evm,omitempty"`
}

type resolvedKey struct {
	SSH   []byte `json:"ssh"`
	From  string `json:"from"`
	Until string `json:"until"`
}

func (p *Policy) resolve(e Environment) resolved {
	r := resolved{
		Version: 1, Name: e.Name, Tier: e.Tier, Auto: e.Auto,
		Require: map[string]int{}, Exclude: sorted(e.Exclude), Veto: sorted(e.Veto),
		MaxAge: int64(e.MaxAge / time.Second), Evidence: []resolvedEvidence{}, Gate: sorted(e.Gate),
		Signers: p.signersOf(e), Principals: p.principalsOf(e), Outsiders: []string{}, Dated: e.Dated,
	}
	if e.Dated || r.certified() {
		r.TrustedRoot = p.Sigstore.TrustedRoot
	}
	r.Freeze, r.Posture = frozen(e.Freeze), e.Posture.resolved()
	if len(p.Collect) > 0 {
		r.Collect = sorted(p.Collect)
	}
	if e.Name == ChangeEnvironment {
		r.File = p.Digest
	}
	for _, s := range e.Require {
		name := e.seatName(s)
		r.Require[name] = s.Count
		if sources := s.resolvedSources(); sources != nil {
			if r.Sources == nil {
				r.Sources = map[string][]string{}
			}
			r.Sources[name] = sources
		}
	}
	for _, name := range slices.Concat(e.approvers(), e.Veto) {
		role, told := p.ForgeRoles[name]
		if !told {
			continue
		}
		if r.Roles == nil {
			r.Roles = map[string]resolvedRole{}
		}
		r.Roles[name] = resolvedRole{sorted(role.Teams), role.Permission, role.Codeowners}
	}
	r.Agents, r.BreakGlass, r.Anchoring, r.Risk = e.Agents, e.BreakGlass.resolved(), p.anchoring(e), e.Risk.resolved()
	r.DeploymentGate, r.When = resolvedGateOf(e.DeploymentGate), e.When
	for _, v := range e.Evidence {
		r.Evidence = append(r.Evidence, resolvedEvidence{v.Event, v.Result, v.Environment, sorted(v.By), int64(v.MaxAge / time.Second), v.Deny.resolved()})
	}
	arrange.By(r.Evidence, func(a, b resolvedEvidence) int {
		return slices.Compare(a.order(), b.order())
	})
	if len(e.Exclude) > 0 {
		r.Outsiders = sorted(p.Outsiders)
	}
	return r
}

// order is what rules are sorted by: all that they can differ in.
func (v resolvedEvidence) order() []string {
	list := append([]string{v.Event, v.Environment}, v.By...)
	if v.Deny != nil {
		list = append(list, fmt.Sprintf("%+v", *v.Deny))
	}
	return list
}

func (r resolved) certified() bool {
	for _, s := range r.Signers {
		if s.Keyless != nil {
			return true
		}
	}
	for _, who := range r.Principals {
		if who.Keyless != nil {
			return true
		}
	}
	return false
}

func resolvedRuleOf(r *keyless.Rule) *resolvedRule {
	if r == nil {
		return nil
	}
	return &resolvedRule{
		Issuer: r.Issuer, Subject: resolvedText(r.Subject), RepositoryID: r.RepositoryID,
		Workflow: resolvedText(r.Workflow), BuildSigner: resolvedText(r.BuildSigner), Ref: resolvedText(r.Ref),
		Triggers: sorted(r.Triggers), Runner: r.Runner, Environment: r.Environment,
	}
}

// signersOf are those whose events can count: where somebody is excluded,
// any signer may say who wrote a commit and what was built from it.
func (p *Policy) signersOf(e Environment) map[string]resolvedSigner {
	all := map[string]resolvedSigner{}
	for name, s := range p.Signers {
		named := slices.Contains(e.Gate, name) || slices.ContainsFunc(e.Evidence, func(v Evidence) bool { return slices.Contains(v.By, name) })
		named = named || e.Risk != nil && slices.Contains(e.Risk.By, name)
		if named || len(e.Exclude) > 0 || byCommit(e) {
			all[name] = resolvedSigner{s.Key, resolvedRuleOf(s.Keyless), s.Tier}
		}
	}
	return all
}

// byCommit says whether evidence can count through the commit, for which a
// build event by any signer must link the two.
func byCommit(e Environment) bool {
	return slices.ContainsFunc(e.Evidence, func(v Evidence) bool { return throughCommit(v.Event) })
}

// principalsOf are those who can vote, and where somebody is excluded all,
// because each can turn out to be the author.
func (p *Policy) principalsOf(e Environment) map[string]resolvedPrincipal {
	roles := append(e.approvers(), e.Veto...)
	all := map[string]resolvedPrincipal{}
	for name, who := range p.Principals {
		votes := slices.ContainsFunc(who.Roles, func(role string) bool { return slices.Contains(roles, role) })
		if !votes && len(e.Exclude) == 0 && len(e.Sources()) == 0 {
			continue
		}
		r := resolvedPrincipal{
			Keys: []resolvedKey{}, Keyless: resolvedRuleOf(who.Keyless), Emails: sorted(who.Emails), Roles: sorted(who.Roles),
		}
		r.GitHub, r.Accounts = firstAt("github.com", who.GitHub, nil)
		r.GitLab, r.Accounts = firstAt("gitlab.com", who.GitLab, r.Accounts)
		slices.Sort(r.Accounts)
		if len(who.Signers) > 0 {
			r.Signers = sorted(who.Signers)
		}
		for _, k := range who.Keys {
			r.Keys = append(r.Keys, resolvedKey{k.SSH.Marshal(), bound(k.From), bound(k.Until)})
		}
		arrange.By(r.Keys, func(a, b resolvedKey) int { return slices.Compare(a.SSH, b.SSH) })
		all[name] = r
	}
	return all
}

// firstAt takes the account with the lowest number at the host out of some,
// and appends all others to more.
func firstAt(host string, accounts []Account, more []string) (first int64, _ []string) {
	for _, a := range accounts {
		if a.Host == host && (first == 0 || a.ID < first) {
			first = a.ID
		}
	}
	for _, a := range accounts {
		if a.Host != host || a.ID != first {
			more = append(more, a.key())
		}
	}
	return first, more
}

func bound(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// sorted is a sorted copy that is never null in JSON.
func sorted(list []string) []string {
	out := slices.AppendSeq([]string{}, slices.Values(list))
	slices.Sort(out)
	return out
}
