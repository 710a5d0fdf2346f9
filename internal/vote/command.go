// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// A Command is a vote that nobody signed, as people write it into a comment.
type Command struct {
	Choice  Choice
	Request string // the request's full id: 64 lower-case hex digits
	Reason  string // of a deny: the rest of its line, as it was written
}

// ErrNoCommand says that a text holds no command, and nothing that looks like
// one.
var ErrNoCommand = errors.New("no command")

// MaxCommandText is the longest text that is read for a command, in bytes.
const MaxCommandText = 2 << 20

// commandLine is a command. Where a line only begins like one (nearCommand),
// people are told why it is none.
var (
	commandLine = pattern.New(`^(?:` + product.Name + `: )?/(approve|deny|revoke) ([0-9a-f]{64})(?: (.*))?$`)
	nearCommand = pattern.New(`^[ ]{0,3}(?:(?i:` + product.Name + `)[ :]*)?/(?i:approve|deny|revoke)(?:[^A-Za-z0-9_/-]|$)`)
	fenceLine   = pattern.New("^ {0,3}(`{3,}|~{3,})(.*)$")
)

// ParseCommand reads the one command in the text of a comment. It is a line of
// its own, from its first column on, that reads
//
//	/approve HEX64
//	/deny HEX64 [reason]
//	/revoke HEX64
//
// where HEX64 is the request's id. "gateledger: " may stand before each of them,
// and has to on GitLab, which takes /approve at the beginning of a line for a
// command of its own, approves the merge request, and keeps no such line
// (https://docs.gitlab.com/user/project/quick_actions/). Lines in code, in quotes and in HTML
// comments are no commands. Without one, the error is ErrNoCommand. Any other
// error says what is wrong: two commands, or a line that only looks like one.
//
// With such an error, Choice is empty, or it is Deny: what stands in the text
// next to a veto does not take it away, nor does code or a comment around it that
// does not end.
func ParseCommand(text string) (Command, error) {
	if len(text) > MaxCommandText {
		return Command{}, fmt.Errorf("command: a text of %d bytes, over the limit of %d", len(text), MaxCommandText)
	}
	var found Command
	var problem error
	commands := 0
	lines := commandLines{rest: strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")}
	for line, ok := lines.next(); ok; line, ok = lines.next() {
		c, err := lines.command(line)
		if err != nil && !errors.Is(err, ErrNoCommand) && problem == nil {
			problem = fmt.Errorf("command: line %d: %w", lines.n, err)
		}
		if c.Choice == "" {
			continue
		}
		if commands++; commands == 1 || c.Choice == Deny && found.Choice != Deny {
			found = c
		}
	}
	if c, line := lines.veto(); c.Choice == Deny && found.Choice != Deny {
		found, problem = c, fmt.Errorf("command: line %d: it stands in code or in a comment that does not end", line)
	}
	if commands > 1 && problem == nil {
		problem = fmt.Errorf("command: %d commands in one text, want one", commands)
	}
	switch {
	case problem != nil && found.Choice == Deny:
		return found, problem
	case problem != nil:
		return Command{}, problem
	case commands == 0:
		return Command{}, ErrNoCommand
	}
	return found, nil
}

// commandLines goes through a text line by line, and knows what is code, quote
// or comment.
type commandLines struct {
	rest   string
	n      int    // of the line that was read last
	fence  string // what opened the code that we are in
	hidden bool   // in an HTML comment
	quote  bool   // the paragraph began as a quote, and may go on without its sign

	begun string // what follows the line in which the code or comment began that we are in
	at    int    // its number
}

// next returns the next line that could be a command.
func (l *commandLines) next() (line string, ok bool) {
	for l.rest != "" {
		line, l.rest, _ = strings.Cut(l.rest, "\n")
		l.n++
		line = strings.TrimRight(line, " \t")
		was := l.hidden || l.fence != ""
		visible := !l.skip(line)
		if !was && (l.hidden || l.fence != "") {
			l.begun, l.at = l.rest, l.n
		}
		if visible {
			return line, true
		}
	}
	return "", false
}

// veto is the first deny in code or in a comment that does not end, and its line.
// Forges do not agree with us, nor with each other, on where such a thing begins:
// people may see the veto as it was meant. Nothing else in there counts.
func (l *commandLines) veto() (c Command, line int) {
	if l.fence == "" && !l.hidden {
		return c, 0
	}
	n := l.at
	for text := range strings.Lines(l.begun) {
		n++
		m := commandLine.FindStringSubmatch(strings.TrimRight(text, " \t\n"))
		if m != nil && Choice(m[1]) == Deny {
			return Command{Choice: Deny, Request: m[2], Reason: strings.TrimSpace(m[3])}, n
		}
	}
	return c, 0
}

// skip reports whether a line stands in code, in a quote or in a comment.
func (l *commandLines) skip(line string) bool {
	switch {
	case l.hidden:
		l.comment(line)
		return true
	case l.fence != "":
		if m := fenceLine.FindStringSubmatch(line); m != nil && m[1][0] == l.fence[0] && len(m[1]) >= len(l.fence) && m[2] == "" {
			l.fence = ""
		}
		return true
	}
	if m := fenceLine.FindStringSubmatch(line); m != nil && (m[1][0] == '~' || !strings.Contains(m[2], "`")) {
		l.fence, l.quote = m[1], false
		return true
	}
	if strings.HasPrefix(strings.TrimLeft(line, " "), ">") {
		l.quote = true
		return true
	}
	if line == "" {
		l.quote = false
	}
	l.comment(line)
	return l.hidden
}

// comment notes whether an HTML comment is open after the line.
func (l *commandLines) comment(line string) {
	for line != "" {
		sign := "<!--"
		if l.hidden {
			sign = "-->"
		}
		_, after, ok := strings.Cut(line, sign)
		if !ok {
			return
		}
		l.hidden, line = !l.hidden, after
	}
}

// command reads one line.
func (l *commandLines) command(line string) (Command, error) {
	m := commandLine.FindStringSubmatch(line)
	switch {
	case m == nil && nearCommand.MatchString(line):
		return Command{}, errors.New("it is neither /approve ID, /deny ID [reason] nor /revoke ID from the first column on, with the request's id in 64 lower-case hex digits")
	case m == nil:
		return Command{}, ErrNoCommand
	}
	c := Command{Choice: Choice(m[1]), Request: m[2], Reason: strings.TrimSpace(m[3])}
	switch {
	case c.Choice != Deny && m[3] != "":
		return Command{}, fmt.Errorf("nothing may follow the id of /%s", c.Choice)
	case l.quote && c.Choice == Deny:
		return c, errors.New("it follows a quote without an empty line, which makes it part of the quote")
	case l.quote:
		return Command{}, errors.New("it follows a quote without an empty line, which makes it part of the quote")
	}
	return c, nil
}
