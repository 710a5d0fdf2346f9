// SPDX-License-Identifier: Apache-2.0

package posture

import "slices"

// gitlabRows are the findings on GitLab, in the order in which they are shown.
func gitlabRows() []Row {
	return slices.Concat(gitlabProjectRows(), gitlabGroupRows(), gitlabEnvironmentRows())
}

// gitlabProjectRows are about the project.
func gitlabProjectRows() []Row {
	const g = "gitlab"
	return []Row{
		{Name: "branch-protected", Forge: g, Matters: true, Reads: []string{"branch-protected"},
			Doc:  "the default branch, where policy and pipeline live, is protected",
			Mend: "protect the default branch"},
		{Name: "history-kept", Forge: g, Matters: true, Reads: []string{"force-push-refused"},
			Doc:  "nobody may force-push to the default branch",
			Mend: "do not allow force pushes to the default branch"},
		{Name: "push-access", Forge: g, Matters: true, Reads: []string{"!developers-push"},
			Doc:  "developers get into the default branch by merge requests only",
			Mend: "let no one, or maintainers only, push to the default branch"},
		{Name: "reviews-required", Forge: g, Matters: true, Reads: []string{"reviews-required"},
			Doc:  "what gets into the default branch was approved (Premium)",
			Mend: "require at least one approval by an approval rule"},
		{Name: "no-self-approval", Forge: g, Matters: true, Reads: []string{"!author-approves", "!committer-approves"},
			Doc:  "neither author nor committers approve their own merge request (Premium)",
			Mend: "prevent approval by the author and by users who add commits"},
		{Name: "approval-rules-kept", Forge: g, Matters: true, Reads: []string{"approval-rules-kept"},
			Doc:  "a merge request can't change the rules that it is approved by (Premium)",
			Mend: "prevent editing approval rules in merge requests"},
		{Name: "stale-reviews-dismissed", Forge: g, Matters: true, Reads: []string{"approvals-reset"},
			Doc:  "a push takes back the approvals of what was there before it (Premium)",
			Mend: "remove all approvals when commits are added to the source branch"},
		{Name: "code-owner-review", Forge: g, Matters: true, Reads: []string{"code-owner-review"},
			Doc:  "a change to owned files wants an approval by their owner (Premium)",
			Mend: "require approval from code owners on the default branch"},
		{Name: "required-check", Forge: g, Matters: true, Reads: []string{"pipelines-must-succeed", "!skipped-pipelines-pass"},
			Doc:  "a merge waits for a pipeline that succeeded",
			Mend: "set 'pipelines must succeed', and do not take skipped pipelines as successful"},
		{Name: "policy-owned", Forge: g, Matters: true, Reads: []string{"policy-on-default-branch", "policy-owned"},
			Doc:  "the policy lives on the default branch and has owners in CODEOWNERS",
			Mend: "commit .gateledger.yml to the default branch, and give it owners in CODEOWNERS"},
		{Name: "owners-exist", Forge: g, Matters: true, Reads: []string{"owners-exist"},
			Doc:  "whoever CODEOWNERS names is there, and may approve",
			Mend: "take out of CODEOWNERS whom the forge does not know, or give them permission to write: it passes over them"},
		{Name: "pipeline-file", Forge: g, Matters: true, Reads: []string{"pipeline-file-known"},
			Doc:  "the pipeline's file comes from a repository of this GitLab, not from an address",
			Mend: "set the CI/CD configuration file to one of this project, or of a protected project"},
		{Name: "pipeline-owned", Forge: g, Matters: true, Reads: []string{"pipeline-elsewhere|pipeline-owned"},
			Doc:  "the pipeline's file has owners in CODEOWNERS, or is another project's",
			Mend: "give the pipeline's file owners in CODEOWNERS"},
		{Name: "includes-pinned", Forge: g, Matters: true, Reads: []string{"includes-pinned"},
			Doc:  "what the pipeline includes from elsewhere is named by full commit id",
			Mend: "pin components and project includes to a full commit id, and remote ones by integrity"},
		{Name: "protected-variables", Forge: g, Matters: true, Reads: []string{"!unprotected-variables"},
			Doc:  "variables are given to pipelines of protected branches only",
			Mend: "protect every variable that a deployment needs"},
		{Name: "pipeline-variables", Forge: g, Reads: []string{"pipeline-variables-limited"},
			Doc:  "developers may not set variables of a pipeline that they start",
			Mend: "raise the role that may use pipeline variables"},
		{Name: "fork-pipelines", Forge: g, Reads: []string{"project-private|!fork-pipelines"},
			Doc:  "what who is no member wrote in a fork does not run in this project's pipelines",
			Mend: "do not run pipelines of forks in the parent project, or make the project private"},
		{Name: "job-token", Forge: g, Matters: true, Reads: []string{"job-token-limited", "!job-token-pushes"},
			Doc:  "job tokens of other projects get in by a list only, and job tokens do not push",
			Mend: "limit access to the job token's allowlist, and do not let job tokens push"},
		{Name: "ledger-branch", Forge: g, Matters: true, Reads: []string{"ledger-elsewhere|ledger-force-push-refused"},
			Doc:  "nobody may force-push to the ledger's branch",
			Mend: "protect the ledger's branch, and do not allow force pushes to it"},
		{Name: "ledger-writers", Forge: g, Reads: []string{"ledger-elsewhere|ledger-writers-limited"},
			Doc:  "developers may not push to the ledger's branch",
			Mend: "let only the account that integrates push to the ledger's branch"},
	}
}

// gitlabGroupRows are about the groups above the project.
func gitlabGroupRows() []Row {
	const g = "gitlab"
	return []Row{
		{Name: "group-branches", Forge: g, Matters: true, Reads: []string{"!group-force-push", "!group-developers-push"},
			Doc:  "the group above lets nobody force-push, and no developer push, to these branches (Premium)",
			Mend: "protect branches for the group as strictly as for the project: what one rule allows is allowed"},
		{Name: "group-variables", Forge: g, Matters: true, Reads: []string{"!group-unprotected-variables"},
			Doc:  "variables of the groups above are given to pipelines of protected branches only",
			Mend: "protect every variable of the groups that a deployment needs"},
		{Name: "group-approvals", Forge: g, Matters: true, Reads: []string{"!group-loosens-approvals"},
			Doc:  "no group above makes approvals looser (Premium)",
			Mend: "prevent it in the group's merge request approval settings"},
		{Name: "push-rules", Forge: g, Reads: []string{"committers-checked|!committers-checked", "group-committers-checked|!group-committers-checked"},
			Doc:  "whether committers are held to who pushes, here and in new projects of the groups: told, and judged neither way",
			Mend: "give the token a permission to read push rules"},
	}
}

// gitlabEnvironmentRows are about one environment.
func gitlabEnvironmentRows() []Row {
	const g = "gitlab"
	return []Row{
		{Name: "policy-change", Forge: g, Local: true, Matters: true, Reads: []string{"policy-change"},
			Doc:  "to change the policy takes as many approvals as to deploy there",
			Mend: "ask for at least as many approvals under policy-change as for the environment"},
		{Name: "environment-exists", Forge: g, Local: true, Matters: true, Reads: []string{"environment-protected"},
			Doc:  "the environment is protected at the forge (Premium)",
			Mend: "protect the environment in the CI/CD settings"},
		{Name: "environment-admins", Forge: g, Local: true, Matters: true, Reads: []string{"!developers-deploy"},
			Doc:  "developers may not deploy there by themselves",
			Mend: "allow maintainers, or named people, to deploy"},
		{Name: "environment-asks", Forge: g, Local: true, Matters: true, Reads: []string{"environment-approvals"},
			Doc:  "a deployment there waits for approvals (Premium)",
			Mend: "give the protected environment approval rules"},
		{Name: "environment-self-review", Forge: g, Local: true, Matters: true, Reads: []string{"!trigger-approves"},
			Doc:  "who started a pipeline may not approve its deployment (Premium)",
			Mend: "do not let pipeline triggerers approve their own deployments"},
	}
}
