// SPDX-License-Identifier: Apache-2.0

// Package guard answers GitHub's custom deployment protection rule: a run asks
// whether it may deploy, and waits. The package decides nothing. It finds out
// which runs wait and for what, has somebody judge, and passes the answer on.
//
// What comes in by a webhook only says where to look. The run, its commit and
// what it waits for are read back from the forge, and the address of an answer
// is made of the configured API and what was read. After an error, or an answer
// that is none, nothing is said, and GitHub keeps waiting.
package guard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/github"
)

// The states of an answer. The zero state keeps the run waiting.
const (
	Waiting  = ""
	Approved = "approved"
	Rejected = "rejected"
)

// The limits of what is said about one run: GitHub takes ten reports of 1024
// characters.
const (
	maxReports = 8
	maxComment = 1024
)

// repeat is after what time a final answer is given again to a run that still
// waits for the same environment: it may be another job that waits now.
const repeat = 10 * time.Minute

// A Question is a run that waits for the rules of an environment.
type Question struct {
	Host         string // the forge's
	Repository   string // OWNER/NAME
	RepositoryID int64
	Run          github.Run // as the forge tells of it
	Environment  string
	Told         bool   // the forge itself asked, by a webhook
	Token        string // that may read the repository

	Provider string // github or gitlab
	Change   int64  // the number of the merge request that waits, on GitLab; else 0
}

// An Answer is what is said to a run. Without a state it is a report.
type Answer struct {
	State   string // Waiting, Approved or Rejected
	Comment string // of a report: empty for none
}

// A Judge answers a question. After an error nothing is said.
type Judge func(context.Context, Question) (Answer, error)

// A Logger takes what happened: a message, and names with values. Neither holds
// a secret.
type Logger func(level, message string, attributes ...string)

// The levels of a Logger.
const (
	Info = "info"
	Warn = "warn"
)

// Options say what is guarded, and by whom.
type Options struct {
	API          string // address of the API, as GITHUB_API_URL has it
	Repository   string // OWNER/NAME
	RepositoryID int64  // that its name must lead to
	Tokens       Tokens
	Judge        Judge
	Log          Logger
	Now          func() time.Time

	Base           http.RoundTripper // the network
	Timeout, Pause time.Duration     // of one answer; before a second try. See ask.Transport
}

// A Guard answers for one repository. It is used by one caller at a time. What
// it remembers only keeps it from saying a thing twice: one that begins anew
// reads everything it needs.
type Guard struct {
	o     Options
	cache ask.Cache
	said  map[wait]*said
}

// A wait is one thing that a run waits for.
type wait struct {
	run         int64
	attempt     int
	environment string
}

// A said is what was said to one run about one environment.
type said struct {
	state   string // that was taken
	at      time.Time
	text    string // of the last report
	reports int
}

// New returns a guard. It asks nothing yet.
func New(o Options) (*Guard, error) {
	if _, err := github.New(github.Options{API: o.API, Repository: o.Repository, ID: o.RepositoryID, Token: "none", Base: o.Base}); err != nil {
		return nil, err
	}
	return &Guard{o: o, said: map[wait]*said{}}, nil
}

// A session is the forge with a token for the next calls.
type session struct {
	*github.Client
	token string
}

// session gets a token, and makes sure that the name still leads to the
// repository that is guarded.
func (g *Guard) session(ctx context.Context) (session, error) {
	token, err := g.o.Tokens.Token(ctx)
	if err != nil {
		return session{}, err
	}
	c, err := github.New(github.Options{
		API: g.o.API, Repository: g.o.Repository, ID: g.o.RepositoryID, Token: token,
		Base: g.o.Base, Timeout: g.o.Timeout, Pause: g.o.Pause, Cache: &g.cache,
	})
	if err != nil {
		return session{}, err
	}
	return session{c, token}, g.checked(c.CheckRepository(ctx))
}

// checked makes the next call ask for another token where this one is refused.
func (g *Guard) checked(err error) error {
	if errors.Is(err, ask.ErrRefused) {
		g.o.Tokens.Refused()
	}
	return err
}

// Sweep looks at every run that waits, until stop says so. It goes on after an
// error about one of them, and returns all of them.
func (g *Guard) Sweep(ctx context.Context, stop func() bool) error {
	s, err := g.session(ctx)
	if err != nil {
		return err
	}
	runs, more, err := s.WaitingRuns(ctx)
	if err != nil {
		return g.checked(err)
	}
	if more {
		g.o.Log(Warn, "more runs wait than are looked at", "looked", fmt.Sprint(len(runs)))
	}
	if !more {
		g.forget(func(w wait) bool {
			return !slices.ContainsFunc(runs, func(r github.Run) bool { return r.ID == w.run && r.Attempt == w.attempt })
		})
	}
	var failed []error
	for _, r := range runs {
		if stop() {
			break
		}
		failed = append(failed, g.look(ctx, s, r, ""))
	}
	return errors.Join(failed...)
}

// Look looks at one run that a webhook told of.
func (g *Guard) Look(ctx context.Context, h Hint) error {
	s, err := g.session(ctx)
	if err != nil {
		return err
	}
	r, err := s.WorkflowRun(ctx, h.Run)
	if err != nil {
		return g.checked(err)
	}
	if h.Commit != "" && h.Commit != r.Head {
		return fmt.Errorf("run %d is of commit %.12s, and was told of as one of %.12s", r.ID, r.Head, h.Commit)
	}
	delete(g.said, wait{r.ID, r.Attempt, h.Environment}) // GitHub asks: what was answered before was another job's
	return g.look(ctx, s, r, h.Environment)
}

func (g *Guard) forget(old func(wait) bool) {
	for w := range g.said {
		if old(w) {
			delete(g.said, w)
		}
	}
}

// look answers for what a run waits for; of a run that was told of, for the
// environment that was told.
func (g *Guard) look(ctx context.Context, s session, r github.Run, told string) error {
	names, err := s.PendingEnvironments(ctx, r.ID)
	if err != nil {
		return g.checked(err)
	}
	g.forget(func(w wait) bool { return w.run == r.ID && !slices.Contains(names, w.environment) })
	slices.Sort(names)
	var failed []error
	for _, name := range slices.Compact(names) {
		if told == "" || name == told {
			failed = append(failed, g.answer(ctx, s, r, name, told != ""))
		}
	}
	return errors.Join(failed...)
}

// answer has one question judged, and passes the answer on.
func (g *Guard) answer(ctx context.Context, s session, r github.Run, environment string, told bool) error {
	w := wait{r.ID, r.Attempt, environment}
	before := g.said[w]
	if before == nil {
		before = &said{}
		g.said[w] = before
	}
	if before.state != "" && g.o.Now().Sub(before.at) < repeat {
		return nil
	}
	a, err := g.o.Judge(ctx, Question{
		Host: s.Host, Repository: g.o.Repository, RepositoryID: g.o.RepositoryID, Run: r, Environment: environment, Told: told, Token: s.token,
		Provider: "github",
	})
	if err != nil {
		return fmt.Errorf("judge run %d for %s: %w", r.ID, environment, err)
	}
	a.Comment = clip(a.Comment)
	switch a.State {
	case Waiting:
		return g.report(ctx, s, w, before, a)
	case Approved, Rejected:
		return g.settle(ctx, s, w, before, a)
	}
	return fmt.Errorf("judge run %d for %s: there is no state %.40q", r.ID, environment, a.State)
}

// report says why a run waits, where that is news.
func (g *Guard) report(ctx context.Context, s session, w wait, before *said, a Answer) error {
	if a.Comment == "" || a.Comment == before.text || before.reports >= maxReports {
		return nil
	}
	before.text, before.reports = a.Comment, before.reports+1 // whether it is heard or not: it is only talk
	if err := g.post(ctx, s, w, a); err != nil {
		return fmt.Errorf("report to run %d: %w", w.run, g.checked(err))
	}
	g.log("reported", w, "")
	return nil
}

// settle gives a final answer. One that may have been heard is given again
// only if the run still waits.
func (g *Guard) settle(ctx context.Context, s session, w wait, before *said, a Answer) error {
	for try := 1; ; try++ {
		names, err := s.PendingEnvironments(ctx, w.run)
		if err != nil {
			return g.checked(err)
		}
		if !slices.Contains(names, w.environment) {
			g.log("waits no more", w, "")
			return nil
		}
		err = g.post(ctx, s, w, a)
		if err == nil || try > 1 && errors.Is(err, errAnswered) {
			*before = said{state: a.State, at: g.o.Now(), text: before.text, reports: before.reports}
			g.log(a.State, w, "")
			return nil
		}
		if try == 2 || !errors.Is(err, errUnsure) {
			return fmt.Errorf("answer run %d with %s: %w", w.run, a.State, g.checked(err))
		}
	}
}

func (g *Guard) log(message string, w wait, detail string) {
	attributes := []string{"run", fmt.Sprint(w.run), "attempt", fmt.Sprint(w.attempt), "environment", w.environment}
	if detail != "" {
		attributes = append(attributes, "detail", detail)
	}
	g.o.Log(Info, cmp.Or(message, "nothing said"), attributes...)
}

// clip cuts what GitHub would not take.
func clip(text string) string {
	if runes := []rune(text); len(runes) > maxComment {
		return string(runes[:maxComment-1]) + "…"
	}
	return text
}
