// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
)

// An external status check of GitLab's: a merge request that asks whether it may
// be merged, and waits (https://docs.gitlab.com/user/project/merge_requests/status_checks/).
// GitLab takes an answer about the commit that is its tip, and refuses any other.
// An answer is no end: as long as the merge request is open, another one may take
// its place, so that a veto takes back what was passed.

// Checks answers one external status check of one project. It is used by one
// caller at a time. What it remembers only keeps it from saying a thing twice.
type Checks struct {
	o           Options
	check       int64
	environment string
	cache       ask.Cache
	said        map[int64]checked // by merge request
}

// A checked is what was said last to a merge request.
type checked struct{ head, status string }

// NewChecks returns what answers an external status check, by its number, of
// the project that o has as its repository's number. Merge requests are judged
// as ones that ask for an environment. It asks nothing yet.
func NewChecks(o Options, check int64, environment string) (*Checks, error) {
	if o.RepositoryID <= 0 || check <= 0 {
		return nil, errors.New("a project and a status check are known by their numbers")
	}
	if _, err := gitlab.New(gitlab.Options{API: o.API, Token: "none", Base: o.Base}); err != nil {
		return nil, err
	}
	return &Checks{o: o, check: check, environment: environment, said: map[int64]checked{}}, nil
}

// A checkSession is the forge with a token for the next calls.
type checkSession struct {
	*gitlab.Client
	token string
}

func (g *Checks) session(ctx context.Context) (checkSession, error) {
	token, err := g.o.Tokens.Token(ctx)
	if err != nil {
		return checkSession{}, err
	}
	c, err := gitlab.New(gitlab.Options{API: g.o.API, Token: token, Base: g.o.Base, Timeout: g.o.Timeout, Pause: g.o.Pause, Cache: &g.cache})
	return checkSession{c, token}, err
}

func (g *Checks) refused(err error) error {
	if errors.Is(err, ask.ErrRefused) {
		g.o.Tokens.Refused()
	}
	return err
}

// Sweep looks at the open merge requests that were changed last, until stop says
// so. It goes on after an error about one of them, and returns all of them.
func (g *Checks) Sweep(ctx context.Context, stop func() bool) error {
	s, err := g.session(ctx)
	if err != nil {
		return err
	}
	open, more, err := s.OpenChanges(ctx, g.o.RepositoryID)
	if err != nil {
		return g.refused(err)
	}
	if more {
		g.o.Log(Warn, "more merge requests are open than are looked at", "looked", fmt.Sprint(len(open)))
	}
	for iid := range g.said {
		if !slices.Contains(open, iid) {
			delete(g.said, iid)
		}
	}
	var failed []error
	for _, iid := range open {
		if stop() {
			break
		}
		failed = append(failed, g.look(ctx, s, iid, false))
	}
	return errors.Join(failed...)
}

// Look looks at one merge request that a webhook told of.
func (g *Checks) Look(ctx context.Context, h Hint) error {
	s, err := g.session(ctx)
	if err != nil {
		return err
	}
	return g.look(ctx, s, h.Change, true)
}

// look has one merge request judged, and passes the answer on.
func (g *Checks) look(ctx context.Context, s checkSession, iid int64, told bool) error {
	m, err := s.Change(ctx, g.o.RepositoryID, iid)
	if err != nil {
		return g.refused(err)
	}
	if !m.Open {
		delete(g.said, iid)
		return nil
	}
	states, err := s.StatusChecks(ctx, g.o.RepositoryID, iid)
	if err != nil {
		return g.refused(err)
	}
	status, ours := states[g.check]
	if !ours {
		if told {
			g.log("the check does not apply to it", m, "")
		}
		return nil
	}
	want, err := g.judge(ctx, s, m, told)
	if err != nil {
		return err
	}
	return g.settle(ctx, s, m, status, want)
}

// judge is what is to be said of a merge request. What the pipeline of its tip
// did not ask for is pending.
func (g *Checks) judge(ctx context.Context, s checkSession, m gitlab.Change, told bool) (string, error) {
	p := m.Pipeline
	if p == nil || p.SHA != m.Head || p.Project != g.o.RepositoryID {
		return gitlab.CheckPending, nil
	}
	a, err := g.o.Judge(ctx, Question{
		Host: s.Host, RepositoryID: g.o.RepositoryID, Environment: g.environment, Told: told, Token: s.token,
		Provider: "gitlab", Change: m.IID,
		Run: github.Run{ID: p.ID, Attempt: 1, Event: p.Source, Head: m.Head, Branch: m.Branch, Actor: github.Account{ID: p.User.ID, Login: p.User.Login}},
	})
	if err != nil {
		return "", fmt.Errorf("judge merge request %d for %s: %w", m.IID, g.environment, err)
	}
	switch a.State {
	case Waiting:
		return gitlab.CheckPending, nil
	case Approved:
		return gitlab.CheckPassed, nil
	case Rejected:
		return gitlab.CheckFailed, nil
	}
	return "", fmt.Errorf("judge merge request %d for %s: there is no state %.40q", m.IID, g.environment, a.State)
}

// settle says what is to be said, if that is not what stands there. A check
// that was pending for two minutes has failed by GitLab's own rule, and is left
// so until there is an answer.
func (g *Checks) settle(ctx context.Context, s checkSession, m gitlab.Change, status, want string) error {
	now := checked{m.Head, want}
	late := want == gitlab.CheckPending && status == gitlab.CheckFailed && g.said[m.IID] == now
	if status == want || late {
		g.said[m.IID] = now
		return nil
	}
	if passed := (checked{m.Head, gitlab.CheckPassed}); status == gitlab.CheckPassed && g.said[m.IID] != passed {
		g.o.Log(Warn, "passed by somebody else", "merge-request", fmt.Sprint(m.IID), "commit", m.Head, "environment", g.environment, "detail", "it stood as passed, and since this began nobody here said so; now "+want)
	}
	for try := 1; ; try++ {
		err := g.post(ctx, s, m, want)
		switch {
		case err == nil:
			g.said[m.IID] = now
			g.log(want, m, "")
			return nil
		case errors.Is(err, errAnswered): // its tip is another one now
			g.log("moved on", m, err.Error())
			return nil
		case try == 2 || !errors.Is(err, errUnsure):
			return fmt.Errorf("answer merge request %d with %s: %w", m.IID, want, g.refused(err))
		}
		states, err := s.StatusChecks(ctx, g.o.RepositoryID, m.IID)
		if err != nil {
			return g.refused(err)
		}
		if states[g.check] == want {
			g.said[m.IID] = now
			g.log(want, m, "")
			return nil
		}
	}
}

// post says one thing to one merge request
// (https://docs.gitlab.com/api/status_checks/#set-status-of-an-external-status-check).
func (g *Checks) post(ctx context.Context, s checkSession, m gitlab.Change, status string) error {
	path := fmt.Sprintf("/projects/%d/merge_requests/%d/status_check_responses", g.o.RepositoryID, m.IID)
	body := map[string]any{"sha": m.Head, "external_status_check_id": g.check, "status": status}
	to := g.o.caller()
	to.as = asGitLab
	_, err := to.send(ctx, path, s.token, body, http.StatusCreated)
	return err
}

func (g *Checks) log(message string, m gitlab.Change, detail string) {
	attributes := []string{"merge-request", fmt.Sprint(m.IID), "commit", m.Head, "environment", g.environment}
	if detail != "" {
		attributes = append(attributes, "detail", detail)
	}
	g.o.Log(Info, message, attributes...)
}
