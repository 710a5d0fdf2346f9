// SPDX-License-Identifier: Apache-2.0

package gitlabtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

const (
	tip    = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	pushed = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	theirs = "glpat-of-mallory"
	name   = "gateledger/production"
)

// A merger is somebody at a GitLab whose merge request 7 waits for a green
// pipeline.
type merger struct {
	*gitlabtest.Server
	t *testing.T
}

func newMerger(t *testing.T, settings string) *merger {
	t.Helper()
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.MergeRequest(6, 7, tip)
	s.SignIn(theirs, 66, "mallory")
	s.Member("6", 66, 30, "active")
	m := &merger{s, t}
	if code, out := m.ask(gitlabtest.Token, "PUT", "", settings); code != http.StatusOK {
		t.Fatal(code, out)
	}
	return m
}

func (m *merger) ask(token, method, path, body string) (int, string) {
	m.t.Helper()
	req, err := http.NewRequest(method, m.API+"/projects/6"+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Private-Token", token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return resp.StatusCode, string(out)
}

func (m *merger) status(token, state string) {
	m.t.Helper()
	if code, out := m.ask(token, "POST", "/statuses/"+tip, fmt.Sprintf(`{"state":%q,"name":%q}`, state, name)); code != http.StatusCreated {
		m.t.Fatal(code, out)
	}
}

func (m *merger) job(id, pipeline int64, called, state string) {
	m.Job(6, pipeline, id, tip, called, state, time.Unix(0, 0))
}

func (m *merger) answer(token, sha, status string) int {
	code, _ := m.ask(token, "POST", "/merge_requests/7/status_check_responses", fmt.Sprintf(`{"sha":%q,"external_status_check_id":12,"status":%q}`, sha, status))
	return code
}

// What GitLab would merge, and by whose word.
func TestMergeChecks(t *testing.T) {
	const (
		nothing   = `{"only_allow_merge_if_pipeline_succeeds": false}`
		pipelines = `{"only_allow_merge_if_pipeline_succeeds": true}`
		skipped   = `{"only_allow_merge_if_pipeline_succeeds": true, "allow_merge_on_skipped_pipeline": true}`
		checks    = `{"only_allow_merge_if_all_status_checks_passed": true}`
	)
	branch := func(m *merger) { m.Pipeline(6, 9, tip, "push", 500, "author") }
	ours, developers := gitlabtest.Token, theirs
	for fact, c := range map[string]struct {
		settings string
		play     func(*merger)
		want     string
	}{
		"nothing is asked for":                  {nothing, func(*merger) {}, gitlabtest.Mergeable},
		"nothing is asked for, and all is red":  {nothing, func(m *merger) { branch(m); m.job(1, 9, "test", "failed") }, gitlabtest.Mergeable},
		"no pipeline":                           {pipelines, func(*merger) {}, gitlabtest.PipelineFails},
		"a pipeline that has not begun":         {pipelines, branch, gitlabtest.PipelineRuns},
		"a red job":                             {pipelines, func(m *merger) { branch(m); m.job(1, 9, "test", "success"); m.job(2, 9, "gate", "failed") }, gitlabtest.PipelineFails},
		"a job that goes on":                    {pipelines, func(m *merger) { branch(m); m.job(1, 9, "test", "failed"); m.job(2, 9, "gate", "running") }, gitlabtest.PipelineRuns},
		"all are green":                         {pipelines, func(m *merger) { branch(m); m.job(1, 9, "test", "success"); m.job(2, 9, "gate", "success") }, gitlabtest.Mergeable},
		"a red one that may fail":               {pipelines, func(m *merger) { branch(m); m.job(1, 9, "gate", "failed"); m.MayFail(1) }, gitlabtest.Mergeable},
		"a manual one that nobody started":      {pipelines, func(m *merger) { branch(m); m.job(1, 9, "gate", "manual") }, gitlabtest.PipelineFails},
		"a cancelled one":                       {pipelines, func(m *merger) { branch(m); m.job(1, 9, "gate", "canceled") }, gitlabtest.PipelineFails},
		"all were skipped":                      {pipelines, func(m *merger) { branch(m); m.job(1, 9, "gate", "skipped") }, gitlabtest.PipelineFails},
		"all were skipped, and that is success": {skipped, func(m *merger) { branch(m); m.job(1, 9, "gate", "skipped") }, gitlabtest.Mergeable},
		"a red one that was run again":          {pipelines, func(m *merger) { branch(m); m.job(1, 9, "gate", "failed"); m.ask(ours, "POST", "/jobs/1/retry", "") }, gitlabtest.PipelineRuns},
		"a red pipeline before a green one": {pipelines, func(m *merger) {
			branch(m)
			m.job(1, 9, "gate", "failed")
			m.Pipeline(6, 10, tip, "push", 1, "x")
			m.job(2, 10, "gate", "success")
		}, gitlabtest.Mergeable},
		"its own pipeline goes before the branch's": {pipelines, func(m *merger) {
			m.Pipeline(6, 8, tip, "merge_request_event", 1, "x")
			m.job(1, 8, "x", "success")
			branch(m)
			m.job(2, 9, "gate", "failed")
		}, gitlabtest.Mergeable},
		"another push":                           {pipelines, func(m *merger) { branch(m); m.job(1, 9, "gate", "success"); m.Push(6, 7, pushed) }, gitlabtest.PipelineFails},
		"a status is a pipeline":                 {pipelines, func(m *merger) { m.status(ours, "success") }, gitlabtest.Mergeable},
		"a status that waits":                    {pipelines, func(m *merger) { m.status(ours, "pending") }, gitlabtest.PipelineRuns},
		"a status that failed":                   {pipelines, func(m *merger) { m.status(ours, "pending"); m.status(ours, "failed") }, gitlabtest.PipelineFails},
		"a status beside a red job":              {pipelines, func(m *merger) { branch(m); m.job(1, 9, "test", "failed"); m.status(ours, "success") }, gitlabtest.PipelineFails},
		"a developer's status":                   {pipelines, func(m *merger) { m.status(developers, "success") }, gitlabtest.Mergeable},
		"a developer's status in place of ours":  {pipelines, func(m *merger) { m.status(ours, "pending"); m.status(developers, "success") }, gitlabtest.Mergeable},
		"and ours in place of theirs":            {pipelines, func(m *merger) { m.status(developers, "success"); m.status(ours, "failed") }, gitlabtest.PipelineFails},
		"a developer's status in place of a job": {pipelines, func(m *merger) { branch(m); m.job(1, 9, name, "failed"); m.status(developers, "success") }, gitlabtest.Mergeable},
		"status checks are shown only":           {nothing, func(m *merger) { m.Check(12) }, gitlabtest.Mergeable},
		"a status check nobody answered":         {checks, func(m *merger) { m.Check(12) }, gitlabtest.ChecksMissing},
		"one that failed":                        {checks, func(m *merger) { m.Check(12); m.answer(ours, tip, "failed") }, gitlabtest.ChecksMissing},
		"one that ran out":                       {checks, func(m *merger) { m.Check(12); m.answer(ours, tip, "pending"); m.Expire() }, gitlabtest.ChecksMissing},
		"one that passed":                        {checks, func(m *merger) { m.Check(12); m.answer(ours, tip, "passed") }, gitlabtest.Mergeable},
		"one of two that passed":                 {checks, func(m *merger) { m.Check(12); m.Check(13); m.answer(ours, tip, "passed") }, gitlabtest.ChecksMissing},
		"one that a developer passed":            {checks, func(m *merger) { m.Check(12); m.answer(developers, tip, "passed") }, gitlabtest.Mergeable},
		"one that passed another tip":            {checks, func(m *merger) { m.Check(12); m.answer(ours, tip, "passed"); m.Push(6, 7, pushed) }, gitlabtest.ChecksMissing},
		"a closed one":                           {nothing, func(m *merger) { m.CloseRequest(6, 7) }, gitlabtest.NotOpen},
	} {
		t.Run(fact, func(t *testing.T) {
			m := newMerger(t, c.settings)
			c.play(m)
			if got := m.MergeStatus(6, 7); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			var change struct {
				Status string `json:"detailed_merge_status"`
			}
			if _, out := m.ask(ours, "GET", "/merge_requests/7", ""); json.Unmarshal([]byte(out), &change) != nil || change.Status != c.want {
				t.Errorf("it says %s", out)
			}
			want := http.StatusMethodNotAllowed
			if c.want == gitlabtest.Mergeable {
				want = http.StatusOK
			}
			if code, out := m.ask(ours, "PUT", "/merge_requests/7/merge", ""); code != want {
				t.Errorf("%d %s", code, out)
			}
			if c.want == gitlabtest.Mergeable && m.MergeStatus(6, 7) != gitlabtest.NotOpen {
				t.Error("merged, and open")
			}
		})
	}
}

// Settings are a maintainer's, a merge is of what was looked at, and an answer is
// about the tip.
func TestWhoMayMerge(t *testing.T) {
	m := newMerger(t, `{"only_allow_merge_if_pipeline_succeeds": false}`)
	m.SignIn("glpat-of-a-guest", 67, "guest")
	m.Member("6", 67, 10, "active")
	m.Check(12)
	for fact, c := range map[string]struct {
		token, method, path, body string
		want                      int
	}{
		"a developer changes settings": {theirs, "PUT", "", `{"only_allow_merge_if_pipeline_succeeds": true}`, 403},
		"settings nobody knows":        {gitlabtest.Token, "PUT", "", `{"visibility": true}`, 400},
		"a guest's status":             {"glpat-of-a-guest", "POST", "/statuses/" + tip, `{"state":"success","name":"x"}`, 403},
		"a guest merges":               {"glpat-of-a-guest", "PUT", "/merge_requests/7/merge", "", 403},
		"nobody merges":                {"glpat-of-nobody", "PUT", "/merge_requests/7/merge", "", 401},
		"a tip that moved":             {theirs, "PUT", "/merge_requests/7/merge", `{"sha":"` + pushed + `"}`, 409},
		"another merge request":        {theirs, "PUT", "/merge_requests/8/merge", "", 404},
	} {
		if code, out := m.ask(c.token, c.method, c.path, c.body); code != c.want {
			t.Errorf("%s: %d %s", fact, code, out)
		}
	}
	if code := m.answer(theirs, pushed, "passed"); code != http.StatusConflict {
		t.Errorf("an answer about another tip: %d", code)
	}
}

// A status that is waiting can't be set to waiting again by who set it; whose
// each one is, is told.
func TestWhoseStatusItIs(t *testing.T) {
	m := newMerger(t, `{"only_allow_merge_if_pipeline_succeeds": true}`)
	m.status(gitlabtest.Token, "pending")
	if code, _ := m.ask(gitlabtest.Token, "POST", "/statuses/"+tip, fmt.Sprintf(`{"state":"pending","name":%q}`, name)); code != http.StatusBadRequest {
		t.Error(code)
	}
	m.status(theirs, "success")
	list := func(query string) string {
		_, out := m.ask(gitlabtest.Token, "GET", "/repository/commits/"+tip+"/statuses?name=gateledger%2Fproduction"+query, "")
		var all []struct {
			Status string
			Author struct{ Username string }
		}
		if err := json.Unmarshal([]byte(out), &all); err != nil {
			t.Fatal(out, err)
		}
		return fmt.Sprint(all)
	}
	if got := list(""); got != "[{success {mallory}}]" {
		t.Error(got)
	}
	if got := list("&all=true"); got != "[{pending {gate}} {success {mallory}}]" {
		t.Error(got)
	}
}
