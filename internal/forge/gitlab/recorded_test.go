// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// TestRecordedAnswers runs what GitLab answered to others through our readers.
func TestRecordedAnswers(t *testing.T) {
	ctx := t.Context()
	client := func(name string) *Client { return recorded(t, filepath.Join("client", name)) }
	text := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for name, c := range map[string]struct {
		do   func() (any, error)
		want string // empty: it can't be used
	}{
		"a merge request": {func() (any, error) { return client("get_merge_request.json").MergeRequest(ctx, 278964, 14656) },
			`{"IID":14656,"URL":"https://gitlab.com/gitlab-org/gitlab-ee/merge_requests/14656","Head":"8e0b45049b6253b8984cde9241830d2851168142","Merged":"","Author":{"ID":3614858,"Login":"alexkalderimis"},"Stray":false}`},
		"its change": {func() (any, error) { return client("get_merge_request.json").Change(ctx, 278964, 14656) },
			`{"IID":14656,"Open":true,"Head":"8e0b45049b6253b8984cde9241830d2851168142","Branch":"delete-designs-v2","Pipeline":{"ID":77056819,"Project":0,"SHA":"8e0b45049b6253b8984cde9241830d2851168142","Source":"","User":{"ID":3614858,"Login":"alexkalderimis"}}}`},
		"its merge": {func() (any, error) { return client("get_merge_request.json").Merge(ctx, 278964, 14656) },
			`{"Merged":false,"Branch":"master","Commit":"","Base":"dd692733bb84bc3e9e862e66c099daec2fa00c83","Count":"35"}`},
		"as another": {func() (any, error) { return client("get_merge_request.json").Change(ctx, 278964, 1) }, ""},
		"merge requests of two projects": {func() (any, error) {
			return client("get_merge_requests.json").MergeRequestsOf(ctx, 1, commit)
		}, ""},
		"open merge requests": {func() (any, error) {
			list, _, err := client("get_merge_requests.json").OpenChanges(ctx, 278964)
			return list, err
		}, "[15442,15441,15440]"},
		"changes": {func() (any, error) {
			paths, whole, err := client("list_merge_request_diff.json").Changes(ctx, 1, 1, "2")
			return fmt.Sprint(paths, whole), err
		}, `"[README VERSION] true"`},
		"a user":  {func() (any, error) { return client("get_user.json").IsBot(ctx, 1) }, "false"},
		"another": {func() (any, error) { return client("get_user.json").IsBot(ctx, 2) }, ""},
		"a name":  {func() (any, error) { return client("search_users.json").AccountNamed(ctx, "USER1") }, "1"},
		"no name": {func() (any, error) { return client("search_users.json").AccountNamed(ctx, "user") }, "0"},
		"parents": {func() (any, error) {
			return client("get_commit.json").Parents(ctx, 1, "6104942438c14ec7bd21c6cd5bd995272b3faff6")
		}, `["ae1d9fb46aa2b07ee9836d49862ec4e2c46fbbba"]`},
		"of others": {func() (any, error) { return client("get_commit.json").Parents(ctx, 1, commit) }, ""},
	} {
		got, err := c.do()
		switch {
		case c.want == "" && !errors.Is(err, ask.ErrUnavailable):
			t.Errorf("%s: %s, %v", name, text(got), err)
		case c.want != "" && (err != nil || text(got) != c.want):
			t.Errorf("%s: %s, %v; want %s", name, text(got), err, c.want)
		}
	}
}

// FuzzRecorded is FuzzVotes and the others, from what GitLab answered.
func FuzzRecorded(f *testing.F) {
	files, err := filepath.Glob("testdata/client/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(body))
	}
	f.Fuzz(func(t *testing.T, body string) {
		c, ctx := told(t, body), t.Context()
		_, e1 := c.MergeRequest(ctx, 278964, 14656)
		m, e2 := c.Change(ctx, 278964, 14656)
		if e2 == nil && m.Open && !objectPattern.MatchString(m.Head) {
			t.Errorf("%+v", m)
		}
		list, _, e3 := c.OpenChanges(ctx, 278964)
		states, e4 := c.StatusChecks(ctx, 278964, 14656)
		if e3 != nil && list != nil || e4 != nil && states != nil {
			t.Error("something and an error")
		}
		_, e5 := c.AccountNamed(ctx, "user1")
		_, e6 := c.Parents(ctx, 1, commit)
		_, e7 := c.Place(ctx, 6)
		for i, err := range []error{e1, e2, e3, e4, e5, e6, e7} {
			if err != nil && !errors.Is(err, ask.ErrUnavailable) && !errors.Is(err, ask.ErrRefused) {
				t.Errorf("%d: %v is no error of ours", i, err)
			}
		}
	})
}
