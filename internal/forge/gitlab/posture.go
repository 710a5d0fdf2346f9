// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// The settings of a project. What may be left out of an answer, because the
// token may not see it, the tier does not have it, or this GitLab is older, is a
// pointer: nil says nothing.

// A Project is the part of a project's settings that is looked at
// (https://docs.gitlab.com/api/projects/#retrieve-a-project).
type Project struct {
	ID            int64   `json:"id"`
	DefaultBranch string  `json:"default_branch"`
	Visibility    string  `json:"visibility"`
	ConfigPath    *string `json:"ci_config_path"`

	Namespace *Namespace `json:"namespace"`

	PipelinesMustSucceed *bool   `json:"only_allow_merge_if_pipeline_succeeds"`
	SkippedPass          *bool   `json:"allow_merge_on_skipped_pipeline"`
	RestrictVariables    *bool   `json:"restrict_user_defined_variables"`
	VariablesRole        *string `json:"ci_pipeline_variables_minimum_override_role"`
	JobTokenPushes       *bool   `json:"ci_push_repository_for_job_token_allowed"`
	ForkPipelines        *bool   `json:"ci_allow_fork_pipelines_to_run_in_parent_project"`
	TriggerApproves      *bool   `json:"allow_pipeline_trigger_approve_deployment"` // Premium
}

// Project reads a project's settings.
func (c *Client) Project(ctx context.Context, id int64) (Project, error) {
	var p Project
	if err := one(ctx, c, fmt.Sprintf("projects/%d", id), &p); err != nil {
		return Project{}, fmt.Errorf("read project %d: %w", id, err)
	}
	if p.ID != id || p.DefaultBranch == "" {
		return Project{}, fmt.Errorf("read project %d: %w: its answer is of another one, or names no default branch", id, ask.ErrUnavailable)
	}
	return p, nil
}

// An Access is one line of who may do something: a role by its level, or
// somebody by name.
type Access struct {
	Level     *int   `json:"access_level"`
	User      *int64 `json:"user_id"`       // Premium
	Group     *int64 `json:"group_id"`      // Premium
	DeployKey *int64 `json:"deploy_key_id"` // also of other people
}

// Role is the level of a line that is about a role; 0: nobody, or it is about
// somebody by name. It is not ok if the line says neither.
func (a Access) Role() (level int, ok bool) {
	if a.User != nil || a.Group != nil || a.DeployKey != nil {
		return 0, true
	}
	if a.Level == nil || *a.Level < 0 {
		return 0, false
	}
	return *a.Level, true
}

// A ProtectedBranch is one rule about branches, by a name in which * stands for
// anything (https://docs.gitlab.com/api/protected_branches/).
type ProtectedBranch struct {
	Name       string    `json:"name"`
	Push       *[]Access `json:"push_access_levels"`
	ForcePush  *bool     `json:"allow_force_push"`
	CodeOwners *bool     `json:"code_owner_approval_required"` // Premium
	Inherited  *bool     `json:"inherited"`                    // from a group; nil: groups' rules are not told of
}

// Version is of ask.Item.
func (b ProtectedBranch) Version() string { return b.Name }

// Covers reports whether the rule is about a branch.
func (b ProtectedBranch) Covers(branch string) bool { return covers(b.Name, branch) }

// covers matches a name with its stars.
func covers(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, last)
}

// ProtectedBranches reads every rule about branches.
func (c *Client) ProtectedBranches(ctx context.Context, project int64) ([]ProtectedBranch, error) {
	return listOf[ProtectedBranch](ctx, c, project, "protected_branches")
}

// A ProtectedEnvironment says who deploys to an environment, and how many
// approve it (https://docs.gitlab.com/api/protected_environments/). Premium.
type ProtectedEnvironment struct {
	Name     string    `json:"name"`
	Deploy   *[]Access `json:"deploy_access_levels"`
	Required *int      `json:"required_approval_count"`
	Rules    *[]struct {
		Required *int `json:"required_approvals"`
	} `json:"approval_rules"`
}

// Version is of ask.Item.
func (e ProtectedEnvironment) Version() string { return e.Name }

// ProtectedEnvironments reads every environment that the project protects.
func (c *Client) ProtectedEnvironments(ctx context.Context, project int64) ([]ProtectedEnvironment, error) {
	return listOf[ProtectedEnvironment](ctx, c, project, "protected_environments")
}

// Approving is how merge requests are approved
// (https://docs.gitlab.com/api/merge_request_approvals/). Premium.
type Approving struct {
	AuthorApproves  *bool `json:"merge_requests_author_approval"`
	CommittersMay   *bool `json:"merge_requests_disable_committers_approval"` // true: they may not
	ResetOnPush     *bool `json:"reset_approvals_on_push"`
	RulesAreKept    *bool `json:"disable_overriding_approvers_per_merge_request"`
	OwnersResetOnly *bool `json:"selective_code_owner_removals"`
}

// Approving reads how merge requests of a project are approved.
func (c *Client) Approving(ctx context.Context, project int64) (Approving, error) {
	var a Approving
	if err := one(ctx, c, fmt.Sprintf("projects/%d/approvals", project), &a); err != nil {
		return Approving{}, fmt.Errorf("read the approval settings of project %d: %w", project, err)
	}
	return a, nil
}

// An ApprovalRule says how many approve a merge request. Premium.
type ApprovalRule struct {
	ID       int64  `json:"id"`
	Type     string `json:"rule_type"`
	Required *int   `json:"approvals_required"`
	AllSafe  *bool  `json:"applies_to_all_protected_branches"`
	Branches *[]struct {
		Name string `json:"name"`
	} `json:"protected_branches"`
}

// Version is of ask.Item.
func (r ApprovalRule) Version() string { return fmt.Sprint(r.ID, " ", r.Type) }

// Covers reports whether the rule is about merge requests into a protected
// branch: one that names no branch is about all of them.
func (r ApprovalRule) Covers(branch string) bool {
	if r.AllSafe != nil && *r.AllSafe || r.Branches == nil || len(*r.Branches) == 0 {
		return true
	}
	for _, b := range *r.Branches {
		if covers(b.Name, branch) {
			return true
		}
	}
	return false
}

// ApprovalRules reads every rule of a project about approvals.
func (c *Client) ApprovalRules(ctx context.Context, project int64) ([]ApprovalRule, error) {
	return listOf[ApprovalRule](ctx, c, project, "approval_rules")
}

// A Variable is one of CI, without its value
// (https://docs.gitlab.com/api/project_level_variables/).
type Variable struct {
	Key       string `json:"key"`
	Scope     string `json:"environment_scope"`
	Protected *bool  `json:"protected"`
}

// Version is of ask.Item.
func (v Variable) Version() string { return v.Key + " " + v.Scope }

// Variables reads every variable of a project. Their values are passed over.
func (c *Client) Variables(ctx context.Context, project int64) ([]Variable, error) {
	return listOf[Variable](ctx, c, project, "variables")
}

// InboundLimited is whether job tokens of other projects get in by a list only
// (https://docs.gitlab.com/api/project_job_token_scopes/); nil: it is not said.
func (c *Client) InboundLimited(ctx context.Context, project int64) (*bool, error) {
	var wire struct {
		Inbound *bool `json:"inbound_enabled"`
	}
	if err := one(ctx, c, fmt.Sprintf("projects/%d/job_token_scope", project), &wire); err != nil {
		return nil, fmt.Errorf("read the job token's scope of project %d: %w", project, err)
	}
	return wire.Inbound, nil
}

// listOf reads one of a project's lists, whole.
func listOf[T ask.Item](ctx context.Context, c *Client, project int64, what string) ([]T, error) {
	list, err := all[T](ctx, c, fmt.Sprintf("projects/%d/%s", project, what), "")
	if err != nil {
		return nil, fmt.Errorf("read %s of project %d: %w", what, project, err)
	}
	return list, nil
}

// ErrNoFile says that a ref has no file of that name, by GitLab's own word:
// it says something else where the files may not be seen.
var ErrNoFile = fmt.Errorf("%w: no file", ask.ErrAbsent)

// File reads a file at a commit or branch of a project, by its number or full
// path (https://docs.gitlab.com/api/repository_files/). A larger one than limit
// bytes is ask.ErrRefused.
func (c *Client) File(ctx context.Context, project, ref, name string, limit int64) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, fmt.Errorf("read %.80q at %.40s: %w", name, ref, err)
	}
	var wire struct {
		Path     string  `json:"file_path"`
		Size     int64   `json:"size"`
		Encoding string  `json:"encoding"`
		Content  *string `json:"content"`
	}
	path := fmt.Sprintf("projects/%s/repository/files/%s", url.PathEscape(project), url.PathEscape(name))
	err := oneOf(ctx, c, path, url.Values{"ref": {ref}}, &wire)
	switch {
	case errors.Is(err, ask.ErrAbsent) && strings.Contains(err.Error(), "404 File Not Found"):
		return fail(ErrNoFile)
	case err != nil:
		return fail(err)
	case wire.Size > limit:
		return fail(fmt.Errorf("%w: %d bytes, over the limit of %d", ask.ErrRefused, wire.Size, limit))
	case wire.Path != name || wire.Encoding != "base64" || wire.Content == nil:
		return fail(fmt.Errorf("%w: its answer is of another one, or in another form", ask.ErrUnavailable))
	}
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(*wire.Content, "\n", ""))
	if err != nil || int64(len(data)) != wire.Size {
		return fail(fmt.Errorf("%w: what should be its content is none", ask.ErrUnavailable))
	}
	return data, nil
}
