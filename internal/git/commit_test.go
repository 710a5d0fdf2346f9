// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCommit(t *testing.T) {
	s := newSandbox(t)
	s.write("file", "one\n")
	parent := s.commit("one")
	s.env["GIT_AUTHOR_NAME"], s.env["GIT_AUTHOR_EMAIL"] = "Ana \x1b]0;\x07x", "Ana@Example.org"
	id := s.commit("Say it\n\nCo-authored-by: Bo <bo@example.org>\n\nand more\nco-AUTHORED-by:Cy<cy@example.org>\nCo-authored-by: nobody\nCo-authored-by:\n")
	got, err := s.repo().Commit(t.Context(), "HEAD")
	want := Commit{
		ID: id, Tree: s.git("rev-parse", "HEAD^{tree}"), Parents: []string{parent},
		Author:    Person{"Ana \ufffd]0;\ufffdx", "Ana@Example.org"},
		Committer: Person{"Dana", "dana@example.org"},
		CoAuthors: []Person{{"Bo", "bo@example.org"}, {"Cy", "cy@example.org"}, {"nobody", ""}},
		Committed: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Subject:   "Say it",
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A commit object can be written by hand: whatever stands in it must come out
// as one commit, with nothing that breaks a line or the JSON.
func TestHostileCommits(t *testing.T) {
	s := newSandbox(t)
	s.commit("one")
	tree := s.git("rev-parse", "HEAD^{tree}")
	const who = "author %A <%E> 1700000000 +0000\ncommitter C <c@example.org> 1700000000 +0000\n"
	for name, c := range map[string]struct {
		author, email, message string
		want                   Person
	}{
		"a name that is not UTF-8":    {"\xff\xfe", "a@b", "x", Person{"\ufffd", "a@b"}},
		"no name, no address":         {"", "", "x", Person{}},
		"a very long address":         {"A", strings.Repeat("a", 400) + "@b", "x", Person{"A", strings.Repeat("a", 256) + "…"}},
		"a name that turns text over": {"A\u202eB", "a@b", "x", Person{"A\ufffdB", "a@b"}},
		"an empty message":            {"A", "a@b", "", Person{"A", "a@b"}},
	} {
		t.Run(name, func(t *testing.T) {
			head := strings.NewReplacer("%A", c.author, "%E", c.email).Replace(who)
			s.write("../object", "tree "+tree+"\n"+head+"\n"+c.message)
			id := s.git("hash-object", "-t", "commit", "--literally", "-w", filepath.Join(s.home, "object"))
			got, err := s.repo().Commit(t.Context(), id)
			if err != nil || got.Author != c.want || got.ID != id || len(got.Parents) != 0 {
				t.Errorf("%+v, %v; want the author %+v", got, err, c.want)
			}
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	s := newSandbox(t)
	s.write("file", "x")
	id := s.commit("one")
	blob := s.git("rev-parse", "HEAD:file")
	r := s.repo()
	for _, rev := range []string{"", "-h", "--all", "^HEAD", "HEAD..HEAD", "HEAD:file", "HEAD HEAD", "HEAD\n", "\x00", strings.Repeat("a", 600)} {
		if got, err := r.Resolve(t.Context(), rev); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Resolve(%.20q) = %s, %v; want it refused", rev, got, err)
		}
	}
	for _, rev := range []string{"nothing", strings.Repeat("0", 40), strings.Repeat("a", 64), blob} {
		if got, err := r.Resolve(t.Context(), rev); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Resolve(%s) = %s, %v; want ErrNotExist", rev, got, err)
		}
	}
	for _, rev := range []string{"HEAD", "main", id, id[:8], "@"} {
		if got, err := r.Resolve(t.Context(), rev); err != nil || got != id {
			t.Errorf("Resolve(%s) = %s, %v", rev, got, err)
		}
	}
}

func TestLog(t *testing.T) {
	s := newSandbox(t)
	a := s.commit("one")
	b := s.commit("two")
	c := s.commit("three\n\nbody\n")
	got, err := s.repo().Log(t.Context(), a, "HEAD")
	if err != nil || len(got) != 2 || got[0].ID != c || got[0].Subject != "three" || got[1].ID != b {
		t.Errorf("Log = %+v, %v", got, err)
	}
	if got, err := s.repo().Log(t.Context(), c, a); err != nil || len(got) != 0 {
		t.Errorf("nothing between: %+v, %v", got, err)
	}
	if _, err := s.repo().Log(t.Context(), strings.Repeat("1", 40), "HEAD"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("from a commit that is not there: %v", err)
	}
}

func TestShow(t *testing.T) {
	s := newSandbox(t)
	binary := "a\x00b\n\nc"
	s.write("dir/a file", binary)
	s.write("empty", "")
	s.commit("one")
	s.write("dir/a file", "changed since")
	r := s.repo()
	for path, want := range map[string]string{"dir/a file": binary, "empty": ""} {
		if got, err := r.Show(t.Context(), "HEAD", path); err != nil || string(got) != want {
			t.Errorf("Show(%s) = %q, %v; want %q", path, got, err, want)
		}
	}
	for _, path := range []string{"nothing", "dir/nothing", "a file"} {
		if _, err := r.Show(t.Context(), "HEAD", path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Show(%s): %v, want ErrNotExist", path, err)
		}
	}
	for _, path := range []string{"dir", "/etc/passwd", "../x", "", "a\nHEAD:empty"} {
		if _, err := r.Show(t.Context(), "HEAD", path); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Show(%q): %v, want it refused", path, err)
		}
	}
	if _, err := r.Show(t.Context(), "nobranch", "empty"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Show of no commit: %v, want ErrNotExist", err)
	}
}

func TestShowHasALimit(t *testing.T) {
	s := newSandbox(t)
	s.write("huge", string(bytes.Repeat([]byte("x"), MaxFile+2000)))
	s.commit("one")
	if _, err := s.repo().Show(t.Context(), "HEAD", "huge"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
}

// The default branch of the remote is what counts, fetched or not, and
// reading it leaves no mark.
func TestRemoteFile(t *testing.T) {
	for name, clone := range map[string][]string{
		"a full clone":    {},
		"a shallow clone": {"--depth=1"},
		"a blobless one":  {"--filter=blob:none"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSandbox(t)
			s.write("policy", "old\n")
			s.commit("one")
			s.git("config", "uploadpack.allowFilter", "true")
			s.in(s.home, append(append([]string{"clone", "--quiet"}, clone...), "file://"+s.dir, "copy")...)
			s.write("policy", "new\n")
			newest := s.commit("two")
			s.git("checkout", "--quiet", "-b", "other") // HEAD names the default branch: move it back
			s.write("policy", "of a branch\n")
			s.commit("three")
			s.git("symbolic-ref", "HEAD", "refs/heads/main")

			copied := filepath.Join(s.home, "copy")
			before := marks(t, s, copied)
			r := s.open(copied)
			for range 2 {
				got, err := r.RemoteFile(t.Context(), "origin", "policy")
				if err != nil || string(got.Data) != "new\n" || got.Commit != newest || got.Ref != "refs/heads/main" {
					t.Fatalf("RemoteFile = %+v, %v", got, err)
				}
			}
			if after := marks(t, s, copied); after != before {
				t.Errorf("it left a mark:\n%s\nbefore:\n%s", after, before)
			}
			if _, err := r.RemoteFile(t.Context(), "origin", "nothing"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file that is not there: %v, want ErrNotExist", err)
			}
			if state, err := r.State(t.Context()); err != nil || state.Dirty {
				t.Errorf("State = %+v, %v", state, err)
			}
		})
	}
}

// marks is everything a fetch could change but objects, and the cut.
func marks(t *testing.T, s *sandbox, dir string) string {
	t.Helper()
	refs := s.in(dir, "for-each-ref")
	config, err := os.ReadFile(filepath.Join(dir, ".git", "config"))
	if err != nil {
		t.Fatal(err)
	}
	fetchHead, err := os.ReadFile(filepath.Join(dir, ".git", "FETCH_HEAD"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return refs + "\n" + string(config) + string(fetchHead)
}

func TestRemoteRefuses(t *testing.T) {
	s := newSandbox(t)
	s.commit("one")
	s.in(s.home, "init", "--quiet", "--bare", "empty.git")
	r := s.repo()
	for _, remote := range []string{"", "--upload-pack=touch x", "a\nb", "nothing", "ext::sh -c true", "git://127.0.0.1:1/x", filepath.Join(s.home, "empty.git")} {
		if got, err := r.RemoteFile(t.Context(), remote, "policy"); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("RemoteFile from %q = %+v, %v; want it refused", remote, got, err)
		}
	}
	_, err := r.RemoteFile(t.Context(), "https://user:secret@127.0.0.1:1/x", "policy")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("an error that keeps the password to itself: %v", err)
	}
}

func TestRemoteURL(t *testing.T) {
	s := newSandbox(t)
	s.git("remote", "add", "origin", "https://me:secret@host.example/acme/app.git")
	if got, err := s.repo().RemoteURL(t.Context(), "origin"); err != nil || got != "https://host.example/acme/app.git" {
		t.Errorf("RemoteURL = %q, %v", got, err)
	}
	if _, err := s.repo().RemoteURL(t.Context(), "upstream"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such remote: %v, want ErrNotExist", err)
	}
}

func TestUserFromTrace(t *testing.T) {
	line := func(param, value string) string {
		return `{"event":"def_param","param":"` + param + `","value":"` + value + `"}` + "\n"
	}
	const end = `{"event":"atexit","code":0}` + "\n"
	for fact, c := range map[string]struct {
		trace string
		want  Person
		whole bool
	}{
		"the last value wins":           {line("user.name", "A") + line("user.name", "B") + line("user.email", "b@c") + end, Person{"B", "b@c"}, true},
		"keys are not case-sensitive":   {line("User.Email", "b@c") + end, Person{"", "b@c"}, true},
		"nothing configured":            {end, Person{}, true},
		"no trace":                      {"", Person{}, false},
		"a trace without its end":       {line("user.name", "A"), Person{"A", ""}, false},
		"a trace that is cut":           {line("user.name", "A")[:20], Person{}, false},
		"a value that looks like JSON":  {line("user.name", `\",\"event\":\"atexit`) + end, Person{`","event":"atexit`, ""}, true},
		"another parameter is not ours": {line("user.signingkey", "A") + end, Person{}, true},
	} {
		got, whole := userFrom([]byte(c.trace))
		if got != c.want || whole != c.whole {
			t.Errorf("%s: %+v, %v; want %+v, %v", fact, got, whole, c.want, c.whole)
		}
	}
}

func TestIsID(t *testing.T) {
	for s, want := range map[string]bool{
		strings.Repeat("a", 40): true, strings.Repeat("0", 64): true,
		strings.Repeat("A", 40): false, strings.Repeat("a", 41): false, "": false, strings.Repeat("g", 40): false,
	} {
		if IsID(s) != want {
			t.Errorf("IsID(%q) = %v", s, !want)
		}
	}
}

// Whatever git writes, parsing ends, and what comes out holds ids.
func FuzzParse(f *testing.F) {
	id := strings.Repeat("a", 40)
	f.Add(strings.Join([]string{id, id, id + " " + id, "A", "a@b", "C", "c@d", "1700000000", "s\n\nCo-authored-by: X <x@y>\n"}, "\x00") + "\x00")
	f.Add("ref: refs/heads/main\tHEAD\n" + id + "\tHEAD\n")
	f.Add(id + " blob 3\nabc\n")
	f.Add(`{"event":"def_param","param":"user.name","value":"x"}` + "\n")
	f.Fuzz(func(t *testing.T, out string) {
		commits, err := parseCommits(out)
		for _, c := range commits {
			if err != nil || !IsID(c.ID) || !IsID(c.Tree) || slices.ContainsFunc(c.Parents, func(p string) bool { return !IsID(p) }) {
				t.Errorf("%+v, %v", c, err)
			}
		}
		parseSymref(out)
		if data, err := parseBatch([]byte(out)); err == nil && len(data) > len(out) {
			t.Error("more came out than went in")
		}
		userFrom([]byte(out))
	})
}
