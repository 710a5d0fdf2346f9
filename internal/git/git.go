// SPDX-License-Identifier: Apache-2.0

// Package git asks the git binary for facts about one checkout, and moves
// commits between a cache (Bare) and a remote.
//
// A checkout under test is not trusted to say how it is read: the environment
// git runs in is built from a short list of names (no GIT_* variable, no
// proxy, no locale gets through), hooks, file system monitors, pagers,
// external diffs, signature programs, replace refs and grafts are off, and
// every answer has a size limit. What is left is git's own configuration of
// the system and the user (a safe.directory rule lives there) and of the
// checkout (remotes live there). Filters, hooks and transfer programs that the
// checkout's own configuration names are not run, those of the user's and the
// system's are. core.sshCommand and credential.helper of the checkout are run
// to get in at a remote: CI hosts put them there.
package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/pattern"
)

// What can be wrong, told apart by errors.Is. A path or commit that is not
// there is fs.ErrNotExist.
var (
	ErrNoGit      = errors.New("git is not installed, or not on PATH")
	ErrNoCheckout = errors.New("not in a git checkout")
	ErrNoCommit   = errors.New("the repository has no commit yet")
	ErrShallow    = errors.New("the clone is shallow, so its first commit is not known")
	ErrTooLarge   = errors.New("git's answer is too large")
)

// maxAnswer bounds what is read of an answer that is not a file's content.
const maxAnswer = 8 << 20

// passed are the variables of the caller that git gets to see: where programs
// and configuration are, who the user is, and the ssh agent.
var passed = []string{
	"PATH", "HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "TMPDIR", "SSH_AUTH_SOCK",
	"SYSTEMROOT", "USERPROFILE", "APPDATA", "PROGRAMDATA", "PROGRAMFILES", "TEMP",
}

// fixed is what git is told on top. GIT_OPTIONAL_LOCKS=0 keeps a question
// from rewriting the index.
var fixed = []string{
	"LC_ALL=C",
	"GIT_TERMINAL_PROMPT=0",
	"GIT_OPTIONAL_LOCKS=0",
	"GIT_GRAFT_FILE=" + os.DevNull,
	"GIT_ALLOW_PROTOCOL=file:http:https:ssh",
}

// options stand before each verb: they override every configuration file.
var options = []string{
	"--no-pager", "--no-replace-objects", "--literal-pathspecs",
	"-c", "core.hooksPath=" + os.DevNull,
	"-c", "core.fsmonitor=false",
	"-c", "core.askPass=",
	"-c", "core.alternateRefsCommand=:", // an empty one would run the folder's name
	"-c", "log.showSignature=false",
	"-c", "i18n.logOutputEncoding=UTF-8",
	"-c", "color.ui=false",
	"-c", "maintenance.auto=false",
	"-c", "gc.auto=0",
}

// A Repo is one checkout. It is safe for concurrent use.
type Repo struct {
	TopLevel  string // absolute, symbolic links resolved
	CommonDir string // absolute: where refs and objects are, shared by all worktrees

	env []string
}

// A call is one run of git.
type call struct {
	args  []string
	stdin string
	limit int64    // of standard output, in bytes; 0 is maxAnswer
	env   []string // more of it
	files []*os.File

	settings []Setting // of a Repo's call, see guard
	reaches  bool      // a remote, and says itself which program runs there

	out  io.Writer // where standard output goes instead, without a limit
	talk int       // how much is kept of what git says, in bytes; 0 is maxTalk
	hide []string  // secrets that must not stand in an error

	remote bool // what git says may come from a remote
	apart  bool // from our terminal, and ended together with what it starts
}

// maxTalk bounds what is kept of git's standard error.
const maxTalk = 4096

// git runs git with args and returns its standard output.
func (r *Repo) git(ctx context.Context, args ...string) ([]byte, error) {
	return r.run(ctx, call{args: args})
}

func (r *Repo) run(ctx context.Context, c call) ([]byte, error) {
	n, err := r.neutral(ctx)
	if err != nil {
		return nil, err
	}
	out, _, err := execute(ctx, r.TopLevel, r.env, n.guard(c))
	return out, err
}

// execute runs git in a folder and returns its standard output, and what it
// said besides. When ctx ends git is asked to end, so that it takes its lock
// files along, and then made to.
func execute(ctx context.Context, dir string, env []string, c call) ([]byte, string, error) {
	if c.limit == 0 {
		c.limit = maxAnswer
	}
	if c.talk == 0 {
		c.talk = maxTalk
	}
	cmd := exec.CommandContext(ctx, "git", append(append([]string(nil), options...), c.args...)...)
	cmd.Dir = dir
	cmd.Env = append(append([]string(nil), env...), c.env...)
	cmd.ExtraFiles = c.files
	cmd.Stdin = strings.NewReader(c.stdin)
	if c.stdin == "" {
		cmd.Stdin = nil
	}
	out, talk := &bounded{limit: c.limit}, &start{limit: c.talk}
	cmd.Stdout, cmd.Stderr = out, talk
	if c.out != nil {
		cmd.Stdout = c.out
	}
	cmd.WaitDelay = 2 * time.Second
	cmd.Cancel = func() error { return end(cmd) }
	if c.apart {
		apart(cmd)
	}
	err := cmd.Run()
	said := hide(string(talk.data), c.hide)
	switch {
	case err == nil:
		return out.data, said, nil
	case ctx.Err() != nil:
		return nil, said, fmt.Errorf("git %s: %w", c.args[0], context.Cause(ctx))
	case out.over:
		return nil, said, fmt.Errorf("git %s: %w (over %d bytes)", c.args[0], ErrTooLarge, c.limit)
	case errors.Is(err, exec.ErrNotFound):
		return nil, said, ErrNoGit
	}
	return out.data, said, &Error{Verb: c.args[0], Says: firstLine(said), Err: err}
}

// hide takes secrets out of what git said.
func hide(talk string, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) > 2 {
			talk = strings.ReplaceAll(talk, secret, "…")
		}
	}
	return talk
}

// An Error is git's refusal, in its own words, with credentials taken out.
type Error struct {
	Verb string
	Says string
	Err  error
}

func (e *Error) Error() string {
	if e.Says == "" {
		return fmt.Sprintf("git %s: %v", e.Verb, e.Err)
	}
	return fmt.Sprintf("git %s: %s", e.Verb, e.Says)
}

func (e *Error) Unwrap() error { return e.Err }

// exitCode is what git exited with, or -1 when err is something else.
func exitCode(err error) int {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// environment builds the variables git runs with from those of the caller.
func environment(getenv func(string) string) []string {
	env := append([]string(nil), fixed...)
	for _, name := range passed {
		if value := getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// bounded keeps up to limit bytes and refuses the write that goes over, which
// ends the child.
type bounded struct {
	data  []byte
	limit int64
	over  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if int64(len(b.data)+len(p)) > b.limit {
		b.over = true
		return 0, ErrTooLarge
	}
	b.data = append(b.data, p...)
	return len(p), nil
}

// start keeps the beginning of what git says and drops the rest.
type start struct {
	data  []byte
	limit int
}

func (t *start) Write(p []byte) (int, error) {
	room := max(0, t.limit-len(t.data))
	t.data = append(t.data, p[:min(room, len(p))]...)
	return len(p), nil
}

var credentials = pattern.New(`://[^/@\s'"]*@`)

// Redact takes the user and password out of every URL in text.
func Redact(text string) string { return credentials.ReplaceAllString(text, "://") }

// firstLine is the line of git's talk that says what went wrong, fit to print.
func firstLine(talk string) string {
	line := ""
	for l := range strings.Lines(talk) {
		l = strings.TrimSpace(l)
		if line == "" || strings.HasPrefix(l, "fatal:") {
			line = l
		}
		if strings.HasPrefix(l, "fatal:") {
			break
		}
	}
	return clean(Redact(strings.TrimPrefix(line, "fatal: ")), 300)
}

// clean makes text that somebody else wrote fit to print and to sign: broken
// UTF-8 and control characters become U+FFFD, and it is cut after limit runes.
func clean(text string, limit int) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	out := make([]rune, 0, min(len(text), limit))
	for _, r := range text {
		if len(out) == limit {
			return string(out) + "…"
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || bidi(r) {
			r = utf8.RuneError
		}
		out = append(out, r)
	}
	return string(out)
}

// bidi reports a character that reorders the text around it on a screen.
func bidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}
