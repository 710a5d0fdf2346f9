// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/gateledger/gateledger/internal/pattern"
)

// External status checks of merge requests (Ultimate), as these pages have them:
// https://docs.gitlab.com/api/status_checks/ and https://docs.gitlab.com/api/merge_requests/.
// Only a person's own token may ask, and answer.

// A check is what was said to one merge request.
type check struct {
	iid, id     int64
	sha, status string
}

// Check adds an external status check, which applies to every merge request.
func (s *Server) Check(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checks = append(s.checks, id)
}

// Expire makes pending checks fail, as GitLab does after two minutes.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.said {
		if s.said[i].status == "pending" {
			s.said[i].status = "failed"
		}
	}
}

// Said is every answer that was taken, one a line: merge request, check, the
// commit's beginning and the status.
func (s *Server) Said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.took)
}

// CloseRequest closes a merge request.
func (s *Server) CloseRequest(project, iid int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(project, iid).closed = true
}

var checksPath = pattern.New(`^/api/v4/projects/([0-9]+)/merge_requests(?:/([0-9]+)/(status_checks|status_check_responses))?$`)

// serveChecks answers what is about checks, and reports whether it is.
func (s *Server) serveChecks(w http.ResponseWriter, r *http.Request) bool {
	m := checksPath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		return false
	}
	project, _ := strconv.ParseInt(m[1], 10, 64)
	iid, _ := strconv.ParseInt(m[2], 10, 64)
	switch {
	case m[3] == "" && r.Method == http.MethodGet:
		s.serveOpen(w, r, project)
	case s.request(project, iid) == nil || len(s.checks) == 0:
		missing(w)
	case m[3] == "status_checks" && r.Method == http.MethodGet:
		var list []any
		for _, id := range s.checks {
			list = append(list, map[string]any{"id": id, "name": fmt.Sprint("Service ", id), "external_url": "https://gate.example.com/gitlab", "status": s.statusOf(project, iid, id)})
		}
		serveList(w, r.URL, list)
	case m[3] == "status_check_responses" && r.Method == http.MethodPost:
		s.takeCheck(w, r, project, iid)
	default:
		missing(w)
	}
	return true
}

func (s *Server) serveOpen(w http.ResponseWriter, r *http.Request, project int64) {
	if r.URL.Query().Get("state") != "opened" || r.URL.Query().Get("scope") != "all" {
		say(w, http.StatusBadRequest, "this GitLab serves all that are open only")
		return
	}
	var list []any
	for _, mr := range s.mrs {
		if int64(project) == mr.project && !mr.closed && !mr.done {
			list = append(list, s.requestJSON(mr))
		}
	}
	serveList(w, r.URL, list)
}

// headOf is the tip of a merge request.
func headOf(mr *mergeRequest) string {
	if len(mr.versions) == 0 {
		return ""
	}
	return mr.versions[len(mr.versions)-1].head
}

func (s *Server) statusOf(project, iid, id int64) string {
	head := headOf(s.request(project, iid))
	for _, c := range s.said {
		if c.iid == iid && c.id == id && c.sha == head {
			return c.status
		}
	}
	return "pending"
}

// takeCheck takes an answer about the tip of a merge request, and no other.
func (s *Server) takeCheck(w http.ResponseWriter, r *http.Request, project, iid int64) {
	var body struct {
		SHA    string `json:"sha"`
		Check  int64  `json:"external_status_check_id"`
		Status string `json:"status"`
	}
	read := json.NewDecoder(r.Body)
	read.DisallowUnknownFields()
	mr := s.request(project, iid)
	switch err := read.Decode(&body); {
	case err != nil || r.Header.Get("Content-Type") != "application/json" || !slices.Contains([]string{"pending", "passed", "failed"}, body.Status):
		say(w, http.StatusBadRequest, "400 Bad request - status does not have a valid value")
		return
	case !slices.Contains(s.checks, body.Check):
		missing(w)
		return
	case body.SHA != headOf(mr):
		say(w, http.StatusConflict, "SHA does not match HEAD of source branch")
		return
	}
	s.said = slices.DeleteFunc(s.said, func(c check) bool { return c.iid == iid && c.id == body.Check })
	s.said = append(s.said, check{iid, body.Check, body.SHA, body.Status})
	s.took = append(s.took, fmt.Sprintf("%d %d %.4s %s", iid, body.Check, body.SHA, body.Status))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": len(s.took), "merge_request": s.requestJSON(mr), "external_status_check": map[string]any{"id": body.Check, "name": "Service", "project_id": project},
	})
}

// headPipeline is the pipeline of a merge request's tip, as it stands in it.
func (s *Server) headPipeline(mr *mergeRequest) any {
	p, ok := s.pipelineOf(mr)
	if !ok {
		return nil
	}
	return map[string]any{
		"id": p.id, "iid": 1, "project_id": p.project, "sha": p.sha, "ref": "feature", "status": s.pipelineState(p), "source": p.source,
		"created_at": "2026-03-02T08:00:00.000Z", "updated_at": "2026-03-02T08:00:00.000Z", "user": s.userJSON(p.user),
	}
}
