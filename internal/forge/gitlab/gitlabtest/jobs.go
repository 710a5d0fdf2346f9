// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/pattern"
)

// Jobs of pipelines, and how they are run again: https://docs.gitlab.com/api/jobs/.
// A job's own token may do neither.

type job struct {
	project, id, pipeline int64
	commit, name, status  string
	began                 time.Time
	replaced, mayFail     bool
}

// Job adds a job to a pipeline.
func (s *Server) Job(project, pipeline, id int64, commit, name, status string, began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = append(s.jobs, &job{project: project, id: id, pipeline: pipeline, commit: commit, name: name, status: status, began: began.UTC()})
}

// Jobs are the ids and states of a pipeline's jobs, in order.
func (s *Server) Jobs(pipeline int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, j := range s.jobs {
		if j.pipeline == pipeline {
			out = append(out, fmt.Sprintf("%d %s", j.id, j.status))
		}
	}
	return out
}

// Turn changes the state of a job.
func (s *Server) Turn(id int64, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if j.id == id {
			j.status = status
		}
	}
}

var jobsPath = pattern.New(`^/api/v4/projects/([0-9]+)/(jobs|pipelines)/([0-9]+)(/jobs|/retry|/play)?$`)

// serveJobs answers what is about jobs, and reports whether it is.
func (s *Server) serveJobs(w http.ResponseWriter, r *http.Request) bool {
	m := jobsPath.FindStringSubmatch(r.URL.Path)
	if m == nil || m[2] == "pipelines" && m[4] != "/jobs" {
		return false
	}
	id, _ := strconv.ParseInt(m[3], 10, 64)
	if m[2] == "pipelines" {
		var list []any
		for _, j := range s.jobs {
			if j.pipeline == id && fmt.Sprint(j.project) == m[1] {
				list = append(list, s.jobJSON(j))
			}
		}
		serveList(w, r.URL, list)
		return true
	}
	for _, j := range s.jobs {
		if j.id != id || fmt.Sprint(j.project) != m[1] {
			continue
		}
		switch r.Method + m[4] {
		case http.MethodGet:
			answer(w, s.jobJSON(j))
		case http.MethodPost + "/play", http.MethodPost + "/retry":
			s.startJob(w, j, strings.TrimPrefix(m[4], "/"))
		default:
			missing(w)
		}
		return true
	}
	missing(w)
	return true
}

// startJob plays a manual job, or makes another one of one that has ended.
func (s *Server) startJob(w http.ResponseWriter, j *job, how string) {
	ended := !j.replaced && (j.status == "success" || j.status == "failed" || j.status == "canceled")
	switch {
	case how == "play" && j.status == "manual":
		j.status = "pending"
	case how == "retry" && ended:
		s.lastID++
		again := *j
		again.id, again.status = 10_000+s.lastID, "pending"
		s.jobs = append(s.jobs, &again)
		j = &again
		s.replace(j.pipeline, j.name, j.id)
	default:
		say(w, http.StatusForbidden, "403 Forbidden - Job is not retryable")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(s.jobJSON(j))
}

func (s *Server) jobJSON(j *job) map[string]any {
	return map[string]any{
		"id": j.id, "name": j.name, "status": j.status, "stage": "deploy", "ref": "main", "tag": false, "allow_failure": j.mayFail,
		"created_at": j.began.Format(stampLayout), "started_at": j.began.Format(stampLayout), "finished_at": nil,
		"user": s.userJSON(1), "web_url": fmt.Sprintf("https://gitlab.example.com/acme/app/-/jobs/%d", j.id),
		"pipeline": map[string]any{"id": j.pipeline, "project_id": j.project, "ref": "main", "sha": j.commit, "status": "success"},
	}
}
