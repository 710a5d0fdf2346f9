// SPDX-License-Identifier: Apache-2.0

package command

import (
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
)

// A serverLog writes one JSON object a line: time, level, msg, and names with
// values, all of them texts. What comes from outside is cleaned.
type serverLog struct {
	to   io.Writer
	now  func() time.Time
	lock *sync.Mutex
	with []string // of every line: names and values in turn
}

func (l serverLog) info(message string, attributes ...string) { l.line("info", message, attributes) }
func (l serverLog) warn(message string, attributes ...string) { l.line("warn", message, attributes) }

// about is a log whose lines have these attributes too.
func (l serverLog) about(attributes ...string) serverLog {
	l.with = slices.Concat(l.with, attributes)
	return l
}

func (l serverLog) line(level, message string, attributes []string) {
	fields := map[string]string{}
	all := slices.Concat(l.with, attributes)
	for i := 0; i+1 < len(all); i += 2 {
		fields[clean.Field(all[i])] = clean.Field(all[i+1])
	}
	fields["time"], fields["level"], fields["msg"] = l.now().UTC().Format(time.RFC3339), level, clean.Field(message)
	data, err := canon.Marshal(fields)
	if err != nil {
		return // text that is no text: nobody could read it
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	_, _ = l.to.Write(append(data, '\n'))
}

// pass logs what the child says.
func (s *server) pass(l child.ServeLog) {
	level := "warn"
	if l.Level == "info" {
		level = l.Level
	}
	s.log.line(level, l.Message, l.Attributes)
}

// logLines logs what is written to it, line by line.
type logLines struct {
	to   serverLog
	rest string
}

// maxLogLine is how long a line is logged, in bytes.
const maxLogLine = 4 << 10

func (l *logLines) Write(p []byte) (int, error) {
	l.rest += string(p)
	for {
		line, rest, ok := strings.Cut(l.rest, "\n")
		if !ok && len(line) < maxLogLine {
			return len(p), nil
		}
		l.rest = rest
		if line = line[:min(len(line), maxLogLine)]; strings.TrimSpace(line) != "" {
			l.to.info(line)
		}
	}
}
