// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/clean"
)

// Limits on notes. GitHub shows ten of each level from one step, and drops
// the rest without a word.
const (
	maxNotes    = 10
	maxNoteText = 4 << 10 // bytes
	maxURL      = 2 << 10 // bytes
)

// commands are GitHub's, by Level.
var commands = [...]string{Notice: "notice", Warning: "warning", Error: "error"}

// annotate writes notes as workflow commands. Of more than GitHub shows, the
// last of its level says how many are left out.
func annotate(w io.Writer, notes []Note) error {
	if w == nil {
		return errors.New("write notes: there is no log")
	}
	var total, written [len(commands)]int
	for _, n := range notes {
		if n.Level < 0 || int(n.Level) >= len(commands) {
			return fmt.Errorf("write notes: there is no level %d", n.Level)
		}
		total[n.Level]++
	}
	for _, n := range notes {
		written[n.Level]++
		left := total[n.Level] - maxNotes + 1
		switch {
		case written[n.Level] > maxNotes:
			continue
		case written[n.Level] == maxNotes && left > 1:
			n = Note{Level: n.Level, Title: n.Title, Text: fmt.Sprintf("%d more like this are not shown: a step may have %d", left, maxNotes)}
		}
		if _, err := io.WriteString(w, n.command()); err != nil {
			return fmt.Errorf("write notes: %w", err)
		}
	}
	return nil
}

// command is the note as a line that the runner obeys
// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
func (n Note) command() string {
	var properties []string
	if fs.ValidPath(n.File) && n.File != "." {
		properties = append(properties, "file="+escapeProperty(clean.Field(n.File)))
		if n.Line > 0 {
			properties = append(properties, "line="+strconv.Itoa(n.Line))
		}
	}
	if title := clean.Field(n.Title); title != "" {
		properties = append(properties, "title="+escapeProperty(title))
	}
	text := lines(n.Text)
	if link := pageURL(n.URL); link != "" {
		text += "\n" + link
	}
	return command(commands[n.Level], strings.Join(properties, ","), text)
}

// command is a workflow command on a line of its own.
func command(name, properties, data string) string {
	if properties != "" {
		name += " " + properties
	}
	return "::" + name + "::" + escapeData(data) + "\n"
}

func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// lines is s with everything hidden shown, its line breaks kept, and cut
// where it goes on for too long.
func lines(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	long := len(s) > maxNoteText
	if long {
		s = s[:border(s, maxNoteText)]
	}
	kept := strings.Split(s, "\n")
	for i := range kept {
		kept[i] = clean.Text(kept[i])
	}
	if s = strings.Join(kept, "\n"); long {
		s += " …"
	}
	return s
}

// pageURL is s if it is the address of a page that can stand in text as it is,
// else empty.
func pageURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || len(s) > maxURL || clean.Field(s) != s || strings.Contains(s, " ") {
		return ""
	}
	return s
}

// border is the last place in s, at most max bytes in, where no character is
// cut in two.
func border(s string, max int) int {
	if len(s) <= max {
		return len(s)
	}
	for i := max; i > max-utf8.UTFMax && i > 0; i-- {
		if utf8.RuneStart(s[i]) {
			return i
		}
	}
	return max
}

// Mask keeps secret out of the log from here on, where the host can do that
// (only GitHub can). It writes the secret nowhere else. The runner compares
// line by line, so each line of it is masked.
func Mask(w io.Writer, getenv func(string) string, secret string) error {
	if Detect(getenv) != "github" {
		return nil
	}
	for line := range strings.SplitSeq(secret, "\n") {
		if line = strings.Trim(line, "\r"); strings.TrimSpace(line) == "" {
			continue
		}
		if _, err := io.WriteString(w, command("add-mask", "", line)); err != nil {
			return errors.New("mask a secret: the log can't be written to")
		}
	}
	return nil
}

// Group folds what is written to w until end is called under a title. Where
// the host can't fold, the title is a line.
func Group(w io.Writer, getenv func(string) string, title string) (end func()) {
	if Detect(getenv) != "github" {
		fmt.Fprintln(w, clean.Field(title))
		return func() {}
	}
	io.WriteString(w, command("group", "", clean.Field(title)))
	return func() { io.WriteString(w, command("endgroup", "", "")) }
}
