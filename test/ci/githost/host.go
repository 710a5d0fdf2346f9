// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// An account is who a token stands for.
type account struct {
	name  string
	write bool
	repos []string // empty: all
}

// parseAccounts reads lines "TOKEN ACCOUNT read|write [OWNER/NAME]…".
func parseAccounts(text string) (map[string]account, error) {
	accounts := map[string]account{}
	for n, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		if len(f) < 3 || f[2] != "read" && f[2] != "write" {
			return nil, fmt.Errorf("line %d: want TOKEN ACCOUNT read|write [OWNER/NAME]…", n+1)
		}
		accounts[f[0]] = account{name: f[1], write: f[2] == "write", repos: f[3:]}
	}
	return accounts, nil
}

// A host answers as a forge does: 401 to who is not known, 403 to who may not,
// 404 to what is not there.
type host struct {
	root     string
	backend  string
	accounts map[string]account
	log      *log.Logger
}

func newHost(root string, accounts map[string]account, l *log.Logger) (*host, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return nil, fmt.Errorf("ask git where it is: %w", err)
	}
	backend := filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
	return &host{root: root, backend: backend, accounts: accounts, log: l}, nil
}

var (
	gitPath     = regexp.MustCompile(`^/([\w-]+/[\w-]+?)(?:\.git)?(/info/refs|/git-upload-pack|/git-receive-pack)$`)
	releasePath = regexp.MustCompile(`^/([\w-]+/[\w-]+)(/releases/download/[\w.-]+/[\w.-]+)$`)
)

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := &status{ResponseWriter: w, code: http.StatusOK}
	user := h.serve(seen, r)
	h.log.Printf("%d %s %s %s", seen.code, user, r.Method, r.URL.RequestURI())
}

// serve returns who asked.
func (h *host) serve(w http.ResponseWriter, r *http.Request) string {
	if m := releasePath.FindStringSubmatch(r.URL.Path); m != nil {
		http.ServeFile(w, r, filepath.Join(h.root, filepath.FromSlash(m[1]+m[2])))
		return "-"
	}
	_, token, given := r.BasicAuth()
	who, known := h.accounts[token]
	if !given || !known {
		w.Header().Set("WWW-Authenticate", `Basic realm="githost"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return "-"
	}
	m := gitPath.FindStringSubmatch(r.URL.Path)
	if m == nil || !h.holds(m[1]) || len(who.repos) > 0 && !slices.Contains(who.repos, m[1]) {
		http.NotFound(w, r)
		return who.name
	}
	if writes(m[2], r) && !who.write {
		http.Error(w, "Write access to repository not granted.", http.StatusForbidden)
		return who.name
	}
	h.git(w, r, who, "/"+m[1]+".git"+m[2])
	return who.name
}

func writes(path string, r *http.Request) bool {
	return path == "/git-receive-pack" || r.URL.Query().Get("service") == "git-receive-pack"
}

func (h *host) holds(repo string) bool {
	_, err := os.Stat(filepath.Join(h.root, filepath.FromSlash(repo)+".git"))
	return err == nil
}

// git has git's own server program answer.
func (h *host) git(w http.ResponseWriter, r *http.Request, who account, path string) {
	r = r.Clone(r.Context())
	r.URL.Path = path
	(&cgi.Handler{
		Path: h.backend,
		Dir:  h.root,
		Env: []string{
			"GIT_PROJECT_ROOT=" + h.root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=" + who.name,
			"GIT_PROTOCOL=" + r.Header.Get("Git-Protocol"), "GIT_CONFIG_NOSYSTEM=1", "HOME=" + h.root,
			// As forges do: partial clones, and commits by their name.
			"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=uploadpack.allowFilter", "GIT_CONFIG_VALUE_0=true",
			"GIT_CONFIG_KEY_1=uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_1=true",
		},
		InheritEnv: []string{"PATH"},
		Logger:     h.log,
		Stderr:     h.log.Writer(),
	}).ServeHTTP(w, r)
}

// A status remembers which code was answered.
type status struct {
	http.ResponseWriter
	code int
}

// WriteHeader passes the code on and keeps it.
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap gives http.ResponseController the real writer.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
