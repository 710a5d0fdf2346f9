// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"slices"
	"time"
)

// A Source is one way in which votes get to a gate besides the ledger itself.
// A policy that names one under collect wants it read before anything may be
// allowed. What reads it stands in package forge, under the same name.
type Source struct {
	Name string // as policies have it
	Doc  string // for help and docs: one line

	// Binds is what an unsigned vote of the source is bound to: BindsRequest or
	// BindsCommit. Signed votes bind their request, wherever they stand.
	Binds string

	// Carries says that signed votes may stand in its texts.
	Carries bool

	// Weak says that the source does not tell when a vote was cast, so that it
	// counts in the run it was cast in only.
	Weak bool

	// Variables are those of the environment that its reader needs, and the
	// only ones that it is given.
	Variables []string

	// Setup says what to do where it can't be read.
	Setup string
}

// What an unsigned vote is bound to.
const (
	BindsRequest = "request" // it names the request
	BindsCommit  = "commit"  // it names the commit that was looked at, and not what was made of it
)

// Sources lists every source.
func Sources() []Source {
	return []Source{
		{
			Name: "evm", Binds: BindsRequest,
			Doc:       "approvals, vetoes and withdrawals that a DeploymentGate contract on an Ethereum chain has of the request, as a node tells them",
			Variables: []string{"GATELEDGER_EVM_TOKEN_FILE"},
			Setup:     "the environment's deployment-gate names the node and the contract; set GATELEDGER_EVM_TOKEN_FILE to a file with a token where the node wants one",
		},
		{
			Name: "github-comment", Binds: BindsRequest, Carries: true,
			Doc:       "/approve, /deny and /revoke with the request's id, and signed votes, in comments of the commit's pull requests on GitHub",
			Variables: githubVariables(),
			Setup:     githubSetup + "pull-requests: read, issues: read",
		},
		{
			Name: "github-environment", Binds: BindsCommit, Weak: true,
			Doc:       "approvals of the run's deployment to its environment on GitHub, which tells no time",
			Variables: githubVariables(),
			Setup:     githubSetup + "pull-requests: read",
		},
		{
			Name: "github-review", Binds: BindsCommit,
			Doc:       "reviews of the commit's pull requests on GitHub",
			Variables: githubVariables(),
			Setup:     githubSetup + "pull-requests: read",
		},
		{
			Name: "gitlab-approval", Binds: BindsCommit,
			Doc: "approvals of the commit's merge requests on GitLab, each of the version that was the newest when it was given, and requests for changes",
			Variables: []string{
				"CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_PROJECT_ID", "CI_PIPELINE_ID",
				"GATELEDGER_GITLAB_TOKEN", "GATELEDGER_MERGE_REQUEST",
			},
			Setup: "set GATELEDGER_GITLAB_TOKEN to a token with read_api, since a job's own token may not read approvals; outside of a GitLab job set CI_API_V4_URL and CI_PROJECT_ID too",
		},
		{
			Name: "gitlab-deployment", Binds: BindsCommit,
			Doc: "approvals and rejections of the commit's deployments to the environment on GitLab (Premium)",
			Variables: []string{
				"CI_API_V4_URL", "CI_PROJECT_ID", "CI_PIPELINE_ID", "CI_JOB_TOKEN", "GATELEDGER_GITLAB_TOKEN",
			},
			Setup: "a GitLab job needs nothing, but GATELEDGER_GITLAB_TOKEN (read_api) where its own token may not read; elsewhere set CI_API_V4_URL and CI_PROJECT_ID too",
		},
		{
			Name: "gitlab-note", Binds: BindsRequest, Carries: true,
			Doc: "signed votes, and commands such as \"gateledger: /approve ID\", in notes of the commit's merge requests on GitLab",
			Variables: []string{
				"CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_PROJECT_ID", "CI_PIPELINE_ID",
				"CI_JOB_TOKEN", "GATELEDGER_GITLAB_TOKEN", "GATELEDGER_MERGE_REQUEST",
			},
			Setup: "a GitLab job needs nothing, but GATELEDGER_MERGE_REQUEST=NUMBER where no merge request has the commit, and GATELEDGER_GITLAB_TOKEN (read_api) where its own token may not read; elsewhere set CI_API_V4_URL and CI_PROJECT_ID too",
		},
	}
}

// githubVariables are those of each source on GitHub.
func githubVariables() []string {
	return []string{
		"GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_REPOSITORY_ID", "GITHUB_RUN_ID",
		"GITHUB_TOKEN", "GATELEDGER_GITHUB_TOKEN", "GATELEDGER_PULL_REQUEST",
	}
}

// githubSetup is what to do for each of them.
const githubSetup = "pass GITHUB_TOKEN (or GATELEDGER_GITHUB_TOKEN, which may also read teams) to the step, and GATELEDGER_PULL_REQUEST=NUMBER where no pull request has the commit; elsewhere than in a job set GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_REPOSITORY_ID too; the job needs contents: read, actions: read, "

// SourceNames lists the names of every source, sorted.
func SourceNames() []string {
	var names []string
	for _, s := range Sources() {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

// SourceNamed returns the source of a name.
func SourceNamed(name string) (Source, bool) {
	for _, s := range Sources() {
		if s.Name == name {
			return s, true
		}
	}
	return Source{}, false
}

// A Sighting is one vote as a source shows it: where it stands, who put it
// there as far as the source knows, and what it says. Signed votes bring their
// own authority, and everything around them is only for people; of others all
// there is is the source's word, and they bind the request or the commit that
// they name.
type Sighting struct {
	Source  string    `json:"source"`
	Place   string    `json:"place"` // for people: "merge request 7, note 301"
	ID      string    `json:"id"`    // the source's own name for it; an edit does not change it
	Account Account   `json:"account"`
	Posted  time.Time `json:"posted"`           // by the source's clock
	Edited  bool      `json:"edited,omitzero"`  // its text is not the one that was posted
	Block   string    `json:"block,omitempty"`  // of a signed vote: its block, as Armour writes it
	Choice  Choice    `json:"choice,omitempty"` // of any other vote, as what follows
	Request string    `json:"request,omitempty"`
	Commit  string    `json:"commit,omitempty"`
}

// An Account is whom a source names. Only Host and ID are ever compared.
type Account struct {
	Host  string `json:"host"`
	ID    int64  `json:"id"`
	Login string `json:"login,omitempty"` // shown, and free to change
	Bot   bool   `json:"bot,omitzero"`    // no human: a bot, a project's token, the source itself
}
