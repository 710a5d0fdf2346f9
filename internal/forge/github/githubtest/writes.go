// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What can be written: comments, issues, commit statuses and check runs, each
// by the account of the token.

// botID is the account of jobs' own tokens.
const botID = 41898282

type writes struct {
	signedIn map[string]int64 // token to account
	issues   []*issue
	statuses []map[string]any
	runs     []map[string]any // check runs, the newest first

	merging // see mergeable.go
}

type issue struct {
	number, author     int64
	title, body, state string
	labels             []string
	comments           []*comment
}

// A thread is what comments stand under: a pull request or an issue.
type thread struct {
	kind     string // pull or issues
	number   int64
	comments *[]*comment // nil: there is no such thread
}

func (s *Server) threads() []thread {
	var all []thread
	for _, p := range s.pulls {
		all = append(all, thread{"pull", p.number, &p.comments})
	}
	for _, i := range s.writes.issues {
		all = append(all, thread{"issues", i.number, &i.comments})
	}
	return all
}

func (s *Server) thread(number string) thread {
	for _, t := range s.threads() {
		if fmt.Sprint(t.number) == number {
			return t
		}
	}
	return thread{}
}

func (s *Server) comment(id int64) (thread, *comment) {
	for _, t := range s.threads() {
		for _, c := range *t.comments {
			if c.id == id {
				return t, c
			}
		}
	}
	return thread{}, nil
}

func (s *Server) say(t thread, author int64, body string) *comment {
	id, at := s.next()
	c := &comment{id, author, body, at, at, nil}
	*t.comments = append(*t.comments, c)
	return c
}

// SignIn makes a token one of an account.
func (s *Server) SignIn(token string, account int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes.signedIn[token] = account
}

// Issue opens an issue, and returns its number.
func (s *Server) Issue(author int64, title, body string, labels ...string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open(author, title, body, labels).number
}

func (s *Server) open(author int64, title, body string, labels []string) *issue {
	number, _ := s.next()
	i := &issue{number: number, author: author, title: title, body: body, state: "open", labels: labels}
	s.writes.issues = append(s.writes.issues, i)
	return i
}

// Thread is what an issue or pull request shows: of an issue its title, state,
// labels and text, then every comment, each after a line of dashes.
func (s *Server) Thread(number int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, i := range s.writes.issues {
		if i.number == number {
			fmt.Fprintf(&b, "%s [%s] %s\n%s\n", i.title, i.state, strings.Join(i.labels, ","), i.body)
		}
	}
	if t := s.thread(fmt.Sprint(number)); t.comments != nil {
		for _, c := range *t.comments {
			fmt.Fprintf(&b, "---- %d\n%s\n", c.author, c.body)
		}
	}
	return b.String()
}

// Issues are the numbers of all issues, the oldest first.
func (s *Server) Issues() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var numbers []int64
	for _, i := range s.writes.issues {
		numbers = append(numbers, i.number)
	}
	return numbers
}

// Statuses are the commit statuses that were set, the oldest first.
func (s *Server) Statuses() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.writes.statuses)
}

func (s *Server) routeWrites(repository string) {
	for route, serve := range map[string]func(http.ResponseWriter, *http.Request, map[string]any){
		"POST " + repository + "/issues/{number}/comments": s.addComment,
		"PATCH " + repository + "/issues/comments/{id}":    s.changeComment,
		"POST " + repository + "/issues":                   s.addIssue,
		"PATCH " + repository + "/issues/{number}":         s.changeIssue,
		"POST " + repository + "/statuses/{sha}":           s.addStatus,
		"POST " + repository + "/check-runs":               s.addRun,
		"PATCH " + repository + "/check-runs/{id}":         s.changeRun,
	} {
		s.mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
			body := map[string]any{}
			data, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(data, &body); err != nil {
				say(w, http.StatusBadRequest, "Problems parsing JSON")
				return
			}
			serve(w, r, body)
		})
	}
	s.mux.HandleFunc("POST /api/graphql", s.serveGraph)
	s.mux.HandleFunc("GET "+repository+"/issues", s.serveIssues)
	s.mux.HandleFunc("GET "+repository+"/commits/{sha}/check-runs", s.serveRuns)
}

// by is the account that asks.
func (s *Server) by(r *http.Request) int64 {
	return s.writes.signedIn[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
}

func created(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *Server) addComment(w http.ResponseWriter, r *http.Request, body map[string]any) {
	t := s.thread(r.PathValue("number"))
	if t.comments == nil {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	created(w, http.StatusCreated, s.commentJSON(t, s.say(t, s.by(r), fmt.Sprint(body["body"]))))
}

func (s *Server) changeComment(w http.ResponseWriter, r *http.Request, body map[string]any) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	t, c := s.comment(id)
	if c == nil {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	s.rewrite(c, s.by(r), fmt.Sprint(body["body"]))
	created(w, http.StatusOK, s.commentJSON(t, c))
}

func (s *Server) issueJSON(operation string, i *issue) map[string]any {
	labels := []any{}
	for n, name := range i.labels {
		labels = append(labels, map[string]any{
			"id": n + 1, "node_id": "L", "url": "https://api.github.com/repos/" + Owner + "/" + Name + "/labels/x", "name": name,
			"description": "", "color": "f29513", "default": false,
		})
	}
	whole := like(operation, map[string]any{
		"number": i.number, "title": i.title, "body": i.body, "state": i.state, "labels": labels, "user": s.userJSON(i.author), "comments": len(i.comments),
		"html_url": fmt.Sprintf("https://github.com/%s/%s/issues/%d", Owner, Name, i.number), "closed_at": nil, "closed_by": nil,
	})
	delete(whole, "pull_request")
	return whole
}

func (s *Server) serveIssues(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	list := []any{}
	for _, i := range s.writes.issues {
		u := s.users[i.author]
		switch {
		case q.Get("state") != "all" && q.Get("state") != i.state && (q.Get("state") != "" || i.state != "open"):
		case q.Get("labels") != "" && !slices.Contains(i.labels, q.Get("labels")):
		case q.Get("creator") != "" && (u == nil || u.login != q.Get("creator")):
		default:
			list = append(list, s.issueJSON("issues/list-for-repo", i))
		}
	}
	serveList(w, r, list)
}

func texts(v any) []string {
	var out []string
	list, _ := v.([]any)
	for _, one := range list {
		out = append(out, fmt.Sprint(one))
	}
	return out
}

func (s *Server) addIssue(w http.ResponseWriter, r *http.Request, body map[string]any) {
	i := s.open(s.by(r), fmt.Sprint(body["title"]), fmt.Sprint(body["body"]), texts(body["labels"]))
	created(w, http.StatusCreated, s.issueJSON("issues/create", i))
}

func (s *Server) changeIssue(w http.ResponseWriter, r *http.Request, body map[string]any) {
	for _, i := range s.writes.issues {
		if fmt.Sprint(i.number) != r.PathValue("number") {
			continue
		}
		for name, to := range map[string]*string{"title": &i.title, "body": &i.body, "state": &i.state} {
			if text, ok := body[name].(string); ok {
				*to = text
			}
		}
		if body["labels"] != nil {
			i.labels = texts(body["labels"])
		}
		created(w, http.StatusOK, s.issueJSON("issues/update", i))
		return
	}
	say(w, http.StatusNotFound, "Not Found")
}

func (s *Server) addStatus(w http.ResponseWriter, r *http.Request, body map[string]any) {
	body["id"], _ = s.next()
	s.note(r, body)
	s.writes.statuses = append(s.writes.statuses, body)
	created(w, http.StatusCreated, like("repos/create-commit-status", body))
}

func runJSON(run map[string]any) map[string]any { return like("checks/update", run) }

func (s *Server) serveRuns(w http.ResponseWriter, r *http.Request) {
	list := []any{}
	for _, run := range s.writes.runs {
		if run["head_sha"] == r.PathValue("sha") && run["name"] == r.URL.Query().Get("check_name") {
			list = append(list, runJSON(run))
		}
	}
	serve(w, r, map[string]any{"total_count": len(list), "check_runs": list})
}

func (s *Server) addRun(w http.ResponseWriter, r *http.Request, body map[string]any) {
	id, _ := s.next()
	if !s.owns(w, r, id) {
		return
	}
	run := map[string]any{"id": id, "html_url": fmt.Sprintf("https://github.com/%s/%s/runs/%d", Owner, Name, id), "conclusion": nil}
	setRun(run, body)
	s.writes.runs = append([]map[string]any{run}, s.writes.runs...)
	created(w, http.StatusCreated, runJSON(run))
}

func (s *Server) changeRun(w http.ResponseWriter, r *http.Request, body map[string]any) {
	for _, run := range s.writes.runs {
		if fmt.Sprint(run["id"]) == r.PathValue("id") {
			if !s.owns(w, r, run["id"].(int64)) {
				return
			}
			setRun(run, body)
			created(w, http.StatusOK, runJSON(run))
			return
		}
	}
	say(w, http.StatusNotFound, "Not Found")
}

// setRun changes a check run as GitHub does: annotations are added.
func setRun(run, body map[string]any) {
	count := 0
	if old, ok := run["output"].(map[string]any); ok {
		count = old["annotations_count"].(int)
	}
	out, _ := body["output"].(map[string]any)
	list, _ := out["annotations"].([]any)
	for k, v := range body {
		run[k] = v
	}
	run["output"] = map[string]any{"title": out["title"], "summary": out["summary"], "annotations_count": count + len(list)}
}
