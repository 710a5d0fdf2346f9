// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A line is one object of act's --json output. Fields as act v0.2.89 writes them.
type line struct {
	Job       string         `json:"jobID"`
	Matrix    map[string]any `json:"matrix"`
	Step      []string       `json:"stepID"`
	Stage     string         `json:"stage"`
	Level     string         `json:"level"`
	Message   string         `json:"msg"`
	Raw       bool           `json:"raw_output"`
	Result    string         `json:"stepResult"`
	JobResult string         `json:"jobResult"`

	Command string            `json:"command"`
	Name    string            `json:"name"`
	Arg     string            `json:"arg"`
	Pairs   map[string]string `json:"kvPairs"`
	Content string            `json:"content"`
	Written string            `json:"raw"` // the command as it was printed
}

// A result is what one run of a workflow came to.
type result struct {
	exit  int
	lines []line
	all   string // everything that act wrote
	dir   string // what the run left; see left
}

// left reports whether a step left a file of this name in $RIG_RESULTS.
func (r *result) left(name string) bool {
	_, err := os.Stat(filepath.Join(r.dir, "results", name))
	return err == nil
}

// parseLog reads what act wrote. What is no JSON is act's own last words. Jobs
// that end at the same time may share a line.
func parseLog(out []byte) (*result, error) {
	r := &result{all: string(out)}
	for text := range bytes.Lines(out) {
		if !bytes.HasPrefix(text, []byte("{")) {
			continue
		}
		for d := json.NewDecoder(bytes.NewReader(text)); ; {
			var l line
			err := d.Decode(&l)
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("read a line of act's log: %w: %.200s", err, text)
			}
			r.lines = append(r.lines, l)
		}
	}
	return r, nil
}

// job is how a job ended: success or failure; "skipped" if no line tells of it.
// A matrix is a failure if one of its jobs is.
func (r *result) job(name string) string {
	found := "skipped"
	for _, l := range r.lines {
		if l.Job == name && l.JobResult != "" && found != "failure" {
			found = l.JobResult
		}
	}
	return found
}

// jobs counts how many jobs of this name ended: those of its matrix.
func (r *result) jobs(name string) int {
	n := 0
	for _, l := range r.lines {
		if l.Job == name && l.JobResult != "" {
			n++
		}
	}
	return n
}

// output is what a step of a job gave out under a name, and whether it did. A
// step of the workflow itself is meant, not one inside of an action.
func (r *result) output(job, step, name string) (string, bool) {
	for _, l := range slices.Backward(r.lines) {
		if l.Job == job && l.Command == "set-output" && l.Name == name && slices.Equal(l.Step, []string{step}) {
			return l.Arg, true
		}
	}
	return "", false
}

// summary is the page that the steps of a job wrote.
func (r *result) summary(job string) string {
	var out []string
	for _, l := range r.lines {
		if l.Job == job && l.Command == "summary" && !slices.Contains(out, l.Content) {
			out = append(out, l.Content)
		}
	}
	return strings.Join(out, "\n")
}

// text is what the steps of a job printed, workflow commands too.
func (r *result) text(job string) string {
	var b strings.Builder
	for _, l := range r.lines {
		if l.Job != job || !l.Raw && l.Command == "" {
			continue
		}
		b.WriteString(strings.ReplaceAll(l.Message, "\r\n", "\n"))
	}
	return b.String()
}

// notes are the annotations of a level (notice, warning, error) of a job.
func (r *result) notes(job, level string) []string {
	var out []string
	for _, l := range r.lines {
		if l.Job == job && l.Command == level {
			out = append(out, strings.TrimSpace(l.Pairs["title"]+" "+l.Arg))
		}
	}
	return out
}

// ends reports whether a step of the job ended with this exit code.
func (r *result) ends(job string, code int) bool {
	for _, l := range r.lines {
		if l.Job == job && l.Level == "error" && strings.Contains(l.Message, fmt.Sprintf("exit status %d", code)) {
			return true
		}
	}
	return false
}

// commands counts the workflow commands of a name in the whole run.
func (r *result) commands(name string) int {
	n := 0
	for _, l := range r.lines {
		if l.Command == name {
			n++
		}
	}
	return n
}

// readable is the log for people: what steps printed, and how they ended.
func (r *result) readable() string {
	var b strings.Builder
	fmt.Fprintf(&b, "     exit %d\n", r.exit)
	for _, l := range r.lines {
		if l.Raw || l.Command != "" || l.Result != "" || l.JobResult != "" || l.Level == "error" {
			text := strings.TrimSpace(strings.ReplaceAll(l.Message, "\r", ""))
			if l.Result != "" {
				text, _, _ = strings.Cut(text, "\n") // the rest is the script
			}
			fmt.Fprintf(&b, "     | %s: %s\n", l.Job, text)
		}
	}
	for text := range strings.Lines(r.all) {
		if !strings.HasPrefix(text, "{") {
			fmt.Fprintf(&b, "     | act: %s", text)
		}
	}
	return b.String()
}
