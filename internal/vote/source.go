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

	// Variables are those of the environment that its reader needs, and the
	// only ones that it is given.
	Variables []string

	// Setup says what to do where it can't be read.
	Setup string
}

// Sources lists every source.
func Sources() []Source {
	return []Source{
		{
			Name: "gitlab-note",
			Doc:  "signed votes that were pasted as notes of the commit's merge requests on GitLab",
			Variables: []string{
				"CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_PROJECT_ID",
				"CI_JOB_TOKEN", "GATELEDGER_GITLAB_TOKEN", "GATELEDGER_MERGE_REQUEST",
			},
			Setup: "a GitLab job needs nothing, but GATELEDGER_MERGE_REQUEST=NUMBER where no merge request has the commit, and GATELEDGER_GITLAB_TOKEN (read_api) where its own token may not read; elsewhere set CI_API_V4_URL and CI_PROJECT_ID too",
		},
	}
}

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
