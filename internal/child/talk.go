// SPDX-License-Identifier: Apache-2.0

package child

import (
	"bytes"
	"fmt"
	"io"

	"github.com/gateledger/gateledger/internal/clean"
)

// Limits of what the child may tell a person, in bytes.
const (
	maxTalk = 64 << 10
	maxLine = 4 << 10
)

// talk passes on what the child says, line by line as it comes, cleaned: it
// repeats words of services. Its message and hint are kept, not passed on,
// because whoever called prints them as its own. Beyond its limits it swallows
// what comes, and never fails: a child that talks too much still ends.
type talk struct {
	to            io.Writer
	left          int // bytes that are still passed on
	line          []byte
	long          bool // line goes on, past what is kept
	message, hint string
}

func (t *talk) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			t.add(p)
			break
		}
		t.add(p[:end])
		t.end()
		p = p[end+1:]
	}
	return n, nil
}

func (t *talk) add(p []byte) {
	if room := maxLine - len(t.line); len(p) > room {
		p, t.long = p[:room], true
	}
	t.line = append(t.line, p...)
}

// end passes the line on.
func (t *talk) end() {
	line := clean.Text(string(bytes.TrimRight(t.line, "\r")))
	if t.long {
		line += "…"
	}
	t.line, t.long = t.line[:0], false
	if line == "" || cutPrefix(line, messagePrefix, &t.message) || cutPrefix(line, hintPrefix, &t.hint) {
		return
	}
	if t.left -= len(line); t.left < 0 || t.to == nil {
		return
	}
	fmt.Fprintln(t.to, line)
}
