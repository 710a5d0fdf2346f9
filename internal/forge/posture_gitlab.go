// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
	"github.com/gateledger/gateledger/internal/jobfile"
	"github.com/gateledger/gateledger/internal/product"
)

// A gitlabPosture is one reading of a project's settings.
type gitlabPosture struct {
	q       PostureQuery
	client  *gitlab.Client
	project gitlab.Project
	facts   factList
}

// defaultPipeline is where a pipeline is described if nothing else is said.
const defaultPipeline = ".gitlab-ci.yml"

func openGitLabPosture(q PostureQuery) (*gitlab.Client, int64, error) {
	project, err := variable("CI_PROJECT_ID", q.Getenv("CI_PROJECT_ID"))
	if err != nil {
		return nil, 0, err
	}
	client, err := gitlab.New(gitlab.Options{
		API:      q.Getenv("CI_API_V4_URL"),
		Token:    cmp.Or(q.Token, q.Getenv("GATELEDGER_POSTURE_TOKEN"), q.Getenv("GATELEDGER_GITLAB_TOKEN")),
		JobToken: q.Getenv("CI_JOB_TOKEN"),
		Base:     q.Base, Timeout: q.Timeout, Pause: q.Pause,
	})
	switch {
	case errors.Is(err, gitlab.ErrToken):
		return nil, 0, fmt.Errorf("%w: none of GATELEDGER_POSTURE_TOKEN, GATELEDGER_GITLAB_TOKEN and CI_JOB_TOKEN holds a token", ErrSetup)
	case err != nil:
		return nil, 0, fmt.Errorf("%w: CI_API_V4_URL: %w", ErrSetup, err)
	}
	return client, project, nil
}

func readGitLabPosture(ctx context.Context, q PostureQuery) ([]event.PosturePredicate, error) {
	client, id, err := openGitLabPosture(q)
	if err != nil {
		return nil, err
	}
	project, err := client.Project(ctx, id)
	if err != nil {
		return nil, err
	}
	g := &gitlabPosture{q: q, client: client, project: project}
	rules, rulesErr := client.ProtectedBranches(ctx, id)
	g.defaultBranch(rules, rulesErr)
	g.approvals(ctx)
	g.merging()
	g.files(ctx)
	g.jobs(ctx)
	g.ledger(rules, rulesErr)
	g.groups(ctx, rules)
	places, placesErr := client.ProtectedEnvironments(ctx, id)
	var all []event.PosturePredicate
	for _, name := range q.Environments {
		here := &gitlabPosture{q: q, client: client, project: project}
		here.environment(ctx, name, places, placesErr)
		all = append(all, event.PosturePredicate{
			Provider: "gitlab", Host: client.Host, RepositoryID: strconv.FormatInt(id, 10), Environment: name, Branch: project.DefaultBranch,
			Facts: g.facts.with(here.facts.list),
		})
	}
	return dated(all, client.Seen)
}

// unknownAll notes that nobody can tell several facts, for one reason.
func (l *factList) unknownAll(err error, names ...string) {
	for _, name := range names {
		l.set(name, unknown(err))
	}
}

// rulesOf are the rules about one branch. Where there are several, whatever one
// of them allows is allowed
// (https://docs.gitlab.com/user/project/repository/branches/protected/).
func rulesOf(rules []gitlab.ProtectedBranch, branch string) []gitlab.ProtectedBranch {
	return slices.DeleteFunc(slices.Clone(rules), func(r gitlab.ProtectedBranch) bool { return !r.Covers(branch) })
}

// forceRefused is whether nobody may force-push to a branch with these rules.
func forceRefused(rules []gitlab.ProtectedBranch) tri {
	if len(rules) == 0 {
		return no("the branch is not protected")
	}
	answer := yes("by the protection of %s", rules[0].Name)
	for _, r := range rules {
		switch {
		case r.ForcePush == nil:
			answer = tri{event.Unknown, "allow_force_push is not shown to this token"}
		case *r.ForcePush:
			return no("the protection of %s allows force pushes", r.Name)
		}
	}
	return answer
}

// developersPush is whether everybody with the role of a developer may push to a
// branch with these rules.
func developersPush(rules []gitlab.ProtectedBranch) tri {
	if len(rules) == 0 {
		return yes("the branch is not protected, so developers push to it")
	}
	answer := no("developers may not push, by the protection of %s", rules[0].Name)
	for _, r := range rules {
		if r.Push == nil {
			answer = tri{event.Unknown, "push_access_levels is not shown to this token"}
			continue
		}
		switch is := rolesLet(*r.Push); is.state {
		case event.Yes:
			return yes("developers may push, by the protection of %s", r.Name)
		case event.Unknown:
			answer = is
		}
	}
	return answer
}

// rolesLet is whether lines of access let in everybody with the role of a
// developer.
func rolesLet(list []gitlab.Access) tri {
	answer := no("developers are not let in")
	for _, a := range list {
		level, ok := a.Role()
		switch {
		case !ok:
			answer = tri{event.Unknown, "a line of access names nobody"}
		case level > 0 && level <= gitlab.Developer:
			return yes("developers are let in")
		}
	}
	return answer
}

// defaultBranch notes what protects the default branch.
func (g *gitlabPosture) defaultBranch(all []gitlab.ProtectedBranch, err error) {
	if err != nil {
		g.facts.unknownAll(err, "branch-protected", "force-push-refused", "developers-push", "code-owner-review")
		return
	}
	rules := rulesOf(all, g.project.DefaultBranch)
	if len(rules) == 0 {
		g.facts.set("branch-protected", no("branch %s is not protected", g.project.DefaultBranch))
	} else {
		g.facts.set("branch-protected", yes("by the protection of %s", rules[0].Name))
	}
	g.facts.set("force-push-refused", forceRefused(rules))
	g.facts.set("developers-push", developersPush(rules))
	g.facts.set("code-owner-review", ownersAsked(rules))
}

// ownersAsked is whether code owners have to approve. One rule that asks for it
// is enough.
func ownersAsked(rules []gitlab.ProtectedBranch) tri {
	answer := no("no protection of the branch asks for approval by code owners")
	for _, r := range rules {
		switch {
		case r.CodeOwners == nil:
			answer = tri{event.Unknown, "code_owner_approval_required is not shown to this token"}
		case *r.CodeOwners:
			return yes("by the protection of %s", r.Name)
		}
	}
	return answer
}

// approvals notes how merge requests are approved.
func (g *gitlabPosture) approvals(ctx context.Context) {
	rules, err := g.client.ApprovalRules(ctx, g.project.ID)
	if err != nil {
		g.facts.set("reviews-required", unknown(err))
	} else {
		g.facts.set("reviews-required", g.reviewsRequired(rules))
	}
	a, err := g.client.Approving(ctx, g.project.ID)
	if err != nil {
		g.facts.unknownAll(err, "author-approves", "committer-approves", "approvals-reset", "approval-rules-kept")
		return
	}
	g.facts.set("author-approves", shownAs(a.AuthorApproves, "merge_requests_author_approval", "authors may approve their merge requests", "authors may not approve their merge requests"))
	g.facts.set("committer-approves", shownAs(inverse(a.CommittersMay), "merge_requests_disable_committers_approval", "who adds commits may approve them", "who adds commits may not approve them"))
	g.facts.set("approvals-reset", shownAs(a.ResetOnPush, "reset_approvals_on_push", "a push takes approvals back", "approvals stay when something is pushed"))
	g.facts.set("approval-rules-kept", shownAs(a.RulesAreKept, "disable_overriding_approvers_per_merge_request", "a merge request goes by the project's rules", "a merge request may change the rules that it is approved by"))
}

func inverse(v *bool) *bool {
	if v == nil {
		return nil
	}
	is := !*v
	return &is
}

// reviewsRequired is whether a rule wants approvals of what gets into the
// default branch. Rules about reports want them of some merge requests only.
func (g *gitlabPosture) reviewsRequired(rules []gitlab.ApprovalRule) tri {
	answer := no("no approval rule asks for an approval")
	for _, r := range rules {
		switch {
		case r.Type != "regular" && r.Type != "any_approver" || !r.Covers(g.project.DefaultBranch):
		case r.Required == nil:
			answer = tri{event.Unknown, "approvals_required of a rule is not shown to this token"}
		case *r.Required > 0:
			return yes("approval rule %d asks for %d", r.ID, *r.Required)
		}
	}
	return answer
}

// merging notes what a merge waits for.
func (g *gitlabPosture) merging() {
	p := g.project
	g.facts.set("pipelines-must-succeed", shownAs(p.PipelinesMustSucceed, "only_allow_merge_if_pipeline_succeeds", "a merge waits for a pipeline that succeeded", "a merge waits for no pipeline"))
	skipped := no("a skipped pipeline is no success")
	if isTrue(p.SkippedPass) { // null is GitLab's way to say false
		skipped = yes("a skipped pipeline counts as a success")
	} else if p.PipelinesMustSucceed == nil {
		skipped = tri{event.Unknown, "allow_merge_on_skipped_pipeline is not shown to this token"}
	}
	g.facts.set("skipped-pipelines-pass", skipped)
}

// files notes what the default branch's own files say.
func (g *gitlabPosture) files(ctx context.Context) {
	text, err := g.file(ctx, product.PolicyFile, 1<<20)
	sum := sha256.Sum256(text)
	owners := g.owners(ctx)
	g.facts.policyFacts(g.q, hex.EncodeToString(sum[:]), err, owners)

	place := defaultPipeline
	if p := g.project.ConfigPath; p != nil && strings.TrimSpace(*p) != "" {
		place = strings.TrimSpace(*p)
	}
	name, elsewhere, _ := strings.Cut(place, "@")
	switch {
	case strings.Contains(place, "://"):
		const remote = "the pipeline's file comes from an address"
		g.facts.set("pipeline-file-known", no(remote))
		g.facts.set("pipeline-elsewhere", no(remote))
		g.facts.set("pipeline-owned", no(remote))
		g.facts.set("includes-pinned", tri{event.Unknown, remote + ", which is not read"})
		return
	case elsewhere != "":
		g.facts.set("pipeline-file-known", yes("%s of project %s", name, elsewhere))
		g.facts.set("pipeline-elsewhere", yes("the pipeline's file is of project %s", elsewhere))
		g.facts.set("pipeline-owned", no("the pipeline's file is of project %s", elsewhere))
	default:
		g.facts.set("pipeline-file-known", yes("%s of this project", name))
		g.facts.set("pipeline-elsewhere", no("the pipeline's file is %s of this project", name))
		g.facts.set("pipeline-owned", owners.owned(name))
	}
	g.facts.set("includes-pinned", g.includes(ctx, name, elsewhere))
}

// includes is whether what the pipeline's file includes can't be moved. Of
// another project it is read at the ref that is named, else at its default
// branch.
func (g *gitlabPosture) includes(ctx context.Context, name, elsewhere string) tri {
	data, err := g.file(ctx, name, jobfile.MaxFile)
	if elsewhere != "" {
		project, ref, _ := strings.Cut(elsewhere, ":")
		data, err = g.client.File(ctx, project, cmp.Or(ref, "HEAD"), name, jobfile.MaxFile)
	}
	if err != nil {
		return unknown(err)
	}
	loose, err := jobfile.GitLabIncludes(data)
	switch {
	case err != nil:
		return unknown(fmt.Errorf("%s: %w", name, err))
	case len(loose) > 0:
		return no("not pinned are %s", few(loose))
	}
	return yes("all that %s includes", name)
}

// file reads a file of the default branch.
func (g *gitlabPosture) file(ctx context.Context, name string, limit int64) ([]byte, error) {
	data, err := g.client.File(ctx, fmt.Sprint(g.project.ID), g.project.DefaultBranch, name, limit)
	if errors.Is(err, gitlab.ErrNoFile) {
		return nil, errNoFile
	}
	return data, err
}

// jobs notes the rights of jobs, and who may give them what.
func (g *gitlabPosture) jobs(ctx context.Context) {
	p := g.project
	g.facts.set("job-token-pushes", shownAs(p.JobTokenPushes, "ci_push_repository_for_job_token_allowed", "job tokens may push", "job tokens may not push"))
	if limited, err := g.client.InboundLimited(ctx, p.ID); err != nil {
		g.facts.set("job-token-limited", unknown(err))
	} else {
		g.facts.set("job-token-limited", shownAs(limited, "inbound_enabled", "other projects' job tokens get in by a list", "every project's job tokens get in"))
	}
	g.facts.set("pipeline-variables-limited", variablesLimited(p))
	g.facts.set("fork-pipelines", shownAs(p.ForkPipelines, "ci_allow_fork_pipelines_to_run_in_parent_project", "members may run a fork's pipeline here", "a fork's pipeline never runs here"))
	switch p.Visibility {
	case "":
		g.facts.set("project-private", tri{event.Unknown, "visibility is not shown to this token"})
	default:
		g.facts.set("project-private", when(p.Visibility == "private", "only members see the project", "the project is "+p.Visibility+": who is no member may fork it"))
	}
	g.facts.set("unprotected-variables", g.looseVariables(ctx))
}

// variablesLimited is whether developers may not set variables of a pipeline.
func variablesLimited(p gitlab.Project) tri {
	switch {
	case p.VariablesRole == nil && p.RestrictVariables == nil:
		return tri{event.Unknown, "ci_pipeline_variables_minimum_override_role is not shown to this token"}
	case p.RestrictVariables != nil && !*p.RestrictVariables:
		return no("developers may set variables of a pipeline")
	case p.VariablesRole == nil:
		return yes("maintainers may set variables of a pipeline")
	case slices.Contains([]string{"maintainer", "owner", "no_one_allowed"}, *p.VariablesRole):
		return yes("who may set variables of a pipeline: %s", *p.VariablesRole)
	}
	return no("who may set variables of a pipeline: %s", *p.VariablesRole)
}

// looseVariables is whether a variable is given to pipelines of any branch.
// They are counted, and not named.
func (g *gitlabPosture) looseVariables(ctx context.Context) tri {
	list, err := g.client.Variables(ctx, g.project.ID)
	if err != nil {
		return unknown(err)
	}
	loose, hidden := 0, 0
	for _, v := range list {
		switch {
		case v.Protected == nil:
			hidden++
		case !*v.Protected:
			loose++
		}
	}
	switch {
	case loose > 0:
		return yes("%d of %d variables are given to pipelines of every branch", loose, len(list))
	case hidden > 0:
		return tri{event.Unknown, fmt.Sprintf("whether %d of %d variables are protected is not shown to this token", hidden, len(list))}
	}
	return no("all of %d variables are given to protected branches only", len(list))
}

// ledger notes what protects the ledger's branch.
func (g *gitlabPosture) ledger(all []gitlab.ProtectedBranch, err error) {
	names := []string{"ledger-force-push-refused", "ledger-writers-limited"}
	if g.q.LedgerBranch == "" {
		const elsewhere = "the ledger is no branch of this project"
		g.facts.set("ledger-elsewhere", yes(elsewhere))
		for _, name := range names {
			g.facts.set(name, no(elsewhere))
		}
		return
	}
	g.facts.set("ledger-elsewhere", no("the ledger is branch %s", g.q.LedgerBranch))
	if err != nil {
		g.facts.unknownAll(err, names...)
		return
	}
	rules := rulesOf(all, g.q.LedgerBranch)
	g.facts.set("ledger-force-push-refused", forceRefused(rules))
	push := developersPush(rules)
	switch push.state {
	case event.Yes:
		push.state = event.No
	case event.No:
		push.state = event.Yes
	}
	g.facts.set("ledger-writers-limited", push)
}

// environment notes what protects an environment.
func (g *gitlabPosture) environment(ctx context.Context, name string, places []gitlab.ProtectedEnvironment, err error) {
	g.facts.set("trigger-approves", shownAs(g.project.TriggerApproves, "allow_pipeline_trigger_approve_deployment", "who started the pipeline may approve its deployment", "who started the pipeline may not approve its deployment"))
	if err != nil {
		g.facts.unknownAll(err, "environment-protected", "developers-deploy", "environment-approvals")
		return
	}
	i := slices.IndexFunc(places, func(e gitlab.ProtectedEnvironment) bool { return e.Name == name })
	if i < 0 {
		g.groupEnvironment(ctx, name)
		return
	}
	g.protected(name, places[i])
}

// protected notes what the protection of an environment asks for.
func (g *gitlabPosture) protected(name string, e gitlab.ProtectedEnvironment) {
	g.facts.set("environment-protected", yes("%s is protected", name))
	if e.Deploy == nil {
		g.facts.set("developers-deploy", tri{event.Unknown, "deploy_access_levels is not shown to this token"})
	} else {
		g.facts.set("developers-deploy", rolesLet(*e.Deploy))
	}
	g.facts.set("environment-approvals", deploymentApprovals(e))
}

// deploymentApprovals is whether a deployment waits for anybody.
func deploymentApprovals(e gitlab.ProtectedEnvironment) tri {
	required := 0
	if e.Rules != nil {
		for _, r := range *e.Rules {
			if r.Required != nil {
				required += max(*r.Required, 0)
			}
		}
	}
	if e.Required != nil {
		required = max(required, *e.Required)
	}
	switch {
	case required > 0:
		return yes("a deployment takes %d approvals", required)
	case e.Required == nil && e.Rules == nil:
		return tri{event.Unknown, "required_approval_count is not shown to this token"}
	}
	return no("a deployment takes no approval")
}
