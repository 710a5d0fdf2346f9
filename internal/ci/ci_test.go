// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/git"
)

const commit = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

// A job is a host's variables as it documents them, and what they mean.
type job struct {
	variables map[string]string
	want      event.Context
	run       string
	workflow  string
	optional  []string // may be missing
	signs     []string // say which host it is: without them it is another place
	ignored   []string // not read, because another one said it
}

func jobs() map[string]job {
	return map[string]job{
		"github": {
			variables: map[string]string{
				"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/app",
				"GITHUB_REPOSITORY_ID": "1296269", "GITHUB_RUN_ID": "30433642", "GITHUB_RUN_ATTEMPT": "2",
				"GITHUB_WORKFLOW_REF": "acme/app/.github/workflows/build.yml@refs/heads/main", "GITHUB_EVENT_NAME": "push",
				"GITHUB_ACTOR": "alice", "GITHUB_ACTOR_ID": "583231", "GITHUB_TRIGGERING_ACTOR": "alice",
				"GITHUB_SHA": commit, "GITHUB_REF": "refs/heads/main",
			},
			want: event.Context{
				Host: "github.com", Provider: "github", Repository: "acme/app", RepositoryID: "1296269",
				Run: "30433642", Attempt: "2", Workflow: "acme/app/.github/workflows/build.yml@refs/heads/main",
				Trigger: "push", Actor: &event.Identity{ID: "583231", Login: "alice"}, Commit: commit, Ref: "refs/heads/main",
			},
			signs:    []string{"GITHUB_ACTIONS"},
			run:      "https://github.com/acme/app/actions/runs/30433642/attempts/2",
			workflow: "https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main",
		},
		"gitlab": {
			variables: map[string]string{
				"GITLAB_CI": "true", "CI_SERVER_URL": "https://GitLab.example.org:8443", "CI_PROJECT_PATH": "group/sub/app",
				"CI_PROJECT_ID": "42", "CI_PIPELINE_ID": "77", "CI_JOB_ID": "1234", "CI_PIPELINE_SOURCE": "push",
				"CI_CONFIG_PATH": ".gitlab-ci.yml", "GITLAB_USER_ID": "7", "GITLAB_USER_LOGIN": "alice",
				"GITLAB_USER_NAME": "Alice Example", "GITLAB_USER_EMAIL": "alice@example.org",
				"CI_COMMIT_SHA": commit, "CI_COMMIT_BRANCH": "main",
			},
			want: event.Context{
				Host: "gitlab.example.org:8443", Provider: "gitlab", Repository: "group/sub/app", RepositoryID: "42",
				Run: "77", Attempt: "1234", Workflow: "gitlab.example.org:8443/group/sub/app//.gitlab-ci.yml@refs/heads/main",
				Trigger: "push", Actor: &event.Identity{ID: "7", Login: "alice", Name: "Alice Example", Email: "alice@example.org"},
				Commit: commit, Ref: "refs/heads/main",
			},
			run:      "https://gitlab.example.org:8443/group/sub/app/-/pipelines/77",
			workflow: "https://gitlab.example.org:8443/group/sub/app//.gitlab-ci.yml@refs/heads/main",
			optional: []string{"GITLAB_USER_NAME", "GITLAB_USER_EMAIL"},
			signs:    []string{"GITLAB_CI"},
		},
		"jenkins": {
			variables: map[string]string{
				"CI": "true", "JENKINS_HOME": "/var/lib/jenkins", "JENKINS_URL": "https://ci.example.org/", "JOB_NAME": "acme/app/main",
				"BUILD_NUMBER": "153", "BUILD_URL": "https://ci.example.org/job/acme/job/app/job/main/153/",
				"GIT_URL": "git@git.example.org:acme/app.git", "GIT_COMMIT": commit, "GIT_BRANCH": "origin/main", "BRANCH_NAME": "main",
				"BUILD_USER_ID": "alice", "BUILD_USER": "Alice Example", "BUILD_USER_EMAIL": "alice@example.org",
			},
			want: event.Context{
				Host: "git.example.org", Provider: "jenkins", Repository: "acme/app", RepositoryID: "url:git.example.org/acme/app",
				Run:      "https://ci.example.org/job/acme/job/app/job/main/153/",
				Workflow: "https://ci.example.org/job/acme/job/app/job/main@refs/heads/main",
				Actor:    &event.Identity{Login: "alice", Name: "Alice Example", Email: "alice@example.org"},
				Commit:   commit, Ref: "refs/heads/main",
			},
			run:      "https://ci.example.org/job/acme/job/app/job/main/153/",
			workflow: "https://ci.example.org/job/acme/job/app/job/main@refs/heads/main",
			optional: []string{"BUILD_USER_ID", "BUILD_USER", "BUILD_USER_EMAIL", "BRANCH_NAME", "GIT_BRANCH"},
			ignored:  []string{"GIT_BRANCH"},
			signs:    []string{"CI", "JENKINS_HOME", "BUILD_NUMBER", "JOB_NAME"},
		},
		"circleci": {
			variables: map[string]string{
				"CI": "true", "CIRCLECI": "true", "CIRCLE_REPOSITORY_URL": "https://github.com/acme/app",
				"CIRCLE_PROJECT_ID":            "5f1b7a1e-2f1b-4b0a-9d5a-0c4b5f9f7a11",
				"CIRCLE_WORKFLOW_ID":           "8d0e1a52-6b0d-4a43-8a55-2a6a2b9d5b0f",
				"CIRCLE_WORKFLOW_WORKSPACE_ID": "0f0e1a52-6b0d-4a43-8a55-2a6a2b9d5b01",
				"CIRCLE_BUILD_URL":             "https://circleci.com/gh/acme/app/1234", "CIRCLE_SHA1": commit,
				"CIRCLE_BRANCH": "feature/x", "CIRCLE_USERNAME": "alice",
			},
			want: event.Context{
				Host: "github.com", Provider: "circleci", Repository: "acme/app", RepositoryID: "url:github.com/acme/app",
				Run: "0f0e1a52-6b0d-4a43-8a55-2a6a2b9d5b01", Attempt: "8d0e1a52-6b0d-4a43-8a55-2a6a2b9d5b0f",
				Workflow: "circleci.com/5f1b7a1e-2f1b-4b0a-9d5a-0c4b5f9f7a11@refs/heads/feature/x",
				Actor:    &event.Identity{Login: "alice"}, Commit: commit, Ref: "refs/heads/feature/x",
			},
			run:      "https://circleci.com/workflow-run/8d0e1a52-6b0d-4a43-8a55-2a6a2b9d5b0f",
			workflow: "https://circleci.com/5f1b7a1e-2f1b-4b0a-9d5a-0c4b5f9f7a11@refs/heads/feature/x",
			optional: []string{"CIRCLE_USERNAME"},
			signs:    []string{"CI", "CIRCLECI"},
		},
	}
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("east", 3600))

func read(t *testing.T, variables map[string]string, dir string) (event.Context, error) {
	t.Helper()
	return Context(t.Context(), Options{
		Getenv: func(name string) string { return variables[name] },
		Dir:    dir, Now: func() time.Time { return now },
	})
}

// Every host of the table passes this, and has a job to pass it with.
func TestHosts(t *testing.T) {
	for _, h := range hosts() {
		t.Run(h.name, func(t *testing.T) {
			j, ok := jobs()[h.name]
			if !ok {
				t.Fatal("no job of this host to test with")
			}
			hostSuite(t, j)
		})
	}
}

func hostSuite(t *testing.T, j job) {
	outside := t.TempDir()
	getenv := func(name string) string { return j.variables[name] }
	if got := Detect(getenv); got != j.want.Provider {
		t.Errorf("Detect = %s", got)
	}
	got, err := read(t, j.variables, outside)
	want := j.want
	want.Time = "2026-01-02T02:04:05Z"
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v\n%s", err, diff)
	}
	if Run(got) != j.run || Workflow(got) != j.workflow {
		t.Errorf("Run = %s, Workflow = %s", Run(got), Workflow(got))
	}
	for name := range j.variables {
		if slices.Contains(j.signs, name) {
			continue
		}
		t.Run("without "+name, func(t *testing.T) {
			_, err := read(t, with(j.variables, name, ""), outside)
			if slices.Contains(j.optional, name) != (err == nil) {
				t.Errorf("got %v", err)
			}
			if err != nil && (!errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), name)) {
				t.Errorf("%v does not name it", err)
			}
		})
		for fact, value := range map[string]string{
			"a newline": "a\nb", "an escape": "a\x1b[2J", "broken UTF-8": "\xff", "a text that turns around": "a\u202eb",
			"too much": strings.Repeat("1", maxValue+1), "a NUL": "a\x00",
		} {
			if slices.Contains(j.ignored, name) {
				continue
			}
			if _, err := read(t, with(j.variables, name, value), outside); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s holds %s: %v", name, fact, err)
			}
		}
	}
	bare := map[string]string{}
	for _, name := range j.signs {
		bare[name] = j.variables[name]
	}
	if _, err := read(t, bare, outside); !errors.Is(err, ErrIncomplete) || strings.Count(err.Error(), "is not set") < 4 {
		t.Errorf("one error should name everything that is missing: %v", err)
	}
}

func with(variables map[string]string, name, value string) map[string]string {
	out := maps.Clone(variables)
	out[name] = value
	return out
}

func TestBadValues(t *testing.T) {
	for _, c := range []struct{ host, name, value string }{
		{"github", "GITHUB_SHA", commit[:12]},
		{"github", "GITHUB_SHA", strings.ToUpper(commit)},
		{"github", "GITHUB_SHA", "main"},
		{"github", "GITHUB_REPOSITORY_ID", "-1"},
		{"github", "GITHUB_REPOSITORY_ID", "0x10"},
		{"github", "GITHUB_RUN_ID", "007"},
		{"github", "GITHUB_RUN_ID", "1 2"},
		{"github", "GITHUB_ACTOR_ID", "alice"},
		{"github", "GITHUB_ACTOR", "alice bob"},
		{"github", "GITHUB_SERVER_URL", "github.com"},
		{"github", "GITHUB_SERVER_URL", "https://user:pass@github.com"},
		{"github", "GITHUB_SERVER_URL", "ssh://github.com"},
		{"github", "GITHUB_REF", "refs/heads/a b"},
		{"gitlab", "CI_COMMIT_SHA", "0"},
		{"gitlab", "CI_PIPELINE_ID", "1e9"},
		{"jenkins", "GIT_URL", "/srv/git/app.git"},
		{"jenkins", "GIT_URL", "file:///srv/git/app.git"},
		{"jenkins", "GIT_URL", "https://user:pass@/app.git"},
		{"jenkins", "GIT_URL", "https://user:pass@git.example.org"},
		{"jenkins", "GIT_URL", "https://user:pass@git.example.org/a/../app"},
		{"jenkins", "GIT_URL", "https://user:pass@git.example.org/a%2fapp"},
		{"jenkins", "GIT_URL", "https://user:pass@git.example.org/app?x=1"},
		{"jenkins", "GIT_URL", "ext::sh -c pass%"},
		{"jenkins", "GIT_COMMIT", commit[:12]},
		{"jenkins", "BUILD_URL", "https://ci.example.org/job/acme/job/app/job/main/153"},
		{"jenkins", "BUILD_URL", "https://ci.example.org/job/acme/job/app/job/main/154/"},
		{"jenkins", "BUILD_URL", "https://other.example.org/job/acme/job/app/job/main/153/"},
		{"jenkins", "BUILD_URL", "https://user:pass@ci.example.org/job/app/153/"},
		{"jenkins", "BUILD_URL", "javascript:alert(1)/153/"},
		{"jenkins", "BUILD_NUMBER", "0153"},
		{"jenkins", "BRANCH_NAME", "a b"},
		{"circleci", "CIRCLE_WORKFLOW_ID", "1"},
		{"circleci", "CIRCLE_PROJECT_ID", "5F1B7A1E-2F1B-4B0A-9D5A-0C4B5F9F7A11"},
		{"circleci", "CIRCLE_BRANCH", "a b"},
		{"circleci", "CIRCLE_SHA1", "HEAD"},
		{"circleci", "CIRCLE_REPOSITORY_URL", "<nil>"},
	} {
		_, err := read(t, with(jobs()[c.host].variables, c.name, c.value), t.TempDir())
		if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), c.name) || strings.Contains(err.Error(), "pass") {
			t.Errorf("%s=%s: %v", c.name, c.value, err)
		}
	}
}

func TestGitHubRunAgainBySomebodyElse(t *testing.T) {
	got, err := read(t, with(jobs()["github"].variables, "GITHUB_TRIGGERING_ACTOR", "bob"), t.TempDir())
	if err != nil || got.Trigger != "push (run again by bob)" || got.Actor.Login != "alice" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestGitLabRefs(t *testing.T) {
	base := with(jobs()["gitlab"].variables, "CI_COMMIT_BRANCH", "")
	for want, variables := range map[string]map[string]string{
		"refs/tags/v1":               with(base, "CI_COMMIT_TAG", "v1"),
		"refs/heads/main":            with(base, "CI_COMMIT_BRANCH", "main"),
		"refs/merge-requests/1/head": with(base, "CI_MERGE_REQUEST_REF_PATH", "refs/merge-requests/1/head"),
	} {
		if got, err := read(t, variables, t.TempDir()); err != nil || got.Ref != want {
			t.Errorf("%s: %+v, %v", want, got, err)
		}
	}
}

func TestTwoHostsAtOnce(t *testing.T) {
	for a, first := range jobs() {
		for b, second := range jobs() {
			both := maps.Clone(first.variables)
			maps.Copy(both, second.variables)
			if _, err := read(t, both, t.TempDir()); a != b && (!errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), " and ")) {
				t.Errorf("%s and %s: %v, want ErrIncomplete", a, b, err)
			}
		}
	}
}

func TestProvidersEndWithLocal(t *testing.T) {
	list := Providers()
	if len(list) != len(hosts())+1 || list[len(list)-1][0] != Local {
		t.Errorf("%v", list)
	}
}

// A checkout of one commit, with a user of its own.
func newCheckout(t *testing.T) (dir string, variables map[string]string, run func(...string) string) {
	t.Helper()
	home := t.TempDir()
	dir = filepath.Join(home, "app")
	variables = map[string]string{"PATH": os.Getenv("PATH"), "HOME": home}
	run = func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", home}, args...)...)
		cmd.Env = []string{"PATH=" + variables["PATH"], "HOME=" + home}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "--quiet", "--initial-branch=main", "app")
	run("-C", "app", "config", "user.name", "Dana")
	run("-C", "app", "config", "user.email", "dana@example.org")
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("one\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run("-C", "app", "add", "--all")
	run("-C", "app", "commit", "--quiet", "--message", "one")
	return dir, variables, run
}

func TestLocal(t *testing.T) {
	dir, variables, run := newCheckout(t)
	head := run("-C", "app", "rev-parse", "HEAD")
	want := event.Context{
		Provider: Local, Repository: "app", RepositoryID: head, Commit: head, Ref: "refs/heads/main",
		Actor: &event.Identity{Name: "Dana", Email: "dana@example.org"}, Time: "2026-01-02T02:04:05Z",
	}
	got, err := read(t, variables, dir)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if Run(got) != "" || Workflow(got) != "" {
		t.Errorf("a checkout has no run: %q, %q", Run(got), Workflow(got))
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("two\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, variables, dir); err != nil || !got.Dirty {
		t.Errorf("a changed file: %+v, %v", got, err)
	}
	run("-C", "app", "config", "--unset", "user.email")
	if _, err := read(t, variables, dir); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "user.email") {
		t.Errorf("without an address: %v", err)
	}
	if _, err := read(t, variables, t.TempDir()); !errors.Is(err, git.ErrNoCheckout) {
		t.Errorf("outside of a checkout: %v", err)
	}
}

func TestHostAndCheckoutDisagree(t *testing.T) {
	dir, variables, run := newCheckout(t)
	maps.Copy(variables, jobs()["github"].variables)
	if got, err := read(t, variables, dir); err != nil || !got.Dirty || got.Commit != commit {
		t.Errorf("the checkout stands at another commit: %+v, %v; want the host's commit, dirty", got, err)
	}
	variables["GITHUB_SHA"] = run("-C", "app", "rev-parse", "HEAD")
	if got, err := read(t, variables, dir); err != nil || got.Dirty {
		t.Errorf("they agree: %+v, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("two\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, variables, dir); err != nil || !got.Dirty {
		t.Errorf("a changed file: %+v, %v", got, err)
	}
}

func BenchmarkLocal(b *testing.B) {
	repo, err := git.Open(".", nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Context(b.Context(), Options{Getenv: func(string) string { return "" }, Git: repo, Now: time.Now}); err != nil {
			b.Fatal(err)
		}
	}
}

// Whatever a runner's variables hold, what comes out is whole and printable.
func FuzzHosts(f *testing.F) {
	f.Add(uint8(0), "1296269")
	f.Add(uint8(3), commit)
	f.Add(uint8(7), "https://github.com")
	for which := range uint8(14) {
		f.Add(which, "https://user:secret@git.example.org/acme/app.git")
		f.Add(which, "refs/heads/main")
		f.Add(which, "origin/a b")
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		for _, j := range jobs() {
			names := slices.Sorted(maps.Keys(j.variables))
			v := &variables{getenv: func(name string) string { return with(j.variables, names[int(which)%len(names)], value)[name] }}
			for _, h := range hosts() {
				if h.name != j.want.Provider {
					continue
				}
				c := h.read(v)
				if len(v.problems) > 0 {
					continue
				}
				whole := c.Host + c.Repository + c.RepositoryID + c.Run + c.Attempt + c.Workflow + c.Trigger + c.Ref
				if c.Actor != nil {
					whole += c.Actor.ID + c.Actor.Login + c.Actor.Name + c.Actor.Email
				}
				if !git.IsID(c.Commit) || c.Host == "" || c.Run == "" || c.RepositoryID == "" || c.Workflow == "" || !printable(whole) || strings.Contains(c.Host+c.RepositoryID, ":secret@") {
					t.Errorf("%+v", c)
				}
			}
		}
	})
}
