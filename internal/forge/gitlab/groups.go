// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// The settings of the groups above a project, and what of them the project shows.

// maxGroupsAbove is how deep groups are nested at GitLab.
const maxGroupsAbove = 20

// A Namespace is where a project lies.
type Namespace struct {
	Kind string `json:"kind"` // group, or user
	Path string `json:"full_path"`
}

// Groups returns the groups above, the highest first; none in a user's namespace.
func (n Namespace) Groups() ([]string, error) {
	switch {
	case n.Kind == "user":
		return nil, nil
	case n.Kind != "group" || !groupPattern.MatchString(n.Path):
		return nil, fmt.Errorf("%w: %.40q %.80q is no group", ask.ErrUnavailable, n.Kind, n.Path)
	}
	var groups []string
	for i, c := range n.Path + "/" {
		if c == '/' {
			groups = append(groups, n.Path[:i])
		}
	}
	if len(groups) > maxGroupsAbove {
		return nil, fmt.Errorf("%w: %d groups above each other, over the limit of %d", ask.ErrUnavailable, len(groups), maxGroupsAbove)
	}
	return groups, nil
}

// GroupBranches reads every rule of a group about the branches of its projects
// (https://docs.gitlab.com/api/group_protected_branches/). Premium, and of a group
// that is in no other.
func (c *Client) GroupBranches(ctx context.Context, group string) ([]ProtectedBranch, error) {
	return listOfGroup[ProtectedBranch](ctx, c, group, "protected_branches")
}

// GroupVariables reads every variable that a group gives to the pipelines of its
// projects (https://docs.gitlab.com/api/group_level_variables/). Their values are
// passed over.
func (c *Client) GroupVariables(ctx context.Context, group string) ([]Variable, error) {
	return listOfGroup[Variable](ctx, c, group, "variables")
}

func listOfGroup[T ask.Item](ctx context.Context, c *Client, group, what string) ([]T, error) {
	list, err := all[T](ctx, c, "groups/"+url.PathEscape(group)+"/"+what, "")
	if err != nil {
		return nil, fmt.Errorf("read %s of group %.80q: %w", what, group, err)
	}
	return list, nil
}

// An Inherited is a setting as a project has it, and whose it is.
type Inherited struct {
	Value  *bool   `json:"value"`
	Locked *bool   `json:"locked"`
	From   *string `json:"inherited_from"` // group or instance; nil: the project's own
}

// ApprovalSettings are how merge requests of a project are approved, with what
// groups above make of it (https://docs.gitlab.com/api/merge_request_approval_settings/).
// Premium.
type ApprovalSettings struct {
	Author     *Inherited `json:"allow_author_approval"`
	Committer  *Inherited `json:"allow_committer_approval"`
	Overriding *Inherited `json:"allow_overrides_to_approver_list_per_merge_request"`
	Retain     *Inherited `json:"retain_approvals_on_push"`
}

// ApprovalSettings reads how merge requests of a project are approved.
func (c *Client) ApprovalSettings(ctx context.Context, project int64) (ApprovalSettings, error) {
	var a ApprovalSettings
	if err := one(ctx, c, fmt.Sprintf("projects/%d/merge_request_approval_setting", project), &a); err != nil {
		return ApprovalSettings{}, fmt.Errorf("read what groups make of the approvals of project %d: %w", project, err)
	}
	return a, nil
}

// A PushRule is what a push is held to. A check that is off may be null.
type PushRule struct {
	ID        int64 `json:"id"`
	Committer *bool `json:"commit_committer_check"`
}

// PushRule reads the push rule of a project (https://docs.gitlab.com/api/project_push_rules/).
// Premium.
func (c *Client) PushRule(ctx context.Context, project int64) (PushRule, error) {
	return c.pushRule(ctx, fmt.Sprintf("projects/%d/push_rule", project))
}

// GroupPushRule reads the push rule that new projects of a group begin with
// (https://docs.gitlab.com/api/group_push_rules/). Premium.
func (c *Client) GroupPushRule(ctx context.Context, group string) (PushRule, error) {
	return c.pushRule(ctx, "groups/"+url.PathEscape(group)+"/push_rule")
}

func (c *Client) pushRule(ctx context.Context, path string) (PushRule, error) {
	var r PushRule
	err := one(ctx, c, path, &r)
	if err == nil && r.ID <= 0 {
		err = fmt.Errorf("%w: it is no push rule", ask.ErrUnavailable)
	}
	if err != nil {
		return PushRule{}, fmt.Errorf("read %s: %w", strings.ReplaceAll(path, "%2F", "/"), err)
	}
	return r, nil
}

// GroupEnvironments reads what a group protects in its projects, by the tier of
// environments (https://docs.gitlab.com/api/group_protected_environments/). Premium.
func (c *Client) GroupEnvironments(ctx context.Context, group string) ([]ProtectedEnvironment, error) {
	return listOfGroup[ProtectedEnvironment](ctx, c, group, "protected_environments")
}

// tierWire is an environment of a project
// (https://docs.gitlab.com/api/environments/#list-environments).
type tierWire struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Tier string `json:"tier"`
}

func (e tierWire) Version() string { return fmt.Sprint(e.ID, " ", e.Name, " ", e.Tier) }

// TierOf returns the tier of an environment of a project, such as production;
// empty where there is no such environment.
func (c *Client) TierOf(ctx context.Context, project int64, name string) (string, error) {
	list, err := all[tierWire](ctx, c, fmt.Sprintf("projects/%d/environments", project), url.Values{"name": {name}}.Encode())
	if err != nil {
		return "", fmt.Errorf("read environment %.80q of project %d: %w", name, project, err)
	}
	for _, e := range list {
		if e.Name == name && e.Tier == "" {
			return "", fmt.Errorf("read environment %.80q of project %d: %w: its tier is not shown", name, project, ask.ErrUnavailable)
		}
		if e.Name == name {
			return e.Tier, nil
		}
	}
	return "", nil
}
