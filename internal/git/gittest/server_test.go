// SPDX-License-Identifier: Apache-2.0

package gittest_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git/gittest"
)

// A checkout works as one of any host, and each knob does what it says.
func TestServer(t *testing.T) {
	s := gittest.Serve(t, gittest.Options{Authorization: "Basic eDp5"})
	dir := gittest.Clone(t, s)
	try := func(args ...string) (string, bool) {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(cmd.Environ(), "HOME="+s.Home, "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
		out, err := cmd.CombinedOutput()
		return string(out), err == nil
	}
	n := 0
	push := func() (string, bool) {
		n++
		s.In(dir, "commit", "--quiet", "--allow-empty", "--message", strings.Repeat("x", n))
		return try("push", "--quiet", "origin", "HEAD:refs/heads/main")
	}
	lands := func(fact string, want, told bool) {
		t.Helper()
		out, ok := push()
		landed := strings.HasPrefix(s.Git("for-each-ref", "--format=%(objectname)", "refs/heads/main"), s.In(dir, "rev-parse", "HEAD"))
		if landed != want || ok != told {
			t.Errorf("%s: landed %t, told %t: %s", fact, landed, ok, out)
		}
	}
	lands("plain", true, true)
	s.RefusePushes(1)
	lands("refused", false, false)
	lands("after that", true, true)
	s.RefusePushes(-1)
	lands("refused", false, false)
	lands("refused for ever", false, false)
	s.RefusePushes(0)
	s.DropAnswer(1)
	lands("the answer is lost", true, false)
	s.LoseConnection(1)
	lands("the connection is lost", true, false)
	s.Down(true)
	lands("down", false, false)
	s.Down(false)
	s.ReadOnly(true)
	lands("read only", false, false)
	s.ReadOnly(false)
	s.Status(503)
	lands("503", false, false)
	s.Status(0)
	seen := ""
	s.BeforePush(func() { seen = s.Git("rev-parse", "refs/heads/main") })
	before := s.Git("rev-parse", "refs/heads/main")
	lands("watched", true, true)
	if seen != before {
		t.Errorf("BeforePush saw %s, not %s", seen, before)
	}
	s.BeforePush(nil)

	counts := s.Counts()
	s.SetDelay(20 * time.Millisecond)
	s.SetOpeningDelay(50 * time.Millisecond)
	lands("slow", true, true)
	now := s.Counts()
	if now.Pushes != counts.Pushes+1 || now.Openings != counts.Openings+1 || now.Requests != counts.Requests+2 {
		t.Errorf("one push is %+v after %+v", now, counts)
	}
	s.In(dir, "config", "--unset-all", "http."+s.URL+".extraheader")
	if out, ok := try("fetch", "origin"); ok {
		t.Errorf("nobody asked who it is: %s", out)
	}
}

func TestDeletesCanBeDenied(t *testing.T) {
	s := gittest.Serve(t, gittest.Options{DenyDeletes: true})
	dir := gittest.Clone(t, s)
	s.In(dir, "commit", "--quiet", "--allow-empty", "--message", "x")
	s.In(dir, "push", "--quiet", "origin", "HEAD:refs/x/a")
	cmd := exec.Command("git", "push", "origin", ":refs/x/a")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("%s", out)
	}
	if filepath.Base(s.Dir) != "remote.git" || s.Git("rev-parse", "refs/x/a") == "" {
		t.Error("it is gone")
	}
}
