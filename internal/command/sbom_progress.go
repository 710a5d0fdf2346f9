// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
)

// A meter tells a person at a terminal what takes so long, once a second from
// the first second on, on one line that goes away again. To anything but a
// terminal it says nothing.
type meter struct {
	to    io.Writer // nil: nobody looks
	ticks <-chan time.Time
	end   func()

	mu   sync.Mutex
	what string
}

// newMeter starts a meter on standard error. stop must be called before
// anything else is written there.
func newMeter(env *cli.Env) *meter {
	m := &meter{end: func() {}}
	if cli.IsTerminal(env.Stderr) {
		ticker := time.NewTicker(time.Second)
		m.to, m.ticks = env.Stderr, ticker.C
		m.start(ticker.Stop)
	}
	return m
}

func (m *meter) start(after func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		m.run(done)
	}()
	m.end = sync.OnceFunc(func() {
		after()
		close(done)
		<-ended
	})
}

// run shows the line until done is closed, and then clears it.
func (m *meter) run(done <-chan struct{}) {
	seconds := 0
	for {
		select {
		case <-m.ticks:
			seconds++
			fmt.Fprintf(m.to, "\r\x1b[K%s … %d s", m.doing(), seconds)
		case <-done:
			if seconds > 0 {
				fmt.Fprint(m.to, "\r\x1b[K")
			}
			return
		}
	}
}

// maxDoing is how much of a line may be about what is done, in runes: a line
// that wraps could not be taken away again.
const maxDoing = 60

// doing is what is being done, fit for a terminal: names of files are anybody's.
func (m *meter) doing() string {
	m.mu.Lock()
	text := []rune(clean.Text(m.what))
	m.mu.Unlock()
	if len(text) > maxDoing {
		text = append(text[:maxDoing-1], '…')
	}
	return string(text)
}

// now says what is being done.
func (m *meter) now(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.what = what
}

// stop takes the line away.
func (m *meter) stop() { m.end() }

// A spoken folder says which of its files is being read.
type spoken struct {
	fs.FS
	say func(string)
}

var (
	_ fs.ReadDirFS  = spoken{}
	_ fs.ReadLinkFS = spoken{}
	_ fs.StatFS     = spoken{}
)

func (w spoken) Open(name string) (fs.File, error) {
	w.say("reading " + name)
	return w.FS.Open(name)
}

func (w spoken) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(w.FS, name) }
func (w spoken) Lstat(name string) (fs.FileInfo, error)     { return fs.Lstat(w.FS, name) }
func (w spoken) ReadLink(name string) (string, error)       { return fs.ReadLink(w.FS, name) }
func (w spoken) Stat(name string) (fs.FileInfo, error)      { return fs.Stat(w.FS, name) }

// maxSBOMTime is the longest that --timeout may allow.
const maxSBOMTime = 24 * time.Hour

// within returns what work returns, or fails when the time is over: also where
// work is in the middle of a file and does not look at ctx, for then it is left
// alone. It must therefore write nothing that anybody reads.
func within[T any](ctx context.Context, limit time.Duration, work func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := work(ctx)
		done <- outcome{value, err}
	}()
	var none T
	select {
	case o := <-done:
		if o.err != nil && ctx.Err() != nil {
			return none, outOfTime(ctx, limit)
		}
		return o.value, o.err
	case <-ctx.Done():
		return none, outOfTime(ctx, limit)
	}
}

// errTime is the cause of a context that ended by --timeout.
var errTime = errors.New("the time is over")

func outOfTime(ctx context.Context, limit time.Duration) error {
	if context.Cause(ctx) != errTime {
		return cli.Fail(cli.Unknown, "", "make the SBOM: %w", context.Cause(ctx))
	}
	return cli.Fail(cli.Unknown, "allow more with --timeout, or leave folders out with --exclude",
		"make the SBOM: not done within %s (--timeout)", limit)
}

// limited is ctx with the limit of --timeout.
func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc, error) {
	if limit <= 0 || limit > maxSBOMTime {
		return nil, nil, cli.Fail(cli.Usage, "", "--timeout is %s; it must be over 0 and at most %s", limit, maxSBOMTime)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTime)
	return ctx, cancel, nil
}

// A timely writer stops when the time is over.
type timely struct {
	ctx   context.Context
	to    io.Writer
	limit time.Duration
}

func (t timely) Write(p []byte) (int, error) {
	if t.ctx.Err() != nil {
		return 0, outOfTime(t.ctx, t.limit)
	}
	return t.to.Write(p)
}
