// SPDX-License-Identifier: Apache-2.0

package forgetest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A witness notes what a test would fail with.
type witness struct {
	mu   sync.Mutex
	said []string
}

func (w *witness) Helper() {}

func (w *witness) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

// says answers everything with a status, a Content-Type and a body.
func says(status int, kind string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

const jsonType = "application/json; charset=utf-8"

// passes sends a request through Validate and returns what is wrong.
func passes(method, target, body string, header http.Header, h http.Handler) []string {
	w := &witness{}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		r.Header[k] = v
	}
	Validate(w, h).ServeHTTP(httptest.NewRecorder(), r)
	return w.said
}

// wrongExamples are the examples of GitHub's description that do not fit it.
var wrongExamples = map[string][]string{
	"repos/get-branch-protection": {
		`/required_pull_request_reviews/dismissal_restrictions/apps/0/owner: value doesn't match any schema from "oneOf"`,
		`/required_pull_request_reviews/dismissal_restrictions/teams/0/type: property "type" is missing`,
		`/required_status_checks/checks: property "checks" is missing`,
		`/restrictions/teams/0/type: property "type" is missing`,
	},
	"repos/list-pull-requests-associated-with-commit": {`/0/requested_teams/0/type: property "type" is missing`},
	"repos/get": {`/source/language: property "language" is missing`, `/language: property "language" is missing`},
	"repos/get-collaborator-permission-level": {`/user/role_name: property "role_name" is missing`},
	"repos/get-commit":                        {`/files/0/contents_url: property "contents_url" is missing`, `/files/0/sha: property "sha" is missing`},
	"actions/list-jobs-for-workflow-run":      {`/jobs/0/created_at: property "created_at" is missing`},
	"actions/re-run-job-for-workflow-run":     {`/: Value is not nullable`},
	"actions/re-run-workflow-failed-jobs":     {`/: Value is not nullable`},
	"actions/get-pending-deployments-for-run": {`/0/reviewers/1/reviewer: doesn't match any schema from "anyOf"`},
	"apps/create-installation-access-token":   {`/repositories/0/network_count: no such field`, `/repositories/0/subscribers_count: no such field`, `/repositories/0/template_repository: no such field`},
	"teams/get-by-name":                       {`/organization/archived_at: property "archived_at" is missing`, `/type: property "type" is missing`},
	"pulls/get":                               {`/requested_teams/0/type: property "type" is missing`},
}

// What GitHub says an operation takes and answers passes: the checks are not
// stricter than GitHub.
func TestGitHubsExamples(t *testing.T) {
	variable := regexp.MustCompile(`{[a-z_]+}`)
	for id, route := range operations(description(t)) {
		for _, status := range []int{200, 201} {
			described := route.Operation.Responses.Status(status)
			if described == nil {
				continue
			}
			sent := ""
			if in := route.Operation.RequestBody; in != nil {
				for _, name := range slices.Sorted(maps.Keys(in.Value.Content["application/json"].Examples)) {
					data, err := json.Marshal(in.Value.Content["application/json"].Examples[name].Value.Value)
					if err != nil {
						t.Fatal(err)
					}
					sent = string(data)
				}
			}
			for name, e := range described.Value.Content["application/json"].Examples {
				data, err := json.Marshal(e.Value.Value)
				if err != nil {
					t.Fatal(err)
				}
				said := passes(route.Method, variable.ReplaceAllString(route.Path, "7"), sent, nil, says(status, jsonType, data))
				want := wrongExamples[id]
				if len(said) != len(want) {
					t.Errorf("%s, %s: %q", id, name, said)
					continue
				}
				for _, w := range want {
					if !strings.Contains(strings.Join(said, "\n"), ": "+w) {
						t.Errorf("%s, %s: does not say %s", id, name, w)
					}
				}
			}
		}
	}
}

const (
	reviews = "/repos/o/r/pulls/7/reviews"
	checks  = "/repos/o/r/check-runs"
	rule    = "/repos/o/r/actions/runs/7/deployment_protection_rule"
	verdict = `{"environment_name":"production","state":"approved","comment":"two people"}`
)

// edit changes the first object of an answer.
func edit(change func(map[string]any)) func(any) any {
	return func(v any) any {
		first := v
		if list, ok := v.([]any); ok {
			first = list[0]
		}
		change(first.(map[string]any))
		return v
	}
}

// Requests to GitHub that it would not take as they were meant.
func TestWrongRequests(t *testing.T) {
	list, err := json.Marshal(Example("pulls/list-reviews"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, method, target, body, want string
		kind                             string // Content-Type
	}{
		{name: "unknown path", method: "GET", target: "/repos/o/r/pulls/7/approvals", want: "no such operation"},
		{name: "unknown method", method: "PUT", target: reviews, want: "no such operation"},
		{name: "empty owner", method: "GET", target: "/repos//r/pulls/7/reviews", want: "no such operation"},
		{name: "word for a number", method: "GET", target: "/repos/o/r/pulls/seven/reviews", want: `path parameter "pull_number"`},
		{name: "unknown query", method: "GET", target: reviews + "?state=approved", want: `unknown query parameter "state"`},
		{name: "query of another case", method: "GET", target: reviews + "?Per_Page=100", want: `unknown query parameter "Per_Page"`},
		{name: "query twice", method: "GET", target: reviews + "?page=1&page=2", want: `"page" is there 2 times`},
		{name: "no number of a page", method: "GET", target: reviews + "?page=next", want: `query parameter "page"`},
		{name: "too big a page", method: "GET", target: reviews + "?per_page=101", want: "per_page is 101"},
		{name: "empty page", method: "GET", target: reviews + "?per_page=0", want: "per_page is 0"},
		{name: "wrong enum in the query", method: "GET", target: "/repos/o/r/issues?state=any", want: `query parameter "state"`},
		{name: "body where there is none", method: "GET", target: reviews, body: "{}", want: "the operation takes none"},
		{name: "no body", method: "POST", target: rule, want: "body: "},
		{name: "null body", method: "POST", target: rule, body: "null", want: "Value is not nullable"},
		{name: "a field missing of the nearest alternative", method: "POST", target: rule, body: `{"environment_name":"e"}`, want: `(/comment: property "comment" is missing)`},
		{name: "no JSON", method: "POST", target: rule, body: "{", want: "body: "},
		{name: "two values", method: "POST", target: rule, body: verdict + "{}", want: "after top-level value"},
		{name: "another content type", method: "POST", target: rule, body: verdict, kind: "text/plain", want: "Content-Type"},
		{name: "missing field", method: "POST", target: "/repos/o/r/statuses/abc", body: `{"context":"gate"}`, want: `property "state" is missing`},
		{name: "wrong enum", method: "POST", target: "/repos/o/r/statuses/abc", body: `{"state":"approved"}`, want: "/state: "},
		{name: "wrong type", method: "POST", target: "/repos/o/r/issues/7/comments", body: `{"body":7}`, want: "/body: value must be a string"},
		{name: "unknown field", method: "POST", target: "/repos/o/r/issues/7/comments", body: `{"body":"b","text":"t"}`, want: "/text: no such field"},
		{name: "unknown field inside", method: "POST", target: checks, body: `{"name":"n","head_sha":"s","output":{"title":"t","summary":"s","body":"b"}}`, want: "/output/body: no such field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := http.Header{}
			if c.kind != "" {
				header.Set("Content-Type", c.kind)
			}
			said := passes(c.method, c.target, c.body, header, says(200, jsonType, list))
			if all := strings.Join(said, "\n"); !strings.Contains(all, c.want) || !strings.Contains(all, strings.Split(c.target, "?")[0]) {
				t.Errorf("says %q, want %q", said, c.want)
			}
		})
	}
}

// Answers that GitHub would not give.
func TestWrongAnswers(t *testing.T) {
	for _, c := range []struct {
		name, operation, method, target, body string
		status                                int // 0: 200
		lie                                   func(any) any
		raw                                   string // in the place of the lie
		kind                                  string // Content-Type
		want                                  string
	}{
		{name: "missing field", lie: edit(func(o map[string]any) { delete(o, "user") }), want: `/0/user: property "user" is missing`},
		{name: "null where there is something", lie: edit(func(o map[string]any) { o["id"] = nil }), want: "/0/id: Value is not nullable"},
		{name: "wrong type", lie: edit(func(o map[string]any) { o["id"] = "80" }), want: "/0/id: value must be an integer"},
		{name: "wrong enum", lie: edit(func(o map[string]any) { o["author_association"] = "BOSS" }), want: "/0/author_association: "},
		{name: "no time", lie: edit(func(o map[string]any) { o["submitted_at"] = "yesterday" }), want: "/0/submitted_at: "},
		{name: "unknown field", lie: edit(func(o map[string]any) { o["approved"] = true }), want: "/0/approved: no such field"},
		{name: "unknown field inside", lie: edit(func(o map[string]any) { o["user"].(map[string]any)["mail"] = "m" }), want: "/0/user/mail: no such field"},
		{name: "object for a list", lie: func(v any) any { return v.([]any)[0] }, want: "/: value must be an array"},
		{name: "null body", raw: "null", want: "/: Value is not nullable"},
		{name: "null item", raw: "[null]", want: "/0: Value is not nullable"},
		{name: "no body", raw: "", want: "body: "},
		{name: "no JSON", raw: "[", want: "body: "},
		{name: "two values", raw: "[][]", want: "after top-level value"},
		{name: "another content type", raw: "[]", kind: "text/html", want: `Content-Type is "text/html"`},
		{name: "no content type", raw: "[]", kind: "-", want: `Content-Type is ""`},
		{name: "a status that is not described", raw: "[]", status: 202, want: "status 202 is not described"},
		{name: "created by reading", raw: "[]", status: 201, want: "status 201 is not described"},
		{name: "an error that says nothing", raw: "{}", status: 500, want: "/message: an error says"},
		{name: "an error of another form", raw: `{"message":5}`, status: 403, want: "/message: value must be a string"},
		{name: "an error that is a page", raw: "<html>", status: 502, kind: "text/html", want: `Content-Type is "text/html"`},
		{name: "an error that is no JSON", raw: "{", status: 502, want: "body: unexpected end"},
		{name: "304 that nobody asked for", raw: "", status: 304, want: "nobody asked with a condition"},
		{name: "304 with a body", raw: "[]", status: 304, want: "status 304 has a body"},
		{name: "too long a page", lie: func(v any) any { return slices.Repeat(v.([]any), 31) }, want: "a page of 30 items has 31"},
		{name: "longer a page than asked for", target: reviews + "?per_page=1", lie: func(v any) any { return slices.Repeat(v.([]any), 2) }, want: "a page of 1 items has 2"},
		{
			name: "too long a page in an object", operation: "checks/list-for-ref", target: "/repos/o/r/commits/abc/check-runs?per_page=1",
			lie: edit(func(o map[string]any) { o["check_runs"] = slices.Repeat(o["check_runs"].([]any), 2) }), want: "a page of 1 items has 2",
		},
		{name: "body on 204", method: "POST", target: rule, body: verdict, status: 204, raw: "{}", want: "status 204 has a body"},
		{name: "wrong type in another operation", operation: "repos/get-environment", target: "/repos/o/r/environments/e", lie: edit(func(o map[string]any) { o["protection_rules"] = "none" }), want: "/protection_rules: value must be an array"},
		{name: "a number in quotes", operation: "actions/get-workflow-run", target: "/repos/o/r/actions/runs/7", lie: edit(func(o map[string]any) { o["run_attempt"] = "1" }), want: "/run_attempt: value must be an integer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.operation == "" {
				c.operation = "pulls/list-reviews"
			}
			data := []byte(c.raw)
			if c.lie != nil {
				var err error
				if data, err = json.Marshal(c.lie(Example(c.operation))); err != nil {
					t.Fatal(err)
				}
			}
			said := passes(or(c.method, "GET"), or(c.target, reviews), c.body, nil, says(max(c.status, 200), strings.Trim(or(c.kind, jsonType), "-"), data))
			if len(said) == 0 || !strings.Contains(strings.Join(said, "\n"), c.want) {
				t.Errorf("says %q, want %q", said, c.want)
			}
		})
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// Answers that GitHub gives, described or not.
func TestRightAnswers(t *testing.T) {
	asked := http.Header{"If-None-Match": {`"e"`}}
	for _, c := range []struct {
		name, method, target, body string
		header                     http.Header
		status                     int
		kind, answer               string
	}{
		{"nothing there", "GET", reviews, "", nil, 200, jsonType, "[]"},
		{"the biggest page", "GET", reviews + "?per_page=100&page=2", "", nil, 200, jsonType, "[]"},
		{"not modified", "GET", reviews, "", asked, 304, "", ""},
		{"bad token", "GET", reviews, "", nil, 401, jsonType, `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}`},
		{"not found, described", "GET", "/repos/o/r", "", nil, 404, jsonType, `{"message":"Not Found"}`},
		{"too many calls", "GET", reviews, "", nil, 429, jsonType, `{"message":"You have exceeded a secondary rate limit."}`},
		{"an empty bad gateway", "GET", reviews, "", nil, 502, "", ""},
		{"no such commit", "GET", "/repos/o/r/commits/abc/pulls", "", nil, 422, jsonType, `{"message":"No commit found for SHA: abc","status":"422"}`},
		{"no such commit, described", "GET", "/repos/o/r/commits/abc", "", nil, 422, jsonType, `{"message":"No commit found for SHA: abc","documentation_url":"d","status":"422"}`},
		{"no content", "POST", rule, verdict, nil, 204, "", ""},
		{"run again", "POST", "/repos/o/r/actions/runs/7/rerun-failed-jobs", "", nil, 201, jsonType, "{}"},
		{"on a server of one's own", "GET", "/api/v3" + reviews, "", nil, 200, jsonType, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if said := passes(c.method, c.target, c.body, c.header, says(c.status, c.kind, []byte(c.answer))); len(said) > 0 {
				t.Errorf("says %q", said)
			}
		})
	}
}

func TestTheHandlerGetsTheWholeRequest(t *testing.T) {
	const body = `{"body":"b"}`
	var got string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = r.URL.RequestURI() + " " + string(data)
		w.WriteHeader(404)
	})
	passes("PATCH", "/api/v3/repos/o/r/issues/comments/7", body, nil, h)
	if want := "/api/v3/repos/o/r/issues/comments/7 " + body; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatIsNotDescribedIsNotPassedOn(t *testing.T) {
	w := &witness{}
	v := Validate(w, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("passed on") }))
	rec := httptest.NewRecorder()
	v.ServeHTTP(rec, httptest.NewRequest("DELETE", "/repos/o/r", nil))
	if rec.Code != 404 || len(w.said) != 1 || v.Calls("")[0].Operation != "" {
		t.Errorf("%d, %q", rec.Code, w.said)
	}
	v.ServeHTTP(rec, httptest.NewRequest("POST", checks, strings.NewReader(strings.Repeat(" ", maxBody+1))))
	if len(w.said) != 2 || !strings.Contains(w.said[1], "at most 1048576 bytes") {
		t.Errorf("says %q", w.said)
	}
}

// server serves v until the test ends.
func server(t *testing.T, v *Validator) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(v)
	s.Config.SetKeepAlivesEnabled(false) // a client asks again on its own when a kept connection ends
	t.Cleanup(s.Close)
	return s
}

// get asks, and returns status and body; 0 and what there was of the body if
// the connection ended early.
func get(t *testing.T, s *httptest.Server, target, etag string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, string(data)
	}
	return resp.StatusCode, string(data)
}

// empty answers [] with an entity tag, or 304 to who has it.
func empty(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"e"`)
	if r.Header.Get("If-None-Match") == `"e"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	says(200, jsonType, []byte("[]"))(w, r)
}

func TestLog(t *testing.T) {
	v := Validate(t, http.HandlerFunc(empty))
	s := server(t, v)
	get(t, s, reviews+"?per_page=5", "")
	get(t, s, reviews, `"e"`)
	get(t, s, reviews, `"old"`)
	get(t, s, "/repos/o/r/issues/7/comments", `"e"`)

	for operation, want := range map[string]Counts{
		"":                     {Full: 2, NotModified: 2},
		"pulls/list-reviews":   {Full: 2, NotModified: 1},
		"issues/list-comments": {NotModified: 1},
		"pulls/get":            {},
	} {
		if got := v.Counts(operation); got != want {
			t.Errorf("%q: got %+v, want %+v", operation, got, want)
		}
	}
	calls := v.Calls("pulls/list-reviews")
	if c := calls[0]; c.Method != "GET" || c.Path != reviews || c.Query != "per_page=5" || c.Conditional || c.Status != 200 {
		t.Errorf("first: %+v", c)
	}
	if c := calls[1]; !c.Conditional || c.Status != 304 || c.Header.Get("If-None-Match") != `"e"` {
		t.Errorf("second: %+v", c)
	}
	v.Forget()
	if len(v.Calls("")) != 0 {
		t.Error("does not forget")
	}
}

func TestFaults(t *testing.T) {
	v := Validate(t, http.HandlerFunc(empty))
	s := server(t, v)
	asks := func(want ...int) {
		t.Helper()
		for i, w := range want {
			if status, _ := get(t, s, reviews, ""); status != w {
				t.Errorf("answer %d is %d, want %d", i+1, status, w)
			}
		}
		v.ClearFaults()
	}

	v.Fault(Fault{Status: 500, Skip: 1, Times: 2})
	asks(200, 500, 500, 200)
	v.Fault(Fault{Status: 418}) // for ever, and not described
	asks(418, 418, 418)
	v.Fault(Fault{Operation: "pulls/get", Status: 500})
	v.Fault(Fault{In: "page=2", Status: 500})
	asks(200)
	v.Fault(Fault{Operation: "pulls/list-reviews", In: "/7/", Status: 503, Times: 1})
	v.Fault(Fault{Status: 502, Times: 1}) // its turn comes when the first is done
	asks(503, 502, 200)
	v.Fault(Fault{Drop: true, Times: 1})
	v.Fault(Fault{Delay: time.Millisecond, Times: 1})
	asks(0, 200)

	v.Fault(Fault{Status: 200, Header: http.Header{"Content-Length": {"9"}}, Body: "[{", Drop: true})
	if status, body := get(t, s, reviews, ""); status != 0 || body != "[{" {
		t.Errorf("got %d %q", status, body)
	}
	v.ClearFaults()
	v.Fault(Fault{Status: 403, Header: http.Header{"retry-after": {"7"}}, Body: "slow"})
	resp, err := s.Client().Get(s.URL + reviews)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 403 || resp.Header.Get("Retry-After") != "7" {
		t.Errorf("got %d %v", resp.StatusCode, resp.Header)
	}
	calls := v.Calls("")
	if last := calls[len(calls)-1]; !last.Faulted || last.Status != 403 || calls[0].Faulted {
		t.Errorf("last %+v, first %+v", last, calls[0])
	}
}

func TestDelayEndsWithTheRequest(t *testing.T) {
	v := Validate(t, http.HandlerFunc(empty))
	v.Fault(Fault{Delay: time.Hour, Status: 500})
	s := server(t, v)
	client := s.Client()
	client.Timeout = 20 * time.Millisecond
	if _, err := client.Get(s.URL + reviews); err == nil {
		t.Error("answered")
	}
	s.Close() // waits for the handler
	if c := v.Calls(""); len(c) != 1 || !c[0].Faulted {
		t.Errorf("log: %+v", c)
	}
}

func TestManyAtOnce(t *testing.T) {
	v := Validate(t, http.HandlerFunc(empty))
	v.Fault(Fault{Status: 500, Times: 5})
	s := server(t, v)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { get(t, s, reviews, "") })
	}
	wg.Wait()
	failed := 0
	for _, c := range v.Calls("") {
		if c.Status == 500 {
			failed++
		}
	}
	if n := v.Counts("").Full; n != 20 || failed != 5 {
		t.Errorf("%d calls, %d failed", n, failed)
	}
}
