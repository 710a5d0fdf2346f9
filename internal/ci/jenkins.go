// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"strings"

	"github.com/gateledger/gateledger/internal/event"
)

// onJenkins reports a build of Jenkins, which sets no variable to "true". A
// controller or agent has JENKINS_URL or JENKINS_HOME outside of builds too;
// the number and the name of the job only a build has.
func onJenkins(getenv func(string) string) bool {
	return (getenv("JENKINS_URL") != "" || getenv("JENKINS_HOME") != "") && getenv("BUILD_NUMBER") != "" && getenv("JOB_NAME") != ""
}

// jenkins reads the variables that Jenkins and its git plugin document
// (https://plugins.jenkins.io/git/#plugin-content-environment-variables).
// The run is the build's page, which no other Jenkins shares. Jenkins knows
// no repository: host, path and id are of the remote that it checked out. Nor
// does it say who set off a build, unless the build-user-vars plugin does.
func jenkins(v *variables) event.Context {
	from := v.remote("GIT_URL", "a scripted pipeline gets it, and GIT_COMMIT, from what 'checkout scm' returns")
	c := event.Context{
		Host: from.host, Repository: from.path, RepositoryID: from.id(),
		Run:    v.page("BUILD_URL"),
		Commit: v.commit("GIT_COMMIT"),
	}
	base, number := v.page("JENKINS_URL"), v.number("BUILD_NUMBER")
	job, ok := strings.CutSuffix(c.Run, "/"+number+"/")
	if c.Run != "" && base != "" && number != "" && (!ok || !strings.HasPrefix(job, base)) {
		v.problem("BUILD_URL is not JENKINS_URL, a job and BUILD_NUMBER")
	}
	v.text("JOB_NAME")
	c.Workflow = job
	if change := v.optional("CHANGE_ID"); change != "" {
		c.Trigger = "change " + change
	} else if c.Ref = jenkinsRef(v); c.Ref != "" {
		c.Workflow += "@" + c.Ref
	}
	user := event.Identity{Login: v.optional("BUILD_USER_ID"), Name: v.optional("BUILD_USER"), Email: v.optional("BUILD_USER_EMAIL")}
	if user != (event.Identity{}) {
		c.Actor = &user
	}
	return c
}

// jenkinsRef is the full name of the branch or tag. Of a change request
// Jenkins says only the number: how its ref is called depends on the forge.
func jenkinsRef(v *variables) string {
	if tag := v.optional("TAG_NAME"); tag != "" {
		return "refs/tags/" + v.word("TAG_NAME")
	}
	for _, name := range []string{"BRANCH_NAME", "GIT_LOCAL_BRANCH"} {
		if v.optional(name) != "" {
			return "refs/heads/" + v.word(name)
		}
	}
	if v.optional("GIT_BRANCH") == "" {
		return v.problem("none of CHANGE_ID, TAG_NAME, BRANCH_NAME, GIT_LOCAL_BRANCH and GIT_BRANCH is set")
	}
	branch := v.word("GIT_BRANCH")
	if strings.HasPrefix(branch, "refs/") {
		return branch
	}
	remote, name, ok := strings.Cut(branch, "/")
	if !ok || remote == "" || name == "" {
		return v.problem("GIT_BRANCH is no branch of a remote: %.80q", branch)
	}
	return "refs/heads/" + name
}

func jenkinsRun(c event.Context) string { return c.Run }

func jenkinsWorkflow(c event.Context) string { return c.Workflow }
