// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

const (
	shaA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	shaB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	rule = "actions/review-custom-gates-for-run"
)

// A scene is a guard of a GitHub that is held to its description, where run 9
// waits for production.
type scene struct {
	*forgetest.Validator
	forge *githubtest.Server
	api   string
	guard *Guard
	now   time.Time
	asked []Question
	says  Answer
	fails error
	logs  []string
}

func play(t *testing.T) *scene {
	t.Helper()
	s := &scene{forge: githubtest.New(), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s.forge.User(1, "ada", "User")
	s.forge.Run(9, 1, "push", shaA)
	s.forge.Wait(9, "production", false)
	s.Validator = forgetest.Validate(t, s.forge)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(s.forge.Close)
	s.api = server.URL + "/api/v3"
	s.guard = s.another(t)
	return s
}

// options are those of the scene's guard.
func (s *scene) options() Options {
	return Options{
		API: s.api, Repository: "acme/app", RepositoryID: githubtest.RepositoryID, Base: http.DefaultTransport, Pause: time.Millisecond,
		Tokens: FileToken{Read: func() ([]byte, error) { return []byte(githubtest.Token + "\n"), nil }},
		Now:    func() time.Time { return s.now },
		Judge: func(_ context.Context, q Question) (Answer, error) {
			s.asked = append(s.asked, q)
			return s.says, s.fails
		},
		Log: func(level, message string, attributes ...string) {
			s.logs = append(s.logs, level+" "+message+" "+strings.Join(attributes, " "))
		},
	}
}

// another is a guard that begins anew.
func (s *scene) another(t *testing.T) *Guard {
	t.Helper()
	g, err := New(s.options())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func never() bool { return false }

func (s *scene) sweep(t *testing.T) error { return s.guard.Sweep(t.Context(), never) }

// said are the answers that GitHub took, one a line.
func (s *scene) said() string {
	var all []string
	for _, a := range s.forge.Answers() {
		all = append(all, fmt.Sprintf("%d %s %s %s", a.Run, a.Environment, a.State, a.Comment))
	}
	return strings.Join(all, "; ")
}

func TestTheQuestionIsWhatTheForgeSays(t *testing.T) {
	s := play(t)
	if err := s.sweep(t); err != nil {
		t.Fatal(err)
	}
	if len(s.asked) != 1 {
		t.Fatalf("%d questions", len(s.asked))
	}
	q := s.asked[0]
	if q.Run.ID != 9 || q.Run.Attempt != 1 || q.Run.Head != shaA || q.Environment != "production" || q.RepositoryID != githubtest.RepositoryID ||
		q.Host != strings.TrimSuffix(strings.TrimPrefix(s.api, "http://"), "/api/v3") || q.Token != githubtest.Token || q.Told {
		t.Errorf("%+v", q)
	}
	if s.said() != "" {
		t.Errorf("said %s to an answer without a state or words", s.said())
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*testing.T, *scene)
		want string
	}{
		"approved once": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, "yes"}
			_, _ = s.sweep(t), s.sweep(t)
		}, "9 production approved yes"},
		"approved once though it waits for a reviewer too": {func(t *testing.T, s *scene) {
			s.forge.Cancel(9)
			s.forge.Wait(9, "production", true)
			s.says = Answer{Approved, "yes"}
			_, _, _ = s.sweep(t), s.sweep(t), s.sweep(t)
		}, "9 production approved yes"},
		"rejected": {func(t *testing.T, s *scene) {
			s.says = Answer{Rejected, "no"}
			_ = s.sweep(t)
		}, "9 production rejected no"},
		"a state that there is not": {func(t *testing.T, s *scene) {
			s.says = Answer{"Approved", "yes"}
			if s.sweep(t) == nil {
				t.Error("no error")
			}
		}, ""},
		"an approval beside an error": {func(t *testing.T, s *scene) {
			s.says, s.fails = Answer{Approved, "yes"}, errors.New("the ledger is away")
			if s.sweep(t) == nil {
				t.Error("no error")
			}
		}, ""},
		"the same report is news once": {func(t *testing.T, s *scene) {
			s.says.Comment = "2 missing"
			_, _ = s.sweep(t), s.sweep(t)
			s.says.Comment = "1 missing"
			_, _ = s.sweep(t), s.sweep(t)
		}, "9 production  2 missing; 9 production  1 missing"},
		"never more reports than GitHub takes": {func(t *testing.T, s *scene) {
			for i := range 30 {
				s.says.Comment = fmt.Sprint(i)
				if err := s.sweep(t); err != nil {
					t.Error(err)
				}
			}
			s.says = Answer{Approved, "yes"}
			_ = s.sweep(t)
		}, "9 production  0; 9 production  1; 9 production  2; 9 production  3; 9 production  4; 9 production  5; 9 production  6; 9 production  7; 9 production approved yes"},
		"two environments are two questions": {func(t *testing.T, s *scene) {
			s.forge.Wait(9, "eu", false)
			s.says = Answer{Approved, "yes"}
			_ = s.sweep(t)
		}, "9 eu approved yes; 9 production approved yes"},
		"of a run that was told of, one": {func(t *testing.T, s *scene) {
			s.forge.Wait(9, "eu", false)
			s.says = Answer{Approved, "yes"}
			if err := s.guard.Look(t.Context(), Hint{Run: 9, Environment: "eu", Commit: shaA}); err != nil || !s.asked[0].Told {
				t.Error(err, s.asked)
			}
		}, "9 eu approved yes"},
		"what was told waits for nothing of the kind": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, "yes"}
			if err := s.guard.Look(t.Context(), Hint{Run: 9, Environment: "Production", Commit: shaA}); err != nil {
				t.Error(err)
			}
		}, ""},
		"told of another commit": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, "yes"}
			if s.guard.Look(t.Context(), Hint{Run: 9, Environment: "production", Commit: shaB}) == nil {
				t.Error("no error")
			}
		}, ""},
		"told of no run": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, "yes"}
			if s.guard.Look(t.Context(), Hint{Run: 10, Environment: "production", Commit: shaA}) == nil {
				t.Error("no error")
			}
		}, ""},
		"told of it twice": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, "yes"}
			_, _ = s.guard.Look(t.Context(), Hint{Run: 9, Environment: "production", Commit: shaA}), s.guard.Look(t.Context(), Hint{Run: 9, Environment: "production", Commit: shaA})
		}, "9 production approved yes"},
		"a guard that begins anew": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, "yes"}
			_ = s.sweep(t)
			s.guard = s.another(t)
			_ = s.sweep(t)
		}, "9 production approved yes"},
		"another job of the run asks for the same": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, "yes"}
			_ = s.sweep(t)
			s.forge.Wait(9, "production", false)
			_ = s.sweep(t) // it may be the job of before, which waits for a reviewer
			s.now = s.now.Add(repeat)
			_ = s.sweep(t)
		}, "9 production approved yes; 9 production approved yes"},
		"another attempt": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, "yes"}
			_ = s.sweep(t)
			s.forge.Rerun(9, 1)
			s.forge.Wait(9, "production", false)
			_ = s.sweep(t)
		}, "9 production approved yes; 9 production approved yes"},
		"cancelled while it is judged": {func(t *testing.T, s *scene) {
			o := s.options()
			o.Judge = func(context.Context, Question) (Answer, error) {
				s.forge.Cancel(9)
				return Answer{Approved, "yes"}, nil
			}
			g, err := New(o)
			if err != nil || g.Sweep(t.Context(), never) != nil {
				t.Error(err)
			}
		}, ""},
		"too long a comment is cut": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, strings.Repeat("ä", 2000)}
			_ = s.sweep(t)
		}, "9 production approved " + strings.Repeat("ä", 1023) + "…"},
		"told to stop, it begins nothing": {func(t *testing.T, s *scene) {
			s.says = Answer{Approved, "yes"}
			_ = s.guard.Sweep(t.Context(), func() bool { return true })
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t)
			c.play(t, s)
			if diff := cmp.Diff(c.want, s.said()); diff != "" {
				t.Errorf("%s\n%s", diff, strings.Join(s.logs, "\n"))
			}
		})
	}
}

// An approval that may have been heard is said again only while the run waits,
// and once.
func TestAnApprovalThatMayHaveBeenHeard(t *testing.T) {
	for name, c := range map[string]struct {
		fault  forgetest.Fault
		heard  bool // by the forge, though it does not say so
		called int
		fails  bool
		want   string
	}{
		"502, and not heard":         {fault: forgetest.Fault{Operation: rule, Times: 1, Status: 502}, called: 2, want: "9 production approved yes"},
		"502, and heard":             {fault: forgetest.Fault{Operation: rule, Times: 1, Status: 502}, heard: true, called: 1},
		"502 for good":               {fault: forgetest.Fault{Operation: rule, Status: 502}, called: 2, fails: true},
		"no answer at all":           {fault: forgetest.Fault{Operation: rule, Times: 1, Drop: true}, called: 2, want: "9 production approved yes"},
		"200 instead of 204":         {fault: forgetest.Fault{Operation: rule, Times: 1, Status: 200, Body: "{}"}, called: 2, want: "9 production approved yes"},
		"refused":                    {fault: forgetest.Fault{Operation: rule, Status: 403, Body: `{"message":"no"}`}, called: 1, fails: true},
		"not there":                  {fault: forgetest.Fault{Operation: rule, Status: 404, Body: `{"message":"no"}`}, called: 1, fails: true},
		"a redirect is not followed": {fault: forgetest.Fault{Operation: rule, Status: 307, Header: http.Header{"Location": {"https://example.com"}}}, called: 1, fails: true},
		"too many requests":          {fault: forgetest.Fault{Operation: rule, Status: 429}, called: 1, fails: true},
		"first it is unclear, then it has an answer": {fault: forgetest.Fault{Operation: rule, Status: 422, Times: 1, Body: `{"message":"no"}`}, called: 1, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t)
			s.says = Answer{Approved, "yes"}
			if c.heard {
				o := s.options()
				o.Base = afterwards{http.DefaultTransport, func() { s.forge.Cancel(9) }}
				g, err := New(o)
				if err != nil {
					t.Fatal(err)
				}
				s.guard = g
			}
			s.Fault(c.fault)
			if err := s.sweep(t); (err != nil) != c.fails || err != nil && strings.Contains(err.Error(), githubtest.Token) {
				t.Errorf("error: %v", err)
			}
			if n := len(s.Calls(rule)); n != c.called {
				t.Errorf("called %d times, want %d", n, c.called)
			}
			if s.said() != c.want {
				t.Errorf("said %q, want %q", s.said(), c.want)
			}
			s.ClearFaults()
			_ = s.sweep(t)
			if c.fails && s.said() != "9 production approved yes" {
				t.Errorf("later said %q", s.said())
			}
		})
	}
}

// An afterwards does something after each POST.
type afterwards struct {
	http.RoundTripper
	do func()
}

func (a afterwards) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.RoundTripper.RoundTrip(r)
	if r.Method == http.MethodPost {
		a.do()
	}
	return resp, err
}

// Whatever of the forge is away, nothing is said.
func TestNothingIsSaidWhileTheForgeIsAway(t *testing.T) {
	for _, operation := range []string{"repos/get", "actions/list-workflow-runs-for-repo", "actions/get-pending-deployments-for-run"} {
		for status, body := range map[int]string{500: "{}", 401: `{"message":"Bad credentials"}`, 404: `{"message":"Not Found"}`, 200: "null"} {
			s := play(t)
			s.says = Answer{Approved, "yes"}
			s.Fault(forgetest.Fault{Operation: operation, Status: status, Body: body})
			if err := s.sweep(t); err == nil || s.said() != "" {
				t.Errorf("%s %d: %v, said %q", operation, status, err, s.said())
			}
		}
	}
}

func TestARepositoryOfAnotherNumberIsNotGuarded(t *testing.T) {
	s := play(t)
	s.says = Answer{Approved, "yes"}
	o := s.options()
	o.RepositoryID++
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Sweep(t.Context(), never); err == nil || len(s.asked) > 0 {
		t.Errorf("%v, %d questions", err, len(s.asked))
	}
}

// Looking again costs no request that GitHub counts, where nothing changed.
func TestLookingAgainIsConditional(t *testing.T) {
	s := play(t)
	if err := s.sweep(t); err != nil {
		t.Fatal(err)
	}
	first := s.Counts("")
	if err := s.sweep(t); err != nil {
		t.Fatal(err)
	}
	if again := s.Counts(""); again.Full != first.Full || again.NotModified != first.Full {
		t.Errorf("first %+v, then %+v", first, again)
	}
}

func TestNoGuardOfOddAddresses(t *testing.T) {
	s := play(t)
	for _, spoil := range []func(*Options){
		func(o *Options) { o.API = "http://example.com" },
		func(o *Options) { o.API = "" },
		func(o *Options) { o.Repository = "acme" },
		func(o *Options) { o.Repository = "acme/../x" },
		func(o *Options) { o.RepositoryID = 0 },
	} {
		o := s.options()
		spoil(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%+v", o)
		}
	}
}
