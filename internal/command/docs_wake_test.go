// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/jobfile"
)

// A wakeFile is a workflow of the page on waiting.
type wakeFile struct {
	Name        string
	On          map[string]struct{ Types, Workflows []string }
	Permissions map[string]string
	Concurrency struct {
		Group  string
		Cancel *bool `yaml:"cancel-in-progress"`
	}
	Jobs map[string]struct {
		If          string
		RunsOn      string `yaml:"runs-on"`
		Timeout     int    `yaml:"timeout-minutes"`
		Permissions map[string]string
		Environment any
		Secrets     any
		Steps       []struct {
			Name, Uses, Run, If string
			With, Env           map[string]string
		}
	}
}

// wakeExample is the text of an example, which stands in the page as it is.
func wakeExample(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(docs(), "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	page := pagesOf(t)["docs/waiting.md"]
	if !strings.Contains(page, "```yaml\n"+string(data)+"```\n") || !strings.Contains(page, "(examples/"+name+")") {
		t.Errorf("the page does not show %s as it is", name)
	}
	return string(data)
}

// workflowOf reads a workflow whose cron lines are of no interest.
func workflowOf(t *testing.T, text string) wakeFile {
	t.Helper()
	text = regexp.MustCompile(`(?m)^  schedule:\n    - cron: ".*"\n`).ReplaceAllString(text, "  schedule:\n")
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	var w wakeFile
	if err := d.Decode(&w); err != nil {
		t.Fatal(err)
	}
	if w.Permissions == nil || len(w.Permissions) > 0 {
		t.Errorf("the workflow has permissions of its own: %v", w.Permissions)
	}
	read, err := jobfile.GitHubWorkflow([]byte(text))
	if err != nil || len(read.Untrusted) > 0 {
		t.Errorf("%v, %q", err, read.Untrusted)
	}
	return w
}

// The workflow that wakes has the repository's rights for what anybody does. It
// is the default branch's, may do what it needs, and takes nothing in.
func TestWakeWorkflowOfTheDocs(t *testing.T) {
	text := wakeExample(t, "gateledger-wake.yml")
	w := workflowOf(t, text)
	if got := slices.Sorted(maps.Keys(w.On)); !slices.Equal(got, []string{"issue_comment", "schedule", "workflow_dispatch", "workflow_run"}) {
		t.Errorf("it runs on %q", got)
	}
	if w.Concurrency.Group != "gateledger-wake" || w.Concurrency.Cancel == nil || *w.Concurrency.Cancel {
		t.Errorf("%+v", w.Concurrency)
	}
	job, ok := w.Jobs["wake"]
	if !ok || len(w.Jobs) != 1 || job.Timeout == 0 || job.Environment != nil || job.Secrets != nil {
		t.Fatalf("%+v", w.Jobs)
	}
	if job.If != "github.event_name != 'workflow_dispatch' || github.ref_name == github.event.repository.default_branch" {
		t.Errorf("by hand it runs on any branch: %q", job.If)
	}
	want := map[string]string{"actions": "write", "contents": "read", "pull-requests": "read", "issues": "read"}
	if !maps.Equal(job.Permissions, want) {
		t.Errorf("%v", job.Permissions)
	}
	for name, level := range want {
		if !strings.Contains(pagesOf(t)["docs/waiting.md"], "`"+name+": "+level+"`") {
			t.Errorf("the page has no reason for %s: %s", name, level)
		}
	}
	if len(job.Steps) != 2 || job.Steps[0].Uses != "gateledger/gateledger/actions/setup@v1" || job.Steps[1].Uses != "" {
		t.Fatalf("%+v", job.Steps)
	}
	if got := strings.Fields(job.Steps[0].With["programs"]); !slices.Equal(got, []string{"gateledger-gate", "gateledger-remote"}) {
		t.Errorf("it installs %q", got)
	}
	if !maps.Equal(job.Steps[1].Env, map[string]string{"GITHUB_TOKEN": "${{ github.token }}"}) || strings.Count(text, "${{") != 1 {
		t.Errorf("it takes in %v, and the file has expressions elsewhere", job.Steps[1].Env)
	}
	checkWakeScript(t, job.Steps[1].Run)
}

// checkWakeScript runs what the step runs, with a program that tells what it
// was given.
func checkWakeScript(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	stub := "#!/bin/sh\necho \"$@\"\ncat \"$HOME/.netrc\"\nls -l \"$HOME/.netrc\" | cut -c1-10\necho \"$HOME\" > \"" + dir + "/home\"\nexit 3\n"
	if err := os.WriteFile(filepath.Join(dir, "gateledger-gate"), []byte(stub), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "TMPDIR=" + dir, "GITHUB_TOKEN=ghs_ours",
		"GITHUB_SERVER_URL=https://github.example.org:8443", "GITHUB_REPOSITORY=acme/app",
	}
	out, err := cmd.Output()
	want := "wake --ledger git:https://github.example.org:8443/acme/app\nmachine github.example.org login x-access-token password ghs_ours\n-rw-------\n"
	if string(out) != want || cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("%v: %q, want %q and the program's own exit code", err, out, want)
	}
	home, err := os.ReadFile(filepath.Join(dir, "home"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(strings.TrimSpace(string(home))); !os.IsNotExist(err) {
		t.Errorf("the token is left behind: %v", err)
	}
}

// The workflow of a review is the pull request's own, so it has no right and no
// step of ours; that it ends is all that the other one hears.
func TestReviewWorkflowOfTheDocs(t *testing.T) {
	text := wakeExample(t, "gateledger-review.yml")
	w := workflowOf(t, text)
	follows := workflowOf(t, wakeExample(t, "gateledger-wake.yml")).On["workflow_run"]
	if !slices.Equal(follows.Workflows, []string{w.Name}) || !slices.Equal(follows.Types, []string{"completed"}) {
		t.Errorf("%+v follows %q", follows, w.Name)
	}
	if _, ok := w.On["pull_request_review"]; !ok || len(w.On) != 1 {
		t.Errorf("%v", w.On)
	}
	if strings.Contains(text, "${{") || strings.Contains(text, "uses:") || len(w.Jobs) != 1 {
		t.Errorf("it takes something in:\n%s", text)
	}
	for name, j := range w.Jobs {
		if j.Permissions == nil || len(j.Permissions) > 0 || j.Environment != nil || len(j.Steps) != 1 || j.Steps[0].Run != "true" {
			t.Errorf("%s: %+v", name, j)
		}
	}
}

// The job at GitLab is of scheduled pipelines of the default branch only, and
// what it runs depends on nothing that others write.
func TestWakeJobOfTheDocs(t *testing.T) {
	var file map[string]struct {
		Stage, Image, Timeout string
		Needs                 []string
		Rules                 []map[string]string
		Inherit               map[string]bool
		Resource              string `yaml:"resource_group"`
		Variables             map[string]string
		Script                []string
	}
	d := yaml.NewDecoder(strings.NewReader(wakeExample(t, "gitlab-wake.yml")))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	job, ok := file["gateledger-wake"]
	if !ok || len(file) != 1 || len(job.Script) != 1 || job.Needs == nil || len(job.Needs) > 0 || job.Resource != "gateledger-wake" || job.Timeout == "" {
		t.Fatalf("%+v", file)
	}
	if len(job.Rules) != 1 || !maps.Equal(job.Rules[0], map[string]string{"if": `$CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $GATELEDGER_GITLAB_TOKEN`}) {
		t.Errorf("it runs by %v", job.Rules)
	}
	if !maps.Equal(job.Inherit, map[string]bool{"default": false, "variables": false}) || !maps.Equal(job.Variables, map[string]string{"GIT_STRATEGY": "none"}) {
		t.Errorf("%v, %v", job.Inherit, job.Variables)
	}
	known := []string{"$home", "$path", "$program", "$CI_SERVER_HOST", "$CI_JOB_TOKEN", "$CI_PROJECT_URL"}
	for _, name := range regexp.MustCompile(`\$\{?[A-Za-z_]+`).FindAllString(job.Script[0], -1) {
		if !slices.Contains(known, name) {
			t.Errorf("the script takes in %s", name)
		}
	}
	if !strings.HasSuffix(job.Script[0], "\nbin/gateledger-gate wake --ledger \"git:$CI_PROJECT_URL.git\"\n") {
		t.Errorf("%s", job.Script[0])
	}
}
