// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestDir(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Setenv("AppData", `C:\Users\ana\AppData\Roaming`)
		dir, err := Dir(os.Getenv)
		check(t, err)
		if want := `C:\Users\ana\AppData\Roaming\gateledger`; dir != want {
			t.Errorf("Dir = %s, want %s", dir, want)
		}
		return
	}
	for fact, c := range map[string]struct {
		goos      string
		env       map[string]string
		want, err string
	}{
		"home":                      {"linux", map[string]string{"HOME": "/home/ana"}, "/home/ana/.config/gateledger", ""},
		"XDG before home":           {"linux", map[string]string{"HOME": "/home/ana", "XDG_CONFIG_HOME": "/x"}, "/x/gateledger", ""},
		"freebsd is as linux":       {"freebsd", map[string]string{"HOME": "/home/ana"}, "/home/ana/.config/gateledger", ""},
		"macOS":                     {"darwin", map[string]string{"HOME": "/Users/ana", "XDG_CONFIG_HOME": "/x"}, "/Users/ana/Library/Application Support/gateledger", ""},
		"windows":                   {"windows", map[string]string{"AppData": "/Roaming", "HOME": "/x"}, "/Roaming/gateledger", ""},
		"no home":                   {"linux", nil, "", "HOME is not set"},
		"no home on macOS":          {"darwin", nil, "", "HOME is not set"},
		"no AppData":                {"windows", map[string]string{"HOME": "/x"}, "", "AppData is not set"},
		"XDG relative":              {"linux", map[string]string{"HOME": "/home/ana", "XDG_CONFIG_HOME": "conf"}, "", "not an absolute path"},
		"home relative":             {"linux", map[string]string{"HOME": "."}, "", "not an absolute path"},
		"only what the system asks": {"linux", map[string]string{"AppData": "/x"}, "", "HOME is not set"},
	} {
		t.Run(fact, func(t *testing.T) {
			got, err := dirOn(c.goos, func(k string) string { return c.env[k] })
			if c.err != "" {
				wantError(t, err, c.err)
				return
			}
			check(t, err)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestLogKey(t *testing.T) {
	r := newRing(t)
	public, err := r.NewLogKey("q7d4", rand.Reader)
	check(t, err)
	s, err := r.LogSigner("q7d4")
	check(t, err)
	signed, err := note.Sign(&note.Note{Text: "hello\n"}, s)
	check(t, err)
	v, err := note.NewVerifier(public)
	check(t, err)
	if _, err := note.Open(signed, note.VerifierList(v)); err != nil {
		t.Errorf("what the log key signs does not verify: %v", err)
	}
	// Often enough to meet base64 with a plus in it.
	for i := range 40 {
		origin := fmt.Sprint("log", i)
		made, err := r.NewLogKey(origin, rand.Reader)
		check(t, err)
		read, err := r.LogVerifierKey(origin)
		check(t, err)
		if read != made {
			t.Errorf("verifier key was %s, is %s", made, read)
		}
	}
	data, err := os.ReadFile(filepath.Join(r.dir, "log", "q7d4.key"))
	check(t, err)
	if !bytes.HasPrefix(data, []byte("PRIVATE+KEY+q7d4+")) || !bytes.HasSuffix(data, []byte("\n")) {
		t.Errorf("key file is not in note's form: %.20s…", data)
	}
}

func TestEventKey(t *testing.T) {
	r := newRing(t)
	id, err := r.NewEventKey("ci", rand.Reader)
	check(t, err)
	s, err := r.EventSigner("ci")
	check(t, err)
	if !strings.HasPrefix(id, "sha256:") || len(id) != 71 {
		t.Errorf("key id %q", id)
	}
	if _, err := s.Sign([]byte("hello")); err != nil {
		t.Error(err)
	}
	data, err := os.ReadFile(filepath.Join(r.dir, "event", "ci.pem"))
	check(t, err)
	if !bytes.HasPrefix(data, []byte("-----BEGIN PRIVATE KEY-----")) {
		t.Errorf("key file is not PKCS #8: %.30s…", data)
	}
}

// A key is made once: the second time changes nothing and says so.
func TestKeysAreNeverOverwritten(t *testing.T) {
	r := newRing(t)
	_, err := r.NewLogKey("q7d4", rand.Reader)
	check(t, err)
	_, err = r.NewEventKey("ci", rand.Reader)
	check(t, err)
	before := tree(t, r.dir)

	if _, err := r.NewLogKey("q7d4", rand.Reader); !errors.Is(err, ErrExists) {
		t.Errorf("second log key: %v", err)
	}
	if _, err := r.NewEventKey("ci", rand.Reader); !errors.Is(err, ErrExists) {
		t.Errorf("second event key: %v", err)
	}
	// Not even one that is empty, or that somebody else put there.
	empty := filepath.Join(r.dir, "event", "empty.pem")
	check(t, os.WriteFile(empty, nil, 0o644))
	if _, err := r.NewEventKey("empty", rand.Reader); !errors.Is(err, ErrExists) {
		t.Errorf("key over an empty file: %v", err)
	}
	check(t, os.Remove(empty))
	if after := tree(t, r.dir); !slices.Equal(before, after) {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

func TestPrivateHalvesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // permission bits mean nothing there
	}
	r := newRing(t)
	_, err := r.NewLogKey("q7d4", rand.Reader)
	check(t, err)
	_, err = r.NewEventKey("ci", rand.Reader)
	check(t, err)
	check(t, r.Pin("q7d4", []byte("version: 1\n")))
	check(t, filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		check(t, err)
		info, err := d.Info()
		check(t, err)
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if path != r.dir && info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), want)
		}
		return nil
	}))
}

func TestNoKey(t *testing.T) {
	for fact, r := range map[string]Ring{"an empty folder": newRing(t), "no folder": Open(filepath.Join(t.TempDir(), "none"))} {
		if _, err := r.LogSigner("q7d4"); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: log key: %v", fact, err)
		}
		if _, err := r.LogVerifierKey("q7d4"); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: log verifier key: %v", fact, err)
		}
		if _, err := r.EventSigner("ci"); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: event key: %v", fact, err)
		}
	}
}

func TestExposedKeysAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // permission bits mean nothing there
	}
	for fact, c := range map[string]struct {
		path string
		mode fs.FileMode
		want string
	}{
		"world-readable log key":         {"log/q7d4.key", 0o644, "chmod 600"},
		"group-readable log key":         {"log/q7d4.key", 0o640, "chmod 600"},
		"group-writable event key":       {"event/ci.pem", 0o620, "chmod 600"},
		"world-executable event key":     {"event/ci.pem", 0o601, "chmod 600"},
		"log key in an open folder":      {"log", 0o755, "chmod 700"},
		"event key in a writable folder": {"event", 0o770, "chmod 700"},
	} {
		t.Run(fact, func(t *testing.T) {
			r := newRing(t)
			_, err := r.NewLogKey("q7d4", rand.Reader)
			check(t, err)
			_, err = r.NewEventKey("ci", rand.Reader)
			check(t, err)
			path := filepath.Join(r.dir, c.path)
			check(t, os.Chmod(path, c.mode))
			if strings.HasPrefix(c.path, "log") {
				_, err = r.LogSigner("q7d4")
			} else {
				_, err = r.EventSigner("ci")
			}
			if !errors.Is(err, ErrPermissions) {
				t.Fatalf("error %v, want ErrPermissions", err)
			}
			wantError(t, err, c.want)
			wantError(t, err, path)
		})
	}
}

// A key of the user's own may lie anywhere, but nobody else may read it.
func TestReadKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ci.pem")
	check(t, os.Chmod(filepath.Dir(path), 0o755))
	if _, err := ReadKeyFile(path); !errors.Is(err, ErrNoKey) {
		t.Errorf("no such file: %v", err)
	}
	check(t, os.WriteFile(path, []byte("key"), 0o600))
	data, err := ReadKeyFile(path)
	check(t, err)
	if string(data) != "key" {
		t.Errorf("read %q", data)
	}
	check(t, os.WriteFile(path, make([]byte, maxKey+1), 0o600))
	_, err = ReadKeyFile(path)
	wantError(t, err, "over the limit of 65536")
	if runtime.GOOS == "windows" {
		return // permission bits mean nothing there
	}
	check(t, os.Chmod(path, 0o640))
	if _, err := ReadKeyFile(path); !errors.Is(err, ErrPermissions) {
		t.Errorf("group-readable: %v", err)
	}
}

func TestWrongKeys(t *testing.T) {
	r := newRing(t)
	_, err := r.NewLogKey("other", rand.Reader)
	check(t, err)
	check(t, os.Rename(filepath.Join(r.dir, "log", "other.key"), filepath.Join(r.dir, "log", "q7d4.key")))
	_, err = r.LogSigner("q7d4")
	if !errors.Is(err, ErrWrongKey) {
		t.Errorf("another log's key: %v", err)
	}
	wantError(t, err, "it is the key of other")

	for fact, content := range map[string]string{
		"empty":           "",
		"nonsense":        "hello\n",
		"the public half": "q7d4+5f1c0000+AXm1l\n",
		"cut short":       "PRIVATE+KEY+q7d4+5f1c",
		"too large":       strings.Repeat("x", maxKey+1),
	} {
		check(t, os.WriteFile(filepath.Join(r.dir, "log", "q7d4.key"), []byte(content), 0o600))
		if _, err := r.LogSigner("q7d4"); err == nil || fact != "too large" && !errors.Is(err, ErrWrongKey) {
			t.Errorf("log key that is %s: %v", fact, err)
		}
		if _, err := r.LogVerifierKey("q7d4"); err == nil {
			t.Errorf("log key that is %s has a public half", fact)
		}
		check(t, os.MkdirAll(filepath.Join(r.dir, "event"), 0o700))
		check(t, os.WriteFile(filepath.Join(r.dir, "event", "ci.pem"), []byte(content), 0o600))
		if _, err := r.EventSigner("ci"); err == nil || fact != "too large" && !errors.Is(err, ErrWrongKey) {
			t.Errorf("event key that is %s: %v", fact, err)
		}
	}
	check(t, os.Mkdir(filepath.Join(r.dir, "event", "folder.pem"), 0o700))
	_, err = r.EventSigner("folder")
	wantError(t, err, "not a regular file")
}

// Names come from policies nobody trusts yet.
func TestNamesLeadNowhereElse(t *testing.T) {
	r := newRing(t)
	before := tree(t, filepath.Dir(r.dir))
	for _, name := range []string{
		"", ".", "..", "../x", "a/b", `a\b`, "/etc/passwd", ".hidden", "-flag", "a b", "a\x00b", "a\nb", "a+b", "C:x", "ключ", "a*", strings.Repeat("a", 101),
	} {
		_, e1 := r.NewLogKey(name, rand.Reader)
		_, e2 := r.LogSigner(name)
		_, e3 := r.NewEventKey(name, rand.Reader)
		_, e4 := r.EventSigner(name)
		e5 := r.Pin(name, nil)
		_, _, e6 := r.Pinned(name)
		e7 := r.SetHead(name, nil)
		_, e8 := r.Head(name)
		for i, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8} {
			if !errors.Is(err, ErrName) {
				t.Errorf("%q in call %d: %v", name, i+1, err)
			}
		}
	}
	if after := tree(t, filepath.Dir(r.dir)); !slices.Equal(before, after) {
		t.Errorf("files were made:\n%s", after)
	}
	for _, name := range []string{"a", "A.b-c_9", "7", strings.Repeat("a", 100)} {
		check(t, r.Pin(name, nil))
	}
}

func TestMakeKeyWhereNothingCanBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(file, nil, 0o600))
	r := Open(file) // a file where the folder should be
	if _, err := r.NewLogKey("q7d4", rand.Reader); err == nil {
		t.Error("a log key was made")
	}
	if _, err := r.NewEventKey("ci", rand.Reader); err == nil {
		t.Error("an event key was made")
	}
	if err := r.Pin("q7d4", nil); err == nil {
		t.Error("a policy was pinned")
	}
}

func newRing(t *testing.T) Ring {
	t.Helper()
	return Open(filepath.Join(t.TempDir(), "gateledger"))
}

// tree lists a folder's files with their contents.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out = append(out, path+"\n"+string(data))
		return err
	})
	if !errors.Is(err, fs.ErrNotExist) {
		check(t, err)
	}
	return out
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Fatalf("error %v, want %q in it", err, part)
	}
}
