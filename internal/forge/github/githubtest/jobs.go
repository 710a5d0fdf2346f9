// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
)

// Jobs of runs, and how they are run again:
// https://docs.github.com/rest/actions/workflow-jobs and
// https://docs.github.com/rest/actions/workflow-runs#re-run-a-job-from-a-workflow-run.

type job struct {
	id           int64
	run          *run
	attempt      int
	name, runner string
	began, ended time.Time // ended zero: it is at work
	failed       bool
}

// Job adds a job of the run's newest attempt that has begun then, and returns
// its id.
func (s *Server) Job(run int64, name, runner string, began time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	v := s.runs[run]
	s.jobs = append(s.jobs, &job{id: s.lastID, run: v, attempt: len(v.starters), name: name, runner: runner, began: began.UTC()})
	return s.lastID
}

// End ends every job of a run that is at work.
func (s *Server) End(run int64, at time.Time, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if j.run.id == run && j.ended.IsZero() {
			j.ended, j.failed = at.UTC(), failed
		}
	}
}

// Working are the names of the jobs of a run that are at work.
func (s *Server) Working(run int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, j := range s.jobs {
		if j.run.id == run && j.ended.IsZero() {
			names = append(names, j.name)
		}
	}
	return names
}

// Attempts is how often a run was started.
func (s *Server) Attempts(run int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.runs[run].starters)
}

// jobRoutes are those of jobs.
func (s *Server) jobRoutes(repository string) {
	s.mux.HandleFunc("GET "+repository+"/actions/runs/{run}", s.serveRun)
	s.mux.HandleFunc("GET "+repository+"/actions/runs/{run}/jobs", s.serveJobs)
	s.mux.HandleFunc("POST "+repository+"/actions/jobs/{job}/rerun", s.rerunJob)
	s.mux.HandleFunc("POST "+repository+"/actions/runs/{run}/rerun-failed-jobs", s.rerunFailed)
}

// busy reports whether a job of the run is at work.
func (s *Server) busy(v *run) bool {
	return slices.ContainsFunc(s.jobs, func(j *job) bool { return j.run == v && j.ended.IsZero() })
}

func (s *Server) serveRun(w http.ResponseWriter, r *http.Request) {
	v := s.runNamed(r.PathValue("run"))
	if v == nil {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	one := s.runJSON("actions/get-workflow-run", v, len(v.starters))
	if !s.busy(v) {
		one["status"], one["conclusion"] = "completed", "success"
	}
	serve(w, r, one)
}

func (s *Server) runNamed(id string) *run {
	for _, v := range s.runs {
		if fmt.Sprint(v.id) == id {
			return v
		}
	}
	return nil
}

func (s *Server) serveJobs(w http.ResponseWriter, r *http.Request) {
	v := s.runNamed(r.PathValue("run"))
	if v == nil {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	list := []any{}
	for _, j := range s.jobs {
		if j.run == v && (r.URL.Query().Get("filter") == "all" || j.attempt == len(v.starters)) {
			list = append(list, jobJSON(j))
		}
	}
	serve(w, r, map[string]any{"total_count": len(list), "jobs": list})
}

// jobJSON is a job in the place of GitHub's example of one.
func jobJSON(j *job) map[string]any {
	whole := forgetest.Example("actions/list-jobs-for-workflow-run").(map[string]any)["jobs"].([]any)[0].(map[string]any)
	at := fmt.Sprintf("https://github.com/%s/%s/actions/runs/%d/job/%d", Owner, Name, j.run.id, j.id)
	maps.Copy(whole, map[string]any{
		"id": j.id, "run_id": j.run.id, "run_attempt": j.attempt, "name": j.name, "runner_name": j.runner, "head_sha": j.run.head,
		"status": "in_progress", "conclusion": nil, "started_at": j.began.Format(stamp), "completed_at": nil, "html_url": at, "created_at": j.began.Format(stamp),
	})
	if !j.ended.IsZero() {
		whole["status"], whole["conclusion"], whole["completed_at"] = "completed", "success", j.ended.Format(stamp)
		if j.failed {
			whole["conclusion"] = "failure"
		}
	}
	return whole
}

func (s *Server) rerunJob(w http.ResponseWriter, r *http.Request) {
	for _, j := range s.jobs {
		if fmt.Sprint(j.id) == r.PathValue("job") {
			s.again(w, r, j.run, func(o *job) bool { return o == j })
			return
		}
	}
	say(w, http.StatusNotFound, "Not Found")
}

func (s *Server) rerunFailed(w http.ResponseWriter, r *http.Request) {
	if v := s.runNamed(r.PathValue("run")); v != nil {
		s.again(w, r, v, func(o *job) bool { return o.failed })
		return
	}
	say(w, http.StatusNotFound, "Not Found")
}

// again starts a new attempt of some jobs of the newest one.
func (s *Server) again(w http.ResponseWriter, r *http.Request, v *run, which func(*job) bool) {
	if body, _ := io.ReadAll(r.Body); s.busy(v) || len(body) > 0 && strings.TrimSpace(string(body)) != "{}" {
		say(w, http.StatusForbidden, "The workflow run containing this job is already running")
		return
	}
	var again []*job
	for _, j := range s.jobs {
		if j.run == v && j.attempt == len(v.starters) && which(j) {
			again = append(again, j)
		}
	}
	v.starters = append(v.starters, 0) // by a workflow's token
	s.now = s.now.Add(time.Second)     // a runner is not there at once
	for _, j := range again {
		s.lastID++
		s.jobs = append(s.jobs, &job{id: s.lastID, run: v, attempt: len(v.starters), name: j.name, runner: j.runner, began: s.now})
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusCreated)
	fmt.Fprint(w, "{}")
}
