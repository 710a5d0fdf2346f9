// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Which pull requests GitHub would merge: a small model of required checks, as
// branch protection, rulesets and the merge queue have them.
// https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets#require-status-checks-to-pass-before-merging

// ActionsApp is the app of every job's own token, whatever workflow, branch or
// file the job is of.
const ActionsApp = 15368

// A merging is what GitHub asks of a merge, and by whose word checks were told.
type merging struct {
	apps     map[string]int64 // token to its app; a person's has none
	owner    map[int64]int64  // check run to the app that made it
	words    []word
	required []Required
	queue    bool
}

// A word is a commit status, and whose it is.
type word struct {
	commit, context, state string
	app                    int64
}

func newMerging() merging {
	return merging{apps: map[string]int64{JobToken: ActionsApp}, owner: map[int64]int64{}}
}

// Install lets the token of another app in.
func (s *Server) Install(token string, app int64) {
	s.SignIn(token, botID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes.apps[token] = app
}

func (s *Server) appOf(r *http.Request) int64 {
	return s.writes.apps[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
}

// note keeps whose word a commit status is.
func (s *Server) note(r *http.Request, status map[string]any) {
	s.writes.words = append(s.writes.words, word{r.PathValue("sha"), fmt.Sprint(status["context"]), fmt.Sprint(status["state"]), s.appOf(r)})
}

// owns reports whether a check run is of the app that asks, which it becomes if
// it is of none, and says so if it is not: persons have none.
func (s *Server) owns(w http.ResponseWriter, r *http.Request, run int64) bool {
	app := s.appOf(r)
	if app == 0 {
		say(w, http.StatusForbidden, "You must authenticate via a GitHub App.")
		return false
	}
	if s.writes.owner[run] == 0 {
		s.writes.owner[run] = app
	}
	if s.writes.owner[run] != app {
		say(w, http.StatusForbidden, "This check run can only be modified by the GitHub App that created it.")
		return false
	}
	return true
}

// A Required is one check that a pull request must have.
type Required struct {
	Context string
	App     int64 // the source that it is expected from; 0: any
}

// Protect makes these the required checks of the branch main, and queue says
// whether a merge goes through a queue, which asks for them again of the commit
// that it makes.
func (s *Server) Protect(queue bool, checks ...Required) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes.required, s.writes.queue = checks, queue
}

// Queued is the commit that the queue made of a pull request and main.
func (s *Server) Queued(number int64, commit string) {
	s.change(number, func(p *pull) { p.queued = commit })
}

// Mergeable says what keeps a pull request from being merged; nothing if it
// can be.
func (s *Server) Mergeable(number int64) (why []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pull(fmt.Sprint(number))
	if p == nil {
		return []string{"there is no such pull request"}
	}
	commits := []string{p.head}
	if s.writes.queue {
		if p.queued == "" {
			return []string{"the queue has not made its commit"}
		}
		commits = append(commits, p.queued)
	}
	for _, commit := range commits {
		for _, need := range s.writes.required {
			if state := s.stateOf(commit, need); state != "success" {
				why = append(why, fmt.Sprintf("%s of %.7s: %s", need.Context, commit, state))
			}
		}
	}
	return why
}

// passing are the conclusions of a check run that let a merge pass.
var passing = []string{"success", "neutral", "skipped"}

// stateOf is what a commit has of a required check: statuses and check runs of
// that name count alike, from the source that is asked for; the newest of each
// must pass.
func (s *Server) stateOf(commit string, need Required) string {
	state := "expected"
	for _, v := range s.writes.words {
		if v.commit == commit && v.context == need.Context && (need.App == 0 || v.app == need.App) {
			state = v.state
		}
	}
	if state != "success" && state != "expected" {
		return state
	}
	seen := map[int64]bool{}
	for _, run := range s.writes.runs {
		app := s.writes.owner[run["id"].(int64)]
		if run["head_sha"] != commit || run["name"] != need.Context || need.App != 0 && app != need.App || seen[app] {
			continue
		}
		seen[app] = true
		if run["status"] != "completed" {
			return "pending"
		}
		conclusion := fmt.Sprint(run["conclusion"])
		if !slices.Contains(passing, conclusion) {
			return conclusion
		}
		state = "success"
	}
	return state
}

// Conclusions are those of a commit's check runs of a name, the newest first; ""
// is one that goes on.
func (s *Server) Conclusions(commit, name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, run := range s.writes.runs {
		if run["head_sha"] == commit && run["name"] == name {
			conclusion, _ := run["conclusion"].(string)
			all = append(all, conclusion)
		}
	}
	return all
}
