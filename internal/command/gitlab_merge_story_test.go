// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// askGitLab sends what somebody sends, and returns the status of the answer and
// what is in it.
func askGitLab(api, token, method, path, body string) (int, map[string]any, error) {
	req, err := http.NewRequest(method, api+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Private-Token", token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, err
	}
	var out map[string]any
	err = json.Unmarshal(data, &out)
	return resp.StatusCode, out, err
}

// mergeOnGitLab plays what is about merges, and reports whether that is asked.
func mergeOnGitLab(ts *testscript.TestScript, s *gitlabtest.Server, args []string) bool {
	ask := func(token, method, path, body string) (int, map[string]any) {
		status, out, err := askGitLab(s.API, token, method, path, body)
		ts.Check(err)
		return status, out
	}
	const change = "/projects/6/merge_requests/7"
	commit := ts.Getenv("CI_COMMIT_SHA")
	switch {
	case args[0] == "settle" && len(args) == 2:
		if status, out := ask(gitlabtest.Token, "PUT", "/projects/6", ts.ReadFile(args[1])); status != http.StatusOK {
			ts.Fatalf("%d %v", status, out)
		}
	case args[0] == "runs" && len(args) > 2:
		runOnGitLab(ts, s, args[1], args[2:])
	case (args[0] == "merge" || args[0] == "stands") && len(args) == 2:
		_, before := ask(gitlabtest.Token, "GET", change, "")
		if before["detailed_merge_status"] != args[1] {
			ts.Fatalf("what keeps it from being merged: %v", before["detailed_merge_status"])
		}
		if args[0] == "stands" {
			break
		}
		want := http.StatusMethodNotAllowed
		if args[1] == gitlabtest.Mergeable {
			want = http.StatusOK
		}
		status, out := ask(gitlabtest.Token, "PUT", change+"/merge", fmt.Sprintf(`{"sha":%q}`, commit))
		if status != want || (status == http.StatusOK) != (out["state"] == "merged") {
			ts.Fatalf("%d %v", status, out)
		}
	case args[0] == "sets" && len(args) == 3:
		if status, out := ask(developer(s, args[1]), "POST", "/projects/6/statuses/"+commit, fmt.Sprintf(`{"state":%q,"name":"gateledger/production"}`, args[2])); status != http.StatusCreated {
			ts.Fatalf("%d %v", status, out)
		}
	case args[0] == "passes" && len(args) == 2:
		body := fmt.Sprintf(`{"sha":%q,"external_status_check_id":12,"status":"passed"}`, commit)
		if status, out := ask(developer(s, args[1]), "POST", change+"/status_check_responses", body); status != http.StatusCreated {
			ts.Fatalf("%d %v", status, out)
		}
	default:
		return false
	}
	return true
}

// developer is the token of a developer of the project.
func developer(s *gitlabtest.Server, who string) string {
	token := "glpat-of-" + who
	s.SignIn(token, gitlabPeople()[who], who)
	s.Member("6", gitlabPeople()[who], 30, "active")
	return token
}

// runOnGitLab is a runner: it runs the gate's job, again if it has run, and the
// job is what the command's exit code makes of it.
func runOnGitLab(ts *testscript.TestScript, s *gitlabtest.Server, code string, command []string) {
	id := int64(5001)
	for _, line := range s.Jobs(1001) {
		text, _, _ := strings.Cut(line, " ")
		last, err := strconv.ParseInt(text, 10, 64)
		ts.Check(err)
		status, out, err := askGitLab(s.API, gitlabtest.Token, "POST", fmt.Sprintf("/projects/6/jobs/%d/retry", last), "")
		ts.Check(err)
		if made, ok := out["id"].(float64); ok && status == http.StatusCreated {
			id = int64(made)
		}
	}
	if id == 5001 {
		s.Job(6, 1001, id, ts.Getenv("CI_COMMIT_SHA"), "gate", "running", s.Now().Add(-time.Minute))
	}
	s.Turn(id, "running")
	got, err := 0, ts.Exec(command[0], command[1:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	s.Turn(id, map[bool]string{true: "success", false: "failed"}[got == 0])
	if strconv.Itoa(got) != code {
		ts.Fatalf("exit code %d, want %s", got, code)
	}
}
