// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// routes are all that the server answers. Whatever is not among them is not
// found.
func (s *Server) routes() {
	s.mux = http.NewServeMux()
	repository := "/api/v3/repos/" + Owner + "/" + Name
	for path, serve := range map[string]http.HandlerFunc{
		repository:                                            s.serveRepository,
		repository + "/commits/{sha}":                         s.serveCommit,
		repository + "/commits/{sha}/pulls":                   s.servePullsOf,
		repository + "/pulls/{number}":                        s.servePull,
		repository + "/pulls/{number}/commits":                s.serveCommits,
		repository + "/pulls/{number}/reviews":                s.serveReviews,
		repository + "/pulls/{number}/files":                  s.serveFiles,
		repository + "/contents/{path...}":                    s.serveContent,
		repository + "/git/blobs/{sha}":                       s.serveBlob,
		repository + "/issues/{number}/comments":              s.serveComments,
		repository + "/issues/{number}/events":                s.serveEvents,
		repository + "/actions/runs/{run}/attempts/{n}":       s.serveAttempt,
		repository + "/actions/runs/{run}/approvals":          s.serveApprovals,
		repository + "/collaborators/{login}/permission":      s.servePermission,
		repository + "/{path...}":                             s.serveSetting,
		"/api/v3/apps/{slug}":                                 s.serveApp,
		"/api/v3/orgs/{org}/teams/{slug}":                     s.serveTeam,
		"/api/v3/orgs/{org}/teams/{slug}/memberships/{login}": s.serveMembership,
	} {
		s.mux.HandleFunc("GET "+path, serve)
	}
	s.routeWrites(repository)
	s.jobRoutes(repository)
	s.waitingRoutes(repository)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusNotFound, "Not Found") })
}

const stamp = "2006-01-02T15:04:05Z"

// userJSON is an account, null if it is gone.
func (s *Server) userJSON(id int64) any {
	u, ok := s.users[id]
	if !ok {
		return nil
	}
	return accountJSON(u)
}

func accountJSON(u *user) map[string]any {
	at := "https://api.github.com/users/" + u.login
	return map[string]any{
		"login": u.login, "id": u.id, "node_id": fmt.Sprint("U_", u.id), "avatar_url": "https://avatars.githubusercontent.com/u/1", "gravatar_id": "",
		"url": at, "html_url": "https://github.com/" + u.login, "followers_url": at + "/followers", "following_url": at + "/following{/other_user}",
		"gists_url": at + "/gists{/gist_id}", "starred_url": at + "/starred{/owner}{/repo}", "subscriptions_url": at + "/subscriptions",
		"organizations_url": at + "/orgs", "repos_url": at + "/repos", "events_url": at + "/events{/privacy}",
		"received_events_url": at + "/received_events", "type": u.kind, "site_admin": false,
	}
}

func (s *Server) repositoryJSON() map[string]any {
	return map[string]any{"id": RepositoryID, "name": Name, "full_name": Owner + "/" + Name, "private": false, "default_branch": "main"}
}

func (s *Server) serveRepository(w http.ResponseWriter, r *http.Request) {
	whole := like("repos/get", s.repositoryJSON())
	for _, other := range []string{"source", "parent", "template_repository"} {
		delete(whole, other) // it is no fork
	}
	whole["language"] = "Go"
	serve(w, r, whole)
}

// pullJSON is a pull request as an operation shows it, by an author.
func (s *Server) pullJSON(operation string, p *pull, author any) map[string]any {
	at := fmt.Sprintf("https://github.com/%s/%s/pull/%d", Owner, Name, p.number)
	v := map[string]any{
		"id": 1000 + p.number, "number": p.number, "state": "open", "html_url": at, "title": "A change", "user": author,
		"merged_at": nil, "merge_commit_sha": nil, "assignees": []any{}, "requested_teams": []any{},
		"head": map[string]any{"ref": "change", "sha": p.head, "repo": s.repositoryJSON()},
		"base": map[string]any{"ref": cmp.Or(p.base, "main"), "sha": p.head, "repo": s.repositoryJSON()},
	}
	for _, a := range p.assignees {
		v["assignees"] = append(v["assignees"].([]any), s.userJSON(a))
	}
	if p.merged != "" {
		v["state"], v["merged_at"], v["merge_commit_sha"] = "closed", "2026-03-02T08:00:00Z", p.merged
	}
	return withoutOld(like(operation, v))
}

func (s *Server) servePullsOf(w http.ResponseWriter, r *http.Request) {
	sha := r.PathValue("sha")
	var list []any
	for _, p := range s.pulls {
		if p.merged == sha || slices.Contains(p.commits, sha) {
			list = append(list, s.pullJSON("repos/list-pull-requests-associated-with-commit", p, s.userJSON(p.author)))
		}
	}
	if list == nil && s.made[sha] == nil {
		say(w, http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
		return
	}
	serveList(w, r, list)
}

func (s *Server) servePull(w http.ResponseWriter, r *http.Request) {
	if p := s.find(w, r); p != nil {
		serve(w, r, s.pullJSON("pulls/get", p, s.someoneJSON(p.author)))
	}
}

// find finds the pull request that a request is about, or says that there is
// none.
func (s *Server) find(w http.ResponseWriter, r *http.Request) *pull {
	p := s.pull(r.PathValue("number"))
	if p == nil {
		say(w, http.StatusNotFound, "Not Found")
	}
	return p
}

func (s *Server) commitJSON(c *commit) map[string]any {
	mail := func(id int64) map[string]any {
		return map[string]any{"name": "Somebody", "email": fmt.Sprintf("%d@example.com", id), "date": "2026-03-02T08:00:00Z"}
	}
	at := fmt.Sprintf("https://api.github.com/repos/%s/%s", Owner, Name)
	parents := []any{}
	for _, p := range c.parents {
		parents = append(parents, map[string]any{"sha": p, "url": at + "/commits/" + p, "html_url": at + "/commits/" + p})
	}
	return map[string]any{
		"sha": c.sha, "node_id": "C_" + c.sha, "url": at + "/commits/" + c.sha, "html_url": "https://github.com/" + Owner + "/" + Name + "/commit/" + c.sha,
		"comments_url": at + "/commits/" + c.sha + "/comments", "author": s.userJSON(c.author), "committer": s.userJSON(c.committer), "parents": parents,
		"commit": map[string]any{
			"author": mail(c.author), "committer": mail(c.committer), "message": c.message, "comment_count": 0,
			"url": at + "/git/commits/" + c.sha, "tree": map[string]any{"sha": c.tree, "url": at + "/git/trees/" + c.tree},
		},
	}
}

func (s *Server) serveCommit(w http.ResponseWriter, r *http.Request) {
	c := s.made[r.PathValue("sha")]
	if c == nil {
		say(w, http.StatusUnprocessableEntity, "No commit found for SHA: "+r.PathValue("sha"))
		return
	}
	serve(w, r, s.commitJSON(c))
}

func (s *Server) serveCommits(w http.ResponseWriter, r *http.Request) {
	p := s.find(w, r)
	if p == nil {
		return
	}
	var list []any
	for _, sha := range p.commits[:min(len(p.commits), 250)] {
		c := s.made[sha]
		if c == nil {
			c = &commit{sha: sha, tree: sha, author: p.author, committer: p.author, message: "A change"}
		}
		list = append(list, s.commitJSON(c))
	}
	serveList(w, r, list)
}

func (s *Server) serveReviews(w http.ResponseWriter, r *http.Request) {
	p := s.find(w, r)
	if p == nil {
		return
	}
	var list []any
	for _, v := range p.reviews {
		at := fmt.Sprintf("https://github.com/%s/%s/pull/%d", Owner, Name, p.number)
		one := map[string]any{
			"id": v.id, "node_id": s.node(reviewNode, v.id), "user": s.userJSON(v.author), "body": v.body, "state": v.state,
			"html_url": fmt.Sprintf("%s#pullrequestreview-%d", at, v.id), "pull_request_url": at, "author_association": "MEMBER",
			"_links":       map[string]any{"html": map[string]any{"href": at}, "pull_request": map[string]any{"href": at}},
			"submitted_at": v.submitted.Format(stamp), "commit_id": v.commit,
		}
		if v.commit == "" {
			one["commit_id"] = nil
		}
		if v.state == "PENDING" {
			delete(one, "submitted_at")
		}
		list = append(list, one)
	}
	serveList(w, r, list)
}

func (s *Server) serveComments(w http.ResponseWriter, r *http.Request) {
	t := s.thread(r.PathValue("number"))
	if t.comments == nil {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	var list []any
	for _, c := range *t.comments {
		list = append(list, s.commentJSON(t, c))
	}
	serveList(w, r, list)
}

// serveEvents answers with what was noted about a pull request: that it got a
// label, and who dismissed which review.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	p := s.find(w, r)
	if p == nil {
		return
	}
	at := fmt.Sprintf("https://api.github.com/repos/%s/%s/issues/events/", Owner, Name)
	noted := func(id, by int64, event string, created time.Time) map[string]any {
		return map[string]any{
			"id": id, "node_id": fmt.Sprint("E_", id), "url": fmt.Sprint(at, id), "actor": s.someoneJSON(by), "event": event,
			"commit_id": nil, "commit_url": nil, "created_at": created.Format(stamp), "performed_via_github_app": nil,
		}
	}
	first := noted(1, p.author, "labeled", s.now)
	first["label"] = map[string]any{"name": "change", "color": "ededed"}
	list := []any{first}
	for _, d := range p.dismissals {
		one := noted(d.id, d.by, "review_dismissed", d.at)
		one["dismissed_review"] = map[string]any{"state": d.state, "review_id": d.review, "dismissal_message": "never mind"}
		list = append(list, one)
	}
	serveList(w, r, list)
}

func (s *Server) commentJSON(t thread, c *comment) map[string]any {
	at := fmt.Sprintf("https://api.github.com/repos/%s/%s/issues", Owner, Name)
	return map[string]any{
		"id": c.id, "node_id": s.node(commentNode, c.id), "url": fmt.Sprintf("%s/comments/%d", at, c.id),
		"html_url":  fmt.Sprintf("https://github.com/%s/%s/%s/%d#issuecomment-%d", Owner, Name, t.kind, t.number, c.id),
		"issue_url": fmt.Sprintf("%s/%d", at, t.number), "body": c.body, "user": s.userJSON(c.author), "author_association": "MEMBER",
		"created_at": c.created.Format(stamp), "updated_at": c.updated.Format(stamp), "performed_via_github_app": nil,
	}
}

func (s *Server) serveAttempt(w http.ResponseWriter, r *http.Request) {
	for _, v := range s.runs {
		for i := range v.starters {
			if fmt.Sprint(v.id) == r.PathValue("run") && fmt.Sprint(i+1) == r.PathValue("n") {
				serve(w, r, s.runJSON("actions/get-workflow-run-attempt", v, i+1))
				return
			}
		}
	}
	say(w, http.StatusNotFound, "Not Found")
}

// runJSON is an attempt of a run as an operation shows it.
func (s *Server) runJSON(operation string, v *run, attempt int) map[string]any {
	return like(operation, map[string]any{
		"id": v.id, "name": "deploy", "run_number": 12, "run_attempt": attempt, "event": v.event, "status": v.status(), "conclusion": nil,
		"head_branch": "main", "head_sha": v.head, "actor": s.someoneJSON(v.actor), "triggering_actor": s.someoneJSON(v.starters[attempt-1]),
		"created_at": "2026-03-02T08:00:00Z", "updated_at": "2026-03-02T08:00:00Z", "repository": s.repositoryJSON(),
	})
}

func (s *Server) serveApprovals(w http.ResponseWriter, r *http.Request) {
	for _, v := range s.runs {
		if fmt.Sprint(v.id) != r.PathValue("run") {
			continue
		}
		list := []any{}
		for _, a := range v.approvals {
			at := "https://api.github.com/repos/" + Owner + "/" + Name + "/environments/" + a.environment
			list = append(list, map[string]any{
				"environments": []any{map[string]any{
					"id": 7, "node_id": "EN_7", "name": a.environment, "url": at, "html_url": at, "created_at": "2026-03-02T08:00:00Z", "updated_at": "2026-03-02T08:00:00Z",
				}},
				"state": a.state, "user": s.someoneJSON(a.by), "comment": a.comment,
			})
		}
		serve(w, r, list)
		return
	}
	say(w, http.StatusNotFound, "Not Found")
}

// byLogin finds an account by the login that it has now.
func (s *Server) byLogin(login string) (int64, bool) {
	for id, u := range s.users {
		if u.login == login {
			return id, true
		}
	}
	return 0, false
}

func (s *Server) servePermission(w http.ResponseWriter, r *http.Request) {
	id, ok := s.byLogin(r.PathValue("login"))
	if !ok {
		say(w, http.StatusNotFound, r.PathValue("login")+" is not a user")
		return
	}
	role := s.levels[id]
	level := role
	switch role {
	case "":
		role, level = "read", "read" // it is public
	case "maintain":
		level = "write"
	case "triage":
		level = "read"
	}
	serve(w, r, map[string]any{"permission": level, "role_name": role, "user": s.collaboratorJSON(id, role)})
}

func (s *Server) serveTeam(w http.ResponseWriter, r *http.Request) {
	if s.teams[r.PathValue("org")+"/"+r.PathValue("slug")] == nil {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	serve(w, r, teamJSON(r.PathValue("slug")))
}

func (s *Server) serveMembership(w http.ResponseWriter, r *http.Request) {
	id, _ := s.byLogin(r.PathValue("login"))
	state := s.teams[r.PathValue("org")+"/"+r.PathValue("slug")][id]
	if state == "" {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	serve(w, r, map[string]any{"url": "https://api.github.com" + r.URL.Path, "role": "member", "state": state})
}
