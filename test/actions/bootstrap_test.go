// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// good is the program of the release, and bad what an attacker would like to
// have run.
const (
	good = "#!/bin/sh\necho good\n"
	bad  = "#!/bin/sh\necho bad\n"
)

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// A release is a server with the files of one version.
type release struct {
	*httptest.Server
	asked atomic.Int32
}

// serve starts a release whose answers are made by answer, which is nil for
// the good program.
func serve(t *testing.T, answer http.HandlerFunc) *release {
	t.Helper()
	s := &release{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if answer != nil {
			answer(w, r)
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/acme/tool/releases/download/v1.2.3/gateledger-gate_") {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, good)
	}))
	t.Cleanup(s.Close)
	return s
}

const asset = "gateledger-gate_linux_amd64"

// released is a runner with the actions of a release, which the server has.
func released(t *testing.T, s *release, checksums string) *runner {
	r := newRunner(t)
	r.write(filepath.Join(r.actions, "release.env"), "# a release\nVERSION=v1.2.3\nREPOSITORY="+s.URL+"/acme/tool\n", 0o644)
	r.write(filepath.Join(r.actions, "checksums.txt"), checksums, 0o644)
	r.shadow("go", `echo "go was asked" >&2; exit 1`)
	r.shadow("sleep", "") // between tries
	return r
}

func (r *runner) bootstrap(program string) (outcome, string) {
	r.t.Helper()
	into := filepath.Join(r.temp, "bin of mine")
	r.mkdir(into)
	o := r.run("bootstrap.sh", into, program)
	return o, into
}

// Whatever goes wrong with a release is an error, and nothing is left that
// could be run.
func TestBootstrapTakesOnlyWhatIsPinned(t *testing.T) {
	whole := sum(good) + "  " + asset + "\n"
	for fact, c := range map[string]struct {
		checksums string
		answer    http.HandlerFunc
		code      int
		says      string
	}{
		"the right checksum is taken":              {sum(bad) + "  other\n" + whole, nil, 0, "SHA-256 as pinned"},
		"with the mark of a binary file":           {sum(good) + " *" + asset + "\n", nil, 0, "SHA-256 as pinned"},
		"with line ends of Windows":                {strings.ReplaceAll(whole, "\n", "\r\n"), nil, 0, "SHA-256 as pinned"},
		"without a line end":                       {strings.TrimSpace(whole), nil, 0, "SHA-256 as pinned"},
		"a wrong checksum is refused":              {sum(bad) + "  " + asset + "\n", nil, 4, "is not what checksums.txt says"},
		"a missing line is refused":                {sum(good) + "  gateledger-gate_linux_amd64.exe\n", nil, 4, "has no line for"},
		"an empty file is refused":                 {"", nil, 4, "has no line for"},
		"two lines are refused":                    {whole + whole, nil, 4, "two lines"},
		"half a checksum is refused":               {sum(good)[:40] + "  " + asset + "\n", nil, 4, "no SHA-256"},
		"a checksum that is none is refused":       {strings.Repeat("z", 64) + "  " + asset + "\n", nil, 4, "no SHA-256"},
		"a server error is an error":               {whole, status(500), 3, "could not be downloaded"},
		"a missing file is an error":               {whole, status(404), 3, "could not be downloaded"},
		"a download that breaks off is an error":   {whole, truncated, 3, "could not be downloaded"},
		"a short file is refused":                  {whole, body("#!/bin/sh\n"), 4, "is not what checksums.txt says"},
		"an empty answer is refused":               {whole, body(""), 4, "is not what checksums.txt says"},
		"a page that says sorry is refused":        {whole, body("<html>"), 4, "is not what checksums.txt says"},
		"an error that passes is tried again":      {whole, once(status(503)), 0, "SHA-256 as pinned"},
		"a download that broke off is tried again": {whole, once(truncated), 0, "SHA-256 as pinned"},
		"a redirect is followed":                   {whole, redirect, 0, "SHA-256 as pinned"},
		"a redirect to a file is not":              {whole, redirectTo("file:///etc/passwd"), 3, "could not be downloaded"},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			r := released(t, serve(t, c.answer), c.checksums)
			o, into := r.bootstrap("gateledger-gate")
			if o.code != c.code || !strings.Contains(o.talk, c.says) || strings.Contains(o.talk, "go was asked") {
				t.Fatalf("exit %d, want %d with %q:\n%s", o.code, c.code, c.says, o.talk)
			}
			files, err := os.ReadDir(into)
			if err != nil {
				t.Fatal(err)
			}
			if c.code != 0 {
				if len(files) != 0 || o.out != "" {
					t.Errorf("%d files are left, and it prints %q", len(files), o.out)
				}
				return
			}
			path := filepath.Join(into, "gateledger-gate")
			if o.out != path+"\n" || len(files) != 1 || text(t, path) != good {
				t.Errorf("it prints %q", o.out)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, good)
	}
}

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func truncated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "4096")
	fmt.Fprint(w, good)
}

func once(wrong http.HandlerFunc) http.HandlerFunc {
	var asked atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			wrong(w, r)
			return
		}
		fmt.Fprint(w, good)
	}
}

func redirect(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/elsewhere" {
		fmt.Fprint(w, good)
		return
	}
	http.Redirect(w, r, "/elsewhere", http.StatusFound)
}

func redirectTo(url string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", url)
		w.WriteHeader(http.StatusFound)
	}
}

func TestBootstrapWithoutAServer(t *testing.T) {
	s := serve(t, nil)
	r := released(t, s, sum(good)+"  "+asset+"\n")
	s.Close()
	if o, _ := r.bootstrap("gateledger-gate"); o.code != 3 || strings.Contains(o.talk, "go was asked") {
		t.Errorf("exit %d: %s", o.code, o.talk)
	}
}

// A link that leads nowhere is a damaged release, not a checkout.
func TestBootstrapDoesNotBuildWhereChecksumsAreALink(t *testing.T) {
	r := released(t, serve(t, nil), "")
	file := filepath.Join(r.actions, "checksums.txt")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", file); err != nil {
		t.Fatal(err)
	}
	if o, _ := r.bootstrap("gateledger-gate"); o.code == 0 || strings.Contains(o.talk, "go was asked") {
		t.Errorf("exit %d: %s", o.code, o.talk)
	}
}

func TestBootstrapPlatforms(t *testing.T) {
	for fact, c := range map[string]struct {
		os, arch, asset string
	}{
		"Linux, 64-bit Intel":  {"Linux", "X64", "gateledger-gate_linux_amd64"},
		"Linux, 64-bit ARM":    {"Linux", "ARM64", "gateledger-gate_linux_arm64"},
		"macOS, Apple silicon": {"macOS", "ARM64", "gateledger-gate_darwin_arm64"},
		"macOS, Intel":         {"macOS", "X64", "gateledger-gate_darwin_amd64"},
		"Windows":              {"Windows", "X64", "gateledger-gate_windows_amd64.exe"},
		"Windows on ARM":       {"Windows", "ARM64", "gateledger-gate_windows_arm64.exe"},
		"as uname says it":     {"MINGW64_NT-10.0-26100", "x86_64", "gateledger-gate_windows_amd64.exe"},
		"as a Mac's uname":     {"Darwin", "arm64", "gateledger-gate_darwin_arm64"},
		"32-bit ARM":           {"Linux", "ARM", ""},
		"another system":       {"Plan9", "X64", ""},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			r := released(t, serve(t, nil), sum(good)+"  "+c.asset+"\n")
			r.env["RUNNER_OS"], r.env["RUNNER_ARCH"] = c.os, c.arch
			o, into := r.bootstrap("gateledger-gate")
			want := filepath.Join(into, "gateledger-gate")
			if strings.HasSuffix(c.asset, ".exe") {
				want += ".exe"
			}
			if c.asset == "" {
				if o.code != 2 || o.out != "" {
					t.Errorf("exit %d, %q, want 2", o.code, o.out)
				}
				return
			}
			if o.code != 0 || o.out != want+"\n" {
				t.Errorf("exit %d, %q:\n%s", o.code, o.out, o.talk)
			}
		})
	}
}

func TestBootstrapToolCache(t *testing.T) {
	s := serve(t, nil)
	r := released(t, s, sum(good)+"  "+asset+"\n")
	cached := filepath.Join(r.cache, "gateledger", "v1.2.3", asset)

	if o, _ := r.bootstrap("gateledger-gate"); o.code != 0 || s.asked.Load() != 1 || text(t, cached) != good {
		t.Fatalf("the first time it is downloaded and kept: exit %d, %s", o.code, o.talk)
	}
	o, into := r.bootstrap("gateledger-gate")
	if o.code != 0 || s.asked.Load() != 1 || text(t, into, "gateledger-gate") != good {
		t.Errorf("the second time it is in the cache: exit %d, %s", o.code, o.talk)
	}
	r.write(cached, bad, 0o755)
	o, into = r.bootstrap("gateledger-gate")
	if o.code != 0 || s.asked.Load() != 2 || text(t, into, "gateledger-gate") != good || !strings.Contains(o.talk, "in the tool cache is not what") {
		t.Errorf("what was tampered with is not used: exit %d, %s", o.code, o.talk)
	}
	if text(t, cached) != good {
		t.Error("and it is replaced")
	}
	r.write(cached, bad, 0o755)
	s.Close()
	if o, _ = r.bootstrap("gateledger-gate"); o.code != 3 {
		t.Errorf("and not used where nothing else can be had: exit %d, %s", o.code, o.talk)
	}
	r.write(filepath.Join(r.actions, "checksums.txt"), sum(bad)+"  "+asset+"\n", 0o644)
	if o, into = r.bootstrap("gateledger-gate"); o.code != 0 || text(t, into, "gateledger-gate") != bad {
		t.Errorf("checksums.txt alone decides: exit %d, %s", o.code, o.talk)
	}
}

func TestBootstrapWithoutAToolCache(t *testing.T) {
	for fact, cache := range map[string]string{"none": "", "one that can't be written": "/proc/nowhere"} {
		r := released(t, serve(t, nil), sum(good)+"  "+asset+"\n")
		r.cache = cache
		if o, _ := r.bootstrap("gateledger-gate"); o.code != 0 {
			t.Errorf("%s: exit %d: %s", fact, o.code, o.talk)
		}
	}
}

func TestBootstrapMirror(t *testing.T) {
	mirror := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/our/copy/v1.2.3/"+asset {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, good)
	})
	s := serve(t, status(500))
	r := released(t, s, sum(good)+"  "+asset+"\n")
	r.env["GATELEDGER_MIRROR"] = mirror.URL + "/our/copy"
	if o, _ := r.bootstrap("gateledger-gate"); o.code != 0 || s.asked.Load() != 0 {
		t.Errorf("exit %d: %s", o.code, o.talk)
	}
	r.write(filepath.Join(r.actions, "checksums.txt"), sum(bad)+"  "+asset+"\n", 0o644)
	if o, _ := r.bootstrap("gateledger-gate"); o.code != 4 {
		t.Errorf("a mirror is checked likewise: exit %d: %s", o.code, o.talk)
	}
}

func TestBootstrapHashesWithWhatIsThere(t *testing.T) {
	tools := []string{"bash", "dirname", "uname", "curl", "cp", "mv", "rm", "chmod", "mkdir", "sleep"}
	for fact, c := range map[string]struct {
		more []string
		code int
		says string
	}{
		"sha256sum":    {[]string{"sha256sum"}, 0, "as pinned"},
		"shasum":       {[]string{"shasum", "perl"}, 0, "as pinned"},
		"neither":      {nil, 2, "neither sha256sum nor shasum"},
		"without curl": {[]string{"sha256sum"}, 2, "curl is not installed"},
	} {
		t.Run(fact, func(t *testing.T) {
			r := released(t, serve(t, nil), sum(good)+"  "+asset+"\n")
			r.tools(append(tools, c.more...)...)
			if fact == "without curl" {
				if err := os.Remove(filepath.Join(r.path, "curl")); err != nil {
					t.Fatal(err)
				}
			}
			o, into := r.bootstrap("gateledger-gate")
			if files, _ := os.ReadDir(into); o.code != c.code && (c.code != 2 || o.code == 0 || len(files) > 0) || !strings.Contains(o.talk, c.says) {
				t.Errorf("exit %d, want %d: %s", o.code, c.code, o.talk)
			}
		})
	}
}

func TestBootstrapPinIsWhole(t *testing.T) {
	for fact, pin := range map[string]string{
		"no version":         "REPOSITORY=https://git.example.org/acme/tool\n",
		"a branch":           "VERSION=main\nREPOSITORY=https://git.example.org/acme/tool\n",
		"no repository":      "VERSION=v1.2.3\n",
		"a file":             "VERSION=v1.2.3\nREPOSITORY=file:///tmp\n",
		"a command, not run": "VERSION=$(touch x)\nREPOSITORY=https://git.example.org/acme/tool\ntouch y\n",
	} {
		r := released(t, serve(t, nil), sum(good)+"  "+asset+"\n")
		r.write(filepath.Join(r.actions, "release.env"), pin, 0o644)
		if o, _ := r.bootstrap("gateledger-gate"); o.code != 2 || !strings.Contains(o.talk, "release.env names no") {
			t.Errorf("%s: exit %d: %s", fact, o.code, o.talk)
		}
		if files, _ := os.ReadDir(r.workspace); len(files) != 0 {
			t.Errorf("%s: something was run", fact)
		}
	}
}
