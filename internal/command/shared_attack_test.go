// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/git/gittest"
)

// A shared log is a project whose ledger is a branch at a real HTTP server,
// behind a token, with knobs for what a network can do. Its user holds the log
// key; a writer has the event key alone.
type shared struct {
	*project
	server *gittest.Server
	key    string // the event key's file
}

const sharedToken = "Basic Ym9iOlNFS1JJVA=="

// newShared starts where the request is asked for and ana has approved it.
func newShared(t *testing.T, o gittest.Options, edit ...func(policy string) string) *shared {
	t.Helper()
	o.Authorization = sharedToken
	base := t.TempDir()
	s := &shared{project: &project{T: t, dir: filepath.Join(base, "app"), home: filepath.Join(base, "home"), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, server: gittest.Serve(t, o)}
	s.variables = map[string]string{"PATH": os.Getenv("PATH"), "HOME": s.home}
	s.write("../home/.gitconfig", "[user]\nname = Dana\nemail = dana@example.org\n[init]\ndefaultBranch = main\n")
	s.write(".keep", "")
	s.git("init", "--quiet")
	s.git("remote", "add", "origin", s.server.URL)
	s.git("config", "http."+s.server.URL+".extraheader", "Authorization: "+sharedToken)
	t.Chdir(s.dir)
	s.must("init", "--ledger", "git:origin")
	for _, name := range []string{"ana", "bo", "cy", "dana"} {
		s.sshKey(name)
		s.must("policy", "add", name, "--ssh", name+".pub", "--email", name+"@example.org", "--role", "lead")
	}
	for _, f := range edit {
		data, err := os.ReadFile(filepath.Join(s.dir, ".gateledger.yml"))
		if err != nil {
			t.Fatal(err)
		}
		s.write(".gateledger.yml", f(string(data)))
		s.must("trust", "--yes")
	}
	s.git("add", ".gateledger.yml")
	s.git("commit", "--quiet", "--message", "policy")
	s.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
	s.write("dist/app", "the artifact\n")
	s.write("tests.xml", passing)
	s.write("sbom.json", bom(1))
	s.must("record", "build", "--subject", "dist/app")
	s.must("record", "test", "--subject", "dist/app", "tests.xml")
	s.must("record", "sbom", "--subject", "dist/app", "sbom.json")
	s.exits(cli.Pending, "gate", "--subject", "dist/app")
	keys, err := filepath.Glob(filepath.Join(s.home, ".config/gateledger/event/*.pem"))
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	s.key = keys[0]
	return s
}

// exits runs what has to end with a code, and must show no token, and one line
// with a hint unless there is an answer.
func (s *shared) exits(want int, args ...string) answer {
	s.Helper()
	a := s.run(args...)
	if a.code != want {
		s.Errorf("%q: exit %d, want %d\n%s%s", args, a.code, want, a.stdout, a.stderr)
	}
	if strings.Contains(a.stdout+a.stderr, "Ym9iOlNFS1JJVA") {
		s.Errorf("%q shows the token", args)
	}
	if want == cli.Unknown && (strings.Count(a.stderr, "gateledger: ") != 1 || !strings.Contains(a.stderr, "\nhint: ")) {
		s.Errorf("%q: not one line and a hint\n%s", args, a.stderr)
	}
	return a
}

// writer is somebody with the event key and without the log key.
func (s *shared) writer(name string) *shared {
	s.Helper()
	p := *s.project
	p.home = filepath.Join(filepath.Dir(s.home), name)
	p.variables = map[string]string{"PATH": os.Getenv("PATH"), "HOME": p.home}
	s.write("../"+name+"/.gitconfig", "[user]\nname = Dana\nemail = dana@example.org\n")
	w := &shared{&p, s.server, s.key}
	w.must("trust", "--yes")
	return w
}

// entries is how many the log has.
func (s *shared) entries() int {
	s.Helper()
	n := 0
	if _, err := fmt.Sscanf(s.must("verify", "ledger").stdout, "ok: %d entries", &n); err != nil {
		s.Fatal(err)
	}
	return n
}

// request is the id of the only open request.
func (s *shared) request() string {
	s.Helper()
	return strings.Fields(s.must("request", "list").stdout)[0]
}

// A remote that is down, that answers nonsense, or that sends others away is
// "could not find out" for every verb, and nothing is lost by it.
func TestSharedLogWithoutARemote(t *testing.T) {
	s := newShared(t, gittest.Options{})
	bo := s.writer("bo-home")
	request := s.request()
	before := s.entries()
	verbs := [][]string{
		{"gate", "--subject", "dist/app"}, {"gate", "--subject", "dist/app", "--consume=false"}, {"integrate"},
		{"verify", "ledger"}, {"verify", "artifact", "dist/app"},
		{"verify", "decision", "--for", "dist/app", "--environment", "production"},
		{"request", "list"}, {"record", "build", "--subject", "sbom.json"}, {"approve", request, "--ssh", "bo", "--yes"},
	}
	faults := map[string]func(on bool){"down": s.server.Down}
	for _, code := range []int{200, 302, 401, 403, 404, 429, 500, 503} {
		faults[fmt.Sprint("status ", code)] = func(on bool) { s.server.Status(map[bool]int{true: code}[on]) }
	}
	for fact, fault := range faults {
		fault(true)
		for _, args := range verbs {
			if a := s.run(args...); !isFault(a, cli.Unknown) {
				t.Errorf("%s: %q: exit %d\n%s%s", fact, args, a.code, a.stdout, a.stderr)
			}
		}
		if a := bo.run("record", "build", "--subject", "sbom.json", "--key", s.key); !isFault(a, cli.Unknown) {
			t.Errorf("%s: a writer: exit %d\n%s", fact, a.code, a.stderr)
		}
		fault(false)
	}
	s.must("record", "build", "--subject", "sbom.json")
	s.must("approve", request, "--ssh", "bo", "--yes")
	if n := s.entries(); n != before+2 {
		t.Errorf("%d entries, had %d and logged two", n, before)
	}
	s.gates(cli.Pending, "1 of 2")
}

// isFault reports whether an answer is an error with this code: one line, a
// hint, no verdict, and no secret.
func isFault(a answer, code int) bool {
	return a.code == code && a.stdout == "" && !strings.Contains(a.stderr, "Ym9iOlNFS1JJVA") &&
		strings.Count(a.stderr, "gateledger: ") == 1 && strings.Count(a.stderr, "\nhint: ") == 1
}

// gates runs the gate, which has to end so and to say that.
func (s *shared) gates(want int, says string, args ...string) {
	s.Helper()
	a := s.exits(want, append([]string{"gate", "--subject", "dist/app"}, args...)...)
	if !strings.Contains(a.stdout+a.stderr, says) {
		s.Errorf("gate does not say %q\n%s%s", says, a.stdout, a.stderr)
	}
}

// Pushes that are refused, or that land without an answer, lose nothing and
// double nothing, whoever pushes.
func TestSharedLogWithPushesThatGoWrong(t *testing.T) {
	s := newShared(t, gittest.Options{})
	bo := s.writer("bo-home")
	request := s.request()
	before := s.entries()
	subject := fmt.Sprintf("x@sha256:%064d", 1)
	s.server.DropAnswer(1)
	s.must("record", "build", "--subject", subject)
	s.server.LoseConnection(1)
	bo.exits(cli.Pending, "record", "test", "--subject", subject, "--key", s.key, "tests.xml")
	s.server.DropAnswer(1)
	s.must("integrate")
	bo.must("record", "test", "--subject", subject, "--key", s.key, "tests.xml")
	if n := s.entries(); n != before+2 {
		t.Errorf("%d entries, had %d and logged two", n, before)
	}
	before = s.entries()
	s.server.DropAnswer(1)
	s.must("approve", request, "--ssh", "ana", "--yes")
	s.server.LoseConnection(1)
	bo.exits(cli.Pending, "approve", request, "--ssh", "bo", "--yes")
	s.server.DropAnswer(2) // of what waits, and of the decision
	s.gates(cli.OK, "ALLOWED", "--run", "1")
	if n := s.entries(); n != before+4 {
		t.Errorf("%d entries, had %d, and logged two votes, a decision and a consumption", n, before)
	}
	s.server.ReadOnly(true)
	s.exits(cli.Unknown, "gate", "--subject", "dist/app", "--run", "1") // cannot prove that its head is the newest
	s.server.ReadOnly(false)
	s.gates(cli.OK, "ALLOWED", "--run", "1")
	s.gates(cli.No, "already used by run local-1", "--run", "2")
}

// What is never taken is never allowed: refused for good, the gate could not
// find out, and says so within bounds.
func TestSharedLogThatRefusesEveryPush(t *testing.T) {
	s := newShared(t, gittest.Options{})
	request := s.request()
	s.must("approve", request, "--ssh", "ana", "--yes")
	s.must("approve", request, "--ssh", "bo", "--yes")
	before := s.entries()
	s.server.RefusePushes(-1)
	if a := s.run("gate", "--subject", "dist/app"); !isFault(a, cli.Unknown) {
		t.Errorf("exit %d\n%s%s", a.code, a.stdout, a.stderr)
	}
	s.server.RefusePushes(0)
	s.gates(cli.OK, "ALLOWED")
	if n := s.entries(); n != before+2 {
		t.Errorf("%d entries, had %d, and logged a decision and a consumption", n, before)
	}
}

// A veto that is logged while the gate is deciding is in time, and a log that
// is put back then is found out.
func TestSharedLogThatChangesUnderTheGate(t *testing.T) {
	s := newShared(t, gittest.Options{})
	request := s.request()
	s.must("approve", request, "--ssh", "ana", "--yes")
	s.must("approve", request, "--ssh", "bo", "--yes")
	other := s.writer("other-home")
	keys, err := filepath.Glob(filepath.Join(s.home, ".config/gateledger/log/*.key"))
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	old := s.server.Git("rev-parse", "refs/heads/gateledger/log~1")
	s.server.BeforePush(func() {
		s.server.BeforePush(nil)
		if a := other.run("approve", request, "--deny", "--ssh", "cy", "--yes", "--log-key", keys[0]); a.code != cli.OK {
			t.Errorf("deny: exit %d\n%s", a.code, a.stderr)
		}
	})
	s.gates(cli.No, "denied by cy")
	s.server.BeforePush(func() {
		s.server.BeforePush(nil)
		s.server.Git("update-ref", "refs/heads/gateledger/log", old)
	})
	if a := s.run("record", "build", "--subject", "sbom.json"); !isFault(a, cli.Integrity) {
		t.Errorf("a log put back between fetch and push: exit %d\n%s", a.code, a.stderr)
	}
	s.exits(cli.Integrity, "gate", "--subject", "dist/app")
	s.must("repair")
	s.gates(cli.No, "denied by cy")
}
