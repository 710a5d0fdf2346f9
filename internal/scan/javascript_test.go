// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"strings"
	"testing"
)

func TestGitURL(t *testing.T) {
	facts := map[string]string{
		"github:acme/a":                "https://github.com/acme/a.git",
		"gitlab:acme/a.git":            "https://gitlab.com/acme/a.git",
		"bitbucket:acme/a":             "https://bitbucket.org/acme/a.git",
		"git@forge.example:acme/a.git": "git+ssh://git@forge.example/acme/a.git",
		"git+ssh://git@f.example/a":    "git+ssh://git@f.example/a",
		"https://f.example/a@b:c":      "https://f.example/a@b:c",
		"a@b/c:d":                      "a@b/c:d",
	}
	for in, want := range facts {
		if got := gitURL(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestCutName(t *testing.T) {
	facts := map[string][2]string{
		"a@1": {"a", "1"}, "@a/b@1": {"@a/b", "1"}, "a": {"a", ""}, "@a/b": {"@a/b", ""},
		"a@npm:@b/c@1": {"a", "npm:@b/c@1"}, "a@git@h:r": {"a", "git@h:r"}, "": {"", ""}, "@": {"@", ""},
	}
	for in, want := range facts {
		if name, rest, _ := cutName(in); name != want[0] || rest != want[1] {
			t.Errorf("%q: %q, %q, want %q", in, name, rest, want)
		}
	}
}

func TestWithoutPeers(t *testing.T) {
	facts := map[string]string{
		"a@1.0.0":                      "a@1.0.0",
		"a@1.0.0(b@2)":                 "a@1.0.0",
		"a@1.0.0(b@2(c@3))(d@4)":       "a@1.0.0",
		"a@file:x(y)/z":                "a@file:x(y)/z",
		"a@file:x(y)/z(b@1)":           "a@file:x(y)/z",
		"a@1)":                         "a@1)",
		"a@1(patch_hash=00)(b@2(c@3))": "a@1",
	}
	for in, want := range facts {
		if got := withoutPeers(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestBunKeys(t *testing.T) {
	facts := map[string][3]string{
		"a":         {"", "a", "node_modules/a"},
		"@s/a":      {"", "@s/a", "node_modules/@s/a"},
		"a/b":       {"a", "b", "node_modules/a/node_modules/b"},
		"@s/a/b":    {"@s/a", "b", "node_modules/@s/a/node_modules/b"},
		"a/@s/b":    {"a", "@s/b", "node_modules/a/node_modules/@s/b"},
		"a/@s/b/c":  {"a/@s/b", "c", "node_modules/a/node_modules/@s/b/node_modules/c"},
		"@s/a/@t/b": {"@s/a", "@t/b", "node_modules/@s/a/node_modules/@t/b"},
	}
	for key, want := range facts {
		parent, name := cutKey(key)
		if got := [3]string{parent, name, keyFolder(key)}; got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func TestPlainJSON(t *testing.T) {
	facts := map[string]string{
		`{"a": 1,}`:              `{"a": 1 }`,
		`[1, 2, // x` + "\n]":    `[1, 2      ` + "\n]",
		`{/* "x", */ "a": "//"}`: `{           "a": "//"}`,
		`["a,]", "\",]"]`:        `["a,]", "\",]"]`,
		"[1,/* x\ny */]":         "[1     \n    ]",
		"[1] /*":                 "[1]   ",
		"[1] /":                  "[1] /",
		`"\`:                     `"\`,
	}
	for in, want := range facts {
		if got := string(plainJSON([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestOverrideForm(t *testing.T) {
	facts := map[string]string{
		"a":             "||a|",
		"@s/a":          "||@s/a|",
		"a@npm:^1":      "||a|npm:^1",
		"b/a":           "b||a|",
		"@s/b/@t/a":     "@s/b||@t/a|",
		"b@1.0/a@^2":    "b|1.0|a|^2",
		"@s/b@npm:1/a":  "@s/b|npm:1|a|",
		"@s/a@patch:b/": "||@s/a|patch:b/",
	}
	for in, want := range facts {
		m := overrideForm.FindStringSubmatch(in)
		if m == nil || strings.Join(m[1:], "|") != want {
			t.Errorf("%s: %q, want %q", in, m, want)
		}
	}
}

func TestTOMLTextsDoNotNest(t *testing.T) {
	many := strings.Repeat("[", 100)
	for _, good := range []string{
		"a = \"" + many + "\"", "a = '" + many + "'", "# " + many, "a = '''\n" + many + "\n'''", "a = \"\"\"" + many + "\"\"\"",
		"a = \"\\\"" + many + "\"", strings.Repeat("[a]\n", 100),
	} {
		if err := guardTOML([]byte(good), nil); err != nil {
			t.Errorf("%.40q: %v", good, err)
		}
	}
	for _, bad := range []string{"a = " + many, "a = '' \n b = " + many, "a = \"\"\nb=" + many, "a = \"x\nb = " + many, strings.Repeat("{", 100)} {
		if guardTOML([]byte(bad), nil) == nil {
			t.Errorf("%.40q is let through", bad)
		}
	}
}
