// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
	"github.com/gateledger/gateledger/internal/report"
)

// A labScene is a GitLab whose merge request 7 was merged as the commit.
type labScene struct {
	*gitlabtest.Server
	t   *testing.T
	env map[string]string
}

func newLabScene(t *testing.T) *labScene {
	t.Helper()
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.MergeRequest(6, 7, strings.Repeat("a", 40))
	s.Merge(6, 7, commit)
	s.Changes(6, 7, "main", strings.Repeat("b", 40), "a")
	return &labScene{s, t, map[string]string{"CI_API_V4_URL": s.API, "CI_PROJECT_ID": "6", "GATELEDGER_GITLAB_TOKEN": gitlabtest.Token, "CI_JOB_TOKEN": gitlabtest.JobToken}}
}

func (s *labScene) send(name string, n report.Notice) (Placed, error) {
	s.t.Helper()
	p, err := Send(s.t.Context(), name, Query{
		Notice: n, Getenv: func(name string) string { return s.env[name] }, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond,
	})
	if err != nil && strings.Contains(err.Error(), gitlabtest.Token) {
		s.t.Errorf("it tells the token: %v", err)
	}
	return p, err
}

// The same fake that votes are read from takes what is announced: a status for
// each answer, and one note that is kept up to date.
func TestAnnouncingOnGitLab(t *testing.T) {
	s := newLabScene(t)
	states := []string{report.NoticePending, report.NoticePending, report.NoticeAllowed, report.NoticeDenied, report.NoticeCancelled}
	for _, state := range states {
		if _, err := s.send("gitlab-status", notice(state)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"gateledger/production: pending", "gateledger/production: success", "gateledger/production: failed", "gateledger/production: canceled"}
	if got := s.Statuses(commit); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	s.Note(6, 7, 66, "mallory", notice(report.NoticeAllowed).Comment) // with our marker, and not ours
	for _, state := range states {
		if p, err := s.send("gitlab-note", notice(state)); err != nil || !strings.Contains(p.Address, "/merge_requests/7#note_") {
			t.Fatalf("%+v, %v", p, err)
		}
	}
	if got := s.Bodies(6, 7); len(got) != 2 || !strings.Contains(got[1], report.NoticeCancelled) || !strings.Contains(got[0], report.NoticeAllowed) {
		t.Errorf("%q", got)
	}
	for _, r := range s.Asked() {
		if r.Header.Get("Job-Token") != "" || strings.Contains(r.URL.String(), gitlabtest.Token) {
			t.Errorf("%s %s as %v", r.Method, r.URL, r.Header)
		}
	}
}

// What GitLab refuses is told, and nothing is said twice.
func TestAnnouncingOnGitLabFails(t *testing.T) {
	for name, c := range map[string]struct {
		by   string
		set  func(*labScene)
		want error
	}{
		"a status, forbidden":      {"gitlab-status", func(s *labScene) { s.Fault(gitlabtest.Fault{In: "/statuses/", Answer: gitlabtest.Status(403, "{}")}) }, ErrRefused},
		"a status, away":           {"gitlab-status", func(s *labScene) { s.Fault(gitlabtest.Fault{In: "/statuses/", Answer: gitlabtest.Status(502, "")}) }, ErrUnavailable},
		"a job's token":            {"gitlab-status", func(s *labScene) { s.env["GATELEDGER_GITLAB_TOKEN"] = "" }, ErrSetup},
		"notes that are hidden":    {"gitlab-note", func(s *labScene) { s.Fault(gitlabtest.Fault{In: "/notes", Answer: gitlabtest.Status(403, "{}")}) }, ErrRefused},
		"whose token, it says not": {"gitlab-note", func(s *labScene) { s.Fault(gitlabtest.Fault{In: "/user", Answer: gitlabtest.Status(401, "{}")}) }, ErrRefused},
		"a note, away": {"gitlab-note", func(s *labScene) {
			s.Fault(gitlabtest.Fault{In: "/notes", Answer: func(w http.ResponseWriter, r *http.Request) bool {
				return r.Method == http.MethodPost && gitlabtest.Status(502, "")(w, r)
			}})
		}, ErrUnavailable},
	} {
		s := newLabScene(t)
		c.set(s)
		if p, err := s.send(c.by, notice(report.NoticePending)); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		writes := 0
		for _, r := range s.Asked() {
			if r.Method != http.MethodGet {
				writes++
			}
		}
		if writes > 1 {
			t.Errorf("%s: %d writes", name, writes)
		}
	}
}
