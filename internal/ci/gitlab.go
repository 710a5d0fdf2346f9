// SPDX-License-Identifier: Apache-2.0

package ci

import "github.com/gateledger/gateledger/internal/event"

// gitlab reads the predefined variables of GitLab CI/CD. The run is the
// pipeline. GitLab counts no attempts: a job run again has a new id, which
// stands in their place. The workflow is written as GitLab's ID tokens do,
// in ci_config_ref_uri.
func gitlab(v *variables) event.Context {
	c := event.Context{
		Host:         v.host("CI_SERVER_URL"),
		Repository:   v.word("CI_PROJECT_PATH"),
		RepositoryID: v.number("CI_PROJECT_ID"),
		Run:          v.number("CI_PIPELINE_ID"),
		Attempt:      v.number("CI_JOB_ID"),
		Trigger:      v.word("CI_PIPELINE_SOURCE"),
		Actor: &event.Identity{
			ID: v.number("GITLAB_USER_ID"), Login: v.word("GITLAB_USER_LOGIN"),
			Name: v.optional("GITLAB_USER_NAME"), Email: v.optional("GITLAB_USER_EMAIL"),
		},
		Commit: v.commit("CI_COMMIT_SHA"),
		Ref:    gitlabRef(v),
	}
	c.Workflow = c.Host + "/" + c.Repository + "//" + v.text("CI_CONFIG_PATH") + "@" + c.Ref
	return c
}

// gitlabRef is the full name of what the pipeline is for: GitLab sets one
// variable for a merge request, one for a tag and one for a branch.
func gitlabRef(v *variables) string {
	if ref := v.optional("CI_MERGE_REQUEST_REF_PATH"); ref != "" {
		return ref
	}
	if tag := v.optional("CI_COMMIT_TAG"); tag != "" {
		return "refs/tags/" + tag
	}
	if branch := v.optional("CI_COMMIT_BRANCH"); branch != "" {
		return "refs/heads/" + branch
	}
	return v.problem("none of CI_MERGE_REQUEST_REF_PATH, CI_COMMIT_TAG and CI_COMMIT_BRANCH is set")
}

func gitlabRun(c event.Context) string {
	return "https://" + c.Host + "/" + c.Repository + "/-/pipelines/" + c.Run
}

func gitlabWorkflow(c event.Context) string { return "https://" + c.Workflow }
