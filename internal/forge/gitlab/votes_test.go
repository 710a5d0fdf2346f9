// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// asPerson is a client with a token of one's own.
func asPerson(t *testing.T, s *gitlabtest.Server) *Client {
	t.Helper()
	c, err := New(Options{API: s.API, Token: gitlabtest.Token, Base: http.DefaultTransport, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// recorded is a client that is given an example from the documents.
func recorded(t *testing.T, name string) *Client {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return told(t, string(body))
}

func told(t testing.TB, body string) *Client {
	t.Helper()
	c, err := New(Options{API: "https://gitlab.example.com/api/v4", Token: "t", Base: says{body, ""}, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDocumentedAnswers reads what GitLab's documents show.
func TestDocumentedAnswers(t *testing.T) {
	ctx := t.Context()
	check := func(name, want string, got any, err error) {
		t.Helper()
		if s := fmt.Sprint(got); err != nil || s != want {
			t.Errorf("%s: %s, %v; want %s", name, s, err, want)
		}
	}
	approvals, err := recorded(t, "approvals.json").Approvals(ctx, 1, 5)
	check("approvals", "[{{1 root} 0001-01-01 00:00:00 +0000 UTC}]", approvals, err)
	versions, err := recorded(t, "versions.json").Versions(ctx, 1, 1)
	check("versions", "[{110 33e2ee8579fda5bc36accc9c6fbd0b4fefda9e30 2016-07-26 14:44:48.926 +0000 UTC} {108 3eed087b29835c48015768f839d76e5ea8f07a24 2016-07-25 14:21:33.028 +0000 UTC}]", versions, err)
	members, err := recorded(t, "members.json").ProjectMembers(ctx, 1, []int64{1, 2, 3})
	check("members", "map[1:30 2:30]", members, err)
	run, err := recorded(t, "pipeline.json").Pipeline(ctx, 21, "287")
	check("pipeline", "{50f0acb76a40e34a4ff304f7347dcc6587da8a14 push {1 root}}", run, err)
	ids, err := recorded(t, "deployments.json").DeploymentsOf(ctx, 1, "production", "99d03678b90d914dbb1b109132516d71a4a03ea8")
	check("deployments", "[41]", ids, err)
	said, err := recorded(t, "deployment.json").DeploymentVotes(ctx, 1, 42, "production", "a91957a858320c0e17f3a0eca7cfacbff50ea29a")
	check("deployment", "[{{49 project_6_bot} false Looks good to me 2022-02-24 20:22:30.097 +0000 UTC} {{100 security-user-1} false  2022-04-11 03:37:03.058 +0000 UTC}]", said, err)
}

// kinds lists every member of a document and what kind of value it has; those
// of the entries of a list are those of any of them.
func kinds(v any, at string, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			kinds(e, at+"."+k, into)
		}
	case []any:
		for _, e := range v {
			kinds(e, at+"[]", into)
		}
	case nil:
	default:
		into[at] = fmt.Sprintf("%T", v)
	}
}

// The server of our tests answers in the form that the documents show.
func TestServerAnswersAsDocumented(t *testing.T) {
	s, _ := open(t)
	s.Approve(project, number, 42, "ana")
	s.Member("6", 42, Developer, "active")
	s.Pipeline(project, 9, commit, "push", 42, "ana")
	d := s.Deployment(project, "production", commit)
	s.Judge(d, 42, "ana", "approved", "fine")
	asDocumented(t, s, map[string]string{
		"approvals.json":   "projects/6/merge_requests/7/approvals",
		"versions.json":    "projects/6/merge_requests/7/versions",
		"members.json":     "projects/6/members/all",
		"pipeline.json":    "projects/6/pipelines/9",
		"deployments.json": "projects/6/deployments?environment=production",
		"deployment.json":  fmt.Sprintf("projects/6/deployments/%d", d),
	})
}

// asDocumented holds what the server answers to the kinds of the documents that
// GitLab publishes, by the path of each.
func asDocumented(t *testing.T, s *gitlabtest.Server, documents map[string]string) {
	t.Helper()
	for name, path := range documents {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.API+"/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Private-Token", gitlabtest.Token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		documented, failed := os.ReadFile(filepath.Join("testdata", name))
		var ours, theirs any
		if err != nil || failed != nil || json.Unmarshal(body, &ours) != nil || json.Unmarshal(documented, &theirs) != nil {
			t.Fatalf("%s: %s, %v, %v", name, body, err, failed)
		}
		have, want := map[string]string{}, map[string]string{}
		kinds(ours, "", have)
		kinds(theirs, "", want)
		common := 0
		for at, kind := range want {
			if have[at] == "" {
				continue
			}
			if common++; have[at] != kind {
				t.Errorf("%s: %s is %s, in the documents %s", name, at, have[at], kind)
			}
		}
		if common < min(5, len(want)) {
			t.Errorf("%s: only %d members in common: %v, %v", name, common, have, want)
		}
	}
}

// asks are the questions, each about something that the server of the test has.
func asks() map[string]func(*testing.T, *Client) (any, error) {
	return map[string]func(*testing.T, *Client) (any, error){
		"/approvals":   func(t *testing.T, c *Client) (any, error) { return c.Approvals(t.Context(), project, number) },
		"/reviewers":   func(t *testing.T, c *Client) (any, error) { return c.Objections(t.Context(), project, number) },
		"/versions":    func(t *testing.T, c *Client) (any, error) { return c.Versions(t.Context(), project, number) },
		"/members/all": func(t *testing.T, c *Client) (any, error) { return c.ProjectMembers(t.Context(), project, []int64{42}) },
		"/groups/": func(t *testing.T, c *Client) (any, error) {
			return c.GroupMembers(t.Context(), "acme/leads", []int64{42})
		},
		"/users/":     func(t *testing.T, c *Client) (any, error) { return c.IsBot(t.Context(), 42) },
		"/pipelines/": func(t *testing.T, c *Client) (any, error) { return c.Pipeline(t.Context(), project, "9") },
		"/deployments?": func(t *testing.T, c *Client) (any, error) {
			return c.DeploymentsOf(t.Context(), project, "production", commit)
		},
		"/deployments/": func(t *testing.T, c *Client) (any, error) {
			return c.DeploymentVotes(t.Context(), project, 301, "production", commit)
		},
		"/merge_requests/": func(t *testing.T, c *Client) (any, error) { return c.MergeRequest(t.Context(), project, number) },
		"/tree":            func(t *testing.T, c *Client) (any, error) { return c.Tree(t.Context(), project, commit) },
	}
}

func stocked(t *testing.T) (*gitlabtest.Server, *Client) {
	t.Helper()
	s, _ := open(t)
	if id := s.Deployment(project, "production", commit); id != 301 {
		t.Fatal(id)
	}
	s.Approve(project, number, 42, "ana")
	s.Judge(301, 42, "ana", "rejected", "not on a Friday")
	s.Member("6", 42, Developer, "active")
	s.Member("acme/leads", 42, Guest, "active")
	s.Pipeline(project, 9, commit, "push", 42, "ana")
	s.Tree(commit, "hello\n")
	return s, asPerson(t, s)
}

// What one may ask is answered, and whatever else comes is an error: never
// less than there is.
func TestAnswersAreWholeOrErrors(t *testing.T) {
	for in, do := range asks() {
		s, c := stocked(t)
		if got, err := do(t, c); err != nil {
			t.Errorf("%s: %v, %v", in, got, err)
		}
		if at, calls := c.Seen(); at.IsZero() || calls != 1 {
			t.Errorf("%s: seen at %s with %d calls", in, at, calls)
		}
		for name, f := range map[string]struct {
			answer func(http.ResponseWriter, *http.Request) bool
			want   error
		}{
			"502":            {gitlabtest.Status(502, ""), ask.ErrUnavailable},
			"429":            {gitlabtest.Status(429, "", "Retry-After", "0"), ask.ErrUnavailable},
			"null":           {gitlabtest.Status(200, "null", "X-Next-Page", ""), ask.ErrUnavailable},
			"empty":          {gitlabtest.Status(200, ""), ask.ErrUnavailable},
			"a number":       {gitlabtest.Status(200, "7", "X-Next-Page", ""), ask.ErrUnavailable},
			"an object":      {gitlabtest.Status(200, "{}", "X-Next-Page", ""), ask.ErrUnavailable},
			"an empty thing": {gitlabtest.Status(200, "[{}]", "X-Next-Page", ""), ask.ErrUnavailable},
			"a list of null": {gitlabtest.Status(200, "[null]", "X-Next-Page", ""), ask.ErrUnavailable},
			"a redirect":     {gitlabtest.Status(302, "", "Location", "/"), ask.ErrUnavailable},
			"401":            {gitlabtest.Status(401, `{"message":"401 Unauthorized"}`), ask.ErrRefused},
			"403":            {gitlabtest.Status(403, `{"message":"403 Forbidden"}`), ask.ErrRefused},
			"404":            {gitlabtest.Status(404, `{"message":"404 Not found"}`), ask.ErrRefused},
		} {
			s.Mend()
			s.Fault(gitlabtest.Fault{In: in, Answer: f.answer})
			if got, err := do(t, c); !errors.Is(err, f.want) || strings.Contains(err.Error(), gitlabtest.Token) {
				t.Errorf("%s, %s: %v, %v", in, name, got, err)
			}
		}
	}
}

// TestOddAnswers are answers in the right form that say something impossible.
func TestOddAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		in, body string
	}{
		"approvals of another one":     {"/approvals", `{"iid":8,"approved_by":[]}`},
		"of another project":           {"/approvals", `{"project_id":8,"approved_by":[]}`},
		"approved by null":             {"/approvals", `{"approved_by":null}`},
		"approved by nobody":           {"/approvals", `{"approved_by":[{"user":null}]}`},
		"approved at no time":          {"/approvals", `{"approved_by":[{"user":{"id":1},"approved_at":"soon"}]}`},
		"a reviewer who is nobody":     {"/reviewers", `[{"user":null,"state":"requested_changes"}]`},
		"a review in what state":       {"/reviewers", `[{"user":{"id":1},"state":"vetoed"}]`},
		"a version of no commit":       {"/versions", `[{"id":1,"head_commit_sha":null,"created_at":"2026-03-02T08:00:00Z"}]`},
		"a version at no time":         {"/versions", `[{"id":1,"head_commit_sha":"` + commit + `"}]`},
		"a member without a state":     {"/members/all", `[{"id":42,"access_level":50}]`},
		"a member below nothing":       {"/members/all", `[{"id":42,"state":"active","access_level":-1}]`},
		"a member of a level in words": {"/members/all", `[{"id":42,"state":"active","access_level":"50"}]`},
		"another account":              {"/users/", `{"id":43,"bot":false}`},
		"a bot, perhaps":               {"/users/", `{"id":42}`},
		"another pipeline":             {"/pipelines/", `{"id":10,"sha":"` + commit + `"}`},
		"a deployment elsewhere":       {"/deployments?", `[{"id":1,"sha":"` + commit + `","environment":{"name":"staging"}}]`},
		"another deployment":           {"/deployments/", `{"id":302,"sha":"` + commit + `","environment":{"name":"production"}}`},
		"a deployment that moved":      {"/deployments/", `{"id":301,"sha":"` + strings.Repeat("1", 40) + `","environment":{"name":"production"}}`},
		"approved in other words":      {"/deployments/", `{"id":301,"sha":"` + commit + `","environment":{"name":"production"},"approvals":[{"user":{"id":1},"status":"maybe","created_at":"2026-03-02T08:00:00Z"}]}`},
		"another merge request":        {"/merge_requests/", `{"iid":8,"project_id":6}`},
		"an entry that climbs":         {"/tree", `[{"id":"` + commit + `","name":"../x","mode":"100644"}]`},
		"an entry of nothing":          {"/tree", `[{"id":"","name":"x","mode":"100644"}]`},
		"two entries of a name":        {"/tree", `[{"id":"` + commit + `","name":"x","mode":"100644"},{"id":"` + commit + `","name":"x","mode":"100755"}]`},
	} {
		s, client := stocked(t)
		s.Fault(gitlabtest.Fault{In: c.in, Answer: gitlabtest.Status(200, c.body, "X-Next-Page", "")})
		if got, err := asks()[c.in](t, client); !errors.Is(err, ask.ErrUnavailable) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Who is no active member has no level.
func TestLevels(t *testing.T) {
	s, _ := open(t)
	for id, m := range map[int64]struct {
		level int
		state string
	}{1: {Owner, "active"}, 2: {Developer, "blocked"}, 3: {Guest, "active"}, 4: {Maintainer, "banned"}} {
		s.Member("6", id, m.level, m.state)
	}
	var many []int64
	for id := range int64(120) {
		many = append(many, id+1)
		s.Member("acme/leads", id+1, Reporter, "active")
	}
	c := asPerson(t, s)
	if got, err := c.ProjectMembers(t.Context(), project, []int64{1, 2, 3, 4, 5}); err != nil || fmt.Sprint(got) != "map[1:50 3:10]" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := c.GroupMembers(t.Context(), "acme/leads", many); err != nil || len(got) != len(many) {
		t.Errorf("%d of %d, %v", len(got), len(many), err)
	}
	for _, group := range []string{"", "../users", "acme//leads", "acme/leads/", "acme?x=1", strings.Repeat("a", 300), "acme/none"} {
		if got, err := c.GroupMembers(t.Context(), group, []int64{1}); !errors.Is(err, ask.ErrRefused) {
			t.Errorf("%q: %v, %v", group, got, err)
		}
	}
}

// TestTreeID has trees whose ids Git itself gave.
func TestTreeID(t *testing.T) {
	const hello = "ce013625030ba8dba906f756967f9e9ca394464a" // blob "hello\n"
	for name, c := range map[string]struct {
		entries []entryWire
		digits  int
		want    string
	}{
		"empty":           {nil, 40, "4b825dc642cb6eb9a060e54bf8d69288fbee4904"},
		"empty, SHA-256":  {nil, 64, "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"},
		"one file":        {[]entryWire{{hello, "hello.txt", "100644"}}, 40, "aaa96ced2d9a1c8e72c56b253a0e2fe78393feb7"},
		"of other length": {[]entryWire{{hello, "hello.txt", "100644"}}, 64, ""},
	} {
		if got, err := treeID(c.entries, c.digits); got != c.want || (c.want == "") != (err != nil) {
			t.Errorf("%s: %s, %v; want %s", name, got, err, c.want)
		}
	}
	// A directory is sorted as if its name ended in a slash.
	one := []entryWire{{hello, "a", "040000"}, {hello, "a.b", "100644"}, {hello, "a0", "100644"}}
	if _, err := treeID(one, 40); err != nil || one[0].Name != "a.b" || one[1].Name != "a" {
		t.Errorf("%v, %v", one, err)
	}
}

// The kinds of names that GitLab gives.
func TestNamesOfNoHumans(t *testing.T) {
	for login, want := range map[string]string{
		"ana": "", "ghost": "ghost", "ghost1": "ghost", "ghostwriter": "",
		"project_6_bot_1f2e": "bot", "group_12_bot": "bot", "service_account_group_345_abc": "service",
	} {
		u, got := User{ID: 42, Login: login}, ""
		switch {
		case u.Ghost():
			got = "ghost"
		case u.Bot():
			got = "bot"
		case u.Service():
			got = "service"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", login, got, want)
		}
	}
	if !(User{Login: "ana"}).Ghost() {
		t.Error("an account without a number is somebody's")
	}
}

// Whatever a forge answers about votes is an error, or is somebody's.
func FuzzVotes(f *testing.F) {
	for _, name := range []string{"approvals.json", "versions.json", "members.json", "pipeline.json", "deployments.json", "deployment.json"} {
		body, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(body))
	}
	f.Add(`{"approved_by":[{"user":{"id":1,"username":"a"},"approved_at":"2026-03-02T09:00:00Z"}]}`)
	f.Add("null")
	f.Fuzz(func(t *testing.T, body string) {
		c, ctx := told(t, body), t.Context()
		approvals, err := c.Approvals(ctx, 1, 5)
		for _, a := range approvals {
			if err != nil || a.User.ID <= 0 {
				t.Errorf("%+v, %v", a, err)
			}
		}
		versions, err := c.Versions(ctx, 1, 5)
		for _, v := range versions {
			if err != nil || v.Created.IsZero() || !objectPattern.MatchString(v.Head) {
				t.Errorf("%+v, %v", v, err)
			}
		}
		members, err := c.ProjectMembers(ctx, 1, []int64{1})
		for id, level := range members {
			if err != nil || id <= 0 || level < 0 {
				t.Errorf("%d %d, %v", id, level, err)
			}
		}
		said, err := c.DeploymentVotes(ctx, 1, 42, "production", "a91957a858320c0e17f3a0eca7cfacbff50ea29a")
		for _, d := range said {
			if err != nil || d.User.ID <= 0 || d.At.IsZero() {
				t.Errorf("%+v, %v", d, err)
			}
		}
		if tree, err := c.Tree(ctx, 1, commit); (tree == "") != (err != nil) {
			t.Errorf("%q, %v", tree, err)
		}
	})
}
