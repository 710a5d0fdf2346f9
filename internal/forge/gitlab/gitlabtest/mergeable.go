// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"crypto/sha1" // what Git names objects by
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/gateledger/gateledger/internal/pattern"
)

// Which merge requests GitLab would merge: a small model of the merge checks
// "pipelines must succeed" and "status checks must succeed", as these pages have
// them: https://docs.gitlab.com/user/project/merge_requests/auto_merge/#require-a-successful-pipeline-for-merge,
// https://docs.gitlab.com/user/project/merge_requests/status_checks/ and
// https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request.
//
// A commit status joins the newest pipeline of its commit, and makes one where
// there is none. What has the name of an older job or status of that pipeline
// takes its place, whoever it is by.

// What may keep a merge request from being merged, in the words of the API's
// detailed_merge_status.
const (
	Mergeable     = "mergeable"
	NotOpen       = "not_open"
	PipelineFails = "ci_must_pass"
	PipelineRuns  = "ci_still_running"
	ChecksMissing = "status_checks_must_pass"
)

// mergeSettings are the settings of a project that a merge goes by, and that
// maintainers change.
var mergeSettings = []string{"only_allow_merge_if_pipeline_succeeds", "allow_merge_on_skipped_pipeline", "only_allow_merge_if_all_status_checks_passed"}

// SignIn lets the token of another account in. What it may do follows from its
// level of access to the project, if it was given one.
func (s *Server) SignIn(token string, user int64, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token], s.logins[user] = user, login
}

// caller is whose own token a request has, 0 if nobody's.
func (s *Server) caller(r *http.Request) int64 { return s.tokens[r.Header.Get("Private-Token")] }

// may reports whether who asks has a level of access to the project; whoever was
// given none has every one. If not, it says so.
func (s *Server) may(w http.ResponseWriter, r *http.Request, project int64, level int) bool {
	m, given := s.votes.members[strconv.FormatInt(project, 10)][s.caller(r)]
	if given && m.level < level {
		say(w, http.StatusForbidden, "403 Forbidden")
		return false
	}
	return true
}

var mergePath = pattern.New(`^/api/v4/projects/([0-9]+)(?:/merge_requests/([0-9]+)/merge)?$`)

// serveMerges merges, and changes what merges go by; it reports whether that is
// asked.
func (s *Server) serveMerges(w http.ResponseWriter, r *http.Request) bool {
	m := mergePath.FindStringSubmatch(r.URL.Path)
	if m == nil || r.Method != http.MethodPut {
		return false
	}
	project, _ := strconv.ParseInt(m[1], 10, 64)
	iid, _ := strconv.ParseInt(m[2], 10, 64)
	if m[2] == "" {
		s.writeSettings(w, r, project)
		return true
	}
	mr := s.request(project, iid)
	var body struct {
		SHA string `json:"sha"`
	}
	read := json.NewDecoder(r.Body)
	read.DisallowUnknownFields()
	switch {
	case mr == nil:
		missing(w)
	case !s.may(w, r, project, 30):
	case r.ContentLength != 0 && read.Decode(&body) != nil:
		say(w, http.StatusBadRequest, "400 Bad request")
	case s.mergeStatus(mr) != Mergeable:
		say(w, http.StatusMethodNotAllowed, "405 Method Not Allowed")
	case body.SHA != "" && body.SHA != headOf(mr):
		say(w, http.StatusConflict, "SHA does not match HEAD of source branch: "+headOf(mr))
	default:
		sum := sha1.Sum([]byte("merge of " + headOf(mr)))
		mr.merged, mr.into, mr.done = hex.EncodeToString(sum[:]), "main", true
		mr.commits = append(mr.commits, mr.merged)
		answer(w, s.requestJSON(mr))
	}
	return true
}

// writeSettings changes settings of a project
// (https://docs.gitlab.com/api/projects/#update-a-project).
func (s *Server) writeSettings(w http.ResponseWriter, r *http.Request, project int64) {
	if !s.may(w, r, project, 40) {
		return
	}
	var body map[string]bool
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body) == 0 || r.Header.Get("Content-Type") != "application/json" {
		say(w, http.StatusBadRequest, "400 Bad request")
		return
	}
	at := strconv.FormatInt(project, 10) + "/"
	had, ok := s.settings[at].(map[string]any)
	if !ok {
		had = Project(int(project), func(p map[string]any) { p[mergeSettings[0]] = false })
	}
	has := maps.Clone(had)
	for name, value := range body {
		if !slices.Contains(mergeSettings, name) {
			say(w, http.StatusBadRequest, "400 Bad request - "+name+" is not expected")
			return
		}
		has[name] = value
	}
	s.settings[at] = has
	answer(w, has)
}

// MergeStatus says what keeps GitLab from merging a merge request, or Mergeable.
func (s *Server) MergeStatus(project, iid int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mergeStatus(s.find(project, iid))
}

func (s *Server) mergeStatus(mr *mergeRequest) string {
	has, _ := s.settings[strconv.FormatInt(mr.project, 10)+"/"].(map[string]any)
	asks := func(name string) bool { is, _ := has[name].(bool); return is }
	if mr.closed || mr.done {
		return NotOpen
	}
	if asks("only_allow_merge_if_pipeline_succeeds") {
		p, ok := s.pipelineOf(mr)
		if !ok {
			return PipelineFails
		}
		switch state := s.pipelineState(p); {
		case state == "success", state == "skipped" && asks("allow_merge_on_skipped_pipeline"):
		case state == "running" || state == "created":
			return PipelineRuns
		default:
			return PipelineFails
		}
	}
	if asks("only_allow_merge_if_all_status_checks_passed") {
		for _, id := range s.checks {
			if s.statusOf(mr.project, mr.iid, id) != "passed" {
				return ChecksMissing
			}
		}
	}
	return Mergeable
}

// pipelineOf is the pipeline that a merge goes by: the newest of the tip, and
// one of the merge request itself before all others.
func (s *Server) pipelineOf(mr *mergeRequest) (newest pipeline, ok bool) {
	for _, p := range s.votes.pipelines {
		if p.sha != headOf(mr) {
			continue
		}
		if !ok || p.source == "merge_request_event" || newest.source != "merge_request_event" {
			newest, ok = p, true
		}
	}
	return newest, ok
}

// pipelineState is what the jobs and statuses of a pipeline make of it. What was
// done again, or replaced, is not asked.
func (s *Server) pipelineState(p pipeline) string {
	seen := map[string]int{}
	for _, j := range s.jobs {
		if j.pipeline != p.id || j.replaced {
			continue
		}
		state := j.status
		if j.mayFail && state == "failed" {
			state = "success"
		}
		seen[state]++
	}
	for _, one := range s.statuses {
		if one.pipeline == p.id && !one.replaced {
			seen[one.state]++
		}
	}
	if len(seen) == 0 {
		return "created"
	}
	if seen["running"]+seen["pending"]+seen["created"] > 0 {
		return "running"
	}
	for _, state := range []string{"failed", "canceled", "manual"} {
		if seen[state] > 0 {
			return state
		}
	}
	if seen["success"] == 0 {
		return "skipped"
	}
	return "success"
}

// replace marks what had a name in a pipeline as replaced by what came last: a
// job, or a status, by its number.
func (s *Server) replace(pipeline int64, name string, by int64) {
	for _, j := range s.jobs {
		if j.pipeline == pipeline && j.name == name && j.id != by {
			j.replaced = true
		}
	}
	for i := range s.statuses {
		if one := &s.statuses[i]; one.pipeline == pipeline && one.name == name && one.id != by {
			one.replaced = true
		}
	}
}

// MayFail makes a job one whose failure fails no pipeline.
func (s *Server) MayFail(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if j.id == id {
			j.mayFail = true
		}
	}
}
