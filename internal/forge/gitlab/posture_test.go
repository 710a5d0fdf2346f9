// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// settingsDocuments are what GitLab's documents show of settings, and where.
func settingsDocuments() map[string]string {
	return map[string]string{
		"project.json": "projects/6", "protected_branches.json": "projects/6/protected_branches", "protected_environments.json": "projects/6/protected_environments",
		"project_approvals.json": "projects/6/approvals", "approval_rules.json": "projects/6/approval_rules", "job_token_scope.json": "projects/6/job_token_scope",
		"group_protected_branches.json": "groups/acme/protected_branches", "group_push_rule.json": "groups/acme/push_rule",
		"project_approval_settings.json": "projects/6/merge_request_approval_setting", "variables.json": "projects/6/variables", "file.json": "projects/6/repository/files/CODEOWNERS?ref=main",
	}
}

// TestDocumentedSettings reads what GitLab's documents show.
func TestDocumentedSettings(t *testing.T) {
	ctx := t.Context()
	text := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	check := func(name, want string, got any, err error) {
		t.Helper()
		if s := text(got); err != nil || s != want {
			t.Errorf("%s: %s, %v; want %s", name, s, err, want)
		}
	}
	p, err := recorded(t, "project.json").Project(ctx, 3)
	check("project", `{"id":3,"default_branch":"main","visibility":"private","ci_config_path":"","namespace":null,"only_allow_merge_if_pipeline_succeeds":false,"allow_merge_on_skipped_pipeline":false,"restrict_user_defined_variables":false,"ci_pipeline_variables_minimum_override_role":"maintainer","ci_push_repository_for_job_token_allowed":false,"ci_allow_fork_pipelines_to_run_in_parent_project":true,"allow_pipeline_trigger_approve_deployment":false}`, p, err)
	branches, err := recorded(t, "protected_branches.json").ProtectedBranches(ctx, 6)
	check("branches", `[{"name":"main","push_access_levels":[{"access_level":40,"user_id":null,"group_id":null,"deploy_key_id":null},{"access_level":40,"user_id":null,"group_id":null,"deploy_key_id":1}],"allow_force_push":false,"code_owner_approval_required":false,"inherited":true}]`, branches, err)
	places, err := recorded(t, "protected_environments.json").ProtectedEnvironments(ctx, 6)
	check("environments", `[{"name":"production","deploy_access_levels":[{"access_level":40,"user_id":null,"group_id":null,"deploy_key_id":null}],"required_approval_count":0,"approval_rules":null}]`, places, err)
	a, err := recorded(t, "project_approvals.json").Approving(ctx, 6)
	check("approvals", `{"merge_requests_author_approval":true,"merge_requests_disable_committers_approval":false,"reset_approvals_on_push":true,"disable_overriding_approvers_per_merge_request":false,"selective_code_owner_removals":false}`, a, err)
	rules, err := recorded(t, "approval_rules.json").ApprovalRules(ctx, 6)
	check("rules", `[{"id":1,"rule_type":"regular","approvals_required":3,"applies_to_all_protected_branches":false,"protected_branches":[{"name":"main"}]}]`, rules, err)
	limited, err := recorded(t, "job_token_scope.json").InboundLimited(ctx, 6)
	check("job token", "true", limited, err)
	variables, err := recorded(t, "variables.json").Variables(ctx, 6)
	check("variables", `[{"key":"TEST_VARIABLE_1","environment_scope":"*","protected":false}]`, variables, err)
	branches, err = recorded(t, "group_protected_branches.json").GroupBranches(ctx, "acme")
	check("a group's branches", `[{"name":"main","push_access_levels":[{"access_level":40,"user_id":null,"group_id":null,"deploy_key_id":null}],"allow_force_push":false,"code_owner_approval_required":false,"inherited":null}]`, branches, err)
	inherited, err := recorded(t, "project_approval_settings.json").ApprovalSettings(ctx, 6)
	check("approval settings", `{"allow_author_approval":{"value":true,"locked":false,"inherited_from":null},"allow_committer_approval":{"value":true,"locked":false,"inherited_from":null},"allow_overrides_to_approver_list_per_merge_request":{"value":true,"locked":false,"inherited_from":null},"retain_approvals_on_push":{"value":false,"locked":true,"inherited_from":"group"}}`, inherited, err)
	push, err := recorded(t, "group_push_rule.json").GroupPushRule(ctx, "acme")
	check("push rule", `{"id":1,"commit_committer_check":null}`, push, err)
	if _, err := recorded(t, "file.json").File(ctx, "6", "main", "app/models/key.rb", 2000); !errors.Is(err, ask.ErrUnavailable) {
		t.Errorf("a file that is cut short: %v", err)
	}
}

// The server of our tests answers in the form that the documents show.
func TestSettingsAreAsDocumented(t *testing.T) {
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.Guard(6, "version: 1\n", "gateledger/log")
	s.MergeRequest(6, 7, commit)
	s.Pipeline(6, 9, commit, "push", 28, "thedude")
	s.Job(6, 9, 91, commit, "bundler:audit", "pending", time.Unix(0, 0))
	documents := settingsDocuments()
	documents["commit_statuses.json"] = "projects/6/repository/commits/" + commit + "/statuses?name=bundler%3Aaudit"
	documents[filepath.Join("client", "get_merge_request.json")] = "projects/6/merge_requests/7"
	asDocumented(t, s, documents)
}

// TestCovers says which branches a name is about.
func TestCovers(t *testing.T) {
	for name, c := range map[string]struct {
		pattern, branch string
		want            bool
	}{
		"itself":                  {"main", "main", true},
		"another":                 {"main", "mainly", false},
		"another case":            {"Main", "main", false},
		"anything":                {"*", "a/b", true},
		"a beginning":             {"release/*", "release/1", true},
		"no more than that":       {"release/*", "release/", true},
		"another beginning":       {"release/*", "old-release/1", false},
		"an end":                  {"*-stable", "1-stable", true},
		"another end":             {"*-stable", "1-stable-2", false},
		"a middle":                {"a*b*c", "axxbxxc", true},
		"a middle that is absent": {"a*b*c", "axxc", false},
		"the end once":            {"a*a", "a", false},
		"no pattern but a star":   {"a?c", "abc", false},
	} {
		if got := covers(c.pattern, c.branch); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestOddSettings are answers that can't be used, and none of them is fine.
func TestOddSettings(t *testing.T) {
	ctx := t.Context()
	for name, do := range map[string]func(*Client) error{
		"project":      func(c *Client) error { _, err := c.Project(ctx, 6); return err },
		"branches":     func(c *Client) error { _, err := c.ProtectedBranches(ctx, 6); return err },
		"environments": func(c *Client) error { _, err := c.ProtectedEnvironments(ctx, 6); return err },
		"rules":        func(c *Client) error { _, err := c.ApprovalRules(ctx, 6); return err },
		"variables":    func(c *Client) error { _, err := c.Variables(ctx, 6); return err },
		"file":         func(c *Client) error { _, err := c.File(ctx, "6", "main", "a", 9); return err },
		"of a group":   func(c *Client) error { _, err := c.GroupBranches(ctx, "acme"); return err },
		"its own":      func(c *Client) error { _, err := c.GroupVariables(ctx, "acme"); return err },
	} {
		for _, body := range []string{"null", "7", `{"id":7}`, `{"id":6}`, `[7]`} {
			if err := do(told(t, body)); !errors.Is(err, ask.ErrUnavailable) {
				t.Errorf("%s: %s: %v", name, body, err)
			}
		}
	}
	for name, body := range map[string]string{
		"another file":  `{"file_path":"b","size":1,"encoding":"base64","content":"YQ=="}`,
		"another form":  `{"file_path":"a","size":1,"encoding":"text","content":"a"}`,
		"another size":  `{"file_path":"a","size":2,"encoding":"base64","content":"YQ=="}`,
		"no base64":     `{"file_path":"a","size":1,"encoding":"base64","content":"?"}`,
		"no content":    `{"file_path":"a","size":0,"encoding":"base64"}`,
		"a name in two": `{"file_path":"b","file_path":"a","size":1,"encoding":"base64","content":"YQ=="}`,
	} {
		if data, err := told(t, body).File(ctx, "6", "main", "a", 9); !errors.Is(err, ask.ErrUnavailable) {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if _, err := told(t, `{"file_path":"a","size":10,"encoding":"base64","content":"YQ=="}`).File(ctx, "6", "main", "a", 9); !errors.Is(err, ask.ErrRefused) {
		t.Errorf("too long a file: %v", err)
	}
}

// A file that is not there is told from files that may not be seen.
func TestNoFile(t *testing.T) {
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.Put("6", "dir/a b.txt", "text")
	s.Put("acme/other", "a", "theirs")
	c := asPerson(t, s)
	for name, c2 := range map[string]struct{ project, file, want string }{
		"there": {"6", "dir/a b.txt", "text"}, "of a path": {"acme/other", "a", "theirs"},
	} {
		if data, err := c.File(t.Context(), c2.project, "main", c2.file, 9); err != nil || string(data) != c2.want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if _, err := c.File(t.Context(), "6", "main", "b", 9); !errors.Is(err, ErrNoFile) {
		t.Error(err)
	}
	for _, status := range []int{403, 404} {
		s.Fault(gitlabtest.Fault{In: "/files/", Times: 1, Answer: gitlabtest.Status(status, `{"message":"404 Project Not Found"}`)})
		if _, err := c.File(t.Context(), "6", "main", "b", 9); !errors.Is(err, ask.ErrRefused) || errors.Is(err, ErrNoFile) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// Whatever a forge answers about settings is an error, or in one piece.
func FuzzSettings(f *testing.F) {
	for name := range settingsDocuments() {
		body, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(body))
	}
	f.Add(`[{"name":"**","push_access_levels":[null]}]`)
	f.Fuzz(func(t *testing.T, body string) {
		c, ctx := told(t, body), t.Context()
		if p, err := c.Project(ctx, 3); (p.ID == 3) != (err == nil) {
			t.Errorf("%+v, %v", p, err)
		}
		branches, err := c.ProtectedBranches(ctx, 3)
		for _, b := range branches {
			if err != nil || strings.Trim(b.Name, "*") == "" && b.Name != "" && !b.Covers("anything") {
				t.Errorf("%+v, %v", b, err)
			}
		}
		places, err := c.ProtectedEnvironments(ctx, 3)
		rules, err2 := c.ApprovalRules(ctx, 3)
		variables, err3 := c.Variables(ctx, 3)
		if err != nil && places != nil || err2 != nil && rules != nil || err3 != nil && variables != nil {
			t.Error("a list and an error")
		}
		if data, err := c.File(ctx, "6", "main", "a", 100); err == nil && len(data) > 100 {
			t.Error(fmt.Sprint(len(data), " bytes"))
		}
	})
}
