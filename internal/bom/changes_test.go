// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"slices"
	"testing"
)

func TestChanges(t *testing.T) {
	for fact, c := range map[string]struct{ before, after, want []string }{
		"nothing changed":        {[]string{"pkg:npm/a@1"}, []string{"pkg:npm/a@1"}, nil},
		"one came":               {nil, []string{"pkg:npm/a@1"}, []string{"+ pkg:npm/a 1"}},
		"one went":               {[]string{"pkg:npm/a@1"}, nil, []string{"- pkg:npm/a 1"}},
		"a version went up":      {[]string{"pkg:npm/a@1"}, []string{"pkg:npm/a@2"}, []string{"~ pkg:npm/a 1 → 2"}},
		"a second version came":  {[]string{"pkg:npm/a@1"}, []string{"pkg:npm/a@1", "pkg:npm/a@2"}, []string{"~ pkg:npm/a 1 → 1, 2"}},
		"a scope keeps its sign": {nil, []string{"pkg:npm/%40s/a@1?x=y"}, []string{"+ pkg:npm/%40s/a 1"}},
		"no version at all":      {nil, []string{"pkg:golang/x"}, []string{"+ pkg:golang/x "}},
	} {
		t.Run(fact, func(t *testing.T) {
			if got := Changes(c.before, c.after); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPurlsOfNoSBOM(t *testing.T) {
	for fact, doc := range map[string]string{
		"not JSON":        `{`,
		"another format":  `{"bomFormat":"SPDX"}`,
		"a name twice":    `{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}`,
		"something after": `{"bomFormat":"CycloneDX"} x`,
	} {
		t.Run(fact, func(t *testing.T) {
			if got, err := Purls([]byte(doc)); err == nil {
				t.Errorf("read as %q", got)
			}
		})
	}
}

func TestPurlsAreSortedAndOnce(t *testing.T) {
	got, err := Purls([]byte(`{"bomFormat":"CycloneDX","components":[{"purl":"pkg:npm/b@1"},{"purl":"pkg:npm/a@1"},{"name":"no purl"},{"purl":"pkg:npm/b@1"}]}`))
	if want := []string{"pkg:npm/a@1", "pkg:npm/b@1"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}
