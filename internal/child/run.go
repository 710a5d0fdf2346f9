// SPDX-License-Identifier: Apache-2.0

package child

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
)

// variables are what every call may see of the environment: where programs,
// caches and the desktop are, and how to get out to the network.
var variables = [...]string{
	"PATH", "HOME", "XDG_CACHE_HOME",
	"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	"SYSTEMROOT", "USERPROFILE", "LOCALAPPDATA", "TEMP", "TMPDIR",
}

// desktop is what it takes to open a browser.
var desktop = [...]string{"BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"}

// DefaultVariable holds an identity token where no other variable is named.
// GitLab's id_tokens set it, and cosign reads it too.
const DefaultVariable = "SIGSTORE_ID_TOKEN"

// variables are what a signer needs besides: the way to an identity token,
// and only the one it was told to take.
func (s Signing) variables() []string {
	var names []string
	auto := s.OIDC == "" || s.OIDC == "auto"
	if auto || s.OIDC == "github" {
		names = append(names, "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	}
	if auto || s.OIDC == "gitlab" {
		names = append(names, cmp.Or(s.Variable, DefaultVariable))
	}
	if auto && s.Interactive || s.OIDC == "browser" {
		names = append(names, desktop[:]...)
	}
	return names
}

// call runs one verb of the child: question in, answer out. Whatever it says
// on standard error goes on, cleaned; its last word becomes the error.
func (r Remote) call(ctx context.Context, args, extra []string, question, answer any) error {
	in, err := canon.Marshal(question)
	if err != nil {
		return fmt.Errorf("write question: %w", err)
	}
	if len(in) > MaxQuestion {
		return fmt.Errorf("%w: question of %d bytes, over the limit of %d", ErrUsage, len(in), MaxQuestion)
	}
	limit := cmp.Or(r.Timeout, DefaultTimeout)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out := &bounded{left: MaxAnswer}
	talk := &talk{to: r.Stderr, left: maxTalk}
	cmd := exec.CommandContext(ctx, r.Program, args...)
	cmd.Env = r.environment(extra)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), out, talk
	cmd.WaitDelay = 2 * time.Second // for a grandchild that holds our pipes
	err = cmd.Run()
	talk.end()
	if err := verdict(ctx, err, out, talk, limit); err != nil {
		return err
	}
	if err := canon.Decode(out.Bytes(), answer); err != nil {
		return fmt.Errorf("%w: %w", errOdd, err)
	}
	return nil
}

func (r Remote) environment(extra []string) []string {
	env := []string{} // not nil, for which the child would get all of ours
	if r.Getenv == nil {
		return env
	}
	for _, name := range append(variables[:len(variables):len(variables)], extra...) {
		if value := r.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// verdict is what the end of the child means. Nothing but exit 0 with an
// answer of bounded size is success.
func verdict(ctx context.Context, err error, out *bounded, talk *talk, limit time.Duration) error {
	exit := (*exec.ExitError)(nil)
	switch {
	case out.over:
		return fmt.Errorf("%w: over the limit of %d bytes", errOdd, MaxAnswer)
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w: no answer within %s", ErrUnavailable, limit)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	case errors.As(err, &exit):
		return &Error{Code: exit.ExitCode(), Message: talk.message, Hint: talk.hint}
	case errors.Is(err, exec.ErrWaitDelay):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("%w: %w", ErrNoRemote, err)
}

// An Error is how the child failed, in its own words, cleaned.
type Error struct {
	Code    int    // exit code; negative if it was killed
	Message string // one line; may be empty
	Hint    string // what a person should do next; may be empty

	// After is how long the service wants to be left alone, where it said so;
	// only of a Session.
	After time.Duration
}

func (e *Error) Error() string {
	if e.Message != "" {
		return e.Message
	}
	return fmt.Sprintf("%s ended with exit code %d", Name, e.Code)
}

// Unwrap is the sentinel that the exit code stands for. A code that nobody
// gave a meaning is ErrUnavailable.
func (e *Error) Unwrap() error {
	switch e.Code {
	case 1:
		return ErrRefused
	case 2:
		return ErrUsage
	case 4:
		return ErrUnverified
	}
	return ErrUnavailable
}

// bounded keeps what is written to it up to a limit, then fails.
type bounded struct {
	bytes.Buffer
	left int
	over bool
}

var errOver = errors.New("too much output")

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		b.over = true
		return 0, errOver
	}
	b.left -= len(p)
	return b.Buffer.Write(p)
}

// ReadFrom hides the buffer's own, which knows no limit.
func (b *bounded) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{b}, r)
}

// prefixes of the child's last words, as cli prints them.
const (
	messagePrefix = Name + ": "
	hintPrefix    = "hint: "
)

func cutPrefix(line, prefix string, to *string) bool {
	rest, ok := strings.CutPrefix(line, prefix)
	if ok {
		*to = rest
	}
	return ok
}
