// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gateledger/gateledger/internal/canon"
)

// A Person is whom git names: a committer, or the user it is configured for.
type Person struct {
	Name  string
	Email string
}

// Facts are what an event says about a local checkout.
type Facts struct {
	State
	Root string // the first commit of HEAD's first-parent history: what tells repositories apart
	User Person // user.name and user.email; empty where not configured
}

// Facts returns them by two processes at once. It fails with ErrShallow where
// the first commit cannot be known, and ErrNoCommit where there is none.
func (r *Repo) Facts(ctx context.Context) (Facts, error) {
	if r.Shallow() {
		return Facts{}, ErrShallow
	}
	var f Facts
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		f.State, err = r.State(ctx)
		return err
	})
	var root error
	both.Go(func() error {
		f.Root, f.User, root = r.rootAndUser(ctx)
		return nil
	})
	// A repository without a commit fails both ways; State has the words for it.
	if err := both.Wait(); err != nil {
		return Facts{}, err
	}
	return f, root
}

// RootCommit returns the first commit of HEAD's first-parent history, which
// tells one repository from another wherever it is cloned to.
func (r *Repo) RootCommit(ctx context.Context) (string, error) {
	if r.Shallow() {
		return "", ErrShallow
	}
	out, err := r.git(ctx, rootArgs...)
	if err != nil {
		return "", err
	}
	return rootOf(out)
}

// User returns the person git is configured for.
func (r *Repo) User(ctx context.Context) (p Person, err error) {
	if p.Name, err = r.Config(ctx, "user.name"); err != nil {
		return Person{}, err
	}
	p.Email, err = r.Config(ctx, "user.email")
	return p.clean(), err
}

var rootArgs = []string{"rev-list", "--max-parents=0", "--first-parent", "--max-count=1", "HEAD", "--"}

func rootOf(out []byte) (string, error) {
	root := strings.TrimSuffix(string(out), "\n")
	if !IsID(root) {
		return "", fmt.Errorf("git rev-list: %q is no commit id", clean(root, 80))
	}
	return root, nil
}

// rootAndUser asks for the root commit and has git report, in its event trace
// (api-trace2), the configuration it read on the way: a second process for two
// values would cost a millisecond of the eight that a record may take. Where
// git writes no trace, git config is asked.
func (r *Repo) rootAndUser(ctx context.Context) (string, Person, error) {
	if runtime.GOOS == "windows" { // no descriptor can be handed down there
		return r.rootThenUser(ctx)
	}
	trace, end, err := os.Pipe()
	if err != nil {
		return "", Person{}, fmt.Errorf("ask git for the user: %w", err)
	}
	events := make(chan []byte, 1)
	go func() {
		defer trace.Close()
		data, _ := io.ReadAll(io.LimitReader(trace, maxAnswer))
		events <- data
	}()
	out, err := r.run(ctx, call{
		args:  rootArgs,
		env:   []string{"GIT_TRACE2_EVENT=3", "GIT_TRACE2_CONFIG_PARAMS=user.name,user.email"},
		files: []*os.File{end}, // descriptor 3 of the child
	})
	end.Close()
	data := <-events
	if err != nil {
		return "", Person{}, err
	}
	root, err := rootOf(out)
	if err != nil {
		return "", Person{}, err
	}
	user, traced := userFrom(data)
	if !traced {
		user, err = r.User(ctx)
	}
	return root, user, err
}

func (r *Repo) rootThenUser(ctx context.Context) (string, Person, error) {
	root, err := r.RootCommit(ctx)
	if err != nil {
		return "", Person{}, err
	}
	user, err := r.User(ctx)
	return root, user, err
}

// userFrom reads user.name and user.email from an event trace. The last value
// wins, as in git. It reports false for what is no whole trace.
func userFrom(trace []byte) (Person, bool) {
	var p Person
	whole := false
	for line := range bytes.Lines(trace) {
		var e struct {
			Event string `json:"event"`
			Param string `json:"param"`
			Value string `json:"value"`
		}
		if err := canon.DecodeOpen(line, &e); err != nil {
			return Person{}, false
		}
		switch {
		case e.Event == "atexit":
			whole = true
		case e.Event == "def_param" && strings.EqualFold(e.Param, "user.name"):
			p.Name = e.Value
		case e.Event == "def_param" && strings.EqualFold(e.Param, "user.email"):
			p.Email = e.Value
		}
	}
	return p.clean(), whole
}

// maxIdentity is the longest name or address kept, in characters. A longer one
// is cut, and then equals nobody's.
const maxIdentity = 256

func (p Person) clean() Person {
	return Person{Name: clean(strings.TrimSpace(p.Name), maxIdentity), Email: clean(strings.TrimSpace(p.Email), maxIdentity)}
}
