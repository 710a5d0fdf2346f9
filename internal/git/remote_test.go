// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/git/gittest"
)

func TestRemoteOfACheckout(t *testing.T) {
	s := newSandbox(t)
	s.git("remote", "add", "origin", "https://host.example/team/app.git")
	s.git("remote", "add", "apart", "https://host.example/read.git")
	s.git("remote", "set-url", "--push", "apart", "git@host.example:write.git")
	s.git("remote", "add", "short", "acme:app")
	s.git("remote", "add", "near", "../near.git")
	s.git("remote", "add", "user", "https://robot:s3cret@host.example/x.git")
	s.git("config", "remote.option.url", "--upload-pack=touch")
	s.in(s.home, "config", "--global", "url.https://acme.example/.insteadOf", "acme:")
	s.in(s.home, "config", "--global", "url.ssh://git@acme.example/.pushInsteadOf", "acme:")
	for name, want := range map[string]Remote{
		"origin":                     {URL: "https://host.example/team/app.git", PushURL: "https://host.example/team/app.git"},
		"apart":                      {URL: "https://host.example/read.git", PushURL: "git@host.example:write.git"},
		"short":                      {URL: "https://acme.example/app", PushURL: "ssh://git@acme.example/app"},
		"near":                       {URL: filepath.Join(s.home, "near.git"), PushURL: filepath.Join(s.home, "near.git")},
		"user":                       {URL: "https://robot:s3cret@host.example/x.git", PushURL: "https://robot:s3cret@host.example/x.git"},
		"https://host.example/y.git": {URL: "https://host.example/y.git"},
		"host.example:y.git":         {URL: "host.example:y.git"},
		"../y.git":                   {URL: filepath.Join(s.home, "y.git")},
		"/srv/y.git":                 {URL: "/srv/y.git"},
		"file:///srv/y.git":          {URL: "file:///srv/y.git"},
	} {
		got, err := s.repo().Remote(t.Context(), name)
		if err != nil || got.URL != want.URL || got.PushURL != want.PushURL || len(notOfSystem(t, got.Settings)) != 0 {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
	if _, err := s.repo().Remote(t.Context(), "nobody"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nobody: %v, want fs.ErrNotExist", err)
	}
	for _, name := range []string{"", "--all", "option", "a b", "-c:x"} {
		if got, err := s.repo().Remote(t.Context(), name); err == nil {
			t.Errorf("%q was taken: %+v", name, got)
		}
	}
}

// The settings that say how to get in come from everywhere that git reads
// them in the checkout, in git's order; nothing else does.
func TestRemoteSettings(t *testing.T) {
	s := newSandbox(t)
	s.git("remote", "add", "origin", "https://host.example/app.git")
	s.in(s.home, "config", "--global", "credential.helper", "store --file=x")
	s.in(s.home, "config", "--global", "http.proxy", "http://proxy.example:3128")
	s.in(s.home, "config", "--global", "http.postBuffer", "1")
	s.git("config", "http.sslCAInfo", "/ca.pem")
	s.git("config", "http.cookieFile", "/cookies")
	s.git("config", "--add", "http.https://host.example/.extraheader", "")
	s.git("config", "--add", "http.https://host.example/.extraheader", "AUTHORIZATION: basic bG9j\nnot a line")
	s.git("config", "core.sshCommand", "ssh -i key")
	s.git("config", "core.editor", "vi")
	s.git("config", "remote.origin.proxy", "http://x")
	s.git("config", "user.signingKey", "x")
	s.write(".git/config", readText(t, s.dir+"/.git/config")+"[http]\n\tsslVerify\n")
	// As a newer checkout action has it: the header in a file of its own,
	// included for this folder.
	s.write(filepath.Join(s.home, "creds"), "[http \"https://host.example/\"]\n\textraheader = AUTHORIZATION: basic aW5j\n")
	s.git("config", "includeIf.gitdir:"+s.dir+"/.git.path", filepath.Join(s.home, "creds"))
	s.git("config", "includeIf.gitdir:/elsewhere/.git.path", filepath.Join(s.home, "other"))

	got, err := s.repo().Remote(t.Context(), "origin")
	want := []Setting{
		{"credential.helper", "store --file=x"},
		{"http.proxy", "http://proxy.example:3128"},
		{"core.sshcommand", "ssh -i key"},
		{"http.sslcainfo", "/ca.pem"},
		{"http.https://host.example/.extraheader", ""},
		{"http.https://host.example/.extraheader", "AUTHORIZATION: basic bG9j\nnot a line"},
		{"http.sslverify", "true"},
		{"http.https://host.example/.extraheader", "AUTHORIZATION: basic aW5j"},
	}
	if settings := notOfSystem(t, got.Settings); err != nil || !slices.Equal(settings, want) {
		t.Errorf("settings %q, %v; want %q", settings, err, want)
	}
}

// notOfSystem leaves out what this machine's administrator has set.
func notOfSystem(t *testing.T, settings []Setting) []Setting {
	t.Helper()
	system, _ := execGit(t, t.TempDir(), "config", "--system", "--includes", "-z", "--list")
	return slices.DeleteFunc(settings, func(s Setting) bool {
		return strings.Contains(system, s.Key+"\n"+s.Value+"\x00")
	})
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := readShort(file, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A checkout's remote is all a cache needs: with what it says, it gets in
// where only the checkout's header is let in, and the user's own settings
// neither help nor disturb.
func TestCheckoutToCache(t *testing.T) {
	t.Parallel()
	server := gittest.Serve(t, gittest.Options{Authorization: "Bearer t0ken"})
	checkout := gittest.Clone(t, server)
	home := t.TempDir()
	config := "[http]\n\textraheader = Authorization: Bearer wrong\n[url \"http://127.0.0.1:1/\"]\n\tinsteadOf = http://127\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	repo, err := Open(checkout, homeless(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	r, err := repo.Remote(t.Context(), "origin")
	if err != nil || r.URL != server.URL || len(notOfSystem(t, slices.Clone(r.Settings))) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	b, err := OpenBare(t.Context(), filepath.Join(t.TempDir(), "cache"), homeless(home))
	if err != nil {
		t.Fatal(err)
	}
	id := draft(t, b, map[string]string{"a": "1"})
	push(t, b, r, Update{Ref: logRef, New: id})
	if got := fetch(t, b, r, logRef); got[logRef] != id {
		t.Errorf("%v", got)
	}
	r.Settings = nil
	if _, err := b.Fetch(t.Context(), r, logRef); !errors.Is(err, ErrRemote) || strings.Contains(fmt.Sprint(err), "wrong") {
		t.Errorf("with the user's own settings: %v", err)
	}
}
