// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// groupFacts are the facts about groups that are not no, and whether committers
// are checked, "name: state" each.
func groupFacts(p event.PosturePredicate) string {
	var all []string
	for _, f := range p.Facts {
		told := strings.HasPrefix(f.Name, "group-") && f.State != event.No || f.Name == "committers-checked" && f.State != event.Yes
		if told {
			all = append(all, f.Name+": "+f.State)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// What the groups above a project allow is weak, what the token may not see is
// unknown, fact by fact.
func TestGroupsAboveAProject(t *testing.T) {
	hide := func(in string) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) {
			s.Fault(gitlabtest.Fault{In: in, Answer: gitlabtest.Status(403, `{"message":"403 Forbidden"}`)})
		}
	}
	group := func(path string, v any) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) { s.SetGroup("acme", path, v) }
	}
	rule := func(name string, edit func(map[string]any)) func(*gitlabtest.Server) {
		return group("protected_branches", []any{gitlabtest.Branch(name, edit)})
	}
	approvals := func(name string, v any) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) {
			s.Set(6, "merge_request_approval_setting", gitlabtest.ApprovalSetting(func(a map[string]any) { a[name] = v }))
		}
	}
	place := func(namespace any) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) {
			s.Set(6, "", gitlabtest.Project(6, func(p map[string]any) {
				if p["namespace"] = namespace; namespace == nil {
					delete(p, "namespace")
				}
			}))
		}
	}
	force := func(b map[string]any) { b["allow_force_push"] = true }
	developers := func(b map[string]any) { b["push_access_levels"] = []any{gitlabtest.Access(30)} }
	older := func(b map[string]any) { delete(b, "inherited") }
	const branches = "group-developers-push: unknown, group-force-push: unknown"
	for name, c := range map[string]struct {
		set  func(*gitlabtest.Server)
		want string
		weak []string
	}{
		"all is well":                           {nil, "", nil},
		"the group lets people force-push":      {rule("main", force), "group-force-push: yes", []string{"group-branches"}},
		"to what a star names":                  {rule("*", force), "group-force-push: yes", []string{"group-branches"}},
		"to the ledger's branch":                {rule(theLog, force), "group-force-push: yes", []string{"group-branches"}},
		"to another branch":                     {rule("release/*", force), "", nil},
		"the group lets developers push":        {rule("main", developers), "group-developers-push: yes", []string{"group-branches"}},
		"it is as strict as the project":        {rule("main", nil), "", nil},
		"whether they may force-push is hidden": {rule("main", func(b map[string]any) { delete(b, "allow_force_push") }), "group-force-push: unknown", nil},
		"who pushes is hidden":                  {rule("main", func(b map[string]any) { delete(b, "push_access_levels") }), "group-developers-push: unknown", nil},
		"its rules are hidden, and in the list": {hide("/groups/acme/protected_branches"), "", nil},
		"its rules are hidden, and not in it": {func(s *gitlabtest.Server) {
			hide("/groups/acme/protected_branches")(s)
			s.Set(6, "protected_branches", []any{gitlabtest.Branch("main", older), gitlabtest.Branch(theLog, nil)})
		}, branches, nil},
		"its rules are hidden, and there are none": {func(s *gitlabtest.Server) {
			hide("/groups/acme/protected_branches")(s)
			s.Set(6, "protected_branches", []any{})
		}, branches, []string{"branch-protected", "code-owner-review", "history-kept", "ledger-branch", "ledger-writers", "push-access"}},
		"a variable of every branch":          {group("variables", []any{gitlabtest.Variable("A", true), gitlabtest.Variable("B", false)}), "group-unprotected-variables: yes", []string{"group-variables"}},
		"a variable that does not say":        {group("variables", []any{map[string]any{"key": "A", "environment_scope": "*"}}), "group-unprotected-variables: unknown", nil},
		"variables are hidden":                {hide("/groups/acme/variables"), "group-unprotected-variables: unknown", nil},
		"a group lets authors approve":        {approvals("allow_author_approval", gitlabtest.Setting(true, "group")), "group-loosens-approvals: yes", []string{"group-approvals"}},
		"a GitLab lets committers approve":    {approvals("allow_committer_approval", gitlabtest.Setting(true, "instance")), "group-loosens-approvals: yes", []string{"group-approvals"}},
		"a group keeps approvals":             {approvals("retain_approvals_on_push", gitlabtest.Setting(true, "group")), "group-loosens-approvals: yes", []string{"group-approvals"}},
		"a group lets rules be overridden":    {approvals("allow_overrides_to_approver_list_per_merge_request", gitlabtest.Setting(true, "group")), "group-loosens-approvals: yes", []string{"group-approvals"}},
		"a group is strict":                   {approvals("allow_author_approval", gitlabtest.Setting(false, "group")), "", nil},
		"the project's own is its own matter": {approvals("allow_author_approval", gitlabtest.Setting(true, nil)), "", nil},
		"one is not shown":                    {approvals("allow_author_approval", nil), "group-loosens-approvals: unknown", nil},
		"they are hidden":                     {hide("/merge_request_approval_setting"), "group-loosens-approvals: unknown", nil},
		"no push rule checks committers":      {func(s *gitlabtest.Server) { s.Set(6, "push_rule", gitlabtest.PushRule(false)) }, "committers-checked: no", nil},
		"new projects begin with a check":     {group("push_rule", gitlabtest.PushRule(true)), "group-committers-checked: yes", nil},
		"push rules are hidden":               {hide("/push_rule"), "committers-checked: unknown, group-committers-checked: unknown", nil},
		"nobody's group":                      {place(map[string]any{"kind": "user", "full_path": "ana"}), "", nil},
		"a namespace that is not shown":       {place(nil), "group-committers-checked: unknown, group-developers-push: unknown, group-force-push: unknown, group-unprotected-variables: unknown", nil},
		"a namespace of no kind":              {place(map[string]any{"full_path": "acme"}), "group-committers-checked: unknown, group-developers-push: unknown, group-force-push: unknown, group-unprotected-variables: unknown", nil},
		"a group in a group that is hidden":   {place(map[string]any{"kind": "group", "full_path": "acme/team"}), "group-committers-checked: unknown, group-unprotected-variables: unknown", nil},
		"a group in a group": {func(s *gitlabtest.Server) {
			place(map[string]any{"kind": "group", "full_path": "acme/team"})(s)
			s.SetGroup("acme/team", "variables", []any{gitlabtest.Variable("A", false)})
			s.SetGroup("acme/team", "push_rule", gitlabtest.PushRule(false))
		}, "group-unprotected-variables: yes", []string{"group-variables"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := guardedGitLab(t)
			if c.set != nil {
				c.set(s)
			}
			all, err := gitlabPostureOf(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkFacts(t, all[0])
			if got := groupFacts(all[0]); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			weak, _ := notOK(all[0])
			if slices.Sort(weak); !slices.Equal(weak, c.weak) {
				t.Errorf("weak %q, want %q\n%+v", weak, c.weak, all[0].Facts)
			}
			for _, f := range all[0].Facts {
				if strings.Contains(f.Why, "the-value-of-a-variable") || strings.Contains(f.Why, "REGISTRY") {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// An environment that the project does not protect is protected if a group above
// protects its tier.
func TestEnvironmentsThatAGroupProtects(t *testing.T) {
	group := func(edit func(map[string]any)) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) {
			s.SetGroup("acme", "protected_environments", []any{gitlabtest.Environment(edit)})
		}
	}
	tier := func(name, tier string) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) {
			group(nil)(s)
			s.Set(6, "environments", []any{map[string]any{"id": 1, "name": name, "tier": tier}})
		}
	}
	open := []string{"environment-admins", "environment-asks", "environment-exists"}
	for name, c := range map[string]struct {
		set           func(*gitlabtest.Server)
		weak, unknown []string
	}{
		"nobody does":                  {nil, open, nil},
		"a group does":                 {group(nil), nil, nil},
		"it lets developers deploy":    {group(func(e map[string]any) { e["deploy_access_levels"] = []any{gitlabtest.Access(30)} }), []string{"environment-admins"}, nil},
		"it asks for no approval":      {group(func(e map[string]any) { e["approval_rules"] = []any{} }), []string{"environment-asks"}, nil},
		"another tier":                 {group(func(e map[string]any) { e["name"] = "staging" }), open, nil},
		"the environment is of a tier": {tier("production", "staging"), open, nil},
		"another environment":          {tier("prod", "production"), open, nil},
		"the tier is not shown":        {tier("production", ""), nil, open},
		"environments are hidden": {func(s *gitlabtest.Server) {
			s.Fault(gitlabtest.Fault{In: "/projects/6/environments", Answer: gitlabtest.Status(403, "{}")})
		}, nil, open},
		"the group's are hidden": {func(s *gitlabtest.Server) {
			s.Fault(gitlabtest.Fault{In: "/groups/acme/protected_environments", Answer: gitlabtest.Status(403, "{}")})
		}, nil, open},
		"in nobody's group": {func(s *gitlabtest.Server) {
			group(nil)(s)
			s.Set(6, "", gitlabtest.Project(6, func(p map[string]any) { p["namespace"] = map[string]any{"kind": "user", "full_path": "ana"} }))
		}, open, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := guardedGitLab(t)
			s.Set(6, "protected_environments", []any{})
			if c.set != nil {
				c.set(s)
			}
			all, err := gitlabPostureOf(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkFacts(t, all[0])
			weak, unknown := notOK(all[0])
			slices.Sort(weak)
			slices.Sort(unknown)
			if !slices.Equal(weak, c.weak) || !slices.Equal(unknown, c.unknown) {
				t.Errorf("weak %q, unknown %q\n%+v", weak, unknown, all[0].Facts)
			}
		})
	}
}
