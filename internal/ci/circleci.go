// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"strings"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/pattern"
)

// uuid is how CircleCI names things.
var uuid = pattern.New(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// pull is what CircleCI calls the branch of a pull request from a fork.
var pull = pattern.New(`^pull/[0-9]+$`)

// circleci reads the built-in variables of CircleCI
// (https://circleci.com/docs/reference/variables/). A workflow that is run
// again has a new id but its old workspace: so the workspace is the run, and
// the workflow's id the attempt. Host, path and id are of the repository, by
// its address; CircleCI's own id of the project is in the workflow's name.
func circleci(v *variables) event.Context {
	from := v.remote("CIRCLE_REPOSITORY_URL",
		"where CircleCI does not set it, give the job 'environment: {CIRCLE_REPOSITORY_URL: << pipeline.project.git_url >>}'")
	c := event.Context{
		Host: from.host, Repository: from.path, RepositoryID: from.id(),
		Run:     v.uuid("CIRCLE_WORKFLOW_WORKSPACE_ID"),
		Attempt: v.uuid("CIRCLE_WORKFLOW_ID"),
		Commit:  v.commit("CIRCLE_SHA1"),
	}
	c.Workflow = v.host("CIRCLE_BUILD_URL") + "/" + v.uuid("CIRCLE_PROJECT_ID")
	if change := v.optional("CIRCLE_PR_NUMBER"); change != "" {
		c.Trigger = "pull request " + v.number("CIRCLE_PR_NUMBER") + " from a fork"
	} else if c.Ref = circleciRef(v); c.Ref != "" {
		c.Workflow += "@" + c.Ref
	}
	if login := v.optional("CIRCLE_USERNAME"); login != "" {
		c.Actor = &event.Identity{Login: v.word("CIRCLE_USERNAME")}
	}
	return c
}

// circleciRef is the full name of the branch or tag. What is called like the
// branch of a fork's pull request has none: it is not in this repository.
func circleciRef(v *variables) string {
	if v.optional("CIRCLE_TAG") != "" {
		return "refs/tags/" + v.word("CIRCLE_TAG")
	}
	if v.optional("CIRCLE_BRANCH") == "" {
		return v.problem("none of CIRCLE_TAG and CIRCLE_BRANCH is set")
	}
	branch := v.word("CIRCLE_BRANCH")
	if branch == "" || pull.MatchString(branch) {
		return ""
	}
	return "refs/heads/" + branch
}

func circleciRun(c event.Context) string {
	host, _, _ := strings.Cut(c.Workflow, "/")
	return "https://" + host + "/workflow-run/" + c.Attempt
}

func circleciWorkflow(c event.Context) string { return "https://" + c.Workflow }

func (v *variables) uuid(name string) string {
	value := v.text(name)
	if value != "" && !uuid.MatchString(value) {
		return v.problem("%s is no id in the form of a UUID: %.40q", name, value)
	}
	return value
}
