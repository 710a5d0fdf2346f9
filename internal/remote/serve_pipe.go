// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/guard"
)

// A parent is who runs 'serve', at the other end of the pipe.
type parent struct {
	env     *cli.Env
	in      *bufio.Scanner
	next    uint64
	answers chan child.ServeAnswer
	gone    chan struct{} // closed at the end of the input

	mu     sync.Mutex // of the output
	broken error      // the first line that could not be written
}

func newParent(env *cli.Env) *parent {
	in := bufio.NewScanner(env.Stdin)
	in.Buffer(make([]byte, 0, 64<<10), child.MaxServeLine)
	return &parent{env: env, in: in, answers: make(chan child.ServeAnswer, 1), gone: make(chan struct{})}
}

// config reads the first line.
func (p *parent) config() (c child.ServeConfig, err error) {
	return c, p.first(&c)
}

// first reads the first line.
func (p *parent) first(config any) error {
	if !p.in.Scan() || canon.Decode(p.in.Bytes(), config) != nil {
		return cli.Fail(cli.Usage, "see --help", "read standard input: its first line is not the JSON object that this verb reads")
	}
	return nil
}

// read reads answers until the input ends, and then has everything end.
func (p *parent) read(end func()) {
	defer end()
	defer close(p.gone)
	for p.in.Scan() {
		var a child.ServeAnswer
		if canon.Decode(p.in.Bytes(), &a) != nil {
			return
		}
		select {
		case p.answers <- a:
		default:
			return // nobody asked twice
		}
	}
}

// write writes a line. Once one could not be written there is nobody to talk to.
func (p *parent) write(line child.ServeLine) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	line.Schema = child.ServeSchema
	data, err := canon.Marshal(line)
	if err == nil && len(data) >= child.MaxServeLine {
		err = fmt.Errorf("a line of %d bytes, over the limit of %d", len(data), child.MaxServeLine)
	}
	if err == nil {
		_, err = p.env.Stdout.Write(append(data, '\n'))
	}
	if err != nil && p.broken == nil {
		p.broken = fmt.Errorf("write standard output: %w", err)
	}
	return err
}

// fault is the first line that could not be written.
func (p *parent) fault() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

func (p *parent) log(level, message string, attributes ...string) {
	_ = p.write(child.ServeLine{Log: &child.ServeLog{Level: level, Message: message, Attributes: attributes}})
}

var errNoJudge = errors.New("nobody answers what may be said")

// judge asks the parent.
func (p *parent) judge(ctx context.Context, q guard.Question) (guard.Answer, error) {
	p.next++
	err := p.write(child.ServeLine{Ask: &child.ServeAsk{
		ID: p.next, Host: q.Host, Repository: q.Repository, RepositoryID: q.RepositoryID,
		Run: q.Run.ID, Attempt: q.Run.Attempt, Event: q.Run.Event, Commit: q.Run.Head, Workflow: q.Run.Workflow, Branch: q.Run.Branch,
		Actor:       &event.Identity{ID: strconv.FormatInt(q.Run.Actor.ID, 10), Login: q.Run.Actor.Login},
		Environment: q.Environment, Told: q.Told, Token: q.Token, Provider: q.Provider, MergeRequest: q.Change,
	}})
	if err != nil {
		return guard.Answer{}, errNoJudge
	}
	var a child.ServeAnswer
	select {
	case a = <-p.answers:
	case <-p.gone:
		select {
		case a = <-p.answers: // it came before the end
		default:
			return guard.Answer{}, errNoJudge
		}
	case <-ctx.Done():
		return guard.Answer{}, ctx.Err()
	}
	if a.ID != p.next {
		return guard.Answer{}, fmt.Errorf("%w: an answer to another question", errNoJudge)
	}
	if a.Failed {
		return guard.Answer{}, errors.New("the gate could not find out")
	}
	return guard.Answer{State: a.State, Comment: a.Comment}, nil
}
