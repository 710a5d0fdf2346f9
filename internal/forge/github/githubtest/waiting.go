// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Runs that wait for an environment's rules, the answers that a custom rule
// gives, and the app that gives them.

// InstallationID is the app's, in the repository.
const InstallationID = 99

// maxReports is how many answers without a state GitHub takes for one run.
const maxReports = 10

// maxComment is how many characters an answer may have.
const maxComment = 1024

// A waiting is one environment whose rules a run waits for.
type waiting struct {
	environment string
	also        bool // it waits for other rules too, so that ours being met ends nothing
	answered    bool // by our rule
}

// An Answer is what a custom rule said of a run.
type Answer struct {
	Run         int64
	Environment string
	State       string // "" for a report
	Comment     string
}

// An app is what signs in by a key and gets tokens of an installation.
type app struct {
	id      int64
	key     *rsa.PublicKey
	minted  map[string]time.Time // token to its end
	answers []Answer
}

// Wait makes a run wait for the rules of an environment. Where it waits for a
// reviewer too, it still waits after our rule is met.
func (s *Server) Wait(run int64, environment string, reviewers bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.runs[run]
	v.waits = append(v.waits, &waiting{environment: environment, also: reviewers})
}

// Cancel ends a run that waits.
func (s *Server) Cancel(run int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[run].waits = nil
}

// Answers returns what rules said, in order.
func (s *Server) Answers() []Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.app.answers)
}

// App lets an app with this number and key sign in.
func (s *Server) App(id int64, key *rsa.PublicKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app.id, s.app.key, s.app.minted = id, key, map[string]time.Time{}
}

// Minted is how many tokens the app was given.
func (s *Server) Minted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.app.minted)
}

func (v *run) status() string {
	if len(v.waits) > 0 {
		return "waiting"
	}
	return "in_progress"
}

func (s *Server) waitingRoutes(repository string) {
	for path, serve := range map[string]http.HandlerFunc{
		"GET " + repository + "/actions/runs":                                   s.serveWaiting,
		"GET " + repository + "/actions/runs/{run}/pending_deployments":         s.servePending,
		"POST " + repository + "/actions/runs/{run}/deployment_protection_rule": s.serveRule,
		"GET " + repository + "/installation":                                   s.serveInstallation,
		"POST /api/v3/app/installations/{id}/access_tokens":                     s.serveMint,
	} {
		s.mux.HandleFunc(path, serve)
	}
}

func (s *Server) serveWaiting(w http.ResponseWriter, r *http.Request) {
	ids := []int64{}
	for id, v := range s.runs {
		if status := r.URL.Query().Get("status"); status == "" || status == v.status() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	list := []any{}
	for _, id := range ids {
		v := s.runs[id]
		run := s.runJSON("actions/get-workflow-run-attempt", v, len(v.starters))
		list = append(list, run)
	}
	serve(w, r, map[string]any{"total_count": len(list), "workflow_runs": list})
}

// findRun finds the run that a request is about, or says that there is none.
func (s *Server) findRun(w http.ResponseWriter, r *http.Request) *run {
	id, _ := strconv.ParseInt(r.PathValue("run"), 10, 64)
	v := s.runs[id]
	if v == nil {
		say(w, http.StatusNotFound, "Not Found")
	}
	return v
}

func (s *Server) servePending(w http.ResponseWriter, r *http.Request) {
	v := s.findRun(w, r)
	if v == nil {
		return
	}
	list := []any{}
	for _, e := range v.waits {
		at := "https://api.github.com/repos/" + Owner + "/" + Name + "/environments/" + e.environment
		list = append(list, map[string]any{
			"environment": map[string]any{"id": 7, "node_id": "EN_7", "name": e.environment, "url": at, "html_url": at},
			"wait_timer":  0, "wait_timer_started_at": nil, "current_user_can_approve": false, "reviewers": []any{},
		})
	}
	serve(w, r, list)
}

// serveRule takes the answer of our rule.
func (s *Server) serveRule(w http.ResponseWriter, r *http.Request) {
	v := s.findRun(w, r)
	if v == nil {
		return
	}
	var in struct {
		Environment string `json:"environment_name"`
		State       string `json:"state"`
		Comment     string `json:"comment"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		say(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	reports := 0
	for _, a := range s.app.answers {
		if a.Run == v.id && a.State == "" {
			reports++
		}
	}
	i := slices.IndexFunc(v.waits, func(e *waiting) bool { return e.environment == in.Environment && !e.answered })
	if i < 0 || len([]rune(in.Comment)) > maxComment || in.State == "" && reports >= maxReports {
		say(w, http.StatusUnprocessableEntity, "Validation Failed")
		return
	}
	s.app.answers = append(s.app.answers, Answer{v.id, in.Environment, in.State, in.Comment})
	if in.State != "" {
		v.waits[i].answered = true
		if !v.waits[i].also || in.State == "rejected" {
			v.waits = slices.Delete(v.waits, i, i+1)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// knows reports whether a token is the app's own, or one that it was given.
func (s *Server) knows(r *http.Request, token string) bool {
	if end, ok := s.app.minted[token]; ok {
		return s.now.Before(end)
	}
	asApp := strings.HasPrefix(r.URL.Path, "/api/v3/app/") || strings.HasSuffix(r.URL.Path, "/installation")
	return asApp && s.app.key != nil && s.isApp(token)
}

// isApp reports whether a token is a JWT that the app signed a moment ago
// (https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app).
func (s *Server) isApp(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || rsa.VerifyPKCS1v15(s.app.key, crypto.SHA256, sum[:], sig) != nil {
		return false
	}
	var header struct{ Alg, Typ string }
	var claims struct {
		Issued  int64  `json:"iat"`
		Expires int64  `json:"exp"`
		Issuer  string `json:"iss"`
	}
	for i, v := range []any{&header, &claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(data, v) != nil {
			return false
		}
	}
	now := s.now.Unix()
	return header.Alg == "RS256" && claims.Issuer == fmt.Sprint(s.app.id) && claims.Issued <= now && claims.Expires > now && claims.Expires <= now+600
}

func (s *Server) serveInstallation(w http.ResponseWriter, r *http.Request) {
	whole := like("apps/get-repo-installation", map[string]any{"id": InstallationID, "app_id": s.app.id})
	serve(w, r, whole)
}

func (s *Server) serveMint(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != strconv.Itoa(InstallationID) {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	token, end := fmt.Sprint("ghs_minted-", len(s.app.minted)+1), s.now.Add(time.Hour)
	s.app.minted[token] = end
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_at": end.Format(stamp)})
}

// At sets the server's clock.
func (s *Server) At(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now.UTC()
}

// Approve answers a run that asks whether it may deploy to an environment. The
// state is approved, rejected or pending.
func (s *Server) Approve(run, by int64, state, environment, comment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[run].approvals = append(s.runs[run].approvals, approval{by, state, environment, comment})
}

// Withdraw takes an account's answers away, which GitHub does not do.
func (s *Server) Withdraw(run, by int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[run].approvals = slices.DeleteFunc(s.runs[run].approvals, func(a approval) bool { return a.by == by })
}
