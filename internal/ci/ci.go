// SPDX-License-Identifier: Apache-2.0

// Package ci says where we run: which host, repository, run, actor and
// commit. What it returns is the word of the runner or of the checkout, fit
// to be signed as such, and proof of nothing.
//
// A fact that is needed and missing is an error that names the variable: it
// is never guessed and never taken from another host's variables.
package ci

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/git"
)

// A host is one place a job can run. To add one, write its file and its line.
type host struct {
	name  string
	doc   string
	sign  string // the variable that says that it is this host
	state string // what the sign then is
	here  func(getenv func(string) string) bool
	read  func(*variables) event.Context

	// Of a context that read returned: the run's page, and the workflow as an
	// identifier in the form of a URL.
	run, workflow func(event.Context) string

	job func(*variables) jobPlace // where the job's own file is; nil where none can be read
}

// Local is the provider's name where no host is detected.
const Local = "local"

func hosts() []host {
	return []host{
		{"github", "GitHub Actions, on github.com and on an enterprise server", "GITHUB_ACTIONS", "true", flag("GITHUB_ACTIONS"), github, githubRun, githubWorkflow, githubJob},
		{"gitlab", "GitLab CI/CD", "GITLAB_CI", "true", flag("GITLAB_CI"), gitlab, gitlabRun, gitlabWorkflow, gitlabJob},
		{"jenkins", "Jenkins, with its git plugin", "BUILD_NUMBER", "set by Jenkins", onJenkins, jenkins, jenkinsRun, jenkinsWorkflow, nil},
		{"circleci", "CircleCI, in its cloud and on a server", "CIRCLECI", "true", flag("CIRCLECI"), circleci, circleciRun, circleciWorkflow, nil},
	}
}

// flag is a variable that one host alone sets to "true".
func flag(name string) func(getenv func(string) string) bool {
	return func(getenv func(string) string) bool { return getenv(name) == "true" }
}

// Providers lists the names and meanings of every provider, for help and docs.
func Providers() [][2]string {
	var list [][2]string
	for _, h := range hosts() {
		list = append(list, [2]string{h.name, h.doc})
	}
	return append(list, [2]string{Local, "a git checkout on somebody's machine"})
}

// Detect returns the provider's name, Local where no host is detected. Where
// two are, it names the first; Context refuses that.
func Detect(getenv func(string) string) string {
	for _, h := range hosts() {
		if h.here(getenv) {
			return h.name
		}
	}
	return Local
}

// Run is the address of the run's page, empty for a local checkout.
func Run(c event.Context) string {
	for _, h := range hosts() {
		if h.name == c.Provider {
			return h.run(c)
		}
	}
	return ""
}

// Workflow identifies what the run was told to do, and from which ref; empty
// for a local checkout.
func Workflow(c event.Context) string {
	for _, h := range hosts() {
		if h.name == c.Provider {
			return h.workflow(c)
		}
	}
	return ""
}

// Options are where a Context is read from.
type Options struct {
	Getenv func(string) string
	Dir    string    // a folder of the checkout; used where Git is nil
	Git    *git.Repo // the checkout, where the caller has opened it
	Now    func() time.Time
}

// ErrIncomplete says that a host or checkout does not say all that is needed.
var ErrIncomplete = errors.New("where this runs is not clear")

// Context returns where this runs. On a host the commit is the one the host
// says the run is for, and Dirty is also true when the checkout stands at
// another one, because then the bytes at hand come from elsewhere (a pull
// request's head checked out instead of its merge commit, say). A run without
// a checkout is not dirty.
func Context(ctx context.Context, o Options) (event.Context, error) {
	found, err := detected(o.Getenv)
	if err != nil {
		return event.Context{}, err
	}
	repo, err := checkout(o)
	if err != nil && (len(found) == 0 || !errors.Is(err, git.ErrNoCheckout)) {
		return event.Context{}, err
	}
	var c event.Context
	if len(found) == 0 {
		c, err = local(ctx, repo)
	} else {
		c, err = hosted(ctx, found[0], o.Getenv, repo)
	}
	if err != nil {
		return event.Context{}, err
	}
	c.Time = o.Now().UTC().Format(time.RFC3339)
	return c, nil
}

func detected(getenv func(string) string) ([]host, error) {
	var found []host
	for _, h := range hosts() {
		if h.here(getenv) {
			found = append(found, h)
		}
	}
	switch {
	case len(found) < 2:
		return found, nil
	case found[0].state == found[1].state:
		return nil, fmt.Errorf("%w: both %s and %s are %s", ErrIncomplete, found[0].sign, found[1].sign, found[0].state)
	}
	return nil, fmt.Errorf("%w: %s is %s, and %s is %s", ErrIncomplete, found[0].sign, found[0].state, found[1].sign, found[1].state)
}

func checkout(o Options) (*git.Repo, error) {
	if o.Git != nil {
		return o.Git, nil
	}
	return git.Open(o.Dir, o.Getenv)
}

func hosted(ctx context.Context, h host, getenv func(string) string, repo *git.Repo) (event.Context, error) {
	v := &variables{getenv: getenv}
	c := h.read(v)
	c.Provider = h.name
	if len(v.problems) > 0 {
		return event.Context{}, fmt.Errorf("%w: %s is %s, but %s", ErrIncomplete, h.sign, h.state, strings.Join(v.problems, "; "))
	}
	if repo == nil {
		return c, nil
	}
	state, err := repo.State(ctx)
	if errors.Is(err, git.ErrNoCommit) {
		return c, nil // a repository made for its remote alone: nothing is checked out
	}
	if err != nil {
		return event.Context{}, fmt.Errorf("compare the checkout with commit %s: %w", c.Commit, err)
	}
	c.Dirty = state.Dirty || state.Head != c.Commit
	return c, nil
}
