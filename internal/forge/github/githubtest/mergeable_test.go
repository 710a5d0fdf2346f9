// SPDX-License-Identifier: Apache-2.0

package githubtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

const (
	head     = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	queued   = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	ownToken = "ghs_an-app-of-our-own"
	ownApp   = 4242
	check    = "gateledger/production"
)

// A teller tells a fake that is held to GitHub's description.
type teller struct {
	*githubtest.Server
	t   *testing.T
	api string
}

func newTeller(t *testing.T) *teller {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	server := httptest.NewServer(forgetest.Validate(t, s))
	t.Cleanup(server.Close)
	s.User(1, "ada", "User")
	s.Commit(head, head, 1, 1, "A change")
	s.Pull(7, 1, head)
	s.Install(ownToken, ownApp)
	return &teller{s, t, server.URL + "/api/v3/repos/acme/app"}
}

// tell returns the status of the answer, and what is in it.
func (s *teller) tell(token, method, path, body string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.api+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/vnd.github+json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(out)
}

func (s *teller) status(token, commit, state string) {
	s.t.Helper()
	if code, out := s.tell(token, "POST", "/statuses/"+commit, fmt.Sprintf(`{"state":%q,"context":%q,"description":"so"}`, state, check)); code != http.StatusCreated {
		s.t.Fatalf("%d %s", code, out)
	}
}

func (s *teller) run(token, commit, conclusion string) int {
	s.t.Helper()
	status := `"status":"completed","conclusion":"` + conclusion + `"`
	if conclusion == "" {
		status = `"status":"in_progress"`
	}
	code, _ := s.tell(token, "POST", "/check-runs", fmt.Sprintf(`{"name":%q,"head_sha":%q,%s,"output":{"title":"a","summary":"b"}}`, check, commit, status))
	return code
}

// What GitHub would merge, and by whose word.
func TestRequiredChecks(t *testing.T) {
	anybody := githubtest.Required{Context: check}
	actions := githubtest.Required{Context: check, App: githubtest.ActionsApp}
	ours := githubtest.Required{Context: check, App: ownApp}
	for fact, c := range map[string]struct {
		need  githubtest.Required
		queue bool
		told  func(*teller)
		why   string
	}{
		"nothing was said":                               {anybody, false, func(*teller) {}, "expected"},
		"a status by whoever may write":                  {anybody, false, func(s *teller) { s.status(githubtest.Token, head, "success") }, ""},
		"one that waits":                                 {anybody, false, func(s *teller) { s.status(githubtest.JobToken, head, "pending") }, "pending"},
		"the last one of a name counts":                  {anybody, false, func(s *teller) { s.status(ownToken, head, "success"); s.status(githubtest.Token, head, "failure") }, "failure"},
		"of another commit":                              {anybody, false, func(s *teller) { s.status(githubtest.Token, queued, "success") }, "expected"},
		"a check run that has failed":                    {anybody, false, func(s *teller) { s.run(ownToken, head, "failure") }, "failure"},
		"a check run that goes on":                       {anybody, false, func(s *teller) { s.run(ownToken, head, "") }, "pending"},
		"a check run that passed":                        {anybody, false, func(s *teller) { s.run(ownToken, head, "success") }, ""},
		"any job's word, pinned to the app of all jobs":  {actions, false, func(s *teller) { s.status(githubtest.JobToken, head, "success") }, ""},
		"a person's word, pinned to the app of all jobs": {actions, false, func(s *teller) { s.status(githubtest.Token, head, "success") }, "expected"},
		"any job's word, pinned to an app of our own": {ours, false, func(s *teller) {
			s.status(githubtest.JobToken, head, "success")
			s.run(githubtest.JobToken, head, "success")
		}, "expected"},
		"the app's own word":              {ours, false, func(s *teller) { s.run(ownToken, head, "success") }, ""},
		"a queue that has made no commit": {ours, true, func(s *teller) { s.status(ownToken, head, "success") }, "has not made"},
		"a queue asks again":              {ours, true, func(s *teller) { s.Queued(7, queued); s.status(ownToken, head, "success") }, "bbbbbbb: expected"},
		"a queue that was answered": {ours, true, func(s *teller) {
			s.Queued(7, queued)
			s.status(ownToken, head, "success")
			s.run(ownToken, queued, "success")
		}, ""},
	} {
		t.Run(fact, func(t *testing.T) {
			s := newTeller(t)
			s.Protect(c.queue, c.need)
			c.told(s)
			why := strings.Join(s.Mergeable(7), "; ")
			if (c.why == "") != (why == "") || !strings.Contains(why, c.why) {
				t.Errorf("in its way: %q, want %q", why, c.why)
			}
		})
	}
}

// Check runs are an app's, and its own.
func TestCheckRunsAreAnApps(t *testing.T) {
	s := newTeller(t)
	if code := s.run(githubtest.Token, head, "success"); code != http.StatusForbidden {
		t.Errorf("a person made a check run: %d", code)
	}
	if code := s.run(ownToken, head, ""); code != http.StatusCreated {
		t.Fatal(code)
	}
	_, out := s.tell(ownToken, "GET", "/commits/"+head+"/check-runs?check_name="+strings.ReplaceAll(check, "/", "%2F"), "")
	if !strings.Contains(out, `"total_count":1`) {
		t.Fatal(out)
	}
	_, id, _ := strings.Cut(out, `"html_url":"https://github.com/acme/app/runs/`)
	id, _, _ = strings.Cut(id, `"`)
	body := fmt.Sprintf(`{"name":%q,"status":"completed","conclusion":"success"}`, check)
	if code, out := s.tell(githubtest.JobToken, "PATCH", "/check-runs/"+id, body); code != http.StatusForbidden {
		t.Errorf("another app changed it: %d %s", code, out)
	}
	if code, out := s.tell(ownToken, "PATCH", "/check-runs/"+id, body); code != http.StatusOK || strings.Join(s.Conclusions(head, check), " ") != "success" {
		t.Errorf("%d %s", code, out)
	}
}
