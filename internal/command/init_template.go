// SPDX-License-Identifier: Apache-2.0

package command

// githubTemplate is the workflow that integrates. It uses no action, so there
// is none to pin; the program comes from its module, whose bytes the go
// command checks. The policy and the log are read from the remote, and no file
// of the project is written. The token reaches git by a .netrc in a home of its
// own, the key reaches the program by standard input: neither is in an
// argument.
const githubTemplate = `# Written by '{name} init --github'. Yours to change.
#
# This is the one job that holds the log key. It takes what other jobs and
# people have signed and left under refs/{name}/pending into the log. It checks
# out nothing and runs nothing of this project: the policy is read from the
# default branch, by git.
name: {name} log

on:
  schedule:
    - cron: "17 * * * *"
  workflow_dispatch:
{after}

permissions: {}

# One at a time. A run that is cut off loses nothing, and helps nobody.
concurrency:
  group: {job}
  cancel-in-progress: false

jobs:
  integrate:
    # Only by hand could it be started on another branch.
    if: github.event_name != 'workflow_dispatch' || github.ref_name == github.event.repository.default_branch
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    # Its settings give the key to jobs of the default branch only.
    environment: {job}
    permissions:
      contents: write
    steps:
      - name: Install {name}
        env:
          VERSION: "{version}"
        run: |
          GOBIN="$RUNNER_TEMP/bin" go install "{command}@$VERSION"
      - name: Take in what is pending
        env:
          LOG_KEY: ${{ secrets.{secret} }}
          TOKEN: ${{ github.token }}
        run: |
          umask 077
          home="$(mktemp -d)"
          trap 'rm -rf "$home"' EXIT
          export HOME="$home" XDG_CONFIG_HOME="$home"
          cd "$home"
          server="${GITHUB_SERVER_URL#*://}"
          printf 'machine %s login x-access-token password %s\n' "${server%%:*}" "$TOKEN" > .netrc
          printf '%s' "$LOG_KEY" | "$RUNNER_TEMP/bin/{name}" integrate --log-key - --ledger "git:$GITHUB_SERVER_URL/$GITHUB_REPOSITORY{query}"
`

// gitlabTemplate is the job that integrates. Whoever may start a pipeline can
// set its variables, so what installs the program gets an environment of its
// own, and the version stands in the script.
const gitlabTemplate = `# Written by '{name} init --gitlab'. Yours to change. It is used once
# .gitlab-ci.yml has these lines:
#
#   include:
#     - local: {file}
#
# This is the one job that holds the log key. It takes what other jobs and
# people have signed and left under refs/{name}/pending into the log. It checks
# out nothing and runs nothing of this project: the policy is read from the
# default branch, by git.
#
# Whoever starts a pipeline can set its variables, GitLab's own as well. Let nobody:
# Settings, CI/CD, Variables, minimum role to use pipeline variables: no one.
{job}:
  stage: .post # last of all; GitLab makes no pipeline of such jobs alone
  image: golang:1.26
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      when: always
  # No before_script, cache, image or variable of the project.
  inherit:
    default: false
    variables: false
  dependencies: []
  # The variable with the key is for this environment only.
  environment:
    name: {job}
    action: access
  # One at a time.
  resource_group: {job}
  timeout: 15 minutes
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
      env -i HOME="$home" PATH="$path" GOBIN="$home/bin" GOFLAGS=-modcacherw go install "{command}@{version}"
      export HOME="$home" XDG_CONFIG_HOME="$home" PATH="$path"
      printf 'machine %s login gitlab-ci-token password %s\n' "{server}" "$CI_JOB_TOKEN" > .netrc
      printf '%s' "${secret}" | bin/{name} integrate --log-key - --ledger "git:{address}{query}"
`
