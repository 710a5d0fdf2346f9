// SPDX-License-Identifier: Apache-2.0

package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

const (
	head = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
	ana  = 583231
)

func server(t *testing.T) (*githubtest.Server, *github.Client) {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	s.User(ana, "ana", "User")
	s.Pull(7, ana, head)
	c, err := github.New(github.Options{
		API: s.API, Repository: "acme/app", ID: githubtest.RepositoryID, Token: githubtest.JobToken,
		Base: http.DefaultTransport, Pause: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// TestNew says which addresses are GitHub's, and whose accounts they know.
func TestNew(t *testing.T) {
	for api, want := range map[string]string{
		"https://api.github.com":                   "github.com",
		"https://api.github.com/":                  "github.com",
		"https://API.GitHub.com":                   "github.com",
		"https://api.acme.ghe.com":                 "acme.ghe.com",
		"https://github.acme.example/api/v3":       "github.acme.example",
		"https://github.acme.example:8443/api/v3/": "github.acme.example:8443",
		"https://api.github.com/api/v3":            "",
		"https://github.com":                       "",
		"https://github.acme.example/api/v4":       "",
		"http://github.acme.example/api/v3":        "",
		"https://me:pw@api.github.com":             "",
		"https://api.github.com?x=1":               "",
		"":                                         "",
	} {
		c, err := github.New(github.Options{API: api, Repository: "acme/app", ID: 1, Token: "t", Base: http.DefaultTransport})
		switch {
		case want == "" && !errors.Is(err, github.ErrAddress):
			t.Errorf("%q: %v", api, err)
		case want != "" && (err != nil || c.Host != want):
			t.Errorf("%q: %v", api, err)
		}
	}
	for name, o := range map[string]github.Options{
		"no name":          {Repository: "acme", ID: 1, Token: "t"},
		"three names":      {Repository: "a/b/c", ID: 1, Token: "t"},
		"a name that goes": {Repository: "../b", ID: 1, Token: "t"},
		"no id":            {Repository: "a/b", Token: "t"},
		"a negative id":    {Repository: "a/b", ID: -1, Token: "t"},
	} {
		o.API = "https://api.github.com"
		if _, err := github.New(o); !errors.Is(err, github.ErrRepository) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, token := range []string{"", "a b", "a\r\nX: y", strings.Repeat("a", 32<<10+1)} {
		if _, err := github.New(github.Options{API: "https://api.github.com", Repository: "a/b", ID: 1, Token: token}); !errors.Is(err, github.ErrToken) {
			t.Errorf("%.20q: %v", token, err)
		}
	}
}

// What is asked is asked as GitHub wants it, of the one host.
func TestRequests(t *testing.T) {
	s, c := server(t)
	if _, _, err := c.PullRequestsOf(t.Context(), head); err != nil {
		t.Fatal(err)
	}
	r := s.Asked()[0]
	if r.Header.Get("Authorization") != "Bearer "+githubtest.JobToken || r.Header.Get("X-Github-Api-Version") == "" || r.Header.Get("User-Agent") == "" {
		t.Errorf("%v", r.Header)
	}
	if r.URL.RequestURI() != "/api/v3/repos/acme/app/commits/"+head+"/pulls?page=1&per_page=100" {
		t.Error(r.URL)
	}
	if first, calls := c.Asked(); calls != 1 || !first.Equal(s.Now()) {
		t.Errorf("%s, %d calls", first, calls)
	}
}

// A list is read to its end, once if it has one page, else until it is the same
// twice.
func TestPages(t *testing.T) {
	for n, want := range map[int]int{0: 1, 99: 1, 100: 2, 101: 4, 250: 6} {
		s, c := server(t)
		for range n {
			s.Comment(7, ana, "hm")
		}
		list, err := c.Comments(t.Context(), 7)
		if err != nil || len(list) != n || len(s.Asked()) != want {
			t.Errorf("%d: %d in %d calls, %v", n, len(list), len(s.Asked()), err)
		}
	}
}

// A list that changes while it is read is read again, and not for ever.
func TestListThatChanges(t *testing.T) {
	s, c := server(t)
	var ids []int64
	for range 150 {
		ids = append(ids, s.Comment(7, ana, "hm"))
	}
	s.Fault(githubtest.Fault{In: "page=2", Times: 1, Answer: func(http.ResponseWriter, *http.Request) bool { s.Delete(ids[0]); return false }})
	list, err := c.Comments(t.Context(), 7)
	if err != nil || len(list) != 149 || list[148].ID != ids[149] {
		t.Errorf("%d, %v", len(list), err)
	}
	s.Fault(githubtest.Fault{In: "page=2", Answer: func(http.ResponseWriter, *http.Request) bool { s.Comment(7, ana, "more"); return false }})
	if _, err := c.Comments(t.Context(), 7); !errors.Is(err, ask.ErrUnavailable) || !strings.Contains(err.Error(), "did not stay the same") {
		t.Error(err)
	}
}

func TestListWithoutEnd(t *testing.T) {
	s, c := server(t)
	s.Fault(githubtest.Fault{In: "/comments", Answer: githubtest.Status(200, "[]", "Link", `<https://api.github.com/x?page=2>; rel="next"`)})
	if _, err := c.Comments(t.Context(), 7); !errors.Is(err, ask.ErrUnavailable) || !strings.Contains(err.Error(), "over the limit of 100 pages") {
		t.Error(err)
	}
}

// A message names co-authors, and only mails that GitHub gives say whose they are.
func TestCoAuthors(t *testing.T) {
	for trailer, want := range map[string]string{
		"Co-authored-by: Ana <ANA@Example.com>":                                  "[{ana@example.com {0  }}]",
		"co-authored-by: Ana <583231+ana@users.noreply.127.0.0.1>":               "[{583231+ana@users.noreply.127.0.0.1 {583231 ana User}}]",
		"CO-AUTHORED-BY: B <49699333+dependabot[bot]@users.noreply.127.0.0.1>":   "[{49699333+dependabot[bot]@users.noreply.127.0.0.1 {49699333 dependabot[bot] Bot}}]",
		"Co-authored-by: Ana <583231+ana@users.noreply.github.example>":          "[{583231+ana@users.noreply.github.example {0  }}]",
		"Co-authored-by: Ana <ana@users.noreply.127.0.0.1>":                      "[{ana@users.noreply.127.0.0.1 {0  }}]",
		"Co-authored-by: Ana <0+ana@users.noreply.127.0.0.1>":                    "[{0+ana@users.noreply.127.0.0.1 {0  }}]",
		"Co-authored-by: Ana <99999999999999999999+ana@users.noreply.127.0.0.1>": "[{99999999999999999999+ana@users.noreply.127.0.0.1 {0  }}]",
		"Co-authored-by: Ana":      "[]",
		"As Co-authored-by: <a@b>": "[]",
		"Signed-off-by: Ana <a@b>": "[]",
	} {
		s, c := server(t)
		s.Commit(head, strings.Repeat("7", 40), ana, 0, "Change\n\n"+trailer+"\n")
		got, err := c.Commit(t.Context(), head)
		if err != nil || fmt.Sprint(got.CoAuthors) != want {
			t.Errorf("%s: %v, %v", trailer, got.CoAuthors, err)
		}
		if got.Author.ID != ana || got.Committer != (github.Account{}) {
			t.Errorf("%+v", got)
		}
	}
}

// Nothing that could stand for another path is asked for.
func TestNamesAreNoPaths(t *testing.T) {
	s, c := server(t)
	for _, login := range []string{"", "../x", "a/b", "a?b", "renovate[bot]", "аna", "-a"} {
		a := github.Account{ID: 5, Login: login}
		if _, err := c.Permission(t.Context(), a); !errors.Is(err, github.ErrNobody) {
			t.Errorf("%q: %v", login, err)
		}
		if _, err := c.TeamMembership(t.Context(), "acme", "leads", a); !errors.Is(err, github.ErrNobody) {
			t.Errorf("%q: %v", login, err)
		}
	}
	for _, team := range []string{"", "..", "a/b", "a b"} {
		if _, err := c.TeamMembership(t.Context(), "acme", team, github.Account{ID: ana, Login: "ana"}); !errors.Is(err, ask.ErrUnavailable) {
			t.Errorf("%q: %v", team, err)
		}
	}
	if n := len(s.Asked()); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

// An answer that makes the client's own types panic is an odd one like others.
func TestOddPermission(t *testing.T) {
	for _, body := range []string{
		`{}`, `[]`, `{"permission":"root","role_name":"root","user":{"id":583231}}`, `{"permission":"admin","user":null}`,
		`{"permission":"","user":{"id":583231}}`,
	} {
		s, c := server(t)
		s.Fault(githubtest.Fault{Answer: githubtest.Status(200, body)})
		if levels, err := c.Permission(t.Context(), github.Account{ID: ana, Login: "ana"}); !errors.Is(err, ask.ErrUnavailable) || levels != nil {
			t.Errorf("%s: %v, %v", body, levels, err)
		}
	}
	for role, want := range map[string]string{"release-manager": "[read triage write]", "write": "[read triage write]", "none": "[]"} {
		s, c := server(t)
		level := "write"
		if role == "none" {
			level = "none"
		}
		s.Fault(githubtest.Fault{Answer: githubtest.Status(200, fmt.Sprintf(`{"permission":%q,"role_name":%q,"user":{"id":583231,"login":"ana"}}`, level, role))})
		if levels, err := c.Permission(t.Context(), github.Account{ID: ana, Login: "ana"}); err != nil || fmt.Sprint(levels) != want {
			t.Errorf("%s: %v, %v", role, levels, err)
		}
	}
}

// A membership that is neither is an odd answer; a team is not asked for by a
// user's name.
func TestMembershipStates(t *testing.T) {
	s, c := server(t)
	s.Fault(githubtest.Fault{Answer: githubtest.Status(200, `{"state":"maybe"}`)})
	a := github.Account{ID: ana, Login: "ana"}
	if in, err := c.TeamMembership(t.Context(), "acme", "leads", a); in || !errors.Is(err, ask.ErrUnavailable) {
		t.Errorf("%t, %v", in, err)
	}
	s.Mend()
	s.Fault(githubtest.Fault{In: "/memberships/", Answer: githubtest.Status(404, "{}")})
	s.Fault(githubtest.Fault{In: "/teams/leads", Answer: githubtest.Status(404, "{}")})
	if in, err := c.TeamMembership(t.Context(), "acme", "leads", a); in || !errors.Is(err, ask.ErrRefused) {
		t.Errorf("%t, %v", in, err)
	}
}
