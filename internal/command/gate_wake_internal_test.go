// SPDX-License-Identifier: Apache-2.0

package command

import (
	"testing"
	"time"
)

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
