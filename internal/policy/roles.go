// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/vote"
)

// A Role is held by whom a forge says, and not by whom the policy lists. One
// of its members is set.
type Role struct {
	Teams      []string // with the provider before: github:acme/leads, or gitlab:acme/leads for a group
	Permission string   // this permission on the repository, or a higher one
	Codeowners bool     // owners of a path that the change touches, by the CODEOWNERS file
}

// codeownerFact is what is asked about an account that could own what changed.
const codeownerFact = "codeowner"

// The permissions of each provider, the lowest first.
var permissions = map[string][]string{
	"github": {"read", "triage", "write", "maintain", "admin"},
	"gitlab": {"guest", "reporter", "developer", "maintainer", "owner"},
}

// What the texts of a role look like.
var (
	teamPattern  = pattern.New(`^github:[A-Za-z0-9][A-Za-z0-9-]{0,99}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	groupPattern = pattern.New(`^gitlab:[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$`)
)

// levels are all permissions there are.
func levels() []string { return slices.Concat(permissions["github"], permissions["gitlab"]) }

// Facts are what a forge is asked about an account to tell whether it holds
// the role, as event.ForgePerson has them.
func (r Role) Facts() []string {
	var all []string
	for _, team := range r.Teams {
		all = append(all, "team:"+team)
	}
	if r.Permission != "" {
		all = append(all, "permission:"+r.Permission)
	}
	if r.Codeowners {
		all = append(all, codeownerFact)
	}
	return all
}

// providerOf is the provider that a fact is of; empty: any.
func providerOf(fact string) string {
	if team, ok := strings.CutPrefix(fact, "team:"); ok {
		provider, _, _ := strings.Cut(team, ":")
		return provider
	}
	if level, ok := strings.CutPrefix(fact, "permission:"); ok {
		for provider, levels := range permissions {
			if slices.Contains(levels, level) {
				return provider
			}
		}
	}
	return ""
}

// fromProvider says whether a source is of the provider; any forge is of "".
func fromProvider(source, provider string) bool {
	return source != event.ChainSource && (provider == "" || strings.HasPrefix(source, provider+"-"))
}

// implies says whether a fact that a forge tells is the one that is wanted, or
// a permission that is higher.
func implies(told, want string) bool {
	if _, some := event.OwnedFact(told); told == want || some && want == codeownerFact {
		return true
	}
	have, ok := strings.CutPrefix(told, "permission:")
	need, asked := strings.CutPrefix(want, "permission:")
	if !ok || !asked {
		return false
	}
	for _, levels := range permissions {
		i, j := slices.Index(levels, have), slices.Index(levels, need)
		if i >= 0 && j >= 0 {
			return i >= j
		}
	}
	return false
}

// blurs says whether an unknown fact leaves the one that is wanted unknown: of
// permissions, any.
func blurs(unknown, want string) bool {
	_, some := event.OwnedFact(unknown)
	return unknown == want || some && want == codeownerFact || strings.HasPrefix(unknown, "permission") && strings.HasPrefix(want, "permission:")
}

func (d *decoder) role(n *yaml.Node, path string) Role {
	var r Role
	said := 0
	d.object(n, path, "role", func(key string, v *yaml.Node, path string) {
		said++
		switch key {
		case "teams":
			r.Teams = d.teams(v, path, teamPattern, "a team of GitHub, such as github:acme/leads")
		case "groups":
			r.Teams = d.teams(v, path, groupPattern, "a group of GitLab, such as gitlab:acme/leads")
		case "permission":
			level, ok := d.text(v, path)
			if ok && !slices.Contains(levels(), level) {
				d.fail(v, path, "unknown permission %q%s", level, have(level, levels()))
			}
			r.Permission = level
		case "codeowners":
			r.Codeowners = d.onlyTrue(v, path)
		}
	})
	if n.Kind == yaml.MappingNode && said != 1 {
		d.fail(n, path, "takes exactly one of teams, groups, permission and codeowners")
	}
	return r
}

func (d *decoder) teams(n *yaml.Node, path string, p pattern.Pattern, want string) []string {
	all := d.texts(n, path, func(v *yaml.Node, path, text string) bool {
		if !p.MatchString(text) {
			d.fail(v, path, "%q is not %s", text, want)
			return false
		}
		return true
	})
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.fail(n, path, "is empty: nobody could hold the role")
	}
	return all
}

// FactsFor lists what a reader of the source has to find out about those who
// vote, sorted: all that decides whether they hold a role of the environment.
func (p *Policy) FactsFor(e Environment, source string) []string {
	var all []string
	for _, role := range slices.Concat(e.approvers(), e.Veto) {
		for _, fact := range p.ForgeRoles[role].Facts() {
			if fromProvider(source, providerOf(fact)) {
				all = append(all, fact)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// AccountsAt lists the ids of every account at the host that is a
// principal's, sorted.
func (p *Policy) AccountsAt(host string) []int64 {
	var ids []int64
	for _, who := range p.Principals {
		for _, a := range who.accounts() {
			if a.Host == host {
				ids = append(ids, a.ID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// OwnerOf names the principal whose account it is.
func (p *Policy) OwnerOf(host string, id int64) (name string, ok bool) {
	for name, who := range p.Principals {
		for _, a := range who.accounts() {
			if a.Host == host && a.ID == id && id != 0 {
				return name, true // one at most: Parse refuses an account named twice
			}
		}
	}
	return "", false
}

// ownerBy names the principal whose account it is at the forge that a source
// reads. Two forges can have one host, and a number each.
func (p *Policy) ownerBy(source, host string, id int64) (name string, ok bool) {
	if source == event.ChainSource {
		return p.ownerOnChain(id)
	}
	for name, who := range p.Principals {
		if id != 0 && slices.ContainsFunc(who.accountsBy(source), func(a Account) bool { return a.Host == host && a.ID == id }) {
			return name, true // one at most: Parse refuses an account named twice
		}
	}
	return "", false
}

// AccountsBy lists the ids of every account of a principal's at the host that
// can vote by a source, sorted.
func (p *Policy) AccountsBy(source, host string) []int64 {
	var ids []int64
	for _, who := range p.Principals {
		for _, a := range who.accountsBy(source) {
			if a.Host == host {
				ids = append(ids, a.ID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// accountsBy are those that can vote by a source; of none named, all.
func (who Principal) accountsBy(source string) []Account {
	switch {
	case strings.HasPrefix(source, "github-"):
		return who.GitHub
	case strings.HasPrefix(source, "gitlab-"):
		return who.GitLab
	case source == event.ChainSource:
		return nil // a chain has signers, see ownerOnChain
	}
	return who.accounts()
}

func (who Principal) hasAccountAt(source, host string) bool {
	return source == event.ChainSource && len(who.Signers) > 0 || slices.ContainsFunc(who.accountsBy(source), func(a Account) bool { return a.Host == host })
}

func (who Principal) accounts() []Account { return slices.Concat(who.GitHub, who.GitLab) }

// votesBy says whether a principal has an account to vote with in a source.
func (who Principal) votesBy(source string) bool {
	return len(who.GitHub) > 0 && fromProvider(source, "github") || len(who.GitLab) > 0 && fromProvider(source, "gitlab") || len(who.Signers) > 0 && source == event.ChainSource
}

// weak says whether votes of a source have no time.
func weak(source string) bool {
	s, _ := vote.SourceNamed(source)
	return s.Weak
}

func bindsRequest(source string) bool {
	if source == SignedSource {
		return true
	}
	s, ok := vote.SourceNamed(source)
	return ok && s.Binds == vote.BindsRequest
}
