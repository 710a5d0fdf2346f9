// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// A Merge is how a merge request went into a branch.
type Merge struct {
	Merged bool
	Branch string // it went into
	Commit string // it was merged as; empty: fast forward
	Base   string // commit of the branch that it began at
	Count  string // of files that it changes, as GitLab shows it: "12", or "1000+"
}

// mergeWire is the part of a merge request that is looked at
// (https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request).
type mergeWire struct {
	IID             int64   `json:"iid"`
	ProjectID       int64   `json:"project_id"`
	State           string  `json:"state"`
	TargetBranch    string  `json:"target_branch"`
	MergeCommitSHA  string  `json:"merge_commit_sha"`
	SquashCommitSHA string  `json:"squash_commit_sha"`
	ChangesCount    *string `json:"changes_count"`
	Refs            *struct {
		Base string `json:"base_sha"`
	} `json:"diff_refs"`
}

// Merge reads how a merge request was merged, if it was.
func (c *Client) Merge(ctx context.Context, project, iid int64) (Merge, error) {
	what := fmt.Sprintf("read the merge of merge request %d of project %d", iid, project)
	var w mergeWire
	if err := one(ctx, c, fmt.Sprintf("projects/%d/merge_requests/%d", project, iid), &w); err != nil {
		return Merge{}, fmt.Errorf("%s: %w", what, err)
	}
	if w.IID != iid || w.ProjectID != project || w.State == "" {
		return Merge{}, fmt.Errorf("%s: %w: its answer is another one", what, ask.ErrUnavailable)
	}
	m := Merge{Merged: w.State == "merged", Branch: w.TargetBranch, Commit: w.MergeCommitSHA}
	if m.Commit == "" {
		m.Commit = w.SquashCommitSHA
	}
	if w.Refs != nil {
		m.Base = w.Refs.Base
	}
	if w.ChangesCount != nil {
		m.Count = *w.ChangesCount
	}
	for _, sha := range []string{m.Commit, m.Base} {
		if sha != "" && !objectPattern.MatchString(sha) {
			return Merge{}, fmt.Errorf("%s: %w: %.40q is no commit", what, ask.ErrUnavailable, sha)
		}
	}
	return m, nil
}

// Parents returns the parents of a commit
// (https://docs.gitlab.com/api/commits/#retrieve-a-commit).
func (c *Client) Parents(ctx context.Context, project int64, commit string) ([]string, error) {
	var w struct {
		ID      string   `json:"id"`
		Parents []string `json:"parent_ids"`
	}
	if err := one(ctx, c, fmt.Sprintf("projects/%d/repository/commits/%s", project, url.PathEscape(commit)), &w); err != nil {
		return nil, fmt.Errorf("read commit %.12s: %w", commit, err)
	}
	if w.ID != commit {
		return nil, fmt.Errorf("read commit %.12s: %w: its answer is another one", commit, ask.ErrUnavailable)
	}
	for _, p := range w.Parents {
		if !objectPattern.MatchString(p) {
			return nil, fmt.Errorf("read commit %.12s: %w: parent %.40q", commit, ask.ErrUnavailable, p)
		}
	}
	return w.Parents, nil
}

// diffWire is a file that a merge request changes
// (https://docs.gitlab.com/api/merge_requests/#list-merge-request-diffs).
type diffWire struct {
	Old string `json:"old_path"`
	New string `json:"new_path"`
}

func (d diffWire) Version() string { return d.Old + "\x00" + d.New }

// Changes returns the paths that a merge request changes, of a renamed file
// both. GitLab shows a part of a large one: they are whole only if they are as
// many as count says.
func (c *Client) Changes(ctx context.Context, project, iid int64, count string) (paths []string, whole bool, err error) {
	what := fmt.Sprintf("read what merge request %d of project %d changes", iid, project)
	wires, err := all[diffWire](ctx, c, fmt.Sprintf("projects/%d/merge_requests/%d/diffs", project, iid), "")
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", what, err)
	}
	for _, w := range wires {
		if w.Old == "" || w.New == "" {
			return nil, false, fmt.Errorf("%s: %w: one of the files has no name", what, ask.ErrUnavailable)
		}
		if paths = append(paths, w.New); w.Old != w.New {
			paths = append(paths, w.Old)
		}
	}
	n, err := strconv.Atoi(count)
	return paths, err == nil && n == len(wires), nil
}

// A Place is where a project stands among groups.
type Place struct {
	DefaultBranch string
	groups        map[string]bool // that can own files of it, in lower case
}

// Place reads where a project stands
// (https://docs.gitlab.com/api/projects/#retrieve-a-project).
func (c *Client) Place(ctx context.Context, project int64) (Place, error) {
	var w struct {
		ID            int64  `json:"id"`
		Path          string `json:"path_with_namespace"`
		DefaultBranch string `json:"default_branch"`
		Shared        []struct {
			Path string `json:"group_full_path"`
		} `json:"shared_with_groups"`
	}
	if err := one(ctx, c, fmt.Sprintf("projects/%d", project), &w); err != nil {
		return Place{}, fmt.Errorf("read project %d: %w", project, err)
	}
	if w.ID != project || w.Path == "" || w.DefaultBranch == "" {
		return Place{}, fmt.Errorf("read project %d: %w: its answer is of another one", project, ask.ErrUnavailable)
	}
	p := Place{DefaultBranch: w.DefaultBranch, groups: map[string]bool{}}
	parts := strings.Split(strings.ToLower(w.Path), "/")
	for i := 1; i < len(parts); i++ {
		p.groups[strings.Join(parts[:i], "/")] = true
	}
	for _, g := range w.Shared {
		p.groups[strings.ToLower(g.Path)] = true
	}
	return p, nil
}

// Has reports whether a group is above the project, or was invited to it: GitLab
// passes over other groups as owners, unless they were invited to one above.
func (p Place) Has(group string) bool { return p.groups[strings.ToLower(group)] }

// GroupPeople returns the accounts that are active members of a group itself, by
// its full path: up to as many as one question about members names.
func (c *Client) GroupPeople(ctx context.Context, group string) ([]int64, error) {
	if !groupPattern.MatchString(group) || len(group) > maxGroup {
		return nil, fmt.Errorf("read the members of group %.80q: %w: that is no path of a group", group, ask.ErrRefused)
	}
	levels, err := c.memberList(ctx, "groups/"+url.PathEscape(group)+"/members", "")
	ids := slices.Sorted(maps.Keys(levels))
	return ids[:min(len(ids), maxAsked)], err
}

// AccountNamed returns the account of a name, 0 if there is none: then the name
// may be a group's (https://docs.gitlab.com/api/users/#list-users).
func (c *Client) AccountNamed(ctx context.Context, login string) (int64, error) {
	wires, err := all[memberWire](ctx, c, "users", url.Values{"username": {login}}.Encode())
	if err != nil {
		return 0, fmt.Errorf("find account %.80q: %w", login, err)
	}
	for _, w := range wires {
		if strings.EqualFold(w.Username, login) {
			return w.ID, nil
		}
	}
	return 0, nil
}
