// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"net/http"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// TestVersionAt says which version an approval was for.
func TestVersionAt(t *testing.T) {
	at := func(seconds float64) time.Time {
		return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
	}
	two := []gitlab.Version{{ID: 2, Head: next, Created: at(100)}, {ID: 1, Head: commit, Created: at(0)}}
	for name, c := range map[string]struct {
		versions []gitlab.Version
		at       time.Time
		want     string
	}{
		"after the only one":          {two[1:], at(50), commit},
		"between":                     {two, at(50), commit},
		"after both":                  {two, at(150), next},
		"before any":                  {two, at(-50), ""},
		"at no time":                  {two, time.Time{}, ""},
		"no versions":                 {nil, at(50), ""},
		"with the push":               {two, at(100), ""},
		"just before the push":        {two, at(98.5), ""},
		"just after the push":         {two, at(101.5), ""},
		"long enough after":           {two, at(102), next},
		"two at once":                 {[]gitlab.Version{{ID: 1, Head: commit, Created: at(0)}, {ID: 2, Head: next, Created: at(0)}}, at(50), ""},
		"the same commit twice":       {[]gitlab.Version{{ID: 1, Head: commit, Created: at(0)}, {ID: 2, Head: commit, Created: at(0)}}, at(50), commit},
		"in another order":            {[]gitlab.Version{two[1], two[0]}, at(150), next},
		"away and back to the commit": {append([]gitlab.Version{{ID: 3, Head: commit, Created: at(200)}}, two...), at(150), next},
	} {
		if got := versionAt(c.versions, c.at); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A version that comes while approvals are read is later than all of them.
func TestAPushWhileReading(t *testing.T) {
	s := newGitLabScene(t, "gitlab-approval")
	s.approve(ana)
	s.Fault(gitlabtest.Fault{In: "/versions", Times: 1, Answer: pushing(s)})
	s.play(nil, "583231 approve commit 3b18")
}

// A vote whose time has not come yet was not cast when it says.
func TestVotesOfTheFuture(t *testing.T) {
	s := newGitLabScene(t, "gitlab-note")
	const body = `[{"id":1,"body":"/approve ` + asked + `","noteable_type":"MergeRequest","noteable_iid":7,"created_at":"2999-03-02T09:00:00Z","updated_at":"2999-03-02T09:00:00Z","author":{"id":583231,"username":"ana"}}]`
	s.Fault(gitlabtest.Fault{In: "/notes", Answer: gitlabtest.Status(200, body, "X-Next-Page", "")})
	s.play(nil, "583231 approve request aa: its time has not come yet")
}

// Reasons are one short line.
func TestReasonsAreShort(t *testing.T) {
	long := ""
	for range 300 {
		long += "é"
	}
	if got := []rune(short200(long)); len(got) != maxReason {
		t.Errorf("%d characters", len(got))
	}
	if got := short200("a\nb\x1b[31m"); got == "a\nb\x1b[31m" || len(got) > 20 {
		t.Errorf("%q", got)
	}
	if decisionOf("") != event.ForgeDeny {
		t.Error("a choice that is none approves")
	}
}

// pushing pushes a version, and lets the server answer.
func pushing(s *gitlabScene) func(http.ResponseWriter, *http.Request) bool {
	return func(http.ResponseWriter, *http.Request) bool {
		s.Push(project, number, next)
		return false
	}
}
