// SPDX-License-Identifier: Apache-2.0

package github

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// The settings of a repository. What may be left out of an answer, because the
// token may not see it, is a pointer: nil is "GitHub did not say".

// A Repository is what a repository says of itself.
type Repository struct {
	ID            int64  `json:"id"`
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
}

// Repository reads the client's repository. Where the client was made without
// a number, it takes this one.
func (c *Client) Repository(ctx context.Context) (Repository, error) {
	var r Repository
	_, err := c.get(ctx, c.path, &r)
	if err == nil && (r.ID <= 0 || r.DefaultBranch == "" || c.ID != 0 && r.ID != c.ID) {
		err = fmt.Errorf("%w: its id is %d, not %d, or it has no default branch", ask.ErrUnavailable, r.ID, c.ID)
	}
	if err != nil {
		return Repository{}, fmt.Errorf("read the repository: %w", err)
	}
	c.ID = r.ID
	return r, nil
}

// A Branch says whether it is protected, to everybody who may read it. Enabled
// is about branch protection, and not about rulesets.
type Branch struct {
	Name       string `json:"name"`
	Protection *struct {
		Enabled *bool `json:"enabled"`
	} `json:"protection"`
}

// A Protection is the branch protection of a branch.
type Protection struct {
	Checks *struct {
		Contexts []string `json:"contexts"`
		Checks   []struct {
			Context string `json:"context"`
			App     *int64 `json:"app_id"`
		} `json:"checks"`
	} `json:"required_status_checks"`
	Admins  *Switch `json:"enforce_admins"`
	Reviews *struct {
		Count      *int  `json:"required_approving_review_count"`
		Dismiss    *bool `json:"dismiss_stale_reviews"`
		CodeOwners *bool `json:"require_code_owner_reviews"`
		Bypass     *struct {
			Users []any `json:"users"`
			Teams []any `json:"teams"`
			Apps  []any `json:"apps"`
		} `json:"bypass_pull_request_allowances"`
	} `json:"required_pull_request_reviews"`
	ForcePushes  *Switch `json:"allow_force_pushes"`
	Deletions    *Switch `json:"allow_deletions"`
	Restrictions *struct {
		URL string `json:"url"`
	} `json:"restrictions"`
}

// A Switch is on or off.
type Switch struct {
	Enabled *bool `json:"enabled"`
}

// A Rule is one that holds for a branch, of whichever ruleset.
type Rule struct {
	Type       string `json:"type"`
	Ruleset    int64  `json:"ruleset_id"`
	SourceType string `json:"ruleset_source_type"`
	Source     string `json:"ruleset_source"`
	Parameters struct {
		Count      *int  `json:"required_approving_review_count"`
		Dismiss    *bool `json:"dismiss_stale_reviews_on_push"`
		CodeOwners *bool `json:"require_code_owner_review"`
		Checks     []struct {
			Context string `json:"context"`
			App     *int64 `json:"integration_id"`
		} `json:"required_status_checks"`
	} `json:"parameters"`
}

func (r Rule) Version() string { return fmt.Sprint(r.Ruleset, " ", r.Type) }

func (r Rule) check() error {
	if r.Type == "" || r.Ruleset <= 0 {
		return errors.New("a rule without a type, or of no ruleset")
	}
	return nil
}

// A Ruleset says who may go past it.
type Ruleset struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Bypass *[]struct {
		Type string `json:"actor_type"`
		Mode string `json:"bypass_mode"`
	} `json:"bypass_actors"` // nil: the token may not see them
}

// An Environment is one that jobs deploy to. Its reviewers are only counted:
// what they are may be missing.
type Environment struct {
	Name   string `json:"name"`
	Admins *bool  `json:"can_admins_bypass"` // GitHub answers it and does not describe it
	Rules  *[]struct {
		Type      string `json:"type"`
		Wait      *int   `json:"wait_timer"`
		SelfNo    *bool  `json:"prevent_self_review"`
		Reviewers []any  `json:"reviewers"`
	} `json:"protection_rules"`
	Branches *struct {
		Protected *bool `json:"protected_branches"`
		Custom    *bool `json:"custom_branch_policies"`
	} `json:"deployment_branch_policy"` // nil: any branch, or it is not said
}

// CustomRules are the protection rules of apps of an environment.
type CustomRules struct {
	Total *int `json:"total_count"`
	Rules []struct {
		Enabled *bool `json:"enabled"`
		App     struct {
			Slug string `json:"slug"`
		} `json:"app"`
	} `json:"custom_deployment_protection_rules"`
}

// BranchPolicies are the patterns of branches and tags that may deploy.
type BranchPolicies struct {
	Total *int `json:"total_count"`
	List  []struct {
		Name string `json:"name"`
	} `json:"branch_policies"`
}

// Secrets are names of secrets. GitHub tells nobody what is in them.
type Secrets struct {
	Total *int `json:"total_count"`
	List  []struct {
		Name string `json:"name"`
	} `json:"secrets"`
}

// ActionsPermissions say which actions may run.
type ActionsPermissions struct {
	Enabled *bool   `json:"enabled"`
	Allowed *string `json:"allowed_actions"`
	Pinned  *bool   `json:"sha_pinning_required"`
}

// WorkflowPermissions say what a workflow may do that does not say it itself.
type WorkflowPermissions struct {
	Default *string `json:"default_workflow_permissions"`
	Approve *bool   `json:"can_approve_pull_request_reviews"`
}

// SubjectClaims say what the subject of identity tokens is made of.
type SubjectClaims struct {
	Default *bool    `json:"use_default"`
	Keys    []string `json:"include_claim_keys"`
}

// An App is one that sets checks.
type App struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
}

// A File is a file or a folder's entry in the repository.
type File struct {
	Type     string `json:"type"`
	Name     string `json:"name"`
	Path     string `json:"path"`
	Size     int64  `json:"size"`
	Encoding string `json:"encoding"`
	Content  string `json:"content"`
}

// Setting reads one document about the repository into v, by the segments of
// its path, which are escaped here.
func (c *Client) Setting(ctx context.Context, v any, segments ...string) error {
	if _, err := c.get(ctx, c.path+"/"+joined(segments), v); err != nil {
		return fmt.Errorf("read %s: %w", strings.Join(segments, "/"), err)
	}
	return nil
}

// BranchRules reads the rules that hold for a branch, of all rulesets.
func (c *Client) BranchRules(ctx context.Context, branch string) ([]Rule, error) {
	rules, err := all[Rule](ctx, c, c.path+"/"+joined([]string{"rules", "branches", branch}), nil)
	if err != nil {
		return nil, fmt.Errorf("read the rules of branch %.80q: %w", branch, err)
	}
	return rules, nil
}

// Ruleset reads a ruleset, also one of the organization.
func (c *Client) Ruleset(ctx context.Context, id int64) (Ruleset, error) {
	var r Ruleset
	_, err := c.get(ctx, fmt.Sprintf("%s/rulesets/%d?includes_parents=true", c.path, id), &r)
	if err == nil && r.ID != id {
		err = fmt.Errorf("%w: it is another one", ask.ErrUnavailable)
	}
	if err != nil {
		return Ruleset{}, fmt.Errorf("read ruleset %d: %w", id, err)
	}
	return r, nil
}

// SecretsOf reads the names of secrets: of an environment, or of the whole
// repository for "". More than a page of them are not read.
func (c *Client) SecretsOf(ctx context.Context, environment string) ([]string, error) {
	path := []string{"actions", "secrets"}
	if environment != "" {
		path = []string{"environments", environment, "secrets"}
	}
	var s Secrets
	_, err := c.get(ctx, fmt.Sprintf("%s/%s?per_page=%d", c.path, joined(path), ask.PerPage), &s)
	if err == nil && (s.Total == nil || *s.Total != len(s.List)) {
		err = fmt.Errorf("%w: it is not the whole list", ask.ErrUnavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("read the names of secrets: %w", err)
	}
	var names []string
	for _, secret := range s.List {
		names = append(names, secret.Name)
	}
	return names, nil
}

// Environments reads the names of all environments. More than a page of them
// are an error.
func (c *Client) Environments(ctx context.Context) ([]string, error) {
	var w struct {
		Total *int `json:"total_count"`
		List  []struct {
			Name string `json:"name"`
		} `json:"environments"`
	}
	_, err := c.get(ctx, fmt.Sprintf("%s/environments?per_page=%d", c.path, ask.PerPage), &w)
	if err == nil && (w.Total == nil || *w.Total != len(w.List)) {
		err = fmt.Errorf("%w: it is not the whole list", ask.ErrUnavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("read the environments: %w", err)
	}
	var names []string
	for _, e := range w.List {
		names = append(names, e.Name)
	}
	return names, nil
}

// DeploymentBranches reads the patterns of branches and tags that may deploy to
// an environment. More than a page of them, and none, are an error.
func (c *Client) DeploymentBranches(ctx context.Context, environment string) ([]string, error) {
	var w BranchPolicies
	path := joined([]string{"environments", environment, "deployment-branch-policies"})
	_, err := c.get(ctx, fmt.Sprintf("%s/%s?per_page=%d", c.path, path, ask.PerPage), &w)
	if err == nil && (w.Total == nil || *w.Total != len(w.List) || len(w.List) == 0) {
		err = fmt.Errorf("%w: it is not the whole list", ask.ErrUnavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("read the deployment branches of %.80q: %w", environment, err)
	}
	var patterns []string
	for _, p := range w.List {
		patterns = append(patterns, p.Name)
	}
	return patterns, nil
}

// AppNamed reads an app.
func (c *Client) AppNamed(ctx context.Context, slug string) (App, error) {
	var a App
	_, err := c.get(ctx, "apps/"+url.PathEscape(slug), &a)
	if err == nil && (a.ID <= 0 || a.Slug != slug) {
		err = fmt.Errorf("%w: it is another one", ask.ErrUnavailable)
	}
	if err != nil {
		return App{}, fmt.Errorf("read app %.80q: %w", slug, err)
	}
	return a, nil
}

// BranchFile reads a file of a branch. A folder, a link and a file that GitHub does
// not show whole are errors. A file that is not there is ask.ErrAbsent.
func (c *Client) BranchFile(ctx context.Context, branch, path string, limit int64) ([]byte, error) {
	var f File
	_, err := c.get(ctx, c.contents(branch, path), &f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if f.Type != "file" || f.Encoding != "base64" || f.Size > limit {
		return nil, fmt.Errorf("read %s: %w: it is no file of at most %d bytes", path, ask.ErrUnavailable, limit)
	}
	data, err := base64.StdEncoding.DecodeString(string(bytes.ReplaceAll([]byte(f.Content), []byte("\n"), nil)))
	if err != nil || int64(len(data)) != f.Size {
		return nil, fmt.Errorf("read %s: %w: it is not whole", path, ask.ErrUnavailable)
	}
	return data, nil
}

// maxFolder is how many entries GitHub shows of a folder; it cuts off the rest.
const maxFolder = 1000

// Folder reads the entries of a folder of a branch.
func (c *Client) Folder(ctx context.Context, branch, path string) ([]File, error) {
	var list []File
	_, err := c.get(ctx, c.contents(branch, path), &list)
	if err == nil && (list == nil || len(list) >= maxFolder) {
		err = fmt.Errorf("%w: it is no folder, or one of over %d entries", ask.ErrUnavailable, maxFolder-1)
	}
	if err != nil {
		return nil, fmt.Errorf("read folder %s: %w", path, err)
	}
	return list, nil
}

func (c *Client) contents(branch, path string) string {
	return c.path + "/contents/" + joined(strings.Split(path, "/")) + "?ref=" + url.QueryEscape(branch)
}

// joined is segments as a path, each escaped, so that a slash in one divides
// nothing.
func joined(segments []string) string {
	escaped := make([]string, len(segments))
	for i, s := range segments {
		escaped[i] = url.PathEscape(s)
	}
	return strings.Join(escaped, "/")
}
