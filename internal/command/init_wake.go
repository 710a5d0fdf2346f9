// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"net/url"
	"strings"

	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/product"
)

// The files that run the gate's job again once there is an answer. At GitHub a
// second one without any right tells the first of reviews; nobody has to take
// both.
const (
	githubWakeFile   = ".github/workflows/" + product.Name + "-wake.yml"
	githubReviewFile = ".github/workflows/" + product.Name + "-review.yml"
	gitlabWakeFile   = ".gitlab/" + product.Name + "-wake.yml"
)

// A wakeText is a file of a host that wakes, and what it is made of.
type wakeText struct{ what, file, text string }

// wakeTexts are a provider's files, in the order in which they are written.
func wakeTexts(provider string) []wakeText {
	switch provider {
	case hosting.GitHub:
		return []wakeText{{"wake", githubWakeFile, githubWake}, {"review", githubReviewFile, githubReview}}
	case hosting.GitLab:
		return []wakeText{{"wake", gitlabWakeFile, gitlabWake}}
	}
	return nil
}

// wakeFiles are their names.
func wakeFiles(provider string) []string {
	var names []string
	for _, w := range wakeTexts(provider) {
		names = append(names, w.file)
	}
	return names
}

// writeWake writes what runs the gate's job again, unless it is there.
func (s *setup) writeWake(ctx context.Context) error {
	for _, w := range wakeTexts(s.host.provider) {
		compose := func() ([]byte, error) {
			text, err := s.wake(ctx, w.text)
			return append([]byte("# Written by '"+product.Name+" init --"+s.host.provider+"'. Yours to change.\n#\n"), text...), err
		}
		if err := s.writeOnce(w.what, w.file, compose); err != nil {
			return err
		}
	}
	return nil
}

// wake is the text of one of them, for the log of this project.
func (s *setup) wake(ctx context.Context, text string) ([]byte, error) {
	_, branch, err := gitPlace(s.at)
	if err != nil {
		return nil, err
	}
	query := ""
	if branch != logBranch {
		query = "?branch=" + branch
	}
	address, server := "$CI_PROJECT_URL.git", "$CI_SERVER_HOST"
	if u, err := url.Parse(s.projectAddress(ctx)); err == nil && u.Host != "" {
		address, server = u.String(), u.Hostname()
	}
	version, _ := installable(thisBuild())
	return []byte(strings.NewReplacer(
		"{action}", ownActions, "{v}", actionsVersion, "{query}", query, "{programs}", modulePath+"/cmd", "{version}", version,
		"{address}", address, "{server}", server,
	).Replace(text)), nil
}

// githubWake is the workflow that wakes. docs/waiting.md says why it is as it is.
const githubWake = `# Runs the gate's job again once there is an answer. It checks out nothing and
# runs nothing of the project, and what set it off is not read: each of these
# triggers runs the file of the default branch.
name: gateledger wake

on:
  issue_comment:
    types: [created]
  workflow_run: # soon after a review
    workflows: ["gateledger review"]
    types: [completed]
  schedule:
    - cron: "7,27,47 * * * *"
  workflow_dispatch:

permissions: {}

# One at a time. Of those that wait the newest is enough: each looks at everything.
concurrency:
  group: gateledger-wake
  cancel-in-progress: false

jobs:
  wake:
    # Only by hand could it be started on another branch.
    if: github.event_name != 'workflow_dispatch' || github.ref_name == github.event.repository.default_branch
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      actions: write # to run the gate's job again
      contents: read # to read the log and the policy
      pull-requests: read # to read reviews
      issues: read # to read comments
    steps:
      - uses: {action}/actions/setup@{v}
        with:
          programs: |
            gateledger-gate
            gateledger-remote
      - name: Look for answers
        env:
          GITHUB_TOKEN: ${{ github.token }}
        run: |
          umask 077
          home="$(mktemp -d)"
          trap 'rm -rf "$home"' EXIT
          export HOME="$home" XDG_CONFIG_HOME="$home"
          cd "$home"
          server="${GITHUB_SERVER_URL#*://}"
          printf 'machine %s login x-access-token password %s\n' "${server%%:*}" "$GITHUB_TOKEN" > .netrc
          gateledger-gate wake --ledger "git:$GITHUB_SERVER_URL/$GITHUB_REPOSITORY{query}"
`

// githubReview is the workflow whose end tells the other one of a review.
const githubReview = `# A review runs the file of the pull request's branch, so this may do nothing, and
# nothing is taken from it: that it ended sets off "gateledger wake".
name: gateledger review

on:
  pull_request_review:
    types: [submitted, dismissed]

permissions: {}

jobs:
  noted:
    runs-on: ubuntu-24.04
    timeout-minutes: 1
    permissions: {}
    steps:
      - run: "true"
`

// gitlabWake is the job that wakes.
const gitlabWake = `# Runs the gate's job again once there is an answer, in a scheduled pipeline of the
# default branch. It checks out nothing and runs nothing of the project.
gateledger-wake:
  stage: deploy
  needs: []
  image: golang:1.26
  rules:
    # Without the token there is nothing that it could run again.
    - if: $CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $GATELEDGER_GITLAB_TOKEN
  # No before_script, cache, image or variable of the project.
  inherit:
    default: false
    variables: false
  # One at a time.
  resource_group: gateledger-wake
  timeout: 10 minutes
  variables:
    GIT_STRATEGY: none
  script:
    - |
      set -e
      umask 077
      home="$(mktemp -d)"
      trap 'rm -rf "$home"' EXIT
      cd "$home"
      path=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin
      for program in gateledger-gate gateledger-remote; do
        env -i HOME="$home" PATH="$path" GOBIN="$home/bin" GOFLAGS=-modcacherw go install "{programs}/$program@{version}"
      done
      export HOME="$home" XDG_CONFIG_HOME="$home" PATH="$path"
      printf 'machine %s login gitlab-ci-token password %s\n' "{server}" "$CI_JOB_TOKEN" > .netrc
      bin/gateledger-gate wake --ledger "git:{address}{query}"
`
