// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// The settings of a project, as these pages have them:
// https://docs.gitlab.com/api/projects/, https://docs.gitlab.com/api/protected_branches/,
// https://docs.gitlab.com/api/protected_environments/, https://docs.gitlab.com/api/merge_request_approvals/,
// https://docs.gitlab.com/api/project_job_token_scopes/, https://docs.gitlab.com/api/project_level_variables/
// and https://docs.gitlab.com/api/repository_files/. A job's own token sees none of them.

// Set makes what GitLab answers about a project at a path such as
// "protected_branches", or "" for the project itself: a document, or a list,
// which is cut into pages. Nil is "not found", as of all that nobody set.
func (s *Server) Set(project int, path string, v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings[fmt.Sprint(project, "/", path)] = v
}

// Put puts a file on the default branch of a project, by its number or path; ""
// takes it away.
func (s *Server) Put(project, name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := project + "/" + name
	if text == "" {
		delete(s.files, key)
		return
	}
	s.files[key] = text
}

// SetGroup is Set for a group, by its full path: "protected_branches", "protected_environments",
// "variables" or "push_rule", as these pages have them:
// https://docs.gitlab.com/api/group_protected_branches/, https://docs.gitlab.com/api/group_protected_environments/,
// https://docs.gitlab.com/api/group_level_variables/ and
// https://docs.gitlab.com/api/group_push_rules/.
func (s *Server) SetGroup(group, path string, v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings["group "+group+"/"+path] = v
}

var groupsPath = pattern.New(`^/api/v4/groups/([^/]+)/(protected_branches|protected_environments|variables|push_rule)$`)
var settingsPath = pattern.New(`^/api/v4/projects/([^/]+)(?:/([a-z_/]+))?$`)
var filesPath = pattern.New(`^/api/v4/projects/([^/]+)/repository/files/([^/]+)$`)

// serveSettings answers what is about settings, and reports whether it is.
func (s *Server) serveSettings(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	if m := filesPath.FindStringSubmatch(r.URL.EscapedPath()); m != nil {
		s.serveFile(w, r, m[1], m[2])
		return true
	}
	key := ""
	if m := groupsPath.FindStringSubmatch(r.URL.EscapedPath()); m != nil {
		group, _ := url.PathUnescape(m[1])
		key = "group " + group + "/" + m[2]
	} else if m := settingsPath.FindStringSubmatch(r.URL.EscapedPath()); m != nil {
		key = m[1] + "/" + m[2]
	}
	switch v := s.settings[key].(type) {
	case nil:
		return false
	case []any:
		serveList(w, r.URL, v)
	default:
		answer(w, v)
	}
	return true
}

// PutAt puts a file into one commit of a project. What was put without a commit
// is in all the others.
func (s *Server) PutAt(project int64, commit, name, text string) {
	s.Put(fmt.Sprint(project, "@", commit), name, text)
}

// serveFile answers a file, whatever the ref, unless it is one that has files of
// its own.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, project, name string) {
	project, err := url.PathUnescape(project)
	name, failed := url.PathUnescape(name)
	ref := r.URL.Query().Get("ref")
	text, ok := s.files[project+"@"+ref+"/"+name]
	if !ok {
		text, ok = s.files[project+"/"+name]
	}
	if err != nil || failed != nil || ref == "" || !ok {
		say(w, http.StatusNotFound, "404 File Not Found")
		return
	}
	sum := sha256.Sum256([]byte(text))
	answer(w, map[string]any{
		"file_name": path.Base(name), "file_path": name, "size": len(text), "encoding": "base64",
		"content": base64.StdEncoding.EncodeToString([]byte(text)), "content_sha256": hex.EncodeToString(sum[:]), "ref": ref,
		"blob_id": strings.Repeat("a", 40), "commit_id": strings.Repeat("c", 40), "last_commit_id": strings.Repeat("c", 40), "execute_filemode": false,
	})
}

// Guard sets a project up, with a policy of these bytes, so that nobody goes
// past the gate of the environment production.
func (s *Server) Guard(project int, policy, ledgerBranch string) {
	s.Set(project, "", Project(project, nil))
	s.Set(project, "protected_branches", []any{Branch("main", nil), Branch(ledgerBranch, nil)})
	s.Set(project, "protected_environments", []any{Environment(nil)})
	s.Set(project, "approvals", Approvals(nil))
	s.Set(project, "approval_rules", []any{Rule(nil)})
	s.Set(project, "job_token_scope", map[string]any{"inbound_enabled": true, "outbound_enabled": false})
	s.Set(project, "variables", []any{Variable("DEPLOY_KEY", true)})
	s.Set(project, "merge_request_approval_setting", ApprovalSetting(nil))
	s.Set(project, "push_rule", PushRule(true))
	s.SetGroup("acme", "protected_branches", []any{Branch("release/*", nil)})
	s.SetGroup("acme", "protected_environments", []any{})
	s.Set(project, "environments", []any{map[string]any{"id": 1, "name": "production", "slug": "production", "tier": "production", "state": "available", "external_url": nil}})
	s.SetGroup("acme", "variables", []any{Variable("REGISTRY", true)})
	s.SetGroup("acme", "push_rule", PushRule(false))
	at := fmt.Sprint(project)
	for _, where := range []string{at, "acme/all", "acme/leads"} {
		s.Member(where, 42, 30, "active")
	}
	s.Rename(42, "ana")
	s.Put(at, ".gateledger.yml", policy)
	s.Put(at, "CODEOWNERS", "* @acme/all\n/.gateledger.yml @acme/leads\n/.gitlab-ci.yml @acme/leads\n")
	s.Put(at, ".gitlab-ci.yml", "include:\n  - component: gitlab.example.com/acme/gate/deploy@"+strings.Repeat("a", 40)+"\ndeploy: {script: [./deploy]}\n")
}

// edited is v after edit, which may be nil.
func edited(v map[string]any, edit func(map[string]any)) map[string]any {
	if edit != nil {
		edit(v)
	}
	return v
}

// Project is a project as Guard makes it, changed by edit.
func Project(id int, edit func(map[string]any)) map[string]any {
	return edited(map[string]any{
		"id": id, "name": "app", "path": "app", "path_with_namespace": "acme/app", "default_branch": "main", "visibility": "private",
		"web_url": "https://gitlab.example.com/acme/app", "ci_config_path": nil, "namespace": map[string]any{"id": 2, "name": "acme", "path": "acme", "kind": "group", "full_path": "acme", "parent_id": nil}, "public_jobs": false,
		"only_allow_merge_if_pipeline_succeeds": true, "allow_merge_on_skipped_pipeline": false, "restrict_user_defined_variables": true,
		"ci_pipeline_variables_minimum_override_role": "maintainer", "ci_push_repository_for_job_token_allowed": false,
		"shared_with_groups": []any{Shared("acme/all"), Shared("acme/leads")}, "ci_allow_fork_pipelines_to_run_in_parent_project": true, "allow_pipeline_trigger_approve_deployment": false,
	}, edit)
}

// ApprovalSetting is how merge requests are approved, with whose each setting is,
// changed by edit.
func ApprovalSetting(edit func(map[string]any)) map[string]any {
	v := map[string]any{}
	for _, name := range []string{
		"allow_author_approval", "allow_committer_approval", "allow_overrides_to_approver_list_per_merge_request", "retain_approvals_on_push",
		"selective_code_owner_removals", "require_password_to_approve", "require_reauthentication_to_approve",
	} {
		v[name] = Setting(false, nil)
	}
	return edited(v, edit)
}

// Setting is a setting, and whose it is: "group", "instance" or nil.
func Setting(value bool, from any) map[string]any {
	return map[string]any{"value": value, "locked": from != nil, "inherited_from": from}
}

// PushRule is what pushes are held to: whether committers are checked.
func PushRule(committer bool) map[string]any {
	v := map[string]any{
		"id": 1, "created_at": "2020-08-17T19:09:19.580Z", "commit_message_regex": "", "commit_message_negative_regex": "", "branch_name_regex": "", "author_email_regex": "",
		"file_name_regex": "", "deny_delete_tag": false, "member_check": false, "prevent_secrets": false, "max_file_size": 0, "commit_committer_check": nil,
		"commit_committer_name_check": false, "reject_unsigned_commits": nil, "reject_non_dco_commits": nil,
	}
	if committer {
		v["commit_committer_check"] = true // null is GitLab's way to say false
	}
	return v
}

// Shared is a group that was invited to a project.
func Shared(group string) map[string]any {
	return map[string]any{"group_id": 4, "group_name": path.Base(group), "group_full_path": group, "group_access_level": 30, "expires_at": nil}
}

func access(id, level int, description string) map[string]any {
	return map[string]any{"id": id, "access_level": level, "access_level_description": description, "user_id": nil, "group_id": nil}
}

// Access is one line of who may do something, by role.
func Access(level int) map[string]any { return access(1001, level, "by role") }

// Branch is the protection of branches of a name, changed by edit.
func Branch(name string, edit func(map[string]any)) map[string]any {
	return edited(map[string]any{
		"id": 101, "name": name, "push_access_levels": []any{access(1001, 40, "Maintainers")}, "merge_access_levels": []any{access(2001, 40, "Maintainers")},
		"allow_force_push": false, "code_owner_approval_required": true, "inherited": false,
	}, edit)
}

// Environment is the protection of production, changed by edit.
func Environment(edit func(map[string]any)) map[string]any {
	line := access(12, 40, "Maintainers")
	line["group_inheritance_type"] = 0
	rule := access(38, 40, "Maintainers")
	rule["group_inheritance_type"], rule["required_approvals"] = 0, 1
	return edited(map[string]any{
		"name": "production", "deploy_access_levels": []any{line}, "required_approval_count": 0, "approval_rules": []any{rule},
	}, edit)
}

// Approvals is how merge requests are approved, changed by edit.
func Approvals(edit func(map[string]any)) map[string]any {
	return edited(map[string]any{
		"approvers": []any{}, "approver_groups": []any{}, "approvals_before_merge": 1, "reset_approvals_on_push": true, "selective_code_owner_removals": false,
		"disable_overriding_approvers_per_merge_request": true, "merge_requests_author_approval": false,
		"merge_requests_disable_committers_approval": true, "require_password_to_approve": false,
	}, edit)
}

// Rule is a rule about approvals, changed by edit.
func Rule(edit func(map[string]any)) map[string]any {
	return edited(map[string]any{
		"id": 1, "name": "All", "rule_type": "any_approver", "approvals_required": 1, "eligible_approvers": []any{}, "users": []any{}, "groups": []any{},
		"applies_to_all_protected_branches": false, "protected_branches": []any{}, "contains_hidden_groups": false,
	}, edit)
}

// Variable is a variable of CI.
func Variable(key string, protected bool) map[string]any {
	return map[string]any{
		"variable_type": "env_var", "key": key, "value": "the-value-of-a-variable", "protected": protected, "masked": true, "hidden": false,
		"raw": false, "environment_scope": "*", "description": nil,
	}
}
