// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/report"
)

const (
	secret  = "ghs_do-not-repeat"
	commit  = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
	request = "4f1c2ab39d4f1c2ab39d4f1c2ab39d4f1c2ab39d4f1c2ab39d4f1c2ab39d4f1c"
	bot     = 41898282
)

type object = map[string]any

// A forge is a GitHub and a GitLab that keep what they are told, in the shapes
// of their published API documents, with faults that a test puts before them.
// What passes at GitHub is held to its description.
type forge struct {
	t      *testing.T
	server *httptest.Server
	mu     sync.Mutex
	last   int
	asked  []string // method and path
	bodies []object // of writes
	fault  func(w http.ResponseWriter, r *http.Request) bool
	valid  *forgetest.Validator // before hub

	viewer, repository  int
	pulls               []object // of the commit
	statuses, runs      []object
	comments, issues    []object // comments of number 7
	merges, notes       []object
	pageSize, foreignID int // of a check run that is another app's
}

func newForge(t *testing.T) *forge {
	t.Helper()
	f := &forge{t: t, last: 300, viewer: bot, repository: 1296269, pageSize: 100}
	f.valid = forgetest.Validate(t, http.HandlerFunc(f.hub))
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

func (f *forge) next() int { f.last++; return f.last }

func (f *forge) env() map[string]string {
	return map[string]string{
		"GITHUB_API_URL": f.server.URL, "GITHUB_REPOSITORY": "acme/app", "GITHUB_TOKEN": secret,
		"CI_API_V4_URL": f.server.URL + "/api/v4", "CI_PROJECT_ID": "6", "GATELEDGER_GITLAB_TOKEN": secret,
	}
}

func (f *forge) query(n report.Notice) Query {
	env := f.env()
	return Query{Notice: n, Getenv: func(name string) string { return env[name] }, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond}
}

// send announces, and checks that no error tells the token.
func (f *forge) send(name string, q Query) (Placed, error) {
	f.t.Helper()
	p, err := Send(f.t.Context(), name, q)
	if all := fmt.Sprint(p, err); strings.Contains(all, secret) {
		f.t.Errorf("it tells the token: %s", all)
	}
	return p, err
}

func (f *forge) must(name string, n report.Notice) Placed {
	f.t.Helper()
	p, err := f.send(name, f.query(n))
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

// heard are the methods and paths of everything that was asked so far.
func (f *forge) heard() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// writes are the methods and paths of what was not only read.
func (f *forge) writes() []string {
	var out []string
	for _, a := range f.heard() {
		if !strings.HasPrefix(a, "GET ") && !strings.HasSuffix(a, "/graphql") {
			out = append(out, a)
		}
	}
	return out
}

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Method+" "+r.URL.Path)
	data, _ := io.ReadAll(r.Body)
	body := object{}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &body); err != nil || r.Header.Get("Content-Type") != "application/json" {
			f.t.Errorf("%s %s: %s", r.Method, r.URL, data)
		}
		f.bodies = append(f.bodies, body)
	}
	if f.fault != nil && f.fault(w, r) {
		return
	}
	if rest, ok := strings.CutPrefix(r.URL.Path, "/api/v4"); ok {
		if r.Header.Get("PRIVATE-TOKEN") != secret {
			f.t.Errorf("no token at %s", r.URL)
		}
		f.lab(w, r, rest, body)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+secret || r.Header.Get("X-GitHub-Api-Version") == "" {
		f.t.Errorf("headers %v", r.Header)
	}
	if r.URL.Path == "/graphql" {
		if r.Method != "POST" || body["query"] != "query { viewer { login databaseId } }" || len(body) != 1 {
			f.t.Errorf("%s %s: %v", r.Method, r.URL, body)
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	f.valid.ServeHTTP(w, r)
}

// hub answers as GitHub describes: the published examples, with what is ours.
func (f *forge) hub(w http.ResponseWriter, r *http.Request) {
	body := object{}
	_ = json.NewDecoder(r.Body).Decode(&body)
	user := object{"id": f.viewer, "login": "github-actions[bot]", "type": "Bot"}
	const repo = "/repos/acme/app"
	switch route := r.Method + " " + strings.TrimPrefix(r.URL.Path, repo); {
	case r.URL.Path == "/graphql":
		reply(w, 200, object{"data": object{"viewer": object{"login": "github-actions[bot]", "databaseId": f.viewer}}})
	case r.URL.Path == repo:
		whole := forgetest.Like("repos/get", object{"id": f.repository, "full_name": "acme/app"})
		whole["language"] = "Go"
		for _, other := range []string{"source", "parent", "template_repository"} {
			delete(whole, other)
		}
		reply(w, 200, whole)
	case route == "POST /statuses/"+commit:
		body["id"] = f.next()
		f.statuses = append(f.statuses, body)
		reply(w, 201, forgetest.Like("repos/create-commit-status", body))
	case route == "GET /commits/"+commit+"/check-runs":
		list := []any{}
		for _, run := range f.runs {
			list = append(list, likeRun(run))
		}
		reply(w, 200, object{"total_count": len(list), "check_runs": list})
	case route == "POST /check-runs":
		run := object{"id": f.next(), "html_url": "https://github.com/acme/app/runs/1", "conclusion": nil}
		f.setRun(run, body)
		f.runs = append([]object{run}, f.runs...)
		reply(w, 201, likeRun(run))
	case strings.HasPrefix(route, "PATCH /check-runs/"):
		run := f.byID(f.runs, "id", route)
		if run["id"] == f.foreignID {
			reply(w, 403, object{"message": "Invalid app_id"})
			return
		}
		f.setRun(run, body)
		reply(w, 200, likeRun(run))
	case route == "GET /commits/"+commit+"/pulls":
		f.page(w, r, likeAll("repos/list-pull-requests-associated-with-commit", f.pulls))
	case route == "GET /issues/7/comments":
		f.page(w, r, likeAll("issues/list-comments", f.comments))
	case route == "POST /issues/7/comments":
		c := object{"id": f.next(), "body": body["body"], "user": user, "html_url": "https://github.com/acme/app/pull/7#issuecomment-1"}
		f.comments = append(f.comments, c)
		reply(w, 201, forgetest.Like("issues/create-comment", c))
	case strings.HasPrefix(route, "PATCH /issues/comments/"):
		c := f.byID(f.comments, "id", route)
		c["body"] = body["body"]
		reply(w, 200, forgetest.Like("issues/update-comment", c))
	case route == "GET /issues":
		q := r.URL.Query()
		if q.Get("state") != "all" || q.Get("creator") != "github-actions[bot]" && q.Get("labels") != "gateledger" {
			f.t.Errorf("issues %s", r.URL.RawQuery)
		}
		list := slices.Clone(f.issues)
		if q.Get("labels") != "" {
			list = slices.DeleteFunc(list, func(i object) bool { return !slices.Contains(names(i["labels"]), "gateledger") })
		}
		f.page(w, r, likeAll("issues/list-for-repo", list))
	case route == "POST /issues":
		i := object{"number": f.next(), "state": "open", "title": body["title"], "body": body["body"], "user": user, "html_url": "https://github.com/acme/app/issues/1", "labels": labels(names(body["labels"])...)}
		f.issues = append(f.issues, i)
		reply(w, 201, likeIssue("issues/create", i))
	case strings.HasPrefix(route, "PATCH /issues/"):
		i := f.byID(f.issues, "number", route)
		for _, name := range []string{"title", "body", "state"} {
			i[name] = body[name]
		}
		if body["labels"] != nil {
			i["labels"] = labels(names(body["labels"])...)
		}
		reply(w, 200, likeIssue("issues/update", i))
	default:
		reply(w, 404, object{"message": "Not Found"})
	}
}

func likeRun(run object) object { return forgetest.Like("checks/update", run) }

// likeIssue is an issue as an operation shows it: no pull request, unless it is
// one.
func likeIssue(operation string, ours object) object {
	whole := forgetest.Like(operation, ours)
	if ours["pull_request"] == nil {
		delete(whole, "pull_request")
	}
	return whole
}

func likeAll(operation string, ours []object) []object {
	list := []object{}
	for _, o := range ours {
		one := likeIssue(operation, o)
		if _, pull := one["requested_teams"]; pull {
			one["requested_teams"] = []any{} // GitHub's example is older than its description
			for _, end := range []string{"head", "base"} {
				for _, old := range []string{"subscribers_count", "network_count", "template_repository"} {
					delete(one[end].(object)["repo"].(object), old)
				}
			}
		}
		list = append(list, one)
	}
	return list
}

// labels are labels as an issue has them, and names their names.
func labels(names ...string) []any {
	list := []any{}
	for i, name := range names {
		list = append(list, object{"id": i + 1, "node_id": "L", "url": "https://api.github.com/repos/acme/app/labels/x", "name": name, "description": "", "color": "f29513", "default": false})
	}
	return list
}

func names(list any) []string {
	var names []string
	all, _ := list.([]any)
	for _, l := range all {
		if o, ok := l.(object); ok {
			l = o["name"]
		}
		names = append(names, l.(string))
	}
	return names
}

// setRun changes a check run as GitHub does: annotations are added.
func (f *forge) setRun(run, body object) {
	if len(body["output"].(object)["summary"].(string)) > 65535 {
		f.t.Error("a summary over the limit")
	}
	count := 0
	if old, ok := run["output"].(object); ok {
		count = old["annotations_count"].(int)
	}
	if list, ok := body["output"].(object)["annotations"].([]any); ok {
		count += len(list)
		if len(list) > 50 {
			f.t.Errorf("%d annotations", len(list))
		}
	}
	for k, v := range body {
		run[k] = v
	}
	run["output"] = object{"annotations_count": count}
}

func (f *forge) lab(w http.ResponseWriter, r *http.Request, path string, body object) {
	switch route := r.Method + " " + strings.TrimPrefix(path, "/projects/6"); {
	case route == "GET /user":
		reply(w, 200, object{"id": f.viewer, "username": "project_6_bot"})
	case route == "POST /statuses/"+commit:
		if n := len(f.statuses); n > 0 && f.statuses[n-1]["status"] == "pending" && body["state"] == "pending" {
			reply(w, 400, object{"message": "Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via \"enqueue\")"})
			return
		}
		s := object{"id": f.next(), "status": body["state"], "name": body["name"], "sha": commit, "description": body["description"], "author": object{"id": f.viewer, "username": "project_6_bot"}}
		f.statuses = append(f.statuses, s)
		reply(w, 201, s)
	case route == "GET /repository/commits/"+commit+"/statuses":
		f.page(w, r, f.statuses)
	case route == "GET /repository/commits/"+commit+"/merge_requests":
		f.page(w, r, f.merges)
	case route == "GET /merge_requests/7/notes":
		f.page(w, r, f.notes)
	case route == "POST /merge_requests/7/notes":
		n := object{"id": f.next(), "body": body["body"], "system": false, "author": object{"id": f.viewer}}
		f.notes = append(f.notes, n)
		reply(w, 201, n)
	case strings.HasPrefix(route, "PUT /merge_requests/7/notes/"):
		n := f.byID(f.notes, "id", route)
		n["body"] = body["body"]
		reply(w, 200, n)
	default:
		reply(w, 404, object{"message": "404 Not Found"})
	}
}

func (f *forge) byID(list []object, member, route string) object {
	id, _ := strconv.Atoi(route[strings.LastIndex(route, "/")+1:])
	for _, o := range list {
		if o[member] == id {
			return o
		}
	}
	f.t.Errorf("%s: not there", route)
	return object{}
}

// page answers one page, with the headers of both forges' documents.
func (f *forge) page(w http.ResponseWriter, r *http.Request, list []object) {
	q := r.URL.Query()
	page, _ := strconv.Atoi(q.Get("page"))
	if q.Get("per_page") != "100" || page < 1 {
		f.t.Errorf("paging %s", r.URL.RawQuery)
	}
	from := min((page-1)*f.pageSize, len(list))
	to := min(from+f.pageSize, len(list))
	if to < len(list) {
		w.Header().Set("Link", `<`+f.server.URL+r.URL.Path+`?page=`+url.QueryEscape(strconv.Itoa(page+1))+`>; rel="next"`)
	}
	reply(w, 200, append([]object{}, list[from:to]...))
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// notice is one that waits, about production.
func notice(state string) report.Notice {
	marker := report.Marker("production")
	return report.Notice{
		Environment: "production", Commit: commit, Request: request, State: state,
		Title: "PENDING: ask ana", Description: "PENDING: missing: 1 more approval", Summary: "## PENDING", Marker: marker,
		Comment: marker + "\n" + state + " " + request + "\n", Issue: "Deploy production: " + state, Details: "https://github.com/acme/app/actions/runs/1",
		Annotations: []report.Annotation{{Path: ".gateledger.yml", Line: 1, Level: "notice", Title: "not yet", Message: "so"}},
	}
}
