// SPDX-License-Identifier: Apache-2.0

// Package hosting says what the places a log can live in are able to protect:
// who could rewrite it, who would notice, and what to do about that.
//
// It is a table of other people's promises. Each row says where it was read;
// what could not be confirmed says so. Nothing here looks at a repository: a
// plan that can protect something has not been seen to do so.
package hosting

import (
	"fmt"
	"slices"
	"strings"
)

// A KeyProtection is what keeps the log key from people who may push.
type KeyProtection int

// The kinds of protection. The zero value is none.
const (
	NoProtection      KeyProtection = iota
	EnvironmentSecret               // given to jobs of the default branch only
	ProtectedVariable               // given to jobs of protected branches and tags only
	KeyFile                         // a file of one account on one machine; the log's host never has it
)

// String is how the documentation calls it.
func (k KeyProtection) String() string {
	switch k {
	case EnvironmentSecret:
		return "environment secret, default branch only"
	case ProtectedVariable:
		return "protected variable, one environment"
	case KeyFile:
		return "key file on one machine"
	default:
		return "none"
	}
}

// A BranchProtection is what keeps the log's branch from being deleted or
// rewritten by people who may push.
type BranchProtection int

// The kinds of protection. The zero value is none.
const (
	NoBranchProtection BranchProtection = iota
	Ruleset                             // GitHub: no deletion, no force push; anybody who may push may add
	ProtectedBranch                     // GitLab: no deletion by git, no force push, and a role that may push
	ServerHook                          // what the server's own configuration refuses
)

// String is how the documentation calls it.
func (b BranchProtection) String() string {
	switch b {
	case Ruleset:
		return "ruleset"
	case ProtectedBranch:
		return "protected branch"
	case ServerHook:
		return "server configuration"
	default:
		return "none"
	}
}

// An Enforcement is whom an answer of the gate stops on a plan: what keeps the
// credentials of a deployment from whoever would rather not ask. A target that
// asks for itself (verify decision) stops everybody, on every plan.
type Enforcement int

// The kinds of enforcement. The zero value is none.
const (
	Advisory Enforcement = iota // nobody: every job of the repository can have the credentials
	ByMerge                     // whoever may not merge to a protected branch
	ByReview                    // whoever can't change the default branch unreviewed
)

// String is how the documentation calls it.
func (e Enforcement) String() string {
	switch e {
	case ByMerge:
		return "binds whoever may not merge to the default branch; advisory for those who may"
	case ByReview:
		return "binds whoever can't change the default branch unreviewed"
	default:
		return "advisory: stops nobody on this plan"
	}
}

// The providers: which integrator init writes, and whose commands it prints.
const (
	GitHub = "github"
	GitLab = "gitlab"
	Git    = "git"
	Dir    = "dir"
)

// A Plan is one way to host a log.
type Plan struct {
	Name     string // as ledger.hosting of a policy has it
	Provider string
	Title    string
	Public   bool // only of public repositories
	Private  bool // of private repositories too, or only

	Key    KeyProtection
	Branch BranchProtection
	Gate   Enforcement

	Rewrite string // who could rewrite the log, once everything advised is set
	Notice  string // who would notice
	Advice  string
	Remains []string // what stays unprotected, a sentence each
	Sources string   // where this was read, and what was not confirmed
}

// Names are those of all plans, in the order of the documentation.
func Names() []string {
	var names []string
	for _, p := range Plans() {
		names = append(names, p.Name)
	}
	return names
}

// NamesOf are the plans of one provider.
func NamesOf(provider string) []string {
	var names []string
	for _, p := range Plans() {
		if p.Provider == provider {
			names = append(names, p.Name)
		}
	}
	return names
}

// Find returns the plan called name. The error lists those there are.
func Find(name string) (Plan, error) {
	i := slices.IndexFunc(Plans(), func(p Plan) bool { return p.Name == name })
	if i < 0 {
		return Plan{}, fmt.Errorf("unknown hosting plan %.80q; have %s", name, strings.Join(Names(), ", "))
	}
	return Plans()[i], nil
}

// Fits says why a plan cannot be that of a repository that is, or is not,
// private; or nothing.
func (p Plan) Fits(private bool) string {
	switch {
	case private && !p.Private:
		return "the repository is private, and " + p.Name + " is about public ones"
	case !private && !p.Public:
		return "the repository is public, and " + p.Name + " is about private ones"
	}
	return ""
}
