// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/sethvargo/go-githubactions"

	"github.com/gateledger/gateledger/internal/git"
)

// The same repository has one id, however Jenkins was told to get at it.
func TestRemotes(t *testing.T) {
	for address, want := range map[string]string{
		"https://git.example.org/acme/app.git":            "url:git.example.org/acme/app",
		"https://git.example.org/acme/app":                "url:git.example.org/acme/app",
		"https://git.example.org/acme/app/":               "url:git.example.org/acme/app",
		"https://git.example.org:443/acme/app.git":        "url:git.example.org/acme/app",
		"https://x-token:s3cret@GIT.example.org/acme/app": "url:git.example.org/acme/app",
		"http://git.example.org:80/acme/app":              "url:git.example.org/acme/app",
		"ssh://git@git.example.org/acme/app.git":          "url:git.example.org/acme/app",
		"ssh://git@git.example.org:22/acme/app.git":       "url:git.example.org/acme/app",
		"git://git.example.org/acme/app.git":              "url:git.example.org/acme/app",
		"git@git.example.org:acme/app.git":                "url:git.example.org/acme/app",
		"git@git.example.org:/acme/app.git":               "url:git.example.org/acme/app",
		"git.example.org:acme/app":                        "url:git.example.org/acme/app",
		"https://git.example.org:8443/acme/app":           "url:git.example.org:8443/acme/app",
		"http://127.0.0.1:3000/acme/app.git":              "url:127.0.0.1:3000/acme/app",
		"http://[::1]:3000/acme/app.git":                  "url:[::1]:3000/acme/app",
		"https://git.example.org/acme/App":                "url:git.example.org/acme/App", // some servers tell case apart

		"":                               "",
		"/srv/git/app.git":               "",
		"../app":                         "",
		`C:\git\app`:                     "",
		"C:/git/app":                     "",
		"file:///srv/git/app.git":        "",
		"https://git.example.org":        "",
		"https://git.example.org/":       "",
		"https:///acme/app":              "",
		"https://git.example.org/../app": "",
		"https://git.example.org//app":   "url:git.example.org/app",
		"https://git.example.org/a//app": "",
		"https://git.example.org/a/./b":  "",
		"https://git.example.org/a%2Fb":  "",
		"https://git.example.org/a?b":    "",
		"https://git.example.org/a#b":    "",
		"git@host/x:acme/app":            "",
		"git@a@b:acme/app":               "",
		"ext::sh -c id":                  "",
		"git@git.example.org:":           "",
		"git@git.example.org:../app":     "",
		"git@git.example.org:a\x1b[2J":   "",
	} {
		got, ok := parseRemote(address)
		if ok != (want != "") || ok && got.id() != want {
			t.Errorf("%q: %q, %v; want %q", address, got.id(), ok, want)
		}
	}
}

func TestRemoteIsNeverRepeated(t *testing.T) {
	for _, address := range []string{"https://u:s3cret@h", "s3cret", "https://u:s3cret@h/a b", "https://u:s3cret@h/\x1b", "u s3cret@h:x", "https://h/x?t=s3cret", "https://u:s3cret@h:x/y"} {
		_, err := read(t, with(jobs()["jenkins"].variables, "GIT_URL", address), t.TempDir())
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestJenkinsRefs(t *testing.T) {
	base := with(with(jobs()["jenkins"].variables, "BRANCH_NAME", ""), "GIT_BRANCH", "")
	for _, c := range []struct{ name, value, ref, trigger string }{
		{"BRANCH_NAME", "feature/x", "refs/heads/feature/x", ""},
		{"TAG_NAME", "v1", "refs/tags/v1", ""},
		{"GIT_LOCAL_BRANCH", "main", "refs/heads/main", ""},
		{"GIT_BRANCH", "origin/feature/x", "refs/heads/feature/x", ""},
		{"GIT_BRANCH", "refs/heads/main", "refs/heads/main", ""},
		{"CHANGE_ID", "17", "", "change 17"},
	} {
		got, err := read(t, with(base, c.name, c.value), t.TempDir())
		if err != nil || got.Ref != c.ref || got.Trigger != c.trigger || strings.HasSuffix(got.Workflow, "@"+c.ref) != (c.ref != "") {
			t.Errorf("%s=%s: %+v, %v", c.name, c.value, got, err)
		}
	}
	for _, branch := range []string{"", "main", "detached", "origin/", "/main"} {
		if got, err := read(t, with(base, "GIT_BRANCH", branch), t.TempDir()); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "GIT_BRANCH") {
			t.Errorf("GIT_BRANCH=%q: %+v, %v", branch, got, err)
		}
	}
	// A change request is never the branch that it would change, or is named like.
	change := with(with(jobs()["jenkins"].variables, "CHANGE_ID", "17"), "BRANCH_NAME", "main")
	if got, err := read(t, change, t.TempDir()); err != nil || got.Ref != "" {
		t.Errorf("a change request: %+v, %v", got, err)
	}
}

// Only a build has a number: a shell on a controller or agent is no build, and
// a build of a Jenkins without an address is one, of which something is missing.
func TestJenkinsIsABuild(t *testing.T) {
	for _, variables := range []map[string]string{
		{"JENKINS_URL": "https://ci.example.org/"},
		{"JENKINS_HOME": "/var/lib/jenkins"},
		{"JENKINS_URL": "https://ci.example.org/", "JOB_NAME": "app"},
		{"BUILD_NUMBER": "1", "JOB_NAME": "app"},
	} {
		if got := Detect(func(name string) string { return variables[name] }); got != Local {
			t.Errorf("%v: %s", variables, got)
		}
	}
	unset := with(with(jobs()["jenkins"].variables, "JENKINS_URL", ""), "BUILD_URL", "")
	if _, err := read(t, unset, t.TempDir()); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "JENKINS_URL is not set") || !strings.Contains(err.Error(), "BUILD_URL is not set") {
		t.Errorf("a Jenkins without an address: %v", err)
	}
}

func TestJenkinsDoesNotInventAnActor(t *testing.T) {
	variables := maps.Clone(jobs()["jenkins"].variables)
	for _, name := range []string{"BUILD_USER_ID", "BUILD_USER", "BUILD_USER_EMAIL"} {
		delete(variables, name)
	}
	if got, err := read(t, variables, t.TempDir()); err != nil || got.Actor != nil || got.Attempt != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCircleCIRefs(t *testing.T) {
	base := with(jobs()["circleci"].variables, "CIRCLE_BRANCH", "")
	for _, c := range []struct{ name, value, ref, trigger string }{
		{"CIRCLE_BRANCH", "main", "refs/heads/main", ""},
		{"CIRCLE_TAG", "v1", "refs/tags/v1", ""},
		{"CIRCLE_BRANCH", "pull/17", "", ""},
		{"CIRCLE_PR_NUMBER", "17", "", "pull request 17 from a fork"},
	} {
		got, err := read(t, with(base, c.name, c.value), t.TempDir())
		if err != nil || got.Ref != c.ref || got.Trigger != c.trigger {
			t.Errorf("%s=%s: %+v, %v", c.name, c.value, got, err)
		}
	}
	if _, err := read(t, base, t.TempDir()); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "none of CIRCLE_TAG and CIRCLE_BRANCH is set") {
		t.Errorf("no ref at all: %v", err)
	}
	fork := with(jobs()["circleci"].variables, "CIRCLE_PR_NUMBER", "17")
	if got, err := read(t, fork, t.TempDir()); err != nil || got.Ref != "" {
		t.Errorf("a fork's branch of the same name: %+v, %v", got, err)
	}
}

// GitHub App and GitLab projects have no CIRCLE_REPOSITORY_URL; the error says
// what to write.
func TestCircleCIWithoutRepository(t *testing.T) {
	_, err := read(t, with(jobs()["circleci"].variables, "CIRCLE_REPOSITORY_URL", ""), t.TempDir())
	if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "CIRCLE_REPOSITORY_URL: << pipeline.project.git_url >>") {
		t.Errorf("got %v", err)
	}
}

// Two runs of one workflow are two attempts of one run, as on GitHub.
func TestCircleCIRunAgain(t *testing.T) {
	first, err := read(t, jobs()["circleci"].variables, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	again := with(jobs()["circleci"].variables, "CIRCLE_WORKFLOW_ID", "11111111-6b0d-4a43-8a55-2a6a2b9d5b0f")
	second, err := read(t, again, t.TempDir())
	if err != nil || second.Run != first.Run || second.Attempt == first.Attempt || Run(second) == Run(first) {
		t.Errorf("%+v, %v", second, err)
	}
}

// What sets GITHUB_ACTIONS and is not GitHub lacks some of its variables; one
// error names them.
func TestLookalikesOfGitHub(t *testing.T) {
	for name, c := range map[string]struct{ missing []string }{
		"act v0.2.89":                       {[]string{"GITHUB_REPOSITORY_ID", "GITHUB_ACTOR_ID", "GITHUB_TRIGGERING_ACTOR", "GITHUB_WORKFLOW_REF"}},
		"an old enterprise server or Gitea": {[]string{"GITHUB_REPOSITORY_ID", "GITHUB_ACTOR_ID", "GITHUB_TRIGGERING_ACTOR", "GITHUB_RUN_ATTEMPT", "GITHUB_WORKFLOW_REF"}},
	} {
		variables := maps.Clone(jobs()["github"].variables)
		for _, m := range c.missing {
			delete(variables, m)
		}
		_, err := read(t, variables, t.TempDir())
		if !errors.Is(err, ErrIncomplete) || strings.Count(err.Error(), "is not set") != len(c.missing) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, m := range c.missing {
			if !strings.Contains(err.Error(), m+" is not set") {
				t.Errorf("%s: %v does not name %s", name, err, m)
			}
		}
	}
}

func TestEnterpriseServer(t *testing.T) {
	got, err := read(t, with(jobs()["github"].variables, "GITHUB_SERVER_URL", "https://ghes.example.org"), t.TempDir())
	if err != nil || got.Host != "ghes.example.org" || !strings.HasPrefix(Run(got), "https://ghes.example.org/acme/app/") || !strings.HasPrefix(Workflow(got), "https://ghes.example.org/acme/app/") {
		t.Errorf("%+v, %v", got, err)
	}
}

// No host needs a checkout: a gate job has none.
func TestNoCheckout(t *testing.T) {
	for name, j := range jobs() {
		got, err := read(t, j.variables, t.TempDir())
		if err != nil || got.Dirty || got.Commit != commit {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := read(t, map[string]string{"CI": "true"}, t.TempDir()); !errors.Is(err, git.ErrNoCheckout) {
		t.Errorf("a host that is not known: %v", err)
	}
}

// go-githubactions reads the same facts from the same variables.
func TestPeerReadsTheSame(t *testing.T) {
	variables := jobs()["github"].variables
	theirs, err := githubactions.New(githubactions.WithGetenv(func(name string) string { return variables[name] })).Context()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := read(t, variables, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"host":       {theirs.ServerURL, "https://" + ours.Host},
		"repository": {theirs.Repository, ours.Repository},
		"commit":     {theirs.SHA, ours.Commit},
		"ref":        {theirs.Ref, ours.Ref},
		"trigger":    {theirs.EventName, ours.Trigger},
		"actor":      {theirs.Actor + " " + theirs.ActorID, ours.Actor.Login + " " + ours.Actor.ID},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q there, %q here", what, pair[0], pair[1])
		}
	}
}

func FuzzRemote(f *testing.F) {
	for _, s := range []string{"git@h.example:a/b.git", "https://u:p@h.example:443/a/b.git", "ssh://h.example/a", "https://[::1]:1/a", "a:b", "https://h.example/%2e%2e/a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		r, ok := parseRemote(address)
		if !ok {
			return
		}
		again, ok := parseRemote("https://" + r.host + "/" + r.path)
		if !ok || again != r && !strings.Contains(r.host, ":") && !strings.HasSuffix(r.path, ".git") {
			t.Errorf("%q is %+v, which is %+v, %v", address, r, again, ok)
		}
		if strings.ContainsAny(r.host, "@/") || strings.HasPrefix(r.path, "/") || !printable(r.id()) {
			t.Errorf("%q is %+v", address, r)
		}
	})
}
