// SPDX-License-Identifier: Apache-2.0

package github

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

func TestRunsThatWait(t *testing.T) {
	s := githubtest.New()
	defer s.Close()
	fill(s)
	v, c := described(t, s)
	if runs, more, err := c.WaitingRuns(t.Context()); err != nil || len(runs) != 0 || more {
		t.Errorf("%v %v %v, want none", runs, more, err)
	}
	s.Wait(9, "production", false)
	s.Wait(9, "eu", true)
	runs, more, err := c.WaitingRuns(t.Context())
	if err != nil || more || len(runs) != 1 || runs[0].ID != 9 || runs[0].Attempt != 2 || runs[0].Head != shaA || runs[0].Branch != "main" {
		t.Errorf("%+v %v %v", runs, more, err)
	}
	run, err := c.WorkflowRun(t.Context(), 9)
	if err != nil || run != runs[0] {
		t.Errorf("%+v, want %+v: %v", run, runs[0], err)
	}
	names, err := c.PendingEnvironments(t.Context(), 9)
	if err != nil || !slices.Equal(names, []string{"production", "eu"}) {
		t.Errorf("%q %v", names, err)
	}
	if names, err := c.PendingEnvironments(t.Context(), 10); err != nil || len(names) != 0 {
		t.Errorf("%q %v", names, err)
	}
	if _, err := c.WorkflowRun(t.Context(), 11); !errors.Is(err, ask.ErrAbsent) {
		t.Errorf("%v", err)
	}
	_, _, _ = c.WaitingRuns(t.Context())
	if n := v.Counts("actions/list-workflow-runs-for-repo"); n != (forgetest.Counts{Full: 2, NotModified: 1}) {
		t.Errorf("asked %+v", n)
	}
}

// What is no answer to what was asked is no answer.
func TestOddAnswersAboutWaitingRuns(t *testing.T) {
	s := githubtest.New()
	defer s.Close()
	fill(s)
	s.Wait(9, "production", false)
	for name, body := range map[string]string{
		"a list of nothing":      `{}`,
		"runs are null":          `{"total_count":0,"workflow_runs":null}`,
		"another repository":     `{"total_count":1,"workflow_runs":[{"id":9,"run_attempt":1,"head_sha":"` + shaA + `","repository":{"id":5}}]}`,
		"no commit":              `{"total_count":1,"workflow_runs":[{"id":9,"run_attempt":1,"repository":{"id":1296269}}]}`,
		"more than were asked":   `{"total_count":101,"workflow_runs":[` + strings.TrimSuffix(strings.Repeat(`{},`, 101), ",") + `]}`,
		"a name twice":           `{"total_count":0,"workflow_runs":[],"workflow_runs":[]}`,
		"a list instead":         `[]`,
		"an environment unnamed": `[{"environment":{}}]`,
		"another run":            `{"id":8,"run_attempt":1,"head_sha":"` + shaA + `","repository":{"id":1296269}}`,
		"no attempt":             `{"id":9,"head_sha":"` + shaA + `","repository":{"id":1296269}}`,
	} {
		c, err := New(Options{API: s.API, Repository: "acme/app", ID: githubtest.RepositoryID, Token: githubtest.JobToken, Base: http.DefaultTransport})
		if err != nil {
			t.Fatal(err)
		}
		s.Fault(githubtest.Fault{In: "/actions/runs", Answer: githubtest.Status(200, body)})
		if body != "[]" {
			if _, err := c.PendingEnvironments(t.Context(), 9); !errors.Is(err, ask.ErrUnavailable) {
				t.Errorf("%s: what it waits for: %v", name, err)
			}
		}
		if _, _, err := c.WaitingRuns(t.Context()); !errors.Is(err, ask.ErrUnavailable) {
			t.Errorf("%s: runs: %v", name, err)
		}
		if _, err := c.WorkflowRun(t.Context(), 9); !errors.Is(err, ask.ErrUnavailable) {
			t.Errorf("%s: run: %v", name, err)
		}
		s.Mend()
	}
}
