// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

var (
	began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	asked = began.Add(30 * time.Second)
)

// A bed is a GitHub that is held to its description, with a run whose gate has
// waited.
type bed struct {
	*githubtest.Server
	v   *forgetest.Validator
	api string
	q   WakeQuery
}

func newBed(t *testing.T) *bed {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	s.User(1, "ada", "User")
	s.Run(9, 1, "push", commit)
	s.Job(9, "build", "runner-0", began)
	s.Job(9, "Gate and deploy", "runner-1", began)
	s.End(9, began.Add(time.Minute), false)
	v := forgetest.Validate(t, s)
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	env := map[string]string{"GITHUB_API_URL": server.URL + "/api/v3", "GITHUB_REPOSITORY": "acme/app", "GITHUB_TOKEN": githubtest.JobToken}
	return &bed{s, v, server.URL, WakeQuery{
		Run: "9", Attempt: "1", Job: "gate", Runner: "runner-1", Commit: commit, Asked: asked, Start: true,
		Query: Query{Getenv: func(name string) string { return env[name] }, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond},
	}}
}

// posts are the writes that the forge heard.
func (b *bed) posts() []string {
	var out []string
	for _, c := range b.v.Calls("") {
		if c.Method == http.MethodPost {
			out = append(out, c.Operation)
		}
	}
	return out
}

func TestGitHubRunsAJobAgain(t *testing.T) {
	const job = "actions/re-run-job-for-workflow-run"
	for name, c := range map[string]struct {
		world func(*bed)
		state string
		posts []string
		fails error
	}{
		"one that waited, by its runner": {nil, WakeStarted, []string{job}, nil},
		"only looked at":                 {func(b *bed) { b.q.Start = false }, WakeEnded, nil, nil},
		"by its name":                    {func(b *bed) { b.q.Runner, b.q.Job = "", "Gate and deploy" }, WakeStarted, []string{job}, nil},
		"of a called workflow": {func(b *bed) {
			b.Run(10, 1, "push", commit)
			b.Job(10, "deploy / gate", "", began)
			b.End(10, asked, false)
			b.q.Run, b.q.Runner = "10", ""
		}, WakeStarted, []string{job}, nil},
		"of a matrix": {func(b *bed) {
			b.Run(10, 1, "push", commit)
			b.Job(10, "gate (production)", "", began)
			b.End(10, asked, false)
			b.q.Run, b.q.Runner = "10", ""
		}, WakeStarted, []string{job}, nil},
		"one that failed": {func(b *bed) {
			b.Run(10, 1, "push", commit)
			b.Job(10, "gate", "runner-1", began)
			b.End(10, asked, true)
			b.q.Run = "10"
		}, WakeStarted, []string{job}, nil},
		"one that runs":            {func(b *bed) { b.Run(10, 1, "push", commit); b.Job(10, "gate", "runner-1", began); b.q.Run = "10" }, WakeRunning, nil, nil},
		"one whose run is at work": {func(b *bed) { b.Job(9, "slow", "runner-7", began) }, WakeRunning, nil, nil},
		"of a pull request, of another commit": {func(b *bed) {
			b.Run(10, 1, "pull_request", strings.Repeat("a", 40))
			b.Job(10, "gate", "", began)
			b.End(10, asked, false)
			b.q.Run, b.q.Runner = "10", ""
		}, WakeStarted, []string{job}, nil},
		"of another commit":               {func(b *bed) { b.q.Commit = strings.Repeat("a", 40) }, "", nil, ErrRefused},
		"of no run":                       {func(b *bed) { b.q.Run = "77" }, "", nil, ErrRefused},
		"of a run that is a path":         {func(b *bed) { b.q.Run = "9/../../x" }, "", nil, ErrSetup},
		"of no attempt":                   {func(b *bed) { b.q.Attempt = "" }, "", nil, ErrSetup},
		"of another attempt":              {func(b *bed) { b.q.Attempt = "2" }, "", nil, ErrUnavailable},
		"nobody knows which":              {func(b *bed) { b.q.Runner = "" }, "", nil, ErrUnavailable},
		"the runner had another job then": {func(b *bed) { b.q.Asked = began.Add(time.Hour) }, "", nil, ErrUnavailable},
		"no token":                        {func(b *bed) { b.q.Getenv = func(string) string { return "" } }, "", nil, ErrSetup},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			if c.world != nil {
				c.world(b)
			}
			a, err := Wake(t.Context(), "github-job", b.q)
			if a.State != c.state || !errors.Is(err, c.fails) || !slices.Equal(b.posts(), c.posts) {
				t.Errorf("%+v, %v, heard %v", a, err, b.posts())
			}
			if err != nil && strings.Contains(err.Error(), githubtest.JobToken) {
				t.Error("it tells the token")
			}
		})
	}
}

// A job that was run again is looked at in its newest attempt, and not started
// while that runs.
func TestGitHubsNewestAttemptCounts(t *testing.T) {
	b := newBed(t)
	first, err := Wake(t.Context(), "github-job", b.q)
	if err != nil || first.State != WakeStarted || first.Attempt != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := Wake(t.Context(), "github-job", b.q)
	if err != nil || second.State != WakeRunning || second.ID == first.ID || len(b.posts()) != 1 {
		t.Errorf("%+v, %v, heard %v", second, err, b.posts())
	}
	b.End(9, began.Add(time.Hour), true)
	third, err := Wake(t.Context(), "github-job", b.q)
	if err != nil || third.State != WakeStarted || third.Attempt != 3 || b.Attempts(9) != 3 {
		t.Errorf("%+v, %v", third, err)
	}
}

// Another job that failed is not the gate's, and stays as it is.
func TestNobodyElsesJobIsRunAgain(t *testing.T) {
	b := newBed(t)
	b.Run(10, 1, "push", commit)
	b.Job(10, "gate", "runner-1", began)
	b.Job(10, "drop the tables", "runner-2", began)
	b.End(10, asked, true)
	b.q.Run = "10"
	if a, err := Wake(t.Context(), "github-job", b.q); err != nil || a.State != WakeStarted {
		t.Fatalf("%+v, %v", a, err)
	}
	if names := b.Working(10); !slices.Equal(names, []string{"gate"}) {
		t.Errorf("at work are %q", names)
	}
}

// Of two jobs with one name nobody knows which of them is the gate's, and of a
// list that was cut nobody knows which is the newest.
func TestAJobThatNobodyCanTell(t *testing.T) {
	list := func(total int, jobs ...string) string {
		return fmt.Sprintf(`{"total_count": %d, "jobs": [%s]}`, total, strings.Join(jobs, ", "))
	}
	job := func(id, attempt int, runner string) string {
		return fmt.Sprintf(`{"id": %d, "run_id": 9, "run_attempt": %d, "name": "gate", "status": "completed", "started_at": "2026-03-02T09:00:00Z", "completed_at": "2026-03-02T09:01:00Z", "runner_name": %q}`, id, attempt, runner)
	}
	first := job(1, 1, "runner-1")
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"the only one":                       {list(1, first), nil},
		"two in its own attempt":             {list(2, first, job(2, 1, "runner-2")), nil}, // its runner tells
		"two in a later one":                 {list(3, first, job(2, 2, "runner-3"), job(3, 2, "runner-4")), ErrUnavailable},
		"two in a later one, the other way":  {list(3, job(3, 2, "runner-4"), job(2, 2, "runner-3"), first), ErrUnavailable},
		"two, and one in the newest attempt": {list(4, job(4, 3, "runner-5"), first, job(2, 2, "runner-3"), job(3, 2, "runner-4")), nil},
		"a page is missing":                  {list(101, first), ErrUnavailable},
		"of another run":                     {list(1, strings.Replace(first, `"run_id": 9`, `"run_id": 8`, 1)), ErrUnavailable},
		"null":                               {`{"total_count": 1, "jobs": null}`, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				switch {
				case strings.HasSuffix(r.URL.Path, "/jobs"):
					fmt.Fprint(w, c.body)
				default:
					fmt.Fprintf(w, `{"id": 9, "run_attempt": 3, "event": "push", "status": "completed", "head_sha": %q}`, commit)
				}
			}))
			defer s.Close()
			b := newBed(t)
			b.q.Start = false
			env := b.q.Getenv
			b.q.Getenv = func(name string) string {
				if name == "GITHUB_API_URL" {
					return s.URL
				}
				return env(name)
			}
			if a, err := Wake(t.Context(), "github-job", b.q); !errors.Is(err, c.want) || c.want == nil && a.State != WakeEnded {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
}

// What GitHub may have heard is never sent again.
func TestAJobIsStartedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		fault forgetest.Fault
		posts int
		fails error
	}{
		"a gateway in between":      {forgetest.Fault{Status: 502, Body: `{"message":"no"}`}, 1, ErrUnavailable},
		"no answer":                 {forgetest.Fault{Drop: true}, 1, ErrUnavailable},
		"it may not":                {forgetest.Fault{Status: 403, Body: `{"message":"Resource not accessible by integration"}`}, 1, ErrRefused},
		"busy, and says until when": {forgetest.Fault{Status: 429, Times: 1, Header: http.Header{"Retry-After": {"0"}}, Body: `{"message":"slow"}`}, 2, nil},
		"busy for an hour":          {forgetest.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}, Body: `{"message":"slow"}`}, 1, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			c.fault.Operation = "actions/re-run-job-for-workflow-run"
			b.v.Fault(c.fault)
			_, err := Wake(t.Context(), "github-job", b.q)
			if !errors.Is(err, c.fails) || len(b.posts()) != c.posts {
				t.Errorf("%v, heard %v", err, b.posts())
			}
		})
	}
}

func TestGitLabRunsAJobAgain(t *testing.T) {
	for name, c := range map[string]struct {
		world func(*gitlabtest.Server, *WakeQuery)
		state string
		jobs  int
		fails error
	}{
		"one that waited":        {nil, WakeStarted, 2, nil},
		"only looked at":         {func(_ *gitlabtest.Server, q *WakeQuery) { q.Start = false }, WakeEnded, 1, nil},
		"one that failed":        {func(s *gitlabtest.Server, _ *WakeQuery) { s.Turn(5001, "failed") }, WakeStarted, 2, nil},
		"one to be played":       {func(s *gitlabtest.Server, _ *WakeQuery) { s.Turn(5001, "manual") }, WakeStarted, 1, nil},
		"one that runs":          {func(s *gitlabtest.Server, _ *WakeQuery) { s.Turn(5001, "running") }, WakeRunning, 1, nil},
		"one that was retried":   {func(s *gitlabtest.Server, _ *WakeQuery) { s.Job(6, 1001, 5002, commit, "gate", "pending", began) }, WakeRunning, 2, nil},
		"one that was skipped":   {func(s *gitlabtest.Server, _ *WakeQuery) { s.Turn(5001, "skipped") }, "", 1, ErrUnavailable},
		"of another pipeline":    {func(_ *gitlabtest.Server, q *WakeQuery) { q.Run = "1002" }, "", 1, ErrRefused},
		"of another commit":      {func(_ *gitlabtest.Server, q *WakeQuery) { q.Commit = strings.Repeat("a", 40) }, "", 1, ErrRefused},
		"that there is not":      {func(_ *gitlabtest.Server, q *WakeQuery) { q.Attempt = "77" }, "", 1, ErrRefused},
		"with a job's own token": {func(_ *gitlabtest.Server, q *WakeQuery) { q.Getenv = func(string) string { return "" } }, "", 1, ErrSetup},
		"a gateway in between": {func(s *gitlabtest.Server, _ *WakeQuery) {
			s.Fault(gitlabtest.Fault{In: "/retry", Answer: gitlabtest.Status(502, "no")})
		}, "", 1, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := gitlabtest.New()
			defer s.Close()
			s.Job(6, 1001, 5001, commit, "gate", "success", began)
			env := map[string]string{"CI_API_V4_URL": s.API, "CI_PROJECT_ID": "6", "GATELEDGER_GITLAB_TOKEN": gitlabtest.Token}
			q := WakeQuery{
				Run: "1001", Attempt: "5001", Commit: commit, Asked: asked, Start: true,
				Query: Query{Getenv: func(name string) string { return env[name] }, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond},
			}
			if c.world != nil {
				c.world(s, &q)
			}
			a, err := Wake(t.Context(), "gitlab-job", q)
			if a.State != c.state || !errors.Is(err, c.fails) || len(s.Jobs(1001)) != c.jobs {
				t.Errorf("%+v, %v, %v", a, err, s.Jobs(1001))
			}
		})
	}
}

// How a job ended, and when, tells what it can have heard.
func TestHowAJobEnded(t *testing.T) {
	for _, failed := range []bool{false, true} {
		b := newBed(t)
		b.Run(10, 1, "push", commit)
		b.Job(10, "gate", "runner-1", began)
		b.End(10, asked, failed)
		b.q.Run, b.q.Start = "10", false
		if a, err := Wake(t.Context(), "github-job", b.q); err != nil || a.Failed != failed || !a.Ended.Equal(asked) || !a.Began.Equal(began) {
			t.Errorf("%t: %+v, %v", failed, a, err)
		}
	}
	for _, state := range []string{"success", "failed", "canceled", "manual"} {
		s := gitlabtest.New()
		defer s.Close()
		s.Job(6, 1001, 5001, commit, "gate", "running", began)
		s.Turn(5001, state)
		env := map[string]string{"CI_API_V4_URL": s.API, "CI_PROJECT_ID": "6", "GATELEDGER_GITLAB_TOKEN": gitlabtest.Token}
		a, err := Wake(t.Context(), "gitlab-job", WakeQuery{
			Run: "1001", Attempt: "5001", Commit: commit, Asked: asked,
			Query: Query{Getenv: func(name string) string { return env[name] }, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond},
		})
		if err != nil || a.Failed != (state == "failed") {
			t.Errorf("%s: %+v, %v", state, a, err)
		}
	}
}

func TestNoSuchWaker(t *testing.T) {
	if _, err := Wake(t.Context(), "pigeon", newBed(t).q); !errors.Is(err, ErrSetup) || !strings.Contains(err.Error(), "have github-job, gitlab-job") {
		t.Error(err)
	}
}
