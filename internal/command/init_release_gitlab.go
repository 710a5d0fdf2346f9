// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/gateledger/gateledger/internal/product"
)

// gitlabRelease is the pipeline that releases. What runs project code holds no
// key; what holds one runs no project code. A gate that waits is red, so that
// nothing after it starts: retry it.
const gitlabRelease = `# Written by '{name} init --gitlab'. Yours to change: put your own build,
# tests and deployment where it says so. It is used once .gitlab-ci.yml has:
#
#   include:
#     - local: {log-file}
#     - local: {file}
#
# Each job has what it needs: build and deploy run your code and hold none of our
# keys; {name}-record signs what was built; {name}-gate holds the log key and
# runs none of your code. As long as votes are missing the gate is red, and what
# comes after it does not start: retry it, and the rest follows. A job that is
# retried runs anew, so deploy ships only the bytes that the gate allowed.
#
# Whoever starts a pipeline can set its variables, GitLab's own as well. Let nobody:
# Settings, CI/CD, Variables, minimum role to use pipeline variables: no one.
#
{binding}
#
# A server of your own needs a mirror of the components, or their include file.
include:
  # The SBOM of this commit; on a schedule too, where the job in stage .post
  # would else be alone, and GitLab makes no pipeline of such jobs.
  - component: {components}/sbom@{cv}
    inputs:
      rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]
  # That these bytes were built from it.
  - component: {components}/record@{cv}
    inputs:
      rules: &main [{if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "schedule"'}]
      subject: {artifact}
      # test-report: dist/test-report.xml
  # What is asked about is what this pipeline recorded as built.
  - component: {components}/gate@{cv}
    inputs:
      rules: *main
      environment: production
{ledger}  # That the deployment went well.
  - component: {components}/record@{cv}
    inputs:
      job: {name}-deployed
      stage: deploy
      needs: [build, deploy]
      rules: *main
      subject: {artifact}
      environment: production
      result: healthy

build:
  stage: build
  image: {image}
  rules: *main
  script:
    # Yours. What you ship is named {artifact} from here on.
    - mkdir -p dist
    - git archive --format=tar HEAD | gzip -n > {artifact}
  artifacts:
    paths: [{artifact}]

deploy:
  stage: deploy
  # With the gate's artifacts: its report says which bytes it allowed.
  needs: [build, {name}-gate]
  image: {image}
  rules: *main
  # Keep the credentials of the deployment as protected variables of it.
  environment: production
  resource_group: production
  script:
    # Keep this line first: these are the bytes that the gate allowed.
    - sha256sum {artifact} | grep -xFf {report}/allowed.sha256
    # Yours.
    - echo "this is where {artifact} would go to production"
`

// gitlabAddress is a project's address over HTTPS, as the remote tells it; empty
// where it does not tell.
func gitlabAddress(remote string) string {
	if m := regexp.MustCompile(`^(?:ssh://git@([A-Za-z0-9.-]+)/|git@([A-Za-z0-9.-]+):)([^:]+)$`).FindStringSubmatch(remote); m != nil {
		remote = "https://" + m[1] + m[2] + "/" + m[3]
	}
	u, err := url.Parse(remote)
	if err != nil || u.Scheme != "https" || !regexp.MustCompile(`^[A-Za-z0-9.:-]+$`).MatchString(u.Host) ||
		!regexp.MustCompile(`^/[A-Za-z0-9._/-]+$`).MatchString(u.Path) || u.RawQuery+u.Fragment != "" {
		return ""
	}
	return "https://" + u.Host + strings.TrimSuffix(strings.TrimRight(u.Path, "/"), ".git") + ".git"
}

// projectAddress is that of the project the log is in. It stands in the jobs as
// it is, for whoever starts a pipeline can say another $CI_PROJECT_URL.
func (s *setup) projectAddress(ctx context.Context) string {
	remote, _, err := gitPlace(s.at)
	if err != nil || s.place.repo == nil {
		return ""
	}
	address, err := s.place.repo.RemoteURL(ctx, remote)
	if err != nil {
		return ""
	}
	return gitlabAddress(address)
}

// gitlabLedger is the gate's line that says where the log is.
func gitlabLedger(address, branch string) string {
	query := ""
	if branch != logBranch {
		query = "?branch=" + branch
	}
	if address != "" {
		return "      ledger: git:" + address + query + "\n"
	}
	return "      # Say where the log is, in full, so that no variable does:\n      # ledger: git:https://SERVER/PROJECT.git" + query + "\n"
}

// The components that the release uses, and an image with git for the sample
// build.
const (
	components        = "$CI_SERVER_FQDN/" + product.Name + "/" + product.Name
	componentsVersion = "1"
	sampleImage       = "docker.io/library/buildpack-deps:bookworm-scm@sha256:b42f74a50a22540b839042134919504ff7c51e7cf8d751b79d0f94c56566cb92"
)
