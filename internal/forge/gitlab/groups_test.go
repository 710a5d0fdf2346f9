// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"errors"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

func TestGroupsOfANamespace(t *testing.T) {
	for name, c := range map[string]struct {
		n    Namespace
		want string
		ok   bool
	}{
		"a group":         {Namespace{"group", "acme"}, "acme", true},
		"in another":      {Namespace{"group", "acme/a.b/c-d"}, "acme acme/a.b acme/a.b/c-d", true},
		"somebody's":      {Namespace{"user", "ana"}, "", true},
		"of no kind":      {Namespace{"", "acme"}, "", false},
		"of another kind": {Namespace{"project", "acme"}, "", false},
		"no path":         {Namespace{"group", ""}, "", false},
		"an odd path":     {Namespace{"group", "acme//x"}, "", false},
		"too deep":        {Namespace{"group", strings.Repeat("a/", 20) + "a"}, "", false},
	} {
		got, err := c.n.Groups()
		if strings.Join(got, " ") != c.want || (err == nil) != c.ok || err != nil && !errors.Is(err, ask.ErrUnavailable) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A push rule is one, or it is not known.
func TestOddPushRules(t *testing.T) {
	for _, body := range []string{"null", "{}", "[]", `{"id":0}`} {
		if _, err := told(t, body).PushRule(t.Context(), 6); !errors.Is(err, ask.ErrUnavailable) {
			t.Errorf("%s: %v", body, err)
		}
		if _, err := told(t, body).GroupPushRule(t.Context(), "acme/team"); !errors.Is(err, ask.ErrUnavailable) {
			t.Errorf("%s: %v", body, err)
		}
	}
}
