// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/report"
)

// AnnounceSchema names the answer to 'announce', so that one of another version
// is not taken for ours.
const AnnounceSchema = product.PredicateBase + "remote-announce/v1"

// announceTimeout is how long one announcement may take: a busy forge may ask
// us to wait.
const announceTimeout = 2 * time.Minute

// An Announcer is one way to tell a forge what a gate decided. What does it
// stands in package announce, under the same name.
type Announcer struct {
	Name string
	Host string // the CI host that it fits, as package ci names it

	// Shows says that it makes the place where people approve, which those after
	// it link to.
	Shows bool

	Doc string // for help and docs: one line

	// Variables are those of the environment that it needs, and the only ones
	// that it is given.
	Variables []string

	// Setup says what to do where it can't be done.
	Setup string
}

// Announcers lists every announcer, in the order in which they are asked.
func Announcers() []Announcer {
	github := []string{"GITHUB_API_URL", "GITHUB_REPOSITORY", "GATELEDGER_GITHUB_TOKEN", GitHubToken}
	gitlab := []string{"CI_API_V4_URL", "CI_PROJECT_ID", "GATELEDGER_GITLAB_TOKEN"}
	const lab = "set GATELEDGER_GITLAB_TOKEN to a token with the scope api: a job's own token may write neither statuses nor notes"
	hub := func(permissions string) string {
		return "set GITHUB_TOKEN in the step's environment, and give the job " + permissions
	}
	return []Announcer{
		{"github-comment", "github", true, "one comment on the commit's merged pull request, else one issue, that asks for what is missing", github, hub("pull-requests: write and issues: write")},
		{"github-status", "github", false, "a commit status of the environment", github, hub("statuses: write")},
		{"github-check", "github", false, "a check run of the environment, with what counted and why", github, hub("checks: write")},
		{"gitlab-note", "gitlab", true, "one note on the commit's merged merge request", gitlab, lab},
		{"gitlab-status", "gitlab", false, "a commit status of the environment", gitlab, lab},
	}
}

// AnnouncersAt lists the announcers that fit a CI host.
func AnnouncersAt(host string) []Announcer {
	var all []Announcer
	for _, a := range Announcers() {
		if a.Host == host {
			all = append(all, a)
		}
	}
	return all
}

// An AnnounceQuestion is what 'announce' reads.
type AnnounceQuestion struct {
	Announcer string        `json:"announcer"`
	Notice    report.Notice `json:"notice"`
}

// An AnnounceAnswer is what 'announce' writes once the forge has taken it. The
// forge's words in it are not cleaned.
type AnnounceAnswer struct {
	Schema  string   `json:"schema"`
	Place   string   `json:"place"`   // for people
	Address string   `json:"address"` // where a browser finds it; may be empty
	Remarks []string `json:"remarks"`
}

// Announce tells a forge. The child gets the variables that the announcer needs
// and no others. Without an error it was announced.
func (r Remote) Announce(ctx context.Context, q AnnounceQuestion) (AnnounceAnswer, error) {
	fail := func(err error) (AnnounceAnswer, error) {
		return AnnounceAnswer{}, fmt.Errorf("announce by %s: %w", q.Announcer, err)
	}
	var variables []string
	for _, a := range Announcers() {
		if a.Name == q.Announcer {
			variables = a.Variables
		}
	}
	if variables == nil {
		return fail(fmt.Errorf("%w: there is no such announcer", ErrUsage))
	}
	if r.Timeout == 0 {
		r.Timeout = announceTimeout
	}
	var answer AnnounceAnswer
	if err := r.call(ctx, []string{"announce"}, variables, q, &answer); err != nil {
		return fail(err)
	}
	switch {
	case answer.Schema != AnnounceSchema:
		return fail(fmt.Errorf("%w: schema %.80q, want %s", errOdd, answer.Schema, AnnounceSchema))
	case answer.Place == "":
		return fail(fmt.Errorf("%w: it does not say where", errOdd))
	}
	return answer, nil
}
