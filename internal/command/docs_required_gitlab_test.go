// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/announce"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
	"github.com/gateledger/gateledger/internal/report"
)

// A labMerge is a merge request at a GitLab whose project has the settings that
// a section of the page asks for.
type labMerge struct {
	*gitlabtest.Server
	t *testing.T
}

func newLabMerge(t *testing.T, heading string) *labMerge {
	t.Helper()
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.MergeRequest(6, 7, headCommit)
	m := &labMerge{s, t}
	settings := blockOf(t, "docs/required-checks.md", heading, "json")
	var body map[string]bool
	strict(t, settings, &body)
	m.do(gitlabtest.Token, "PUT", "/projects/6", settings, http.StatusOK)
	m.SignIn("glpat-of-mallory", 66, "mallory")
	m.Member("6", 66, 30, "active")
	return m
}

func (m *labMerge) do(token, method, path, body string, want int) {
	m.t.Helper()
	if status, out, err := askGitLab(m.API, token, method, path, body); err != nil || status != want {
		m.t.Fatalf("%s %s: %d %v, %v", method, path, status, out, err)
	}
}

// merges is whether GitLab merges it, for the reason that it gives.
func (m *labMerge) merges(when, want string) {
	m.t.Helper()
	if got := m.MergeStatus(6, 7); got != want {
		m.t.Errorf("%s: %s, want %s", when, got, want)
		return
	}
	status := http.StatusMethodNotAllowed
	if want == gitlabtest.Mergeable {
		status = http.StatusOK
	}
	m.do("glpat-of-mallory", "PUT", "/projects/6/merge_requests/7/merge", "", status)
}

// tell: the gate's own announcer tells of an answer.
func (m *labMerge) tell(state string) announce.Placed {
	m.t.Helper()
	n := report.Notice{
		Environment: "production", Request: strings.Repeat("4", 64), Commit: headCommit, State: state, Title: "Deploy production: " + state, Description: state,
		Summary: "so", Comment: report.Marker("production") + "\nso", Marker: report.Marker("production"), Issue: "Deploy production",
	}
	env := map[string]string{"CI_API_V4_URL": m.API, "CI_PROJECT_ID": "6", "GATELEDGER_GITLAB_TOKEN": gitlabtest.Token}
	p, err := announce.Send(context.Background(), "gitlab-status", announce.Query{
		Notice: n, Getenv: func(name string) string { return env[name] }, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond,
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return p
}

func (m *labMerge) job(id int64, name, state string) {
	m.Job(6, 9, id, headCommit, name, state, time.Unix(0, 0))
}

const mustSucceed = "## GitLab: pipelines must succeed"

// What the page asks GitLab for holds a merge back until the gate has said yes:
// by its job, and by its status.
func TestPipelinesMustSucceed(t *testing.T) {
	m := newLabMerge(t, mustSucceed)
	m.merges("without a pipeline", gitlabtest.PipelineFails)
	m.Pipeline(6, 9, headCommit, "push", 500, "author")
	m.job(1, "test", "success")
	m.job(2, "gateledger-gate", "failed") // what a gate is that waits, denies or could not find out: gate-merge-gitlab plays it
	m.merges("while the gate's job is red", gitlabtest.PipelineFails)
	m.Turn(2, "success")
	m.Turn(1, "skipped")
	m.merges("with a gate that allowed it", gitlabtest.Mergeable)

	m = newLabMerge(t, mustSucceed)
	m.Pipeline(6, 9, headCommit, "push", 500, "author")
	m.job(1, "test", "success")
	for _, c := range []struct{ state, want string }{
		{report.NoticePending, gitlabtest.PipelineRuns}, {report.NoticeDenied, gitlabtest.PipelineFails}, {report.NoticeUnknown, gitlabtest.PipelineFails},
		{report.NoticePending, gitlabtest.PipelineRuns}, {report.NoticeCancelled, gitlabtest.PipelineFails}, {report.NoticeAllowed, gitlabtest.Mergeable},
	} {
		if p := m.tell(c.state); len(p.Remarks) > 0 {
			t.Errorf("%s: %q", c.state, p.Remarks)
		}
		m.merges("after "+c.state, c.want)
	}
	m = newLabMerge(t, mustSucceed)
	m.tell(report.NoticeAllowed)
	m.Push(6, 7, queuedCommit)
	m.merges("after another push", gitlabtest.PipelineFails)
}

// What the page warns of is so, and the forged status is shown for what it is.
func TestWhatUndoesPipelinesMustSucceed(t *testing.T) {
	text := section(t, "docs/required-checks.md", mustSucceed)
	for sentence, play := range map[string]func(*labMerge){
		"`allow_failure` on the gate's job": func(m *labMerge) { m.job(1, "gateledger-gate", "failed"); m.MayFail(1) },
		"*Skipped pipelines are considered successful*": func(m *labMerge) {
			m.do(gitlabtest.Token, "PUT", "/projects/6", `{"allow_merge_on_skipped_pipeline": true}`, http.StatusOK)
			m.job(1, "gateledger-gate", "skipped")
		},
		"A pipeline without the gate": func(m *labMerge) { m.job(1, "test", "success") },
		"A status of the gate's name by somebody else": func(m *labMerge) {
			m.tell(report.NoticeDenied)
			m.forge()
		},
		"in the place of a job of that name": func(m *labMerge) {
			m.job(1, "gateledger/production", "failed")
			m.forge()
		},
	} {
		m := newLabMerge(t, mustSucceed)
		m.Pipeline(6, 9, headCommit, "push", 500, "author")
		play(m)
		m.merges(sentence, gitlabtest.Mergeable)
		if !strings.Contains(text, sentence) {
			t.Errorf("the page does not say %q", sentence)
		}
	}
	said := "was set to success by @mallory, not by this gate"
	for name, state := range map[string]string{"a gate that waits": report.NoticePending, "one that denies": report.NoticeDenied} {
		m := newLabMerge(t, mustSucceed)
		m.tell(report.NoticePending)
		m.forge()
		if p := m.tell(state); len(p.Remarks) != 1 || !strings.Contains(p.Remarks[0], said) || !strings.Contains(text, said) {
			t.Errorf("%s: %q", name, p.Remarks)
		}
	}
	m := newLabMerge(t, mustSucceed)
	m.Pipeline(6, 9, headCommit, "push", 500, "author")
	m.job(1, "gateledger/production", "success")
	if p := m.tell(report.NoticePending); len(p.Remarks) != 1 || !strings.Contains(p.Remarks[0], "by @author") {
		t.Errorf("a job of that name: %q", p.Remarks)
	}
}

// forge: a developer sets the status by the gate's name.
func (m *labMerge) forge() {
	m.t.Helper()
	m.do("glpat-of-mallory", "POST", "/projects/6/statuses/"+headCommit, `{"state":"success","name":"gateledger/production"}`, http.StatusCreated)
}

// What the page says of status checks is so: TestChecks of package guard has who
// answers them.
func TestStatusChecksMustSucceed(t *testing.T) {
	const heading = "## GitLab: status checks must succeed"
	answer := func(m *labMerge, token, status string) {
		body, err := json.Marshal(map[string]any{"sha": headCommit, "external_status_check_id": 12, "status": status})
		if err != nil {
			t.Fatal(err)
		}
		m.do(token, "POST", "/projects/6/merge_requests/7/status_check_responses", string(body), http.StatusCreated)
	}
	m := newLabMerge(t, heading)
	m.Check(12)
	m.merges("before anybody answered", gitlabtest.ChecksMissing)
	answer(m, gitlabtest.Token, "failed")
	m.merges("denied", gitlabtest.ChecksMissing)
	answer(m, gitlabtest.Token, "passed")
	m.merges("allowed", gitlabtest.Mergeable)

	m = newLabMerge(t, heading)
	m.Check(12)
	answer(m, "glpat-of-mallory", "passed")
	m.merges("a developer's token can pass it", gitlabtest.Mergeable)

	m = newLabMerge(t, heading)
	m.Check(12)
	m.do(gitlabtest.Token, "PUT", "/projects/6", `{"only_allow_merge_if_all_status_checks_passed": false}`, http.StatusOK)
	m.merges("without the setting a check holds nothing back", gitlabtest.Mergeable)
	text := section(t, "docs/required-checks.md", heading)
	for _, sentence := range []string{"the token of each of\nthem can pass a check", "a check is shown, and holds nothing back"} {
		if !strings.Contains(text, sentence) {
			t.Errorf("the page does not say %s", fmt.Sprintf("%q", sentence))
		}
	}
}
