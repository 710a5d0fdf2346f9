// SPDX-License-Identifier: Apache-2.0

package jobfile_test

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/jobfile"
)

// github is a workflow of one job, whose body is indented by four.
func github(body string) string {
	return "on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n" + body
}

// upload is a job that uploads path, as YAML has it.
func upload(path string) string {
	return github("    steps:\n      - run: make\n      - uses: actions/upload-artifact@v4\n        with:\n          name: app\n          path: " + path + "\n")
}

func TestGitHubArtifacts(t *testing.T) {
	for name, c := range map[string]struct {
		file      string
		artifacts []string
		unclear   string // of the only doubt; empty: none
	}{
		"one file":                     {upload("dist/app"), []string{"dist/app"}, ""},
		"a folder":                     {upload("./dist//"), []string{"dist"}, ""},
		"several lines":                {upload("|\n            dist/app\n\n            dist/app.json"), []string{"dist/app", "dist/app.json"}, ""},
		"the checkout itself":          {upload("."), []string{"."}, ""},
		"by commit":                    {strings.ReplaceAll(upload("dist/app"), "@v4", "@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2"), []string{"dist/app"}, ""},
		"other letters":                {strings.ReplaceAll(upload("dist/app"), "actions/upload", "Actions/Upload"), []string{"dist/app"}, ""},
		"no step uploads":              {github("    steps:\n      - run: make\n"), nil, ""},
		"no steps":                     {github(""), nil, ""},
		"a download is none":           {strings.ReplaceAll(upload("dist/app"), "upload-", "download-"), nil, ""},
		"somebody else's is none":      {strings.ReplaceAll(upload("dist/app"), "actions/upload-artifact", "evil/upload-artifact"), nil, ""},
		"its merging is none":          {strings.ReplaceAll(upload("dist/app"), "upload-artifact", "upload-artifact/merge"), nil, ""},
		"an expression":                {upload("dist/${{ matrix.os }}/app"), nil, `artifact "dist/${{ matrix.os }}/app": it is not evaluated`},
		"a variable":                   {upload("dist/$OS"), nil, "it is not evaluated"},
		"a Windows variable":           {upload("dist/%OS%"), nil, "it is not evaluated"},
		"a pattern":                    {upload("dist/*.tgz"), nil, "a pattern"},
		"an exclusion":                 {upload("|\n            dist\n            !dist/x"), []string{"dist"}, "it takes away"},
		"out of the checkout":          {upload("../x"), nil, "it leads out of the checkout"},
		"out and in again":             {upload("a/../../app/x"), nil, "it leads out of the checkout"},
		"from the root":                {upload("/tmp/x"), nil, "it leads out of the checkout"},
		"from home":                    {upload("~/x"), nil, "it leads out of the checkout"},
		"a drive":                      {upload(`'C:\x'`), nil, "a backslash"},
		"an escape":                    {upload(`"a\x1b[2J"`), nil, "characters that can't be seen"},
		"a long path":                  {upload(strings.Repeat("a", 501)), nil, "over 500 bytes"},
		"a number":                     {upload("7"), nil, "step 2 uploads an artifact: its path is no text"},
		"a list":                       {upload("[a, b]"), nil, "step 2 uploads an artifact: its path is no text"},
		"no path":                      {strings.ReplaceAll(upload("x"), "path:", "paths:"), nil, "step 2 uploads an artifact: its path is no text"},
		"on failure only":              {strings.ReplaceAll(upload("log"), "        with:", "        if: failure()\n        with:"), nil, "on a condition only"},
		"an anchor":                    {github("    env: {A: &p dist/app}\n    steps:\n      - uses: actions/upload-artifact@v4\n        with: {path: *p}\n"), []string{"dist/app"}, ""},
		"in a matrix, a path of words": {upload("dist/app") + "    strategy: {matrix: {os: [a, b]}}\n", []string{"dist/app"}, ""},
	} {
		got, err := jobfile.GitHub([]byte(c.file), "build")
		if diff := cmp.Diff(c.artifacts, got.Artifacts); err != nil || diff != "" || got.Name != "build" {
			t.Errorf("%s: %+v, %v\n%s", name, got, err, diff)
		}
		doubted(t, name, got, c.unclear)
	}
}

func doubted(t *testing.T, name string, got jobfile.Job, says string) {
	t.Helper()
	if says == "" && len(got.Unclear) > 0 || says != "" && (len(got.Unclear) != 1 || !strings.Contains(got.Unclear[0], says)) {
		t.Errorf("%s: doubts %q, want %q", name, got.Unclear, says)
	}
}

func TestGitHubEnvironment(t *testing.T) {
	for body, c := range map[string]struct{ environment, unclear string }{
		"":                                      {"", ""},
		"    environment: production\n":         {"production", ""},
		"    environment: {name: production}\n": {"production", ""},
		"    environment:\n      name: a b\n      url: https://${{ x }}\n": {"a b", ""},
		"    environment: ${{ inputs.where }}\n":                           {"", "it is not evaluated"},
		"    environment: {name: 'pr-${{ x }}'}\n":                         {"", "it is not evaluated"},
		"    environment: {url: x}\n":                                      {"", ""},
		"    environment: ''\n":                                            {"", ""},
		"    environment: 7\n":                                             {"", "it is no text"},
		"    environment: [a]\n":                                           {"", "it is no text"},
		"    environment: \"a\\u202eb\"\n":                                 {"", "can't be seen"},
	} {
		got, err := jobfile.GitHub([]byte(github(body)), "build")
		if err != nil || got.Environment != c.environment {
			t.Errorf("%q: %+v, %v", body, got, err)
		}
		doubted(t, body, got, c.unclear)
	}
}

func TestGitHubFirst(t *testing.T) {
	for step, want := range map[string]bool{
		"uses: gateledger/gateledger/actions/gate@v1": true,
		"uses: gateledger/gateledger@v1":              true,
		"uses: acme-mirror/gateledger/actions/gate@0": true,
		"run: gateledger gate":                        true,
		"run: gateledger-gate --publish":              true,
		"uses: ./actions/gate":                        false,
		"uses: ./gateledger/gate":                     false,
		"uses: actions/checkout@v4":                   false,
		"run: make && gateledger gate":                false,
		"run: ./gateledger gate":                      false,
		"run: gateledgerish":                          false,
		"name: x":                                     false,
	} {
		file := github("    steps:\n      - " + step + "\n      - uses: gateledger/gateledger/actions/gate@v1\n")
		if got, err := jobfile.GitHub([]byte(file), "build"); err != nil || got.First != want {
			t.Errorf("%s: %+v, %v", step, got, err)
		}
	}
}

func TestRefusedGitHubFiles(t *testing.T) {
	for name, c := range map[string]struct {
		file, job string
		is        error
		says      string
	}{
		"another job":           {upload("x"), "deploy", jobfile.ErrNoJob, `"deploy"`},
		"no name":               {upload("x"), "", jobfile.ErrNoJob, ""},
		"no jobs":               {"on: push\n", "build", jobfile.ErrForm, "it has no jobs"},
		"jobs that are a list":  {"jobs: [build]\n", "build", jobfile.ErrForm, "it has no jobs"},
		"a job that is text":    {"jobs: {build: x}\n", "build", jobfile.ErrNoJob, ""},
		"nothing":               {"", "build", jobfile.ErrForm, "one YAML mapping"},
		"a comment":             {"# x\n", "build", jobfile.ErrForm, "one YAML mapping"},
		"a list":                {"- x\n", "build", jobfile.ErrForm, "one YAML mapping"},
		"two documents":         {upload("x") + "---\na: b\n", "build", jobfile.ErrForm, "one YAML mapping"},
		"three documents":       {"a: b\n---\na: b\n---\na: b\n", "build", jobfile.ErrForm, "over 2 YAML documents"},
		"no YAML":               {"a: [\n", "build", jobfile.ErrForm, "yaml"},
		"an unknown anchor":     {"jobs: *x\n", "build", jobfile.ErrForm, "yaml"},
		"a job twice":           {upload("x") + "  build: {}\n", "build", jobfile.ErrForm, `"build" is there twice`},
		"steps twice":           {upload("x") + "    steps: []\n", "build", jobfile.ErrForm, `"steps" is there twice`},
		"it calls a workflow":   {upload("x") + "  release:\n    uses: ./.github/workflows/release.yml\n", "build", jobfile.ErrNoJob, `job "release" calls another workflow`},
		"it is called":          {"jobs: {build: {uses: acme/app/.github/workflows/x.yml@v1}}\n", "build", jobfile.ErrNoJob, "calls another workflow"},
		"too large":             {"a: " + strings.Repeat("x", jobfile.MaxFile), "build", jobfile.ErrForm, "over the limit of 1048576"},
		"too many":              {upload("|\n" + strings.Repeat("            a\n", 201)), "build", jobfile.ErrForm, "201 artifacts, over the limit of 200"},
		"a name that it hides":  {upload("x"), "a\x1b[2J", jobfile.ErrNoJob, `\x1b`},
		"a very long name":      {upload("x"), strings.Repeat("é", 5000), jobfile.ErrNoJob, "…"},
		"merged for ever":       {"jobs: &a {<<: *a}\n", "build", nil, ""},
		"aliases of everything": {bomb(), "build", jobfile.ErrForm, "over 262144 keys"},
	} {
		got, err := jobfile.GitHub([]byte(c.file), c.job)
		if c.is == nil && err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || got.Name != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// bomb is a file whose job merges in ten times what merges in ten times …
func bomb() string {
	var b strings.Builder
	b.WriteString("l0: &l0 {x: y}\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "l%d: &l%d {<<: [%s]}\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 10), ", "))
	}
	b.WriteString("jobs: {build: *l11}\n")
	return b.String()
}

func TestGitLabArtifacts(t *testing.T) {
	for name, c := range map[string]struct {
		file      string
		artifacts []string
		unclear   string
	}{
		"one file":              {"build: {artifacts: {paths: [dist/app]}}", []string{"dist/app"}, ""},
		"two":                   {"build:\n  artifacts:\n    paths:\n      - dist/app\n      - dist/lib/\n", []string{"dist/app", "dist/lib"}, ""},
		"none":                  {"build: {script: make}", nil, ""},
		"reports are none":      {"build: {artifacts: {reports: {junit: x.xml}}}", nil, ""},
		"a variable":            {"build: {artifacts: {paths: [dist/$CI_JOB_NAME]}}", nil, "it is not evaluated"},
		"an input":              {"build: {artifacts: {paths: ['dist/$[[ inputs.x ]]']}}", nil, "it is not evaluated"},
		"a pattern":             {"build: {artifacts: {paths: ['dist/**/*.tgz']}}", nil, "a pattern"},
		"a reference":           {"build: {artifacts: {paths: [!reference [.x, y]]}}", nil, "a path is no text"},
		"all by reference":      {"build: {artifacts: {paths: !reference [.x, y]}}", nil, "paths is no list"},
		"text":                  {"build: {artifacts: {paths: dist}}", nil, "paths is no list"},
		"exclusions":            {"build: {artifacts: {paths: [dist], exclude: [dist/x]}}", nil, "exclude takes something away"},
		"always":                {"build: {artifacts: {paths: [dist], when: always}}", []string{"dist"}, ""},
		"on failure":            {"build: {artifacts: {paths: [log], when: on_failure}}", nil, "on a condition only"},
		"default":               {"default: {artifacts: {paths: [x]}}\nbuild: {script: make}", nil, "those of default"},
		"default, its own":      {"default: {artifacts: {paths: [x]}}\nbuild: {artifacts: {paths: [dist]}}", []string{"dist"}, ""},
		"merged in":             {".x: &x {artifacts: {paths: [dist]}}\nbuild: {<<: *x, script: make}", []string{"dist"}, ""},
		"merged in, its own":    {".x: &x {artifacts: {paths: [x]}}\nbuild: {<<: *x, artifacts: {paths: [dist]}}", []string{"dist"}, ""},
		"merged in from two":    {".x: &x {script: a}\n.y: &y {artifacts: {paths: [dist]}}\nbuild: {<<: [*x, *y]}", []string{"dist"}, ""},
		"merged in, twice deep": {".x: &x {artifacts: {paths: [dist]}}\n.y: &y {<<: *x}\nbuild: {<<: *y}", []string{"dist"}, ""},
		"below a header":        {"spec: {inputs: {a: {}}}\n---\nbuild: {artifacts: {paths: [dist]}}", []string{"dist"}, ""},
	} {
		got, err := jobfile.GitLab([]byte(c.file), "build")
		if diff := cmp.Diff(c.artifacts, got.Artifacts); err != nil || diff != "" {
			t.Errorf("%s: %+v, %v\n%s", name, got, err, diff)
		}
		doubted(t, name, got, c.unclear)
	}
}

// A job's own list of paths replaces that of what it extends; anything else of
// that is not known.
func TestGitLabExtends(t *testing.T) {
	got, err := jobfile.GitLab([]byte(".x: {}\nbuild: {extends: .x}"), "build")
	if err != nil || len(got.Artifacts) > 0 || len(got.Unclear) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = jobfile.GitLab([]byte(".x: {}\nbuild: {extends: .x, artifacts: {paths: [dist]}, environment: a}"), "build")
	if err != nil || len(got.Artifacts) != 1 || got.Environment != "a" || len(got.Unclear) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestGitLabEnvironment(t *testing.T) {
	for body, c := range map[string]struct{ environment, unclear string }{
		"{script: x}":               {"", ""},
		"{environment: production}": {"production", ""},
		"{environment: {name: production, url: https://$X}}": {"production", ""},
		"{environment: {name: production, action: start}}":   {"production", ""},
		"{environment: {name: production, action: stop}}":    {"", "its action is not start"},
		"{environment: {name: production, action: [start]}}": {"", "its action is not start"},
		"{environment: {name: review/$CI_COMMIT_REF_SLUG}}":  {"", "it is not evaluated"},
		"{environment: 7}":                 {"", "it is no text"},
		"{environment: {url: x}}":          {"", "it is no text"},
		"{environment: !reference [a, b]}": {"", "it is no text"},
	} {
		got, err := jobfile.GitLab([]byte("deploy: "+body), "deploy")
		if err != nil || got.Environment != c.environment {
			t.Errorf("%q: %+v, %v", body, got, err)
		}
		doubted(t, body, got, c.unclear)
	}
	for _, extended := range []string{"{extends: .x, artifacts: {paths: [a]}}", "{extends: .x, artifacts: {paths: [a]}, environment: {action: start}}"} {
		got, err := jobfile.GitLab([]byte("deploy: "+extended), "deploy")
		if err != nil || got.Environment != "" || len(got.Unclear) != 1 || !strings.Contains(got.Unclear[0], "extends") {
			t.Errorf("%s: %+v, %v", extended, got, err)
		}
	}
}

func TestGitLabNames(t *testing.T) {
	const file = "build: {artifacts: {paths: [a]}}\n\"build 1/2\": {artifacts: {paths: [b]}}\n'two words': {artifacts: {paths: [c]}}\n.hidden: {script: x}\n"
	for name, want := range map[string]string{
		"build": "a", "build 1/2": "b", "build 2/2": "a", "build: [linux, amd64]": "a", "two words": "c", "two words 3/9": "c",
	} {
		if got, err := jobfile.GitLab([]byte(file), name); err != nil || len(got.Artifacts) != 1 || got.Artifacts[0] != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "deploy", ".hidden", "build 1", "build:", "default", "variables", "stages 1/2"} {
		if got, err := jobfile.GitLab([]byte(file+"default: {image: x}\nvariables: {A: b}\nstages: {a: b}\n"), name); !errors.Is(err, jobfile.ErrNoJob) {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
	for _, file := range []string{"", "- a\n", "a: [\n", "build: {}\nbuild: {}\n", "a\n---\nb\n---\nc\n"} {
		if got, err := jobfile.GitLab([]byte(file), "build"); !errors.Is(err, jobfile.ErrForm) {
			t.Errorf("%q: %+v, %v", file, got, err)
		}
	}
}

func TestGitLabFirst(t *testing.T) {
	for file, want := range map[string]bool{
		"gate: {script: gateledger gate}":                                true,
		"gate: {script: [gateledger gate, ./deploy]}":                    true,
		"gate: {script: [./build, gateledger gate]}":                     false,
		"gate: {before_script: [x], script: gateledger gate}":            false,
		"gate: {extends: .x, script: gateledger gate}":                   false,
		"include: x.yml\ngate: {script: gateledger gate}":                false,
		"before_script: [x]\ngate: {script: gateledger gate}":            false,
		"default: {before_script: [x]}\ngate: {script: gateledger gate}": false,
		"gate: {script: []}":                                             false,
	} {
		if got, err := jobfile.GitLab([]byte(file), "gate"); err != nil || got.First != want {
			t.Errorf("%s: %+v, %v", file, got, err)
		}
	}
}

func FuzzJobFile(f *testing.F) {
	for _, file := range []string{
		upload("dist/app"), upload("|\n            a\n            !b"), github("    environment: x\n"), bomb(),
		"build: {artifacts: {paths: [a, $B, !reference [c, d]], exclude: [e]}, environment: {name: x, action: stop}}",
		".x: &x {<<: [*x, {}]}\nbuild: {<<: *x}", "spec: {}\n---\nbuild: {script: gateledger gate}\n", "jobs: &a {build: *a}\n", "? [a]\n: b\n", "? &a build\n: {}\n*a : {}\n",
	} {
		f.Add([]byte(file), "build")
	}
	f.Fuzz(func(t *testing.T, file []byte, job string) {
		for _, read := range []func([]byte, string) (jobfile.Job, error){jobfile.GitHub, jobfile.GitLab} {
			got, err := read(file, job)
			if err != nil {
				if !errors.Is(err, jobfile.ErrForm) && !errors.Is(err, jobfile.ErrNoJob) || got.Name != "" || len(got.Artifacts)+len(got.Unclear) > 0 {
					t.Errorf("%+v, %v", got, err)
				}
				continue
			}
			for _, a := range got.Artifacts {
				if a == "" || path.Clean(a) != a || path.IsAbs(a) || strings.HasPrefix(a, "..") && (a == ".." || a[2] == '/') || clean.Text(a) != a || strings.ContainsAny(a, "$*?%\\\n") {
					t.Errorf("artifact %q", a)
				}
			}
			for _, s := range append(got.Unclear, got.Environment) {
				if clean.Text(s) != s {
					t.Errorf("text %q", s)
				}
			}
			if strings.Contains(got.Environment, "$") || len(got.Artifacts)+len(got.Unclear) > 200 {
				t.Errorf("%+v", got)
			}
		}
	})
}
