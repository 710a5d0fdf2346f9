// SPDX-License-Identifier: Apache-2.0

package child

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
)

// A serving is our end of the pipe to 'serve'.
type serving struct {
	judge func(context.Context, ServeAsk) ServeAnswer // nil: nothing is asked
	log   func(ServeLog)

	mu    sync.Mutex // held while a question is answered
	in    io.WriteCloser
	timer *time.Timer
	over  bool
}

// talk answers what the child asks, until it says nothing more.
func (s *serving) talk(ctx context.Context, out io.Reader) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 0, 64<<10), MaxServeLine)
	for lines.Scan() {
		var line ServeLine
		if err := canon.Decode(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("%w: %w", errOdd, err)
		}
		if line.Schema != ServeSchema {
			return fmt.Errorf("%w: schema %.80q, want %s", errOdd, line.Schema, ServeSchema)
		}
		if line.Log != nil {
			s.log(*line.Log)
		}
		if line.Ask != nil && s.judge == nil {
			return fmt.Errorf("%w: a question that nobody answers", errOdd)
		}
		if line.Ask != nil {
			s.answer(ctx, *line.Ask)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: %w", errOdd, err)
	}
	return nil
}

// answer has a question judged, also where ctx has ended in between. An answer
// that can't be said is lost: nobody is left to pass it on.
func (s *serving) answer(ctx context.Context, q ServeAsk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), serveJudge)
	defer cancel()
	a := s.judge(ctx, q)
	a.ID = q.ID
	_ = s.write(a)
}

// say says what the child is to do.
func (s *serving) say(config any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(config); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

func (s *serving) write(v any) error {
	data, err := canon.Marshal(v)
	if err != nil {
		return err
	}
	_, err = s.in.Write(append(data, '\n'))
	return err
}

// end closes the child's input once the answer at hand is given. If it does not
// end then, it is killed.
func (s *serving) end(cmd *exec.Cmd) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.over = true
	_ = s.in.Close()
	s.timer = time.AfterFunc(serveStop, func() { _ = cmd.Process.Kill() })
}

// ended says that the child has ended.
func (s *serving) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
