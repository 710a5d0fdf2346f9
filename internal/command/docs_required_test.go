// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/announce"
	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
	"github.com/gateledger/gateledger/internal/report"
)

// required are the checks that the two bodies on the page ask for: the
// ruleset's, and those of branch protection.
func required(t *testing.T) map[string][]githubtest.Required {
	t.Helper()
	blocks, err := fences(section(t, "docs/required-checks.md", "## Branch protection and rulesets"))
	if err != nil || len(blocks) != 2 {
		t.Fatal(err, blocks)
	}
	var ruleset struct {
		Name, Target, Enforcement string
		Conditions                map[string]map[string][]string
		Bypass                    []any `json:"bypass_actors"`
		Rules                     []struct {
			Type       string
			Parameters struct {
				Strict bool `json:"strict_required_status_checks_policy"`
				Checks []struct {
					Context string
					App     int64 `json:"integration_id"`
				} `json:"required_status_checks"`
			}
		}
	}
	strict(t, blocks[0].text, &ruleset)
	var protection struct {
		Required struct {
			Strict bool
			Checks []struct {
				Context string
				App     int64 `json:"app_id"`
			}
		} `json:"required_status_checks"`
		Admins       bool `json:"enforce_admins"`
		Reviews      any  `json:"required_pull_request_reviews"`
		Restrictions any
	}
	strict(t, blocks[1].text, &protection)
	if ruleset.Enforcement != "active" || len(ruleset.Bypass) > 0 || len(ruleset.Rules) != 1 || !protection.Admins {
		t.Fatalf("%+v, %+v", ruleset, protection)
	}
	out := map[string][]githubtest.Required{}
	for _, c := range ruleset.Rules[0].Parameters.Checks {
		out["the ruleset"] = append(out["the ruleset"], githubtest.Required{Context: c.Context, App: c.App})
	}
	for _, c := range protection.Required.Checks {
		out["branch protection"] = append(out["branch protection"], githubtest.Required{Context: c.Context, App: c.App})
	}
	return out
}

const (
	headCommit   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	queuedCommit = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	ownAppToken  = "ghs_of-an-app-of-our-own"
)

// A merge is a pull request at a GitHub that asks for checks.
type merge struct {
	*githubtest.Server
	t   *testing.T
	api string
}

func newMerge(t *testing.T, queue bool, checks ...githubtest.Required) *merge {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	server := httptest.NewServer(forgetest.Validate(t, s))
	t.Cleanup(server.Close)
	s.User(1, "ada", "User")
	s.Commit(headCommit, headCommit, 1, 1, "A change")
	s.Pull(7, 1, headCommit)
	s.Install(ownAppToken, 4242)
	s.Protect(queue, checks...)
	return &merge{s, t, server.URL + "/api/v3"}
}

// told: the gate's own announcers tell of an answer about a commit, with a token.
func (m *merge) told(token, commit, state string) {
	m.t.Helper()
	n := report.Notice{
		Environment: "production", Request: strings.Repeat("4", 64), Commit: commit, State: state,
		Title: "Deploy production: " + state, Description: state, Summary: "so", Comment: report.Marker("production") + "\nso", Marker: report.Marker("production"), Issue: "Deploy production",
	}
	env := map[string]string{"GITHUB_API_URL": m.api, "GITHUB_REPOSITORY": "acme/app", "GITHUB_TOKEN": token}
	for _, name := range []string{"github-status", "github-check"} {
		q := announce.Query{Notice: n, Getenv: func(name string) string { return env[name] }, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond}
		if _, err := announce.Send(context.Background(), name, q); err != nil {
			m.t.Fatalf("%s: %v", name, err)
		}
	}
}

// What the page asks GitHub for holds back a merge until the gate's own app has
// said yes, and nobody else's word does; what it warns of is so.
func TestRequiredChecksOfTheDocs(t *testing.T) {
	for which, checks := range required(t) {
		t.Run(which, func(t *testing.T) {
			m := newMerge(t, false, checks...)
			blocked := func(when string) {
				t.Helper()
				if len(m.Mergeable(7)) == 0 {
					t.Errorf("it is merged %s", when)
				}
			}
			blocked("before anybody said anything")
			m.told(githubtest.JobToken, headCommit, report.NoticeAllowed)
			blocked("by a job's word")
			m.told(ownAppToken, headCommit, report.NoticePending)
			blocked("while the gate waits")
			m.told(ownAppToken, headCommit, report.NoticeDenied)
			blocked("against a denial")
			m.told(githubtest.JobToken, headCommit, report.NoticeAllowed)
			blocked("by a job's word, against a denial")
			m.told(ownAppToken, headCommit, report.NoticeUnknown)
			blocked("when the gate could not find out")
			m.told(ownAppToken, headCommit, report.NoticeAllowed)
			if why := m.Mergeable(7); len(why) > 0 {
				t.Errorf("it is not merged: %q", why)
			}
			m.Push(7, queuedCommit)
			blocked("after another push")
		})
		t.Run(which+", with a queue", func(t *testing.T) {
			m := newMerge(t, true, checks...)
			m.told(ownAppToken, headCommit, report.NoticeAllowed)
			m.Queued(7, queuedCommit)
			if why := strings.Join(m.Mergeable(7), " "); !strings.Contains(why, "bbbbbbb: expected") {
				t.Errorf("the queue does not ask again: %q", why)
			}
			m.told(ownAppToken, queuedCommit, report.NoticeAllowed)
			if why := m.Mergeable(7); len(why) > 0 {
				t.Errorf("it is not merged: %q", why)
			}
		})
	}
	text := pagesOf(t)["docs/required-checks.md"]
	for sentence, app := range map[string]int64{"**A check that any writer can set is forgeable.**": 0, "**Pinning it to the Actions app does not help.**": githubtest.ActionsApp} {
		m := newMerge(t, false, githubtest.Required{Context: "gateledger/production", App: app})
		m.told(githubtest.JobToken, headCommit, report.NoticeAllowed) // a job of any branch has this token
		if len(m.Mergeable(7)) > 0 || !strings.Contains(text, sentence) {
			t.Errorf("%s", sentence)
		}
	}
}
