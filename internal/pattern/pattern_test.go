// SPDX-License-Identifier: Apache-2.0

package pattern

import "testing"

func TestPattern(t *testing.T) {
	p := New(`^a(b+)$`)
	if !p.MatchString("abb") || p.MatchString("ba") {
		t.Error("does not match what its expression says")
	}
	if got := p.FindStringSubmatch("abb"); len(got) != 2 || got[1] != "bb" {
		t.Errorf("groups are %q", got)
	}
	if got := p.ReplaceAllString("abb", "x"); got != "x" {
		t.Errorf("replaced to %q", got)
	}
	if first, second := p.Regexp(), p.Regexp(); first != second {
		t.Error("compiled twice")
	}
}

func TestWrongPatternPanicsWhenUsed(t *testing.T) {
	p := New(`(`)
	defer func() {
		if recover() == nil {
			t.Error("a wrong expression was used")
		}
	}()
	p.MatchString("x")
}
