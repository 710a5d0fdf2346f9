// SPDX-License-Identifier: Apache-2.0

package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// TestWhatRuns plays deployments: ENVIRONMENT NAME BYTES RESULT, in order.
func TestWhatRuns(t *testing.T) {
	for _, c := range []struct{ played, want string }{
		{"", ""},
		{"prod app a healthy", "prod app a"},
		{"prod app a failed", ""},
		{"prod app a rolled-back", ""},
		{"prod app a healthy, prod app b healthy", "prod app b"},
		{"prod app a healthy, prod app b failed", "prod app a"},
		{"prod app a healthy, prod app b healthy, prod app b rolled-back", "prod app a"},
		{"prod app a healthy, prod app b healthy, prod app b rolled-back, prod app b healthy", "prod app b"},
		{"prod app a healthy, prod app b healthy, prod app a healthy", "prod app a"},
		{"prod app a healthy, prod app a rolled-back", ""},
		// Another service, and another environment, take nothing's place.
		{"prod app a healthy, prod web w healthy, prod app b healthy", "prod web w, prod app b"},
		{"prod app a healthy, test app b healthy", "prod app a, test app b"},
		{"prod app a healthy, test app a healthy, test app a rolled-back", "prod app a"},
		// The same bytes under a new name run once.
		{"prod app a healthy, prod shop a healthy", "prod shop a"},
	} {
		var all []placed
		for line := range strings.SplitSeq(c.played, ", ") {
			if w := strings.Fields(line); len(w) == 4 {
				s := event.Subject{Name: w[1], Digest: map[string]string{"sha256": strings.Repeat(w[2], 64)}}
				all = deploy(all, placed{w[0], s}, w[3])
			}
		}
		var got []string
		for _, d := range newestOfEachName(all) {
			got = append(got, d.environment+" "+d.subject.Name+" "+d.subject.Digest["sha256"][:1])
		}
		if want := strings.Split(c.want, ", "); c.want == "" && len(got) > 0 || c.want != "" && !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.played, got, want)
		}
	}
}
