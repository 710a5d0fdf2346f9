// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/forge/ask"
)

// maxSession is how many questions one session answers. Six hours of one every
// five seconds, from each of six sources, are fewer.
const maxSession = 50_000

// runSession answers questions until there are no more. One that fails is
// answered too; what is no question ends the session.
func runSession(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	cache := new(ask.Cache)
	lines := readLines(ctx, env.Stdin)
	for range maxSession {
		var line sessionLine
		select {
		case <-ctx.Done():
			return cli.Fail(cli.Unknown, "", "collect: %w", ctx.Err())
		case line = <-lines:
		}
		if errors.Is(line.err, io.EOF) {
			return nil
		}
		var q child.SessionQuestion
		if line.err == nil {
			line.err = secretFree(canon.Decode(line.text, &q))
		}
		if line.err != nil {
			return cli.Fail(cli.Usage, "each line of standard input is one JSON object; see --help", "read standard input: %w", line.err)
		}
		a := child.SessionAnswer{Schema: child.SessionSchema, N: q.N}
		answer, err := collected(ctx, env, w, timeout, q.Question, cache)
		if err != nil {
			a.Failure = failure(err)
		} else {
			a.Answer = &answer
		}
		if err := writeAnswer(env, a); err != nil {
			return err
		}
	}
	return cli.Fail(cli.Unknown, "start another one", "over the limit of %d questions of one session", maxSession)
}

type sessionLine struct {
	text []byte
	err  error
}

// readLines reads lines until one can't be read, so that whoever waits for one
// can be interrupted.
func readLines(ctx context.Context, r io.Reader) <-chan sessionLine {
	out := make(chan sessionLine)
	go func() {
		in := bufio.NewReader(r)
		for {
			text, err := child.ReadLine(in, child.MaxQuestion)
			select {
			case out <- sessionLine{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}

// failure is what the program would have ended with, had it been asked this
// alone.
func failure(err error) *child.SessionFailure {
	f := &child.SessionFailure{Code: cli.Unknown, Message: err.Error()}
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) && exit.Code != cli.OK {
		f.Code, f.Hint = exit.Code, exit.Hint
	}
	if later := (*ask.Later)(nil); errors.As(err, &later) {
		f.After = int64(later.Wait / time.Second)
		f.Message += fmt.Sprintf(" (%s)", later.Wait)
	}
	return f
}
