// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// program puts a file that can be run, or can't, into a new folder.
func program(t *testing.T, name string, mode os.FileMode) string {
	t.Helper()
	// The folder's own name may go through a link.
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

func is(path string) func() (string, error) { return func() (string, error) { return path, nil } }

func TestFind(t *testing.T) {
	beside, inPath := program(t, Name+suffix(), 0o755), program(t, Name+suffix(), 0o755)
	own := filepath.Join(filepath.Dir(beside), "gateledger")
	lonely := program(t, "gateledger", 0o755)
	for _, file := range []string{own} {
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "gateledger")
	if err := os.Symlink(own, link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(inPath))
	for name, c := range map[string]struct {
		executable func() (string, error)
		lookPath   bool
		want       string
	}{
		"beside us":                      {is(own), false, beside},
		"beside us before PATH":          {is(own), true, beside},
		"beside what our name points to": {is(link), false, beside},
		"in PATH":                        {is(lonely), true, inPath},
		"in PATH, not allowed":           {is(lonely), false, ""},
		"we don't know where we are":     {func() (string, error) { return "", errors.New("no") }, true, inPath},
		"we are gone":                    {is(filepath.Join(t.TempDir(), "gone")), false, ""},
	} {
		got, err := Find(c.executable, c.lookPath)
		if got != c.want || errors.Is(err, ErrNoRemote) != (c.want == "") {
			t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
		}
	}
}

func TestFindTakesOnlyPrograms(t *testing.T) {
	t.Setenv("PATH", "")
	own := program(t, "gateledger", 0o755)
	beside := filepath.Join(filepath.Dir(own), Name+suffix())
	if err := os.Mkdir(beside, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := Find(is(own), true); !errors.Is(err, ErrNoRemote) {
		t.Errorf("a folder was found: %q", got)
	}
	plain := program(t, Name, 0o644)
	if got, err := Find(is(filepath.Join(filepath.Dir(plain), "gateledger")), true); !errors.Is(err, ErrNoRemote) {
		t.Errorf("a file that can't be run was found: %q", got)
	}
}

func TestFindNeverTakesTheCurrentFolder(t *testing.T) {
	planted := program(t, Name+suffix(), 0o755)
	t.Chdir(filepath.Dir(planted))
	own := program(t, "gateledger", 0o755)
	for _, path := range []string{".", "", ":/nowhere"} {
		t.Setenv("PATH", path)
		if got, err := Find(is(own), true); !errors.Is(err, ErrNoRemote) {
			t.Errorf("PATH=%q: found %q", path, got)
		}
	}
}
