// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/product"
)

// WakeSchema names the answer to 'wake', so that one of another version is not
// taken for ours.
const WakeSchema = product.PredicateBase + "remote-wake/v1"

// A Waker is one way to run a job again. What does it stands in package
// announce, under the same name.
type Waker struct {
	Name string
	Host string // the CI host that it fits, as package ci names it
	Doc  string // for help and docs: one line

	// Variables are those of the environment that it needs, and the only ones
	// that it is given.
	Variables []string

	// Setup says what to do where it can't be done.
	Setup string
}

// Wakers lists every waker.
func Wakers() []Waker {
	return []Waker{
		{
			"github-job", "github", "run the job of a run at GitHub again, with those that depend on it",
			[]string{"GITHUB_API_URL", "GITHUB_REPOSITORY", "GATELEDGER_GITHUB_TOKEN", GitHubToken},
			"set GITHUB_TOKEN in the step's environment, and give the job actions: write",
		},
		{
			"gitlab-job", "gitlab", "retry or play the job of a pipeline at GitLab",
			[]string{"CI_API_V4_URL", "CI_PROJECT_ID", "GATELEDGER_GITLAB_TOKEN"},
			"set GATELEDGER_GITLAB_TOKEN to a token with the scope api: a job's own token may start no job",
		},
	}
}

// WakerAt is the waker that fits a CI host.
func WakerAt(host string) (Waker, bool) {
	for _, w := range Wakers() {
		if w.Host == host {
			return w, true
		}
	}
	return Waker{}, false
}

// A WakeQuestion is what 'wake' reads: which job asked, as its request says.
type WakeQuestion struct {
	Waker   string    `json:"waker"`
	Run     string    `json:"run"`
	Attempt string    `json:"attempt"` // at GitLab the id of the job
	Job     string    `json:"job"`
	Runner  string    `json:"runner"`
	Commit  string    `json:"commit"`
	Asked   time.Time `json:"asked"`
	Start   bool      `json:"start"` // else it only looks
}

// The states of a WakeAnswer.
const (
	WakeRunning = "running" // it is not to be started
	WakeEnded   = "ended"   // it could be started again
	WakeStarted = "started" // it was
)

// A WakeAnswer is what 'wake' writes. The forge's words in it are cleaned.
type WakeAnswer struct {
	Schema  string    `json:"schema"`
	State   string    `json:"state"`
	Job     int64     `json:"job"`
	Name    string    `json:"name"`
	Attempt int       `json:"attempt"`
	Began   time.Time `json:"began"`  // when it was started last; zero: nobody says
	Ended   time.Time `json:"ended"`  // when that ended; zero: it runs, or nobody says
	Failed  bool      `json:"failed"` // it ended badly, and nobody cancelled it
	Address string    `json:"address"`
}

// Wake looks for the job that asked, and has it started again where the
// question says so. Without an error it was, if the state says so; after
// ErrUnavailable it may have been.
func (r Remote) Wake(ctx context.Context, q WakeQuestion) (WakeAnswer, error) {
	fail := func(err error) (WakeAnswer, error) {
		return WakeAnswer{}, fmt.Errorf("wake by %s: %w", q.Waker, err)
	}
	var variables []string
	for _, w := range Wakers() {
		if w.Name == q.Waker {
			variables = w.Variables
		}
	}
	if variables == nil {
		return fail(fmt.Errorf("%w: there is no such waker", ErrUsage))
	}
	if r.Timeout == 0 {
		r.Timeout = announceTimeout
	}
	var answer WakeAnswer
	if err := r.call(ctx, []string{"wake"}, variables, q, &answer); err != nil {
		return fail(err)
	}
	switch {
	case answer.Schema != WakeSchema:
		return fail(fmt.Errorf("%w: schema %.80q, want %s", errOdd, answer.Schema, WakeSchema))
	case answer.State != WakeRunning && answer.State != WakeEnded && (answer.State != WakeStarted || !q.Start):
		return fail(fmt.Errorf("%w: state %.40q", errOdd, answer.State))
	case answer.Job <= 0:
		return fail(fmt.Errorf("%w: it names no job", errOdd))
	}
	return answer, nil
}
