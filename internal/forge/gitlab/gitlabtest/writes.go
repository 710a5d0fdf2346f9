// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// What a person's own token may write, as these pages have it:
// https://docs.gitlab.com/api/notes/, https://docs.gitlab.com/api/commits/#commit-status
// and https://docs.gitlab.com/api/users/#retrieve-the-current-user.

// TokenUser is whose the token is.
const TokenUser = 700

// A status is one of a commit, newest last.
type status struct {
	id, pipeline, user                      int64
	commit, name, state, description, place string
	replaced                                bool
}

// Statuses are what the statuses of a commit were set to, "name: state" each,
// newest last.
func (s *Server) Statuses(commit string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, line := range s.told {
		if rest, ok := strings.CutPrefix(line, commit+" "); ok {
			out = append(out, rest)
		}
	}
	return out
}

// Bodies are the texts of the notes of a merge request, the oldest first.
func (s *Server) Bodies(project, iid int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, n := range s.find(project, iid).notes {
		out = append(out, n.body)
	}
	return out
}

var writesPath = pattern.New(`^/api/v4/(?:user|projects/([0-9]+)/(?:merge_requests/([0-9]+)/notes(?:/([0-9]+))?|statuses/([0-9a-f]{40,64})|repository/commits/([0-9a-f]{40,64})/statuses))$`)

// serveWrites answers what is written, and reports whether that is asked.
func (s *Server) serveWrites(w http.ResponseWriter, r *http.Request) bool {
	m := writesPath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		return false
	}
	project, _ := strconv.ParseInt(m[1], 10, 64)
	iid, _ := strconv.ParseInt(m[2], 10, 64)
	switch {
	case m[1] == "" && r.Method == http.MethodGet:
		answer(w, s.userJSON(s.caller(r)))
	case m[2] != "" && (m[3] == "") == (r.Method == http.MethodPost) && (m[3] != "") == (r.Method == http.MethodPut):
		s.writeNote(w, r, project, iid, m[3])
	case m[4] != "" && r.Method == http.MethodPost:
		s.writeStatus(w, r, project, m[4])
	case m[5] != "" && r.Method == http.MethodGet:
		s.serveStatuses(w, r, m[5])
	default:
		return false
	}
	return true
}

// words reads the texts that were sent, of which there may be these.
func words(w http.ResponseWriter, r *http.Request, names ...string) (map[string]string, bool) {
	var body map[string]string
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("Content-Type") != "application/json" {
		say(w, http.StatusBadRequest, "400 Bad request")
		return nil, false
	}
	for name := range body {
		if !slices.Contains(names, name) {
			say(w, http.StatusBadRequest, "400 Bad request - "+name+" is not expected")
			return nil, false
		}
	}
	return body, true
}

func (s *Server) writeNote(w http.ResponseWriter, r *http.Request, project, iid int64, id string) {
	body, ok := words(w, r, "body")
	mr := s.request(project, iid)
	switch {
	case !ok:
		return
	case mr == nil:
		missing(w)
		return
	case body["body"] == "":
		say(w, http.StatusBadRequest, "400 Bad request - body is missing")
		return
	}
	at := s.tick()
	if id == "" {
		s.lastID++
		n := &note{id: s.lastID, author: s.caller(r), body: body["body"], created: at, updated: at}
		mr.notes = append(mr.notes, n)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(s.noteJSON(mr, n))
		return
	}
	for _, n := range mr.notes {
		if fmt.Sprint(n.id) == id && n.author == s.caller(r) {
			n.body, n.updated = body["body"], at
			answer(w, s.noteJSON(mr, n))
			return
		}
	}
	say(w, http.StatusForbidden, "403 Forbidden")
}

// writeStatus sets a status in the newest pipeline of the commit: the one that
// the same account has set and not ended, else another one. It sets none to what
// it is already.
func (s *Server) writeStatus(w http.ResponseWriter, r *http.Request, project int64, commit string) {
	if !s.may(w, r, project, 30) {
		return
	}
	body, ok := words(w, r, "state", "name", "description", "target_url")
	if !ok {
		return
	}
	if !slices.Contains([]string{"pending", "running", "success", "failed", "canceled"}, body["state"]) {
		say(w, http.StatusBadRequest, "400 Bad request - state does not have a valid value")
		return
	}
	p := s.statusPipeline(project, commit, s.caller(r))
	i := slices.IndexFunc(s.statuses, func(one status) bool {
		return one.pipeline == p.id && one.name == body["name"] && one.user == s.caller(r) && (one.state == "pending" || one.state == "running")
	})
	if i < 0 {
		s.lastID++
		s.statuses = append(s.statuses, status{id: s.lastID, pipeline: p.id, user: s.caller(r), commit: commit, name: body["name"]})
		i = len(s.statuses) - 1
	} else if was := s.statuses[i].state; body["state"] == "pending" || body["state"] == was {
		say(w, http.StatusBadRequest, `Cannot transition status via :enqueue from :`+was+` (Reason(s): Status cannot transition via "enqueue")`)
		return
	}
	one := &s.statuses[i]
	one.state, one.description, one.place = body["state"], body["description"], body["target_url"]
	s.replace(p.id, one.name, one.id)
	s.told = append(s.told, commit+" "+one.name+": "+one.state)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(s.statusJSON(*one))
}

// statusPipeline is the newest pipeline of a commit, or one that is made for
// what comes from elsewhere.
func (s *Server) statusPipeline(project int64, commit string, user int64) pipeline {
	for _, p := range slices.Backward(s.votes.pipelines) {
		if p.project == project && p.sha == commit {
			return p
		}
	}
	s.lastID++
	p := pipeline{project, 20_000 + s.lastID, user, commit, "external"}
	s.votes.pipelines = append(s.votes.pipelines, p)
	return p
}

// serveStatuses lists the statuses of a name, and the jobs of that name: by
// default those that nothing took the place of.
func (s *Server) serveStatuses(w http.ResponseWriter, r *http.Request, commit string) {
	name, everything := r.URL.Query().Get("name"), r.URL.Query().Get("all") == "true"
	var list []any
	for _, j := range s.jobs {
		if j.commit == commit && j.name == name && (everything || !j.replaced) {
			one := status{id: j.id, pipeline: j.pipeline, commit: commit, name: name, state: j.status}
			for _, p := range s.votes.pipelines {
				if p.id == j.pipeline {
					one.user = p.user
				}
			}
			list = append(list, s.statusJSON(one))
		}
	}
	for _, one := range s.statuses {
		if one.commit == commit && one.name == name && (everything || !one.replaced) {
			list = append(list, s.statusJSON(one))
		}
	}
	serveList(w, r.URL, list)
}

func (s *Server) statusJSON(one status) map[string]any {
	return map[string]any{
		"id": one.id, "sha": one.commit, "ref": "main", "status": one.state, "name": one.name, "target_url": one.place, "pipeline_id": one.pipeline,
		"description": one.description, "created_at": "2026-03-02T08:00:00.000Z", "started_at": nil, "finished_at": nil, "allow_failure": false,
		"coverage": nil, "author": s.userJSON(one.user),
	}
}
