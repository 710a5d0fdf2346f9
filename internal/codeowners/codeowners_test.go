// SPDX-License-Identifier: Apache-2.0

package codeowners

import (
	"fmt"
	"strings"
	"testing"
)

// owners are those of a path, in the order of their sections.
func owners(t *testing.T, text string, syntax Syntax, path string) string {
	t.Helper()
	f, err := Parse([]byte(text), syntax)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range f.Of(path) {
		line := strings.Join(r.Owners, " ")
		if r.Section != "" {
			line = fmt.Sprintf("%s %d: %s", r.Section, r.Need, line)
		}
		all = append(all, line)
	}
	return strings.Join(all, "; ")
}

// What GitHub's page about code owners gives as examples, one by one.
func TestGitHubsExamples(t *testing.T) {
	const text = `
# the default, unless a later line matches
*       @global-owner1 @global-owner2
*.js    @js-owner # and a comment behind
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/new\ folder/ @spacer
`
	for path, want := range map[string]string{
		"README.md":                   "@global-owner1 @global-owner2",
		"src/deep/file.c":             "@global-owner1 @global-owner2",
		"main.js":                     "@js-owner",
		"a/b/c.js":                    "@js-owner",
		"cmd/main.go":                 "docs@example.com",
		"notes.txt":                   "@octo-org/octocats",
		"build/logs/x":                "@octocat", // of **/logs, further down
		"build/logs":                  "@octocat",
		"web/docs/getting-started.md": "@global-owner1 @global-owner2",
		"docs/getting-started.md":     "@doctocat",
		"docs/build-app/trouble.md":   "@doctocat",
		"sub/apps/x/y":                "@octocat",
		"apps/x":                      "@octocat",
		"scripts/deploy/run.sh":       "@doctocat @octocat",
		"deeply/nested/logs/a/b":      "@octocat",
		"apps/github":                 "",
		"apps/github/main.js":         "",
		"apps/github2/main.js":        "@octocat",
		"new folder/x":                "@spacer",
		"newfolder/x":                 "@global-owner1 @global-owner2",
	} {
		if got := owners(t, text, GitHub, path); got != want {
			t.Errorf("%s is owned by %q, want %q", path, got, want)
		}
	}
}

func TestGitHubPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"*", "a", true}, {"*", "a/b/c", true}, {"/*", "a", true}, {"/*", "a/b", false},
		{"**", "a/b", true}, {"/**", "a", true}, {"a/**", "a", false}, {"a/**", "a/b/c", true},
		{"docs/*", "docs/a", true}, {"docs/*", "docs/a/b", false}, {"docs/*", "x/docs/a", false},
		{"docs/", "docs", false}, {"docs/", "docs/a/b", true}, {"docs/", "x/docs/a", true}, {"/docs/", "x/docs/a", false},
		{"docs", "docs", true}, {"docs", "x/docs", true}, {"docs", "docs/a", true}, {"docs", "docs2", false},
		{"/a/b", "a/b", true}, {"/a/b", "a/b/c", true}, {"a/b", "x/a/b", false}, {"a/b", "a/bc", false},
		{"a/**/b", "a/b", true}, {"a/**/b", "a/x/y/b", true}, {"a/**/b", "a/x/y/b/c", true}, {"a/**/b", "ab", false},
		{"**/logs/", "logs", false}, {"**/logs/", "x/logs/logs", true}, {"**/foo/*", "foo/foo/x", true}, {"**/foo/*", "foo/x/y", false},
		{"a/**/b/**/c", "a/b/b/x/c", true}, {"a/**/b/**/c", "a/c/b", false},
		{"*.go", "x.go", true}, {"*.go", "x.go.txt", false}, {"*.go", "d.go/x", true}, {"a?c", "abc", true}, {"a?c", "a/c", false},
		{"a*b*c", "axxbyyc", true}, {"a*b*c", "axxc", false}, {"*a", "ba", true}, {"**a", "xa", true},
		{`\*`, "*", true}, {`\*`, "a", false}, {`a\ b`, "a b", true}, {`a\\b`, `a\b`, true},
		{"Docs", "docs", false}, {"é*", "état", true}, {".*", ".env", true}, {"*", ".env", true}, {"$x", "$x", true},
	} {
		g, err := compile(c.pattern, GitHub)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := g.match(strings.Split(c.path, "/")); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.path, got)
		}
	}
}

// On GitLab a pattern without a slash before it matches anywhere, what matches a
// folder matches it alone, and each section is asked for itself.
func TestGitLab(t *testing.T) {
	const text = `
* @default
*.rb @ruby
/docs/ @all-docs
/docs/* @root-docs
/docs/**/*.md @md-docs
lib/ @lib
/config @config-file
internal/README.md @internal
\#file @hash
path\ with\ spaces/ @space

[Database]
model/db/ @dba
/docs/db.md @dba @acme/db/leads

[Two][2] @one @acme
/ops/
/ops/sub @other

^[Optional] @opt
*.md

[DATABASE] @more
/schema/
`
	for path, want := range map[string]string{
		"x":                      "@default",
		"a/b.rb":                 "@ruby",
		"docs/a":                 "@root-docs",
		"docs/a/b":               "@all-docs",
		"docs/a/b.md":            "@md-docs; optional 0: @opt",
		"docs/db.md":             "@md-docs; database 1: @dba @acme/db/leads; optional 0: @opt",
		"x/lib/y":                "@lib",
		"config":                 "@config-file",
		"config/x":               "@default",
		"y/internal/README.md":   "@internal; optional 0: @opt",
		"#file":                  "@hash",
		"path with spaces/x":     "@space",
		"a/model/db/x/y":         "@default; database 1: @dba",
		"ops/run":                "@default; two 2: @one @acme",
		"ops/sub":                "@default; two 2: @other",
		"schema/1.sql":           "@default; database 1: @more",
		"very/deep/a/b/c/.hidde": "@default",
	} {
		if got := owners(t, text, GitLab, path); got != want {
			t.Errorf("%s is owned by %q, want %q", path, got, want)
		}
	}
	for pattern, paths := range map[string]map[string]bool{
		"/a/**":  {"a/b": true, "a/b/c": false},
		"a/**/b": {"a/b": true, "x/a/y/z/b": true, "a/b/c": false},
		"/**/x":  {"x": true, "a/b/x": true},
	} {
		g, err := compile(pattern, GitLab)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range paths {
			if got := g.match(strings.Split(path, "/")); got != want {
				t.Errorf("%s matches %s: %v", pattern, path, got)
			}
		}
	}
}

// A line that is not understood is nobody's to pass over.
func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		syntax Syntax
		says   string
	}{
		"negation":              {"* @a\n!x @b\n", GitHub, "line 2: pattern \"!x\": a pattern can't be negated"},
		"a range":               {"[ab]c @b\n", GitHub, "line 1: pattern \"[ab]c\": ranges"},
		"an escaped hash":       {`\#x @b`, GitHub, "GitHub takes it for a comment"},
		"a bare name":           {"* bob\n", GitHub, `"bob" is no owner`},
		"an owner of nobody":    {"* @\n", GitHub, `"@" is no owner`},
		"a role":                {"* @@maintainer\n", GitLab, `"@@maintainer" is no owner`},
		"a subteam":             {"* @a/b/c\n", GitHub, `"@a/b/c" is no owner`},
		"only a slash":          {"/ @a\n", GitHub, "it is empty"},
		"two slashes":           {"a//b @a\n", GitHub, "between two slashes"},
		"a backslash":           {`a\`, GitHub, "ends with a backslash"},
		"a comment on GitLab":   {"* @a # @b\n", GitLab, "no comments behind a pattern"},
		"an exclusion":          {"!x\n", GitLab, "can't be negated"},
		"a section of GitHub":   {"[Docs] @a\n", GitHub, "ranges"},
		"a section unnamed":     {"[ ]\n", GitLab, "without a name"},
		"half a section":        {"[Docs\n", GitLab, "no head of a section"},
		"a section for nobody":  {"[Docs][0]\n", GitLab, "1 to 100 approvals"},
		"a section for legions": {"[Docs][99999999999999999999]\n", GitLab, "1 to 100 approvals"},
		"not UTF-8":             {"\xff @a\n", GitHub, "no UTF-8"},
		"too large":             {strings.Repeat("#", MaxSize+1), GitHub, "over the limit of 3145728"},
		"too long a line":       {strings.Repeat("a", maxLine+1), GitHub, "line 1: over the limit"},
		"too many rules":        {strings.Repeat("a @b\n", maxRules+1), GitHub, "over the limit of 20000 rules"},
		"too many owners":       {"* " + strings.Repeat("@a ", maxOwners+1), GitHub, "101 owners"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse([]byte(c.text), c.syntax)
			if err == nil || f != nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

func TestOdds(t *testing.T) {
	if got := owners(t, "\ufeff* @a\r\n\t/x\t@b \t\r\n", GitHub, "x"); got != "@b" {
		t.Errorf("windows: %q", got)
	}
	if got := owners(t, "", GitHub, "x"); got != "" {
		t.Errorf("empty: %q", got)
	}
	f, err := Parse([]byte("* @a\n\n/b @c/d e@f.org\n"), GitHub)
	if err != nil || len(f.Rules()) != 2 || f.Rules()[1].Line != 3 || f.Rules()[1].Need != 1 {
		t.Errorf("%v %+v", err, f)
	}
	if !IsUser("@a") || IsUser("@a/b") || !IsTeam("@a/b") || IsTeam("e@f.org") || IsUser("e@f.org") {
		t.Error("kinds of owners")
	}
	if GitHub.Places()[0] != ".github/CODEOWNERS" || GitLab.Places()[2] != ".gitlab/CODEOWNERS" {
		t.Error("places")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("* @a\n/docs/ @b/c # x\na/**/b*c? d@e.org\n"), "docs/x/y", false)
	f.Add([]byte("^[O][2] @a\n*.md\n\\#x @b\n[P]\n/a/**\n"), "a/b", true)
	f.Add([]byte("**/a/**/b/**/c/ @x\n"), "a/a/b/b/c/c", false)
	f.Fuzz(func(t *testing.T, data []byte, path string, gitlab bool) {
		syntax := GitHub
		if gitlab {
			syntax = GitLab
		}
		file, err := Parse(data, syntax)
		if err != nil {
			return
		}
		again, err := Parse(data, syntax)
		if err != nil || fmt.Sprint(again.Of(path)) != fmt.Sprint(file.Of(path)) {
			t.Fatal("read in two ways")
		}
		for _, r := range file.Of(path) {
			if len(r.Owners) == 0 || r.Line < 1 || syntax == GitHub && r.Need != 1 {
				t.Fatalf("%+v", r)
			}
		}
		if syntax == GitHub && len(file.Of(path)) > 1 {
			t.Fatal("two rules for one path")
		}
	})
}
