// SPDX-License-Identifier: Apache-2.0

package command

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// Of each question the newest counts, and only another one for the same is newer.
func TestWhichRequestsAreLookedAt(t *testing.T) {
	ask := func(id, repository, environment, digest string, glass bool) openRequest {
		p := event.RequestPredicate{
			Host: "github.com", RepositoryID: repository, Environment: environment,
			Subjects: []event.Subject{{Name: "app", Digest: map[string]string{"sha256": strings.Repeat(digest, 64)}}},
		}
		if glass {
			p.BreakGlass = &event.BreakGlass{Reason: "down"}
		}
		return openRequest{id: id, predicate: p}
	}
	usual := ask("usual", "7", "production", "a", false)
	for name, c := range map[string]struct {
		all  []openRequest
		want []string
	}{
		"one":                       {[]openRequest{usual}, []string{"usual"}},
		"asked anew":                {[]openRequest{usual, ask("anew", "7", "production", "a", false)}, []string{"anew"}},
		"for other bytes":           {[]openRequest{usual, ask("other", "7", "production", "b", false)}, []string{"usual", "other"}},
		"for another environment":   {[]openRequest{usual, ask("stage", "7", "staging", "a", false)}, []string{"usual", "stage"}},
		"in an emergency":           {[]openRequest{usual, ask("glass", "7", "production", "a", true)}, []string{"usual", "glass"}},
		"as usual, after that":      {[]openRequest{ask("glass", "7", "production", "a", true), usual}, []string{"glass", "usual"}},
		"of another repository":     {[]openRequest{usual, ask("theirs", "8", "production", "a", false)}, []string{"usual"}},
		"of another repository too": {[]openRequest{ask("theirs", "8", "production", "a", false)}, nil},
	} {
		var got []string
		for _, r := range newestHere(c.all, event.Context{Host: "github.com", RepositoryID: "7"}) {
			got = append(got, r.id)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Who began after the last word, and before nothing but time came, has heard it.
func TestWhoHasHeardTheAnswer(t *testing.T) {
	nine := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		since, began time.Time
		want         bool
	}{
		"it began before the last vote":  {nine, nine.Add(-time.Minute), false},
		"it began with the last vote":    {nine, nine, false},
		"it began after the last vote":   {nine, nine.Add(time.Second), true},
		"it never began":                 {nine, time.Time{}, false},
		"nothing tells when it was said": {time.Time{}, nine, true},
	} {
		if got := (looked{since: c.since, dated: true}).knownAt(c.began); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// A job that failed may have asked as soon as it began. One that ended well is
// run again only for what came after it, by any clock.
func TestWhoHasHeardOfAnchors(t *testing.T) {
	nine := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return nine.Add(time.Duration(minutes) * time.Minute) }
	ended := child.WakeAnswer{Began: at(0), Ended: at(10)}
	failed := child.WakeAnswer{Began: at(0), Ended: at(10), Failed: true}
	one := anchored.Spec{Kind: anchored.Witness, Name: "w1", Operator: "acme"}
	two := anchored.Spec{Kind: anchored.Witness, Name: "w2", Operator: "umbrella"}
	stamp, rekor := anchored.Spec{Kind: "tsa", Name: "stamp"}, anchored.Spec{Kind: "rekor", Name: "public"}
	seen := func(spec anchored.Spec, size uint64, when time.Time) anchored.Proven {
		return anchored.Proven{Spec: spec, Checkpoint: proof.Checkpoint{Size: size}, At: when, Unique: spec.Kind == anchored.Witness, Dated: !when.IsZero()}
	}
	both := func(first, second int) []anchored.Proven {
		return []anchored.Proven{seen(one, 7, at(first)), seen(two, 7, at(second))}
	}
	for name, c := range map[string]struct {
		job   child.WakeAnswer
		found []anchored.Proven
		owed  time.Time
		want  bool
	}{
		"it ended, then the last one came":           {ended, both(5, 20), time.Time{}, false},
		"it ended well with all there":               {ended, both(5, 6), time.Time{}, true},
		"the last one came as it ended":              {ended, both(5, 11), time.Time{}, true},
		"what was not needed came later":             {ended, append(both(5, 6), seen(stamp, 7, at(30)), seen(one, 9, at(30))), time.Time{}, true},
		"of less than the decision, before":          {ended, append(both(20, 21), seen(one, 6, at(2)), seen(two, 6, at(2))), time.Time{}, false},
		"it failed, and all came while it ran":       {failed, both(5, 6), time.Time{}, false},
		"it failed, and all came before":             {failed, both(-5, -6), time.Time{}, true},
		"it failed, and all came as it began":        {failed, both(-5, 0), time.Time{}, true},
		"one that tells no time changes nothing":     {ended, append(both(5, 6), seen(rekor, 7, time.Time{})), time.Time{}, true},
		"nobody says when it ended":                  {child.WakeAnswer{Began: at(0)}, both(5, 20), time.Time{}, true},
		"it never began":                             {child.WakeAnswer{}, both(5, 6), time.Time{}, false},
		"a debt that it logged, and it ended well":   {ended, nil, at(5), true},
		"a debt that it logged, and it failed":       {failed, nil, at(5), false},
		"a debt that was there, and it failed again": {failed, nil, at(-5), true},
	} {
		a := awaited{
			found: anchored.Evidence{Proven: c.found}, size: 7, owed: c.owed,
			need: anchored.Need{Unique: true, Dated: true, Witnesses: 2, Specs: []anchored.Spec{one, two, stamp, rekor}},
		}
		if got := a.heardBy(c.job); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// A stranger's words are no news.
func TestWhoseWordIsNews(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	const early, late = "2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z"
	first := policy.Vote{Principal: "ana", Counted: true, Issued: early}
	for name, c := range map[string]struct {
		more policy.Vote
		want string
	}{
		"one that counts":             {policy.Vote{Principal: "bo", Counted: true, Issued: late}, late},
		"one of a team, that counts":  {policy.Vote{Account: "github.com:99", Counted: true, Issued: late}, late},
		"a principal's, rejected":     {policy.Vote{Principal: "bo", Issued: late}, late},
		"a stranger's":                {policy.Vote{Account: "github.com:666", Issued: late}, early},
		"one that is of tomorrow":     {policy.Vote{Principal: "bo", Counted: true, Issued: "2026-03-03T09:00:00Z"}, early},
		"one that has no time at all": {policy.Vote{Principal: "bo", Counted: true}, early},
	} {
		l := looked{d: policy.Decision{Votes: []policy.Vote{first, c.more}}, in: policy.Input{Now: now, Events: make([]*event.Event, 1)}}
		if got := (&waking{}).newestWord(openRequest{}, l).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestOnlyOtherRunsAreHidden(t *testing.T) {
	getenv := withoutRun(func(name string) string { return name })
	if getenv("GITHUB_RUN_ID") != "" || getenv("CI_PIPELINE_ID") != "" || getenv("GITHUB_TOKEN") != "GITHUB_TOKEN" {
		t.Error("a run of its own, or no token")
	}
}
