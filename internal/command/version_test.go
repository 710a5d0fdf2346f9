// SPDX-License-Identifier: Apache-2.0

package command

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestBuildSaysHowItWasMade(t *testing.T) {
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want []string
	}{
		"nothing known": {debug.BuildInfo{}, []string{"(devel)", "commit unknown", "without version control", "go1"}},
		"from a checkout": {
			debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}}},
			[]string{"gateledger v1.2.3\n", "commit abc\n", "built from a checkout"},
		},
		"from a changed checkout": {
			debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}},
			[]string{"commit abc, with changes\n"},
		},
		"by go install": {
			debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Path: "example.org/m", Version: "v1.2.3", Sum: "h1:xyz="}},
			[]string{"v1.2.3", "go1.26.0", "go install", "example.org/m h1:xyz="},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := describe(&c.info).print(&b); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%q has no %q", b.String(), want)
				}
			}
		})
	}
}
