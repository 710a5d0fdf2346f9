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

// What a person's own token may write, as these pages have it:
// https://docs.gitlab.com/api/notes/, https://docs.gitlab.com/api/commits/#commit-status
// and https://docs.gitlab.com/api/users/#retrieve-the-current-user.

// TokenUser is whose the token is.
const TokenUser = 700

// A status is one of a commit, newest last.
type status struct {
	id                                      int64
	commit, name, state, description, place string
}

// Statuses are the statuses of a commit, "name: state" each, newest last.
func (s *Server) Statuses(commit string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, one := range s.statuses {
		if one.commit == commit {
			out = append(out, one.name+": "+one.state)
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
		s.logins[TokenUser] = "gate"
		answer(w, s.userJSON(TokenUser))
	case m[2] != "" && (m[3] == "") == (r.Method == http.MethodPost) && (m[3] != "") == (r.Method == http.MethodPut):
		s.writeNote(w, r, project, iid, m[3])
	case m[4] != "" && r.Method == http.MethodPost:
		s.writeStatus(w, r, m[4])
	case m[5] != "" && r.Method == http.MethodGet:
		var list []any
		for _, one := range s.statuses {
			if one.commit == m[5] && one.name == r.URL.Query().Get("name") {
				list = append(list, one.json())
			}
		}
		serveList(w, r.URL, list)
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
	s.logins[TokenUser] = "gate"
	at := s.tick()
	if id == "" {
		s.lastID++
		n := &note{id: s.lastID, author: TokenUser, body: body["body"], created: at, updated: at}
		mr.notes = append(mr.notes, n)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(s.noteJSON(mr, n))
		return
	}
	for _, n := range mr.notes {
		if fmt.Sprint(n.id) == id && n.author == TokenUser {
			n.body, n.updated = body["body"], at
			answer(w, s.noteJSON(mr, n))
			return
		}
	}
	say(w, http.StatusForbidden, "403 Forbidden")
}

// writeStatus sets a status, but not to what it is already.
func (s *Server) writeStatus(w http.ResponseWriter, r *http.Request, commit string) {
	body, ok := words(w, r, "state", "name", "description", "target_url")
	if !ok {
		return
	}
	if !slices.Contains([]string{"pending", "running", "success", "failed", "canceled"}, body["state"]) {
		say(w, http.StatusBadRequest, "400 Bad request - state does not have a valid value")
		return
	}
	for _, one := range slices.Backward(s.statuses) {
		if one.commit == commit && one.name == body["name"] {
			if one.state == "pending" && body["state"] == "pending" {
				say(w, http.StatusBadRequest, "Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via \"enqueue\")")
				return
			}
			break
		}
	}
	s.lastID++
	one := status{s.lastID, commit, body["name"], body["state"], body["description"], body["target_url"]}
	s.statuses = append(s.statuses, one)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(one.json())
}

func (one status) json() map[string]any {
	return map[string]any{
		"id": one.id, "sha": one.commit, "ref": "main", "status": one.state, "name": one.name, "target_url": one.place,
		"description": one.description, "created_at": "2026-03-02T08:00:00.000Z", "allow_failure": false, "coverage": nil,
	}
}
