// SPDX-License-Identifier: Apache-2.0

// Package jobfile reads what the file of a CI system declares of one of its
// jobs: what it uploads, and where it deploys to. Nothing is evaluated, and no
// other file is read: what depends on an expression, a variable, a condition
// or a file elsewhere is named as unclear, and is a default for nothing.
package jobfile

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/product"
)

// A Job is what its file declares of it.
type Job struct {
	Name        string   // as the file spells it
	Artifacts   []string // files and folders it uploads, from the checkout's top, clean, in the file's order
	Environment string   // it deploys to; empty where none is declared or it is unclear
	First       bool     // its first step is this product's: no other ran before
	Unclear     []string // what is declared and can't be told without running it, in words
}

var (
	// ErrForm says that the file is not one that this package understands.
	ErrForm = errors.New("not a job file")

	// ErrNoJob says that the file declares no such job, or that it can't be
	// told which of them is meant.
	ErrNoJob = errors.New("no such job")
)

// Limits on a file and on what is taken from it.
const (
	MaxFile  = 1 << 20 // bytes
	maxItems = 200     // of Artifacts and Unclear together
	maxText  = 500     // bytes of a path or name
)

// unclear notes what can't be told, and why.
func (j *Job) unclear(format string, args ...any) {
	j.Unclear = append(j.Unclear, clean.Field(fmt.Sprintf(format, args...)))
}

// artifact takes a path as the file has it.
func (j *Job) artifact(text string) {
	name := strings.TrimSpace(text)
	if name == "" {
		return
	}
	if why := doubt(name); why != "" {
		j.unclear("artifact %s: %s", short(name), why)
		return
	}
	j.Artifacts = append(j.Artifacts, path.Clean(name))
}

// environment takes the name of one as the file has it.
func (j *Job) environment(name string) {
	switch {
	case name == "":
		return
	case evaluated(name):
		j.unclear("environment %s: it is not evaluated", short(name))
	case len(name) > maxText || clean.Text(name) != name:
		j.unclear("environment %s: it is too long, or holds characters that can't be seen", short(name))
	default:
		j.Environment = name
	}
}

// doubt says why a path names no one file or folder of the checkout.
func doubt(name string) string {
	switch {
	case evaluated(name):
		return "it is not evaluated"
	case len(name) > maxText:
		return fmt.Sprintf("over %d bytes", maxText)
	case clean.Text(name) != name:
		return "it holds characters that can't be seen"
	case strings.HasPrefix(name, "!"):
		return "it takes away from the others"
	case strings.ContainsAny(name, "*?[]{}"):
		return "a pattern"
	case strings.Contains(name, `\`):
		return "a backslash"
	case strings.HasPrefix(name, "/"), strings.HasPrefix(name, "~"), !inside(name):
		return "it leads out of the checkout"
	}
	return ""
}

// inside reports a path that stays below its start.
func inside(name string) bool {
	name = path.Clean(name)
	return name != ".." && !strings.HasPrefix(name, "../")
}

// evaluated reports text that its CI system would replace something in.
func evaluated(s string) bool { return strings.ContainsAny(s, "$%") || strings.Contains(s, "{{") }

// short is s as it can stand in a list.
func short(s string) string {
	const max = 80
	if runes := []rune(s); len(runes) > max {
		s = string(runes[:max]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// isOurs reports a command line that runs this product.
func isOurs(line string) bool {
	fields := strings.Fields(line)
	return len(fields) > 0 && (fields[0] == product.Name || strings.HasPrefix(fields[0], product.Name+"-"))
}

// finish holds the job to the limits.
func (j Job) finish() (Job, error) {
	if n := len(j.Artifacts) + len(j.Unclear); n > maxItems {
		return Job{}, fmt.Errorf("%w: job %s declares %d artifacts, over the limit of %d", ErrForm, short(j.Name), n, maxItems)
	}
	return j, nil
}
