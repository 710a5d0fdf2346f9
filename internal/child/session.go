// SPDX-License-Identifier: Apache-2.0

package child

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

// SessionSchema names an answer of 'collect --session', so that one of another
// version is not taken for ours.
const SessionSchema = product.PredicateBase + "remote-collect-session/v1"

// A SessionQuestion is one line that 'collect --session' reads.
type SessionQuestion struct {
	N        int             `json:"n"` // of the question, from 1
	Question CollectQuestion `json:"question"`
}

// A SessionAnswer is the line that it writes for one question: an answer, or
// how it failed.
type SessionAnswer struct {
	Schema  string          `json:"schema"`
	N       int             `json:"n"`
	Answer  *CollectAnswer  `json:"answer,omitempty"`
	Failure *SessionFailure `json:"failure,omitempty"`
}

// A SessionFailure is what the child would have ended with, had it been asked
// this alone.
type SessionFailure struct {
	Code    int    `json:"code"` // exit code
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	After   int64  `json:"after,omitzero"` // seconds that the service wants to be left alone
}

// The limits of a session.
const (
	MaxSessionLine = MaxAnswer + 1<<20 // bytes of a line, either way
	sessionEnd     = 2 * time.Second   // for the child to end by itself
)

// A Session asks one child many questions, so that what it knows of a forge's
// answers is not asked for again: a repeated question costs only conditional
// requests. A child that ended is started anew by the next question. It is safe
// for concurrent use, one question at a time.
type Session struct {
	remote    Remote
	variables []string

	mu    sync.Mutex
	n     int
	child *exec.Cmd
	end   context.CancelFunc
	in    io.WriteCloser
	out   *bufio.Reader
	talk  *talk
}

// Session returns a session for the sources of these names. The child sees the
// variables that they need, all of them, and no others. Nothing is started yet.
func (r Remote) Session(sources ...string) *Session {
	var names []string
	for _, name := range sources {
		if s, ok := vote.SourceNamed(name); ok {
			names = append(names, s.Variables...)
		}
	}
	slices.Sort(names)
	return &Session{remote: r, variables: slices.Compact(names)}
}

// Collect is Remote.Collect. A child that dies over a question is replaced, and
// asked once more: reading changes nothing.
func (s *Session) Collect(ctx context.Context, q CollectQuestion) (CollectAnswer, error) {
	answer, err := s.collect(ctx, q)
	if err != nil {
		return CollectAnswer{}, fmt.Errorf("collect votes from %s: %w", q.Source, err)
	}
	return answer, nil
}

func (s *Session) collect(ctx context.Context, q CollectQuestion) (CollectAnswer, error) {
	var none CollectAnswer
	if _, ok := vote.SourceNamed(q.Source); !ok {
		return none, fmt.Errorf("%w: there is no such source", ErrUsage)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.ask(ctx, q)
	if errors.Is(err, errGone) && ctx.Err() == nil {
		a, err = s.ask(ctx, q)
	}
	switch {
	case err != nil:
		return none, err
	case a.Failure != nil && a.Answer == nil && a.Failure.Code != 0:
		return none, a.Failure.error()
	case a.Failure != nil || a.Answer == nil:
		return none, fmt.Errorf("%w: neither an answer nor a failure", errOdd)
	}
	if err := a.Answer.check(q); err != nil {
		return none, err
	}
	return *a.Answer, nil
}

// error is the failure as that of a call is, its words cleaned.
func (f SessionFailure) error() error {
	line := func(s string) string {
		s = clean.Text(s)
		return s[:min(len(s), maxLine)]
	}
	after := time.Duration(min(max(f.After, 0), int64(24*time.Hour/time.Second))) * time.Second
	return &Error{Code: f.Code, Message: line(f.Message), Hint: line(f.Hint), After: after}
}

// errGone says that the child ended before it answered.
var errGone = fmt.Errorf("%w: it ended before it answered", ErrUnavailable)

// ask puts one question. After any error but a failure that the child told,
// there is no child any more: what it would say next may be about anything.
func (s *Session) ask(ctx context.Context, q CollectQuestion) (a SessionAnswer, err error) {
	s.n++
	line, err := canon.Marshal(SessionQuestion{s.n, q})
	if err != nil {
		return a, fmt.Errorf("write question: %w", err)
	}
	if len(line) > MaxQuestion {
		return a, fmt.Errorf("%w: question of %d bytes, over the limit of %d", ErrUsage, len(line), MaxQuestion)
	}
	if s.child == nil {
		if err := s.start(); err != nil {
			return a, err
		}
	}
	limit := cmp.Or(s.remote.Timeout, collectTimeout)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(ctx, s.end) // a killed child ends both pipes
	defer stop()
	a, err = s.exchange(append(line, '\n'))
	if err == nil && (a.Schema != SessionSchema || a.N != s.n) {
		err = fmt.Errorf("%w: schema %.80q and number %d, want %s and %d", errOdd, a.Schema, a.N, SessionSchema, s.n)
	}
	if err == nil {
		return a, nil
	}
	s.kill()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return a, fmt.Errorf("%w: no answer within %s", ErrUnavailable, limit)
	case ctx.Err() != nil:
		return a, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	return a, err
}

// exchange writes a line and reads one.
func (s *Session) exchange(line []byte) (a SessionAnswer, err error) {
	if _, err := s.in.Write(line); err != nil {
		return a, errGone
	}
	said, err := ReadLine(s.out, MaxSessionLine)
	switch {
	case errors.Is(err, ErrLine):
		return a, fmt.Errorf("%w: over the limit of %d bytes", errOdd, MaxSessionLine)
	case err != nil:
		return a, errGone
	}
	if err := canon.Decode(said, &a); err != nil {
		return a, fmt.Errorf("%w: %w", errOdd, err)
	}
	return a, nil
}

// ErrLine says that a line is over its limit.
var ErrLine = errors.New("the line is over its limit")

// ReadLine reads one line of at most limit bytes, without its end. A last line
// that has none is io.ErrUnexpectedEOF: it may have been cut.
func ReadLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > limit+1 {
			return nil, ErrLine
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// start starts the child.
func (s *Session) start() error {
	ctx, end := context.WithCancel(context.Background())
	s.talk = &talk{to: s.remote.Stderr, left: maxTalk}
	cmd := exec.CommandContext(ctx, s.remote.Program, "collect", "--session")
	cmd.Env, cmd.Stderr, cmd.WaitDelay = s.remote.environment(s.variables), s.talk, sessionEnd
	in, err := cmd.StdinPipe()
	var out io.Reader
	if err == nil {
		out, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		end()
		return fmt.Errorf("%w: %w", ErrNoRemote, err)
	}
	s.child, s.end, s.in, s.out = cmd, end, in, bufio.NewReader(out)
	return nil
}

// kill ends the child at once.
func (s *Session) kill() {
	s.end()
	_ = s.in.Close()
	_ = s.child.Wait()
	s.child = nil
}

// Close ends the child: by closing its input, and if that does not do it in two
// seconds, at once. It fails if the child did not end well.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return nil
	}
	late := time.AfterFunc(sessionEnd, s.end)
	defer late.Stop()
	_ = s.in.Close()
	_, _ = io.Copy(io.Discard, s.out) // to its end, which Wait must not come before
	err := s.child.Wait()
	s.end()
	s.child = nil
	s.talk.end()
	if err != nil {
		return fmt.Errorf("%w: end the session: %w", ErrUnavailable, err)
	}
	return nil
}
