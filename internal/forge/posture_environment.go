// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/github"
)

// What GitHub says of an environment, and of the rights of workflows.

// environment notes what protects an environment.
func (g *githubPosture) environment(ctx context.Context, name string) {
	var e github.Environment
	err := g.client.Setting(ctx, &e, "environments", name)
	if err == nil && !strings.EqualFold(e.Name, name) {
		err = fmt.Errorf("%w: it is another environment", ErrUnavailable)
	}
	if errors.Is(err, ask.ErrAbsent) && g.listedWithout(ctx, name) {
		g.noEnvironment(name)
		return
	}
	if err != nil {
		for _, fact := range []string{"environment-exists", "environment-reviewers", "environment-self-review-refused", "environment-wait-timer", "environment-admins-bypass", "environment-branches-limited"} {
			g.facts.set(fact, unknown(err))
		}
	} else {
		g.facts.set("environment-exists", yes("%s is there", name))
		g.environmentRules(e)
		g.facts.set("environment-admins-bypass", shownAs(e.Admins, "can_admins_bypass", "administrators may bypass its rules", "administrators may not bypass its rules"))
		g.facts.set("environment-branches-limited", g.branches(ctx, name, e))
	}
	g.facts.set("environment-custom-rule", g.customRule(ctx, name))
	g.facts.set("environment-secrets-shared", g.secretsShared(ctx, name))
}

// listedWithout reports that the whole list of environments is shown, and that
// it has none of this name.
func (g *githubPosture) listedWithout(ctx context.Context, name string) bool {
	names, err := g.client.Environments(ctx)
	return err == nil && !slices.ContainsFunc(names, func(o string) bool { return strings.EqualFold(o, name) })
}

// noEnvironment is what holds of an environment that is not there: the first
// job that names it makes it, as GitHub makes it by default.
func (g *githubPosture) noEnvironment(name string) {
	const made = "the environment is not there; a job that names it makes it, without rules"
	for _, fact := range []string{"environment-exists", "environment-reviewers", "environment-self-review-refused", "environment-wait-timer", "environment-branches-limited", "environment-custom-rule", "environment-secrets-shared"} {
		g.facts.set(fact, no(made))
	}
	g.facts.set("environment-admins-bypass", yes(made))
}

// environmentRules notes GitHub's own rules of an environment.
func (g *githubPosture) environmentRules(e github.Environment) {
	const rules = "protection_rules"
	reviewers, self, wait := no("nobody has to approve"), no("nobody has to approve"), no("it does not wait")
	if e.Rules == nil {
		hidden := tri{event.Unknown, rules + " is not shown to this token"}
		reviewers, self, wait = hidden, hidden, hidden
	} else {
		for _, r := range *e.Rules {
			switch {
			case r.Type == "required_reviewers" && len(r.Reviewers) > 0:
				reviewers = yes("one of %d reviewers has to approve", len(r.Reviewers))
				self = shownAs(r.SelfNo, "prevent_self_review", "who started the run may not approve it", "who started the run may approve it")
			case r.Type == "wait_timer" && r.Wait != nil && *r.Wait > 0:
				wait = yes("it waits for %d minutes", *r.Wait)
			}
		}
	}
	g.facts.set("environment-reviewers", reviewers)
	g.facts.set("environment-self-review-refused", self)
	g.facts.set("environment-wait-timer", wait)
}

// branches is whether only some branches may deploy.
func (g *githubPosture) branches(ctx context.Context, name string, e github.Environment) tri {
	switch {
	case e.Branches == nil:
		return no("any branch may deploy")
	case isTrue(e.Branches.Protected):
		return g.onlyProtected()
	case !isTrue(e.Branches.Custom):
		return no("any branch may deploy")
	}
	patterns, err := g.client.DeploymentBranches(ctx, name)
	if err != nil {
		return unknown(err)
	}
	for _, p := range patterns {
		if strings.Trim(p, "*/") == "" {
			return no("any branch may deploy: the pattern is %q", p)
		}
	}
	return yes("%d patterns of branches may deploy", len(patterns))
}

// onlyProtected is whether "protected branches only" lets only some branches
// deploy. It means branch protection, not rulesets, and where no branch has any
// GitHub lets all of them deploy
// (https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments#deployment-branches-and-tags).
func (g *githubPosture) onlyProtected() tri {
	switch w := g.guard; {
	case w.classicErr != nil:
		return unknown(w.classicErr)
	case w.classic == nil:
		return no("only protected branches may deploy, and %s has no branch protection: where no branch has any, all may", g.branch)
	}
	return yes("only protected branches may deploy, and %s is one", g.branch)
}

// customRule is whether an app is asked.
func (g *githubPosture) customRule(ctx context.Context, name string) tri {
	var c github.CustomRules
	if err := g.client.Setting(ctx, &c, "environments", name, "deployment_protection_rules"); err != nil {
		return unknown(err)
	}
	if c.Total == nil {
		return tri{event.Unknown, "custom_deployment_protection_rules is not shown to this token"}
	}
	for _, r := range c.Rules {
		if isTrue(r.Enabled) {
			return yes("the app %s has to answer", r.App.Slug)
		}
	}
	return no("no app has to answer")
}

// secretsShared is whether a secret of the environment is one of the whole
// repository too. Names are compared, and not told.
func (g *githubPosture) secretsShared(ctx context.Context, name string) tri {
	here, err := g.client.SecretsOf(ctx, name)
	if err != nil {
		return unknown(err)
	}
	everywhere, err := g.client.SecretsOf(ctx, "")
	if err != nil {
		return unknown(err)
	}
	shared := 0
	for _, s := range here {
		if slices.ContainsFunc(everywhere, func(o string) bool { return strings.EqualFold(o, s) }) {
			shared++
		}
	}
	return when(shared > 0, fmt.Sprintf("%d of its %d secrets are the whole repository's too", shared, len(here)), fmt.Sprintf("none of its %d secrets is the whole repository's too", len(here)))
}

// actions notes the rights of workflows.
func (g *githubPosture) actions(ctx context.Context) {
	var w github.WorkflowPermissions
	if err := g.client.Setting(ctx, &w, "actions", "permissions", "workflow"); err != nil {
		g.facts.set("workflow-token-writes", unknown(err))
		g.facts.set("workflow-approves", unknown(err))
	} else {
		g.facts.set("workflow-token-writes", tokenWrites(w))
		g.facts.set("workflow-approves", shownAs(w.Approve, "can_approve_pull_request_reviews", "workflows may approve pull requests", "workflows may not approve pull requests"))
	}
	g.facts.set("actions-limited", g.actionsLimited(ctx))
	g.facts.set("oidc-subject-bound", g.subjectBound(ctx))
}

func tokenWrites(w github.WorkflowPermissions) tri {
	switch {
	case w.Default == nil:
		return tri{event.Unknown, "default_workflow_permissions is not shown to this token"}
	case *w.Default == "read":
		return no("the default is to read")
	}
	return yes("the default is %s", *w.Default)
}

func (g *githubPosture) actionsLimited(ctx context.Context) tri {
	var a github.ActionsPermissions
	if err := g.client.Setting(ctx, &a, "actions", "permissions"); err != nil {
		return unknown(err)
	}
	switch {
	case a.Enabled != nil && !*a.Enabled:
		return yes("GitHub Actions is off")
	case isTrue(a.Pinned):
		return yes("full commit ids are required")
	case a.Allowed == nil:
		return tri{event.Unknown, "allowed_actions is not shown to this token"}
	case *a.Allowed == "local_only":
		return yes("actions of the same owner only")
	case *a.Allowed != "selected":
		return no("%s actions may run", *a.Allowed)
	}
	var s struct {
		Patterns *[]string `json:"patterns_allowed"`
	}
	if err := g.client.Setting(ctx, &s, "actions", "permissions", "selected-actions"); err != nil {
		return unknown(err)
	}
	if s.Patterns == nil {
		return tri{event.Unknown, "patterns_allowed is not shown to this token"}
	}
	for _, p := range *s.Patterns {
		if name, _, _ := strings.Cut(p, "@"); strings.Trim(name, "*/") == "" {
			return no("selected actions may run, and %q is all", p)
		}
	}
	return yes("selected actions only")
}

// subjectBound is whether the subject of identity tokens tells repositories,
// and runs in them, apart.
func (g *githubPosture) subjectBound(ctx context.Context) tri {
	var s github.SubjectClaims
	if err := g.client.Setting(ctx, &s, "actions", "oidc", "customization", "sub"); err != nil {
		return unknown(err)
	}
	if s.Default == nil {
		return tri{event.Unknown, "use_default is not shown to this token"}
	}
	if *s.Default {
		return yes("the default one")
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(s.Keys, func(k string) bool { return slices.Contains(names, k) })
	}
	text := strings.Join(s.Keys, ", ")
	return when(has("repo", "repository", "repository_id") && has("context", "environment", "job_workflow_ref", "ref", "workflow_ref"),
		"it has "+text, "it has only "+text)
}
