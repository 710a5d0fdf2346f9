// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
)

// Set makes what GitHub answers about the repository at a path, such as
// "branches/main/protection": a document, or a list, which is cut into pages
// where GitHub does that. Nil is "not found", as of all that nobody set.
func (s *Server) Set(path string, v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings[path] = v
}

// Put puts a file on the default branch; "" takes it away.
func (s *Server) Put(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" {
		delete(s.files, name)
		return
	}
	s.files[name] = text
}

// serveSetting answers what was set.
func (s *Server) serveSetting(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("path")
	switch v := s.settings[name].(type) {
	case nil:
		say(w, http.StatusNotFound, "Not Found")
	case []any:
		serveList(w, r, v)
	default:
		serve(w, r, v)
	}
}

// serveContents answers a file of the default branch, or the entries of a folder.
func (s *Server) serveContents(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("path")
	if text, ok := s.files[name]; ok {
		whole := contentJSON(name, len(text))
		whole["encoding"] = "base64"
		whole["content"] = base64.StdEncoding.EncodeToString([]byte(text)) + "\n"
		serve(w, r, whole)
		return
	}
	var list []any
	var names []string
	for file := range s.files {
		names = append(names, file)
	}
	slices.Sort(names)
	for _, file := range names {
		if path.Dir(file) == name {
			list = append(list, contentJSON(file, len(s.files[file])))
		}
	}
	if list == nil {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	serve(w, r, list)
}

func contentJSON(name string, size int) map[string]any {
	at := "https://api.github.com/repos/" + Owner + "/" + Name + "/contents/" + name
	return map[string]any{
		"type": "file", "size": size, "name": path.Base(name), "path": name, "sha": strings.Repeat("a", 40), "url": at, "git_url": at, "html_url": at,
		"download_url": at, "_links": map[string]any{"git": at, "html": at, "self": at},
	}
}

// RulesetID is the ruleset that Guard makes.
const RulesetID = 42

// OwnApp is the app that Guard requires its check from.
const OwnApp = 4711

// Guard sets a repository up, with a policy of these bytes, so that nobody goes
// past the gate of the environment production: by a ruleset, without classic
// branch protection.
func (s *Server) Guard(policy, ledgerBranch string) {
	for _, branch := range []string{"main", ledgerBranch} {
		s.Set("branches/"+branch, BranchJSON(branch, false))
		s.Set("rules/branches/"+branch, Rules(branch == "main"))
	}
	s.Set(fmt.Sprint("rulesets/", RulesetID), map[string]any{
		"id": RulesetID, "name": "main", "target": "branch", "source_type": "Repository", "source": Owner + "/" + Name, "enforcement": "active", "bypass_actors": []any{},
	})
	listed := environmentJSON("production")
	delete(listed, "can_admins_bypass")
	s.Set("environments", map[string]any{"total_count": 1, "environments": []any{listed}})
	s.Set("environments/production", environmentJSON("production"))
	s.Set("environments/production/deployment_protection_rules", map[string]any{"total_count": 0, "custom_deployment_protection_rules": []any{}})
	s.Set("environments/production/deployment-branch-policies", map[string]any{"total_count": 1, "branch_policies": []any{map[string]any{"id": 1, "node_id": "x", "name": "main"}}})
	s.Set("environments/production/secrets", secretsJSON("DEPLOY_KEY"))
	s.Set("actions/secrets", secretsJSON("CODECOV"))
	s.Set("actions/permissions", map[string]any{"enabled": true, "allowed_actions": "selected", "sha_pinning_required": false})
	s.Set("actions/permissions/selected-actions", map[string]any{"github_owned_allowed": true, "verified_allowed": false, "patterns_allowed": []any{"acme/*"}})
	s.Set("actions/permissions/workflow", map[string]any{"default_workflow_permissions": "read", "can_approve_pull_request_reviews": false})
	s.Set("actions/oidc/customization/sub", map[string]any{"use_default": true})
	s.Set("codeowners/errors", map[string]any{"errors": []any{}})
	s.Put(".gateledger.yml", policy)
	s.Put(".github/CODEOWNERS", "* @acme/all\n/.gateledger.yml @acme/leads\n/.github/ @acme/leads\n")
	s.Put(".github/workflows/deploy.yml", "on: push\npermissions: {contents: read}\njobs:\n  deploy:\n    environment: production\n    steps:\n      - uses: actions/checkout@"+strings.Repeat("a", 40)+"\n")
}

// BranchJSON is a branch, with or without branch protection.
func BranchJSON(name string, protected bool) map[string]any {
	v := like("repos/get-branch", map[string]any{"name": name, "protected": protected})
	v["protection"] = map[string]any{"enabled": protected}
	return v
}

// Rules are those of a ruleset that protects a branch: the default one, or one
// that only an app writes.
func Rules(isDefault bool) []any {
	rule := func(kind string, parameters map[string]any) any {
		v := map[string]any{"type": kind, "ruleset_source_type": "Repository", "ruleset_source": Owner + "/" + Name, "ruleset_id": RulesetID}
		if parameters != nil {
			v["parameters"] = parameters
		}
		return v
	}
	list := []any{rule("deletion", nil), rule("non_fast_forward", nil)}
	if !isDefault {
		return append(list, rule("update", map[string]any{"update_allows_fetch_and_merge": false}))
	}
	return append(list, rule("pull_request", map[string]any{
		"required_approving_review_count": 1, "dismiss_stale_reviews_on_push": true, "require_code_owner_review": true,
		"require_last_push_approval": true, "required_review_thread_resolution": false,
	}), RequiredCheck("gateledger/production", OwnApp))
}

// RequiredCheck is a rule that requires a check, from an app or, for 0, from
// anybody.
func RequiredCheck(context string, app int64) any {
	check := map[string]any{"context": context}
	if app != 0 {
		check["integration_id"] = app
	}
	return map[string]any{
		"type": "required_status_checks", "ruleset_source_type": "Repository", "ruleset_source": Owner + "/" + Name, "ruleset_id": RulesetID,
		"parameters": map[string]any{"required_status_checks": []any{check}, "strict_required_status_checks_policy": false},
	}
}

// Protection is classic branch protection, as strict as it gets.
func Protection() map[string]any {
	at := "https://api.github.com/repos/" + Owner + "/" + Name + "/branches/main/protection"
	on := func(is bool) map[string]any { return map[string]any{"enabled": is} }
	return map[string]any{
		"url":                           at,
		"enforce_admins":                map[string]any{"url": at + "/enforce_admins", "enabled": true},
		"required_pull_request_reviews": map[string]any{"url": at, "dismiss_stale_reviews": true, "require_code_owner_reviews": true, "required_approving_review_count": 2},
		"required_status_checks":        map[string]any{"url": at, "contexts": []any{}, "checks": []any{}, "strict": true},
		"allow_force_pushes":            on(false), "allow_deletions": on(false),
	}
}

func environmentJSON(name string) map[string]any {
	v := like("repos/get-environment", map[string]any{
		"name": name, "can_admins_bypass": false, "deployment_branch_policy": map[string]any{"protected_branches": false, "custom_branch_policies": true},
	})
	for _, rule := range v["protection_rules"].([]any) {
		if r := rule.(map[string]any); r["type"] == "required_reviewers" {
			r["prevent_self_review"] = true
		}
	}
	return v
}

// Environment is the environment production as Guard makes it, changed by edit.
func Environment(edit func(map[string]any)) map[string]any {
	v := environmentJSON("production")
	edit(v)
	return v
}

// Reviewers are the rule of an environment that asks for reviewers: with their
// type, or without, as GitHub sometimes leaves it out.
func Reviewers(typed bool) any {
	one := map[string]any{"reviewer": accountJSON(&user{1, "ada", "User"})}
	if typed {
		one["type"] = "User"
	}
	return map[string]any{"id": 3755, "node_id": "x", "type": "required_reviewers", "prevent_self_review": true, "reviewers": []any{one}}
}

func secretsJSON(names ...string) map[string]any {
	list := []any{}
	for _, n := range names {
		list = append(list, map[string]any{"name": n, "created_at": "2026-03-02T08:00:00Z", "updated_at": "2026-03-02T08:00:00Z"})
	}
	return map[string]any{"total_count": len(list), "secrets": list}
}

// SecretNames are names of secrets, as GitHub lists them.
func SecretNames(names ...string) map[string]any { return secretsJSON(names...) }

func (s *Server) serveApp(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("slug") != "github-actions" {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	serve(w, r, like("apps/get-by-slug", map[string]any{"id": ActionsApp, "slug": "github-actions", "name": "GitHub Actions"}))
}

// SimpleUser is an account as GitHub shows it in other things.
func SimpleUser() map[string]any { return accountJSON(&user{1, "ada", "User"}) }
