// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/jobfile"
	"github.com/gateledger/gateledger/internal/product"
)

// Limits of what is read of a repository.
const (
	maxWorkflows = 100
	maxRulesets  = 50
)

// A githubPosture is one reading of a repository's settings.
type githubPosture struct {
	q      PostureQuery
	client *github.Client
	branch string
	guard  guard // of the default branch
	facts  factList
}

// publicAPI is where github.com is asked, where no variable says another.
const publicAPI = "https://api.github.com"

func openGitHubPosture(q PostureQuery) (*github.Client, error) {
	first := func(values ...string) string {
		for _, v := range values {
			if v != "" {
				return v
			}
		}
		return ""
	}
	options := github.Options{
		API: first(q.Getenv("GITHUB_API_URL"), publicAPI), Repository: q.Getenv("GITHUB_REPOSITORY"), Unnumbered: true,
		Token: first(q.Token, q.Getenv("GATELEDGER_POSTURE_TOKEN"), q.Getenv("GATELEDGER_GITHUB_TOKEN"), q.Getenv("GITHUB_TOKEN")),
		Base:  q.Base, Timeout: q.Timeout, Pause: q.Pause,
	}
	if id := q.Getenv("GITHUB_REPOSITORY_ID"); id != "" {
		n, err := variable("GITHUB_REPOSITORY_ID", id)
		if err != nil {
			return nil, err
		}
		options.ID = n
	}
	client, err := github.New(options)
	switch {
	case errors.Is(err, github.ErrToken):
		return nil, fmt.Errorf("%w: none of GATELEDGER_POSTURE_TOKEN, GATELEDGER_GITHUB_TOKEN and GITHUB_TOKEN holds a token", ErrSetup)
	case errors.Is(err, github.ErrRepository):
		return nil, fmt.Errorf("%w: GITHUB_REPOSITORY: %w", ErrSetup, err)
	case err != nil:
		return nil, fmt.Errorf("%w: GITHUB_API_URL: %w", ErrSetup, err)
	}
	return client, nil
}

func readGitHubPosture(ctx context.Context, q PostureQuery) ([]event.PosturePredicate, error) {
	client, err := openGitHubPosture(q)
	if err != nil {
		return nil, err
	}
	repository, err := client.Repository(ctx)
	if err != nil {
		return nil, err
	}
	g := &githubPosture{q: q, client: client, branch: repository.DefaultBranch}
	g.defaultBranch(ctx)
	g.files(ctx)
	g.actions(ctx)
	g.ledger(ctx)
	var all []event.PosturePredicate
	for _, name := range q.Environments {
		here := &githubPosture{q: q, client: client, branch: g.branch, guard: g.guard}
		here.environment(ctx, name)
		all = append(all, event.PosturePredicate{
			Provider: "github", Host: client.Host, RepositoryID: strconv.FormatInt(client.ID, 10), Environment: name, Branch: g.branch,
			Facts: g.facts.with(here.facts.list),
		})
	}
	return dated(all, client.Asked)
}

// dated puts the time of the forge's first answer, and the number of calls,
// into each of several postures.
func dated(all []event.PosturePredicate, asked func() (time.Time, int)) ([]event.PosturePredicate, error) {
	at, calls := asked()
	if at.IsZero() {
		return nil, fmt.Errorf("%w: its answers have no date", ErrUnavailable)
	}
	for i := range all {
		all[i].Read = event.ForgeRead{Time: at.Format(time.RFC3339), Calls: calls}
	}
	return all, nil
}

// A guard is all that protects one branch.
type guard struct {
	classic    *github.Protection // nil: there is none, or classicErr
	classicErr error
	rules      []github.Rule
	rulesErr   error
}

// guardOf reads what protects a branch. GitHub says "not found" of branch
// protection that is not there as of one that the token may not see; whether
// there is any, it tells everybody who may read the branch.
func (g *githubPosture) guardOf(ctx context.Context, branch string) guard {
	var w guard
	var p github.Protection
	switch err := g.client.Setting(ctx, &p, "branches", branch, "protection"); {
	case err == nil:
		w.classic = &p
	case errors.Is(err, ask.ErrRefused):
		var b github.Branch
		if g.client.Setting(ctx, &b, "branches", branch) != nil || b.Protection == nil || b.Protection.Enabled == nil || *b.Protection.Enabled {
			w.classicErr = err
		}
	default:
		w.classicErr = err
	}
	w.rules, w.rulesErr = g.client.BranchRules(ctx, branch)
	return w
}

// byClassic asks branch protection.
func (w guard) byClassic(look func(*github.Protection) tri) tri {
	switch {
	case w.classicErr != nil:
		return unknown(w.classicErr)
	case w.classic == nil:
		return no("there is no branch protection")
	}
	return look(w.classic)
}

// byRule asks the rules of one type.
func (w guard) byRule(kind string, has func(github.Rule) bool) tri {
	if w.rulesErr != nil {
		return unknown(w.rulesErr)
	}
	for _, r := range w.rules {
		if r.Type == kind && has(r) {
			return yes("by ruleset %d", r.Ruleset)
		}
	}
	return no("no ruleset says so")
}

func anyRule(github.Rule) bool { return true }

func isTrue(v *bool) bool { return v != nil && *v }

// refused is whether branch protection refuses what a switch allows.
func refused(s *github.Switch, what string) tri {
	if s == nil {
		return tri{event.Unknown, what + " of the branch protection is not shown to this token"}
	}
	if s.Enabled == nil {
		return tri{event.Unknown, what + " of the branch protection is not shown to this token"}
	}
	return when(!*s.Enabled, "by branch protection", "branch protection has "+what)
}

// kept are the facts about pushes to a branch, under names with a prefix.
func (g *githubPosture) kept(w guard, prefix string) {
	g.facts.set(prefix+"force-push-refused", either(
		w.byClassic(func(p *github.Protection) tri { return refused(p.ForcePushes, "allow_force_pushes") }),
		w.byRule("non_fast_forward", anyRule)))
	g.facts.set(prefix+"deletion-refused", either(
		w.byClassic(func(p *github.Protection) tri { return refused(p.Deletions, "allow_deletions") }),
		w.byRule("deletion", anyRule)))
}

// defaultBranch notes what protects the default branch.
func (g *githubPosture) defaultBranch(ctx context.Context) {
	w := g.guardOf(ctx, g.branch)
	g.guard = w
	g.facts.set("branch-protected", either(w.byClassic(func(*github.Protection) tri { return yes("by branch protection") }), w.protectedByRules()))
	g.kept(w, "")
	g.facts.set("reviews-required", either(
		w.byReviews(func(p *github.Protection) bool { return p.Reviews.Count != nil && *p.Reviews.Count > 0 }),
		w.byRule("pull_request", func(r github.Rule) bool { return r.Parameters.Count != nil && *r.Parameters.Count > 0 })))
	g.facts.set("stale-reviews-dismissed", either(
		w.byReviews(func(p *github.Protection) bool { return isTrue(p.Reviews.Dismiss) }),
		w.byRule("pull_request", func(r github.Rule) bool { return isTrue(r.Parameters.Dismiss) })))
	g.facts.set("code-owner-review", either(
		w.byReviews(func(p *github.Protection) bool { return isTrue(p.Reviews.CodeOwners) }),
		w.byRule("pull_request", func(r github.Rule) bool { return isTrue(r.Parameters.CodeOwners) })))
	g.facts.set("ruleset-bypass", g.rulesetBypass(ctx, w))
	g.facts.set("admins-bypass", w.adminsBypass())
	g.facts.set("review-bypass", w.reviewBypass())
	g.checks(ctx, w)
}

func (w guard) protectedByRules() tri {
	switch {
	case w.rulesErr != nil:
		return unknown(w.rulesErr)
	case len(w.rules) == 0:
		return no("no ruleset is about it")
	}
	return yes("by ruleset %d", w.rules[0].Ruleset)
}

// byReviews asks what branch protection says of reviews.
func (w guard) byReviews(has func(*github.Protection) bool) tri {
	return w.byClassic(func(p *github.Protection) tri {
		if p.Reviews == nil {
			return no("branch protection asks for no reviews")
		}
		return when(has(p), "by branch protection", "branch protection does not ask for it")
	})
}

// rulesetBypass is whether somebody may go past a ruleset of the branch.
func (g *githubPosture) rulesetBypass(ctx context.Context, w guard) tri {
	if w.rulesErr != nil {
		return unknown(w.rulesErr)
	}
	var ids []int64
	for _, r := range w.rules {
		if !slices.Contains(ids, r.Ruleset) {
			ids = append(ids, r.Ruleset)
		}
	}
	if len(ids) > maxRulesets {
		return unknown(fmt.Errorf("%d rulesets, over the limit of %d", len(ids), maxRulesets))
	}
	answer := no("no ruleset of the branch has anybody who may bypass it")
	for _, id := range ids {
		r, err := g.client.Ruleset(ctx, id)
		switch {
		case err != nil:
			answer = unknown(err)
		case r.Bypass == nil:
			answer = unknown(fmt.Errorf("who bypasses ruleset %d is not shown to this token", id))
		case len(*r.Bypass) > 0:
			return yes("ruleset %d lets %d actors by, such as %s", id, len(*r.Bypass), (*r.Bypass)[0].Type)
		}
	}
	return answer
}

// adminsBypass is whether administrators may go past branch protection. Where
// there is none, nobody goes past it.
func (w guard) adminsBypass() tri {
	switch {
	case w.classicErr != nil:
		return unknown(w.classicErr)
	case w.classic == nil:
		return no("there is no branch protection to go past")
	case w.classic.Admins == nil || w.classic.Admins.Enabled == nil:
		return tri{event.Unknown, "enforce_admins is not shown to this token"}
	}
	return when(!*w.classic.Admins.Enabled, "branch protection does not include administrators", "branch protection includes administrators")
}

// reviewBypass is whether somebody may go past the reviews of branch protection.
func (w guard) reviewBypass() tri {
	switch {
	case w.classicErr != nil:
		return unknown(w.classicErr)
	case w.classic == nil || w.classic.Reviews == nil || w.classic.Reviews.Bypass == nil:
		return no("branch protection lets nobody past its reviews")
	}
	b := w.classic.Reviews.Bypass
	n := len(b.Users) + len(b.Teams) + len(b.Apps)
	return when(n > 0, fmt.Sprintf("branch protection lets %d past its reviews", n), "branch protection lets nobody past its reviews")
}

// actionsApp is the app of GitHub Actions at github.com.
const actionsApp = 15368

// checks notes whether a check of this gate is required, and from which app.
func (g *githubPosture) checks(ctx context.Context, w guard) {
	pins := map[string][]int64{} // our contexts, to the apps that they are required from
	add := func(context string, app *int64) {
		if !strings.HasPrefix(context, product.Name+"/") {
			return
		}
		if app != nil && *app > 0 {
			pins[context] = append(pins[context], *app)
		} else if pins[context] == nil {
			pins[context] = []int64{}
		}
	}
	if w.classic != nil && w.classic.Checks != nil {
		for _, name := range w.classic.Checks.Contexts {
			add(name, nil)
		}
		for _, c := range w.classic.Checks.Checks {
			add(c.Context, c.App)
		}
	}
	for _, r := range w.rules {
		for _, c := range r.Parameters.Checks {
			add(c.Context, c.App)
		}
	}
	if err := errors.Join(w.classicErr, w.rulesErr); err != nil {
		for _, name := range []string{"check-required", "check-pinned", "check-of-actions"} {
			g.facts.set(name, unknown(err))
		}
		return
	}
	g.checkFacts(ctx, pins)
}

func (g *githubPosture) checkFacts(ctx context.Context, pins map[string][]int64) {
	if len(pins) == 0 {
		const none = "no check of this gate is required, so none stops a merge"
		for _, name := range []string{"check-required", "check-pinned", "check-of-actions"} {
			g.facts.set(name, no(none))
		}
		return
	}
	shared, err := g.sharedApp(ctx)
	pinned, actions := yes("it is required from one app"), no("it is required from an app of your own")
	if err != nil {
		actions = unknown(err)
	}
	var names []string
	for name, apps := range pins {
		names = append(names, name)
		if len(apps) == 0 {
			pinned = no("%s is required from any source: whoever may write can set it", name)
		} else if !slices.ContainsFunc(apps, func(id int64) bool { return id != shared }) && err == nil {
			actions = yes("%s is required from the app of GitHub Actions, which every workflow's token speaks for", name)
		}
	}
	slices.Sort(names)
	g.facts.set("check-required", yes("%s is required", strings.Join(names, ", ")))
	g.facts.set("check-pinned", pinned)
	g.facts.set("check-of-actions", actions)
}

// sharedApp is the app whose tokens all workflows have.
func (g *githubPosture) sharedApp(ctx context.Context) (int64, error) {
	if g.client.Host == "github.com" {
		return actionsApp, nil
	}
	app, err := g.client.AppNamed(ctx, "github-actions")
	return app.ID, err
}

// ledger notes what protects the ledger's branch.
func (g *githubPosture) ledger(ctx context.Context) {
	if g.q.LedgerBranch == "" {
		g.facts.set("ledger-elsewhere", yes("the ledger is no branch of this repository"))
		for _, name := range []string{"ledger-force-push-refused", "ledger-deletion-refused", "ledger-writers-limited"} {
			g.facts.set(name, no("the ledger is no branch of this repository"))
		}
		return
	}
	g.facts.set("ledger-elsewhere", no("the ledger is branch %s", g.q.LedgerBranch))
	w := g.guardOf(ctx, g.q.LedgerBranch)
	g.kept(w, "ledger-")
	g.facts.set("ledger-writers-limited", either(
		w.byClassic(func(p *github.Protection) tri {
			return when(p.Restrictions != nil, "by branch protection", "branch protection lets everybody push who may write")
		}),
		w.byRule("update", anyRule)))
}

// files notes what the default branch's own files say.
func (g *githubPosture) files(ctx context.Context) {
	text, err := g.file(ctx, product.PolicyFile, 1<<20)
	sum := sha256.Sum256(text)
	owners := g.owners(ctx)
	g.facts.policyFacts(g.q, hex.EncodeToString(sum[:]), err, owners)
	names, all, err := g.workflows(ctx)
	if err != nil {
		for _, name := range []string{"workflows-owned", "actions-pinned", "untrusted-checkout"} {
			g.facts.set(name, unknown(err))
		}
		return
	}
	g.facts.set("workflows-owned", owners.owned(names...))
	switch {
	case len(all.unpinned) > 0:
		g.facts.set("actions-pinned", no("not pinned are %s", few(all.unpinned)))
	case all.unread != nil:
		g.facts.set("actions-pinned", unknown(all.unread))
	default:
		g.facts.set("actions-pinned", yes("all of %d workflows", len(names)))
	}
	switch {
	case len(all.untrusted) > 0:
		g.facts.set("untrusted-checkout", yes("%s", few(all.untrusted)))
	case all.unread != nil:
		g.facts.set("untrusted-checkout", unknown(all.unread))
	default:
		g.facts.set("untrusted-checkout", no("no job of %d workflows does", len(names)))
	}
}

// file reads a file of the default branch. Where the repository is shown, a
// file that is not found is none: GitHub says "forbidden" to a token that may
// read no files.
func (g *githubPosture) file(ctx context.Context, name string, limit int64) ([]byte, error) {
	data, err := g.client.BranchFile(ctx, g.branch, name, limit)
	if errors.Is(err, ask.ErrAbsent) {
		return nil, errNoFile
	}
	return data, err
}

// workflows reads the workflow files of the default branch. That there are
// none is no answer: then nobody was shown what runs.
func (g *githubPosture) workflows(ctx context.Context) (names []string, all scan, err error) {
	const folder = ".github/workflows"
	list, err := g.client.Folder(ctx, g.branch, folder)
	if err != nil {
		return nil, all, err
	}
	for _, f := range list {
		if f.Type == "file" && (strings.HasSuffix(f.Name, ".yml") || strings.HasSuffix(f.Name, ".yaml")) && !strings.Contains(f.Name, "/") {
			names = append(names, folder+"/"+f.Name)
		}
	}
	switch {
	case len(names) == 0:
		return nil, all, fmt.Errorf("no workflow is shown in %s", folder)
	case len(names) > maxWorkflows:
		return nil, all, fmt.Errorf("%d workflows, over the limit of %d", len(names), maxWorkflows)
	}
	for _, name := range names {
		data, err := g.client.BranchFile(ctx, g.branch, name, jobfile.MaxFile)
		all.workflow(strings.TrimPrefix(name, folder+"/"), data, err)
	}
	return names, all, nil
}
