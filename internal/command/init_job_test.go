// SPDX-License-Identifier: Apache-2.0

package command

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/git/gittest"
	"github.com/gateledger/gateledger/internal/hosting"
)

// jobText is the job that init writes for the ledger at.
func jobText(t *testing.T, file, at, root string) string {
	t.Helper()
	s := &setup{at: at, place: place{root: root}}
	text, err := s.job(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if left := regexp.MustCompile(`\{[a-z]+\}`).FindAllString(strings.ReplaceAll(string(text), "${{ secrets.GATELEDGER_LOG_KEY }}", ""), -1); len(left) > 0 {
		t.Errorf("%s: %v was not filled in", file, left)
	}
	return string(text)
}

// A workflow is what the tests look at in a GitHub workflow.
type workflow struct {
	Name        string            `yaml:"name"`
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency struct {
		Group  string `yaml:"group"`
		Cancel *bool  `yaml:"cancel-in-progress"`
	} `yaml:"concurrency"`
	Jobs map[string]struct {
		If          string            `yaml:"if"`
		RunsOn      string            `yaml:"runs-on"`
		Timeout     int               `yaml:"timeout-minutes"`
		Environment string            `yaml:"environment"`
		Permissions map[string]string `yaml:"permissions"`
		Steps       []step            `yaml:"steps"`
	} `yaml:"jobs"`
}

type step struct {
	Name string            `yaml:"name"`
	Uses string            `yaml:"uses"`
	Env  map[string]string `yaml:"env"`
	Run  string            `yaml:"run"`
}

func readWorkflow(t *testing.T, text string) (w workflow) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestGitHubJobHoldsTheKeyAndRunsNothingOfTheProject(t *testing.T) {
	w := readWorkflow(t, jobText(t, githubJob, "git:origin", t.TempDir()))
	if len(w.Permissions) != 0 || w.Permissions == nil {
		t.Errorf("permissions of the workflow: %v, want none", w.Permissions)
	}
	if w.Concurrency.Group != "gateledger-log" || w.Concurrency.Cancel == nil || *w.Concurrency.Cancel {
		t.Errorf("concurrency: %+v", w.Concurrency)
	}
	var triggers []string
	for name := range w.On {
		triggers = append(triggers, name)
	}
	slices.Sort(triggers)
	if got := strings.Join(triggers, " "); got != "schedule workflow_dispatch" {
		t.Errorf("triggers: %s", got)
	}
	if len(w.Jobs) != 1 {
		t.Fatalf("%d jobs", len(w.Jobs))
	}
	job := w.Jobs["integrate"]
	if fmt.Sprint(job.Permissions) != "map[contents:write]" {
		t.Errorf("permissions of the job: %v", job.Permissions)
	}
	if job.Environment != "gateledger-log" {
		t.Errorf("environment: %q", job.Environment)
	}
	if !strings.Contains(job.If, "default_branch") || job.Timeout == 0 || strings.HasSuffix(job.RunsOn, "latest") {
		t.Errorf("if %q, timeout %d, runs on %q", job.If, job.Timeout, job.RunsOn)
	}
	checkSteps(t, job.Steps)
}

// checkSteps holds what every step of a job with a secret must be like.
func checkSteps(t *testing.T, steps []step) {
	t.Helper()
	pinned := regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_./-]+@[0-9a-f]{40}$`)
	keys := 0
	for _, s := range steps {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("step %q: an expression inside run: %s", s.Name, s.Run)
		}
		if strings.Contains(s.Uses, "checkout") || strings.Contains(s.Run, "git clone") || strings.Contains(s.Run, "git checkout") {
			t.Errorf("step %q checks something out", s.Name)
		}
		if s.Uses != "" && !pinned.MatchString(s.Uses) {
			t.Errorf("step %q uses %s, which is not pinned", s.Name, s.Uses)
		}
		for _, v := range s.Env {
			if strings.Contains(v, "secrets.") {
				keys++
			}
		}
		if strings.Contains(s.Run, "go install") && len(s.Env) != 1 {
			t.Errorf("step %q has %v at hand", s.Name, s.Env)
		}
	}
	if keys != 1 {
		t.Errorf("%d steps have a secret, want 1", keys)
	}
}

func TestGitHubJobFollowsTheWorkflowsThereAre(t *testing.T) {
	root := t.TempDir()
	folder := filepath.Join(root, ".github", "workflows")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"build.yml":           "name: Build & test\non: push\n",
		"deploy.yaml":         "on: {push: {}}\nname: 'say \"deploy\"'\n",
		"again.yml":           "name: Build & test\n",
		"unnamed.yml":         "on: push\n",
		"broken.yml":          "name: [\n",
		"odd.yml":             "name: \"two\\nlines\"\n",
		"gateledger-log.yml":  "name: gateledger log\n",
		"notes.txt":           "name: notes\n",
		"name-is-a-list.yaml": "name: [a, b]\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w := readWorkflow(t, jobText(t, githubJob, "git:origin", root))
	got := fmt.Sprint(w.On["workflow_run"])
	if want := `map[types:[completed] workflows:[Build & test say "deploy"]]`; got != want {
		t.Errorf("workflow_run: %s, want %s", got, want)
	}
}

func FuzzWorkflowName(f *testing.F) {
	for _, seed := range []string{"", "name: build\n", "name: [a]\n", "name: \"a\\tb\"\n", "a: &a [*a]\n", "name: é\n", "- name\n", "name: 1\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		name := workflowName(data)
		if len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q", name)
		}
	})
}

// A pipeline is what the tests look at in a GitLab job.
type pipeline map[string]struct {
	Stage   string              `yaml:"stage"`
	Image   string              `yaml:"image"`
	Rules   []map[string]string `yaml:"rules"`
	Inherit struct {
		Default   *bool `yaml:"default"`
		Variables *bool `yaml:"variables"`
	} `yaml:"inherit"`
	Dependencies []string          `yaml:"dependencies"`
	Environment  map[string]string `yaml:"environment"`
	Resource     string            `yaml:"resource_group"`
	Timeout      string            `yaml:"timeout"`
	Variables    map[string]string `yaml:"variables"`
	Script       []string          `yaml:"script"`
}

func TestGitLabJobHoldsTheKeyAndRunsNothingOfTheProject(t *testing.T) {
	var p pipeline
	d := yaml.NewDecoder(strings.NewReader(jobText(t, gitlabJob, "git:origin", t.TempDir())))
	d.KnownFields(true)
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if len(p) != 1 {
		t.Fatalf("%d entries, want one job", len(p))
	}
	job := p["gateledger-log"]
	if fmt.Sprint(job.Rules) != "[map[if:$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH when:always]]" {
		t.Errorf("rules: %v", job.Rules)
	}
	if job.Variables["GIT_STRATEGY"] != "none" || len(job.Variables) != 1 {
		t.Errorf("variables: %v", job.Variables)
	}
	if job.Inherit.Default == nil || *job.Inherit.Default || job.Inherit.Variables == nil || *job.Inherit.Variables {
		t.Errorf("it inherits from the project: %+v", job.Inherit)
	}
	if job.Dependencies == nil || len(job.Dependencies) > 0 {
		t.Errorf("it takes artifacts of the project: %v", job.Dependencies)
	}
	if job.Environment["name"] != "gateledger-log" || job.Environment["action"] != "access" || job.Resource != "gateledger-log" || job.Timeout == "" {
		t.Errorf("%+v", job)
	}
	for _, line := range job.Script {
		if strings.Contains(line, "git clone") || strings.Contains(line, "git checkout") {
			t.Errorf("it checks something out: %s", line)
		}
	}
}

func TestJobNamesAnotherBranchOfTheLog(t *testing.T) {
	for _, file := range []string{githubJob, gitlabJob} {
		if text := jobText(t, file, "git:origin?branch=audit/log", t.TempDir()); !strings.Contains(text, `?branch=audit/log"`) {
			t.Errorf("%s does not name the branch", file)
		}
		if text := jobText(t, file, "git:origin", t.TempDir()); strings.Contains(text, "?branch") {
			t.Errorf("%s names a branch", file)
		}
	}
}

// The scripts are run, with programs that write down how they were called.
func TestJobGivesKeyByStandardInputAndTokenByFile(t *testing.T) {
	for name, c := range map[string]struct {
		script func(t *testing.T, temp string) string
		env    []string
		at     string
		netrc  string
	}{
		"github": {
			func(t *testing.T, _ string) string {
				w := readWorkflow(t, jobText(t, githubJob, "git:origin", t.TempDir()))
				return w.Jobs["integrate"].Steps[1].Run
			},
			[]string{"LOG_KEY=PRIVATE+KEY+it", "TOKEN=token-it", "GITHUB_SERVER_URL=https://git.example.org:8443", "GITHUB_REPOSITORY=acme/app"},
			"https://git.example.org:8443/acme/app",
			"machine git.example.org login x-access-token password token-it\n",
		},
		"gitlab": {
			func(t *testing.T, temp string) string {
				var p pipeline
				if err := yaml.Unmarshal([]byte(jobText(t, gitlabJob, "git:origin", t.TempDir())), &p); err != nil {
					t.Fatal(err)
				}
				script := p["gateledger-log"].Script[0]
				script = strings.ReplaceAll(script, "path=/usr", "path="+temp+"/bin:/usr")
				return strings.ReplaceAll(script, "bin/gateledger integrate", temp+"/bin/gateledger integrate")
			},
			[]string{"GATELEDGER_LOG_KEY=PRIVATE+KEY+it", "CI_JOB_TOKEN=token-it", "CI_SERVER_HOST=git.example.org", "CI_PROJECT_URL=https://git.example.org/acme/app"},
			"https://git.example.org/acme/app.git",
			"machine git.example.org login gitlab-ci-token password token-it\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			temp := t.TempDir()
			writeProgram(t, temp, "gateledger", `printf '%s\n' "$@" > "`+temp+`/args"; cat > "`+temp+`/stdin"; cp "$HOME/.netrc" "`+temp+`/netrc"; ls -l "$HOME/.netrc" > "`+temp+`/mode"`)
			writeProgram(t, temp, "git", `exit 1`)
			writeProgram(t, temp, "go", `printf '%s\n' "$@" > "`+temp+`/install"; env > "`+temp+`/goenv"`)
			cmd := exec.Command("sh", "-e", "-c", c.script(t, temp))
			cmd.Dir = temp
			cmd.Env = append([]string{"PATH=" + filepath.Join(temp, "bin") + ":" + os.Getenv("PATH"), "HOME=" + temp, "TMPDIR=" + temp, "RUNNER_TEMP=" + temp, "GOFLAGS=-evil"}, c.env...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for file, want := range map[string]string{
				"args":  "integrate\n--log-key\n-\n--ledger\ngit:" + c.at + "\n",
				"stdin": "PRIVATE+KEY+it",
				"netrc": c.netrc,
			} {
				if got := read(t, temp, file); got != want {
					t.Errorf("%s: %q, want %q", file, got, want)
				}
			}
			if mode := read(t, temp, "mode"); !strings.HasPrefix(mode, "-rw-------") {
				t.Errorf("mode of the token's file: %s", mode)
			}
			if name == "gitlab" {
				if env := read(t, temp, "goenv"); strings.Contains(env, "evil") || strings.Contains(env, "PRIVATE") || strings.Contains(env, "token-it") {
					t.Errorf("what installs the program sees\n%s", env)
				}
			}
		})
	}
}

func writeProgram(t *testing.T, temp, name, script string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(temp, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(temp, "bin", name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestInstallableIsThisVeryProgramOrNone(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for name, c := range map[string]struct {
		build build
		want  string
	}{
		"a release":                    {build{Version: "v1.2.3"}, "v1.2.3"},
		"a pseudo-version":             {build{Version: "v0.0.0-20260302090000-0123456789ab"}, "v0.0.0-20260302090000-0123456789ab"},
		"a release of a changed tree":  {build{Version: "v1.2.3", Modified: true}, noVersion},
		"the go command says so":       {build{Version: "v1.2.3+dirty"}, noVersion},
		"a commit":                     {build{Version: "(devel)", Commit: commit}, commit},
		"a commit with changes":        {build{Version: "(devel)", Commit: commit, Modified: true}, noVersion},
		"nothing is known":             {build{Version: "(devel)"}, noVersion},
		"what would be another option": {build{Version: "v1.2.3; rm -r ."}, noVersion},
	} {
		got, ok := installable(c.build)
		if got != c.want || ok != (c.want != noVersion) {
			t.Errorf("%s: %s, %v", name, got, ok)
		}
	}
}

func TestJobFile(t *testing.T) {
	for provider, want := range map[string]string{hosting.GitHub: githubJob, hosting.GitLab: gitlabJob, hosting.Git: "", hosting.Dir: "", "": ""} {
		if got := jobFile(provider); got != want {
			t.Errorf("%s: %q", provider, got)
		}
	}
}

func TestWriteJobKeepsWhatIsThere(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a file of yours": func(path string) error { return os.WriteFile(path, []byte("mine\n"), 0o644) },
		"a folder":        func(path string) error { return os.Mkdir(path, 0o755) },
		"a link":          func(path string) error { return os.Symlink("elsewhere", path) },
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			path := filepath.Join(root, filepath.FromSlash(gitlabJob))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			s := &setup{at: "git:origin", place: place{root: root}, step: func(string) error { return nil }}
			err := s.writeOnce("job", gitlabJob, func() ([]byte, error) { return s.job(t.Context(), gitlabJob) })
			if ok := name == "a file of yours"; (err == nil) != ok {
				t.Errorf("%v", err)
			} else if ok && (s.result.Steps[0].Made || read(t, root, gitlabJob) != "mine\n") {
				t.Errorf("%+v", s.result.Steps)
			}
		})
	}
}

// The token file is how git gets in where there is no checkout: by the home
// of whoever runs it.
func TestTokenFileLetsGitIn(t *testing.T) {
	token := base64.StdEncoding.EncodeToString([]byte("x-access-token:token-it"))
	server := gittest.Serve(t, gittest.Options{Authorization: "Basic " + token})
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	getenv := func(name string) string {
		return map[string]string{"PATH": os.Getenv("PATH"), "HOME": home}[name]
	}
	bare, err := git.OpenBare(t.Context(), filepath.Join(home, "cache"), getenv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bare.List(t.Context(), git.Remote{URL: server.URL}, "refs/heads/*"); err == nil {
		t.Fatal("anybody gets in")
	}
	line := fmt.Sprintf("machine %s login x-access-token password token-it\n", address.Hostname())
	if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bare.List(t.Context(), git.Remote{URL: server.URL}, "refs/heads/*"); err != nil {
		t.Error(err)
	}
}
