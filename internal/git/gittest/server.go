// SPDX-License-Identifier: Apache-2.0

// Package gittest is a git remote for tests: a bare repository behind a smart
// HTTP server on the loopback, which is git's own http-backend, and which can
// be told to be slow, to refuse, to lose its answer and to be down.
package gittest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say what a server is like from its beginning.
type Options struct {
	Format        string        // "sha1" or "sha256"; empty is git's default
	Authorization string        // what the header must say, such as "Basic …"; empty: anybody gets in
	DenyDeletes   bool          // of any ref
	DenyForce     bool          // as receive.denyNonFastForwards
	Delay         time.Duration // of every request; see Server.SetDelay
}

// A Server is one bare repository and the HTTP server before it. It is safe
// for concurrent use, and ends with the test.
type Server struct {
	URL  string // of the repository
	Dir  string // the repository
	Home string // what git has for a home here

	t       testing.TB
	backend string
	want    string

	mu     sync.Mutex
	knobs  knobs
	counts Counts
}

// knobs are what a test can change while the server runs.
type knobs struct {
	delay, opening time.Duration
	refuse         int // pushes still to refuse; negative: all of them
	drop, lose     int // answers to pushes still to lose
	status         int // answered instead of asking git; 0: none
	readOnly, down bool
	before         func()
	garble         func([]byte) []byte
}

// Counts are what a server has seen so far.
type Counts struct {
	Requests int   // all of them
	Openings int   // the first request of a fetch, push or listing
	Fetches  int   // requests for refs or objects
	Pushes   int   // requests to move refs, refused ones included
	Received int64 // bytes of bodies, as sent
	Sent     int64 // bytes of bodies
}

// Serve starts a server for an empty repository.
func Serve(t testing.TB, o Options) *Server {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, Home: home, Dir: filepath.Join(home, "remote.git"), want: o.Authorization}
	s.knobs.delay = o.Delay
	if s.backend, err = exec.LookPath("git"); err != nil {
		t.Fatal(err)
	}
	format := o.Format
	if format == "" {
		format = "sha1"
	}
	s.run(home, "init", "--quiet", "--bare", "--initial-branch=main", "--object-format="+format, s.Dir)
	for key, on := range map[string]bool{
		"http.receivepack": true, "receive.denyDeletes": o.DenyDeletes, "receive.denyNonFastForwards": o.DenyForce,
	} {
		if on {
			s.Git("config", key, "true")
		}
	}
	s.Git("config", "receive.autogc", "false")
	s.Git("config", "core.fsync", "none")
	hook := "#!/bin/sh\n[ -z \"$GITTEST_REFUSE\" ] || { echo 'the rule of this repository says no' >&2; exit 1; }\n"
	if o.DenyDeletes { // git's own rule is for branches only
		hook += "while read old new ref; do case $new in *[!0]*) ;; *) echo \"$ref may not be deleted\" >&2; exit 1;; esac; done\n"
	}
	if err := os.MkdirAll(filepath.Join(s.Dir, "hooks"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "hooks", "pre-receive"), []byte(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL + "/remote.git"
	return s
}

// SetDelay makes every request wait. A fetch is three requests or four, a
// push two.
func (s *Server) SetDelay(d time.Duration) { s.set(func(k *knobs) { k.delay = d }) }

// SetOpeningDelay makes only the first request of each fetch, push or listing
// wait: the price of a network operation, however git cuts it in requests.
func (s *Server) SetOpeningDelay(d time.Duration) { s.set(func(k *knobs) { k.opening = d }) }

// RefusePushes has the next n pushes declined by a hook; a negative n: all.
func (s *Server) RefusePushes(n int) { s.set(func(k *knobs) { k.refuse = n }) }

// DropAnswer has the next n pushes done, and the connection cut after the
// first bytes of the answer.
func (s *Server) DropAnswer(n int) { s.set(func(k *knobs) { k.drop = n }) }

// LoseConnection has the next n pushes done, and the connection cut before the
// first byte of the answer: whoever pushes then sends it once more by itself
// (libcurl does), and hears that the ref has moved.
func (s *Server) LoseConnection(n int) { s.set(func(k *knobs) { k.lose = n }) }

// Down cuts every connection before anything is done.
func (s *Server) Down(down bool) { s.set(func(k *knobs) { k.down = down }) }

// ReadOnly answers 403 to whoever wants to push.
func (s *Server) ReadOnly(on bool) { s.set(func(k *knobs) { k.readOnly = on }) }

// Status answers every request with that code; 0: no more.
func (s *Server) Status(code int) { s.set(func(k *knobs) { k.status = code }) }

// BeforePush calls f each time that refs are about to be moved: after whoever
// pushes saw where they stand. f may use Git, and BeforePush(nil).
func (s *Server) BeforePush(f func()) { s.set(func(k *knobs) { k.before = f }) }

// Garble changes every answer that brings objects; nil: no more.
func (s *Server) Garble(f func([]byte) []byte) { s.set(func(k *knobs) { k.garble = f }) }

// Counts returns what the server has seen so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

func (s *Server) set(f func(*knobs)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.knobs)
}

// ServeHTTP answers one request of a git client.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	push := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/git-receive-pack") && len(body) > 4
	k := s.admit(r, len(body), push)
	select {
	case <-time.After(k.delay):
	case <-r.Context().Done():
		return // nobody waits any more
	}
	switch {
	case k.down:
		cut(w, "")
		return
	case k.status != 0:
		http.Error(w, "no", k.status)
		return
	case s.want != "" && r.Header.Get("Authorization") != s.want:
		w.Header().Set("WWW-Authenticate", `Basic realm="gittest"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	case k.readOnly && strings.Contains(r.URL.Path+"?"+r.URL.RawQuery, "git-receive-pack"):
		http.Error(w, "you may not write here", http.StatusForbidden)
		return
	}
	if push && k.before != nil {
		k.before()
	}
	s.answer(w, r, body, k)
}

// admit counts a request and returns what is to happen to it: delay, refuse
// and drop are those of this request alone.
func (s *Server) admit(r *http.Request, size int, push bool) knobs {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Requests++
	s.counts.Received += int64(size)
	k := s.knobs
	if r.Method == http.MethodGet {
		s.counts.Openings++
		k.delay += k.opening
	}
	if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
		s.counts.Fetches++
	}
	if !push {
		k.refuse, k.drop, k.lose = 0, 0, 0
		return k
	}
	s.counts.Pushes++
	if k.refuse > 0 {
		s.knobs.refuse--
	}
	if k.drop > 0 {
		s.knobs.drop--
	}
	if k.lose > 0 {
		s.knobs.lose--
	}
	return k
}

// answer has git's http-backend answer.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte, k knobs) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength, r.TransferEncoding = int64(len(body)), nil
	env := append(s.env(), "GIT_PROJECT_ROOT="+filepath.Dir(s.Dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_PROTOCOL="+r.Header.Get("Git-Protocol"))
	if k.refuse != 0 {
		env = append(env, "GITTEST_REFUSE=1")
	}
	whole := httptest.NewRecorder()
	(&cgi.Handler{Path: s.backend, Args: []string{"http-backend"}, Dir: s.Dir, Env: env, Stderr: io.Discard}).ServeHTTP(whole, r)
	if k.lose > 0 {
		cut(w, "")
		return
	}
	if k.drop > 0 {
		cut(w, "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-receive-pack-result\r\nContent-Length: 1000\r\n\r\n00")
		return
	}
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(whole.Code)
	answer := whole.Body.Bytes()
	if k.garble != nil && bytes.Contains(answer, []byte("packfile\n")) {
		answer = k.garble(answer)
	}
	n, _ := w.Write(answer)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Sent += int64(n)
}

// cut closes the connection after the beginning of an answer.
func cut(w http.ResponseWriter, beginning string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, beginning)
	conn.Close()
}

// Git runs git in the repository and returns what it says, without the last
// newline.
func (s *Server) Git(args ...string) string { s.t.Helper(); return s.run(s.Dir, args...) }

// Clone makes a checkout of the server's repository with a user in it, whose
// remote is origin, and returns its folder.
func Clone(t testing.TB, s *Server) string {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "checkout")
	s.run(top, "clone", "--quiet", s.Dir, dir)
	s.run(dir, "remote", "set-url", "origin", s.URL)
	s.run(dir, "config", "user.name", "Dana")
	s.run(dir, "config", "user.email", "dana@example.org")
	if s.want != "" {
		s.run(dir, "config", "http."+s.URL+".extraheader", "Authorization: "+s.want)
	}
	return dir
}

// In runs git in any folder, as Git does.
func (s *Server) In(dir string, args ...string) string { s.t.Helper(); return s.run(dir, args...) }

func (s *Server) run(dir string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = dir, s.env()
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Errorf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// env is what git runs with here: nobody's configuration, and fixed dates.
func (s *Server) env() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.Home, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "TMPDIR=" + os.TempDir(),
		"GIT_AUTHOR_NAME=Dana", "GIT_AUTHOR_EMAIL=dana@example.org", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=Dana", "GIT_COMMITTER_EMAIL=dana@example.org", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
	}
}
