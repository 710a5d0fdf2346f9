// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"testing"
)

func TestCommentSaysWhatChanged(t *testing.T) {
	var many []string
	for i := range 25 {
		many = append(many, fmt.Sprintf("%012d change %d (dana)", i, i))
	}
	const compare = "https://github.com/acme/app/compare/aaaa...bbbb"
	for name, c := range map[string]struct {
		changes  *Changes
		has, not []string
	}{
		"not known":         {nil, nil, []string{"Since the last deployment"}},
		"nothing known":     {&Changes{}, nil, []string{"Since the last deployment"}},
		"nothing changed":   {&Changes{Commits: []string{}, SBOM: []string{}}, []string{"**Since the last deployment**: 0 commits", "Components: 0 added, 0 removed, 0 updated."}, []string{"compare"}},
		"one commit":        {&Changes{Commits: many[:1], Compare: compare}, []string{"deployment** ([compare](" + compare + ")): 1 commit\n\n- 000000000000 change 0 (dana)\n"}, []string{"Components"}},
		"twenty":            {&Changes{Commits: many[:20]}, []string{"20 commits", "change 19 (dana)"}, []string{"more"}},
		"more than twenty":  {&Changes{Commits: many}, []string{"25 commits", "change 19 (dana)\n- and 5 more\n"}, []string{"change 20"}},
		"components":        {&Changes{SBOM: []string{"+ a 1", "+ b 1", "- c 1", "~ d 1 → 2"}}, []string{"Components: 2 added, 1 removed, 1 updated."}, []string{"commit\n"}},
		"only a link":       {&Changes{Compare: compare}, []string{"([compare](" + compare + "))\n\n"}, nil},
		"a link that bites": {&Changes{Commits: many[:1], Compare: "javascript:alert(1)"}, []string{"1 commit"}, []string{"javascript", "[compare]"}},
		"a subject that bites": {
			&Changes{Commits: []string{"abc @acme/leads <img src=x> [y](https://evil.example)\n/approve " + requestID}},
			[]string{"1 commit"}, []string{"@acme", "<img", "](https://evil", "\n/approve"},
		},
		"a subject that is long": {&Changes{Commits: []string{strings.Repeat("x", 5000)}}, []string{strings.Repeat("x", 119) + "…\n"}, nil},
	} {
		n := NewNotice(pending(), NoticeOptions{Changes: c.changes})
		for _, want := range c.has {
			if !strings.Contains(n.Comment, want) {
				t.Errorf("%s: no %q in\n%.900s", name, want, n.Comment)
			}
		}
		for _, bad := range c.not {
			if strings.Contains(strings.SplitN(n.Comment, "## ", 2)[0], bad) {
				t.Errorf("%s: %q in\n%.900s", name, bad, n.Comment)
			}
		}
		if len(n.Comment) > CommentLimit || !strings.HasPrefix(n.Comment, n.Marker+"\n") {
			t.Errorf("%s: %d bytes", name, len(n.Comment))
		}
	}
}

// The worst that can be written into subjects leaves room for the decision.
func TestChangesLeaveRoom(t *testing.T) {
	var worst []string
	for range 100 {
		worst = append(worst, strings.Repeat("@", 300))
	}
	n := NewNotice(pending(), NoticeOptions{Changes: &Changes{Commits: worst}})
	if len(n.Comment) > CommentLimit || !strings.Contains(n.Comment, "1 more approval by lead") {
		t.Errorf("%d bytes", len(n.Comment))
	}
}

func TestShownAt(t *testing.T) {
	for address, want := range map[string]string{
		"https://github.com/acme/app/pull/7#issuecomment-1": "https://github.com/acme/app/pull/7#issuecomment-1",
		"": "", "javascript:x": "", "https://a:b@evil.example/": "", "https://x.example/a b": "", "https://x.example/)": "",
	} {
		if got := (Notice{}).ShownAt(address).Shown; got != want {
			t.Errorf("%q: %q", address, got)
		}
	}
}
