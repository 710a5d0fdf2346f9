// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"net/http"
	"net/url"
	"strings"
)

// What merge requests changed, and where they went, as these pages have it:
// https://docs.gitlab.com/api/merge_requests/, https://docs.gitlab.com/api/commits/
// and https://docs.gitlab.com/api/users/.

// Parents gives a commit parents.
func (s *Server) Parents(commit string, parents ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.votes.parents[commit] = parents
}

// Changes makes a merge request that went into a branch from a commit change
// files; one that is written old>new was renamed.
func (s *Server) Changes(project, iid int64, branch, base string, files ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mr := s.find(project, iid)
	mr.into, mr.base, mr.changes, mr.done = branch, base, files, true
}

// serveNames lists the account of a name, and reports whether that is asked.
func (s *Server) serveNames(w http.ResponseWriter, r *http.Request) bool {
	u := r.URL
	if u.Path != "/api/v4/users" || r.Method != http.MethodGet || u.Query().Get("username") == "" {
		return false
	}
	var list []any
	for id, login := range s.logins {
		if strings.EqualFold(login, u.Query().Get("username")) {
			list = append(list, s.userJSON(id))
		}
	}
	serveList(w, u, list)
	return true
}

func (s *Server) serveCommit(w http.ResponseWriter, sha string) {
	parents, ok := s.votes.parents[sha]
	if !ok {
		missing(w)
		return
	}
	answer(w, map[string]any{"id": sha, "short_id": sha[:8], "title": "Change", "parent_ids": parents, "created_at": "2026-03-02T08:00:00.000Z"})
}

func (s *Server) serveDiffs(w http.ResponseWriter, u *url.URL, project, iid int64) {
	mr := s.request(project, iid)
	if mr == nil {
		missing(w)
		return
	}
	var list []any
	for _, file := range mr.changes {
		before, after, renamed := strings.Cut(file, ">")
		if !renamed {
			after = before
		}
		list = append(list, map[string]any{
			"old_path": before, "new_path": after, "a_mode": "100644", "b_mode": "100644", "diff": "@@ -1 +1 @@", "collapsed": false, "too_large": false,
			"new_file": false, "renamed_file": renamed, "deleted_file": false, "generated_file": false,
		})
	}
	serveList(w, u, list)
}
