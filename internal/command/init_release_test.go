// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/hosting"
)

// TestReleaseIsAsInTheGoldens shows the files that init writes for a host.
// GATELEDGER_UPDATE=1 rewrites them; others lint and run them.
func TestReleaseIsAsInTheGoldens(t *testing.T) {
	folder, err := filepath.Abs(filepath.Join("..", "..", "testdata", "golden", "init"))
	if err != nil {
		t.Fatal(err)
	}
	for _, plan := range []string{"github-team", "github-free-private", "gitlab-free"} {
		t.Run(plan, func(t *testing.T) {
			s := preparedFor(t, plan, "")
			release, err := s.release(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			job, err := s.job(t.Context(), jobFile(s.host.provider))
			if err != nil {
				t.Fatal(err)
			}
			for file, got := range map[string][]byte{releaseFile(s.host.provider): release, jobFile(s.host.provider): job} {
				golden := filepath.Join(folder, plan, filepath.Base(file))
				if os.Getenv("GATELEDGER_UPDATE") != "" {
					if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(golden, got, 0o644); err != nil {
						t.Fatal(err)
					}
					continue
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != string(want) {
					t.Errorf("%s is not what init writes; run 'make update'. Got\n%s", golden, got)
				}
			}
		})
	}
}

func TestReleaseFile(t *testing.T) {
	for provider, want := range map[string]string{hosting.GitHub: githubReleaseFile, hosting.GitLab: gitlabReleaseFile, hosting.Git: "", hosting.Dir: "", "": ""} {
		if got := releaseFile(provider); got != want {
			t.Errorf("%s: %q", provider, got)
		}
	}
}

// A release is what the tests look at in the workflow.
type releaseWorkflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		Needs       any               `yaml:"needs"`
		If          string            `yaml:"if"`
		Environment string            `yaml:"environment"`
		Permissions map[string]string `yaml:"permissions"`
		Steps       []struct {
			Uses string            `yaml:"uses"`
			Run  string            `yaml:"run"`
			With map[string]string `yaml:"with"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

func releaseOf(t *testing.T, plan, branch string) (releaseWorkflow, string) {
	t.Helper()
	text, err := preparedFor(t, plan, branch).release(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if left := regexp.MustCompile(`[^$]\{[a-z-]+\}`).FindAllString(string(text), -1); len(left) > 0 {
		t.Errorf("%v was not filled in", left)
	}
	var w releaseWorkflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	return w, string(text)
}

// What runs project code has no key, and the log key is with the one job that
// checks nothing out.
func TestGitHubReleaseKeepsKeysFromProjectCode(t *testing.T) {
	for _, plan := range []string{"github-team", "github-free-private", hosting.GitHub} {
		w, _ := releaseOf(t, plan, "")
		if w.Permissions == nil || len(w.Permissions) > 0 {
			t.Errorf("%s: permissions of the workflow: %v", plan, w.Permissions)
		}
		for name, job := range w.Jobs {
			code, secrets, logKey, checksOut := false, "", false, false
			for _, s := range job.Steps {
				code = code || s.Run != "" && !strings.HasPrefix(s.Run, `sum="$(sha256sum dist/app.tar.gz)"`)
				checksOut = checksOut || strings.Contains(s.Uses, "checkout")
				if strings.Contains(s.Run, "secrets.") || strings.Contains(s.Run, "${{") {
					t.Errorf("%s, %s: an expression in a script", plan, name)
				}
				if strings.Contains(s.Uses, "checkout") && s.With["persist-credentials"] != "false" {
					t.Errorf("%s, %s: the token stays in the checkout", plan, name)
				}
				for _, v := range s.With {
					secrets += strings.Join(regexp.MustCompile(`secrets\.[A-Z_]+`).FindAllString(v, -1), " ")
					logKey = logKey || strings.Contains(v, "secrets.GATELEDGER_LOG_KEY")
				}
			}
			switch {
			case name == "build" && (secrets != "" || len(job.Permissions) != 1 || job.Permissions["contents"] != "read"):
				t.Errorf("%s: the build has %q and %v", plan, secrets, job.Permissions)
			case name == "deploy" && (secrets != "" || len(job.Permissions) != 1 || job.Permissions["contents"] != "read"):
				t.Errorf("%s: the deployment has %q and %v", plan, secrets, job.Permissions)
			case logKey != (name == "gate"):
				t.Errorf("%s: the log key is with %s: %v", plan, name, logKey)
			case name == "gate" && (code || checksOut):
				t.Errorf("%s: the gate runs something else", plan)
			case (name == "record" || name == "deployed") && code:
				t.Errorf("%s: %s runs a script", plan, name)
			}
		}
		if d := w.Jobs["deploy"]; fmt.Sprint(d.Needs) != "[record gate]" || d.If != "needs.gate.outputs.verdict == 'allowed'" {
			t.Errorf("%s: the deployment needs %v if %q", plan, d.Needs, d.If)
		}
		if n := len(w.Jobs["deploy"].Steps); !strings.Contains(w.Jobs["deploy"].Steps[n-2].Run, "sha256sum --check --strict") {
			t.Errorf("%s: what is deployed is not compared with what was recorded", plan)
		}
		protected := plan != "github-free-private"
		if got := w.Jobs["gate"].Environment == jobName && w.Jobs["deploy"].Environment == "production"; got != protected {
			t.Errorf("%s: %+v", plan, w.Jobs["gate"].Environment)
		}
	}
}

func TestReleaseSaysWhomItStops(t *testing.T) {
	for _, p := range hosting.Plans() {
		if releaseFile(p.Provider) == "" {
			continue
		}
		_, text := releaseOf(t, p.Name, "")
		if !strings.Contains(text, "# On "+p.Name+" ") || !strings.Contains(text, p.Gate.String()) {
			t.Errorf("%s: it does not say %q", p.Name, p.Gate)
		}
	}
	if _, text := releaseOf(t, hosting.GitHub, ""); !strings.Contains(text, "depends on your plan") {
		t.Error("of a plan that nobody named it says something")
	}
}

func TestReleaseNamesALogOnAnotherBranch(t *testing.T) {
	for _, plan := range []string{"github-team", "gitlab-free"} {
		if _, text := releaseOf(t, plan, "audit/log"); !strings.Contains(text, "?branch=audit/log\n") {
			t.Errorf("%s does not name the branch", plan)
		}
		if _, text := releaseOf(t, plan, ""); strings.Contains(text, "\n      ledger:") || strings.Contains(text, "\n          ledger:") {
			t.Errorf("%s names a ledger", plan)
		}
	}
}

// Whoever starts a pipeline can say another $CI_PROJECT_URL, so the address of
// the log stands in the jobs where the remote tells it.
func TestGitLabJobsNameTheLog(t *testing.T) {
	for branch, query := range map[string]string{"": "", "audit/log": "?branch=audit/log"} {
		s := preparedFor(t, "gitlab-free", branch)
		runGit(t, "remote", "set-url", "origin", "git@git.acme.example:acme/app.git")
		release, err := s.release(t.Context())
		if err != nil || !strings.Contains(string(release), "\n      ledger: git:https://git.acme.example/acme/app.git"+query+"\n") {
			t.Errorf("%v\n%s", err, release)
		}
		job, err := s.job(t.Context(), gitlabJob)
		if err != nil || strings.Contains(string(job), "$CI_PROJECT_URL") || strings.Contains(string(job), "$CI_SERVER_HOST") ||
			!strings.Contains(string(job), `--ledger "git:https://git.acme.example/acme/app.git`+query+`"`) || !strings.Contains(string(job), `"git.acme.example" "$CI_JOB_TOKEN"`) {
			t.Errorf("%v\n%s", err, job)
		}
	}
}

func TestGitLabAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"https://gitlab.com/acme/app":                 "https://gitlab.com/acme/app.git",
		"https://git.acme.example:8443/a/b/app.git/":  "https://git.acme.example:8443/a/b/app.git",
		"git@gitlab.com:acme/app.git":                 "https://gitlab.com/acme/app.git",
		"ssh://git@gitlab.com/acme/app.git":           "https://gitlab.com/acme/app.git",
		"ssh://git@git.acme.example:2222/acme/app":    "",
		"http://git.acme.example/acme/app.git":        "",
		"/srv/hub.git":                                "",
		"https://gitlab.com/acme/$(id)":               "",
		"https://gitlab.com/acme/app.git?branch=main": "",
		"https://gitlab.com/acme/a\"b":                "",
		"":                                            "",
	} {
		if got := gitlabAddress(remote); got != want {
			t.Errorf("%s: %q, want %q", remote, got, want)
		}
	}
}

// Both ways in which a deployment can end are ones that a deployment event has.
func TestReleaseNamesResultsThatThereAre(t *testing.T) {
	_, text := releaseOf(t, "github-team", "")
	m := regexp.MustCompile(`result: \$\{\{ needs\.deploy\.outputs\.outcome == 'success' && '([a-z-]+)' \|\| '([a-z-]+)' \}\}`).FindStringSubmatch(text)
	if len(m) != 3 || m[1] != event.Healthy || m[2] != event.Broken {
		t.Errorf("%q, have %v", m, results())
	}
}

func TestBranchFilterMeansOneBranch(t *testing.T) {
	for name, want := range map[string]string{
		"main": `"main"`, "true": `"true"`, "release/1.x": `"release/1.x"`, "a+b": `"a\\+b"`, "odd!": `"odd\\!"`, `q"q`: `"q\"q"`,
	} {
		if got := branchFilter(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// The deployment at GitLab waits for the gate, and no job of the project is
// given a key.
func TestGitLabReleaseWaitsForTheGate(t *testing.T) {
	templates, err := filepath.Abs(filepath.Join("..", "..", "gitlab", "templates"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := preparedFor(t, "gitlab-free", "").release(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Include []struct {
			Component string         `yaml:"component"`
			Inputs    map[string]any `yaml:"inputs"`
		} `yaml:"include"`
		Build, Deploy struct {
			Needs     []any          `yaml:"needs"`
			Script    []string       `yaml:"script"`
			Variables map[string]any `yaml:"variables"`
			Rules     []any          `yaml:"rules"`
		}
	}
	if err := yaml.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.Deploy.Needs); got != "[build gateledger-gate]" {
		t.Errorf("deploy needs %s", got)
	}
	if got := p.Deploy.Script; len(got) != 2 || got[0] != "sha256sum dist/app.tar.gz | grep -xFf gateledger-report/allowed.sha256" {
		t.Errorf("what is deployed is not compared with what was allowed: %q", got)
	}
	if strings.Contains(strings.Join(append(p.Build.Script, p.Deploy.Script...), ""), "GATELEDGER_") || p.Build.Variables != nil {
		t.Error("a job of the project is given something of ours")
	}
	var names []string
	for _, c := range p.Include {
		names = append(names, strings.TrimPrefix(c.Component, components+"/"))
		checkComponent(t, templates, c.Component, c.Inputs)
	}
	if got := strings.Join(names, " "); got != "sbom@1 record@1 gate@1 record@1" {
		t.Errorf("components %s", got)
	}
	if len(p.Build.Rules) != 1 || !strings.Contains(fmt.Sprint(p.Build.Rules), `!= "schedule"`) {
		t.Errorf("rules %v", p.Build.Rules)
	}
}

// checkComponent holds a component's inputs to what it takes.
func checkComponent(t *testing.T, templates, component string, inputs map[string]any) {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimPrefix(component, components+"/"), "@")
	data, err := os.ReadFile(filepath.Join(templates, name+".yml"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(data), "\n---\n")
	var spec struct {
		Spec struct {
			Inputs map[string]struct {
				Default any    `yaml:"default"`
				Regex   string `yaml:"regex"`
				Options []any  `yaml:"options"`
			} `yaml:"inputs"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal([]byte(head), &spec); err != nil {
		t.Fatal(err)
	}
	for k, v := range inputs {
		in, ok := spec.Spec.Inputs[k]
		if !ok {
			t.Errorf("%s has no input %q", name, k)
		}
		if text, isText := v.(string); isText && in.Regex != "" && !regexp.MustCompile(in.Regex).MatchString(text) {
			t.Errorf("%s: %s is %q, which does not match %s", name, k, text, in.Regex)
		}
		if in.Options != nil && !slices.Contains(in.Options, v) {
			t.Errorf("%s: %s is %v, have %v", name, k, v, in.Options)
		}
	}
	for k, in := range spec.Spec.Inputs {
		if _, ok := inputs[k]; !ok && in.Default == nil {
			t.Errorf("%s needs the input %q", name, k)
		}
	}
}
