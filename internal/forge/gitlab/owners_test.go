// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// TestOddMerges are answers that can't be used to tell who owns a change.
func TestOddMerges(t *testing.T) {
	ctx := t.Context()
	for name, c := range map[string]struct {
		body string
		do   func(*Client) error
	}{
		"another merge request":  {`{"iid":8,"project_id":6,"state":"merged"}`, func(c *Client) error { _, err := c.Merge(ctx, 6, 7); return err }},
		"of another project":     {`{"iid":7,"project_id":8,"state":"merged"}`, func(c *Client) error { _, err := c.Merge(ctx, 6, 7); return err }},
		"without a state":        {`{"iid":7,"project_id":6}`, func(c *Client) error { _, err := c.Merge(ctx, 6, 7); return err }},
		"merged as a word":       {`{"iid":7,"project_id":6,"state":"merged","merge_commit_sha":"HEAD"}`, func(c *Client) error { _, err := c.Merge(ctx, 6, 7); return err }},
		"begun at a word":        {`{"iid":7,"project_id":6,"state":"merged","diff_refs":{"base_sha":"main"}}`, func(c *Client) error { _, err := c.Merge(ctx, 6, 7); return err }},
		"another commit":         {`{"id":"` + strings.Repeat("1", 40) + `","parent_ids":[]}`, func(c *Client) error { _, err := c.Parents(ctx, 6, commit); return err }},
		"a parent that is none":  {`{"id":"` + commit + `","parent_ids":["x"]}`, func(c *Client) error { _, err := c.Parents(ctx, 6, commit); return err }},
		"a file without a name":  {`[{"old_path":"a","new_path":""}]`, func(c *Client) error { _, _, err := c.Changes(ctx, 6, 7, "1"); return err }},
		"another project":        {`{"id":7,"path_with_namespace":"a/b","default_branch":"main"}`, func(c *Client) error { _, err := c.Place(ctx, 6); return err }},
		"a project without path": {`{"id":6,"default_branch":"main"}`, func(c *Client) error { _, err := c.Place(ctx, 6); return err }},
		"accounts as an object":  {`{"id":1,"username":"ana"}`, func(c *Client) error { _, err := c.AccountNamed(ctx, "ana"); return err }},
	} {
		if err := c.do(told(t, c.body)); !errors.Is(err, ask.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a merge request changes is whole only if it is as much as GitLab counts.
func TestChangesAreWhole(t *testing.T) {
	const two = `[{"old_path":"a","new_path":"a"},{"old_path":"b","new_path":"c"}]`
	for count, want := range map[string]bool{"2": true, "3": false, "1": false, "2+": false, "": false, "1000+": false} {
		paths, whole, err := told(t, two).Changes(t.Context(), 6, 7, count)
		if err != nil || whole != want || fmt.Sprint(paths) != "[a c b]" {
			t.Errorf("%q: %q, %v, %v", count, paths, whole, err)
		}
	}
}

// TestPlaces says which groups can own files of a project.
func TestPlaces(t *testing.T) {
	p, err := told(t, `{"id":6,"path_with_namespace":"Acme/Apps/app","default_branch":"main","shared_with_groups":[{"group_full_path":"other/Leads"}]}`).Place(t.Context(), 6)
	if err != nil {
		t.Fatal(err)
	}
	for group, want := range map[string]bool{"acme": true, "ACME/apps": true, "acme/apps/app": false, "other/leads": true, "other": false, "": false} {
		if p.Has(group) != want {
			t.Errorf("%q: %v", group, !want)
		}
	}
}

// Whatever a forge answers about a merge is an error, or names commits.
func FuzzMerge(f *testing.F) {
	f.Add(`{"iid":7,"project_id":6,"state":"merged","target_branch":"main","merge_commit_sha":null,"changes_count":"1","diff_refs":{"base_sha":"` + commit + `"}}`)
	f.Add(`[{"old_path":"a","new_path":"b"}]`)
	f.Fuzz(func(t *testing.T, body string) {
		c, ctx := told(t, body), t.Context()
		m, err := c.Merge(ctx, 6, 7)
		for _, sha := range []string{m.Commit, m.Base} {
			if sha != "" && (err != nil || !objectPattern.MatchString(sha)) {
				t.Errorf("%+v, %v", m, err)
			}
		}
		if paths, _, err := c.Changes(ctx, 6, 7, "1"); err != nil && paths != nil {
			t.Error("paths and an error")
		}
	})
}
