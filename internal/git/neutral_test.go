// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program is one that leaves a mark when it runs.
func (s *sandbox) program(name, does string) (file string) {
	s.Helper()
	file = filepath.Join(s.home, name)
	s.write(file, "#!/bin/sh\necho "+name+" >>'"+filepath.Join(s.home, "marks")+"'\n"+does+"\n")
	if err := os.Chmod(file, 0o755); err != nil {
		s.Fatal(err)
	}
	return file
}

// marks returns which programs ran since it was asked last.
func (s *sandbox) marks() string {
	s.Helper()
	data, err := os.ReadFile(filepath.Join(s.home, "marks"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Fatal(err)
	}
	os.Remove(filepath.Join(s.home, "marks"))
	return strings.Join(strings.Fields(string(data)), " ")
}

// everything asks all that a Repo can be asked.
func (s *sandbox) everything() {
	s.Helper()
	ctx, r := s.Context(), s.repo()
	_, err1 := r.Facts(ctx)
	_, err2 := r.Commit(ctx, "HEAD")
	_, err3 := r.Show(ctx, "HEAD", "file")
	_, err4 := r.Remote(ctx, "origin")
	f, err5 := r.RemoteFile(ctx, "origin", "file")
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil || string(f.Data) != "there\n" {
		s.Errorf("%q, %v", f.Data, err)
	}
}

// withOrigin is a checkout with a remote that is one commit ahead.
func withOrigin(t *testing.T) *sandbox {
	t.Helper()
	s := newSandbox(t)
	s.write("file", "here\n")
	s.commit("one")
	s.in(s.home, "clone", "--quiet", "work", "there")
	there := filepath.Join(s.home, "there")
	s.write(filepath.Join(there, "file"), "there\n")
	s.in(there, "commit", "--quiet", "--all", "--message", "two")
	s.git("remote", "add", "origin", there)
	return s
}

// No program that the checkout's configuration names runs, wherever in it the
// key stands.
func TestTheCheckoutsProgramsDoNotRun(t *testing.T) {
	keys := []string{
		"core.fsmonitor", "core.pager", "core.askPass", "core.editor", "core.alternateRefsCommand", "core.gitProxy", "core.sshCommand", "credential.helper",
		"diff.external", "diff.x.command", "diff.x.textconv", "gpg.program", "gpg.ssh.program", "uploadpack.packObjectsHook", "sequence.editor",
		"filter.x.clean", "filter.x.process", "filter.x.smudge", "filter.a=b c.clean", "filter.a=b c.process",
		"remote.origin.uploadpack", "remote.origin.receivepack", "hook.mine.command",
	}
	for name, set := range map[string]func(s *sandbox, key, value string){
		"in .git/config":     func(s *sandbox, key, value string) { s.git("config", key, value) },
		"in config.worktree": func(s *sandbox, key, value string) { s.git("config", "--worktree", key, value) },
		"in a file that it includes": func(s *sandbox, key, value string) {
			s.git("config", "include.path", "more")
			s.git("config", "--file", ".git/more", key, value)
		},
		"in one for this folder": func(s *sandbox, key, value string) {
			s.git("config", "includeIf.gitdir:"+s.dir+"/.git.path", "more")
			s.git("config", "--file", ".git/more", key, value)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := withOrigin(t)
			s.write(".git/info/attributes", "* filter=x diff=x\n")
			s.write(".git/objects/info/alternates", filepath.Join(s.home, "there/.git/objects")+"\n")
			if strings.Contains(name, "worktree") {
				s.git("config", "extensions.worktreeConfig", "true")
			}
			for i, key := range keys {
				set(s, key, s.program(fmt.Sprint("p", i), "exit 1"))
			}
			hooks := filepath.Join(s.home, "hooks")
			for _, hook := range []string{"post-index-change", "reference-transaction", "fsmonitor-watchman"} {
				s.write(filepath.Join(hooks, hook), "#!/bin/sh\necho "+hook+" >>'"+filepath.Join(s.home, "marks")+"'\n")
				if err := os.Chmod(filepath.Join(hooks, hook), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			set(s, "core.hooksPath", hooks)
			set(s, "hook.mine.event", "reference-transaction")
			set(s, "filter.x.required", "true")
			set(s, "protocol.ext.allow", "always")
			s.write("file", "here\n") // git must look into it again
			s.everything()
			if ran := s.marks(); ran != "" {
				t.Errorf("ran %s", ran)
			}
			s.git("config", "remote.origin.url", "ext::"+s.program("ext", "exit 1")+" x")
			if _, _, err := s.repo().RemoteHead(t.Context(), "origin"); err == nil || s.marks() != "" {
				t.Errorf("ext:: was taken: %v", err)
			}
		})
	}
}

// A file under a filter of the checkout's own is compared as it is; a filter of
// the user's runs, whatever the checkout says of it.
func TestFilters(t *testing.T) {
	for name, c := range map[string]struct {
		global, local bool
		dirty         bool
		ran           string
	}{
		"nobody's":               {false, false, true, ""},
		"the checkout's own":     {false, true, true, ""},
		"the user's":             {true, false, false, "users"},
		"the user's, overridden": {true, true, false, "users"},
	} {
		t.Run(name, func(t *testing.T) {
			s := withOrigin(t)
			s.write(".git/info/attributes", "file filter=x\n")
			users, theirs := s.program("users", "tr a-z A-Z | sed 's/.*/here/'"), s.program("theirs", "echo here")
			s.write("file", "HERE\n")
			if c.global {
				s.in(s.home, "config", "--global", "filter.x.clean", users)
			}
			if c.local {
				s.git("config", "filter.x.clean", theirs)
			}
			dirty, err := s.repo().Dirty(t.Context())
			if ran := s.marks(); err != nil || dirty != c.dirty || strings.TrimSpace(strings.ReplaceAll(ran, "users users", "users")) != c.ran {
				t.Errorf("dirty %v, ran %q, %v; want %+v", dirty, ran, err, c)
			}
		})
	}
}

// Who needs another program at the other end says so for themselves.
func TestTheUsersUploadPack(t *testing.T) {
	s := withOrigin(t)
	s.git("config", "remote.origin.uploadpack", s.program("theirs", "exit 1"))
	s.in(s.home, "config", "--global", "remote.origin.uploadpack", s.program("users", `exec git-upload-pack "$@"`))
	s.everything()
	if ran := s.marks(); !strings.Contains(ran, "users") || strings.Contains(ran, "theirs") {
		t.Errorf("ran %q", ran)
	}
}

// What is missing in a partial clone is fetched on the way, but not by a
// program of the checkout's.
func TestPartialClone(t *testing.T) {
	s := withOrigin(t)
	there := filepath.Join(s.home, "there")
	s.in(there, "config", "uploadpack.allowFilter", "true")
	s.in(there, "config", "uploadpack.allowAnySHA1InWant", "true")
	s.in(s.home, "clone", "--quiet", "--no-checkout", "--filter=blob:none", "file://"+there, "partial")
	partial := filepath.Join(s.home, "partial")
	s.in(partial, "config", "remote.origin.uploadpack", s.program("theirs", "exit 1"))
	if _, err := s.open(partial).Show(t.Context(), "HEAD", "file"); err == nil || s.marks() != "" {
		t.Errorf("a program of the checkout's ran, or nothing was missing: %v", err)
	}
	s.in(partial, "config", "--unset", "remote.origin.uploadpack")
	if data, err := s.open(partial).Show(t.Context(), "HEAD", "file"); err != nil || string(data) != "there\n" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestNeutralOf(t *testing.T) {
	if _, err := neutralOf("local\x00filter.x.clean\na\x00local\x00"); err == nil {
		t.Error("half an entry was taken")
	}
	var many strings.Builder
	for i := range maxNamed + 1 {
		fmt.Fprintf(&many, "local\x00filter.%d.clean\na\x00", i)
	}
	if _, err := neutralOf(many.String()); err == nil || !strings.Contains(err.Error(), "256") {
		t.Error(err)
	}
	n, err := neutralOf("global\x00filter.x.clean\nmine\x00command\x00filter.y.clean\nb\x00worktree\x00filter.x.clean\n\x00")
	want := "[{filter.x.clean mine} {filter.x.required false} {filter.y.clean } {filter.y.required false}]"
	if err != nil || fmt.Sprint(n.settings) != want || n.stay {
		t.Errorf("%v, %v; want %s", n.settings, err, want)
	}
}
