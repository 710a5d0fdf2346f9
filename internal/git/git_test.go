// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A sandbox is a home of its own with a repository "work" in it.
type sandbox struct {
	*testing.T
	home, dir string
	env       map[string]string
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &sandbox{T: t, home: home, dir: filepath.Join(home, "work"), env: map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": home,
	}}
	s.write(filepath.Join(home, ".gitconfig"), "[user]\nname = Dana\nemail = dana@example.org\n[init]\ndefaultBranch = main\n[protocol \"file\"]\nallow = always\n")
	s.in(home, "init", "--quiet", "work")
	return s
}

func (s *sandbox) in(dir string, args ...string) string {
	s.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{"LC_ALL=C", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z"}
	for k, v := range s.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func (s *sandbox) git(args ...string) string { s.Helper(); return s.in(s.dir, args...) }

func (s *sandbox) write(file, text string) {
	s.Helper()
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.dir, file)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *sandbox) commit(message string, more ...string) string {
	s.Helper()
	s.git("add", "--all")
	s.git(append([]string{"commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--message", message}, more...)...)
	return s.git("rev-parse", "HEAD")
}

func (s *sandbox) open(dir string) *Repo {
	s.Helper()
	r, err := Open(dir, func(name string) string { return s.env[name] })
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func (s *sandbox) repo() *Repo { s.Helper(); return s.open(s.dir) }

// Open finds without a process what git itself finds.
func TestOpenAgreesWithGit(t *testing.T) {
	s := newSandbox(t)
	s.write("sub/deep/file", "x")
	s.commit("one")
	s.git("worktree", "add", "--quiet", "../linked")
	s.in(s.home, "clone", "--quiet", "--separate-git-dir=elsewhere.git", "work", "apart")
	s.in(s.home, "init", "--quiet", "outer")
	s.in(filepath.Join(s.home, "outer"), "submodule", "--quiet", "add", s.dir, "module")
	if err := os.Symlink(filepath.Join(s.dir, "sub"), filepath.Join(s.home, "link")); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{
		"the top":               s.dir,
		"a folder below":        filepath.Join(s.dir, "sub", "deep"),
		"a linked worktree":     filepath.Join(s.home, "linked"),
		"a separate git folder": filepath.Join(s.home, "apart"),
		"a submodule":           filepath.Join(s.home, "outer", "module"),
		"a link into it":        filepath.Join(s.home, "link", "deep"),
	} {
		t.Run(name, func(t *testing.T) {
			r := s.open(dir)
			if want := s.in(dir, "rev-parse", "--show-toplevel"); r.TopLevel != want {
				t.Errorf("TopLevel = %s, git says %s", r.TopLevel, want)
			}
			if want := s.in(dir, "rev-parse", "--path-format=absolute", "--git-common-dir"); r.CommonDir != want {
				t.Errorf("CommonDir = %s, git says %s", r.CommonDir, want)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	s := newSandbox(t)
	outside := t.TempDir()
	if _, err := Open(outside, os.Getenv); !errors.Is(err, ErrNoCheckout) {
		t.Errorf("outside of a checkout: %v, want ErrNoCheckout", err)
	}
	if _, err := Open(filepath.Join(outside, "nowhere"), os.Getenv); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v, want ErrNotExist", err)
	}
	for name, text := range map[string]string{
		"not a pointer": "hello",
		"empty":         "",
		"two lines":     "gitdir: a\nb\n",
		"huge":          "gitdir: " + strings.Repeat("a", 9<<10),
	} {
		bad := filepath.Join(s.home, "bad "+name)
		s.write(filepath.Join(bad, ".git"), text)
		if _, err := Open(bad, os.Getenv); err == nil {
			t.Errorf("a .git file that is %s was taken", name)
		}
	}
	// An empty .git folder is none, as for git: the search goes on above.
	inner := filepath.Join(s.dir, "inner")
	if err := os.MkdirAll(filepath.Join(inner, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := s.open(inner).TopLevel; got != s.dir {
		t.Errorf("an empty .git folder ended the search at %s", got)
	}
}

func TestState(t *testing.T) {
	s := newSandbox(t)
	ctx := t.Context()
	if _, err := s.repo().State(ctx); !errors.Is(err, ErrNoCommit) {
		t.Fatalf("before the first commit: %v, want ErrNoCommit", err)
	}
	s.write("file", "one\n")
	s.write("odd\nname \xff", "one\n")
	s.commit("one")
	s.in(s.home, "clone", "--quiet", "work", "other")
	s.in(s.dir, "submodule", "--quiet", "add", filepath.Join(s.home, "other"), "module")
	head := s.commit("two")
	for _, c := range []struct {
		fact  string
		do    func()
		dirty bool
		ref   string
	}{
		{"clean", func() {}, false, "refs/heads/main"},
		{"an untracked file does not count", func() { s.write("new", "x") }, false, "refs/heads/main"},
		{"a touched file with the same content is not dirty", func() { s.write("file", "one\n") }, false, "refs/heads/main"},
		{"a change inside of a submodule does not count", func() { s.write("module/file", "two\n") }, false, "refs/heads/main"},
		{"a changed file", func() { s.write("file", "two\n") }, true, "refs/heads/main"},
		{"a staged change", func() { s.git("add", "file") }, true, "refs/heads/main"},
		{"back again", func() { s.git("checkout", "--quiet", "HEAD", "file") }, false, "refs/heads/main"},
		{"a submodule at another commit", func() {
			s.in(filepath.Join(s.dir, "module"), "commit", "--quiet", "--all", "--message", "there")
		}, true, "refs/heads/main"},
		{"a removed file, on a branch named like an option", func() {
			s.git("submodule", "--quiet", "update", "--force")
			s.git("checkout", "--quiet", "-b", "a/b#c")
			if err := os.Remove(filepath.Join(s.dir, "file")); err != nil {
				t.Fatal(err)
			}
		}, true, "refs/heads/a/b#c"},
		{"detached", func() {
			s.git("checkout", "--quiet", "--", "file")
			s.git("checkout", "--quiet", "--detach")
		}, false, ""},
	} {
		c.do()
		got, err := s.repo().State(ctx)
		if want := (State{Head: head, Ref: c.ref, Dirty: c.dirty}); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", c.fact, got, err, want)
		}
		ref, err := s.repo().Ref(ctx)
		if err != nil || ref != c.ref {
			t.Errorf("%s: Ref = %q, %v", c.fact, ref, err)
		}
	}
}

func TestFacts(t *testing.T) {
	s := newSandbox(t)
	ctx := t.Context()
	if _, err := s.repo().Facts(ctx); !errors.Is(err, ErrNoCommit) {
		t.Fatalf("before the first commit: %v, want ErrNoCommit", err)
	}
	root := s.commit("root")
	// A history grafted on by a merge has a root of its own, which is not ours.
	s.git("checkout", "--quiet", "--orphan", "stranger")
	s.commit("another root")
	s.git("checkout", "--quiet", "main")
	s.git("merge", "--quiet", "--allow-unrelated-histories", "--no-edit", "stranger")
	head := s.git("rev-parse", "HEAD")
	want := Facts{State: State{Head: head, Ref: "refs/heads/main"}, Root: root, User: Person{"Dana", "dana@example.org"}}

	r := s.repo()
	if got, err := r.Facts(ctx); err != nil || got != want {
		t.Fatalf("Facts = %+v, %v; want %+v", got, err, want)
	}
	if got, err := r.RootCommit(ctx); err != nil || got != root {
		t.Errorf("RootCommit = %s, %v; want %s", got, err, root)
	}
	if got, err := r.User(ctx); err != nil || got != want.User {
		t.Errorf("User = %v, %v; want %v", got, err, want.User)
	}

	s.git("config", "user.email", "  work@example.org\n")
	s.git("config", "user.name", "Dana \x1b[31m")
	want.User = Person{"Dana \ufffd[31m", "work@example.org"}
	if got, err := r.Facts(ctx); err != nil || got != want {
		t.Errorf("the checkout's own user, cleaned: %+v, %v; want %+v", got.User, err, want.User)
	}
	if got, err := r.User(ctx); err != nil || got != want.User {
		t.Errorf("the same without the trace: %+v, %v; want %+v", got, err, want.User)
	}
}

func TestShallowCloneHasNoRoot(t *testing.T) {
	s := newSandbox(t)
	s.commit("one")
	s.commit("two")
	s.in(s.home, "clone", "--quiet", "--depth=1", "file://"+s.dir, "cut")
	r := s.open(filepath.Join(s.home, "cut"))
	if _, err := r.Facts(t.Context()); !errors.Is(err, ErrShallow) {
		t.Errorf("Facts: %v, want ErrShallow", err)
	}
	if _, err := r.RootCommit(t.Context()); !errors.Is(err, ErrShallow) {
		t.Errorf("RootCommit: %v, want ErrShallow", err)
	}
}

// What the checkout or the caller's environment could use to change what we
// read, or to run something of its own.
func TestNothingElseIsRunOrRead(t *testing.T) {
	s := newSandbox(t)
	s.write("file", "one\n")
	first := s.commit("one")
	second := s.commit("two")
	trap := filepath.Join(s.home, "trap")
	s.write(trap, "#!/bin/sh\ntouch "+trap+".sprung\n")
	if err := os.Chmod(trap, 0o755); err != nil {
		t.Fatal(err)
	}
	s.git("replace", second, first)
	s.write(".git/info/grafts", second+"\n")
	for _, key := range []string{"core.fsmonitor", "core.pager", "core.askPass", "gpg.program", "diff.external", "core.editor"} {
		s.git("config", key, trap)
	}
	s.git("config", "log.showSignature", "true")
	for _, hook := range []string{"post-index-change", "reference-transaction", "fsmonitor-watchman"} {
		s.write(".git/hooks/"+hook, "#!/bin/sh\ntouch "+trap+".sprung\n")
		if err := os.Chmod(filepath.Join(s.dir, ".git/hooks", hook), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"GIT_DIR": s.home, "GIT_WORK_TREE": s.home, "GIT_INDEX_FILE": trap, "GIT_EXTERNAL_DIFF": trap,
		"GIT_SSH_COMMAND": trap, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.email", "GIT_CONFIG_VALUE_0": "eve@example.org",
		"GIT_CONFIG_GLOBAL": trap, "GIT_OBJECT_DIRECTORY": s.home, "LC_ALL": "de_DE.UTF-8", "HTTPS_PROXY": "http://eve.example",
	} {
		s.env[name] = value
	}
	s.write("file", "changed\n")
	facts, err := s.repo().Facts(t.Context())
	want := Facts{State: State{Head: second, Ref: "refs/heads/main", Dirty: true}, Root: first, User: Person{"Dana", "dana@example.org"}}
	if err != nil || facts != want {
		t.Errorf("Facts = %+v, %v; want %+v", facts, err, want)
	}
	c, err := s.repo().Commit(t.Context(), "HEAD")
	if err != nil || c.Subject != "two" || !slices.Equal(c.Parents, []string{first}) {
		t.Errorf("Commit = %+v, %v; want the one that is really there", c, err)
	}
	if _, err := os.Stat(trap + ".sprung"); err == nil {
		t.Error("a program of the checkout was run")
	}
}

func TestErrorsSayWhatGitSaid(t *testing.T) {
	s := newSandbox(t)
	s.commit("one")
	r := s.repo()
	_, err := r.git(t.Context(), "cat-file", "blob", "HEAD")
	if want := (*Error)(nil); !errors.As(err, &want) || !strings.Contains(err.Error(), "git cat-file: ") || strings.Contains(err.Error(), "fatal") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.State(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	_, err = r.run(t.Context(), call{args: []string{"cat-file", "commit", "HEAD"}, limit: 10})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the limit: %v, want ErrTooLarge", err)
	}
	s.env["PATH"] = ""
	t.Setenv("PATH", t.TempDir())
	if _, err := s.repo().State(t.Context()); !errors.Is(err, ErrNoGit) {
		t.Errorf("without git: %v, want ErrNoGit", err)
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"https://user:pass@host/x":             "https://host/x",
		"fatal: 'https://tok@host/x' is wrong": "fatal: 'https://host/x' is wrong",
		"ssh://git@host/x":                     "ssh://host/x",
		"git@host:x":                           "git@host:x",
		"https://host/a@b":                     "https://host/a@b",
	} {
		if got := Redact(in); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":        "plain",
		"a\x00b\nc":    "a\ufffdb\ufffdc",
		"\xff":         "\ufffd",
		"a\u202eb":     "a\ufffdb",
		"123456789":    "12345678…",
		"äöüäöüäöüäöü": "äöüäöüäö…",
	} {
		if got := clean(in, 8); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}
