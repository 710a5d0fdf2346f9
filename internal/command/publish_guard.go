// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/cli"
)

// A guard passes on what a verb prints, and remembers the first error. Where a
// runner of GitHub Actions reads the log, it takes the meaning from what that
// would obey: "::" at the start of a line, and "##[" anywhere in one
// (https://github.com/actions/runner, ActionCommand.cs). Names and reasons
// that somebody else wrote stand in what is printed, and "##[set-output
// name=verdict;]allowed" is a name like any other.
type guard struct {
	w    io.Writer
	arm  bool   // a runner reads it
	json bool   // what comes is JSON, where a character has another spelling
	tail string // the last two bytes of the line, at most
	text bool   // the line has shown something other than colons
	err  error
}

// guarded is for one stream of a verb.
func guarded(env *cli.Env, w io.Writer, json bool) *guard {
	return &guard{w: w, arm: ci.Detect(env.Getenv) == "github", json: json}
}

// Write never splits or drops what is written.
func (g *guard) Write(p []byte) (int, error) {
	out := p
	if g.arm {
		out = g.disarm(p)
	}
	if _, err := g.w.Write(out); err != nil {
		if g.err == nil {
			g.err = err
		}
		return 0, err
	}
	return len(p), nil
}

func (g *guard) disarm(p []byte) []byte {
	out := make([]byte, 0, len(p)+8)
	for _, c := range p {
		switch {
		case c == '\n' || c == '\r':
			g.tail, g.text = "", false
			out = append(out, c)
			continue
		case c == '[' && g.tail == "##" && g.json:
			out = append(out, `\u005b`...)
		case c == '[' && g.tail == "##", c == ':' && strings.HasSuffix(g.tail, ":") && !g.text:
			out = append(out, ' ', c)
		default:
			out = append(out, c)
		}
		// Beyond ASCII there are spaces that a runner trims.
		g.text = g.text || c > ' ' && c < 0x7f && c != ':'
		if g.tail += string([]byte{c}); len(g.tail) > 2 {
			g.tail = g.tail[len(g.tail)-2:]
		}
	}
	return out
}

// broken is the error of a stream that did not take everything.
func (g *guard) broken(name string) error {
	if g.err == nil {
		return nil
	}
	return cli.Fail(cli.Unknown, "", "write %s: %w", name, g.err)
}

// Fd lets a terminal below be seen.
func (g *guard) Fd() uintptr {
	if f, ok := g.w.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// harmless is err with words that a runner does not obey, because whoever
// explains it does not go through a guard.
func harmless(env *cli.Env, err error) error {
	if err == nil || ci.Detect(env.Getenv) != "github" {
		return err
	}
	exit := *exitOf(err)
	exit.Hint = disarmed(exit.Hint)
	exit.Err = said{err, disarmed(exit.Error())}
	return &exit
}

func disarmed(s string) string {
	var b strings.Builder
	fmt.Fprint(&guard{w: &b, arm: true}, s)
	return b.String()
}

// said is an error in other words.
type said struct {
	err  error
	text string
}

func (s said) Error() string { return s.text }
func (s said) Unwrap() error { return s.err }
