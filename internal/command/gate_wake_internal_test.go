// SPDX-License-Identifier: Apache-2.0

package command

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
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

func TestOnlyOtherRunsAreHidden(t *testing.T) {
	getenv := withoutRun(func(name string) string { return name })
	if getenv("GITHUB_RUN_ID") != "" || getenv("CI_PIPELINE_ID") != "" || getenv("GITHUB_TOKEN") != "GITHUB_TOKEN" {
		t.Error("a run of its own, or no token")
	}
}
