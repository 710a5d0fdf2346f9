// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// TestAttacksOnReadings has what a reading on GitHub may show, and what is made
// of it: votes in short, or a part of the error.
func TestAttacksOnReadings(t *testing.T) {
	const ghost = 10137
	yes := "/approve " + request
	body := func(in, text string, header ...string) func(*hub) {
		return func(h *hub) {
			h.Fault(githubtest.Fault{In: in, Answer: githubtest.Status(200, text, append(header, "Date", "Mon, 02 Mar 2026 08:30:00 GMT")...)})
		}
	}
	review := func(user string) string {
		return `[{"id":1,"state":"APPROVED","commit_id":"` + commit + `","submitted_at":"2026-03-02T08:00:00Z","html_url":"https://github.com/x","body":"","user":` + user + `}]`
	}
	moved := githubtest.Status(301, `{"message":"Moved Permanently"}`, "Location", "https://api.github.com/repositories/5")
	for name, c := range map[string]struct {
		source string
		set    func(*hub)
		want   string
	}{
		"a deleted account, shown as null": {"github-review", func(h *hub) { h.Review(number, 5, "APPROVED", commit, "") }, ""},
		"a deleted account, shown as the ghost": {"github-environment", func(h *hub) {
			h.q.Accounts = append(h.q.Accounts, ghost)
			h.Approve(run, 5, "approved", production, "")
		}, "10137 approve 00 ghost"},
		"the ghost, and roles for everybody":       {"github-environment", func(h *hub) { h.q.Facts = []string{"permission:write"}; h.Approve(run, 5, "approved", production, "") }, "10137 approve 00 ghost"},
		"an account that came over from elsewhere": {"github-review", func(h *hub) { h.User(ana.id, "ana", "Mannequin"); h.Review(number, ana.id, "APPROVED", commit, "") }, "583231 approve 00 service"},
		"an organization":                          {"github-review", func(h *hub) { h.User(ana.id, "ana", "Organization"); h.Review(number, ana.id, "APPROVED", commit, "") }, "583231 approve 00 service"},
		"an account of no type":                    {"github-review", body("/reviews", review(`{"id":583231,"login":"ana"}`)), "583231 approve 00 service"},
		"a number in words":                        {"github-review", body("/reviews", review(`{"id":"583231","login":"ana","type":"User"}`)), "not what was asked for"},
		"a number with a fraction":                 {"github-review", body("/reviews", review(`{"id":583231.5,"login":"ana","type":"User"}`)), "not what was asked for"},
		"a number beyond 2^63":                     {"github-review", body("/reviews", review(`{"id":18446744073710134847,"login":"ana","type":"User"}`)), "not what was asked for"},
		"a number beyond 2^53, of nobody":          {"github-review", body("/reviews", review(`{"id":9007199255324223,"login":"ana","type":"User"}`)), ""},
		"two numbers, the second ana's":            {"github-review", body("/reviews", review(`{"id":666,"id":583231,"login":"ana","type":"User"}`)), "no JSON"},
		"a number in other letters":                {"github-review", body("/reviews", review(`{"ID":583231,"login":"ana","type":"User"}`)), ""},
		"a login that runs backwards":              {"github-review", func(h *hub) { h.User(ana.id, "\u202eana", "User"); h.Review(number, ana.id, "APPROVED", commit, "") }, "583231 approve 00"},
		"a page that leads elsewhere":              {"github-comment", body("/comments", `[]`, "Link", `<https://evil.example/x?page=2>; rel="next"`), "over the limit of 100 pages"},
		"moved in the middle":                      {"github-review", func(h *hub) { h.Fault(githubtest.Fault{In: "/reviews", Answer: moved}) }, "redirects are not followed"},
		"moved before its events are read": {"github-review", func(h *hub) {
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
			h.Fault(githubtest.Fault{In: "/events", Answer: moved})
		}, "redirects are not followed"},
		"locked in the middle": {"github-comment", func(h *hub) {
			h.Fault(githubtest.Fault{In: "/comments", Answer: githubtest.Status(410, `{"message":"Issues are disabled"}`)})
		}, "410"},
		"a page for people": {"github-comment", body("/comments", "<html>Unicorn!</html>"), "no JSON"},
		"events that may not be seen": {"github-review", func(h *hub) {
			h.Dismiss(h.Review(number, ana.id, "CHANGES_REQUESTED", commit, ""))
			h.Fault(githubtest.Fault{In: "/events", Answer: githubtest.Status(403, `{"message":"Resource not accessible by integration"}`)})
		}, "did not let us see it"},
		"a review of a head that was forced away": {"github-review", func(h *hub) { h.Review(number, ana.id, "APPROVED", strings.Repeat("9", 40), "") }, "583231 approve 99"},
		"a reaction": {"github-comment", func(h *hub) { h.Comment(number, ana.id, ":+1: 👍") }, ""},
		"signs of patterns": {"github-comment", func(h *hub) {
			h.Comment(number, ana.id, "/approve .*")
			h.Comment(number, ana.id, "/(approve) "+request)
		}, ""},
		"in letters that only look so":     {"github-comment", func(h *hub) { h.Comment(number, ana.id, "/аpprove "+request) }, ""},
		"with something unseen in between": {"github-comment", func(h *hub) { h.Comment(number, ana.id, "/approve \u200b"+request) }, ""},
		"no member of the repository":      {"github-comment", func(h *hub) { h.Comment(number, olga.id, yes) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			c.set(h)
			found, err := Read(t.Context(), c.source, h.q)
			if err != nil {
				if c.want == "" || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), githubtest.JobToken) {
					t.Errorf("%v, want %q", err, c.want)
				}
				return
			}
			got := told(t, Found{Snapshot: found.Snapshot})
			for _, v := range found.Snapshot.Votes {
				if k := v.Account.Kind; k == event.AccountGhost || k == event.AccountService {
					got += " " + k
				}
				if strings.ContainsRune(v.Account.Login, '\u202e') {
					t.Errorf("%q", v.Account.Login)
				}
			}
			if got != c.want {
				t.Errorf("saw %q, want %q", got, c.want)
			}
			for _, r := range h.Asked() {
				if !strings.HasPrefix(r.RequestURI, "/api/v3/repos/acme/app") && r.RequestURI != "/api/graphql" {
					t.Errorf("asked for %s", r.RequestURI)
				}
			}
		})
	}
}

// No other host is asked, and none of them sees a token.
func TestNobodyElseSeesTheToken(t *testing.T) {
	var elsewhere int
	for _, status := range []int{301, 302, 303, 307, 308} {
		h := newHub(t)
		other := newHub(t)
		h.Fault(githubtest.Fault{In: "/reviews", Answer: githubtest.Status(status, "{}", "Location", other.API+"/repos/acme/app/pulls/7/reviews")})
		if _, err := Read(t.Context(), "github-review", h.q); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%d: %v", status, err)
		}
		elsewhere += len(other.Asked())
		h.Mend()
		h.Comment(number, ana.id, "/approve "+request)
		h.Fault(githubtest.Fault{In: "/api/graphql", Answer: githubtest.Status(status, `{"data":{"nodes":[null]}}`, "Location", strings.Replace(other.API, "/v3", "/graphql", 1))})
		if _, err := Read(t.Context(), "github-comment", h.q); !errors.Is(err, ErrUnavailable) {
			t.Errorf("in GraphQL, %d: %v", status, err)
		}
		elsewhere += len(other.Asked())
		s, away := newGitLabScene(t, "gitlab-note"), newGitLabScene(t, "gitlab-note")
		s.Fault(gitlabtest.Fault{In: "/notes", Answer: gitlabtest.Status(status, "{}", "Location", away.API+"/projects/6/merge_requests/7/notes")})
		if _, err := s.read(); !errors.Is(err, ErrUnavailable) {
			t.Errorf("GitLab, %d: %v", status, err)
		}
		elsewhere += len(away.Asked())
	}
	if elsewhere != 0 {
		t.Errorf("asked elsewhere %d times", elsewhere)
	}
}

// A clock that is years off is the snapshot's time, and for the policy to
// refuse; no clock at all is no snapshot.
func TestForgeClocks(t *testing.T) {
	for date, want := range map[string]string{
		"Mon, 02 Mar 1998 08:30:00 GMT": "1998-03-02T08:30:00Z", "Mon, 02 Mar 2099 08:30:00 GMT": "2099-03-02T08:30:00Z", "yesterday": "", "": "",
	} {
		h := newHub(t)
		h.q.Base = redated{http.DefaultTransport, date}
		found, err := Read(t.Context(), "github-review", h.q)
		got := ""
		if err == nil {
			got = found.Snapshot.Read.Time
		}
		if got != want || want == "" && !errors.Is(err, ErrUnavailable) {
			t.Errorf("%q: %q, %v", date, got, err)
		}
	}
}

// redated answers with another Date.
type redated struct {
	base http.RoundTripper
	date string
}

func (d redated) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.base.RoundTrip(r)
	if err == nil {
		resp.Header.Set("Date", d.date)
	}
	return resp, err
}

// The budget of one evaluation is six requests; a dismissed review costs one
// more, and so does whatever a role asks for about somebody, and so does the list
// of issues where no merged pull request has the commit. Comments that would count
// take one for each hundred of them: with that, comments stay within six for up to
// 99 reviews of what is deployed as the pull request's own commit.
func TestCallsOfEachSource(t *testing.T) {
	for source, want := range map[string]int{"github-comment": 6, "github-environment": 4, "github-review": 4} {
		h := newHub(t)
		h.Merge(number, commit)
		reviews := 100
		if source == "github-comment" {
			reviews = 99 // for a full page, the next one is asked for too
		}
		for i := range reviews {
			h.Review(number, mallory.id, "COMMENTED", commit, fmt.Sprint(i))
		}
		h.Approve(run, ana.id, "approved", production, "")
		h.Comment(number, ana.id, "/approve "+request)
		if s := h.snapshot(source); s.Read.Calls != len(h.Asked()) || s.Read.Calls > 6 || s.Read.Calls < want {
			t.Errorf("%s: %d calls, want %d to 6", source, s.Read.Calls, want)
		}
	}
	squashed := newHub(t)
	squashed.q.Commit = strings.Repeat("4", 40)
	squashed.Commit(squashed.q.Commit, tree, olga.id, bot.id, "")
	squashed.Merge(number, squashed.q.Commit)
	squashed.Comment(number, ana.id, "/approve "+request)
	if calls := squashed.snapshot("github-comment").Read.Calls; calls != 7 {
		t.Errorf("%d calls for a comment on what was merged as another commit, and docs/forge-votes.md says 7", calls)
	}
	h := newHub(t)
	for i := range 97 {
		h.Review(number, mallory.id, "COMMENTED", commit, fmt.Sprint(i))
	}
	h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "no")
	before := h.snapshot("github-review").Read.Calls
	h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
	if after := h.snapshot("github-review").Read.Calls; after != before+1 {
		t.Errorf("%d calls, then %d", before, after)
	}
	h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "the hundredth")
	if calls := h.snapshot("github-review").Read.Calls; calls > 6 {
		t.Errorf("%d calls for a hundred reviews", calls)
	}
}
