// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"crypto/sha1" // what Git names objects by
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/pattern"
)

// The answers about votes, as these pages have them:
// https://docs.gitlab.com/api/merge_request_approvals/, https://docs.gitlab.com/api/merge_requests/,
// https://docs.gitlab.com/api/project_members/, https://docs.gitlab.com/api/deployments/,
// https://docs.gitlab.com/api/pipelines/, https://docs.gitlab.com/api/users/ and
// https://docs.gitlab.com/api/repositories/.

// votes is what a server knows of who may say what, and said it.
type votes struct {
	members     map[string]map[int64]member // of a project by its number, of a group by its path
	deployments []*deployment
	pipelines   []pipeline
	services    map[int64]bool
	trees       map[string][]map[string]any
	parents     map[string][]string
}

type member struct {
	level int
	state string
}

type version struct {
	id      int64
	head    string
	created time.Time
}

type approval struct {
	user int64
	at   time.Time
}

type reviewer struct {
	user  int64
	state string
}

type deployment struct {
	id, project      int64
	environment, sha string
	said             []judgement
}

type judgement struct {
	user            int64
	status, comment string
	at              time.Time
}

type pipeline struct {
	project, id, user int64
	sha, source       string
}

// tick moves the clock by a step, and returns the time.
func (s *Server) tick() time.Time {
	s.now = s.now.Add(s.step)
	return s.now
}

// Push makes a commit the newest version of a merge request.
func (s *Server) Push(project, iid int64, head string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mr := s.find(project, iid)
	s.lastID++
	mr.commits = append(mr.commits, head)
	mr.versions = append(mr.versions, version{s.lastID, head, s.tick()})
}

// Merge makes a commit the one that a merge request was merged as.
func (s *Server) Merge(project, iid int64, commit string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mr := s.find(project, iid)
	mr.commits, mr.merged = append(mr.commits, commit), commit
}

// Author makes an account the author of a merge request.
func (s *Server) Author(project, iid, author int64, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins[author] = login
	s.find(project, iid).author = author
}

// Approve approves a merge request, and notes it as GitLab does.
func (s *Server) Approve(project, iid, user int64, login string) {
	s.mu.Lock()
	at := s.tick()
	mr := s.find(project, iid)
	mr.approvals = append(mr.approvals, approval{user, at})
	s.mu.Unlock()
	s.noteOf(project, iid, user, login, "approved this merge request")
}

// Review gives a reviewer of a merge request a state, such as requested_changes.
func (s *Server) Review(project, iid, user int64, login, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins[user] = login
	mr := s.find(project, iid)
	mr.reviewers = append(slices.DeleteFunc(mr.reviewers, func(r reviewer) bool { return r.user == user }), reviewer{user, state})
}

// Unapprove takes an approval back.
func (s *Server) Unapprove(project, iid, user int64) {
	s.mu.Lock()
	s.tick()
	mr := s.find(project, iid)
	mr.approvals = slices.DeleteFunc(mr.approvals, func(a approval) bool { return a.user == user })
	login := s.logins[user]
	s.mu.Unlock()
	s.noteOf(project, iid, user, login, "unapproved this merge request")
}

func (s *Server) noteOf(project, iid, user int64, login, body string) {
	id := s.Note(project, iid, user, login, body)
	s.change(id, func(n *note) { n.system = true })
}

// Import marks a note as one that came from elsewhere.
func (s *Server) Import(id int64) { s.change(id, func(n *note) { n.imported = true }) }

// Member gives an account a level of access to what a number or a path names.
func (s *Server) Member(of string, user int64, level int, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.votes.members[of] == nil {
		s.votes.members[of] = map[int64]member{}
	}
	if user > 0 {
		s.votes.members[of][user] = member{level, state}
	}
}

// Service makes an account a service account.
func (s *Server) Service(user int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.votes.services[user] = true
}

// Deployment starts a deployment, and returns its number.
func (s *Server) Deployment(project int64, environment, sha string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	s.votes.deployments = append(s.votes.deployments, &deployment{id: s.lastID, project: project, environment: environment, sha: sha})
	return s.lastID
}

// Judge approves or rejects a deployment, by a status of approved or rejected.
func (s *Server) Judge(id, user int64, login, status, comment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins[user] = login
	for _, d := range s.votes.deployments {
		if d.id == id {
			d.said = append(d.said, judgement{user, status, comment, s.tick()})
		}
	}
}

// Pipeline adds a pipeline.
func (s *Server) Pipeline(project, id int64, sha, source string, user int64, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins[user] = login
	s.votes.pipelines = append(s.votes.pipelines, pipeline{project, id, user, sha, source})
}

// Tree gives a commit a tree of files with these texts.
func (s *Server) Tree(commit string, files ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []map[string]any
	for i, text := range files {
		sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text))
		name := fmt.Sprintf("file%03d", i)
		list = append(list, map[string]any{"id": hex.EncodeToString(sum[:]), "name": name, "path": name, "type": "blob", "mode": "100644"})
	}
	s.votes.trees[commit] = list
}

var votePaths = pattern.New(`^/api/v4/(projects|groups|users)/([^/]+)(?:/(.+))?$`)

// serveVotes answers what is about votes, and reports whether it is. A job's
// own token may see deployments and single merge requests
// (https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access).
func (s *Server) serveVotes(w http.ResponseWriter, r *http.Request, job bool) bool {
	m := votePaths.FindStringSubmatch(r.URL.EscapedPath())
	if m == nil || r.Method != http.MethodGet {
		return false
	}
	of, err := url.PathUnescape(m[2])
	if err != nil {
		return false
	}
	part := strings.Split(m[3], "/")
	number := func(i int) int64 { n, _ := strconv.ParseInt(part[i], 10, 64); return n }
	project, _ := strconv.ParseInt(of, 10, 64)
	kind := m[1] + "/" + part[0]
	if job && kind != "projects/deployments" && (kind != "projects/merge_requests" || len(part) != 2) {
		return false
	}
	switch {
	case m[1] == "users":
		s.serveUser(w, project)
	case kind == "projects/repository" && len(part) == 3 && part[1] == "commits":
		s.serveCommit(w, part[2])
	case kind == "projects/merge_requests" && len(part) == 3 && part[2] == "diffs":
		s.serveDiffs(w, r.URL, project, number(1))
	case part[0] == "members" && (len(part) == 1 || part[1] == "all"):
		s.serveMembers(w, r.URL, of)
	case m[1] == "groups":
		return false
	case kind == "projects/merge_requests" && len(part) == 2:
		s.serveRequest(w, project, number(1))
	case kind == "projects/merge_requests" && len(part) == 3 && part[2] == "approvals":
		s.serveApprovals(w, project, number(1))
	case kind == "projects/merge_requests" && len(part) == 3 && part[2] == "reviewers":
		s.serveReviewers(w, r.URL, project, number(1))
	case kind == "projects/merge_requests" && len(part) == 3 && part[2] == "versions":
		s.serveVersions(w, r.URL, project, number(1))
	case kind == "projects/deployments" && len(part) == 1:
		s.serveDeployments(w, r.URL, project)
	case kind == "projects/deployments" && len(part) == 2:
		s.serveDeployment(w, project, number(1))
	case kind == "projects/pipelines" && len(part) == 2:
		s.servePipeline(w, project, number(1))
	case kind == "projects/repository" && len(part) == 2 && part[1] == "tree":
		s.serveTree(w, r.URL)
	default:
		return false
	}
	return true
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func missing(w http.ResponseWriter) { say(w, http.StatusNotFound, "404 Not found") }

const stampLayout = "2006-01-02T15:04:05.000Z"

func (s *Server) userJSON(id int64) map[string]any {
	return map[string]any{
		"id": id, "username": s.logins[id], "name": s.logins[id], "state": "active", "locked": false,
		"avatar_url": nil, "web_url": "https://gitlab.example.com/" + s.logins[id],
	}
}

func (s *Server) serveUser(w http.ResponseWriter, id int64) {
	if s.logins[id] == "" {
		missing(w)
		return
	}
	u := s.userJSON(id)
	u["bot"], u["created_at"] = s.votes.services[id] || strings.Contains(s.logins[id], "_bot"), "2012-05-23T08:00:58Z"
	answer(w, u)
}

func (s *Server) serveMembers(w http.ResponseWriter, u *url.URL, of string) {
	members, ok := s.votes.members[of]
	if !ok {
		missing(w)
		return
	}
	only := u.Query()["user_ids[]"]
	var ids []int64
	for id := range members {
		if len(only) == 0 || slices.Contains(only, fmt.Sprint(id)) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var list []any
	for _, id := range ids {
		m := s.userJSON(id)
		m["access_level"], m["state"], m["expires_at"], m["membership_state"] = members[id].level, members[id].state, nil, "active"
		list = append(list, m)
	}
	serveList(w, u, list)
}

func (s *Server) request(project, iid int64) *mergeRequest {
	for _, mr := range s.mrs {
		if mr.project == project && mr.iid == iid {
			return mr
		}
	}
	return nil
}

// requestJSON is a merge request, as it stands alone and in lists.
func (s *Server) requestJSON(mr *mergeRequest) map[string]any {
	var head, merged any
	if tip := headOf(mr); tip != "" {
		head = tip
	}
	state := "opened"
	if mr.closed {
		state = "closed"
	}
	into := "main"
	if mr.done {
		state, into = "merged", mr.into
	}
	if mr.merged != "" {
		merged = mr.merged
	}
	return map[string]any{
		"id": 1000 + mr.iid, "iid": mr.iid, "project_id": mr.project, "title": "Change", "state": state,
		"source_branch": "feature", "target_branch": into, "source_project_id": mr.project, "target_project_id": mr.project,
		"sha": head, "merge_commit_sha": merged, "squash_commit_sha": nil, "author": s.userJSON(mr.author),
		"web_url": fmt.Sprintf("https://gitlab.example.com/acme/app/-/merge_requests/%d", mr.iid),
	}
}

func (s *Server) serveRequest(w http.ResponseWriter, project, iid int64) {
	mr := s.request(project, iid)
	if mr == nil {
		missing(w)
		return
	}
	v := s.requestJSON(mr)
	v["head_pipeline"], v["detailed_merge_status"] = s.headPipeline(mr), s.mergeStatus(mr)
	count := strconv.Itoa(len(mr.changes))
	if s.TooMany {
		count = "1000+"
	}
	v["changes_count"], v["diff_refs"] = count, map[string]any{"base_sha": mr.base, "head_sha": headOf(mr), "start_sha": mr.base}
	answer(w, v)
}

func (s *Server) serveApprovals(w http.ResponseWriter, project, iid int64) {
	mr := s.request(project, iid)
	if mr == nil {
		missing(w)
		return
	}
	by := []any{}
	for _, a := range mr.approvals {
		one := map[string]any{"user": s.userJSON(a.user)}
		if !s.OldApprovals {
			one["approved_at"] = a.at.Format(stampLayout)
		}
		by = append(by, one)
	}
	answer(w, map[string]any{
		"id": 1000 + iid, "iid": iid, "project_id": project, "title": "Change", "description": "", "state": "opened",
		"created_at": "2026-03-02T08:00:00.000Z", "updated_at": "2026-03-02T08:00:00.000Z", "merge_status": "can_be_merged",
		"approvals_required": 0, "approvals_left": 0, "approved_by": by,
	})
}

func (s *Server) serveReviewers(w http.ResponseWriter, u *url.URL, project, iid int64) {
	mr := s.request(project, iid)
	if mr == nil {
		missing(w)
		return
	}
	var list []any
	for _, r := range mr.reviewers {
		list = append(list, map[string]any{"user": s.userJSON(r.user), "state": r.state, "created_at": "2026-03-02T08:00:00.000Z"})
	}
	serveList(w, u, list)
}

func (s *Server) serveVersions(w http.ResponseWriter, u *url.URL, project, iid int64) {
	mr := s.request(project, iid)
	if mr == nil {
		missing(w)
		return
	}
	var list []any
	for _, v := range slices.Backward(mr.versions) {
		list = append(list, map[string]any{
			"id": v.id, "head_commit_sha": v.head, "base_commit_sha": strings.Repeat("b", 40), "start_commit_sha": strings.Repeat("b", 40),
			"created_at": v.created.Format(stampLayout), "merge_request_id": 1000 + iid, "state": "collected", "real_size": "1",
			"patch_id_sha": nil,
		})
	}
	serveList(w, u, list)
}

func (s *Server) deploymentJSON(d *deployment) map[string]any {
	return map[string]any{
		"id": d.id, "iid": d.id, "ref": "main", "sha": d.sha, "created_at": "2026-03-02T08:00:00.000Z",
		"updated_at": "2026-03-02T08:00:00.000Z", "status": "blocked", "user": s.userJSON(1), "deployable": nil,
		"environment": map[string]any{"id": 9, "name": d.environment, "external_url": nil},
	}
}

func (s *Server) serveDeployments(w http.ResponseWriter, u *url.URL, project int64) {
	var list []any
	for _, d := range s.votes.deployments {
		if d.project == project && d.environment == u.Query().Get("environment") {
			list = append(list, s.deploymentJSON(d))
		}
	}
	serveList(w, u, list)
}

func (s *Server) serveDeployment(w http.ResponseWriter, project, id int64) {
	for _, d := range s.votes.deployments {
		if d.project != project || d.id != id {
			continue
		}
		one, said := s.deploymentJSON(d), []any{}
		for _, j := range d.said {
			said = append(said, map[string]any{
				"user": s.userJSON(j.user), "status": j.status, "created_at": j.at.Format(stampLayout), "comment": j.comment,
			})
		}
		one["pending_approval_count"], one["approvals"] = 0, said
		one["approval_summary"] = map[string]any{"rules": []any{map[string]any{
			"user_id": nil, "group_id": 134, "access_level": nil, "access_level_description": "qa-group",
			"required_approvals": 1, "deployment_approvals": said,
		}}}
		answer(w, one)
		return
	}
	missing(w)
}

func (s *Server) servePipeline(w http.ResponseWriter, project, id int64) {
	for _, p := range s.votes.pipelines {
		if p.project == project && p.id == id {
			answer(w, map[string]any{
				"id": p.id, "iid": 1, "project_id": project, "name": nil, "sha": p.sha, "ref": "main", "status": "running",
				"source": p.source, "tag": false, "user": s.userJSON(p.user),
			})
			return
		}
	}
	missing(w)
}

func (s *Server) serveTree(w http.ResponseWriter, u *url.URL) {
	tree, ok := s.votes.trees[u.Query().Get("ref")]
	if !ok {
		missing(w)
		return
	}
	var list []any
	for _, e := range tree {
		list = append(list, e)
	}
	serveList(w, u, list)
}
