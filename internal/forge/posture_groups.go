// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"errors"
	"fmt"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
)

// What the groups above a project on GitLab allow in it. Most of it is shown to
// owners of the group only; what the token may not see is unknown.

var errNamespace = errors.New("namespace is not shown to this token")

// groups notes what the groups above allow.
func (g *gitlabPosture) groups(ctx context.Context, rules []gitlab.ProtectedBranch) {
	above, err := []string(nil), errNamespace
	if n := g.project.Namespace; n != nil {
		above, err = n.Groups()
	}
	g.groupApprovals(ctx)
	g.pushRule(ctx)
	names := []string{"group-force-push", "group-developers-push", "group-unprotected-variables", "group-committers-checked"}
	switch {
	case err != nil:
		g.facts.unknownAll(err, names...)
		return
	case len(above) == 0:
		for _, name := range names {
			g.facts.set(name, no("the project is in nobody's group"))
		}
		return
	}
	g.groupBranches(ctx, above[0], rules)
	g.facts.set("group-unprotected-variables", g.groupVariables(ctx, above))
	checked := no("no group above has new projects begin with it")
	for _, group := range above {
		rule, err := g.client.GroupPushRule(ctx, group)
		switch {
		case err != nil:
			checked = unknown(err)
		case isTrue(rule.Committer) && checked.state == event.No:
			checked = yes("group %s has new projects begin with it", group)
		}
	}
	g.facts.set("group-committers-checked", checked)
}

// groupBranches notes what the highest group lets into branches: no other has
// rules about them, and its rules add to those of the project. Where the project's
// own list says of each rule whether it is inherited, it has them.
func (g *gitlabPosture) groupBranches(ctx context.Context, group string, own []gitlab.ProtectedBranch) {
	rules, err := g.client.GroupBranches(ctx, group)
	if err != nil && listsInherited(own) {
		const there = "the project's list of rules has those of its group"
		g.facts.set("group-force-push", no(there))
		g.facts.set("group-developers-push", no(there))
		return
	}
	if err != nil {
		g.facts.unknownAll(err, "group-force-push", "group-developers-push")
		return
	}
	force, push := no("group %s has no rule that lets anybody", group), no("group %s has no rule that lets developers", group)
	for _, branch := range []string{g.project.DefaultBranch, g.q.LedgerBranch} {
		for _, r := range rulesOf(rules, branch) {
			if branch == "" {
				continue
			}
			force = orElse(force, shownAs(r.ForcePush, "allow_force_push of group "+group, "group "+group+" lets people force-push to "+r.Name, force.why))
			let := tri{event.Unknown, "push_access_levels of group " + group + " is not shown to this token"}
			if r.Push != nil {
				let = rolesLet(*r.Push)
			}
			if let.state == event.Yes {
				let.why = "group " + group + " lets developers push to " + r.Name
			}
			push = orElse(push, let)
		}
	}
	g.facts.set("group-force-push", force)
	g.facts.set("group-developers-push", push)
}

// orElse is a before b, where yes is before unknown, and unknown before no.
func orElse(a, b tri) tri {
	if a.state == event.Yes || b.state == event.No || a.state == event.Unknown && b.state != event.Yes {
		return a
	}
	return b
}

// listsInherited is whether a project's list of rules says of each whether it is
// a group's.
func listsInherited(rules []gitlab.ProtectedBranch) bool {
	for _, r := range rules {
		if r.Inherited == nil {
			return false
		}
	}
	return len(rules) > 0
}

// groupVariables is whether a variable of a group is given to pipelines of every
// branch. They are counted, and not named.
func (g *gitlabPosture) groupVariables(ctx context.Context, above []string) tri {
	count, answer := 0, no("")
	for _, group := range above {
		list, err := g.client.GroupVariables(ctx, group)
		if err != nil {
			answer = orElse(answer, unknown(err))
			continue
		}
		count += len(list)
		for _, v := range list {
			switch {
			case v.Protected == nil:
				answer = orElse(answer, unknown(fmt.Errorf("whether variables of group %s are protected is not shown to this token", group)))
			case !*v.Protected:
				answer = orElse(answer, yes("a variable of group %s is given to pipelines of every branch", group))
			}
		}
	}
	if answer.state == event.No {
		return no("all of %d variables of the groups above are given to protected branches only", count)
	}
	return answer
}

// groupApprovals notes whether a group, or the whole GitLab, makes approvals
// looser than they should be.
func (g *gitlabPosture) groupApprovals(ctx context.Context) {
	const name = "group-loosens-approvals"
	a, err := g.client.ApprovalSettings(ctx, g.project.ID)
	if err != nil {
		g.facts.set(name, unknown(err))
		return
	}
	answer := no("no group above loosens them")
	for _, s := range []struct {
		name string
		is   *gitlab.Inherited
	}{
		{"allow_author_approval", a.Author}, {"allow_committer_approval", a.Committer},
		{"allow_overrides_to_approver_list_per_merge_request", a.Overriding}, {"retain_approvals_on_push", a.Retain},
	} {
		switch {
		case s.is == nil || s.is.Value == nil:
			answer = orElse(answer, unknown(fmt.Errorf("%s is not shown to this token", s.name)))
		case *s.is.Value && s.is.From != nil:
			answer = orElse(answer, yes("%s is set by the %.40q above", s.name, *s.is.From))
		}
	}
	g.facts.set(name, answer)
}

// pushRule notes whether GitLab checks that committers are who pushes.
func (g *gitlabPosture) pushRule(ctx context.Context) {
	rule, err := g.client.PushRule(ctx, g.project.ID)
	if err != nil {
		g.facts.set("committers-checked", unknown(err))
		return
	}
	g.facts.set("committers-checked", when(isTrue(rule.Committer), "who pushes is the committer, by the project's push rule", "the project's push rule does not hold committers to who pushes"))
}

// groupEnvironment notes what a group above protects in an environment that the
// project does not: groups do so by the environment's tier.
func (g *gitlabPosture) groupEnvironment(ctx context.Context, name string) {
	place, err := g.protectedByGroup(ctx, name)
	switch {
	case err != nil:
		g.facts.unknownAll(err, "environment-protected", "developers-deploy", "environment-approvals")
	case place == nil:
		const open = "neither the project nor a group above protects the environment"
		g.facts.set("environment-protected", no(open))
		g.facts.set("developers-deploy", yes(open+", so developers deploy"))
		g.facts.set("environment-approvals", no(open))
	default:
		g.protected(name, *place)
	}
}

// protectedByGroup is what the highest group that protects an environment asks
// for; nil if none does.
func (g *gitlabPosture) protectedByGroup(ctx context.Context, name string) (*gitlab.ProtectedEnvironment, error) {
	if g.project.Namespace == nil {
		return nil, errNamespace
	}
	above, err := g.project.Namespace.Groups()
	if err != nil || len(above) == 0 {
		return nil, err
	}
	tier, err := g.client.TierOf(ctx, g.project.ID, name)
	if err != nil || tier == "" {
		return nil, err
	}
	for _, group := range above {
		list, failed := g.client.GroupEnvironments(ctx, group)
		for _, e := range list {
			if e.Name == tier {
				return &e, nil
			}
		}
		err = errors.Join(err, failed)
	}
	return nil, err
}
