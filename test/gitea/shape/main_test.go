// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a Gitea says that has a pull request. The trees are as git names them.
const (
	head   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	merged = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	empty  = "4b825dc642cb6eb9a060e54bf8d69288fbee4904" // git's name of a tree with nothing in it
	blob   = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" // of a file with nothing in it
	one    = "df2b8fc99e1c1d4dbc0a854d9f72157f1d6ea078" // of a tree with that as "file"
)

func giteaAnswers() map[string]string {
	return map[string]string{
		"GET /repos/acme/app":                             `{"id":7,"owner":{"login":"acme"}}`,
		"GET /repos/acme/app/git/commits/" + head:         `{"sha":"` + head + `","commit":{"tree":{"sha":"` + head + `"}}}`,
		"GET /repos/acme/app/git/commits/" + merged:       `{"sha":"` + merged + `","commit":{"tree":{"sha":"` + merged + `"}}}`,
		"GET /repos/acme/app/git/trees/" + head:           `{"sha":"` + head + `","truncated":false,"tree":[]}`,
		"GET /repos/acme/app/git/trees/" + merged:         `{"sha":"` + merged + `","truncated":false,"tree":[{"path":"file","mode":"100644","type":"blob","sha":"` + blob + `"}]}`,
		"GET /repos/acme/app/pulls":                       `[{"number":1,"state":"closed","merged":true,"merge_commit_sha":"` + merged + `"},{"number":2,"state":"closed","merged":false},{"number":3,"state":"open","merged":false}]`,
		"GET /repos/acme/app/pulls/1/commits":             `[{"sha":"` + head + `"}]`,
		"GET /repos/acme/app/pulls/3/commits":             `[]`,
		"GET /repos/acme/app/pulls/1/reviews":             `[{"id":1,"state":"REQUEST_CHANGES","user":{"login":"bo"},"dismissed":true},{"id":2,"state":"REQUEST_REVIEW"},{"id":3,"state":"COMMENT","dismissed":false},{"id":4,"state":"NEWER"}]`,
		"GET /repos/acme/app/issues/1/timeline":           `[{"id":8,"type":"review"},{"id":9,"type":"dismiss_review","review_id":1,"user":{"login":"root"},"created_at":"2026-11-21T20:00:00Z"}]`,
		"GET /repos/acme/app/collaborators/ro/permission": `{"permission":"owner","role_name":"owner"}`,
		"GET /repos/acme/app/issues":                      `[{"number":9,"labels":[{"name":"gateledger"}]},{"number":8,"labels":[]},{"number":2,"labels":[{"name":"gateledger"}]}]`,
		"POST /repos/acme/app/statuses/" + head:           `{"id":5,"status":"success"}`,
		"POST /repos/acme/app/labels":                     `{"id":31,"name":"gateledger"}`,
		"GET /user":                                       `{"id":6,"login":"robot"}`,
		"GET /repos/acme/app/issues/1/comments":           `[{"id":21,"user":{"id":3,"login":"ana"},"body":"fine"}]`,
		"GET /repos/acme/app/issues/comments/21":          `{"id":21,"user":{"id":3,"login":"ana"},"created_at":"2026-11-21T20:00:00Z","updated_at":"2026-11-21T20:00:00Z"}`,
		"GET /repos/acme/app/issues/comments/22":          `{"id":22,"user":{"id":3,"login":"ana"},"created_at":"2026-11-21T20:00:00Z","updated_at":"2026-11-21T20:00:02Z"}`,
	}
}

// gitea is one that answers the first page of a list, and says what of.
func gitea(t *testing.T) *httptest.Server {
	t.Helper()
	answers := giteaAnswers()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api/v1")
		text, ok := answers[path]
		switch {
		case r.Header.Get("Authorization") != "Bearer mine":
			w.WriteHeader(http.StatusUnauthorized)
			text = `{"message":"who are you"}`
		case path == "POST /repos/acme/app/issues":
			body, _ := io.ReadAll(r.Body)
			text = fmt.Sprintf(`{"number":10,"made":%s}`, body)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			text = `{"message":"not here"}`
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusCreated)
		case r.URL.Query().Get("limit") == "4": // a page of more
			w.Header().Set("X-Total-Count", "9")
		case r.URL.Query().Get("page") > "1":
			text = `[]`
		}
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestShape(t *testing.T) {
	at := httptest.NewServer(newShape(gitea(t).URL))
	t.Cleanup(at.Close)
	app := "/api/v3/repos/acme/app"
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		want               string // a part of the answer
	}{
		"an account is a user":                      {"GET", app, "", 200, `{"id":7,"owner":{"login":"acme","type":"User"}}`},
		"a commit has its tree":                     {"GET", app + "/commits/" + head, "", 200, `"tree":{"sha":"` + empty + `"}`},
		"a tree with a file":                        {"GET", app + "/commits/" + merged, "", 200, `"tree":{"sha":"` + one + `"}`},
		"a commit that is not there":                {"GET", app + "/commits/cc", "", 422, `No commit found for SHA: cc`},
		"its pull request":                          {"GET", app + "/commits/" + head + "/pulls", "", 200, `[{"merge_commit_sha":"` + merged + `","merged":true,"number":1,"state":"closed"}]`},
		"that which it was merged by":               {"GET", app + "/commits/" + merged + "/pulls", "", 200, `"number":1`},
		"dismissed, and who was asked is no review": {"GET", app + "/pulls/1/reviews?page=1&per_page=100", "", 200, `[{"dismissed":true,"id":1,"state":"DISMISSED","user":{"login":"bo","type":"User"}},{"dismissed":false,"id":3,"state":"COMMENTED"},{"id":4,"state":"NEWER"}]`},
		"by whom, and what it was":                  {"GET", app + "/issues/1/events", "", 200, `[{"actor":{"login":"root","type":"User"},"created_at":"2026-11-21T20:00:00Z","dismissed_review":{"review_id":1,"state":"changes_requested"},"event":"review_dismissed","id":9}]`},
		"an owner may all":                          {"GET", app + "/collaborators/ro/permission", "", 200, `{"permission":"admin","role_name":"admin"}`},
		"issues with a label, the oldest first":     {"GET", app + "/issues?labels=gateledger&state=all", "", 200, `[{"labels":[{"name":"gateledger"}],"number":2},{"labels":[{"name":"gateledger"}],"number":9}]`},
		"a new one, with a label by its number":     {"POST", app + "/issues", `{"title":"x","labels":["gateledger"]}`, 200, `"made":{"labels":[31],"title":"x"}`},
		"a status has a state":                      {"POST", app + "/statuses/" + head, `{}`, 201, `"state":"success"`},
		"whose the token is":                        {"POST", "/api/graphql", `{}`, 200, `{"data":{"viewer":{"databaseId":6,"login":"robot"`},
		"comments have names":                       {"GET", app + "/issues/1/comments", "", 200, `"id":21,"node_id":"IC /repos/acme/app/issues/comments/21"`},
		"a comment that nobody edited":              {"POST", "/api/graphql", nodes("IC /repos/acme/app/issues/comments/21"), 200, `{"data":{"nodes":[{"__typename":"IssueComment","author":{"__typename":"User","databaseId":3},"editor":null,"fullDatabaseId":"21","includesCreatedEdit":false,"lastEditedAt":null}]}}`},
		"and one that somebody did":                 {"POST", "/api/graphql", nodes("IC /repos/acme/app/issues/comments/22"), 200, `"includesCreatedEdit":true,"lastEditedAt":"2026-11-21T20:00:02Z"`},
		"one that is gone, and a review":            {"POST", "/api/graphql", nodes("IC /repos/acme/app/issues/comments/21", "IC /repos/acme/app/issues/comments/23", "PRR 4"), 200, `},null,null]},"errors":[{"message":"Gitea does not tell","path":["nodes",1],"type":"NOT_FOUND"},{`},
		"runs: none":                                {"GET", app + "/actions/runs/1", "", 404, `Not Found`},
		"check runs: none":                          {"POST", app + "/check-runs", `{}`, 404, `Not Found`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, text := ask(t, at.URL, c.method, c.path, c.body, "Bearer mine")
			if resp.StatusCode != c.status || !strings.Contains(text, c.want) {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, text, c.status, c.want)
			}
			if resp, text := ask(t, at.URL, c.method, c.path, c.body, "Bearer another"); c.status < 400 && resp.StatusCode != 401 {
				t.Errorf("without the token: %d %s", resp.StatusCode, text)
			}
		})
	}
}

// nodes is a question about texts.
func nodes(ids ...string) string {
	body, err := json.Marshal(object{"query": "query($ids: [ID!]!) { … }", "variables": object{"ids": ids}})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func ask(t *testing.T, at, method, path, body, token string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, at+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, strings.TrimSpace(string(text))
}

// TestNextPage: a page says that another follows, where Gitea says of how many
// it is.
func TestNextPage(t *testing.T) {
	at := httptest.NewServer(newShape(gitea(t).URL))
	t.Cleanup(at.Close)
	for path, want := range map[string]bool{
		"/pulls/1/reviews?page=1&per_page=4": true,
		"/pulls/1/reviews?page=2&per_page=4": true,
		"/pulls/1/reviews?page=3&per_page=4": false, // three of four make twelve
		"/pulls/1/reviews?page=1":            false, // it does not say
	} {
		resp, text := ask(t, at.URL, "GET", "/api/v3/repos/acme/app"+path, "", "Bearer mine")
		if got := strings.Contains(resp.Header.Get("Link"), `rel="next"`); got != want || resp.Header.Get("Date") == "" {
			t.Errorf("%s: next %t, want %t: %s", path, got, want, text)
		}
	}
}

func TestTreeIDRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"a part of it":    `{"truncated":true,"tree":[]}`,
		"no list":         `{"truncated":false}`,
		"nothing":         `null`,
		"no name":         `{"truncated":false,"tree":[{"mode":"100644","sha":"` + blob + `"}]}`,
		"no id":           `{"truncated":false,"tree":[{"mode":"100644","path":"file","sha":"xyz"}]}`,
		"another's bytes": `{"truncated":false,"tree":[{"mode":"100644","path":"file","sha":"abcd"}]}`,
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if id, err := treeID(v); err == nil || id != "" {
			t.Errorf("%s: %q", name, id)
		}
	}
}

// TestGiteaIsGone: that nobody answers is no answer.
func TestGiteaIsGone(t *testing.T) {
	gone := gitea(t)
	at := httptest.NewServer(newShape(gone.URL))
	t.Cleanup(at.Close)
	gone.Close()
	codes := map[string]int{}
	for _, path := range []string{"", "/pulls/1/reviews", "/issues/1/events", "/commits/" + head + "/pulls", "/issues"} {
		resp, _ := ask(t, at.URL, "GET", "/api/v3/repos/acme/app"+path, "", "Bearer mine")
		codes[path] = resp.StatusCode
	}
	if diff := cmp.Diff(map[string]int{"": 502, "/pulls/1/reviews": 502, "/issues/1/events": 502, "/commits/" + head + "/pulls": 502, "/issues": 502}, codes); diff != "" {
		t.Error(diff)
	}
}
