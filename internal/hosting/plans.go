// SPDX-License-Identifier: Apache-2.0

package hosting

// Sentences that hold for several plans.
const (
	rememberers = "everybody who remembers a head"

	anyoneAdds = "Whoever may push may add commits to the log's branch. Without the key they sign nothing: readers refuse the branch, and gateledger repair publishes the last good head again."
	inboxOpen  = "Rulesets and protected branches cover branches and tags, so whoever may push may delete or flood refs/gateledger/pending. What is deleted before it was integrated has no receipt; its writer still has it and can send it again."
	adminsCan  = "Administrators can switch every rule off, read what a job prints, and store another key."
	mainTrust  = "The default branch decides what the job with the key runs. Without required review there, whoever may push to it can take the key."

	environmentsDoc = "GitHub docs: environments, environment secrets and deployment branches are for public repositories on every plan, and for private ones on Pro, Team and Enterprise"
	rulesetsDoc     = "rulesets are for public repositories on Free, and for public and private ones on Pro, Team and Enterprise"
	gitlabDoc       = "GitLab docs: protected branches and CI/CD variables (protected, masked, limited to an environment) are in every tier"
	jobTokenDoc     = "job tokens may push to their own project from GitLab 18.4 (behind a flag from 17.2), if a maintainer allows it"
)

// Plans is the table, in the order of the documentation.
func Plans() []Plan {
	return append(append(githubPlans(), gitlabPlans()...), otherPlans()...)
}

func githubPlans() []Plan {
	protected := []string{mainTrust, anyoneAdds, inboxOpen, adminsCan}
	return []Plan{
		{
			Name: "github-free-public", Provider: GitHub, Title: "GitHub, public repository, any plan", Public: true,
			Key: EnvironmentSecret, Branch: Ruleset, Gate: ByReview,
			Rewrite: "administrators of the repository; whoever gets a change into the default branch unreviewed",
			Notice:  rememberers + "; the branch is public, so anybody may keep a copy",
			Advice:  "environment gateledger-log for the default branch only, ruleset on the log's branch, required review on the default branch",
			Remains: protected,
			Sources: environmentsDoc + "; " + rulesetsDoc,
		},
		{
			Name: "github-free-private", Provider: GitHub, Title: "GitHub Free, private repository", Private: true,
			Key: NoProtection, Branch: NoBranchProtection, Gate: Advisory,
			Rewrite: "everybody who may push: a workflow on any branch can read a repository's secret, and nothing stops a force push",
			Notice:  rememberers,
			Advice:  "keep the key out of CI and run gateledger integrate on a machine of your own; or keep the integrator and its secret in a second private repository, where only those may push who may hold the key; or use another plan",
			Remains: []string{
				"There are no environments here, so a secret is for every workflow on every branch: whoever may push can sign the log.",
				"There are no rulesets here, so whoever may push can delete or rewrite the log's branch. It is noticed and can be repaired, not prevented.",
				inboxOpen, adminsCan,
			},
			Sources: environmentsDoc + "; " + rulesetsDoc + "; a repository that is made private loses both",
		},
		{
			Name: "github-pro-private", Provider: GitHub, Title: "GitHub Pro, private repository of a person", Private: true,
			Key: EnvironmentSecret, Branch: Ruleset, Gate: ByReview,
			Rewrite: "the owner; whoever gets a change into the default branch unreviewed",
			Notice:  rememberers,
			Advice:  "as for a public repository",
			Remains: protected,
			Sources: environmentsDoc + "; " + rulesetsDoc + "; required reviewers of an environment are not in this plan, and not needed here",
		},
		{
			Name: "github-team", Provider: GitHub, Title: "GitHub Team, any repository", Public: true, Private: true,
			Key: EnvironmentSecret, Branch: Ruleset, Gate: ByReview,
			Rewrite: "administrators of the repository and owners of the organisation; whoever gets a change into the default branch unreviewed",
			Notice:  rememberers,
			Advice:  "as for a public repository; let the default branch need a code owner's review for .github and .gateledger.yml",
			Remains: protected,
			Sources: environmentsDoc + "; " + rulesetsDoc,
		},
		{
			Name: "github-enterprise", Provider: GitHub, Title: "GitHub Enterprise Cloud, any repository", Public: true, Private: true,
			Key: EnvironmentSecret, Branch: Ruleset, Gate: ByReview,
			Rewrite: "administrators of the repository, owners of the organisation and of the enterprise",
			Notice:  rememberers + "; the enterprise's audit log has who changed a rule",
			Advice:  "as for Team, with the ruleset set by the organisation, so that a repository's administrator cannot switch it off",
			Remains: protected,
			Sources: environmentsDoc + "; " + rulesetsDoc + "; organisation rulesets are Team or Enterprise, by GitHub's documentation of plans, which was not read for each version",
		},
		{
			Name: "github-server", Provider: GitHub, Title: "GitHub Enterprise Server", Public: true, Private: true,
			Key: EnvironmentSecret, Branch: Ruleset, Gate: ByReview,
			Rewrite: "as on Enterprise Cloud, and whoever administers the server or its backups",
			Notice:  rememberers + ", if they keep it off that server",
			Advice:  "as on Enterprise Cloud; keep a copy of the log's head off the server",
			Remains: with(protected, "Whoever runs the server can change anything on it, rules and secrets as well."),
			Sources: environmentsDoc + "; rulesets are in the documentation of Server 3.11 and later; earlier versions have protected branches only",
		},
	}
}

func gitlabPlans() []Plan {
	protected := []string{
		"A protected variable is for every pipeline of every protected branch and tag. Its environment keeps it from other jobs only as long as no reviewed change names that environment.",
		"On the log's own branch only maintainers may push; a pipeline there would get the key.",
		inboxOpen,
		"A job token that may push does so as whoever started the job: what a maintainer's pipeline runs could push to every branch that maintainers may push to.",
		"Maintainers can read the variable, unprotect the branch, and delete it in the web interface.",
	}
	return []Plan{
		{
			Name: "gitlab-free", Provider: GitLab, Title: "GitLab.com Free", Public: true, Private: true,
			Key: ProtectedVariable, Branch: ProtectedBranch, Gate: ByMerge,
			Rewrite: "maintainers; whoever gets a change merged into the default branch, for which no approval can be required",
			Notice:  rememberers,
			Advice:  "variable protected, masked and limited to environment gateledger-log; log's branch protected for maintainers, no force push; only maintainers merge to the default branch",
			Remains: with(protected, "Approval of merge requests can't be required in this tier: whom you let merge to the default branch can take the key."),
			Sources: gitlabDoc + "; " + jobTokenDoc,
		},
		{
			Name: "gitlab-premium", Provider: GitLab, Title: "GitLab.com Premium", Public: true, Private: true,
			Key: ProtectedVariable, Branch: ProtectedBranch, Gate: ByReview,
			Rewrite: "maintainers; whoever gets a change to the CI configuration approved",
			Notice:  rememberers + "; audit events have who changed a rule",
			Advice:  "as for Free, with environment gateledger-log protected, code owners for .gitlab-ci.yml and .gitlab, and one named user or deploy key allowed to push to the log's branch",
			Remains: protected,
			Sources: gitlabDoc + "; protected environments, code owner approval and named users on a branch are Premium",
		},
		{
			Name: "gitlab-ultimate", Provider: GitLab, Title: "GitLab.com Ultimate", Public: true, Private: true,
			Key: ProtectedVariable, Branch: ProtectedBranch, Gate: ByReview,
			Rewrite: "owners of the group; maintainers, unless a security policy forbids them to unprotect branches",
			Notice:  rememberers + "; audit events have who changed a rule",
			Advice:  "as for Premium, with a merge request approval policy that keeps the branches protected",
			Remains: protected,
			Sources: gitlabDoc + "; merge request approval policies are Ultimate, and can prevent that branches are unprotected or deleted",
		},
		{
			Name: "gitlab-self-managed", Provider: GitLab, Title: "GitLab on a server of your own, any tier", Public: true, Private: true,
			Key: ProtectedVariable, Branch: ProtectedBranch, Gate: ByMerge,
			Rewrite: "as on GitLab.com in the same tier, and whoever administers the server, its runners or its backups",
			Notice:  rememberers + ", if they keep it off that server",
			Advice:  "as on GitLab.com in the same tier; no shell runners that other jobs share; keep a copy of the log's head off the server",
			Remains: with(protected, "Whoever runs the server can change anything on it, rules and variables as well."),
			Sources: gitlabDoc + "; " + jobTokenDoc,
		},
	}
}

func otherPlans() []Plan {
	return []Plan{
		{
			Name: "git", Provider: Git, Title: "any other git server", Public: true, Private: true,
			Key: KeyFile, Branch: ServerHook, Gate: Advisory,
			Rewrite: "whoever has the key file and may push; without the key, whoever may push can delete or spoil the branch, unless the server refuses it",
			Notice:  rememberers,
			Advice:  "run gateledger integrate on one machine of your own; receive.denyNonFastForwards and receive.denyDeletes on the server, or a hook for the log's branch",
			Remains: []string{
				"Whoever administers the server or that machine can rewrite the log.",
				"Both settings of receive.* are for the whole repository: with them pending events cannot be taken away either, so prefer a hook for the log's branch.",
				inboxOpen,
			},
			Sources: "git-config(1); servers differ, and none was looked at",
		},
		{
			Name: "dir", Provider: Dir, Title: "dir: on one machine", Public: true, Private: true,
			Key: KeyFile, Branch: NoBranchProtection, Gate: Advisory,
			Rewrite: "whoever has your account on that machine: key and log lie side by side",
			Notice:  "only who keeps a receipt, a head or an export elsewhere",
			Advice:  "good for a start and for one person; use git: for anything that others rely on, and give away exports until then",
			Remains: []string{"Nothing but your account protects key and log from a program that you run."},
			Sources: "this program: keys are files of mode 0600",
		},
	}
}

// with is a list with one more, and leaves the list as it is.
func with(list []string, more string) []string {
	return append(list[:len(list):len(list)], more)
}
