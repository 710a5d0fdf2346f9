// SPDX-License-Identifier: Apache-2.0

package subject

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git"
)

// tree writes files below a new folder; a name that ends in a slash is an
// empty folder.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

func TestResolve(t *testing.T) {
	root := tree(t, map[string]string{"dist/app": "bytes", "dist/sub/x": "x", "empty": ""})
	outside := tree(t, map[string]string{"tool": "bytes"})
	if err := os.Symlink(filepath.Join(root, "dist"), filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("app", filepath.Join(root, "dist", "latest")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	hex64, hex128 := strings.Repeat("ab", 32), strings.Repeat("cd", 64)
	for arg, want := range map[string]struct{ name, alg, hex string }{
		"dist/app":                         {"dist/app", "sha256", sum("bytes")},
		"./dist/../dist/app":               {"dist/app", "sha256", sum("bytes")},
		filepath.Join(root, "dist", "app"): {"dist/app", "sha256", sum("bytes")},
		"link/app":                         {"dist/app", "sha256", sum("bytes")},
		"dist/latest":                      {"dist/latest", "sha256", sum("bytes")},
		filepath.Join(outside, "tool"):     {"tool", "sha256", sum("bytes")},
		"empty":                            {"empty", "sha256", sum("")},
		"dist/sub":                         {"dist/sub", "dirHash1", sum(sum("x") + "  x\n")},
		"dist/sub/":                        {"dist/sub", "dirHash1", sum(sum("x") + "  x\n")},
		"ghcr.io/acme/app@sha256:" + hex64: {"ghcr.io/acme/app", "sha256", hex64},
		"app:v1@sha512:" + hex128:          {"app:v1", "sha512", hex128},
		"a@b@sha256:" + hex64:              {"a@b", "sha256", hex64},
		"tree@dirHash1:" + hex64:           {"tree", "dirHash1", hex64},
		"source@gitCommit:" + hex128[:40]:  {"source", "gitCommit", hex128[:40]},
	} {
		s, err := Resolve(t.Context(), arg, root)
		if err != nil || s.Name != want.name || len(s.Digest) != 1 || s.Digest[want.alg] != want.hex {
			t.Errorf("Resolve(%s) = %+v, %v; want %+v", arg, s, err, want)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	root := tree(t, map[string]string{"a\nb": "x", "\xff": "x", "a\u202eb": "x", "hollow/": ""})
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	hex64 := strings.Repeat("ab", 32)
	for fact, arg := range map[string]string{
		"nothing there":              "dist/nothing",
		"an empty argument":          "",
		"no name before the digest":  "@sha256:" + hex64,
		"a short digest":             "app@sha256:abcd",
		"an upper-case digest":       "app@sha256:" + strings.ToUpper(hex64),
		"an algorithm nobody knows":  "app@sha3:" + hex64,
		"a weak algorithm":           "app@md5:" + hex64[:32],
		"a name that ends the line":  "a\nb",
		"a name that is not UTF-8":   "\xff",
		"a name that turns around":   "a\u202eb",
		"a printed name of an image": "a\x1b[2J@sha256:" + hex64,
		"a very long name":           strings.Repeat("a", 2000) + "@sha256:" + hex64,
		"a pipe":                     "pipe",
		"a device":                   "/dev/null",
		"a folder without a file":    "hollow",
	} {
		if s, err := Resolve(t.Context(), arg, root); !errors.Is(err, ErrSubject) {
			t.Errorf("%s: %+v, %v; want ErrSubject", fact, s, err)
		}
	}
}

func TestResolveCommit(t *testing.T) {
	root := tree(t, map[string]string{"file": "x"})
	t.Setenv("HOME", root)
	t.Setenv("XDG_CONFIG_HOME", "")
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git", append([]string{"-C", root, "-c", "user.name=D", "-c", "user.email=d@example.org"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if _, err := Resolve(t.Context(), "git:HEAD", root); !errors.Is(err, git.ErrNoCheckout) {
		t.Errorf("outside of a checkout: %v", err)
	}
	run("init", "--quiet")
	run("add", "--all")
	run("commit", "--quiet", "--message", "one")
	id := run("rev-parse", "HEAD")
	for _, arg := range []string{"git:HEAD", "git:" + id, "git:" + id[:10]} {
		s, err := Resolve(t.Context(), arg, root)
		if err != nil || s.Name != "git:"+id || s.Digest["gitCommit"] != id {
			t.Errorf("Resolve(%s) = %+v, %v", arg, s, err)
		}
	}
	for _, arg := range []string{"git:", "git:nothing", "git:-h", "git:HEAD:file"} {
		if _, err := Resolve(t.Context(), arg, root); !errors.Is(err, ErrSubject) {
			t.Errorf("Resolve(%s): %v, want ErrSubject", arg, err)
		}
	}
}

func TestResolveAll(t *testing.T) {
	root := tree(t, map[string]string{"a": "x", "b": "x"})
	elsewhere := tree(t, map[string]string{"a": "y"})
	t.Chdir(root)
	if got, err := ResolveAll(t.Context(), []string{"b", "a"}, root); err != nil || len(got) != 2 || got[0].Name != "b" {
		t.Errorf("two files of the same bytes: %+v, %v", got, err)
	}
	if _, err := ResolveAll(t.Context(), nil, root); !errors.Is(err, ErrNone) {
		t.Errorf("none: %v, want ErrNone", err)
	}
	for fact, args := range map[string][]string{
		"the same file twice":        {"a", "./a"},
		"two files of the same name": {"a", filepath.Join(elsewhere, "a")},
		"one that is not there":      {"a", "c"},
	} {
		if got, err := ResolveAll(t.Context(), args, root); !errors.Is(err, ErrSubject) {
			t.Errorf("%s: %+v, %v; want ErrSubject", fact, got, err)
		}
	}
}

// The digest is what the in-toto specification says one gets by hand.
func TestFolderIsWhatTheShellSays(t *testing.T) {
	root := tree(t, map[string]string{
		"b": "two\n", "a/c": "three\n", "a.b": "dot sorts before slash\n", "A": "upper case first\n",
		"empty": "", "a/d/e/f": strings.Repeat("long ", 100000), "ünïcode": "x", ".hidden": "counts too", "hollow/": "",
	})
	cmd := exec.Command("sh", "-c", "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d' '")
	cmd.Dir = root
	want, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Folder(t.Context(), root)
	if err != nil || got != strings.TrimSpace(string(want)) {
		t.Errorf("Folder = %s, %v; the shell says %s", got, err, want)
	}
}

// The published example of the specification: three files of a module.
func TestFolderPublishedVector(t *testing.T) {
	lines := "3a137eef6458bfb76bb2c63fc29ffc7166604d2d2e09ed9d8250a534122a8364  github.com/marklodato/go-hello-world@v0.0.1/README.md\n" +
		"28e7c942a036902d981759d0bf5704d2bfc7cb500caf68b84711b234af01c6a5  github.com/marklodato/go-hello-world@v0.0.1/go.mod\n" +
		"ddc4da627d9a9f45fb29641a1b185d6f53287ecfd921aacbf4fe54b7a86fe8d1  github.com/marklodato/go-hello-world@v0.0.1/main.go\n"
	if got, want := sum(lines), "2a1bb6127fb481c60f67692e22285fb306f3c6ffe62075e0ccf674d7c3adcb8f"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestFolderCovers(t *testing.T) {
	base := map[string]string{"a": "one", "d/b": "two"}
	digest := func(files map[string]string, change func(root string)) string {
		t.Helper()
		root := tree(t, files)
		if change != nil {
			change(root)
		}
		got, err := Folder(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := digest(base, nil)
	for fact, c := range map[string]struct {
		files  map[string]string
		change func(root string)
		same   bool
	}{
		"the same files":              {base, nil, true},
		"a changed byte counts":       {map[string]string{"a": "onE", "d/b": "two"}, nil, false},
		"a name counts":               {map[string]string{"A": "one", "d/b": "two"}, nil, false},
		"the folder of a file counts": {map[string]string{"a": "one", "e/b": "two"}, nil, false},
		"one more file counts":        {map[string]string{"a": "one", "d/b": "two", "c": ""}, nil, false},
		"swapped contents count":      {map[string]string{"a": "two", "d/b": "one"}, nil, false},
		"an empty folder does not":    {map[string]string{"a": "one", "d/b": "two", "e/": ""}, nil, true},
		"a mode does not": {base, func(root string) {
			if err := os.Chmod(filepath.Join(root, "a"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, true},
		"a time does not": {base, func(root string) {
			if err := os.Chtimes(filepath.Join(root, "a"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
		}, true},
		"a link is the file it leads to": {map[string]string{"x/real": "one", "d/b": "two"}, nil, false},
	} {
		if got := digest(c.files, c.change); (got == want) != c.same {
			t.Errorf("%s: %s, and %s without", fact, got, want)
		}
	}
	linked := digest(map[string]string{"real": "one"}, func(root string) {
		if err := os.Symlink("real", filepath.Join(root, "alias")); err != nil {
			t.Fatal(err)
		}
	})
	if copied := digest(map[string]string{"real": "one", "alias": "one"}, nil); linked != copied {
		t.Errorf("a link gives %s, a copy %s", linked, copied)
	}
}

func TestFolderRefuses(t *testing.T) {
	outside := tree(t, map[string]string{"secret": "x", "d/x": "x"})
	link := func(to, name string) func(string) error {
		return func(root string) error { return os.Symlink(to, filepath.Join(root, name)) }
	}
	for fact, c := range map[string]struct {
		files map[string]string
		do    func(root string) error
	}{
		"no file":                        {map[string]string{"d/": ""}, nil},
		"a link that leaves":             {nil, link("../../../../../../etc/passwd", "l")},
		"a link to an absolute path":     {nil, link(filepath.Join(outside, "secret"), "l")},
		"a link to a folder outside":     {nil, link(filepath.Join(outside, "d"), "l")},
		"a link to a folder inside":      {map[string]string{"d/x": "x"}, link("d", "l")},
		"a link to itself":               {nil, link("l", "l")},
		"a link that leads nowhere":      {nil, link("nothing", "l")},
		"a link out and in again":        {map[string]string{"f": "x"}, func(root string) error { return os.Symlink("../"+filepath.Base(root)+"/f", filepath.Join(root, "l")) }},
		"a pipe":                         {nil, func(root string) error { return syscall.Mkfifo(filepath.Join(root, "p"), 0o644) }},
		"a socket":                       {nil, func(root string) error { return syscall.Mknod(filepath.Join(root, "s"), syscall.S_IFSOCK|0o644, 0) }},
		"a name with a newline":          {map[string]string{"a\nb": "x"}, nil},
		"a name that is not UTF-8":       {map[string]string{"\xff": "x"}, nil},
		"a folder's name with a newline": {map[string]string{"a\nb/c": "x"}, nil},
		"a repository":                   {map[string]string{".git/HEAD": "x"}, nil},
		"a linked worktree":              {map[string]string{".git": "gitdir: x"}, nil},
		"a ledger":                       {map[string]string{".gateledger/checkpoint": "x"}, nil},
		"too deep":                       {map[string]string{strings.Repeat("d/", 130) + "f": "x"}, nil},
	} {
		t.Run(fact, func(t *testing.T) {
			files := c.files
			if files == nil {
				files = map[string]string{"file": "x"}
			}
			root := tree(t, files)
			if c.do != nil {
				if err := c.do(root); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := Folder(t.Context(), root); !errors.Is(err, ErrSubject) {
				t.Errorf("%s, %v; want ErrSubject", got, err)
			}
		})
	}
}

func TestFileChangesWhileRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// The first read of the content comes after the first look at the file.
	grow := &once{Context: t.Context(), do: func() {
		if err := os.WriteFile(path, bytes.Repeat([]byte("y"), 2<<20), 0o644); err != nil {
			t.Error(err)
		}
	}}
	if sum, err := hashFile(grow, f); !errors.Is(err, ErrChanged) {
		t.Errorf("%s, %v; want ErrChanged", sum, err)
	}
}

func TestFolderChangesWhileRead(t *testing.T) {
	for fact, change := range map[string]func(root string) error{
		"a file came":    func(root string) error { return os.WriteFile(filepath.Join(root, "new"), nil, 0o644) },
		"a file went":    func(root string) error { return os.Remove(filepath.Join(root, "d", "b")) },
		"a file changed": func(root string) error { return os.WriteFile(filepath.Join(root, "d", "b"), []byte("longer"), 0o644) },
	} {
		t.Run(fact, func(t *testing.T) {
			root := tree(t, map[string]string{"a": "one", "d/b": "two"})
			opened, err := os.OpenRoot(root)
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Close()
			before, err := list(t.Context(), opened)
			if err != nil {
				t.Fatal(err)
			}
			if err := change(root); err != nil {
				t.Fatal(err)
			}
			after, err := list(t.Context(), opened)
			if err != nil {
				t.Fatal(err)
			}
			if err := compare(before, after); !errors.Is(err, ErrChanged) {
				t.Errorf("%v, want ErrChanged", err)
			}
		})
	}
}

// once does something the first time anybody asks whether it is done.
type once struct {
	context.Context
	do func()
}

func (o *once) Err() error {
	if o.do != nil {
		o.do()
		o.do = nil
	}
	return o.Context.Err()
}

func TestCanceled(t *testing.T) {
	root := tree(t, map[string]string{"a": "one"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := File(ctx, filepath.Join(root, "a")); !errors.Is(err, context.Canceled) {
		t.Errorf("File: %v", err)
	}
	if _, err := Folder(ctx, root); !errors.Is(err, context.Canceled) {
		t.Errorf("Folder: %v", err)
	}
}

func TestCandidates(t *testing.T) {
	root := tree(t, map[string]string{
		"dist/app": "x", "dist/.hidden": "x", "dist/sub/deep": "x", "target/release/tool": "x", "main.go": "x",
		"app-1.0.tar.gz": "x", "notes.txt": "x", "bin/a\nb": "x", "build/": "", ".git/HEAD": "x",
	})
	want := []string{"app-1.0.tar.gz", "dist/app", "target/release/tool", "git:HEAD"}
	if got := Candidates(root); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Candidates(filepath.Join(root, "nowhere")); len(got) != 0 {
		t.Errorf("%q of nothing", got)
	}
	many := map[string]string{}
	for i := range 50 {
		many["dist/"+strings.Repeat("a", i+1)] = "x"
	}
	if got := Candidates(tree(t, many)); len(got) != maxCandidates-1 || !slices.IsSorted(got) {
		t.Errorf("%d of 50, want the first %d", len(got), maxCandidates-1)
	}
}

// Every candidate can be given to Resolve.
func TestCandidatesResolve(t *testing.T) {
	root := tree(t, map[string]string{"dist/app": "x", "x.zip": "y"})
	t.Chdir(root)
	for _, c := range Candidates(root) {
		if _, err := Resolve(t.Context(), c, root); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
}

// A subject written as text is refused, or comes back the same.
func FuzzResolve(f *testing.F) {
	f.Add("app@sha256:" + strings.Repeat("ab", 32))
	f.Add("git:HEAD")
	f.Add("a@b:c@gitCommit:" + strings.Repeat("ab", 20))
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, arg string) {
		if !strings.Contains(arg, "@") || strings.HasPrefix(arg, "git:") {
			return
		}
		s, err := Resolve(t.Context(), arg, root)
		if err != nil {
			return
		}
		if d := s.Digests(); len(d) != 1 || s.Name+"@"+d[0].String() != arg || checkName(s.Name) != nil {
			t.Errorf("%q became %+v", arg, s)
		}
	})
}
