// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// A pull is a pull request: who made it, from which branch, with which files
// and words.
type pull struct {
	author  string // an account
	branch  string
	fork    bool // of a repository that its author made, and not of ours
	title   string
	message string            // of the commit
	files   map[string]string // by path
}

// opens makes the pull request as the git host does: its head, and a merge of it
// with main, at refs/pull/7. What it returns runs pull.yml for it, as the merge
// has it: that is where the checkout is left.
func (p *project) opens(ctx context.Context, o pull) (start, error) {
	for path, text := range o.files {
		if err := os.WriteFile(filepath.Join(p.dir, path), []byte(text), 0o644); err != nil {
			return start{}, err
		}
	}
	by := o.author + " <" + o.author + "@example.org>"
	steps := [][]string{
		{"checkout", "--quiet", "--detach"},
		{"add", "--all"},
		{"commit", "--quiet", "--allow-empty", "--author", by, "--message", o.message},
		{"push", "--quiet", "origin", "HEAD:refs/pull/7/head"},
		{"update-ref", "refs/rig/head", "HEAD"},
		{"checkout", "--quiet", "--detach", "main"},
		{"merge", "--quiet", "--no-ff", "--message", "Merge refs/rig/head into main", "refs/rig/head"},
		{"push", "--quiet", "origin", "HEAD:refs/pull/7/merge"},
	}
	if !o.fork {
		steps = append(steps, []string{"push", "--quiet", "origin", "refs/rig/head:refs/heads/" + o.branch})
	}
	for _, args := range steps {
		if _, err := p.git(ctx, args...); err != nil {
			return start{}, fmt.Errorf("open a pull request: %w", err)
		}
	}
	head, err := p.git(ctx, "rev-parse", "refs/rig/head")
	if err != nil {
		return start{}, err
	}
	merged, err := p.git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return start{}, err
	}
	from := "acme/" + p.name
	if o.fork {
		from = o.author + "/" + p.name
	}
	return start{
		workflow: "pull.yml", event: "pull_request", commit: merged, ref: "refs/pull/7/merge", actor: o.author,
		env: map[string]string{"GITHUB_HEAD_REF": o.branch, "GITHUB_BASE_REF": "main"},
		payload: map[string]any{
			"action": "opened", "number": 7, "ref": nil, "after": nil,
			"pull_request": map[string]any{
				"number": 7, "title": o.title, "body": o.title, "html_url": p.url() + "/pull/7", "user": map[string]any{"login": o.author},
				"head": map[string]any{"ref": o.branch, "sha": head, "label": o.author + ":" + o.branch, "repo": map[string]any{"full_name": from, "fork": o.fork}},
				"base": map[string]any{"ref": "main", "sha": p.head, "repo": map[string]any{"full_name": "acme/" + p.name}},
			},
		},
	}, nil
}
