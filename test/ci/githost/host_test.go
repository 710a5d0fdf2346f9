// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const tokens = `secret-of-dana dana write
secret-of-runner runner read
secret-of-guest guest write acme/other
`

// A scene is a host with the repositories acme/app, of one commit, and
// acme/other, and what it logged.
type scene struct {
	t   *testing.T
	url string
	dir string
	log *bytes.Buffer
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, dir: t.TempDir(), log: &bytes.Buffer{}}
	accounts, err := parseAccounts(tokens)
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHost(filepath.Join(s.dir, "root"), accounts, log.New(s.log, "", 0))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s.url = server.URL
	for _, name := range []string{"app", "other"} {
		s.git("init", "--quiet", "--bare", "--initial-branch=main", filepath.Join("root", "acme", name+".git"))
	}
	s.git("init", "--quiet", "--initial-branch=main", "work")
	s.git("-C", "work", "-c", "user.name=Dana", "-c", "user.email=dana@example.org", "commit", "--quiet", "--allow-empty", "--message=one")
	return s
}

func (s *scene) run(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *scene) git(args ...string) {
	s.t.Helper()
	if out, err := s.run(args...); err != nil {
		s.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

// at is the address of a repository, with a token in it.
func (s *scene) at(token, path string) string {
	return strings.Replace(s.url, "http://", "http://x:"+token+"@", 1) + path
}

func TestWhoMayWhat(t *testing.T) {
	s := newScene(t)
	s.git("-C", "work", "push", "--quiet", s.at("secret-of-dana", "/acme/app"), "main", "HEAD:refs/gateledger/pending/1")
	for name, c := range map[string]struct {
		args []string
		says string // empty: it works
	}{
		"who reads, with .git":     {[]string{"ls-remote", "--exit-code", s.at("secret-of-runner", "/acme/app.git"), "refs/gateledger/pending/1"}, ""},
		"who reads, without":       {[]string{"clone", "--quiet", s.at("secret-of-runner", "/acme/app"), "copy"}, ""},
		"who reads writes":         {[]string{"-C", "work", "push", s.at("secret-of-runner", "/acme/app"), "main:x"}, "403"},
		"nobody reads":             {[]string{"ls-remote", s.url + "/acme/app"}, "could not read Username"},
		"a made-up token":          {[]string{"ls-remote", s.at("made-up", "/acme/app")}, "Authentication failed"},
		"no such repository":       {[]string{"ls-remote", s.at("secret-of-dana", "/acme/nothing")}, "not found"},
		"a repository of another":  {[]string{"ls-remote", s.at("secret-of-guest", "/acme/app")}, "not found"},
		"one's own repository":     {[]string{"-C", "work", "push", "--quiet", s.at("secret-of-guest", "/acme/other"), "main"}, ""},
		"a folder above the root":  {[]string{"ls-remote", s.at("secret-of-dana", "/acme/../work")}, "not found"},
		"a clone of parts":         {[]string{"clone", "--quiet", "--filter=blob:none", s.at("secret-of-runner", "/acme/app"), "part"}, ""},
		"protocol 0, as old git's": {[]string{"-c", "protocol.version=0", "ls-remote", "--exit-code", s.at("secret-of-runner", "/acme/app"), "main"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := s.run(c.args...)
			if (err == nil) != (c.says == "") || !strings.Contains(out, c.says) || strings.Contains(out, "not recognized") {
				t.Errorf("%v, want %q\n%s", err, c.says, out)
			}
		})
	}
	if !strings.Contains(s.log.String(), "403 runner GET /acme/app/info/refs?service=git-receive-pack") {
		t.Errorf("the log does not tell of the refusal:\n%s", s.log)
	}
	if strings.Contains(s.log.String(), "secret-of") {
		t.Errorf("the log holds a token:\n%s", s.log)
	}
}

func TestReleases(t *testing.T) {
	s := newScene(t)
	dir := filepath.Join(s.dir, "root", "acme", "app", "releases", "download", "v1.2.3")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tool_linux_amd64"), []byte("bytes"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		code int
		body string
	}{
		"/acme/app/releases/download/v1.2.3/tool_linux_amd64": {http.StatusOK, "bytes"},
		"/acme/app/releases/download/v1.2.3/nothing":          {http.StatusNotFound, ""},
		"/acme/app/releases/download/v1.2.3/..":               {http.StatusBadRequest, ""},
		"/acme/app.git/config":                                {http.StatusUnauthorized, ""},
	} {
		r, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if r.StatusCode != want.code || want.body != "" && string(body) != want.body {
			t.Errorf("%s: %s %q", path, r.Status, body)
		}
	}
}

func TestParseAccounts(t *testing.T) {
	for _, bad := range []string{"", "token", "token dana", "token dana admin"} {
		if got, err := parseAccounts(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
	got, err := parseAccounts(tokens)
	if err != nil || len(got) != 3 || !got["secret-of-dana"].write || got["secret-of-runner"].write {
		t.Errorf("%v, %v", got, err)
	}
}
