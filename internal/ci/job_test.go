// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/jobfile"
)

const workflow = `on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    environment: staging
    steps:
      - run: make
      - uses: actions/upload-artifact@v4
        with: {path: dist/app}
`

const pipeline = `build:
  script: [make]
  artifacts: {paths: [dist/app]}
  environment: staging
`

func TestJob(t *testing.T) {
	dir, variables, run := newCheckout(t)
	for name, text := range map[string]string{".github/workflows/build.yml": workflow, ".gitlab-ci.yml": pipeline, "broken.yml": "a: ["} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	run("-C", "app", "add", "--all")
	run("-C", "app", "commit", "--quiet", "--message", "two")
	head := run("-C", "app", "rev-parse", "HEAD")
	before := run("-C", "app", "rev-parse", "HEAD^")
	// The build may write what it likes: the commit is what counts.
	for _, name := range []string{".github/workflows/build.yml", ".gitlab-ci.yml"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("jobs: {}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	github := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/app", "GITHUB_JOB": "build", "GITHUB_SHA": before, "GITHUB_WORKFLOW_SHA": head,
		"GITHUB_WORKFLOW_REF": "acme/app/.github/workflows/build.yml@refs/heads/a@b",
	}
	gitlab := map[string]string{"GITLAB_CI": "true", "CI_CONFIG_PATH": ".gitlab-ci.yml", "CI_COMMIT_SHA": head, "CI_JOB_NAME": "build"}
	ask := func(host map[string]string, dir string) (jobfile.Job, error) {
		return Job(t.Context(), Options{Dir: dir, Getenv: func(name string) string {
			if value, ok := host[name]; ok {
				return value
			}
			return variables[name]
		}})
	}
	want := jobfile.Job{Name: "build", Artifacts: []string{"dist/app"}, Environment: "staging"}
	for _, host := range []map[string]string{github, gitlab, with(with(github, "GITHUB_WORKFLOW_SHA", ""), "GITHUB_SHA", head)} {
		got, err := ask(host, dir)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	for _, c := range []struct {
		host map[string]string
		dir  string
		says string
	}{
		{github, t.TempDir(), git.ErrNoCheckout.Error()},
		{with(github, "GITHUB_WORKFLOW_SHA", before), dir, "the checkout has no .github/workflows/build.yml of commit"},
		{with(github, "GITHUB_WORKFLOW_SHA", commit), dir, "of commit " + commit[:12]},
		{with(github, "GITHUB_WORKFLOW_SHA", "HEAD"), dir, "GITHUB_WORKFLOW_SHA is no full commit id"},
		{with(github, "GITHUB_WORKFLOW_REF", ""), dir, "GITHUB_WORKFLOW_REF is not set"},
		{with(github, "GITHUB_WORKFLOW_REF", "acme/other/.github/workflows/build.yml@refs/heads/main"), dir, "names no file of GITHUB_REPOSITORY"},
		{with(github, "GITHUB_WORKFLOW_REF", "acme/app/../x@refs/heads/main"), dir, "names no file of GITHUB_REPOSITORY"},
		{with(github, "GITHUB_WORKFLOW_REF", "acme/app/.github/workflows/build.yml"), dir, "names no file of GITHUB_REPOSITORY"},
		{with(github, "GITHUB_JOB", "deploy"), dir, `read .github/workflows/build.yml: no such job: "deploy"`},
		{with(github, "GITHUB_JOB", ""), dir, "GITHUB_JOB is not set"},
		{with(gitlab, "CI_CONFIG_PATH", "ci.yml@acme/templates"), dir, "CI_CONFIG_PATH names a file elsewhere"},
		{with(gitlab, "CI_CONFIG_PATH", "https://example.org/ci.yml"), dir, "CI_CONFIG_PATH names a file elsewhere"},
		{with(gitlab, "CI_CONFIG_PATH", "/etc/passwd"), dir, "CI_CONFIG_PATH names a file elsewhere"},
		{with(gitlab, "CI_CONFIG_PATH", "broken.yml"), dir, "read broken.yml: not a job file"},
		{with(gitlab, "CI_JOB_NAME", "build\x1b"), dir, "CI_JOB_NAME holds characters"},
		{jobs()["jenkins"].variables, dir, "this host has no file"},
		{jobs()["circleci"].variables, dir, "this host has no file"},
		{nil, dir, "this host has no file"},
		{with(gitlab, "GITHUB_ACTIONS", "true"), dir, "both GITHUB_ACTIONS and GITLAB_CI are true"},
	} {
		if got, err := ask(c.host, c.dir); !errors.Is(err, ErrNoJob) || !strings.Contains(err.Error(), c.says) || got.Name != "" {
			t.Errorf("%q: %+v, %v", c.says, got, err)
		}
	}
}
